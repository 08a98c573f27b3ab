//! The records of the config topic: keys and values to the byte
//! (`KafkaConfigBackingStore`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use connect_api::{Error, Props, Result};
use connect_runtime::TargetState;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::internal_request::SessionKey;
use crate::store::json;
use crate::store::log::LogRecord;

const CONNECTOR: &str = "connector-";
const TARGET_STATE: &str = "target-state-";
const TASK: &str = "task-";
const COMMIT: &str = "commit-";
const RESTART: &str = "restart-connector-";
const LOGGER: &str = "logger-cluster-";
const TASK_COUNT: &str = "tasks-fencing-";
const SESSION_KEY: &str = "session-key";

/// What a key of the config topic is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ConfigKey<'k> {
    Connector(&'k str),
    TargetState(&'k str),
    Task(&'k str, usize),
    Commit(&'k str),
    Restart(&'k str),
    Logger(&'k str),
    TaskCount(&'k str),
    SessionKey,
}

impl<'k> ConfigKey<'k> {
    /// None for keys of newer versions or of nobody.
    pub(super) fn parse(key: &'k str) -> Option<Self> {
        if key == SESSION_KEY {
            return Some(Self::SessionKey);
        }
        // The longer prefixes first: `tasks-fencing-` is not `task-`, but
        // `connector-` starts nothing else.
        if let Some(name) = key.strip_prefix(TARGET_STATE) {
            Some(Self::TargetState(name))
        } else if let Some(name) = key.strip_prefix(CONNECTOR) {
            Some(Self::Connector(name))
        } else if let Some(id) = key.strip_prefix(TASK) {
            let (name, task) = id.rsplit_once('-')?;
            Some(Self::Task(name, task.parse().ok()?))
        } else if let Some(name) = key.strip_prefix(COMMIT) {
            Some(Self::Commit(name))
        } else if let Some(name) = key.strip_prefix(RESTART) {
            Some(Self::Restart(name))
        } else if let Some(name) = key.strip_prefix(LOGGER) {
            Some(Self::Logger(name))
        } else {
            key.strip_prefix(TASK_COUNT).map(Self::TaskCount)
        }
    }
}

#[derive(Serialize)]
struct Properties<'p> {
    properties: &'p Props,
}

pub(super) fn connector(name: &str, config: &Props) -> LogRecord {
    record(CONNECTOR, name, &Properties { properties: config })
}

pub(super) fn connector_tombstone(name: &str) -> LogRecord {
    LogRecord::tombstone(format!("{CONNECTOR}{name}"))
}

pub(super) fn task(name: &str, task: usize, config: &Props) -> LogRecord {
    record(
        TASK,
        &format!("{name}-{task}"),
        &Properties { properties: config },
    )
}

pub(super) fn commit(name: &str, tasks: usize) -> LogRecord {
    #[derive(Serialize)]
    struct Commit {
        tasks: usize,
    }
    record(COMMIT, name, &Commit { tasks })
}

/// Versions before KIP-875 know no STOPPED and read `state` only.
pub(super) fn target_state(name: &str, target: TargetState) -> LogRecord {
    #[derive(Serialize)]
    struct Target {
        state: &'static str,
        #[serde(rename = "state.v2")]
        state_v2: &'static str,
    }
    let known_before = match target {
        TargetState::Stopped => TargetState::Paused,
        other => other,
    };
    let value = Target {
        state: known_before.name(),
        state_v2: target.name(),
    };
    record(TARGET_STATE, name, &value)
}

pub(super) fn target_state_tombstone(name: &str) -> LogRecord {
    LogRecord::tombstone(format!("{TARGET_STATE}{name}"))
}

pub(super) fn restart(name: &str, include_tasks: bool, only_failed: bool) -> LogRecord {
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    struct Restart {
        include_tasks: bool,
        only_failed: bool,
    }
    let value = Restart {
        include_tasks,
        only_failed,
    };
    record(RESTART, name, &value)
}

pub(super) fn logger(namespace: &str, level: &str) -> LogRecord {
    #[derive(Serialize)]
    struct Level<'l> {
        level: &'l str,
    }
    record(LOGGER, namespace, &Level { level })
}

/// `KafkaConfigBackingStore.TASK_COUNT_RECORD_V0`.
pub(super) fn task_count(name: &str, tasks: usize) -> LogRecord {
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    struct TaskCount {
        task_count: usize,
    }
    record(TASK_COUNT, name, &TaskCount { task_count: tasks })
}

/// `KafkaConfigBackingStore.SESSION_KEY_V0`.
pub(super) fn session_key(key: &SessionKey) -> LogRecord {
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    struct Key<'k> {
        key: String,
        algorithm: &'k str,
        creation_timestamp: i64,
    }
    let value = Key {
        key: BASE64.encode(&key.key),
        algorithm: &key.algorithm,
        creation_timestamp: key.created,
    };
    record(SESSION_KEY, "", &value)
}

fn record(prefix: &str, name: &str, value: &impl Serialize) -> LogRecord {
    LogRecord::new(format!("{prefix}{name}"), json::to_bytes(value))
}

/// The `properties` of a connector's or task's record. Values are texts in
/// every record that Connect writes; others are taken as their JSON text, and
/// null is left out.
pub(super) fn parse_properties(value: &[u8]) -> Result<Props> {
    let value = parse(value)?;
    let Some(Value::Object(properties)) = value.get("properties") else {
        return Err(wrong("properties", "an object", value.get("properties")));
    };
    Ok(properties
        .iter()
        .filter_map(|(name, value)| {
            let text = match value {
                Value::Null => return None,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Some((name.clone(), text))
        })
        .collect())
}

pub(super) fn parse_commit(value: &[u8]) -> Result<usize> {
    parse_count(value, "tasks")
}

pub(super) fn parse_task_count(value: &[u8]) -> Result<usize> {
    parse_count(value, "task-count")
}

pub(super) fn parse_session_key(value: &[u8]) -> Result<SessionKey> {
    let value = parse(value)?;
    let text = |name| {
        value
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| wrong(name, "a text", value.get(name)))
    };
    let key = BASE64
        .decode(text("key")?)
        .map_err(|error| Error::data("field 'key' is not in Base64").caused_by(error))?;
    let created = value.get("creation-timestamp");
    Ok(SessionKey {
        key,
        algorithm: text("algorithm")?.to_owned(),
        created: created
            .and_then(Value::as_i64)
            .ok_or_else(|| wrong("creation-timestamp", "a whole number", created))?,
    })
}

pub(super) fn parse_target_state(value: &[u8]) -> Result<TargetState> {
    let value = parse(value)?;
    let text = |name| value.get(name).and_then(Value::as_str);
    text("state.v2")
        .or_else(|| text("state"))
        .ok_or_else(|| wrong("state", "a text", value.get("state")))?
        .parse()
}

/// Both flags are false where they are not given.
pub(super) fn parse_restart(value: &[u8]) -> Result<(bool, bool)> {
    let value = parse(value)?;
    let flag = |name| value.get(name).and_then(Value::as_bool).unwrap_or_default();
    Ok((flag("include-tasks"), flag("only-failed")))
}

pub(super) fn parse_logger(value: &[u8]) -> Result<String> {
    let value = parse(value)?;
    value
        .get("level")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| wrong("level", "a text", value.get("level")))
}

/// Whether Connect's `JsonConverter` could read the value at all.
pub(super) fn is_json(value: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(value).is_ok()
}

fn parse_count(value: &[u8], name: &'static str) -> Result<usize> {
    let value = parse(value)?;
    value
        .get(name)
        .and_then(Value::as_u64)
        .and_then(|count| usize::try_from(count).ok())
        .ok_or_else(|| wrong(name, "a whole number", value.get(name)))
}

fn parse(value: &[u8]) -> Result<Value> {
    match serde_json::from_slice(value) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(other) => Err(Error::data(format!("expected an object, found {other}"))),
        Err(error) => Err(Error::data("expected a JSON object").caused_by(error)),
    }
}

/// The value itself is not shown: a configuration may hold secrets.
fn wrong(name: &str, expected: &str, found: Option<&Value>) -> Error {
    let found = match found {
        None => "nothing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a text",
        Some(Value::Array(_)) => "an array",
        Some(Value::Object(_)) => "an object",
    };
    Error::data(format!(
        "field '{name}' should be {expected} but is {found}"
    ))
}
