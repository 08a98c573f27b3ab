//! Knowing when everything that the group has taken away has stopped.

use std::sync::Arc;

use super::shared::Shared;

/// Each connector's runner holds one until it has stopped what a view of the
/// group does not have; the last tells the group.
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
        self.shared.membership.released(self.revision);
    }
}
