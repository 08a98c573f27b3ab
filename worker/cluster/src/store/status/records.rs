//! The records of the status topic: keys and values to the byte
//! (`KafkaStatusBackingStore`).

use connect_api::{Error, Result};
use connect_runtime::{ConnectorTaskId, State};
use serde::{Deserialize, Serialize};

use crate::store::json;
use crate::store::log::LogRecord;

const CONNECTOR: &str = "status-connector-";
const TASK: &str = "status-task-";
const TOPIC: &str = "status-topic-";
const TOPIC_SEPARATOR: &str = ":connector-";

/// What a key of the status topic is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum StatusKey {
    Connector(String),
    Task(ConnectorTaskId),
    Topic { topic: String, connector: String },
}

impl StatusKey {
    /// None for keys that nobody knows.
    pub(super) fn parse(key: &str) -> Option<Self> {
        if let Some(connector) = key.strip_prefix(CONNECTOR) {
            return (!connector.is_empty()).then(|| Self::Connector(connector.to_owned()));
        }
        if let Some(id) = key.strip_prefix(TASK) {
            let (connector, task) = id.rsplit_once('-')?;
            let task = task.parse().ok()?;
            return Some(Self::Task(ConnectorTaskId::new(connector, task)));
        }
        // A topic's name has no colon; a connector's may.
        let (topic, rest) = key.strip_prefix(TOPIC)?.split_once(':')?;
        let connector = rest.strip_prefix("connector-")?;
        (!topic.is_empty() && !connector.is_empty()).then(|| Self::Topic {
            topic: topic.to_owned(),
            connector: connector.to_owned(),
        })
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Connector(connector) => format!("{CONNECTOR}{connector}"),
            Self::Task(id) => format!("{TASK}{id}"),
            Self::Topic { topic, connector } => {
                format!("{TOPIC}{topic}{TOPIC_SEPARATOR}{connector}")
            }
        }
    }

    pub(super) fn connector(&self) -> &str {
        match self {
            Self::Connector(connector) | Self::Topic { connector, .. } => connector,
            Self::Task(id) => &id.connector,
        }
    }

    pub(super) fn record(&self, value: &impl Serialize) -> LogRecord {
        LogRecord::new(self.text(), json::to_bytes(value))
    }

    pub(super) fn tombstone(&self) -> LogRecord {
        LogRecord::tombstone(self.text())
    }
}

/// A connector's or task's status, in the order of its fields on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) state: State,
    pub(crate) trace: Option<String>,
    pub(crate) worker_id: String,
    pub(crate) generation: i32,
    /// Absent before Connect 4.1, and null where the plugin is gone.
    pub(crate) version: Option<String>,
}

/// That a connector uses a topic (KIP-558).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopicUse {
    pub(crate) name: String,
    pub(crate) connector: String,
    pub(crate) task: usize,
    pub(crate) discover_timestamp: i64,
}

/// The value of a [`StatusKey::Topic`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TopicUseValue {
    pub(super) topic: TopicUse,
}

pub(super) fn parse_status(value: &[u8]) -> Result<Status> {
    serde_json::from_slice(value).map_err(|error| Error::data("not a status").caused_by(error))
}

pub(super) fn parse_topic_use(value: &[u8]) -> Result<TopicUse> {
    let value: TopicUseValue = serde_json::from_slice(value)
        .map_err(|error| Error::data("not a topic's status").caused_by(error))?;
    Ok(value.topic)
}
