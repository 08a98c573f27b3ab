//! In what form a value goes to a column: by what the field means and what the
//! column is.

use super::kind::{Kind, Unit};

/// What a column's type is, as far as the form of its values goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Boolean,
    /// An integer of so many bytes.
    Integer(u8),
    Float,
    Decimal,
    Text,
    Bytes,
    Date,
    Time,
    Timestamp,
    /// A timestamp that the server keeps as an instant and reads with an offset.
    TimestampTz,
    Bits,
    /// Anything else: the server makes what it can of the text.
    Other,
}

/// How temporal values go to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temporal {
    /// As text.
    Text,
    /// SQLite, as its JDBC driver does it: milliseconds since the epoch.
    Millis,
}

/// The form of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    Boolean,
    /// A boolean as 0 or 1.
    BooleanNumber,
    Integer,
    /// An integer that is true where it is not 0.
    IntegerBoolean,
    Float32,
    Float64,
    Text,
    Bytes,
    Decimal(i32),
    VariableDecimal,
    /// Days; `zoned`: shifted by `date.timezone`.
    Date {
        zoned: bool,
    },
    Time {
        unit: Unit,
        zoned: bool,
    },
    Timestamp {
        unit: Unit,
        zoned: bool,
    },
    /// Digits in a string.
    TimestampText {
        unit: Unit,
    },
    /// Milliseconds since the epoch, of so many of these.
    Millis {
        nanos: i64,
    },
    /// An ISO 8601 timestamp with an offset, as clocks in `db.timezone` show it.
    ZonedTimestamp,
    /// An ISO 8601 time with an offset, without it.
    ZonedTime,
    /// Little-endian bits as a string of `0` and `1`.
    BitString {
        length: Option<u32>,
    },
    /// Little-endian bits as a number.
    BitNumber,
    /// A geometry's well-known binary.
    Wkb,
    /// An array as PostgreSQL writes it.
    Array(Box<Form>),
}

impl Form {
    /// The form of a `kind` in a column of `family`; none if there is no way.
    pub(crate) fn of(kind: &Kind, family: Family, temporal: Temporal) -> Option<Self> {
        if kind.is_debezium_number() && matches!(family, Family::Integer(_)) {
            return Some(Form::Integer);
        }
        Some(match kind {
            Kind::Boolean if matches!(family, Family::Integer(_) | Family::Decimal) => {
                Form::BooleanNumber
            }
            Kind::Boolean => Form::Boolean,
            Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 | Kind::Year => {
                if family == Family::Boolean {
                    Form::IntegerBoolean
                } else {
                    Form::Integer
                }
            }
            Kind::Float32 => Form::Float32,
            Kind::Float64 => Form::Float64,
            Kind::String
            | Kind::Json
            | Kind::Uuid
            | Kind::Xml
            | Kind::Enum { .. }
            | Kind::EnumSet { .. } => Form::Text,
            Kind::Bytes => Form::Bytes,
            Kind::Decimal { scale, .. } => Form::Decimal(*scale),
            Kind::VariableDecimal => Form::VariableDecimal,
            Kind::Bits { .. } if family == Family::Bytes => Form::Bytes,
            Kind::Bits { length } if matches!(family, Family::Bits | Family::Other) => {
                Form::BitString { length: *length }
            }
            Kind::Bits { length } if family == Family::Text => Form::BitString { length: *length },
            Kind::Bits { .. } => Form::BitNumber,
            Kind::Geometry => Form::Wkb,
            Kind::Array(items) => Form::Array(Box::new(Self::of(items, Family::Other, temporal)?)),
            Kind::Unmapped(_) => return None,
            _ => Self::temporal(kind, family, temporal),
        })
    }

    fn temporal(kind: &Kind, family: Family, temporal: Temporal) -> Self {
        let millis = temporal == Temporal::Millis && family != Family::Text;
        match *kind {
            Kind::Date { .. } if millis => Form::Millis {
                nanos: 86_400_000_000_000,
            },
            Kind::Time { unit, .. } | Kind::Timestamp { unit, .. } if millis => Form::Millis {
                nanos: unit.nanos(),
            },
            Kind::Date { connect } => Form::Date { zoned: connect },
            Kind::Time { unit, connect } => Form::Time {
                unit,
                zoned: connect,
            },
            Kind::Timestamp { unit, connect } => Form::Timestamp {
                unit,
                zoned: connect,
            },
            Kind::TimestampText { unit } => Form::TimestampText { unit },
            Kind::ZonedTimestamp if matches!(family, Family::Timestamp | Family::Date) => {
                Form::ZonedTimestamp
            }
            Kind::ZonedTime if family == Family::Time => Form::ZonedTime,
            _ => Form::Text,
        }
    }
}
