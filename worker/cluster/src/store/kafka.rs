//! A storage topic as a [`RecordLog`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;
use connect_api::{Error, ErrorKind, Result};
use connect_kafka::ClientSettings;
use connect_kafka::admin::Admin;
use connect_kafka::log::{LogWriter, TopicLog, TopicLogOptions};
use connect_kafka::producer::Delivered;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::log::{LogReader, LogRecord, OnFailure, RecordLog, WRITE_TIMEOUT};
use super::topics::{StorageTopic, StorageTopics, too_many_partitions};
use super::writer::{Job, TopicWriter, log_error, pump};
use crate::membership::Lease;

/// The clients that storage topics share.
#[derive(Debug, Clone)]
pub(crate) struct StorageClients {
    pub(crate) admin: Admin,
    pub(crate) consumer: ClientSettings,
    pub(crate) writer: LogWriter,
    /// Nothing is written while it does not hold.
    pub(crate) lease: Lease,
    pub(crate) topics: Arc<StorageTopics>,
}

/// For each partition, the offset after the last record that was read.
type Read = watch::Sender<BTreeMap<i32, i64>>;

/// A storage topic. Opened by [`RecordLog::start`].
pub(crate) struct KafkaLog {
    spec: StorageTopic,
    clients: StorageClients,
    writer: TopicWriter,
    reader: Arc<dyn LogReader>,
    log: OnceLock<TopicLog>,
    read: Arc<Read>,
    /// Set when Kafka did not answer in time, until it does.
    problem: Arc<Mutex<Option<String>>>,
    jobs: mpsc::UnboundedSender<Job>,
    inbox: Mutex<Option<mpsc::UnboundedReceiver<Job>>>,
}

impl KafkaLog {
    pub(crate) fn new(
        spec: StorageTopic,
        clients: StorageClients,
        reader: Arc<dyn LogReader>,
    ) -> Self {
        let (jobs, inbox) = mpsc::unbounded_channel();
        let (writer, lease) = (clients.writer.clone(), clients.lease.clone());
        let writer = TopicWriter::new(&spec.topic.name, writer, lease);
        Self {
            spec,
            clients,
            writer,
            reader,
            log: OnceLock::new(),
            read: Arc::new(watch::Sender::default()),
            problem: Arc::default(),
            jobs,
            inbox: Mutex::new(Some(inbox)),
        }
    }

    fn topic(&self) -> &str {
        &self.spec.topic.name
    }

    fn log(&self) -> Result<&TopicLog> {
        self.log.get().ok_or_else(|| {
            Error::new(
                ErrorKind::Stopped,
                format!("topic '{}' has not been read yet", self.topic()),
            )
        })
    }

    async fn await_read(&self, delivered: &[Delivered]) {
        let mut read = self.read.subscribe();
        let has_come_back = |read: &BTreeMap<i32, i64>| {
            delivered.iter().all(|record| {
                read.get(&record.partition)
                    .is_some_and(|next| *next > record.offset)
            })
        };
        // The sender is our own, so it cannot be gone.
        drop(read.wait_for(has_come_back).await);
    }

    /// Writes, then waits until what was written has been read.
    async fn write(
        &self,
        writing: impl Future<Output = Result<Vec<Delivered>>> + Send,
    ) -> Result<()> {
        self.log()?;
        self.writer.check_lease()?;
        let written = async {
            self.await_read(&writing.await?).await;
            Ok(())
        };
        self.within("writing to", written).await.map_err(|error| {
            if error.is_retriable() {
                error.while_doing(
                    "the change was not confirmed; it may still be made once Kafka answers",
                )
            } else {
                error
            }
        })
    }

    /// Waits for what Kafka does, not longer than a request may take.
    async fn within<T>(&self, doing: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        if let Ok(result) = timeout(WRITE_TIMEOUT, work).await {
            if result.is_ok() {
                *lock(&self.problem) = None;
            }
            return result;
        }
        let mut message = format!(
            "timed out after {} s {doing} topic '{}': Kafka does not answer",
            WRITE_TIMEOUT.as_secs(),
            self.topic()
        );
        if let Some(complaint) = self.log.get().and_then(TopicLog::last_error) {
            message.push_str(&format!(" ({complaint})"));
        }
        *lock(&self.problem) = Some(message.clone());
        Err(Error::retriable(message))
    }
}

#[async_trait]
impl RecordLog for KafkaLog {
    async fn start(&self) -> Result<()> {
        if self.log.get().is_some() {
            // Another store could not be opened yet, so all are tried again.
            return self.read_to_end().await;
        }
        let StorageClients {
            admin,
            consumer,
            topics,
            ..
        } = self.clients.clone();
        topics.prepare().await?;
        let mut options = TopicLogOptions::new(self.topic(), admin, consumer);
        options.just_created = topics.take_created(self.topic());
        let (reader, read) = (Arc::clone(&self.reader), Arc::clone(&self.read));
        let problem = Arc::clone(&self.problem);
        let log = TopicLog::start(options, move |record| {
            let key = record.key.unwrap_or_default();
            reader.read(record.offset, key, record.value);
            *lock(&problem) = None;
            read.send_modify(|read| {
                read.insert(record.partition, record.offset + 1);
            });
        })
        .await
        .map_err(log_error)?;
        if self.spec.one_partition && log.partition_count() != 1 {
            return Err(too_many_partitions(&self.spec, log.partition_count()));
        }
        let inbox = lock(&self.inbox).take();
        if let Some(inbox) = inbox {
            tokio::spawn(pump(self.writer.clone(), inbox));
        }
        // Started once: a second value could only come from a second start.
        drop(self.log.set(log));
        Ok(())
    }

    async fn append(&self, records: Vec<LogRecord>) -> Result<()> {
        self.write(self.writer.write_in_order(&records)).await
    }

    async fn append_unordered(&self, records: Vec<LogRecord>) -> Result<()> {
        let records: Vec<&LogRecord> = records.iter().collect();
        self.write(self.writer.write_unordered(&records)).await
    }

    fn send(&self, record: LogRecord, failed: OnFailure) {
        if let Err(mpsc::error::SendError(Job::Send((_, failed)))) =
            self.jobs.send(Job::Send((record, failed)))
        {
            failed(Error::new(ErrorKind::Stopped, "the store was closed"));
        }
    }

    async fn read_to_end(&self) -> Result<()> {
        let log = self.log()?;
        let read = async { log.read_to_end().await.map_err(log_error) };
        self.within("reading to the end of", read).await
    }

    async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.jobs.send(Job::Flush(done)).is_ok() && self.log.get().is_some() {
            // Kafka may be gone: statuses are not worth more than a moment then.
            drop(timeout(WRITE_TIMEOUT / 6, flushed).await);
        }
    }

    async fn stop(&self) {
        self.flush().await;
    }

    fn is_open(&self) -> bool {
        self.writer.may_write()
    }

    fn problem(&self) -> Option<String> {
        lock(&self.problem).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
