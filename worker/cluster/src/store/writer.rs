//! Writing to a storage topic, as long as this worker may.
//!
//! Nothing is written by a worker that the group may have given up: others may
//! have written the same keys since. So a record is refused when the worker's
//! [`Lease`] is about to end, and taken back from librdkafka's queue if it waits
//! there at that moment: a connection that comes back right afterwards would
//! bring it to the topic after the record of the next worker. A process that was
//! stopped (SIGSTOP) does neither in time; for that the producer's
//! `delivery.timeout.ms` is not longer than the lease: librdkafka looks for
//! records that are too old before it sends any when it wakes up, by the
//! monotonic clock.
//!
//! Order holds only between records of which one is awaited before the next is
//! sent: see [`storage_producer`](connect_kafka::settings::worker::storage_producer).

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use connect_api::{Error, ErrorKind, Result};
use connect_kafka::ErrorCode;
use connect_kafka::log::{LogEntry, LogError, LogWriter};
use connect_kafka::producer::Delivered;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::log::{LogRecord, OnFailure};
use crate::membership::Lease;

/// How many records that nobody waits for go to Kafka at once.
const SEND_BATCH: usize = 256;
/// How often the lease is looked at while records are on their way, at least.
const LEASE_CHECK: Duration = Duration::from_millis(200);
/// Nothing is written so shortly before the lease ends: taking records back
/// takes threads that may have to wait for a processor.
const LAST_MOMENT: Duration = Duration::from_millis(100);

/// Writes to one topic under a lease. Cheap to clone.
#[derive(Clone)]
pub(super) struct TopicWriter {
    topic: String,
    writer: LogWriter,
    /// How long the lease still holds; none if always.
    lease_left: Arc<dyn Fn() -> Option<Duration> + Send + Sync>,
}

impl TopicWriter {
    pub(super) fn new(topic: &str, writer: LogWriter, lease: Lease) -> Self {
        Self {
            topic: topic.to_owned(),
            writer,
            lease_left: Arc::new(move || lease.left()),
        }
    }

    /// Whether this worker may write.
    pub(super) fn may_write(&self) -> bool {
        self.may_write_for() != Some(Duration::ZERO)
    }

    /// How long it may; none if always.
    fn may_write_for(&self) -> Option<Duration> {
        (self.lease_left)().map(|left| left.saturating_sub(LAST_MOMENT))
    }

    /// When to look at the lease again: not after it has ended.
    fn next_check(&self) -> Duration {
        match self.may_write_for() {
            None | Some(Duration::ZERO) => LEASE_CHECK,
            Some(left) => left.min(LEASE_CHECK),
        }
    }

    /// An error while this worker may not write.
    pub(super) fn check_lease(&self) -> Result<()> {
        if self.may_write() {
            return Ok(());
        }
        Err(self.refusal())
    }

    fn refusal(&self) -> Error {
        Error::retriable(format!(
            "not writing to topic '{}': this worker is not in the group, or its coordinator has \
             not answered for session.timeout.ms, so that others may have its work by now",
            self.topic
        ))
    }

    /// Writes records, each once the one before it is stored.
    pub(super) async fn write_in_order(&self, records: &[LogRecord]) -> Result<Vec<Delivered>> {
        let mut delivered = Vec::with_capacity(records.len());
        for record in records {
            delivered.extend(self.write_unordered(&[record]).await?);
        }
        Ok(delivered)
    }

    /// Writes records that may come in any order. The first error; others may
    /// have been written.
    pub(super) async fn write_unordered(&self, records: &[&LogRecord]) -> Result<Vec<Delivered>> {
        self.write(records).await.into_iter().collect()
    }

    /// Writes records that may come in any order; the outcome of each.
    async fn write(&self, records: &[&LogRecord]) -> Vec<Result<Delivered>> {
        let entries: Vec<LogEntry<'_>> = records.iter().map(|record| entry(record)).collect();
        let mut writing = pin!(self.writer.send_unordered(&self.topic, &entries));
        // Right before the first poll, which gives the records to librdkafka.
        if !self.may_write() {
            return records.iter().map(|_| Err(self.refusal())).collect();
        }
        let outcomes = loop {
            tokio::select! {
                biased;
                outcomes = &mut writing => break outcomes,
                () = sleep(self.next_check()) => {
                    if !self.may_write() {
                        self.writer.purge_queue();
                    }
                }
            }
        };
        outcomes
            .into_iter()
            .map(|outcome| outcome.map_err(|error| self.failure(error)))
            .collect()
    }

    fn failure(&self, error: LogError) -> Error {
        // Only the end of the lease takes records out of the queue.
        let is_purged =
            matches!(&error, LogError::Delivery(error) if error.code == ErrorCode::PurgeQueue);
        if is_purged || (error.is_retriable() && !self.may_write()) {
            return self.refusal().caused_by(error);
        }
        log_error(error)
    }
}

type Outgoing = (LogRecord, OnFailure);

/// What nobody waits for.
pub(super) enum Job {
    Send(Outgoing),
    /// Answers once everything before it was written.
    Flush(oneshot::Sender<()>),
}

/// Writes what was sent without waiting, many at a time, in order for each key.
pub(super) async fn pump(writer: TopicWriter, mut inbox: mpsc::UnboundedReceiver<Job>) {
    let mut jobs = Vec::with_capacity(SEND_BATCH);
    while inbox.recv_many(&mut jobs, SEND_BATCH).await > 0 {
        let mut flushes = Vec::new();
        let mut outgoing = Vec::with_capacity(jobs.len());
        for job in jobs.drain(..) {
            match job {
                Job::Send(record) => outgoing.push(record),
                Job::Flush(done) => flushes.push(done),
            }
        }
        while !outgoing.is_empty() {
            let later = outgoing.split_off(distinct_keys(&outgoing));
            write_wave(&writer, outgoing).await;
            outgoing = later;
        }
        for done in flushes {
            // Whoever waited may have lost patience.
            done.send(()).unwrap_or_default();
        }
    }
}

/// How many of the first records have keys of their own, so that their order
/// says nothing.
fn distinct_keys(outgoing: &[Outgoing]) -> usize {
    let mut keys = HashSet::with_capacity(outgoing.len());
    let distinct = outgoing
        .iter()
        .take_while(|(record, _)| keys.insert(record.key.as_slice()));
    distinct.count()
}

async fn write_wave(writer: &TopicWriter, wave: Vec<Outgoing>) {
    let records: Vec<&LogRecord> = wave.iter().map(|(record, _)| record).collect();
    let outcomes = writer.write(&records).await;
    for ((_, failed), outcome) in wave.into_iter().zip(outcomes) {
        if let Err(error) = outcome {
            failed(error);
        }
    }
}

fn entry(record: &LogRecord) -> LogEntry<'_> {
    LogEntry {
        key: Some(&record.key),
        value: record.value.as_deref(),
        partition: None,
    }
}

pub(super) fn log_error(error: LogError) -> Error {
    let kind = match &error {
        LogError::Stopped { .. } => ErrorKind::Stopped,
        error if error.is_retriable() => ErrorKind::Retriable,
        LogError::TopicMissing { .. } | LogError::Unauthorized { .. } | LogError::Admin(_) => {
            ErrorKind::Config
        }
        _ => ErrorKind::Internal,
    };
    Error::new(kind, error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use connect_kafka::{ClientKind, ClientSettings};

    use super::*;

    #[test]
    fn a_key_waits_for_its_record_before() {
        let outgoing: Vec<Outgoing> = ["a", "b", "a", "c"]
            .into_iter()
            .map(|key| (LogRecord::tombstone(key), Box::new(drop) as OnFailure))
            .collect();
        assert_eq!(distinct_keys(&outgoing), 2);
        assert_eq!(distinct_keys(&outgoing[1..]), 3);
        assert_eq!(distinct_keys(&[]), 0);
    }

    /// How long a lease still holds.
    type Left = Arc<Mutex<Option<Duration>>>;

    /// A writer whose broker does not answer, and how long its lease holds.
    fn unanswered(left: Option<Duration>) -> (TopicWriter, Left) {
        // Nobody listens on the discard port.
        let props = [("bootstrap.servers".to_owned(), "127.0.0.1:9".to_owned())].into();
        let props = connect_kafka::settings::worker::storage_producer(&props, "test");
        let settings = ClientSettings::from_props(ClientKind::Producer, &props).unwrap();
        let left = Arc::new(Mutex::new(left));
        let lease = Arc::clone(&left);
        let writer = TopicWriter {
            topic: "t".to_owned(),
            writer: LogWriter::new(&settings).unwrap(),
            lease_left: Arc::new(move || *lease.lock().unwrap()),
        };
        (writer, left)
    }

    fn is_refusal(error: &Error) -> bool {
        error.is_retriable() && error.message().starts_with("not writing to topic 't'")
    }

    #[tokio::test]
    async fn nothing_is_written_without_a_lease() {
        let (writer, _) = unanswered(Some(LAST_MOMENT));
        let records = [LogRecord::tombstone("a"), LogRecord::tombstone("b")];
        let error = writer.write_in_order(&records).await.unwrap_err();
        assert!(is_refusal(&error), "{error}");
        let outcomes = writer.write(&[&records[0], &records[1]]).await;
        assert!(
            outcomes
                .iter()
                .all(|one| is_refusal(one.as_ref().unwrap_err()))
        );
    }

    /// A look every now and then would come too late by that much.
    #[tokio::test]
    async fn the_lease_is_looked_at_when_it_ends() {
        let (writer, left) = unanswered(None);
        for (lasts, next) in [
            (None, LEASE_CHECK),
            (Some(Duration::from_secs(10)), LEASE_CHECK),
            (Some(LAST_MOMENT + LEASE_CHECK / 2), LEASE_CHECK / 2),
            (Some(LAST_MOMENT), LEASE_CHECK),
        ] {
            *left.lock().unwrap() = lasts;
            assert_eq!(writer.next_check(), next, "{lasts:?}");
            let may_write = lasts != Some(LAST_MOMENT);
            assert_eq!(writer.may_write(), may_write, "{lasts:?}");
        }
    }

    /// What waits in the queue would go out after others have written.
    #[tokio::test]
    async fn what_waits_is_taken_back_when_the_lease_ends() {
        let (writer, left) = unanswered(None);
        let (jobs, inbox) = mpsc::unbounded_channel();
        let pumping = tokio::spawn(pump(writer.clone(), inbox));
        let (failed, failure) = oneshot::channel();
        let on_failure: OnFailure = Box::new(|error| failed.send(error).unwrap());
        jobs.send(Job::Send((LogRecord::tombstone("s"), on_failure)))
            .unwrap_or_else(|_| panic!("the pump has ended"));
        let record = LogRecord::tombstone("a");
        let records = [&record];
        let end_of_lease = async {
            sleep(Duration::from_millis(300)).await;
            *left.lock().unwrap() = Some(LAST_MOMENT);
            Instant::now()
        };
        let (written, ended) = tokio::join!(writer.write_unordered(&records), end_of_lease);
        assert!(is_refusal(&written.unwrap_err()));
        assert!(is_refusal(&failure.await.unwrap()));
        assert!(ended.elapsed() < Duration::from_secs(5));
        drop(jobs);
        pumping.await.unwrap();
    }
}
