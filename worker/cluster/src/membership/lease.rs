//! Until when a worker may believe that what it has is its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Holds while the coordinator cannot have given up this worker: until
/// `session.timeout.ms` after the last heartbeat that it answered was sent. A
/// worker that was stopped for longer (SIGSTOP, a virtual machine that was moved)
/// knows by this that others may have its tasks, before it hears so.
///
/// The clock is the monotonic one, which goes on while the process is stopped.
#[derive(Debug, Clone)]
pub struct Lease {
    term: Option<Arc<Term>>,
}

#[derive(Debug)]
struct Term {
    start: Instant,
    length: Duration,
    /// Milliseconds after `start`; 0 is never.
    ends: AtomicU64,
}

impl Lease {
    /// Holds always: there is nobody else.
    pub fn unlimited() -> Self {
        Self { term: None }
    }

    /// Holds for `length` after each renewal. Does not hold before the first.
    pub fn new(length: Duration) -> Self {
        let term = Term {
            start: Instant::now(),
            length,
            ends: AtomicU64::new(0),
        };
        Self {
            term: Some(Arc::new(term)),
        }
    }

    pub(crate) fn length(&self) -> Option<Duration> {
        self.term.as_ref().map(|term| term.length)
    }

    /// The coordinator has answered what was sent at `sent`.
    pub fn renew(&self, sent: Instant) {
        if let Some(term) = &self.term {
            let ends = sent.saturating_duration_since(term.start) + term.length;
            let ends = u64::try_from(ends.as_millis()).unwrap_or(u64::MAX);
            term.ends.fetch_max(ends, Ordering::Relaxed);
        }
    }

    /// The coordinator has said that this worker is no member.
    pub fn end(&self) {
        if let Some(term) = &self.term {
            term.ends.store(0, Ordering::Relaxed);
        }
    }

    /// True while what this worker has is its own.
    pub fn holds(&self) -> bool {
        self.term.as_ref().is_none_or(|term| {
            let now = u64::try_from(term.start.elapsed().as_millis()).unwrap_or(u64::MAX);
            now < term.ends.load(Ordering::Relaxed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_holds_from_its_renewal_for_its_length() {
        let lease = Lease::new(Duration::from_secs(3600));
        assert!(!lease.holds());
        lease.renew(Instant::now());
        assert!(lease.holds());
        lease.end();
        assert!(!lease.holds());
        assert!(Lease::unlimited().holds());
    }

    #[test]
    fn a_renewal_counts_from_when_it_was_sent() {
        let lease = Lease::new(Duration::from_millis(20));
        let sent = Instant::now();
        std::thread::sleep(Duration::from_millis(30));
        lease.renew(sent);
        assert!(!lease.holds());
    }
}
