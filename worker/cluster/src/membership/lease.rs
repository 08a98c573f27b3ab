//! Until when a worker may believe that what it has is its own.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use connect_kafka::group::LastAnswered;

/// Holds while the coordinator cannot have given up this worker: until
/// `session.timeout.ms` after the last heartbeat that it answered was sent. A
/// worker that was stopped for longer (SIGSTOP, a virtual machine that was moved)
/// knows by this that others may have its tasks, before it hears so.
#[derive(Debug, Clone)]
pub struct Lease {
    term: Option<Arc<Term>>,
}

#[derive(Debug)]
struct Term {
    length: Duration,
    /// Not there before the group was joined.
    answered: OnceLock<LastAnswered>,
}

impl Lease {
    /// Holds always: there is nobody else.
    pub fn unlimited() -> Self {
        Self { term: None }
    }

    /// Holds for `length` after what the coordinator answered last.
    pub(crate) fn new(length: Duration) -> Self {
        let term = Term {
            length,
            answered: OnceLock::new(),
        };
        Self {
            term: Some(Arc::new(term)),
        }
    }

    /// How long it holds after an answer; none if always.
    pub(crate) fn length(&self) -> Option<Duration> {
        self.term.as_ref().map(|term| term.length)
    }

    /// From now on there is a coordinator that answers.
    pub(super) fn begin(&self, answered: LastAnswered) {
        if let Some(term) = &self.term {
            // Begun once: a group is joined once.
            drop(term.answered.set(answered));
        }
    }

    /// True while what this worker has is its own.
    pub fn holds(&self) -> bool {
        self.left() != Some(Duration::ZERO)
    }

    /// How long it still holds, unless there is another answer by then; none if
    /// always.
    pub(crate) fn left(&self) -> Option<Duration> {
        let term = self.term.as_ref()?;
        let sent = term.answered.get().and_then(LastAnswered::sent_at);
        Some(sent.map_or(Duration::ZERO, |sent| {
            term.length.saturating_sub(sent.elapsed())
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_group_all_is_ones_own_and_before_it_was_joined_nothing_is() {
        assert!(Lease::unlimited().holds());
        assert!(!Lease::new(Duration::from_secs(10)).holds());
    }
}
