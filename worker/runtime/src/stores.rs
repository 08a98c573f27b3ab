//! What the worker needs of the stores that `cluster` implements.

use std::sync::Arc;

use async_trait::async_trait;
use connect_api::Result;
use connect_api::record::OffsetMap;

use crate::{ConnectorTaskId, State};

/// Source offsets by connector and source partition: a Kafka topic, a file, or
/// memory.
#[async_trait]
pub trait OffsetStore: Send + Sync {
    /// The offset stored last for `partition`, whatever the order of its names.
    async fn get(&self, connector: &str, partition: &OffsetMap) -> Result<Option<OffsetMap>>;

    /// All partitions of a connector with their offsets.
    async fn all(&self, connector: &str) -> Result<Vec<(OffsetMap, OffsetMap)>>;

    /// Stores offsets by partition and returns once they are stored safely; an
    /// offset of none takes the partition away.
    async fn put(
        &self,
        connector: &str,
        offsets: Vec<(Arc<OffsetMap>, Option<OffsetMap>)>,
    ) -> Result<()>;

    /// False while this worker's tasks may be another worker's by now, so that nothing that they
    /// do would be taken. Cheap: it is asked for every batch.
    fn is_open(&self) -> bool {
        true
    }
}

/// Hears what connectors and tasks are doing. Calls are cheap and never block.
pub trait StatusListener: Send + Sync {
    /// A connector is in a new state; `trace` says why it failed.
    fn connector_state(&self, connector: &str, state: State, trace: Option<String>);

    /// A task is in a new state; `trace` says why it failed.
    fn task_state(&self, id: &ConnectorTaskId, state: State, trace: Option<String>);

    /// A task has written to `topic`: once for each topic and run of the task.
    fn topic_used(&self, connector: &str, task: usize, topic: &str);
}
