//! What a partition refuses, and with which of Kafka's error codes.

use kafka_protocol::ResponseError;

use crate::log::LogError;

/// A record that is refused, for the answer's list of record errors (KIP-467).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordError {
    /// The record's place in its batch, from 0.
    pub(crate) index: i32,
    /// What is wrong with it.
    pub(crate) message: String,
}

/// Why records were not appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProduceError {
    /// The batch is larger than the topic allows.
    #[error(
        "the record batch of {size} bytes exceeds the topic's max.message.bytes of {max}: send \
         smaller batches or raise it"
    )]
    TooLarge {
        /// The batch's size in bytes.
        size: usize,
        /// The topic's limit.
        max: usize,
    },
    /// The checksum or the length is wrong.
    #[error("the record batch is corrupt: {0}")]
    Corrupt(String),
    /// The batch or some of its records break a rule.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// The records that are at fault, where it is some of them.
        records: Vec<RecordError>,
    },
    /// Timestamps that the topic does not accept.
    #[error("one or more records have been rejected due to invalid timestamp")]
    InvalidTimestamp(Vec<RecordError>),
    /// A sequence number is missing before this batch.
    #[error("{0}")]
    OutOfOrderSequence(String),
    /// A producer with a later epoch has taken over.
    #[error("{0}")]
    InvalidProducerEpoch(String),
    /// A write of another kind than the producer's transaction allows.
    #[error("{0}")]
    InvalidTransactionState(String),
    /// A marker of a coordinator that has been replaced.
    #[error("{0}")]
    CoordinatorFenced(String),
    /// The coordinator does not know of the transaction that the batch claims.
    #[error("unable to verify the partition has been added to the transaction: {0}")]
    NotVerified(ResponseError),
    /// The log could not be written.
    #[error("appending to the log")]
    Log(#[from] LogError),
}

impl ProduceError {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
            records: Vec::new(),
        }
    }

    /// The error's code on the wire.
    pub(crate) fn code(&self) -> ResponseError {
        match self {
            Self::TooLarge { .. } => ResponseError::MessageTooLarge,
            Self::Corrupt(_) => ResponseError::CorruptMessage,
            Self::Invalid { .. } => ResponseError::InvalidRecord,
            Self::InvalidTimestamp(_) => ResponseError::InvalidTimestamp,
            Self::OutOfOrderSequence(_) => ResponseError::OutOfOrderSequenceNumber,
            Self::InvalidProducerEpoch(_) => ResponseError::InvalidProducerEpoch,
            Self::InvalidTransactionState(_) => ResponseError::InvalidTxnState,
            Self::CoordinatorFenced(_) => ResponseError::TransactionCoordinatorFenced,
            Self::NotVerified(code) => verification_code(*code),
            Self::Log(_) => ResponseError::KafkaStorageError,
        }
    }

    /// The records at fault.
    pub(crate) fn record_errors(&self) -> &[RecordError] {
        match self {
            Self::Invalid { records, .. } | Self::InvalidTimestamp(records) => records,
            _ => &[],
        }
    }
}

/// What the coordinator answered, as producers before transactions V2 can retry it
/// (`ReplicaManager.handleProduceAppend`).
fn verification_code(code: ResponseError) -> ResponseError {
    match code {
        ResponseError::CoordinatorLoadInProgress
        | ResponseError::CoordinatorNotAvailable
        | ResponseError::NotCoordinator
        | ResponseError::ConcurrentTransactions => ResponseError::NotEnoughReplicas,
        other => other,
    }
}

/// Why records could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// The offset is before the start or after the end.
    #[error("offset {offset} is out of range: the log has {start} to {end}")]
    OutOfRange {
        /// The offset that was asked for.
        offset: i64,
        /// The log's first offset.
        start: i64,
        /// The offset of the next record.
        end: i64,
    },
    /// The log could not be read.
    #[error("reading the log")]
    Log(#[from] LogError),
}

impl FetchError {
    /// The error's code on the wire.
    pub(crate) fn code(&self) -> ResponseError {
        match self {
            Self::OutOfRange { .. } => ResponseError::OffsetOutOfRange,
            Self::Log(_) => ResponseError::KafkaStorageError,
        }
    }
}
