//! A member of a consumer group that is polled by whoever owns it, for the tasks of sinks.
//!
//! A [`GroupConsumer`] never waits in a call: [`GroupConsumer::fill`] takes what librdkafka has
//! fetched into a [`Batch`], and [`GroupConsumer::ready`] waits until there is something. Each
//! fill counts as a poll for `max.poll.interval.ms`, so an owner that is busy with a batch calls
//! [`GroupConsumer::pause`] and goes on calling it.
//!
//! **Rebalances** are handed over ([`GroupConsumer::take_rebalance`]) and wait for their answer,
//! [`GroupConsumer::assign`] or [`GroupConsumer::give_up`], while heartbeats go on: what belongs
//! to partitions that go can be finished first. The broker waits for `max.poll.interval.ms`.
//!
//! **Offsets** are committed only by [`GroupConsumer::commit`]; nothing is ever committed or
//! stored by itself.
//!
//! **The end.** [`GroupConsumer::close`] leaves the group and waits for that. Dropping one leaves
//! it too, in the background. Neither commits anything.

mod batch;
mod context;
mod joining;
mod position;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytestring::ByteString;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::Notify;

use crate::error::{ClientError, ErrorCode, code_of};
use crate::settings::ClientSettings;
use context::GroupContext;
use joining::Joining;

pub use batch::{Batch, BatchLimits, ConsumedRecord, Taken, TimestampKind};
pub use context::Rebalance;
pub use position::Position;

/// What librdkafka may hold of fetched records, unless the settings say otherwise, whatever the
/// number of partitions and the size of records. What waits longer is no longer in the processor's
/// cache when it is read.
const QUEUED_KBYTES: u64 = 6144;

/// How many records librdkafka holds before it stops fetching. It counts their bytes only, and
/// small records take several times as much of its memory.
const QUEUED_RECORDS: &str = "20000";
const FETCH_MAX_BYTES: &str = "16777216";
/// How soon a new topic or partition is found. Java's five minutes is a long time to wait for one.
const METADATA_REFRESH_MS: &str = "30000";
/// Java's and librdkafka's `max.poll.interval.ms`.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(300);
/// Java's `max.poll.records`.
const MAX_POLL_RECORDS: usize = 500;
/// This batch and the next are in memory at the same time.
const MAX_POLL_BYTES: usize = 8 << 20;
/// How many polls without a record or an event mean that none is there: an event of a kind that nobody handles is not
/// told from none.
const EMPTY_POLLS: u32 = 2;
/// How many events one fill serves before it gives its caller a turn.
const EVENTS_PER_FILL: u64 = 10_000;
/// How many errors one fill passes on to the log before it gives its caller a turn.
const ERRORS_PER_FILL: u32 = 16;

type Inner = BaseConsumer<GroupContext>;

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    /// The topic.
    pub topic: ByteString,
    /// The partition's number.
    pub partition: i32,
}

impl std::fmt::Display for Partition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// A member of a consumer group. See the [module](self).
pub struct GroupConsumer {
    /// Taken at the end only.
    inner: Option<Arc<Inner>>,
    /// A rebalance was taken and not answered yet.
    is_owing: AtomicBool,
    wakeup: Arc<Notify>,
    joining: Joining,
    limits: BatchLimits,
    max_poll_records: Option<usize>,
    max_poll_interval: Duration,
    group: String,
    /// What `auto.offset.reset` stands for.
    reset: Offset,
}

impl std::fmt::Debug for GroupConsumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupConsumer")
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

/// The settings of a [`GroupConsumer`] as librdkafka gets them.
fn native_settings(settings: &ClientSettings) -> ClientSettings {
    let mut settings = settings.clone();
    settings.set_default("queued.max.messages.kbytes", &QUEUED_KBYTES.to_string());
    settings.set_default("queued.min.messages", QUEUED_RECORDS);
    // A full queue of this size is empty long before librdkafka's own second is over.
    settings.set_default("fetch.queue.backoff.ms", "3");
    settings.set_default("fetch.max.bytes", FETCH_MAX_BYTES);
    settings.set_default("topic.metadata.refresh.interval.ms", METADATA_REFRESH_MS);
    // The Java consumer's own: members of both kinds can be in one group. Its second strategy,
    // cooperative-sticky, cannot be offered beside the eager one by librdkafka.
    settings.set_default("partition.assignment.strategy", "range");
    // The Java consumer's; a topic that is not there yet is one that the broker may create.
    settings.set_default("allow.auto.create.topics", "true");
    settings.set("enable.auto.commit", "false");
    settings.set("enable.auto.offset.store", "false");
    settings
}

fn number(settings: &ClientSettings, key: &str) -> Option<u64> {
    settings.get(key)?.parse().ok()
}

impl GroupConsumer {
    /// Makes a consumer that is not in its group yet: [`subscribe`](Self::subscribe) joins.
    ///
    /// # Errors
    ///
    /// [`ClientError::Create`] when librdkafka refuses the settings taken together, or they name
    /// no group.
    pub fn new(settings: &ClientSettings) -> Result<Self, ClientError> {
        // Where the user says how much may be held, a batch is to be no larger.
        let may_hold = number(settings, "queued.max.messages.kbytes")
            .and_then(|kbytes| usize::try_from(kbytes).ok()?.checked_mul(1024));
        let settings = native_settings(settings);
        let client_id = settings.client_id();
        let group = settings
            .get("group.id")
            .filter(|group| !group.is_empty())
            .ok_or_else(|| ClientError::Create {
                client_id: client_id.to_owned(),
                reason: "'group.id' is empty".to_owned(),
            })?
            .to_owned();
        let context = GroupContext::new(&settings);
        let mut inner = Inner::from_config_and_context(&settings.watched_config(), context)
            .map_err(|error| ClientError::create(client_id, &error))?;
        let wakeup = Arc::new(Notify::new());
        let notify = Arc::clone(&wakeup);
        inner.set_nonempty_callback(move || notify.notify_one());
        let max_poll_records = settings.max_poll_records();
        let max_poll_interval = number(&settings, "max.poll.interval.ms");
        Ok(Self {
            inner: Some(Arc::new(inner)),
            is_owing: AtomicBool::new(false),
            wakeup,
            joining: Joining::default(),
            limits: BatchLimits {
                records: max_poll_records.unwrap_or(MAX_POLL_RECORDS),
                bytes: may_hold.map_or(MAX_POLL_BYTES, |most| most.min(MAX_POLL_BYTES)),
            },
            max_poll_records,
            max_poll_interval: max_poll_interval.map_or(MAX_POLL_INTERVAL, Duration::from_millis),
            group,
            reset: position::reset_of(&settings),
        })
    }

    /// `group.id`.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// `max.poll.interval.ms`: [`fill`](Self::fill) is to be called more often than that.
    #[must_use]
    pub fn max_poll_interval(&self) -> Duration {
        self.max_poll_interval
    }

    /// `max.poll.records`, where it is set.
    #[must_use]
    pub fn max_poll_records(&self) -> Option<usize> {
        self.max_poll_records
    }

    /// How large batches may become: `max.poll.records`, and 8 MB or `queued.max.messages.kbytes`,
    /// whichever is less.
    #[must_use]
    pub fn limits(&self) -> BatchLimits {
        self.limits
    }

    /// Joins the group for these topics, or changes them. None leaves it.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when librdkafka refuses a name.
    pub fn subscribe(&self, topics: &[String]) -> Result<(), ClientError> {
        let Some(inner) = &self.inner else {
            return Ok(());
        };
        if topics.is_empty() {
            inner.unsubscribe();
            return Ok(());
        }
        self.joining.begin();
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        inner.subscribe(&names).map_err(|error| {
            let doing = format!("subscribe to the topics {}", topics.join(", "));
            ClientError::request(&doing, &error, Some(error.to_string()))
        })
    }

    /// Adds what was fetched to `batch`, up to its limits, without waiting; serves events of the
    /// group meanwhile. Counts as a poll, also when it finds nothing and when the batch is full.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] for what does not pass by itself: no right to a topic or to the
    /// group, no offset to start from where `auto.offset.reset` is `none`. The rest is logged.
    /// [`ClientError::Stranded`] when the consumer has to be made anew.
    pub fn fill(&self, batch: &mut Batch) -> Result<(), ClientError> {
        let Some(inner) = &self.inner else {
            return Ok(());
        };
        inner.context().logging.check_brokers()?;
        if self.joining.is_on() {
            // Only to be answered by the main thread.
            drop(inner.subscription());
        }
        let (mut empty, mut errors) = (0, 0);
        // All events have to be served: the next wakes nobody when there was one before it.
        let before = inner.context().served();
        let mut served = before;
        loop {
            match inner.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    empty = 0;
                    batch.push(&message);
                    if batch.is_full() {
                        return Ok(());
                    }
                }
                Some(Err(error)) => {
                    self.judge(inner, &error)?;
                    errors += 1;
                    if errors == ERRORS_PER_FILL {
                        self.wakeup.notify_one();
                        return Ok(());
                    }
                }
                None if inner.context().served() != served => {
                    served = inner.context().served();
                    if served - before >= EVENTS_PER_FILL {
                        self.wakeup.notify_one();
                        return Ok(());
                    }
                }
                None => {
                    empty += 1;
                    if empty == EMPTY_POLLS {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// What cannot pass is an error; the rest librdkafka goes on with, and has logged.
    fn judge(&self, inner: &Inner, error: &KafkaError) -> Result<(), ClientError> {
        let code = code_of(error);
        let fatal = matches!(error, KafkaError::MessageConsumptionFatal(_))
            || matches!(
                code,
                ErrorCode::AutoOffsetReset
                    | ErrorCode::Fatal
                    | ErrorCode::TopicAuthorizationFailed
                    | ErrorCode::GroupAuthorizationFailed
                    | ErrorCode::InvalidTopic
            );
        if !fatal {
            return Ok(());
        }
        let reason = inner
            .context()
            .logging
            .recent_error(Duration::from_secs(30));
        let doing = format!("consume as a member of the group '{}'", self.group);
        Err(ClientError::request(&doing, error, reason))
    }

    /// Waits until there is something for [`fill`](Self::fill). May be dropped at any await, and
    /// may return early.
    pub async fn ready(&self) {
        tokio::select! {
            () = self.wakeup.notified() => {}
            () = self.joining.pause() => {}
        }
    }

    /// The next rebalance that waits for its answer.
    #[must_use]
    pub fn take_rebalance(&self) -> Option<Rebalance> {
        let rebalance = self.inner.as_ref()?.context().take()?;
        self.joining.end();
        self.is_owing.store(true, Ordering::Relaxed);
        Some(rebalance)
    }

    /// Takes over the partitions of a [`Rebalance`], each from its position.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when librdkafka refuses.
    pub fn assign(
        &self,
        partitions: &[(Partition, Position)],
        cooperative: bool,
    ) -> Result<(), ClientError> {
        let Some(inner) = &self.inner else {
            return Ok(());
        };
        let positions = partitions
            .iter()
            .map(|(partition, position)| (partition, position.native(self.reset)));
        list(positions)
            .and_then(|list| match cooperative {
                true => inner.incremental_assign(&list),
                false => inner.assign(&list),
            })
            .map_err(|error| refused("take over the partitions", &error))
    }

    /// Gives up the partitions of a [`Rebalance`].
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when librdkafka refuses.
    pub fn give_up(&self, partitions: &[Partition], cooperative: bool) -> Result<(), ClientError> {
        let Some(inner) = &self.inner else {
            return Ok(());
        };
        self.is_owing.store(false, Ordering::Relaxed);
        let done = match cooperative {
            true => list(partitions.iter().map(|it| (it, Offset::Invalid)))
                .and_then(|list| inner.incremental_unassign(&list)),
            false => inner.unassign(),
        };
        done.map_err(|error| refused("give up the partitions", &error))
    }

    /// Stops fetching these partitions; what librdkafka holds of them is fetched again later.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when librdkafka refuses.
    pub fn pause<'p>(
        &self,
        partitions: impl IntoIterator<Item = &'p Partition>,
    ) -> Result<(), ClientError> {
        let Some(inner) = &self.inner else {
            return Ok(());
        };
        list(partitions.into_iter().map(|it| (it, Offset::Invalid)))
            .and_then(|list| inner.pause(&list))
            .map_err(|error| refused("pause the partitions", &error))
    }

    /// Goes on fetching these partitions.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when librdkafka refuses.
    pub fn resume<'p>(
        &self,
        partitions: impl IntoIterator<Item = &'p Partition>,
    ) -> Result<(), ClientError> {
        let Some(inner) = &self.inner else {
            return Ok(());
        };
        list(partitions.into_iter().map(|it| (it, Offset::Invalid)))
            .and_then(|list| inner.resume(&list))
            .map_err(|error| refused("resume the partitions", &error))
    }

    /// Commits offsets (of the record that comes next) and returns when the broker has them. The
    /// future is the caller's to poll and needs no part of the consumer; when it is dropped the
    /// commit goes on.
    pub fn commit(
        &self,
        offsets: Vec<(Partition, i64)>,
    ) -> impl Future<Output = Result<(), ClientError>> + Send + use<> {
        let inner = self.inner.clone();
        let doing = format!("commit offsets of the group '{}'", self.group);
        async move {
            let Some(inner) = inner else { return Ok(()) };
            let asked = doing.clone();
            let work = tokio::task::spawn_blocking(move || {
                let done = commit_sync(&inner, &offsets);
                done.map_err(|error| {
                    let reason = inner
                        .context()
                        .logging
                        .recent_error(Duration::from_secs(30));
                    ClientError::request(&asked, &error, reason)
                })
            });
            work.await.unwrap_or(Err(ClientError::Stopped { doing }))
        }
    }

    /// The names of all topics that this client may see.
    pub fn list_topics(
        &self,
        timeout: Duration,
    ) -> impl Future<Output = Result<Vec<String>, ClientError>> + Send + use<> {
        let inner = self.inner.clone();
        async move {
            let doing = "list the topics".to_owned();
            let Some(inner) = inner else {
                return Err(ClientError::Stopped { doing });
            };
            let asked = doing.clone();
            let work = tokio::task::spawn_blocking(move || {
                let metadata = inner.fetch_metadata(None, timeout).map_err(|error| {
                    let reason = inner.context().logging.recent_error(timeout);
                    ClientError::request(&asked, &error, reason)
                })?;
                let names = metadata.topics().iter().map(|it| it.name().to_owned());
                Ok(names.collect())
            });
            work.await.unwrap_or(Err(ClientError::Stopped { doing }))
        }
    }

    /// Leaves the group, and returns when that is done or `limit` has passed.
    pub async fn close(&mut self, limit: Duration) {
        let Some(inner) = self.take_inner() else {
            return;
        };
        let left = tokio::task::spawn_blocking(move || drop(inner));
        if tokio::time::timeout(limit, left).await.is_err() {
            tracing::warn!(
                "leaving the consumer group '{}' takes longer than {} ms",
                self.group,
                limit.as_millis()
            );
        }
    }
}

impl GroupConsumer {
    /// The instance, for its end: nobody answers rebalances any more. One that waits for its
    /// answer would keep it in the group for ever.
    fn take_inner(&mut self) -> Option<Arc<Inner>> {
        let inner = self.inner.take()?;
        inner.context().close();
        let mut is_owing = self.is_owing.load(Ordering::Relaxed);
        while inner.context().take().is_some() {
            is_owing = true;
        }
        if is_owing && let Err(error) = inner.unassign() {
            tracing::debug!(target: "librdkafka", "leaving the group: {error}");
        }
        Some(inner)
    }
}

impl Drop for GroupConsumer {
    fn drop(&mut self) {
        let Some(inner) = self.take_inner() else {
            return;
        };
        // Leaving waits for the group's answer, which must hold up nobody.
        let spawned = std::thread::Builder::new()
            .name("kafka-consumer-close".to_owned())
            .spawn(move || drop(inner));
        if let Err(error) = spawned {
            tracing::warn!("cannot start a thread to leave the consumer group: {error}");
        }
    }
}

fn list<'p>(
    partitions: impl IntoIterator<Item = (&'p Partition, Offset)>,
) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in partitions {
        list.add_partition_offset(&partition.topic, partition.partition, offset)?;
    }
    Ok(list)
}

fn refused(doing: &str, error: &KafkaError) -> ClientError {
    ClientError::request(doing, error, Some(error.to_string()))
}

/// Commits and looks at each partition's outcome: librdkafka reports an error only if all failed.
fn commit_sync(inner: &Inner, offsets: &[(Partition, i64)]) -> Result<(), KafkaError> {
    let list = list(
        offsets
            .iter()
            .map(|(partition, offset)| (partition, Offset::Offset(*offset))),
    )?;
    match inner.commit(&list, CommitMode::Sync) {
        // Nothing was to be committed.
        Err(error) if code_of(&error) == ErrorCode::NoOffset => Ok(()),
        Err(error) => Err(error),
        Ok(()) => list.elements().iter().try_for_each(|it| it.error()),
    }
}
