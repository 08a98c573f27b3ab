//! Source tasks: read a source and return records.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::record::{OffsetMap, SourceRecord};
use crate::{Props, Result};

/// Reads the stored offsets of one connector.
#[async_trait]
pub trait OffsetReader: Send + Sync {
    /// The offset stored last for `partition`, whatever the order of its names.
    async fn offset(&self, partition: &OffsetMap) -> Result<Option<OffsetMap>>;
}

/// What a source task knows of the worker.
#[derive(Clone)]
pub struct SourceTaskContext {
    /// The connector's name.
    pub connector: String,
    /// The task's number, from 0.
    pub task: usize,
    /// The connector's stored offsets.
    pub offsets: Arc<dyn OffsetReader>,
    /// Cancelled when the task is to stop: inner tasks and long waits listen to it.
    pub cancelled: CancellationToken,
}

impl fmt::Debug for SourceTaskContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceTaskContext")
            .field("connector", &self.connector)
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}

/// A source task: one instance for each run of a task.
///
/// A source that pushes (a binlog) has a reader of its own, with a bounded
/// channel between, so that `poll` is never cancelled midway.
#[async_trait]
pub trait SourceTask: Send {
    /// Prepares to read from the stored offsets on. Called once, first. Waits
    /// for the outside with back-off as the task's settings say, and returns
    /// early with [`crate::ErrorKind::Stopped`] once `context.cancelled` is.
    async fn start(&mut self, context: SourceTaskContext, props: &Props) -> Result<()>;

    /// The next records in order, as many as are there, up to the task's batch
    /// size; empty when none came within about `wait`. Not called while the
    /// task is paused. An error fails the task, unless it is retriable: then it
    /// is called again after a pause. Must be safe to be called again then.
    async fn poll(&mut self, wait: Duration) -> Result<Vec<SourceRecord>>;

    /// Offsets up to these have been stored, and all records before them are
    /// acknowledged. Called after each commit, between polls.
    async fn committed(&mut self, _offsets: &[(Arc<OffsetMap>, OffsetMap)]) -> Result<()> {
        Ok(())
    }

    /// Releases what the task holds. Called once, last, also after an error
    /// from start or poll.
    async fn stop(&mut self);
}
