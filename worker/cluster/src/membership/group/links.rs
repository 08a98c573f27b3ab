//! What the group's thread and the herder tell each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

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
    /// How far the config topic was read when what is to be shared out changed
    /// last.
    work: AtomicI64,
    round: watch::Sender<Round>,
}

/// A rebalance, from this worker's join to the end of what its assignment asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    begun: Instant,
    /// None while it goes on.
    ended: Option<Instant>,
    /// How far the leader had read the config topic when it shared out the work.
    offset: i64,
}

impl Round {
    /// When the next may be asked for; none while this one goes on.
    ///
    /// A rebalance takes the longer the more connectors there are: where one is
    /// created after another, most of the time is left to them.
    pub(super) fn next_at(&self) -> Option<Instant> {
        let ended = self.ended?;
        Some(ended + (PAUSE * ended.duration_since(self.begun)).min(LONGEST_PAUSE))
    }
}

/// The pause after a rebalance, in times of how long that took.
const PAUSE: u32 = 2;
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

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
            work: AtomicI64::new(-1),
            round: watch::Sender::new(Round {
                begun: Instant::now(),
                ended: None,
                offset: -1,
            }),
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

    /// What is to be shared out is something else now, by the config topic up to
    /// this offset.
    pub(super) fn work_changed(&self, offset: i64) {
        self.inner.work.fetch_max(offset, Ordering::AcqRel);
    }

    /// True if the last rebalance was about all that is to be shared out.
    pub(super) fn is_shared_out(&self) -> bool {
        self.inner.work.load(Ordering::Acquire) <= self.inner.round.borrow().offset
    }

    pub(super) fn round_begins(&self) {
        self.inner.round.send_modify(|round| {
            round.begun = Instant::now();
            round.ended = None;
        });
    }

    /// The work was shared out by the config topic up to this offset.
    pub(super) fn round_ends(&self, offset: i64) {
        self.inner.round.send_modify(|round| {
            round.ended = Some(Instant::now());
            round.offset = offset;
        });
    }

    pub(super) fn rounds(&self) -> watch::Receiver<Round> {
        self.inner.round.subscribe()
    }

    pub(super) fn rejoin_at(&self, at: Option<Instant>) {
        self.inner.rejoin_at.send_replace(at);
    }

    pub(super) fn rejoins(&self) -> watch::Receiver<Option<Instant>> {
        self.inner.rejoin_at.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_shared_out_needs_no_other_round_and_long_rounds_keep_apart() {
        let links = Links::new();
        let next_at = || links.rounds().borrow().next_at();
        links.work_changed(3);
        assert!(!links.is_shared_out() && next_at().is_none());
        for (took, pause) in [(20, 40), (400, 100)] {
            links.round_begins();
            assert_eq!(next_at(), None);
            tokio::time::advance(Duration::from_millis(took)).await;
            links.round_ends(3);
            let pause = Duration::from_millis(pause);
            assert_eq!(next_at(), Some(Instant::now() + pause));
        }
        assert!(links.is_shared_out());
        links.work_changed(4);
        links.work_changed(2);
        assert!(!links.is_shared_out());
        links.round_ends(4);
        assert!(links.is_shared_out());
    }
}
