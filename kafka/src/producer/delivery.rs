//! The delivery callback: from librdkafka's reports to a sink, and the count of what is out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use thiserror::Error;
use tokio::sync::Notify;

use super::ROOM_FRACTION;
use crate::context::LoggingContext;
use crate::error::{ErrorCode, code_of, is_retriable, is_unauthorized};

/// Takes outcomes on the producer's serving thread.
///
/// It is called once for each record that [`send`](super::Producer::send) took, and holds up
/// every later outcome while it runs: it should do no more than note the token.
pub trait DeliverySink: Send + Sync + 'static {
    /// The record sent with `token` was acknowledged or given up.
    fn delivered(&self, token: u64, outcome: Result<Delivered, DeliveryError>);
}

/// Where a record was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The partition.
    pub partition: i32,
    /// Its offset there; -1 when the broker did not say (`acks=0`).
    pub offset: i64,
}

/// A record was given up. Whether it was written is unknown only for
/// [`ErrorCode::PurgeInflight`] and a timeout in flight.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("cannot deliver a record to topic '{topic}' (partition {partition}): {code}{hint}")]
pub struct DeliveryError {
    /// The record's topic.
    pub topic: String,
    /// The partition, -1 when none was chosen yet.
    pub partition: i32,
    /// Why.
    pub code: ErrorCode,
    /// What to do about it, beginning with a separator, where we know.
    hint: String,
}

impl DeliveryError {
    /// Whether sending the record again, with the settings as they are, may succeed. librdkafka
    /// itself has retried until `delivery.timeout.ms`.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        is_retriable(self.code)
    }

    fn new(topic: &str, partition: i32, code: ErrorCode, reason: Option<String>) -> Self {
        let mut hint = match code {
            ErrorCode::MessageSizeTooLarge | ErrorCode::MessageBatchTooLarge => {
                "; raise the topic's max.message.bytes (or the broker's message.max.bytes)"
                    .to_owned()
            }
            ErrorCode::MessageTimedOut => "; delivery.timeout.ms passed".to_owned(),
            ErrorCode::InvalidTopic => {
                "; a topic name is up to 249 letters, digits, '.', '_' and '-'".to_owned()
            }
            code if is_unauthorized(code) => {
                "; grant the client's principal WRITE on the topic".to_owned()
            }
            _ => String::new(),
        };
        if let Some(reason) = reason {
            hint.push_str("; ");
            hint.push_str(&reason);
        }
        Self {
            topic: topic.to_owned(),
            partition,
            code,
            hint,
        }
    }
}

/// How many records are out, and who waits for that to change.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    count: AtomicUsize,
    /// Waiters are woken when the count comes down to this.
    wake_at: AtomicUsize,
    changed: Notify,
}

impl Outstanding {
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    pub(super) fn add(&self) {
        self.count.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn remove(&self) {
        let left = self.count.fetch_sub(1, Ordering::AcqRel) - 1;
        if left == 0 || left == self.wake_at.load(Ordering::Acquire) {
            self.changed.notify_waiters();
        }
    }

    /// The queue is full as it is now: there is room once a part of it has left.
    pub(super) fn want_room(&self) {
        let count = self.count();
        self.wake_at
            .store(count - count / ROOM_FRACTION, Ordering::Release);
    }

    pub(super) async fn room(&self) {
        if self.has_room() {
            // Reported, but librdkafka frees the records of one report only after its last.
            tokio::time::sleep(Duration::from_millis(1)).await;
            return;
        }
        loop {
            let changed = self.changed.notified();
            if self.has_room() {
                return;
            }
            // A threshold set anew by another sender may be passed unseen, so look now and then.
            tokio::time::timeout(Duration::from_millis(100), changed)
                .await
                .ok();
        }
    }

    fn has_room(&self) -> bool {
        self.count() <= self.wake_at.load(Ordering::Acquire)
    }

    pub(super) async fn empty(&self) {
        let changed = self.changed.notified();
        if self.count() > 0 {
            changed.await;
        }
    }
}

/// librdkafka's callbacks for one producer.
pub(super) struct DeliveryContext<S> {
    logging: LoggingContext,
    sink: S,
    outstanding: Arc<Outstanding>,
}

impl<S: DeliverySink> DeliveryContext<S> {
    pub(super) fn new(client_id: &str, sink: S, outstanding: Arc<Outstanding>) -> Self {
        Self {
            logging: LoggingContext::new(client_id),
            sink,
            outstanding,
        }
    }

    pub(super) fn client_id(&self) -> &str {
        self.logging.client_id()
    }

    pub(super) fn sink(&self) -> &S {
        &self.sink
    }

    #[cold]
    fn failure(&self, error: &KafkaError, record: &impl Message) -> DeliveryError {
        let code = code_of(error);
        // What keeps a record from leaving for so long is worth telling.
        let reason = (code == ErrorCode::MessageTimedOut)
            .then(|| self.logging.recent_error(Duration::from_secs(60)))
            .flatten();
        DeliveryError::new(record.topic(), record.partition(), code, reason)
    }
}

impl<S: DeliverySink> ClientContext for DeliveryContext<S> {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.logging.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.logging.stats_raw(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.logging.error(error, reason);
    }
}

impl<S: DeliverySink> ProducerContext for DeliveryContext<S> {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, token: usize) {
        let outcome = match result {
            Ok(record) => Ok(Delivered {
                partition: record.partition(),
                offset: record.offset(),
            }),
            Err((error, record)) => Err(self.failure(error, record)),
        };
        self.sink.delivered(token as u64, outcome);
        self.outstanding.remove();
    }
}
