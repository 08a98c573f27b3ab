//! Settings: three sets of keys, one meaning.

mod aiven;
mod confluent;
mod debezium;
mod extensions;
mod validate;

use std::time::Duration;

use connect_api::config::{ConfigDef, Secret};
use connect_api::regex::JavaRegex;
use connect_api::{Props, Result};

use crate::buffer::Duplicates;
use crate::dialect::Quoting;
use crate::table::TableKind;
use crate::values::Unit;
use crate::values::encode::Style;

pub(crate) use validate::{validate, warnings};

/// Whose connector it is: its keys, defaults, column types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    Confluent,
    Debezium,
    Aiven,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InsertMode {
    Insert,
    Upsert,
    Update,
}

impl InsertMode {
    /// Inserts are as many as the records; of a row's states, the last counts.
    fn duplicates(self) -> Duplicates {
        match self {
            InsertMode::Insert => Duplicates::Kept,
            InsertMode::Upsert | InsertMode::Update => Duplicates::LastOnly,
        }
    }

    fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "upsert" => InsertMode::Upsert,
            "update" => InsertMode::Update,
            _ => InsertMode::Insert,
        }
    }
}

/// Where the primary key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PkMode {
    None,
    Kafka,
    RecordKey,
    RecordValue,
    RecordHeader,
}

impl PkMode {
    fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "kafka" => PkMode::Kafka,
            "record_key" => PkMode::RecordKey,
            "record_value" => PkMode::RecordValue,
            "record_header" => PkMode::RecordHeader,
            _ => PkMode::None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            PkMode::None => "none",
            PkMode::Kafka => "kafka",
            PkMode::RecordKey => "record_key",
            PkMode::RecordValue => "record_value",
            PkMode::RecordHeader => "record_header",
        }
    }
}

/// Which fields of a value are written.
#[derive(Debug, Clone)]
pub(crate) enum FieldFilter {
    All,
    /// These names (`fields.whitelist`).
    Names(Vec<String>),
    /// `<topic>:<field>` or `<field>` matches one of these, or none of them.
    Matching {
        patterns: Vec<JavaRegex>,
        include: bool,
    },
}

/// What the task needs, parsed.
#[derive(Debug, Clone)]
pub(crate) struct SinkSettings {
    pub(crate) flavor: Flavor,
    pub(crate) connector: String,
    pub(crate) url: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    /// Properties for the driver, beside the URL.
    pub(crate) driver: Vec<(String, String)>,
    pub(crate) dialect_name: String,
    pub(crate) connection_attempts: u32,
    pub(crate) connection_backoff: Duration,
    pub(crate) insert_mode: InsertMode,
    pub(crate) batch_size: usize,
    /// What becomes of rows of one key in a batch.
    pub(crate) duplicates: Duplicates,
    pub(crate) delete_enabled: bool,
    pub(crate) truncate_enabled: bool,
    pub(crate) table_types: Vec<TableKind>,
    pub(crate) replace_null_with_default: bool,
    pub(crate) table_format: String,
    /// Aiven's `topics.to.tables.mapping`.
    pub(crate) topic_tables: Vec<(String, String)>,
    /// What replaces characters of a topic's name in a table's.
    pub(crate) table_normalize: bool,
    pub(crate) pk_mode: PkMode,
    pub(crate) pk_fields: Vec<String>,
    pub(crate) fields: FieldFilter,
    pub(crate) style: Style,
    pub(crate) timestamp_fields: Vec<String>,
    pub(crate) timestamp_unit: Unit,
    pub(crate) string_column: String,
    pub(crate) auto_create: bool,
    pub(crate) auto_evolve: bool,
    pub(crate) auto_widen: bool,
    pub(crate) quoting: Quoting,
    pub(crate) max_retries: u32,
    pub(crate) retry_backoff: Duration,
    /// Whether the offsets are kept in the target.
    pub(crate) exactly_once: bool,
    pub(crate) offsets_table: String,
}

impl SinkSettings {
    pub(crate) fn parse(flavor: Flavor, props: &Props) -> Result<Self> {
        match flavor {
            Flavor::Confluent => confluent::parse(props),
            Flavor::Debezium => debezium::parse(props),
            Flavor::Aiven => aiven::parse(props),
        }
    }

    /// True if the field of a value of `topic` is written.
    pub(crate) fn takes_field(&self, topic: &str, field: &str) -> bool {
        match &self.fields {
            FieldFilter::All => true,
            FieldFilter::Names(names) => names.iter().any(|name| name == field),
            FieldFilter::Matching { patterns, include } => {
                let full = format!("{topic}:{field}");
                let matches = patterns
                    .iter()
                    .any(|pattern| is_match(pattern, &full) || is_match(pattern, field));
                matches == *include
            }
        }
    }
}

/// A pattern too hard for the engine matches nothing.
fn is_match(pattern: &JavaRegex, text: &str) -> bool {
    pattern.matches(text).unwrap_or(false)
}

/// The keys of a flavor.
pub(crate) fn config_def(flavor: Flavor) -> ConfigDef {
    match flavor {
        Flavor::Confluent => confluent::config_def(),
        Flavor::Debezium => debezium::config_def(),
        Flavor::Aiven => aiven::config_def(),
    }
}

/// The name of the connector whose properties these are.
fn connector_name(props: &Props) -> String {
    props.get("name").cloned().unwrap_or_default()
}

fn number(value: i32) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

fn millis(value: i64) -> Duration {
    Duration::from_millis(u64::try_from(value).unwrap_or(0))
}

#[cfg(test)]
mod tests;
