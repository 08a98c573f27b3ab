//! A topic as a log that everybody reads from the beginning and then follows: what Connect's
//! `KafkaBasedLog` is to its config, offset and status topics.
//!
//! [`TopicLog::start`] creates the topic if asked to, reads it to its end and then follows it in
//! a task; each record goes to one callback, in order per partition. [`TopicLog::read_to_end`]
//! returns when everything that was in the topic at the time of the call has been given to the
//! callback. [`TopicLog::send`] returns when the record is acknowledged. [`read_all`] reads a
//! topic once.
//!
//! **Ends and transactions.** The end that a read goes to is the log's, records of open
//! transactions included, so reading committed records (the default here) waits until such a
//! transaction ends: what is being written by a leader that is about to be fenced shall not be
//! missed. Offsets that hold no record for us (aborted records, transaction markers, what
//! compaction took away) count as read when a fetch that began after the call finds nothing more.
//!
//! **Failures.** Broker restarts and lost connections only delay: the consumer goes on where it
//! was. Where a topic's records were removed under it, it goes on with the first that is there.
//! [`TopicLog::last_error`] tells what the consumer complained about last. Memory is bounded by
//! the consumer's queue (`queued.max.messages.kbytes`, 4 MiB here unless set).

mod error;
mod follower;
mod progress;
mod writer;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::message::{BorrowedHeaders, Headers};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::admin::{Admin, NewTopic, PartitionBounds, TopicDescription};
use crate::error::ClientError;
use crate::producer::Delivered;
use crate::settings::ClientSettings;
use follower::Follower;
use progress::Goal;

pub use error::LogError;
pub use writer::{LogEntry, LogWriter};

/// `KafkaBasedLog.CREATE_TOPIC_TIMEOUT_NS`.
const TOPIC_WAIT: Duration = Duration::from_secs(30);
/// Between the first two looks for a topic, or attempts to learn its end; it doubles from one to
/// the next.
const FIRST_RETRY: Duration = Duration::from_millis(10);
const LAST_RETRY: Duration = Duration::from_millis(200);
/// How long one attempt to learn a topic's end may take: a client that has lost its brokers gives no
/// answer, and the next attempt is another client's.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How long a topic's end may be out of reach before anyone is told: one that was just created
/// has no leader for a moment.
const QUIET: Duration = Duration::from_secs(2);

type Bounds = BTreeMap<i32, PartitionBounds>;

/// A record read from the topic. It borrows from the consumer's buffer.
#[derive(Clone, Copy)]
pub struct LogRecord<'a> {
    /// Its partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// Milliseconds since the epoch, when the record has a time.
    pub timestamp: Option<i64>,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; none is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Not read before somebody asks: the `rdkafka` crate panics at a name that is not UTF-8.
    headers: Option<&'a BorrowedHeaders>,
}

impl std::fmt::Debug for LogRecord<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogRecord")
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("key", &self.key.map(String::from_utf8_lossy))
            .field("value_bytes", &self.value.map(<[u8]>::len))
            .finish_non_exhaustive()
    }
}

impl<'a> LogRecord<'a> {
    /// Its headers.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'a str, Option<&'a [u8]>)> {
        self.headers.map_or_else(Vec::new, |headers| {
            headers
                .iter()
                .map(|header| (header.key, header.value))
                .collect()
        })
    }
}

/// What a [`TopicLog`] is made of.
#[derive(Debug)]
pub struct TopicLogOptions {
    /// The topic.
    pub topic: String,
    /// Created when missing, if given. Its name is [`TopicLogOptions::topic`].
    pub create: Option<NewTopic>,
    /// How many partitions the topic has, if its creation has just been confirmed: then its end
    /// is known to be its beginning, and the start need not wait until it has leaders.
    pub just_created: Option<i32>,
    /// How long a topic that is not there may take to appear.
    pub topic_wait: Duration,
    /// For creating the topic and learning its end. Shared.
    pub admin: Admin,
    /// Settings of the log's own consumer. Where it starts, and that it commits nothing, is
    /// decided here.
    pub consumer: ClientSettings,
    /// For sending; none for a log that is only read. Shared by as many logs as wished.
    pub writer: Option<LogWriter>,
}

impl TopicLogOptions {
    /// For reading an existing topic.
    #[must_use]
    pub fn new(topic: impl Into<String>, admin: Admin, consumer: ClientSettings) -> Self {
        let topic = topic.into();
        Self {
            topic,
            create: None,
            just_created: None,
            topic_wait: TOPIC_WAIT,
            admin,
            consumer,
            writer: None,
        }
    }

    /// Lets the log send.
    #[must_use]
    pub fn writer(mut self, writer: LogWriter) -> Self {
        self.writer = Some(writer);
        self
    }

    /// Creates the topic when it is missing; its name becomes this log's.
    #[must_use]
    pub fn create(mut self, topic: NewTopic) -> Self {
        self.create = Some(NewTopic {
            name: self.topic.clone(),
            ..topic
        });
        self
    }
}

/// A topic that is read to its end and followed. See the [module](self).
///
/// Dropping it stops following; [`TopicLog::stop`] also waits for that.
#[derive(Debug)]
pub struct TopicLog {
    topic: String,
    partitions: Vec<i32>,
    admin: Admin,
    writer: Option<LogWriter>,
    goals: mpsc::UnboundedSender<Goal>,
    last_error: Arc<Mutex<Option<String>>>,
    task: JoinHandle<()>,
}

impl TopicLog {
    /// Creates the topic if asked to, reads it to its end, and follows it from there on.
    ///
    /// `on_record` runs on the runtime's threads, for one record at a time: it may update what
    /// it keeps, and must not block.
    ///
    /// # Errors
    ///
    /// [`LogError::TopicMissing`] when the topic does not appear in time, and what creating or
    /// reading it gives. Errors that pass by themselves are waited out.
    pub async fn start(
        options: TopicLogOptions,
        on_record: impl FnMut(LogRecord<'_>) + Send + 'static,
    ) -> Result<Self, LogError> {
        let TopicLogOptions {
            topic,
            create,
            mut just_created,
            topic_wait,
            admin,
            consumer,
            writer,
        } = options;
        if let Some(new_topic) = &create
            && admin.create_topic_if_missing(new_topic).await?
        {
            tracing::info!(topic, "created topic");
            // A broker's default number is not known here.
            just_created = Some(new_topic.partitions).filter(|count| *count > 0);
        }
        let bounds = match just_created {
            Some(partitions) => empty_bounds(partitions),
            None => {
                let description = await_topic(&admin, &topic, topic_wait).await?;
                bounds(&admin, &topic, &description.partitions).await?
            }
        };
        let partitions = bounds.keys().copied().collect();
        let last_error = Arc::default();
        let (goals, requests) = mpsc::unbounded_channel();
        let errors = Arc::clone(&last_error);
        let follower = Follower::open(&topic, &consumer, &bounds, on_record, errors)?;
        let task = tokio::spawn(follower.run(requests));
        let log = Self {
            topic,
            partitions,
            admin,
            writer,
            goals,
            last_error,
            task,
        };
        log.read_to(&bounds).await?;
        Ok(log)
    }

    /// The topic's name.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// How many partitions the topic had at the start.
    #[must_use]
    pub fn partition_count(&self) -> usize {
        self.partitions.len()
    }

    /// Returns when everything that is in the topic now has been given to the callback.
    ///
    /// Errors that pass by themselves (a broker restarting) are waited out: put a timeout around
    /// it where waiting is no option. Dropping the future is safe.
    ///
    /// # Errors
    ///
    /// When the topic may not be read, or the log was stopped.
    pub async fn read_to_end(&self) -> Result<(), LogError> {
        self.read_to(&bounds(&self.admin, &self.topic, &self.partitions).await?)
            .await
    }

    async fn read_to(&self, bounds: &Bounds) -> Result<(), LogError> {
        let (reached, wait) = oneshot::channel();
        let stopped = || LogError::Stopped {
            topic: self.topic.clone(),
        };
        self.goals
            .send(Goal::new(bounds, reached))
            .map_err(|_| stopped())?;
        wait.await.map_err(|_| stopped())?
    }

    /// Writes a record; returns when it is acknowledged by all in-sync replicas. The key decides
    /// the partition as it does for a Java producer.
    ///
    /// # Errors
    ///
    /// When it was not acknowledged within `delivery.timeout.ms`, is too large, or the log has no
    /// writer.
    pub async fn send(
        &self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<Delivered, LogError> {
        self.writer()?
            .send(
                &self.topic,
                LogEntry {
                    key,
                    value,
                    partition: None,
                },
            )
            .await
    }

    /// Writes records, in order per partition: see [`LogWriter::send_many`].
    ///
    /// # Errors
    ///
    /// The first that was not acknowledged.
    pub async fn send_many(&self, entries: &[LogEntry<'_>]) -> Result<Vec<Delivered>, LogError> {
        self.writer()?.send_many(&self.topic, entries).await
    }

    /// Writes records that may come in any order: see [`LogWriter::send_unordered`].
    ///
    /// # Errors
    ///
    /// The first that was not acknowledged. Others may have been written.
    pub async fn send_unordered(
        &self,
        entries: &[LogEntry<'_>],
    ) -> Result<Vec<Delivered>, LogError> {
        let outcomes = self.writer()?.send_unordered(&self.topic, entries).await;
        outcomes.into_iter().collect()
    }

    fn writer(&self) -> Result<&LogWriter, LogError> {
        let read_only = || LogError::ReadOnly {
            topic: self.topic.clone(),
        };
        self.writer.as_ref().ok_or_else(read_only)
    }

    /// What the consumer complained about last, until it reads on.
    #[must_use]
    pub fn last_error(&self) -> Option<String> {
        self.last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Stops following, and returns when the callback will not be called any more.
    pub async fn stop(self) {
        drop(self.goals);
        if let Err(error) = self.task.await {
            tracing::error!(topic = self.topic, %error, "the reader of the topic had ended badly");
        }
    }
}

/// How much [`read_all`] read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadSummary {
    /// Partitions of the topic.
    pub partitions: usize,
    /// Records given to the callback.
    pub records: u64,
}

/// Reads a topic once, from its beginning to what is its end at the time of the call.
///
/// # Errors
///
/// [`LogError::TopicMissing`] when there is no such topic, and what reading it gives.
pub async fn read_all(
    admin: &Admin,
    consumer: &ClientSettings,
    topic: &str,
    mut on_record: impl FnMut(LogRecord<'_>) + Send,
) -> Result<ReadSummary, LogError> {
    let description = await_topic(admin, topic, Duration::ZERO).await?;
    let (reached, mut wait) = oneshot::channel();
    let bounds = bounds(admin, topic, &description.partitions).await?;
    let mut records = 0;
    let count = |record: LogRecord<'_>| {
        records += 1;
        on_record(record);
    };
    let mut follower = Follower::open(topic, consumer, &bounds, count, Arc::default())?;
    let result = follower
        .read_until(Goal::new(&bounds, reached), &mut wait)
        .await;
    follower.close().await;
    result?;
    Ok(ReadSummary {
        partitions: description.partitions.len(),
        records,
    })
}

/// The bounds of a topic that nobody has written to.
fn empty_bounds(partitions: i32) -> Bounds {
    let empty = PartitionBounds { low: 0, high: 0 };
    (0..partitions).map(|number| (number, empty)).collect()
}

/// Where the partitions begin and end now. Errors that pass by themselves are waited out.
async fn bounds(admin: &Admin, topic: &str, partitions: &[i32]) -> Result<Bounds, LogError> {
    let began = tokio::time::Instant::now();
    let mut backoff = FIRST_RETRY;
    loop {
        let asked = admin.partition_bounds_within(topic, partitions, ATTEMPT);
        match asked.await {
            Ok(bounds) => return Ok(bounds),
            Err(error) if error.is_retriable() => {
                if began.elapsed() > QUIET {
                    tracing::warn!(topic, %error, "will try again to read the end of the topic");
                }
                pause(&mut backoff).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn pause(backoff: &mut Duration) {
    tokio::time::sleep(*backoff).await;
    *backoff = (*backoff * 2).min(LAST_RETRY);
}

/// The topic, once it is there and its partitions have leaders.
async fn await_topic(
    admin: &Admin,
    topic: &str,
    patience: Duration,
) -> Result<TopicDescription, LogError> {
    let deadline = tokio::time::Instant::now() + patience;
    let mut backoff = FIRST_RETRY;
    loop {
        let late = tokio::time::Instant::now() >= deadline;
        match admin.describe_topic(topic).await {
            Ok(Some(description)) if description.has_leaders => return Ok(description),
            // Without leaders it exists all the same: its end is asked for until they are there.
            Ok(Some(description)) if late && !description.partitions.is_empty() => {
                return Ok(description);
            }
            Ok(_) if late => {
                return Err(LogError::TopicMissing {
                    topic: topic.to_owned(),
                    waited: patience,
                });
            }
            Ok(_) => {}
            Err(error) if error.is_retriable() => {
                tracing::warn!(topic, %error, "will try again to find the topic");
            }
            Err(error) => return Err(error.into()),
        }
        pause(&mut backoff).await;
    }
}

impl From<ClientError> for LogError {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}
