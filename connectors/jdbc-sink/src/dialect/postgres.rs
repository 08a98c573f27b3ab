//! PostgreSQL's column types.

use super::{source_length, source_type, time_precision};
use crate::config::Flavor;
use crate::fields::SinkField;
use crate::values::{Family, Kind};

/// The most digits that Hibernate gives a PostgreSQL numeric.
const DECIMAL_PRECISION: u32 = 131_072;

pub(super) fn column_type(kind: &Kind, flavor: Flavor, field: &SinkField) -> Option<String> {
    if flavor == Flavor::Debezium {
        return debezium_type(kind, field);
    }
    Some(
        match kind {
            Kind::Int8 | Kind::Int16 => "SMALLINT",
            Kind::Int32 | Kind::Year => "INT",
            Kind::Int64 => "BIGINT",
            Kind::Float32 => "REAL",
            Kind::Float64 => "DOUBLE PRECISION",
            Kind::Boolean => "BOOLEAN",
            Kind::String | Kind::Enum { .. } | Kind::EnumSet { .. } => "TEXT",
            Kind::Bytes | Kind::Geometry => "BYTEA",
            Kind::Decimal { .. } | Kind::VariableDecimal => "DECIMAL",
            Kind::Date { .. } => "DATE",
            Kind::Time { .. } => "TIME",
            Kind::Timestamp { .. } | Kind::TimestampText { .. } => "TIMESTAMP",
            Kind::ZonedTime => "TIME WITH TIME ZONE",
            Kind::ZonedTimestamp => "TIMESTAMP WITH TIME ZONE",
            Kind::Json => "JSON",
            Kind::Uuid => "UUID",
            Kind::Xml => "XML",
            Kind::Bits { length: Some(1) } => "BIT(1)",
            Kind::Bits {
                length: Some(length),
            } => return Some(format!("BIT({length})")),
            Kind::Bits { length: None } => "BIT VARYING",
            Kind::Array(items) => {
                return Some(format!("{}[]", column_type(items, flavor, field)?));
            }
            Kind::Unmapped(_) => return None,
        }
        .to_owned(),
    )
}

fn debezium_type(kind: &Kind, field: &SinkField) -> Option<String> {
    Some(match kind {
        Kind::Int8 | Kind::Int16 => "smallint".to_owned(),
        Kind::Int32 | Kind::Year => "integer".to_owned(),
        Kind::Int64 => "bigint".to_owned(),
        Kind::Float32 => "real".to_owned(),
        Kind::Float64 | Kind::VariableDecimal => "double precision".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::String => text_type(field),
        Kind::Enum { .. } | Kind::EnumSet { .. } => "text".to_owned(),
        Kind::Bytes | Kind::Geometry => "bytea".to_owned(),
        Kind::Decimal { scale, precision } => decimal_type((*scale).max(0), *precision),
        Kind::Date { .. } => "date".to_owned(),
        Kind::Time { .. } => format!("time({})", time_precision(field, 6)),
        Kind::Timestamp { .. } | Kind::TimestampText { .. } => {
            format!("timestamp({})", time_precision(field, 6))
        }
        Kind::ZonedTime => format!("time({}) with time zone", time_precision(field, 6)),
        Kind::ZonedTimestamp => format!("timestamp({}) with time zone", time_precision(field, 6)),
        Kind::Json if source_type(field) == Some("JSONB") => "jsonb".to_owned(),
        Kind::Json => "json".to_owned(),
        Kind::Uuid => "uuid".to_owned(),
        Kind::Xml => "xml".to_owned(),
        Kind::Bits {
            length: Some(length),
        } => format!("bit({length})"),
        Kind::Bits { length: None } => "bit varying".to_owned(),
        Kind::Array(items) => format!("{}[]", debezium_type(items, field)?),
        Kind::Unmapped(_) => return None,
    })
}

fn text_type(field: &SinkField) -> String {
    let length = source_length(field);
    match (source_type(field), length) {
        (Some("CHAR" | "CHARACTER" | "BPCHAR" | "NCHAR"), length) => {
            format!("char({})", length.unwrap_or(1))
        }
        (Some("VARCHAR" | "VARCHAR2" | "NVARCHAR" | "NVARCHAR2"), Some(length)) => {
            format!("varchar({length})")
        }
        _ => "text".to_owned(),
    }
}

fn decimal_type(scale: i32, precision: Option<u32>) -> String {
    match precision {
        Some(precision) if precision > 0 => {
            format!("numeric({},{scale})", precision.min(DECIMAL_PRECISION))
        }
        _ if scale > 0 => format!("numeric(1000,{scale})"),
        _ => "numeric".to_owned(),
    }
}

/// What a column is, by the name of its base type in `pg_type`.
pub(crate) fn family(base_type: &str) -> Family {
    match base_type {
        "bool" => Family::Boolean,
        "int2" => Family::Integer(2),
        "int4" => Family::Integer(4),
        "int8" => Family::Integer(8),
        "float4" | "float8" => Family::Float,
        "numeric" => Family::Decimal,
        "text" | "varchar" | "bpchar" | "name" | "citext" => Family::Text,
        "bytea" => Family::Bytes,
        "date" => Family::Date,
        "time" => Family::Time,
        "timestamp" => Family::Timestamp,
        "timestamptz" => Family::TimestampTz,
        "bit" | "varbit" => Family::Bits,
        _ => Family::Other,
    }
}
