//! What both tasks of a member know of its membership, and the proof of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::handler::Lost;

/// When the last request was sent that the coordinator answered as to a member of the group.
///
/// Cheap to clone and to ask; by the monotonic clock, which goes on while a process is stopped.
#[derive(Debug, Clone)]
pub struct LastAnswered {
    began: Instant,
    /// Nanoseconds after `began`, plus one: zero is never.
    nanos: Arc<AtomicU64>,
}

impl LastAnswered {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            nanos: Arc::default(),
        }
    }

    /// None before the first answer, and from the moment on that the coordinator denies the
    /// membership.
    #[must_use]
    pub fn sent_at(&self) -> Option<Instant> {
        let nanos = self.nanos.load(Ordering::Acquire).checked_sub(1)?;
        Some(self.began + Duration::from_nanos(nanos))
    }

    /// Whether it was less than `timeout` ago.
    #[must_use]
    pub fn is_within(&self, timeout: Duration) -> bool {
        self.sent_at().is_some_and(|sent| sent.elapsed() < timeout)
    }

    fn answered(&self, sent: Instant) {
        let since = sent.saturating_duration_since(self.began).as_nanos();
        let nanos = u64::try_from(since).unwrap_or(u64::MAX - 1);
        self.nanos
            .fetch_max(nanos.saturating_add(1), Ordering::AcqRel);
    }

    fn forget(&self) {
        self.nanos.store(0, Ordering::Release);
    }
}

/// As whom heartbeats are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Membership {
    /// Distinguishes memberships of this process, so that an answer that comes late is not taken
    /// for one about the membership of now.
    pub(super) number: u64,
    pub(super) member_id: String,
    pub(super) generation: i32,
}

/// What heartbeats found out about a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing to do.
    Fine,
    /// The group is rebalancing: join.
    Rebalancing,
    /// The group is a generation further: join, with the same member id.
    StaleGeneration,
    /// There is no membership any more.
    Lost(Lost),
}

/// The membership and what is known of it, shared by the tasks.
#[derive(Debug)]
pub(super) struct Session {
    inner: Mutex<Inner>,
    last_answered: LastAnswered,
    membership: watch::Sender<Option<Membership>>,
    verdict: watch::Sender<(u64, Verdict)>,
    joining: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    number: u64,
    alive: bool,
}

impl Session {
    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::default(),
            last_answered: LastAnswered::new(),
            membership: watch::Sender::new(None),
            verdict: watch::Sender::new((0, Verdict::Fine)),
            joining: AtomicBool::new(false),
        }
    }

    /// Whether a join is at the coordinator: it does not put out a member that waits for others.
    pub(super) fn is_joining(&self) -> bool {
        self.joining.load(Ordering::Acquire)
    }

    pub(super) fn set_joining(&self, joining: bool) {
        self.joining.store(joining, Ordering::Release);
    }

    pub(super) fn last_answered(&self) -> &LastAnswered {
        &self.last_answered
    }

    pub(super) fn memberships(&self) -> watch::Receiver<Option<Membership>> {
        self.membership.subscribe()
    }

    pub(super) fn verdicts(&self) -> watch::Receiver<(u64, Verdict)> {
        self.verdict.subscribe()
    }

    /// The coordinator took this member into a generation; the request was sent at `sent`.
    pub(super) fn begin(&self, member_id: &str, generation: i32, sent: Instant) {
        let number = {
            let mut inner = self.lock();
            inner.number += 1;
            inner.alive = true;
            self.last_answered.answered(sent);
            inner.number
        };
        self.membership.send_replace(Some(Membership {
            number,
            member_id: member_id.to_owned(),
            generation,
        }));
    }

    /// The membership of now, if there is one.
    pub(super) fn current(&self) -> Option<Membership> {
        self.membership.borrow().clone()
    }

    /// The coordinator answered a request of this membership that was sent at `sent`.
    pub(super) fn answered(&self, number: u64, sent: Instant) {
        let inner = self.lock();
        if inner.alive && inner.number == number {
            self.last_answered.answered(sent);
        }
    }

    /// Says what heartbeats found out; of no effect when the membership is another one by now.
    pub(super) fn judge(&self, number: u64, verdict: Verdict) {
        let mut inner = self.lock();
        if inner.number != number || !inner.alive {
            return;
        }
        if matches!(verdict, Verdict::Lost(_)) {
            inner.alive = false;
            self.last_answered.forget();
        }
        self.verdict.send_replace((number, verdict));
    }

    /// What was found out about the membership of now.
    pub(super) fn verdict(&self) -> Verdict {
        let number = self.lock().number;
        match *self.verdict.borrow() {
            (judged, verdict) if judged == number => verdict,
            _ => Verdict::Fine,
        }
    }

    /// There is no membership any more: heartbeats end, and nothing may be done in its name.
    pub(super) fn end(&self) {
        {
            let mut inner = self.lock();
            inner.number += 1;
            inner.alive = false;
            self.last_answered.forget();
        }
        self.membership.send_replace(None);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
