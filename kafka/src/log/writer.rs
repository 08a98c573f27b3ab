//! Sending with an acknowledgement to await, for the few records of stores.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::LogError;
use crate::error::ClientError;
use crate::producer::{
    Delivered, DeliveryError, DeliverySink, NO_HEADERS, OutgoingRecord, Producer, SendError,
};
use crate::settings::ClientSettings;

/// One record to write.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogEntry<'a> {
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; none is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The partition, or none to let the key decide.
    pub partition: Option<i32>,
}

type Outcome = Result<Delivered, DeliveryError>;

/// Who waits for which record.
#[derive(Debug, Default)]
struct Acknowledgements {
    waiting: Mutex<HashMap<u64, oneshot::Sender<Outcome>>>,
    last_token: AtomicU64,
}

impl Acknowledgements {
    fn expect(&self) -> (u64, oneshot::Receiver<Outcome>) {
        let token = self.last_token.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(token, sender);
        (token, receiver)
    }

    fn take(&self, token: u64) -> Option<oneshot::Sender<Outcome>> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&token)
    }
}

/// The producer's end of [`Acknowledgements`].
struct Sink(Arc<Acknowledgements>);

impl DeliverySink for Sink {
    fn delivered(&self, token: u64, outcome: Outcome) {
        if let Some(sender) = self.0.take(token) {
            // Whoever sent it may not be interested any more.
            sender.send(outcome).ok();
        }
    }
}

/// A producer for logs, to be shared by them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LogWriter {
    settings: ClientSettings,
    producer: Arc<Mutex<Arc<Producer<Sink>>>>,
    acknowledgements: Arc<Acknowledgements>,
}

impl LogWriter {
    /// Makes the producer; see [`storage_producer`](crate::settings::worker::storage_producer)
    /// for the settings that stores need.
    ///
    /// # Errors
    ///
    /// [`ClientError::Create`] when librdkafka refuses the settings taken together.
    pub fn new(settings: &ClientSettings) -> Result<Self, ClientError> {
        let acknowledgements = Arc::<Acknowledgements>::default();
        let producer = Producer::new(settings, Sink(acknowledgements.clone()))?;
        Ok(Self {
            settings: settings.clone(),
            producer: Arc::new(Mutex::new(Arc::new(producer))),
            acknowledgements,
        })
    }

    /// The producer; another one once it has lost its brokers for good.
    fn producer(&self) -> Result<Arc<Producer<Sink>>, ClientError> {
        let mut producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = producer.check_brokers() {
            tracing::warn!("{error}");
            let sink = Sink(self.acknowledgements.clone());
            *producer = Arc::new(Producer::new(&self.settings, sink)?);
        }
        Ok(Arc::clone(&producer))
    }

    /// Writes a record; returns when it is acknowledged.
    ///
    /// # Errors
    ///
    /// [`LogError::Send`], [`LogError::Wait`] or [`LogError::Delivery`].
    pub async fn send(&self, topic: &str, entry: LogEntry<'_>) -> Result<Delivered, LogError> {
        self.enqueue(topic, entry).await?.outcome(topic).await
    }

    /// Writes records, in order per partition; returns when all of them have been acknowledged.
    /// One that is not ends it: none is written after it.
    ///
    /// Without idempotence, each record waits for the one before it: librdkafka sends what was
    /// built behind a request that was lost with its connection before it tries that one again.
    ///
    /// # Errors
    ///
    /// The first that was not acknowledged. Those before it have been written; with idempotence,
    /// those after it may have been.
    pub async fn send_many(
        &self,
        topic: &str,
        entries: &[LogEntry<'_>],
    ) -> Result<Vec<Delivered>, LogError> {
        if self.settings.get("enable.idempotence") == Some("true") {
            return self.send_in_a_row(topic, entries).await;
        }
        let mut delivered = Vec::with_capacity(entries.len());
        for entry in entries {
            delivered.push(self.send(topic, *entry).await?);
        }
        Ok(delivered)
    }

    /// Writes records that may come in any order, all at once; returns the outcome of each when
    /// all of them have been acknowledged or given up.
    pub async fn send_unordered(
        &self,
        topic: &str,
        entries: &[LogEntry<'_>],
    ) -> Vec<Result<Delivered, LogError>> {
        let mut pending = Vec::with_capacity(entries.len());
        for entry in entries {
            pending.push(self.enqueue(topic, *entry).await);
        }
        let mut outcomes = Vec::with_capacity(pending.len());
        for acknowledgement in pending {
            outcomes.push(match acknowledgement {
                Ok(acknowledgement) => acknowledgement.outcome(topic).await,
                Err(error) => Err(error),
            });
        }
        outcomes
    }

    /// Gives up what was sent and has not left yet, with
    /// [`ErrorCode::PurgeQueue`](crate::ErrorCode::PurgeQueue). Does not wait for that.
    pub fn purge_queue(&self) {
        let producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        producer.purge_queue();
    }

    async fn send_in_a_row(
        &self,
        topic: &str,
        entries: &[LogEntry<'_>],
    ) -> Result<Vec<Delivered>, LogError> {
        let mut pending = Vec::with_capacity(entries.len());
        let mut failure = None;
        for entry in entries {
            match self.enqueue(topic, *entry).await {
                Ok(acknowledgement) => pending.push(acknowledgement),
                // What follows would be out of order without it.
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let mut delivered = Vec::with_capacity(pending.len());
        for acknowledgement in pending {
            match acknowledgement.outcome(topic).await {
                Ok(outcome) => delivered.push(outcome),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(delivered), Err)
    }

    async fn enqueue(&self, topic: &str, entry: LogEntry<'_>) -> Result<Pending, LogError> {
        let LogEntry {
            key,
            value,
            partition,
        } = entry;
        let record = OutgoingRecord {
            topic,
            partition,
            timestamp: None,
            key,
            value,
        };
        loop {
            let producer = self.producer()?;
            let (token, receiver) = self.acknowledgements.expect();
            let Err(error) = producer.send(&record, NO_HEADERS, token) else {
                return Ok(Pending(receiver));
            };
            self.acknowledgements.take(token);
            if error != SendError::Backpressure {
                return Err(error.into());
            }
            producer.wait_for_room().await?;
        }
    }
}

/// A record on its way.
struct Pending(oneshot::Receiver<Outcome>);

impl Pending {
    async fn outcome(self, topic: &str) -> Result<Delivered, LogError> {
        let stopped = |_| LogError::Stopped {
            topic: topic.to_owned(),
        };
        Ok(self.0.await.map_err(stopped)??)
    }
}
