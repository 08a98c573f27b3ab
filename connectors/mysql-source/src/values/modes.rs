use std::fmt;
use std::sync::Arc;

use super::mapping::ColumnMappings;
use super::patterns::{ColumnPatterns, KeyColumns};
use crate::tables::TableId;

/// How `DECIMAL` becomes a value (`decimal.handling.mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DecimalMode {
    /// Connect's `Decimal`.
    #[default]
    Precise,
    /// Its text.
    String,
    /// A float64, which may lose digits.
    Double,
}

/// How dates and times become values (`time.precision.mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeMode {
    /// By the column's precision, but `TIME` always in microseconds.
    #[default]
    AdaptiveTimeMicroseconds,
    /// By the column's precision.
    Adaptive,
    /// Connect's logical types, in milliseconds.
    Connect,
    /// ISO 8601 texts.
    IsoString,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

/// How `BIGINT UNSIGNED` becomes a value (`bigint.unsigned.handling.mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BigintUnsignedMode {
    /// An int64; values above its range become negative.
    #[default]
    Long,
    /// Connect's `Decimal` of scale 0.
    Precise,
}

/// How binary columns become values (`binary.handling.mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BinaryMode {
    /// Bytes.
    #[default]
    Bytes,
    /// Base64 text.
    Base64,
    /// Base64 text with the alphabet that is safe in URLs.
    Base64UrlSafe,
    /// Hexadecimal text in lower case.
    Hex,
}

/// How names that Avro does not allow are changed (`schema.name.adjustment.mode`,
/// `field.name.adjustment.mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameAdjustment {
    /// Not at all.
    #[default]
    None,
    /// `_` for each such character.
    Avro,
    /// `_uXXXX` for each such character, and for `_` itself.
    AvroUnicode,
}

/// What to do with a value that has no representation in the chosen mode
/// (`event.converting.failure.handling.mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConversionFailure {
    /// Fail the task.
    Fail,
    /// Write null and log a warning; fail where null is not allowed.
    #[default]
    Warn,
    /// Write null and log at debug level; fail where null is not allowed.
    Skip,
}

/// Says whether a column, by table and name, is selected.
pub type SelectColumn = Arc<dyn Fn(&TableId, &str) -> bool + Send + Sync>;

/// Which columns are in the records' values (`column.include.list`, `column.exclude.list`).
#[derive(Clone, Default)]
pub enum ColumnSelection {
    /// All.
    #[default]
    All,
    /// Those that match.
    Include(ColumnPatterns),
    /// Those that do not match.
    Exclude(ColumnPatterns),
    /// Those for which the function says yes.
    Custom(SelectColumn),
}

impl ColumnSelection {
    /// Whether the column is selected.
    pub fn selects(&self, table: &TableId, column: &str) -> bool {
        match self {
            Self::All => true,
            Self::Include(patterns) => patterns.matches_column(table, column),
            Self::Exclude(patterns) => !patterns.matches_column(table, column),
            Self::Custom(selects) => selects(table, column),
        }
    }
}

impl fmt::Debug for ColumnSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("All"),
            Self::Include(patterns) => f.debug_tuple("Include").field(patterns).finish(),
            Self::Exclude(patterns) => f.debug_tuple("Exclude").field(patterns).finish(),
            Self::Custom(_) => f.write_str("Custom"),
        }
    }
}

/// How columns become fields: everything that the connector's settings say about it.
#[derive(Debug, Clone)]
pub struct ValueModes {
    /// `decimal.handling.mode`
    pub decimal: DecimalMode,
    /// `time.precision.mode`
    pub time: TimeMode,
    /// `bigint.unsigned.handling.mode`
    pub bigint_unsigned: BigintUnsignedMode,
    /// `binary.handling.mode`
    pub binary: BinaryMode,
    /// `enable.time.adjuster`: years 1 to 99 are two-digit years of 1970 to 2069.
    pub adjust_two_digit_years: bool,
    /// `column.include.list`, `column.exclude.list`
    pub columns: ColumnSelection,
    /// `message.key.columns`
    pub key_columns: KeyColumns,
    /// `column.truncate.to.N.chars`, `column.mask.…`, `column.propagate.source.type`,
    /// `datatype.propagate.source.type`
    pub mappings: ColumnMappings,
    /// `schema.name.adjustment.mode`
    pub schema_names: NameAdjustment,
    /// `field.name.adjustment.mode`
    pub field_names: NameAdjustment,
    /// `event.converting.failure.handling.mode`
    pub conversion_failure: ConversionFailure,
}

impl Default for ValueModes {
    fn default() -> Self {
        Self {
            decimal: DecimalMode::default(),
            time: TimeMode::default(),
            bigint_unsigned: BigintUnsignedMode::default(),
            binary: BinaryMode::default(),
            adjust_two_digit_years: true,
            columns: ColumnSelection::default(),
            key_columns: KeyColumns::default(),
            mappings: ColumnMappings::default(),
            schema_names: NameAdjustment::default(),
            field_names: NameAdjustment::default(),
            conversion_failure: ConversionFailure::default(),
        }
    }
}
