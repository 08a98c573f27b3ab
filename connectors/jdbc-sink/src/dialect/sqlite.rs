//! SQLite's column types.

use crate::values::{Family, Kind};

pub(super) fn column_type(kind: &Kind) -> Option<String> {
    let name = match kind {
        Kind::Boolean
        | Kind::Int8
        | Kind::Int16
        | Kind::Int32
        | Kind::Int64
        | Kind::Year
        | Kind::Bits { .. } => "INTEGER",
        Kind::Float32 | Kind::Float64 => "REAL",
        Kind::Decimal { .. }
        | Kind::VariableDecimal
        | Kind::Date { .. }
        | Kind::Time { .. }
        | Kind::Timestamp { .. }
        | Kind::TimestampText { .. } => "NUMERIC",
        Kind::String
        | Kind::Enum { .. }
        | Kind::EnumSet { .. }
        | Kind::Json
        | Kind::Uuid
        | Kind::Xml
        | Kind::ZonedTime
        | Kind::ZonedTimestamp => "TEXT",
        Kind::Bytes | Kind::Geometry => "BLOB",
        Kind::Array(_) | Kind::Unmapped(_) => return None,
    };
    Some(name.to_owned())
}

/// What a column is, by the rules of SQLite's type affinity.
pub(crate) fn family(declared: &str) -> Family {
    let declared = declared.to_ascii_uppercase();
    let has = |word: &str| declared.contains(word);
    if has("INT") {
        Family::Integer(8)
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        Family::Text
    } else if has("BLOB") || declared.is_empty() {
        Family::Bytes
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Family::Float
    } else {
        Family::Decimal
    }
}
