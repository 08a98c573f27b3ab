//! Knowing when everything that the group has taken away has stopped.

use std::sync::Arc;

use super::shared::Shared;

/// Each connector's runner that has something to stop holds one until it has
/// stopped what a view of the group does not have. When the last is dropped the
/// statuses are stored, and then the group is told: a status that came later
/// would be taken for that of the next worker.
pub(super) struct ReleaseMark {
    shared: Arc<Shared>,
    revision: u64,
}

impl ReleaseMark {
    pub(super) fn new(shared: &Arc<Shared>, revision: u64) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::clone(shared),
            revision,
        })
    }
}

impl Drop for ReleaseMark {
    fn drop(&mut self) {
        let (shared, revision) = (Arc::clone(&self.shared), self.revision);
        self.shared.runtime.spawn(async move {
            shared.statuses.flush().await;
            shared.membership.released(revision);
        });
    }
}
