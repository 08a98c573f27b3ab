//! The connector's parsed configuration.

use std::time::Duration;

use connect_api::config::Settings;
use connect_api::{Error, Props, Result};

use super::connection_settings::ConnectionSettings;
use super::filters::Filters;
use super::keys::{definition, events, reading, server};
use super::regex_list::RegexList;
use super::snapshot_settings::{SnapshotSettings, millis};
use super::unsupported::refused_without_definition;
use super::validate::{raw, validate};

/// What to do with an event that cannot be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureMode {
    /// The task fails.
    Fail,
    /// The event is skipped with a warning.
    Warn,
    /// The event is skipped.
    Skip,
}

impl FailureMode {
    fn parse(name: &str) -> Self {
        match name.to_lowercase().as_str() {
            "warn" => Self::Warn,
            "skip" | "ignore" => Self::Skip,
            _ => Self::Fail,
        }
    }
}

/// The queue between the reader and Kafka Connect.
#[derive(Debug, Clone, Copy)]
pub struct QueueSettings {
    /// Records that one poll returns at most.
    pub max_batch: usize,
    /// Records that wait at most.
    pub max_records: usize,
    /// Bytes that wait at most; none without limit.
    pub max_bytes: Option<usize>,
    /// How long a poll gathers records.
    pub dispatch_interval: Duration,
}

/// How to go on after a fault that may pass.
#[derive(Debug, Clone, Copy)]
pub struct RetrySettings {
    /// How often in a row; none without limit.
    pub max: Option<u32>,
    /// After how long.
    pub wait: Duration,
}

/// Heartbeat records.
#[derive(Debug, Clone)]
pub struct HeartbeatSettings {
    /// How often; none means never.
    pub interval: Option<Duration>,
    /// Their topic.
    pub topic: String,
    /// A statement to run with each.
    pub action_query: Option<String>,
}

/// The connector's parsed configuration.
#[derive(Debug, Clone)]
pub struct MySqlConnectorSettings {
    /// `topic.prefix`.
    pub topic_prefix: String,
    /// How to reach the server.
    pub connection: ConnectionSettings,
    /// What is captured.
    pub filters: Filters,
    /// Snapshots.
    pub snapshot: SnapshotSettings,
    /// The queue.
    pub queue: QueueSettings,
    /// Retries.
    pub retries: RetrySettings,
    /// Heartbeats.
    pub heartbeat: HeartbeatSettings,
    /// Whether schema changes are sent.
    pub include_schema_changes: bool,
    /// Whether events have the statement.
    pub include_query: bool,
    /// Operations that are not streamed: `c`, `u`, `d`, `t`.
    pub skipped_operations: Vec<String>,
    /// Events that cannot be processed.
    pub event_failures: FailureMode,
    /// Changes of tables that are not known.
    pub inconsistent_schema: FailureMode,
    /// Whether changes of other GTID sources are left out.
    pub filter_by_gtid_source: bool,
    /// Whether GTIDs in the offset are ignored.
    pub ignore_gtids: bool,
    /// GTID sources that count.
    pub gtid_includes: Option<RegexList>,
    /// GTID sources that do not count.
    pub gtid_excludes: Option<RegexList>,
    /// Whether the start checks that the offset is still in the binlog.
    pub check_position: bool,
    /// `guardrail.collections.max` and whether more are an error.
    pub max_tables: Option<(usize, bool)>,
    /// All keys, for what is read elsewhere.
    pub settings: Settings,
}

impl MySqlConnectorSettings {
    /// Parses and checks `props`; all errors at once, one a line.
    pub fn new(props: &Props) -> Result<Self> {
        let mut errors: Vec<String> = validate(props)
            .into_iter()
            .flat_map(|value| value.errors)
            .collect();
        errors.extend(refused_without_definition(props));
        if !errors.is_empty() {
            return Err(Error::config(errors.join("\n")));
        }
        let settings = definition().parse(props)?;
        Ok(Self {
            topic_prefix: settings.get(&server::TOPIC_PREFIX)?.unwrap_or_default(),
            connection: ConnectionSettings::new(&settings)?,
            filters: Filters::new(&settings)?,
            snapshot: SnapshotSettings::new(&settings)?,
            queue: queue(&settings)?,
            retries: RetrySettings {
                max: u32::try_from(settings.get(&reading::ERRORS_MAX_RETRIES)?).ok(),
                wait: millis(settings.get(&reading::RETRIABLE_RESTART_CONNECTOR_WAIT_MS)?),
            },
            heartbeat: heartbeat(&settings)?,
            include_schema_changes: settings.get(&events::INCLUDE_SCHEMA_CHANGES)?,
            include_query: settings.get(&events::INCLUDE_QUERY)?,
            skipped_operations: settings.get(&reading::SKIPPED_OPERATIONS)?,
            event_failures: event_failures(&settings)?,
            inconsistent_schema: FailureMode::parse(
                &settings.get(&events::INCONSISTENT_SCHEMA_HANDLING_MODE)?,
            ),
            filter_by_gtid_source: settings.get(&events::GTID_SOURCE_FILTER_DML_EVENTS)?,
            ignore_gtids: settings.get(&events::GTID_IGNORE_ON_RECOVERY)?,
            gtid_includes: regex_list(props, events::GTID_SOURCE_INCLUDES.name())?,
            gtid_excludes: regex_list(props, events::GTID_SOURCE_EXCLUDES.name())?,
            check_position: settings.get(&reading::INTERNAL_LOG_POSITION_CHECK_ENABLE)?,
            max_tables: max_tables(&settings)?,
            settings,
        })
    }

    /// Whether operations of this code are left out.
    pub fn skips(&self, operation: &str) -> bool {
        self.skipped_operations
            .iter()
            .any(|skipped| skipped == operation)
    }
}

fn queue(settings: &Settings) -> Result<QueueSettings> {
    let size = |value: i32| usize::try_from(value).unwrap_or(1).max(1);
    Ok(QueueSettings {
        max_batch: size(settings.get(&reading::MAX_BATCH_SIZE)?),
        max_records: size(settings.get(&reading::MAX_QUEUE_SIZE)?),
        max_bytes: usize::try_from(settings.get(&reading::MAX_QUEUE_SIZE_IN_BYTES)?)
            .ok()
            .filter(|&bytes| bytes > 0),
        dispatch_interval: millis(settings.get(&reading::POLL_DISPATCH_INTERVAL_MS)?),
    })
}

fn heartbeat(settings: &Settings) -> Result<HeartbeatSettings> {
    let interval = millis(settings.get(&events::HEARTBEAT_INTERVAL_MS)?.into());
    Ok(HeartbeatSettings {
        interval: Some(interval).filter(|interval| !interval.is_zero()),
        topic: [
            heartbeat_prefix(settings)?,
            settings.get(&events::TOPIC_DELIMITER)?,
            settings.get(&server::TOPIC_PREFIX)?.unwrap_or_default(),
        ]
        .concat(),
        action_query: settings.get(&events::HEARTBEAT_ACTION_QUERY)?,
    })
}

/// The older name counts where only it is given.
fn heartbeat_prefix(settings: &Settings) -> Result<String> {
    let props = settings.props();
    let given = |name| props.contains_key(name);
    if given(events::HEARTBEAT_TOPICS_PREFIX.name())
        && !given(events::TOPIC_HEARTBEAT_PREFIX.name())
    {
        return settings.get(&events::HEARTBEAT_TOPICS_PREFIX);
    }
    settings.get(&events::TOPIC_HEARTBEAT_PREFIX)
}

/// The older name counts where only it is given.
fn event_failures(settings: &Settings) -> Result<FailureMode> {
    let props = settings.props();
    let (new, old) = (
        &reading::EVENT_PROCESSING_FAILURE_HANDLING_MODE,
        &events::EVENT_DESERIALIZATION_FAILURE_HANDLING_MODE,
    );
    let is_old = props.contains_key(old.name()) && !props.contains_key(new.name());
    Ok(FailureMode::parse(&settings.get(if is_old {
        old
    } else {
        new
    })?))
}

fn max_tables(settings: &Settings) -> Result<Option<(usize, bool)>> {
    let max = usize::try_from(settings.get(&reading::GUARDRAIL_COLLECTIONS_MAX)?).unwrap_or(0);
    let fails = settings
        .get(&reading::GUARDRAIL_COLLECTIONS_LIMIT_ACTION)?
        .eq_ignore_ascii_case("fail");
    Ok((max > 0).then_some((max, fails)))
}

fn regex_list(props: &Props, name: &str) -> Result<Option<RegexList>> {
    raw(props, name)
        .map(|text| {
            RegexList::parse(text)
                .map_err(|reason| Error::config(format!("The '{name}' value is invalid: {reason}")))
        })
        .transpose()
}
