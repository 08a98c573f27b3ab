//! When a snapshot is taken, and how.

use std::collections::HashMap;
use std::time::Duration;

use connect_api::config::Settings;
use connect_api::{Error, Result};

use super::keys::{events, reading};
use crate::tables::TableId;

/// `snapshot.mode`, as the questions that the original's snapshotters answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotMode {
    /// At each start.
    Always,
    /// When there is no offset.
    Initial,
    /// When there is no offset, and no streaming.
    InitialOnly,
    /// Structures only, when there is no offset (`schema_only` in 1.0).
    NoData,
    /// Also when the offset is no longer in the binlog.
    WhenNeeded,
    /// Structures only, to rebuild a lost history (`schema_only_recovery` in 1.0).
    Recovery,
    /// Never: the binlog is read from its beginning (1.0).
    Never,
    /// As five settings say.
    ConfigurationBased {
        /// Rows are read.
        data: bool,
        /// Structures are read.
        schema: bool,
        /// Streaming follows.
        stream: bool,
        /// A lost history is rebuilt.
        on_schema_error: bool,
        /// A lost offset leads to a snapshot.
        on_data_error: bool,
    },
}

impl SnapshotMode {
    /// Whether rows are read. `offset_exists` with `in_progress` false means
    /// that an earlier snapshot was completed.
    pub fn snapshots_data(self, offset_exists: bool, in_progress: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Initial | Self::InitialOnly | Self::WhenNeeded => !offset_exists || in_progress,
            Self::NoData | Self::Recovery | Self::Never => false,
            Self::ConfigurationBased { data, .. } => data,
        }
    }

    /// Whether structures are read from the server.
    pub fn snapshots_schema(self, offset_exists: bool, in_progress: bool) -> bool {
        match self {
            Self::Always | Self::Recovery => true,
            Self::Initial | Self::InitialOnly | Self::WhenNeeded | Self::NoData => {
                !offset_exists || in_progress
            }
            Self::Never => false,
            Self::ConfigurationBased { schema, .. } => schema,
        }
    }

    /// Whether the binlog is read after the snapshot.
    pub fn streams(self) -> bool {
        match self {
            Self::InitialOnly => false,
            Self::ConfigurationBased { stream, .. } => stream,
            _ => true,
        }
    }

    /// Whether a lost schema history is rebuilt from the server.
    pub fn recovers_history(self) -> bool {
        matches!(
            self,
            Self::Recovery
                | Self::ConfigurationBased {
                    on_schema_error: true,
                    ..
                }
        )
    }

    /// Whether an offset that is no longer in the binlog leads to a snapshot.
    pub fn recovers_position(self) -> bool {
        matches!(
            self,
            Self::WhenNeeded
                | Self::ConfigurationBased {
                    on_data_error: true,
                    ..
                }
        )
    }
}

/// `snapshot.locking.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockingMode {
    /// Writes wait until the structures are read.
    Minimal,
    /// Writes wait until all rows are read.
    Extended,
    /// Nothing is locked.
    None,
}

/// `snapshot.tables.order.by.row.count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableOrder {
    /// As the include list names them.
    Disabled,
    /// Small tables first.
    Ascending,
    /// Large tables first.
    Descending,
}

/// How a snapshot is taken.
#[derive(Debug, Clone)]
pub struct SnapshotSettings {
    /// When.
    pub mode: SnapshotMode,
    /// With which locks.
    pub locking: LockingMode,
    /// How long to wait for them.
    pub lock_timeout: Duration,
    /// How long to wait before.
    pub delay: Duration,
    /// How long to wait between the snapshot and streaming.
    pub streaming_delay: Duration,
    /// SELECT statements of certain tables.
    pub select_overrides: HashMap<TableId, String>,
    /// Which tables come first.
    pub order: TableOrder,
}

impl SnapshotSettings {
    /// The snapshot's settings.
    pub fn new(settings: &Settings) -> Result<Self> {
        Ok(Self {
            mode: mode(settings)?,
            locking: match settings
                .get(&reading::SNAPSHOT_LOCKING_MODE)?
                .to_lowercase()
                .as_str()
            {
                "extended" => LockingMode::Extended,
                "none" => LockingMode::None,
                _ => LockingMode::Minimal,
            },
            lock_timeout: millis(settings.get(&reading::SNAPSHOT_LOCK_TIMEOUT_MS)?),
            delay: millis(settings.get(&reading::SNAPSHOT_DELAY_MS)?),
            streaming_delay: millis(settings.get(&reading::STREAMING_DELAY_MS)?),
            select_overrides: select_overrides(settings)?,
            order: match settings
                .get(&events::SNAPSHOT_TABLES_ORDER_BY_ROW_COUNT)?
                .to_lowercase()
                .as_str()
            {
                "ascending" => TableOrder::Ascending,
                "descending" => TableOrder::Descending,
                _ => TableOrder::Disabled,
            },
        })
    }
}

pub(super) fn millis(value: i64) -> Duration {
    Duration::from_millis(u64::try_from(value).unwrap_or(0))
}

fn mode(settings: &Settings) -> Result<SnapshotMode> {
    let name = settings.get(&reading::SNAPSHOT_MODE)?.to_lowercase();
    Ok(match name.as_str() {
        "always" => SnapshotMode::Always,
        "initial" => SnapshotMode::Initial,
        "initial_only" => SnapshotMode::InitialOnly,
        "no_data" | "schema_only" => SnapshotMode::NoData,
        "when_needed" => SnapshotMode::WhenNeeded,
        "recovery" | "schema_only_recovery" => SnapshotMode::Recovery,
        "never" => SnapshotMode::Never,
        "configuration_based" => SnapshotMode::ConfigurationBased {
            data: settings.get(&reading::SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_DATA)?,
            schema: settings.get(&reading::SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_SCHEMA)?,
            stream: settings.get(&reading::SNAPSHOT_MODE_CONFIGURATION_BASED_START_STREAM)?,
            on_schema_error: settings
                .get(&reading::SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_ON_SCHEMA_ERROR)?,
            on_data_error: settings
                .get(&reading::SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_ON_DATA_ERROR)?,
        },
        other => {
            return Err(Error::config(format!(
                "snapshot.mode '{other}' is not supported"
            )));
        }
    })
}

fn select_overrides(settings: &Settings) -> Result<HashMap<TableId, String>> {
    let key = events::SNAPSHOT_SELECT_STATEMENT_OVERRIDES.name();
    let mut overrides = HashMap::new();
    let Some(tables) = settings.get(&events::SNAPSHOT_SELECT_STATEMENT_OVERRIDES)? else {
        return Ok(overrides);
    };
    for name in tables
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let id = TableId::parse(name).ok_or_else(|| {
            Error::config(format!(
                "'{key}': {name} is not the name of a table; use database.table"
            ))
        })?;
        let statement = settings
            .props()
            .get(&format!("{key}.{name}"))
            .ok_or_else(|| {
                Error::config(format!(
                    "'{key}' names {name} but its statement '{key}.{name}' is missing"
                ))
            })?;
        overrides.insert(id, statement.clone());
    }
    Ok(overrides)
}
