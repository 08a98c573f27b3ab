//! How a connector or task has failed, for whoever decides what comes next.

use connect_api::Error;
use connect_kafka::ClientError;
use connect_kafka::producer::DeliveryError;

/// How a run of a connector or task has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFailure {
    /// The whole chain of causes, as the status has it.
    pub trace: String,
    /// True if something in the chain may pass, such as a database that cannot
    /// be reached: another run may go well.
    pub is_passing: bool,
}

impl From<&Error> for RunFailure {
    fn from(error: &Error) -> Self {
        Self {
            trace: error.trace(),
            is_passing: may_pass(error),
        }
    }
}

/// Who gave up after retries says so by an error of another kind; what was
/// retried is among its causes.
fn may_pass(error: &Error) -> bool {
    causes(error).any(|error| {
        error.downcast_ref().is_some_and(Error::is_retriable)
            || error.downcast_ref().is_some_and(ClientError::is_retriable)
            || error
                .downcast_ref()
                .is_some_and(DeliveryError::is_retriable)
    })
}

/// Whether a Kafka client of the task has lost its brokers for good.
pub(super) fn is_stranded(error: &Error) -> bool {
    causes(error).any(|error| matches!(error.downcast_ref(), Some(ClientError::Stranded { .. })))
}

/// The error, and what it was caused by.
fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cause_that_passes_makes_the_failure_a_passing_one() {
        let away = || Error::retriable("connection refused");
        let gave_up = Error::internal("gave up after 3 retries").caused_by(away());
        for (error, expected) in [
            (away(), true),
            (away().while_doing("starting the task"), true),
            (gave_up.while_doing("polling the source"), true),
            (Error::data("too odd").while_doing("polling"), false),
            (Error::config("no such setting"), false),
        ] {
            assert_eq!(RunFailure::from(&error).is_passing, expected, "{error:?}");
        }
    }

    #[test]
    fn a_client_without_brokers_is_found_among_the_causes() {
        let client_id = "a".to_owned();
        let stranded = Error::retriable("sending").caused_by(ClientError::Stranded { client_id });
        assert!(is_stranded(&stranded.while_doing("polling")));
        let doing = "send".to_owned();
        let stopped = Error::retriable("sending").caused_by(ClientError::Stopped { doing });
        assert!(!is_stranded(&stopped));
    }
}
