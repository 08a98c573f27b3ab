//! Sink tasks: put records from Kafka into another system.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::record::{SinkRecord, TopicPartition};
use crate::{Error, Props, Result};

/// For partitions, the offset of the record that comes next: one more than the
/// last that is done.
pub type PartitionOffsets = HashMap<TopicPartition, i64>;

/// Takes records that the target refuses one by one, as `errors.*` says: the
/// dead letter queue, the log, or the task's failure (KIP-610).
pub trait ErrantRecordReporter: Send + Sync {
    /// Hands over `record`, which failed with `error`, and never waits. An
    /// error if failures are not tolerated: the task returns it from `put`.
    ///
    /// Offsets past the record are committed only after the dead letter queue
    /// has it.
    fn report(&self, record: &SinkRecord, error: Error) -> Result<()>;
}

/// What a sink task knows of the worker.
#[derive(Clone)]
pub struct SinkTaskContext {
    /// The connector's name.
    pub connector: String,
    /// The task's number, from 0.
    pub task: usize,
    /// Where records go that the target refuses.
    pub reporter: Arc<dyn ErrantRecordReporter>,
    /// Cancelled when the task is to stop: long waits listen to it.
    pub cancelled: CancellationToken,
}

impl fmt::Debug for SinkTaskContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkTaskContext")
            .field("connector", &self.connector)
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}

/// A sink task: one instance for each run of a task.
///
/// The runtime keeps the consumer alive while a call waits, so a call may take
/// as long as the target needs; it listens to `context.cancelled`.
#[async_trait]
pub trait SinkTask: Send {
    /// Prepares to write. Called once, first. Waits for the outside with
    /// back-off as the task's settings say, or returns a retriable error, and
    /// then is called again after a pause; returns early with
    /// [`crate::ErrorKind::Stopped`] once `context.cancelled` is.
    async fn start(&mut self, context: SinkTaskContext, props: &Props) -> Result<()>;

    /// How many records one [`put`](Self::put) is best given; asked once, after the start. None:
    /// as many as the consumer's own default says. The user's `max.poll.records` goes before it.
    fn batch_size(&self) -> Option<usize> {
        None
    }

    /// `partitions` are this task's from now on. Called after a rebalance,
    /// before their records are put. Returns the offsets to start from where
    /// the target knows better than the consumer group (exactly once); none
    /// for the others.
    async fn open(&mut self, _partitions: &[TopicPartition]) -> Result<PartitionOffsets> {
        Ok(PartitionOffsets::new())
    }

    /// Writes records, or takes what it needs of them into bounded buffers;
    /// also called with none while nothing comes, so that buffers may be
    /// flushed by time. Records of one partition come in order.
    ///
    /// After a retriable error the same records are put again, after
    /// [`Error::retry_after`] or a pause of the runtime's: putting a record
    /// twice must be harmless as far as the target allows. Any other error
    /// fails the task.
    async fn put(&mut self, records: &[SinkRecord]) -> Result<()>;

    /// Makes what was put safe and returns the offsets that may be committed,
    /// of those in `put` (all that were put) only. Called before a commit, and
    /// before partitions are taken away. A task that writes everything in `put`
    /// returns them as they are; one that buffers may return lower ones, or
    /// flush first. After a retriable error nothing is committed this time.
    async fn pre_commit(&mut self, put: PartitionOffsets) -> Result<PartitionOffsets> {
        Ok(put)
    }

    /// `partitions` are no longer this task's. What is buffered of them and was
    /// not in the last [`pre_commit`](Self::pre_commit) is dropped: another
    /// task puts it again.
    async fn close(&mut self, _partitions: &[TopicPartition]) {}

    /// Releases what the task holds. Called once, last, also after an error.
    async fn stop(&mut self);
}
