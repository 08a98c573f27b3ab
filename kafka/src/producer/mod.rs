//! Records into librdkafka's own queue; outcomes out of its delivery callback, by token.
//!
//! A [`Producer`] is one librdkafka instance: one main thread, one thread per broker that it
//! talks to, and one thread of ours that serves delivery reports and log lines. Idle, they wake
//! about once a second; records waiting in its queue are bounded by `buffer.memory` (32 MiB
//! unless told otherwise) and `queue.buffering.max.messages` (100,000).
//!
//! **Order.** Records sent from one thread to one partition are written in that order as long as
//! nothing fails, and after a lost connection only with idempotence: librdkafka sends what was
//! built behind a request in flight before it tries that one again. Their outcomes are reported by
//! a single thread, in order per partition.
//!
//! **Waiting.** [`Producer::send`] never blocks. When the queue is full it answers
//! [`SendError::Backpressure`], nothing was taken, and the caller awaits
//! [`Producer::wait_for_room`] and sends again.
//!
//! **The end.** Dropping a producer does not block and does not deliver: what is still queued or
//! in flight is purged, each record is reported as failed ([`ErrorCode::PurgeQueue`],
//! [`ErrorCode::PurgeInflight`]), and the threads end in the background. Call
//! [`Producer::flush`] first to deliver.

mod delivery;
mod record;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::KafkaError;
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, PurgeConfig};
use thiserror::Error;

use crate::error::{ClientError, ErrorCode, is_retriable};
use crate::settings::ClientSettings;
use delivery::{DeliveryContext, Outstanding};

pub use delivery::{Delivered, DeliveryError, DeliverySink};
pub use record::{NO_HEADERS, OutgoingRecord, PreparedHeaders};

/// How long the serving thread waits for events at a time, so how long it lives on after a drop.
const POLL: Duration = Duration::from_secs(1);
/// How often a flush reminds librdkafka that nobody wants to wait for `linger.ms`.
const FLUSH_KICK: Duration = Duration::from_millis(50);
/// Room is said to be there again when this part of what was queued has left.
const ROOM_FRACTION: usize = 8;

// A token travels as librdkafka's pointer-sized opaque.
const _: () = assert!(usize::BITS == 64, "delivery tokens need 64-bit pointers");

/// A record was not taken into the queue. The caller still has it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// The queue is full: await [`Producer::wait_for_room`] and send again.
    #[error("the producer's queue is full")]
    Backpressure,
    /// The record is larger than the producer may send.
    #[error(
        "a record of {bytes} bytes for topic '{topic}' is larger than the producer's {setting}: \
         raise it (and the topic's max.message.bytes)"
    )]
    TooLarge {
        /// The record's topic.
        topic: String,
        /// Key and value together.
        bytes: usize,
        /// The Java name of the setting and its value here.
        setting: String,
    },
    /// librdkafka refused the record at once (a topic name with a NUL, an unknown partition, a
    /// fatal error of an idempotent producer).
    #[error("cannot send a record to topic '{topic}': {code}")]
    Refused {
        /// The record's topic.
        topic: String,
        /// librdkafka's code.
        code: ErrorCode,
    },
}

impl SendError {
    /// Whether sending the same record again may succeed.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Backpressure => true,
            Self::TooLarge { .. } => false,
            Self::Refused { code, .. } => is_retriable(*code),
        }
    }
}

/// Waiting for a producer took longer than it may.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WaitError {
    /// `max.block.ms` passed while the queue stayed full.
    #[error("no room in the producer's queue within max.block.ms = {} ms", .0.as_millis())]
    NoRoom(Duration),
    /// The records were not all delivered in time.
    #[error("{outstanding} records are still not acknowledged after {} ms", .waited.as_millis())]
    NotFlushed {
        /// How many.
        outstanding: usize,
        /// The time given.
        waited: Duration,
    },
}

impl WaitError {
    /// Always: the cluster may come back.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        true
    }
}

type Inner<S> = BaseProducer<DeliveryContext<S>>;

/// A producer whose outcomes go to `S`. See the [module](self).
pub struct Producer<S: DeliverySink> {
    inner: Arc<Inner<S>>,
    outstanding: Arc<Outstanding>,
    stop: Arc<AtomicBool>,
    max_block: Option<Duration>,
    max_bytes: usize,
    buffer_bytes: usize,
}

impl<S: DeliverySink> std::fmt::Debug for Producer<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer")
            .field("client_id", &self.client_id())
            .field("outstanding", &self.outstanding())
            .finish_non_exhaustive()
    }
}

impl<S: DeliverySink> Producer<S> {
    /// Makes a producer. It connects by itself; a cluster that is not there yet is no error.
    ///
    /// # Errors
    ///
    /// [`ClientError::Create`] when librdkafka refuses the settings taken together.
    pub fn new(settings: &ClientSettings, sink: S) -> Result<Self, ClientError> {
        let client_id = settings.client_id();
        let outstanding = Arc::new(Outstanding::default());
        let context = DeliveryContext::new(settings, sink, Arc::clone(&outstanding));
        let config = settings.watched_config();
        let inner = Inner::from_config_and_context(&config, context)
            .map_err(|error| ClientError::create(client_id, &error))?;
        let inner = Arc::new(inner);
        let stop = Arc::new(AtomicBool::new(false));
        serve(client_id, Arc::clone(&inner), Arc::clone(&stop))?;
        let number = |key: &str| {
            settings
                .get(key)
                .and_then(|text| text.parse::<usize>().ok())
        };
        Ok(Self {
            inner,
            outstanding,
            stop,
            max_block: settings.max_block(),
            max_bytes: number("message.max.bytes").unwrap_or(usize::MAX),
            buffer_bytes: number("queue.buffering.max.kbytes").map_or(usize::MAX, |kb| kb * 1024),
        })
    }

    /// `client.id`.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.inner.context().client_id()
    }

    /// Takes a copy of a record into the queue. `token` comes back with its outcome; an error
    /// here means that no outcome will come.
    ///
    /// # Errors
    ///
    /// See [`SendError`].
    pub fn send<'h>(
        &self,
        record: &OutgoingRecord<'_>,
        headers: impl IntoIterator<Item = (&'h str, Option<&'h [u8]>)>,
        token: u64,
    ) -> Result<(), SendError> {
        self.send_native(record, record::native_headers(headers), token)
    }

    /// The same with headers that were prepared.
    ///
    /// # Errors
    ///
    /// See [`SendError`].
    pub fn send_prepared(
        &self,
        record: &OutgoingRecord<'_>,
        headers: Option<&PreparedHeaders>,
        token: u64,
    ) -> Result<(), SendError> {
        let headers = headers.and_then(PreparedHeaders::to_native);
        self.send_native(record, headers, token)
    }

    fn send_native(
        &self,
        record: &OutgoingRecord<'_>,
        headers: Option<OwnedHeaders>,
        token: u64,
    ) -> Result<(), SendError> {
        let native = BaseRecord {
            topic: record.topic,
            partition: record.partition,
            payload: record.value,
            key: record.key,
            timestamp: record.timestamp,
            headers,
            delivery_opaque: token as usize,
        };
        // Before the send: the outcome may be reported before the send returns.
        self.outstanding.add();
        match self.inner.send(native) {
            Ok(()) => Ok(()),
            Err((error, _)) => {
                self.outstanding.remove();
                Err(self.refusal(record, &error))
            }
        }
    }

    fn refusal(&self, record: &OutgoingRecord<'_>, error: &KafkaError) -> SendError {
        let code = error
            .rdkafka_error_code()
            .unwrap_or(ErrorCode::InvalidArgument);
        let bytes = record.bytes();
        let too_large = |setting: String| SendError::TooLarge {
            topic: record.topic.to_owned(),
            bytes,
            setting,
        };
        match code {
            ErrorCode::QueueFull if bytes > self.buffer_bytes => {
                too_large(format!("buffer.memory = {}", self.buffer_bytes))
            }
            ErrorCode::QueueFull => {
                self.outstanding.want_room();
                SendError::Backpressure
            }
            ErrorCode::MessageSizeTooLarge => {
                too_large(format!("max.request.size = {}", self.max_bytes))
            }
            code => SendError::Refused {
                topic: record.topic.to_owned(),
                code,
            },
        }
    }

    /// Waits until a part of the queue has been delivered.
    ///
    /// # Errors
    ///
    /// [`WaitError::NoRoom`] when `max.block.ms` is set and passes first.
    pub async fn wait_for_room(&self) -> Result<(), WaitError> {
        let Some(limit) = self.max_block else {
            self.outstanding.room().await;
            return Ok(());
        };
        tokio::time::timeout(limit, self.outstanding.room())
            .await
            .map_err(|_| WaitError::NoRoom(limit))
    }

    /// Records taken whose outcome has not been reported yet.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.outstanding.count()
    }

    /// Waits until every record sent so far has had its outcome reported, be it a failure. Other
    /// tasks that go on sending prolong it.
    ///
    /// # Errors
    ///
    /// [`WaitError::NotFlushed`] when `timeout` passes first. The records stay in the queue.
    pub async fn flush(&self, timeout: Duration) -> Result<(), WaitError> {
        let deadline = Instant::now() + timeout;
        while self.outstanding() > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let outstanding = self.outstanding();
                return Err(WaitError::NotFlushed {
                    outstanding,
                    waited: timeout,
                });
            }
            // With no time given it only wakes the broker threads and tells whether something is
            // left, which the count says better.
            self.inner.flush(Duration::ZERO).ok();
            let empty = self.outstanding.empty();
            tokio::time::timeout(left.min(FLUSH_KICK), empty).await.ok();
        }
        Ok(())
    }

    /// Gives up what is queued and has not left yet, without waiting for that: each record is
    /// reported as failed, with [`ErrorCode::PurgeQueue`].
    pub fn purge_queue(&self) {
        self.inner
            .purge(PurgeConfig::default().queue().non_blocking());
    }

    /// An error when the producer has lost its brokers for good: it has to be made anew. What was
    /// sent and not acknowledged is reported as failed then, with [`ErrorCode::AllBrokersDown`];
    /// it may have been written.
    ///
    /// # Errors
    ///
    /// [`ClientError::Stranded`].
    pub fn check_brokers(&self) -> Result<(), ClientError> {
        self.inner.context().logging().check_brokers()
    }
}

impl<S: DeliverySink> Drop for Producer<S> {
    /// Waits for nothing: librdkafka's purge would wait for each of its threads, one of which may
    /// be looking up a name.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        give_up_all(&self.inner);
    }
}

fn give_up_all<S: DeliverySink>(inner: &Inner<S>) {
    let everything = PurgeConfig::default().queue().inflight();
    inner.purge(everything.non_blocking());
}

/// The one thread that reports outcomes. It owns the last reference, so that the librdkafka
/// instance, whose end takes a moment, is never destroyed on a caller's thread.
fn serve<S: DeliverySink>(
    client_id: &str,
    inner: Arc<Inner<S>>,
    stop: Arc<AtomicBool>,
) -> Result<(), ClientError> {
    thread::Builder::new()
        .name("kafka-producer".to_owned())
        .spawn(move || {
            while !stop.load(Ordering::Acquire) {
                inner.poll(POLL);
                // What a stranded producer has would be in its queue for ever.
                if inner.context().logging().watch().is_stranded() {
                    give_up_all(&inner);
                }
            }
            drop(inner);
        })
        .map(drop)
        .map_err(|error| ClientError::Create {
            client_id: client_id.to_owned(),
            reason: format!("cannot start its thread: {error}"),
        })
}
