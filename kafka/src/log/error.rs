//! Why a topic could not be read as a log, or written to.

use std::time::Duration;

use thiserror::Error;

use crate::admin::AdminError;
use crate::error::{ClientError, ErrorCode};
use crate::producer::{DeliveryError, SendError, WaitError};

/// Reading or writing a topic log failed.
#[derive(Debug, Clone, Error)]
pub enum LogError {
    /// There is no such topic.
    #[error("topic '{topic}' does not exist{}; create it, or allow it to be created", patience(.waited))]
    TopicMissing {
        /// Its name.
        topic: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The client's principal may not read the topic.
    #[error(
        "not authorized to read topic '{topic}' ({code}): grant the client's principal READ on it"
    )]
    Unauthorized {
        /// Its name.
        topic: String,
        /// The broker's code.
        code: ErrorCode,
    },
    /// The log was stopped, or its callback panicked.
    #[error("the reader of topic '{topic}' has stopped")]
    Stopped {
        /// The topic.
        topic: String,
    },
    /// The log was made without a writer.
    #[error("the log of topic '{topic}' was opened for reading only")]
    ReadOnly {
        /// The topic.
        topic: String,
    },
    /// A record was not taken by the producer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The producer's queue stayed full.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// A record was not acknowledged.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// The topic could not be created or described.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// The client could not be made, or a request of it failed.
    #[error(transparent)]
    Client(ClientError),
}

fn patience(waited: &Duration) -> String {
    if waited.is_zero() {
        return String::new();
    }
    format!(" and did not appear within {} s", waited.as_secs_f32())
}

impl LogError {
    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::TopicMissing { .. }
            | Self::Unauthorized { .. }
            | Self::Stopped { .. }
            | Self::ReadOnly { .. } => false,
            Self::Send(error) => error.is_retriable(),
            Self::Wait(error) => error.is_retriable(),
            Self::Delivery(error) => error.is_retriable(),
            Self::Admin(error) => error.is_retriable(),
            Self::Client(error) => error.is_retriable(),
        }
    }
}
