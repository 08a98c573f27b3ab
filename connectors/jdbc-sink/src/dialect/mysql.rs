//! MySQL's and MariaDB's column types.

use super::{source_length, source_type, time_precision, unit_digits};
use crate::config::Flavor;
use crate::fields::SinkField;
use crate::values::{Family, Kind};

pub(super) fn column_type(kind: &Kind, flavor: Flavor, field: &SinkField) -> Option<String> {
    if flavor == Flavor::Debezium {
        return debezium_type(kind, field);
    }
    Some(match kind {
        Kind::Decimal { scale, .. } => format!("DECIMAL(65,{scale})"),
        Kind::Date { .. } => "DATE".to_owned(),
        Kind::Time { .. } => format!("TIME({})", unit_digits(kind)),
        Kind::Timestamp { .. } | Kind::TimestampText { .. } => {
            // `timestamp.fields.list` gives microseconds.
            let listed = field.schema.name().is_none();
            format!("DATETIME({})", if listed { 6 } else { unit_digits(kind) })
        }
        Kind::ZonedTime => "TIME(6)".to_owned(),
        Kind::ZonedTimestamp => "DATETIME(6)".to_owned(),
        Kind::Int8 | Kind::Boolean => "TINYINT".to_owned(),
        Kind::Int16 => "SMALLINT".to_owned(),
        Kind::Int32 | Kind::Year => "INT".to_owned(),
        Kind::Int64 => "BIGINT".to_owned(),
        Kind::Float32 => "FLOAT".to_owned(),
        Kind::Float64 | Kind::VariableDecimal => "DOUBLE".to_owned(),
        Kind::String | Kind::Xml | Kind::Enum { .. } | Kind::EnumSet { .. } => {
            text_type(flavor, field)
        }
        Kind::Json => "JSON".to_owned(),
        Kind::Uuid => "CHAR(36)".to_owned(),
        Kind::Bytes => "VARBINARY(1024)".to_owned(),
        Kind::Bits {
            length: Some(length),
        } if *length <= 64 => format!("BIT({length})"),
        Kind::Bits { .. } => "VARBINARY(1024)".to_owned(),
        Kind::Geometry => "BLOB".to_owned(),
        Kind::Array(_) | Kind::Unmapped(_) => return None,
    })
}

/// The originals give a key `TEXT`, which MySQL refuses without a length.
fn text_type(flavor: Flavor, field: &SinkField) -> String {
    match flavor {
        Flavor::Aiven => "VARCHAR(256)".to_owned(),
        _ if field.is_key => "VARCHAR(255)".to_owned(),
        _ => "TEXT".to_owned(),
    }
}

fn debezium_type(kind: &Kind, field: &SinkField) -> Option<String> {
    Some(match kind {
        Kind::Boolean => "boolean".to_owned(),
        Kind::Int8 => "tinyint".to_owned(),
        Kind::Int16 => "smallint".to_owned(),
        Kind::Int32 => "integer".to_owned(),
        Kind::Int64 => "bigint".to_owned(),
        Kind::Float32 => "float".to_owned(),
        Kind::Float64 | Kind::VariableDecimal => "double precision".to_owned(),
        Kind::String | Kind::Uuid | Kind::Xml => debezium_text(field),
        Kind::Bytes => debezium_bytes(field),
        Kind::Decimal { scale, precision } => {
            let scale = (*scale).max(0);
            match precision {
                Some(precision) if *precision > 0 => {
                    format!("decimal({},{scale})", (*precision).min(65))
                }
                _ if scale > 0 => format!("decimal(65,{scale})"),
                _ => "decimal(65,0)".to_owned(),
            }
        }
        Kind::Date { .. } => "date".to_owned(),
        Kind::Time { .. } | Kind::ZonedTime => format!("time({})", time_precision(field, 6)),
        Kind::Timestamp { .. } | Kind::TimestampText { .. } => {
            format!("datetime({})", time_precision(field, 6))
        }
        Kind::ZonedTimestamp => format!("timestamp({})", time_precision(field, 6)),
        Kind::Year => "year".to_owned(),
        Kind::Json => "json".to_owned(),
        Kind::Enum { allowed } => values_type("enum", allowed.as_deref()),
        Kind::EnumSet { allowed } => values_type("set", allowed.as_deref()),
        Kind::Bits { length } => format!("bit({})", length.unwrap_or(64).min(64)),
        Kind::Geometry => "longblob".to_owned(),
        Kind::Array(_) | Kind::Unmapped(_) => return None,
    })
}

/// `enum('a','b')`; text where the values are not known.
fn values_type(name: &str, allowed: Option<&str>) -> String {
    let Some(allowed) = allowed.filter(|allowed| !allowed.is_empty()) else {
        return "longtext".to_owned();
    };
    let values: Vec<String> = allowed
        .split(',')
        .map(|value| format!("'{}'", value.replace('\'', "''")))
        .collect();
    format!("{name}({})", values.join(","))
}

fn debezium_text(field: &SinkField) -> String {
    let most = if field.is_key { 255 } else { u32::MAX };
    let length = source_length(field).map(|length| length.min(most));
    match (source_type(field), length) {
        (Some("CHAR" | "NCHAR" | "BPCHAR" | "CHARACTER"), length) => {
            format!("char({})", length.unwrap_or(1))
        }
        (Some("VARCHAR" | "NVARCHAR" | "VARCHAR2" | "NVARCHAR2"), Some(length)) => {
            format!("varchar({length})")
        }
        _ if field.is_key => "varchar(255)".to_owned(),
        _ => "longtext".to_owned(),
    }
}

fn debezium_bytes(field: &SinkField) -> String {
    match (source_type(field), source_length(field)) {
        (Some("TINYBLOB"), _) => "tinyblob".to_owned(),
        (Some("MEDIUMBLOB"), _) => "mediumblob".to_owned(),
        (Some("BLOB"), _) => "blob".to_owned(),
        (Some(_), Some(length)) if length > 0 => format!("varbinary({length})"),
        _ if field.is_key => "varbinary(255)".to_owned(),
        _ => "longblob".to_owned(),
    }
}

/// What a column is, by its `data_type`.
pub(crate) fn family(data_type: &str) -> Family {
    match data_type {
        "tinyint" => Family::Integer(1),
        "smallint" | "year" => Family::Integer(2),
        "mediumint" | "int" => Family::Integer(4),
        "bigint" | "bit" => Family::Integer(8),
        "float" | "double" => Family::Float,
        "decimal" => Family::Decimal,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" => {
            Family::Text
        }
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Family::Bytes,
        "date" => Family::Date,
        "time" => Family::Time,
        "datetime" | "timestamp" => Family::Timestamp,
        _ => Family::Other,
    }
}
