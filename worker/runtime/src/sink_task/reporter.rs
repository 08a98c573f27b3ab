//! What becomes of a record that cannot be handled: dead letter queue, log,
//! and the task's failure (`RetryWithToleranceOperator`,
//! `WorkerErrantRecordReporter`).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connect_api::plugin::ErrantRecordReporter;
use connect_api::record::{RawRecord, SinkRecord, TimestampType, TopicPartition};
use connect_api::{Error, Result};
use connect_kafka::consumer::{ConsumedRecord, TimestampKind};

use super::dead_letters::DeadLetters;
use crate::metrics::TaskMetrics;
use crate::task::tolerance::{FailedRecord, Failure, Stage, Tolerance};

/// The class that the original names for failures of `put`.
const SINK_TASK_CLASS: &str = "org.apache.kafka.connect.sink.SinkTask";

/// Where a record stands in Kafka.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) origin: TopicPartition,
    pub(super) offset: i64,
    timestamp: Option<i64>,
    timestamp_type: TimestampType,
}

impl Place {
    pub(super) fn of(consumed: &ConsumedRecord) -> Self {
        Self {
            origin: TopicPartition {
                topic: consumed.partition.topic.clone(),
                partition: consumed.partition.partition,
            },
            offset: consumed.offset,
            timestamp: consumed.timestamp,
            timestamp_type: match consumed.timestamp_kind {
                TimestampKind::None => TimestampType::None,
                TimestampKind::CreateTime => TimestampType::CreateTime,
                TimestampKind::LogAppendTime => TimestampType::LogAppendTime,
            },
        }
    }
}

impl FailedRecord for Place {
    fn locate(&self, error: Error) -> Error {
        error
            .with("topic", &self.origin.topic)
            .with("partition", self.origin.partition)
            .with("offset", self.offset)
    }

    /// `LogReporter.Sink`.
    fn describe(&self) -> Option<String> {
        let kind = match self.timestamp_type {
            TimestampType::None => "NoTimestampType",
            TimestampType::CreateTime => "CreateTime",
            TimestampType::LogAppendTime => "LogAppendTime",
        };
        let mut text = format!(
            ", where consumed record is {{topic='{}', partition={}, offset={}",
            self.origin.topic, self.origin.partition, self.offset
        );
        if self.timestamp_type != TimestampType::None {
            let at = self.timestamp.unwrap_or(-1);
            text.push_str(&format!(", timestamp={at}, timestampType={kind}"));
        }
        text.push('}');
        Some(text)
    }
}

/// Takes records that cannot be handled, from the pipeline and from the sink.
pub(super) struct Reporter {
    tolerance: Tolerance,
    dead_letters: Option<DeadLetters>,
    metrics: Arc<TaskMetrics>,
    /// The first failure that was not tolerated: it ends the task also where
    /// the sink swallows it.
    ended: Mutex<Option<Error>>,
}

impl Reporter {
    pub(super) fn new(
        tolerance: Tolerance,
        dead_letters: Option<DeadLetters>,
        metrics: Arc<TaskMetrics>,
    ) -> Self {
        Self {
            tolerance,
            dead_letters,
            metrics,
            ended: Mutex::default(),
        }
    }

    pub(super) fn tolerance(&self) -> &Tolerance {
        &self.tolerance
    }

    /// Hands a record to the dead letter queue, tolerated or not, and to the
    /// log. The error that ends the task unless such are tolerated.
    pub(super) fn dispose(&self, failure: Failure, place: &Place, raw: &RawRecord) -> Result<()> {
        if let Some(dead_letters) = &self.dead_letters {
            dead_letters.send(&failure, place, raw);
        }
        self.tolerance.settle(failure, place)
    }

    /// Prepares the dead letter queue: its topic is created where it is missing.
    pub(super) async fn start(&self) -> Result<()> {
        match &self.dead_letters {
            Some(dead_letters) => dead_letters.create_topic().await,
            None => Ok(()),
        }
    }

    /// The failure that a sink was told of and did not return.
    pub(super) fn check(&self) -> Result<()> {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        match ended.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// True if records are on their way to the dead letter queue.
    pub(super) fn has_outstanding(&self) -> bool {
        let dead_letters = self.dead_letters.as_ref();
        dead_letters.is_some_and(DeadLetters::has_outstanding)
    }

    /// Waits until the dead letter queue has all that was reported. An error of
    /// kind `Retriable` if it has not within `limit`; another if it never will.
    pub(super) async fn settle(&self, limit: Duration) -> Result<()> {
        match &self.dead_letters {
            Some(dead_letters) => dead_letters.settle(limit).await,
            None => Ok(()),
        }
    }

    /// Hands to the producer what its full queue refused, and waits for room.
    pub(super) async fn make_room(&self) -> Result<()> {
        match &self.dead_letters {
            Some(dead_letters) => dead_letters.send_waiting().await,
            None => Ok(()),
        }
    }
}

impl ErrantRecordReporter for Reporter {
    fn report(&self, record: &SinkRecord, error: Error) -> Result<()> {
        self.metrics.record_failures.add(1);
        let failure = Failure {
            stage: Stage::TaskPut,
            class: SINK_TASK_CLASS.to_owned(),
            error,
        };
        let raw = record.raw.as_deref();
        let place = Place {
            origin: record.origin.clone(),
            offset: record.offset,
            timestamp: raw.map_or(record.record.timestamp, |raw| raw.timestamp),
            timestamp_type: record.timestamp_type,
        };
        let missing = raw.is_none() && self.dead_letters.is_some();
        if missing {
            let error = Error::internal(
                "a record was reported without its bytes: the dead letter queue cannot have it",
            );
            return self.note(place.locate(error).caused_by(failure.error));
        }
        let none = RawRecord::default();
        match self.dispose(failure, &place, raw.unwrap_or(&none)) {
            Ok(()) => Ok(()),
            Err(error) => self.note(error),
        }
    }
}

impl Reporter {
    /// Remembers what ends the task, and returns it.
    fn note(&self, error: Error) -> Result<()> {
        let told = Error::new(error.kind(), error.trace());
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.get_or_insert(told);
        Err(error)
    }
}
