//! The dead letter queue: records as they were consumed, with what was wrong
//! with them in headers (`DeadLetterQueueReporter`, KIP-298).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connect_api::record::RawRecord;
use connect_api::{Error, Result};
use connect_kafka::admin::{Admin, NewTopic};
use connect_kafka::producer::{
    Delivered, DeliveryError, DeliverySink, OutgoingRecord, Producer, SendError,
};
use connect_kafka::{ClientKind, ClientSettings};

use super::java_exception;
use super::reporter::Place;
use crate::ConnectorTaskId;
use crate::connector_config::{self, DeadLetterSettings};
use crate::metrics::TaskMetrics;
use crate::task::tolerance::Failure;
use crate::task::{TaskSpec, kafka_error};

/// What the original creates it with (`DLQ_NUM_DESIRED_PARTITIONS`).
const PARTITIONS: i32 = 1;

/// A task's way to the dead letter queue.
pub(super) struct DeadLetters {
    settings: DeadLetterSettings,
    id: ConnectorTaskId,
    producer: Producer<Outcomes>,
    outcomes: Outcomes,
    admin: ClientSettings,
    metrics: Arc<TaskMetrics>,
    /// What the producer's full queue refused, in order. As much as one batch
    /// at most: they are sent before the next.
    waiting: Mutex<VecDeque<Letter>>,
}

/// A record on its way.
struct Letter {
    raw: RawRecord,
    context: Vec<(&'static str, String)>,
}

/// Hears what became of the letters.
#[derive(Clone)]
struct Outcomes {
    failed: Arc<Mutex<Option<String>>>,
    metrics: Arc<TaskMetrics>,
}

impl Outcomes {
    fn fail(&self, error: String) {
        self.metrics.dead_letter_failures.add(1);
        lock(&self.failed).get_or_insert(error);
    }
}

impl DeliverySink for Outcomes {
    fn delivered(&self, _token: u64, outcome: Result<Delivered, DeliveryError>) {
        match outcome {
            // The producer is being dropped with the task.
            Err(error) if error.was_taken_back() => {}
            Err(error) => self.fail(error.to_string()),
            Ok(_) => {}
        }
    }
}

impl DeadLetters {
    /// Makes the producer.
    pub(super) fn build(settings: &DeadLetterSettings, spec: &TaskSpec) -> Result<Self> {
        let of = |kind, prefix: &str| {
            let client_id = format!("{prefix}{}", spec.id);
            connector_config::settings_of(kind, &spec.worker, &spec.connector_props, &client_id)
        };
        let producer = of(ClientKind::Producer, "connector-dlq-producer-")?;
        for warning in producer.warnings() {
            tracing::warn!("{warning}");
        }
        let outcomes = Outcomes {
            failed: Arc::default(),
            metrics: spec.metrics.clone(),
        };
        Ok(Self {
            settings: settings.clone(),
            id: spec.id.clone(),
            producer: Producer::new(&producer, outcomes.clone()).map_err(|error| {
                kafka_error("making the producer of the dead letter queue", error)
            })?,
            outcomes,
            admin: of(ClientKind::Admin, "connector-dlq-adminclient-")?,
            metrics: spec.metrics.clone(),
            waiting: Mutex::default(),
        })
    }

    /// Creates the topic unless it is there.
    pub(super) async fn create_topic(&self) -> Result<()> {
        let topic = &self.settings.topic;
        let doing = || format!("Could not initialize dead letter queue with topic={topic}");
        let admin = Admin::new(&self.admin).map_err(|error| kafka_error(&doing(), error))?;
        let factor = i32::from(self.settings.replication_factor);
        let created = match admin.describe_topic(topic).await {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => {
                let new = NewTopic::new(topic, PARTITIONS, factor);
                admin.create_topic_if_missing(&new).await
            }
            Err(error) => Err(error),
        };
        match created {
            Ok(_) => {
                tracing::info!("created the dead letter queue '{topic}'");
                Ok(())
            }
            Err(error) if error.is_retriable() => Err(Error::retriable(doing()).caused_by(error)),
            Err(error) => Err(Error::config(format!(
                "{}; create the topic, or set 'errors.deadletterqueue.topic.replication.factor'",
                doing()
            ))
            .caused_by(error)),
        }
    }

    /// Hands a record to the producer, and never waits.
    pub(super) fn send(&self, failure: &Failure, place: &Place, raw: &RawRecord) {
        self.metrics.dead_letters.add(1);
        let letter = Letter {
            raw: raw.clone(),
            context: match self.settings.context_headers {
                true => self.context(failure, place),
                false => Vec::new(),
            },
        };
        let mut waiting = lock(&self.waiting);
        if !waiting.is_empty() || !self.try_send(&letter) {
            waiting.push_back(letter);
        }
    }

    /// False if the queue is full.
    fn try_send(&self, letter: &Letter) -> bool {
        let outgoing = OutgoingRecord {
            topic: &self.settings.topic,
            partition: None,
            timestamp: letter.raw.timestamp,
            key: letter.raw.key.as_deref(),
            value: letter.raw.value.as_deref(),
        };
        let own = letter.raw.headers.iter();
        let own = own.map(|(key, value)| (&**key, value.as_deref()));
        let context = letter.context.iter();
        let context = context.map(|(key, value)| (*key, Some(value.as_bytes())));
        match self.producer.send(&outgoing, own.chain(context), 0) {
            Ok(()) => true,
            Err(SendError::Backpressure) => false,
            Err(error) => {
                self.outcomes.fail(error.to_string());
                true
            }
        }
    }

    fn context(&self, failure: &Failure, place: &Place) -> Vec<(&'static str, String)> {
        vec![
            ("__connect.errors.topic", place.origin.topic.to_string()),
            (
                "__connect.errors.partition",
                place.origin.partition.to_string(),
            ),
            ("__connect.errors.offset", place.offset.to_string()),
            ("__connect.errors.connector.name", self.id.connector.clone()),
            ("__connect.errors.task.id", self.id.task.to_string()),
            ("__connect.errors.stage", failure.stage.to_string()),
            ("__connect.errors.class.name", failure.class.clone()),
            (
                "__connect.errors.exception.class.name",
                java_exception::class(failure).to_owned(),
            ),
            (
                "__connect.errors.exception.message",
                java_exception::message(&failure.error),
            ),
            (
                "__connect.errors.exception.stacktrace",
                java_exception::stack_trace(failure),
            ),
        ]
    }

    /// True if records are on their way, or one did not get through.
    pub(super) fn has_outstanding(&self) -> bool {
        self.producer.outstanding() > 0
            || !lock(&self.waiting).is_empty()
            || lock(&self.outcomes.failed).is_some()
    }

    /// Sends what waits for room.
    pub(super) async fn send_waiting(&self) -> Result<()> {
        loop {
            {
                let mut waiting = lock(&self.waiting);
                while waiting.front().is_some_and(|letter| self.try_send(letter)) {
                    waiting.pop_front();
                }
                if waiting.is_empty() {
                    return Ok(());
                }
            }
            self.producer.wait_for_room().await.map_err(|error| {
                Error::retriable("waiting for the dead letter queue").caused_by(error)
            })?;
        }
    }

    /// Waits until all letters are acknowledged.
    pub(super) async fn settle(&self, limit: Duration) -> Result<()> {
        let sent = tokio::time::timeout(limit, async {
            self.send_waiting().await?;
            let flushed = self.producer.flush(limit).await;
            flushed.map_err(|error| Error::retriable(error.to_string()))
        });
        let result = sent.await.unwrap_or_else(|_late| {
            Err(Error::retriable(format!(
                "the dead letter queue '{}' did not take all records within {} ms",
                self.settings.topic,
                limit.as_millis()
            )))
        });
        let never = |problem: &str| {
            Error::data(format!(
                "Could not produce message to dead letter queue. topic={}: {problem}",
                self.settings.topic
            ))
        };
        self.producer
            .check_brokers()
            .map_err(|error| never("its producer is of no use any more").caused_by(error))?;
        match &*lock(&self.outcomes.failed) {
            Some(problem) => Err(never(problem)),
            None => result,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
