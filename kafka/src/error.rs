//! What librdkafka's error codes mean for a caller: is it worth trying again?

use rdkafka::error::KafkaError;
pub use rdkafka::types::RDKafkaErrorCode as ErrorCode;
use thiserror::Error;

/// A Kafka client could not be made, or an operation on it failed.
#[derive(Debug, Clone, Error)]
pub enum ClientError {
    /// librdkafka refused the settings taken together (each alone was accepted).
    #[error("cannot create the Kafka client '{client_id}': {reason}")]
    Create {
        /// `client.id` of the client.
        client_id: String,
        /// librdkafka's words.
        reason: String,
    },
    /// A request failed, or its time ran out.
    #[error("cannot {doing}: {code}{}", detail(.reason))]
    Request {
        /// What was being done, and to what: "read the end offsets of topic 'x'".
        doing: String,
        /// The broker's or librdkafka's code.
        code: ErrorCode,
        /// What the client said last about its connections, when it said something.
        reason: Option<String>,
    },
    /// The client has lost all its brokers for good, although they may be there again.
    #[error(
        "the Kafka client '{client_id}' has lost all its brokers and will not look for them \
         again: it has to be made anew"
    )]
    Stranded {
        /// `client.id` of the client.
        client_id: String,
    },
    /// The runtime that the client worked on is shutting down.
    #[error("cannot {doing}: the client was stopped")]
    Stopped {
        /// What was being done.
        doing: String,
    },
}

fn detail(reason: &Option<String>) -> String {
    reason
        .as_ref()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default()
}

impl ClientError {
    pub(crate) fn create(client_id: &str, error: &KafkaError) -> Self {
        Self::Create {
            client_id: client_id.to_owned(),
            reason: error.to_string(),
        }
    }

    pub(crate) fn request(doing: &str, error: &KafkaError, reason: Option<String>) -> Self {
        Self::Request {
            doing: doing.to_owned(),
            code: code_of(error),
            reason,
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Request { code, .. } => is_retriable(*code),
            Self::Stranded { .. } => true,
            Self::Create { .. } | Self::Stopped { .. } => false,
        }
    }

    /// The code, when a request failed.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Request { code, .. } => Some(*code),
            Self::Create { .. } | Self::Stranded { .. } | Self::Stopped { .. } => None,
        }
    }
}

/// The code inside an rdkafka error. `AdminOp` hides its own from `rdkafka_error_code`.
pub(crate) fn code_of(error: &KafkaError) -> ErrorCode {
    match error {
        KafkaError::AdminOp(code) => *code,
        other => other.rdkafka_error_code().unwrap_or(ErrorCode::Fail),
    }
}

/// Whether an error with this code passes by itself.
///
/// The broker's codes follow the "retriable" column of the protocol guide's error table; of
/// librdkafka's own (negative) ones, those about connections and timeouts are retriable.
#[must_use]
pub fn is_retriable(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::BrokerTransportFailure
            | ErrorCode::BrokerDestroy
            | ErrorCode::DestroyBroker
            | ErrorCode::Resolve
            | ErrorCode::MessageTimedOut
            | ErrorCode::AllBrokersDown
            | ErrorCode::OperationTimedOut
            | ErrorCode::QueueFull
            | ErrorCode::ISRInsufficient
            | ErrorCode::NodeUpdate
            | ErrorCode::WaitingForCoordinator
            | ErrorCode::InProgress
            | ErrorCode::PreviousInProgress
            | ErrorCode::Outdated
            | ErrorCode::TimedOutQueue
            | ErrorCode::WaitCache
            | ErrorCode::Interrupted
            | ErrorCode::Retry
            | ErrorCode::UnknownBroker
            | ErrorCode::InvalidMessage
            | ErrorCode::UnknownTopicOrPartition
            | ErrorCode::UnknownTopic
            | ErrorCode::UnknownPartition
            | ErrorCode::LeaderNotAvailable
            | ErrorCode::NotLeaderForPartition
            | ErrorCode::RequestTimedOut
            | ErrorCode::BrokerNotAvailable
            | ErrorCode::ReplicaNotAvailable
            | ErrorCode::NetworkException
            | ErrorCode::CoordinatorLoadInProgress
            | ErrorCode::CoordinatorNotAvailable
            | ErrorCode::NotCoordinator
            | ErrorCode::NotEnoughReplicas
            | ErrorCode::NotEnoughReplicasAfterAppend
            | ErrorCode::NotController
            | ErrorCode::ConcurrentTransactions
            | ErrorCode::KafkaStorageError
            | ErrorCode::FetchSessionIdNotFound
            | ErrorCode::InvalidFetchSessionEpoch
            | ErrorCode::ListenerNotFound
            | ErrorCode::FencedLeaderEpoch
            | ErrorCode::UnknownLeaderEpoch
            | ErrorCode::OffsetNotAvailable
            | ErrorCode::PreferredLeaderNotAvailable
            | ErrorCode::EligibleLeadersNotAvailable
    )
}

/// Whether a request ended without an answer of a broker, or for want of a broker to ask.
pub(crate) fn is_without_answer(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::OperationTimedOut
            | ErrorCode::TimedOutQueue
            | ErrorCode::BrokerTransportFailure
            | ErrorCode::AllBrokersDown
            | ErrorCode::BrokerDestroy
            | ErrorCode::DestroyBroker
            | ErrorCode::UnknownPartition
            | ErrorCode::UnknownBroker
            | ErrorCode::WaitCache
            | ErrorCode::LeaderNotAvailable
    )
}

/// Whether the code says that the principal may not do this.
#[must_use]
pub fn is_unauthorized(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::TopicAuthorizationFailed
            | ErrorCode::GroupAuthorizationFailed
            | ErrorCode::ClusterAuthorizationFailed
            | ErrorCode::TransactionalIdAuthorizationFailed
            | ErrorCode::DelegationTokenAuthorizationFailed
    )
}
