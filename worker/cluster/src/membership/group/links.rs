//! What the group's thread and the herder tell each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::membership::{GroupView, Share};

/// What the group's thread and the herder tell each other. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Links {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    view: watch::Sender<Arc<GroupView>>,
    /// The newest view of which all that it does not have has stopped.
    released: watch::Sender<u64>,
    /// When to join again although nothing has changed.
    rejoin_at: watch::Sender<Option<Instant>>,
    /// Counts the changes of what is to be shared out.
    work: AtomicU64,
}

impl Links {
    pub(super) fn new() -> Self {
        let outside = GroupView {
            revision: 0,
            generation: 0,
            is_leader: false,
            leader_url: None,
            share: Share::none(),
            owners: None,
            signs_requests: false,
        };
        let inner = Inner {
            view: watch::Sender::new(Arc::new(outside)),
            released: watch::Sender::new(0),
            rejoin_at: watch::Sender::new(None),
            work: AtomicU64::new(0),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub(super) fn views(&self) -> watch::Receiver<Arc<GroupView>> {
        self.inner.view.subscribe()
    }

    pub(super) fn view(&self) -> Arc<GroupView> {
        Arc::clone(&self.inner.view.borrow())
    }

    /// Shows the herder another view; its revision.
    pub(super) fn show(&self, change: impl FnOnce(&mut GroupView)) -> u64 {
        let mut revision = 0;
        self.inner.view.send_modify(|view| {
            let view = Arc::make_mut(view);
            change(view);
            view.revision += 1;
            revision = view.revision;
        });
        revision
    }

    pub(super) fn released(&self, revision: u64) {
        self.inner.released.send_if_modified(|newest| {
            let is_newer = revision > *newest;
            *newest = revision.max(*newest);
            is_newer
        });
    }

    /// Waits until what a view does not have has stopped.
    pub(super) async fn wait_for_release(&self, revision: u64) {
        let mut released = self.inner.released.subscribe();
        // The sender is our own, so it cannot be gone.
        drop(released.wait_for(|newest| *newest >= revision).await);
    }

    pub(super) fn work_changed(&self) {
        self.inner.work.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn work(&self) -> u64 {
        self.inner.work.load(Ordering::Acquire)
    }

    pub(super) fn rejoin_at(&self, at: Option<Instant>) {
        self.inner.rejoin_at.send_replace(at);
    }

    pub(super) fn rejoins(&self) -> watch::Receiver<Option<Instant>> {
        self.inner.rejoin_at.subscribe()
    }
}
