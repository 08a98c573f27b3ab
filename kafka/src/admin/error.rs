//! Why a topic could not be created, described or deleted.

use thiserror::Error;

use super::NewTopic;
use crate::error::{ClientError, ErrorCode, is_retriable, is_unauthorized};

/// A request about a topic failed.
#[derive(Debug, Clone, Error)]
pub enum AdminError {
    /// The topic is there already.
    #[error("topic '{topic}' already exists")]
    TopicExists {
        /// Its name.
        topic: String,
    },
    /// The topic is not there.
    #[error("topic '{topic}' does not exist")]
    UnknownTopic {
        /// Its name.
        topic: String,
    },
    /// The name or the numbers are not allowed.
    #[error("topic '{topic}' is not valid: {reason}")]
    InvalidTopic {
        /// Its name.
        topic: String,
        /// What is wrong.
        reason: String,
    },
    /// The broker refuses a setting of the topic.
    #[error("cannot create topic '{topic}': the broker refuses its settings ({code}): {configs}")]
    InvalidSettings {
        /// Its name.
        topic: String,
        /// The broker's code.
        code: ErrorCode,
        /// What was asked for.
        configs: String,
    },
    /// The client's principal may not do this.
    #[error(
        "not authorized to {doing} topic '{topic}' ({code}): grant the right to the client's principal"
    )]
    Unauthorized {
        /// What was being done.
        doing: String,
        /// The topic.
        topic: String,
        /// The broker's code.
        code: ErrorCode,
    },
    /// The broker does not know the request.
    #[error("cannot {doing} topic '{topic}': the broker does not support the request ({code})")]
    Unsupported {
        /// What was being done.
        doing: String,
        /// The topic.
        topic: String,
        /// The broker's or librdkafka's code.
        code: ErrorCode,
    },
    /// Anything else.
    #[error("cannot {doing} topic '{topic}': {code}{}", .reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default())]
    Failed {
        /// What was being done.
        doing: String,
        /// The topic.
        topic: String,
        /// The broker's or librdkafka's code.
        code: ErrorCode,
        /// What the client said last about its connections.
        reason: Option<String>,
    },
    /// The client itself failed.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl AdminError {
    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Failed { code, .. } => is_retriable(*code),
            Self::Client(error) => error.is_retriable(),
            _ => false,
        }
    }

    pub(super) fn from_code(
        doing: &str,
        topic: &str,
        code: ErrorCode,
        reason: Option<String>,
    ) -> Self {
        let (doing, topic) = (doing.to_owned(), topic.to_owned());
        match code {
            ErrorCode::TopicAlreadyExists => Self::TopicExists { topic },
            ErrorCode::UnknownTopicOrPartition | ErrorCode::UnknownTopic => {
                Self::UnknownTopic { topic }
            }
            ErrorCode::InvalidTopic => Self::InvalidTopic {
                topic,
                reason: "the broker refuses its name".to_owned(),
            },
            code if is_unauthorized(code) => Self::Unauthorized { doing, topic, code },
            ErrorCode::UnsupportedVersion
            | ErrorCode::UnsupportedFeature
            | ErrorCode::TopicDeletionDisabled => Self::Unsupported { doing, topic, code },
            code => Self::Failed {
                doing,
                topic,
                code,
                reason,
            },
        }
    }

    /// The broker's message does not get through the `rdkafka` crate, so say what was asked for.
    pub(super) fn from_create(asked: &NewTopic, code: ErrorCode) -> Self {
        let topic = asked.name.clone();
        match code {
            ErrorCode::InvalidPartitions => Self::InvalidTopic {
                topic,
                reason: format!("{} is not a number of partitions", asked.partitions),
            },
            ErrorCode::InvalidReplicationFactor => Self::InvalidTopic {
                topic,
                reason: format!(
                    "the replication factor {} is not possible; it cannot be larger than the \
                     number of brokers",
                    asked.replication_factor
                ),
            },
            ErrorCode::InvalidConfig | ErrorCode::PolicyViolation => {
                let settings = asked
                    .configs
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"));
                let configs = settings.collect::<Vec<_>>().join(", ");
                Self::InvalidSettings {
                    topic,
                    code,
                    configs,
                }
            }
            code => Self::from_code("create", &topic, code, None),
        }
    }
}
