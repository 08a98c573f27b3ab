//! The Java exception that the original reports for the same fault: consumers
//! of dead letter queues look at its class, message and stack trace.

use connect_api::{Error, ErrorKind};

use crate::task::tolerance::{Failure, Stage};

/// What the original says of bytes that are no JSON
/// (`JsonConverter.toConnectData`); the reason is the exception's cause there.
const NOT_JSON: &str = "Converting byte[] to Kafka Connect data failed due to serialization error";
/// How our converter's reason begins.
const OUR_REASON: &str = "not JSON: ";

/// The class of the exception.
pub(super) fn class(failure: &Failure) -> &'static str {
    match failure.error.kind() {
        ErrorKind::Data if failure.stage == Stage::TaskPut => {
            "org.apache.kafka.connect.errors.ConnectException"
        }
        ErrorKind::Data => "org.apache.kafka.connect.errors.DataException",
        ErrorKind::Retriable => "org.apache.kafka.connect.errors.RetriableException",
        ErrorKind::NotFound => "org.apache.kafka.connect.errors.NotFoundException",
        ErrorKind::AlreadyExists => "org.apache.kafka.connect.errors.AlreadyExistsException",
        ErrorKind::Config => "org.apache.kafka.common.config.ConfigException",
        ErrorKind::Conflict | ErrorKind::Unsupported | ErrorKind::Stopped | ErrorKind::Internal => {
            "org.apache.kafka.connect.errors.ConnectException"
        }
    }
}

/// Its message.
pub(super) fn message(error: &Error) -> String {
    let text = error.to_string();
    if text == NOT_JSON || text.starts_with(OUR_REASON) {
        return format!("{NOT_JSON}: ");
    }
    text
}

/// What stands for its stack trace: class, message, and the causes.
pub(super) fn stack_trace(failure: &Failure) -> String {
    let mut text = format!("{}: {}\n", class(failure), message(&failure.error));
    let trace = failure.error.trace();
    if trace.starts_with(OUR_REASON) {
        let reason = trace.lines().next().unwrap_or_default();
        text.push_str("Caused by: org.apache.kafka.common.errors.SerializationException: ");
        text.push_str(reason);
        text.push('\n');
    }
    for cause in trace.lines().filter(|line| line.starts_with("Caused by: ")) {
        text.push_str(cause);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_conversion_is_a_data_exception() {
        let failure = Failure {
            stage: Stage::KeyConverter,
            class: "c".to_owned(),
            error: Error::data(NOT_JSON).caused_by(Error::data("unrecognized token")),
        };
        assert_eq!(
            class(&failure),
            "org.apache.kafka.connect.errors.DataException"
        );
        // golden: dlq-headers-4.1.0.txt
        assert_eq!(
            message(&failure.error),
            "Converting byte[] to Kafka Connect data failed due to serialization error: "
        );
        assert_eq!(
            stack_trace(&failure),
            "org.apache.kafka.connect.errors.DataException: Converting byte[] to Kafka Connect \
             data failed due to serialization error: \nCaused by: unrecognized token\n"
        );
        let failure = Failure {
            error: Error::data("not JSON: expected a value but found 'k' at byte 0"),
            ..failure
        };
        assert_eq!(message(&failure.error), format!("{NOT_JSON}: "));
        let trace = stack_trace(&failure);
        assert!(trace.contains("found 'k' at byte 0"), "{trace}");
    }
}
