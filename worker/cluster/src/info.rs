//! What the herder answers: the REST API's objects, in its field order.

use connect_api::Props;
use connect_api::record::OffsetMap;
use connect_api::registry::PluginType;
use connect_runtime::{ConnectorTaskId, SinkLag, State};
use serde::Serialize;

/// A task's name as REST shows it: `{"connector":"c","task":0}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct TaskIdInfo {
    /// The connector's name.
    pub connector: String,
    /// The task's number, from 0.
    pub task: usize,
}

impl From<&ConnectorTaskId> for TaskIdInfo {
    fn from(id: &ConnectorTaskId) -> Self {
        Self {
            connector: id.connector.clone(),
            task: id.task,
        }
    }
}

/// A connector's kind as REST shows it (`ConnectorType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ConnectorType {
    Source,
    Sink,
    /// The connector's class is not built in, so nobody knows.
    Unknown,
}

impl From<PluginType> for ConnectorType {
    fn from(kind: PluginType) -> Self {
        match kind {
            PluginType::Source => Self::Source,
            PluginType::Sink => Self::Sink,
            _ => Self::Unknown,
        }
    }
}

/// A connector with its configuration (`GET /connectors/{c}`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectorInfo {
    /// The connector's name.
    pub name: String,
    /// Its configuration as it is stored.
    pub config: Props,
    /// Its tasks.
    pub tasks: Vec<TaskIdInfo>,
    /// Source or sink.
    #[serde(rename = "type")]
    pub kind: ConnectorType,
}

/// What an operation that creates or replaces did.
#[derive(Debug, Clone, PartialEq)]
pub struct Created<T> {
    /// True if it was not there before.
    pub created: bool,
    /// What is there now.
    pub result: T,
}

/// A connector's own state in [`ConnectorStateInfo`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectorState {
    /// The state.
    pub state: State,
    /// The worker that it is in this state on.
    pub worker_id: String,
    /// The plugin's version, if it is known.
    #[serde(skip_serializing_if = "is_empty")]
    pub version: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "is_empty")]
    pub trace: Option<String>,
}

/// A task's state (`GET /connectors/{c}/tasks/{n}/status`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskState {
    /// The task's number.
    pub id: usize,
    /// The state.
    pub state: State,
    /// The worker that it is in this state on.
    pub worker_id: String,
    /// The plugin's version, if it is known.
    #[serde(skip_serializing_if = "is_empty")]
    pub version: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "is_empty")]
    pub trace: Option<String>,
}

/// A connector's state and that of its tasks (`GET /connectors/{c}/status`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectorStateInfo {
    /// The connector's name.
    pub name: String,
    /// Its own state.
    pub connector: ConnectorState,
    /// Its tasks' states, by number.
    pub tasks: Vec<TaskState>,
    /// Source or sink.
    #[serde(rename = "type")]
    pub kind: ConnectorType,
}

/// A task with its configuration (`GET /connectors/{c}/tasks`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskInfo {
    /// The task's name.
    pub id: TaskIdInfo,
    /// Its configuration as it is stored.
    pub config: Props,
}

/// One partition's offset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectorOffset {
    /// The partition.
    pub partition: OffsetMap,
    /// The offset in it.
    pub offset: OffsetMap,
}

/// A connector's offsets (`GET /connectors/{c}/offsets`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectorOffsets {
    /// The offsets.
    pub offsets: Vec<ConnectorOffset>,
}

/// How far a sink is behind (`GET /connectors/{c}/lag`, which is ours).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectorLag {
    /// The connector's name.
    pub name: String,
    /// Its consumer group.
    pub group: String,
    /// All partitions together.
    pub lag: i64,
    /// Its partitions, by topic and number.
    pub partitions: Vec<PartitionLagInfo>,
}

/// How far a sink is behind in one partition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartitionLagInfo {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The offset that is committed; null where none is yet.
    pub current_offset: Option<i64>,
    /// The offset that the next record will get.
    pub end_offset: i64,
    /// How many lie between.
    pub lag: i64,
}

impl ConnectorLag {
    pub(crate) fn new(name: &str, lag: SinkLag) -> Self {
        let partitions: Vec<PartitionLagInfo> = lag
            .partitions
            .into_iter()
            .map(|it| PartitionLagInfo {
                topic: it.topic,
                partition: it.partition,
                current_offset: it.current_offset,
                end_offset: it.end_offset,
                lag: it.lag,
            })
            .collect();
        Self {
            name: name.to_owned(),
            group: lag.group,
            lag: partitions.iter().map(|it| it.lag).sum(),
            partitions,
        }
    }
}

/// Whether the worker can serve, as `/health` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Not yet; the text says what it waits for.
    Starting(String),
    /// Yes.
    Healthy,
    /// Not any more; the text says why.
    Unhealthy(String),
}

/// A logger's level (`GET /admin/loggers/{l}`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggerLevel {
    /// The level's name in upper case.
    pub level: String,
    /// When it was set through REST, in milliseconds since the epoch.
    pub last_modified: Option<i64>,
}

/// Which workers a change of a logger's level is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggerScope {
    /// This worker only.
    Worker,
    /// All workers of the group.
    Cluster,
}

/// Connect leaves these fields out when they are empty, not only when null.
#[expect(
    clippy::ref_option,
    reason = "serde's skip_serializing_if gives a reference"
)]
fn is_empty(text: &Option<String>) -> bool {
    text.as_deref().is_none_or(str::is_empty)
}
