//! The delivery callback: from librdkafka's reports to a sink, and the count of what is out.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use thiserror::Error;
use tokio::sync::Notify;

use super::ROOM_FRACTION;
use crate::context::LoggingContext;
use crate::error::{ErrorCode, code_of, is_retriable, is_unauthorized};
use crate::settings::ClientSettings;

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

    /// Whether its own producer took it back, as one does that is dropped.
    #[must_use]
    pub fn was_taken_back(&self) -> bool {
        is_purge(self.code)
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
///
/// What senders count and what the serving thread counts is apart, so that the two do not take
/// the same memory from each other at every record.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    sent: Alone<AtomicUsize>,
    done: Alone<AtomicUsize>,
    waiting: Alone<Waiting>,
}

/// Has its cache lines to itself (two, as processors fetch them in pairs).
#[derive(Debug, Default)]
#[repr(align(128))]
struct Alone<T>(T);

#[derive(Debug, Default)]
struct Waiting {
    /// How many wait; as long as none does, nothing else is looked at for a record.
    count: AtomicUsize,
    /// Waiters are woken when the count comes down to this.
    wake_at: AtomicUsize,
    changed: Notify,
}

/// Somebody waits, until this is dropped.
struct Waiter<'w>(&'w Waiting);

impl<'w> Waiter<'w> {
    fn new(waiting: &'w Waiting) -> Self {
        waiting.count.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Outstanding {
    pub(super) fn count(&self) -> usize {
        // In this order the difference is never less than nothing.
        let done = self.done.0.load(Ordering::SeqCst);
        self.sent.0.load(Ordering::SeqCst) - done
    }

    pub(super) fn add(&self) {
        self.sent.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn remove(&self) {
        self.done.0.fetch_add(1, Ordering::SeqCst);
        let waiting = &self.waiting.0;
        if waiting.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let left = self.count();
        if left == 0 || left == waiting.wake_at.load(Ordering::Acquire) {
            waiting.changed.notify_waiters();
        }
    }

    /// The queue is full as it is now: there is room once a part of it has left.
    pub(super) fn want_room(&self) {
        let count = self.count();
        self.waiting
            .0
            .wake_at
            .store(count - count / ROOM_FRACTION, Ordering::Release);
    }

    pub(super) async fn room(&self) {
        if self.has_room() {
            // Reported, but librdkafka frees the records of one report only after its last.
            tokio::time::sleep(Duration::from_millis(1)).await;
            return;
        }
        let _waiter = Waiter::new(&self.waiting.0);
        loop {
            let changed = self.waiting.0.changed.notified();
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
        self.count() <= self.waiting.0.wake_at.load(Ordering::Acquire)
    }

    pub(super) async fn empty(&self) {
        let _waiter = Waiter::new(&self.waiting.0);
        let changed = self.waiting.0.changed.notified();
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
    pub(super) fn new(settings: &ClientSettings, sink: S, outstanding: Arc<Outstanding>) -> Self {
        Self {
            logging: LoggingContext::new(settings),
            sink,
            outstanding,
        }
    }

    pub(super) fn client_id(&self) -> &str {
        self.logging.client_id()
    }

    pub(super) fn logging(&self) -> &LoggingContext {
        &self.logging
    }

    #[cold]
    fn failure(&self, error: &KafkaError, record: &impl Message) -> DeliveryError {
        let mut code = code_of(error);
        if self.logging.watch().is_stranded() && is_purge(code) {
            code = ErrorCode::AllBrokersDown;
        }
        // What keeps a record from leaving for so long is worth telling.
        let reason = (code == ErrorCode::MessageTimedOut)
            .then(|| self.logging.recent_error(Duration::from_secs(60)))
            .flatten();
        DeliveryError::new(record.topic(), record.partition(), code, reason)
    }
}

fn is_purge(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::PurgeQueue | ErrorCode::PurgeInflight)
}

impl<S: DeliverySink> ClientContext for DeliveryContext<S> {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = LoggingContext::ENABLE_REFRESH_OAUTH_TOKEN;

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.logging.generate_oauth_token(config)
    }

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
