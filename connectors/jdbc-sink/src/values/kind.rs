//! What a field means: Connect's logical types, Debezium's semantic types
//! (`io.debezium.time.*`, `io.debezium.data.*`), or a base type.

use connect_api::data::{Schema, Type, logical};

/// What a temporal number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    pub(crate) fn nanos(self) -> i64 {
        match self {
            Unit::Millis => 1_000_000,
            Unit::Micros => 1_000,
            Unit::Nanos => 1,
        }
    }

    /// Digits of a second's fraction.
    pub(crate) fn digits(self) -> u32 {
        match self {
            Unit::Millis => 3,
            Unit::Micros | Unit::Nanos => 6,
        }
    }
}

/// What a field means. `connect` tells Connect's own temporal types, which are
/// instants that `db.timezone` shifts, from Debezium's, which are local.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    String,
    Bytes,
    Decimal {
        scale: i32,
        precision: Option<u32>,
    },
    VariableDecimal,
    Date {
        connect: bool,
    },
    Time {
        unit: Unit,
        connect: bool,
    },
    Timestamp {
        unit: Unit,
        connect: bool,
    },
    /// A string of digits that `timestamp.fields.list` names.
    TimestampText {
        unit: Unit,
    },
    ZonedTime,
    ZonedTimestamp,
    Year,
    Json,
    Uuid,
    Xml,
    Enum {
        allowed: Option<String>,
    },
    EnumSet {
        allowed: Option<String>,
    },
    Bits {
        length: Option<u32>,
    },
    /// A struct with well-known binary in `wkb`.
    Geometry,
    Array(Box<Kind>),
    /// No column type holds it.
    Unmapped(Type),
}

impl Kind {
    /// What a field of `schema` means; `timestamps` is the precision of
    /// `timestamp.fields.list` if the list has the field.
    pub(crate) fn of(schema: &Schema, timestamps: Option<Unit>) -> Self {
        if let Some(kind) = schema.name().and_then(|name| Self::named(name, schema)) {
            return kind;
        }
        match (schema.kind(), timestamps) {
            (Type::Int64, Some(unit)) => Kind::Timestamp {
                unit,
                connect: true,
            },
            (Type::String, Some(unit)) => Kind::TimestampText { unit },
            (Type::Boolean, _) => Kind::Boolean,
            (Type::Int8, _) => Kind::Int8,
            (Type::Int16, _) => Kind::Int16,
            (Type::Int32, _) => Kind::Int32,
            (Type::Int64, _) => Kind::Int64,
            (Type::Float32, _) => Kind::Float32,
            (Type::Float64, _) => Kind::Float64,
            (Type::String, _) => Kind::String,
            (Type::Bytes, _) => Kind::Bytes,
            (Type::Array, _) => match schema.value_schema() {
                Some(items) => Kind::Array(Box::new(Kind::of(items, None))),
                None => Kind::Unmapped(Type::Array),
            },
            (other @ (Type::Map | Type::Struct), _) => Kind::Unmapped(other),
        }
    }

    fn named(name: &str, schema: &Schema) -> Option<Self> {
        let number = |key: &str| schema.parameter(key).and_then(|text| text.parse().ok());
        let allowed = || schema.parameter("allowed").map(str::to_owned);
        let kind = match (name, schema.kind()) {
            (logical::DECIMAL, Type::Bytes) => Kind::Decimal {
                scale: schema
                    .parameter(logical::DECIMAL_SCALE)
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(0),
                precision: number("connect.decimal.precision"),
            },
            (logical::DATE, Type::Int32) => Kind::Date { connect: true },
            (logical::TIME, Type::Int32) => Kind::Time {
                unit: Unit::Millis,
                connect: true,
            },
            (logical::TIMESTAMP, Type::Int64) => Kind::Timestamp {
                unit: Unit::Millis,
                connect: true,
            },
            ("io.debezium.time.Date", Type::Int32) => Kind::Date { connect: false },
            ("io.debezium.time.Time", Type::Int32) => time(Unit::Millis),
            ("io.debezium.time.MicroTime", Type::Int64) => time(Unit::Micros),
            ("io.debezium.time.NanoTime", Type::Int64) => time(Unit::Nanos),
            ("io.debezium.time.Timestamp", Type::Int64) => timestamp(Unit::Millis),
            ("io.debezium.time.MicroTimestamp", Type::Int64) => timestamp(Unit::Micros),
            ("io.debezium.time.NanoTimestamp", Type::Int64) => timestamp(Unit::Nanos),
            ("io.debezium.time.ZonedTimestamp", Type::String) => Kind::ZonedTimestamp,
            ("io.debezium.time.ZonedTime", Type::String) => Kind::ZonedTime,
            ("io.debezium.time.Year", Type::Int32) => Kind::Year,
            ("io.debezium.data.Json", Type::String) => Kind::Json,
            ("io.debezium.data.Uuid", Type::String) => Kind::Uuid,
            ("io.debezium.data.Xml", Type::String) => Kind::Xml,
            ("io.debezium.data.Enum", Type::String) => Kind::Enum { allowed: allowed() },
            ("io.debezium.data.EnumSet", Type::String) => Kind::EnumSet { allowed: allowed() },
            ("io.debezium.data.Bits", Type::Bytes) => Kind::Bits {
                length: number("length").filter(|&length| length < i32::MAX as u32),
            },
            ("io.debezium.data.VariableScaleDecimal", Type::Struct) => Kind::VariableDecimal,
            (
                "io.debezium.data.geometry.Geometry"
                | "io.debezium.data.geometry.Geography"
                | "io.debezium.data.geometry.Point",
                Type::Struct,
            ) => Kind::Geometry,
            _ => return None,
        };
        Some(kind)
    }

    /// One of Debezium's temporal numbers: a column made by a sink that does
    /// not know them is an integer, and takes the number as it is.
    pub(crate) fn is_debezium_number(&self) -> bool {
        matches!(
            self,
            Kind::Date { connect: false }
                | Kind::Time { connect: false, .. }
                | Kind::Timestamp { connect: false, .. }
        )
    }

    pub(crate) fn is_integer(&self) -> bool {
        self.integer_bytes().is_some()
    }

    /// The width of an integer.
    pub(crate) fn integer_bytes(&self) -> Option<u8> {
        Some(match self {
            Kind::Int8 => 1,
            Kind::Int16 => 2,
            Kind::Int32 | Kind::Year => 4,
            Kind::Int64 => 8,
            _ => return None,
        })
    }
}

fn time(unit: Unit) -> Kind {
    Kind::Time {
        unit,
        connect: false,
    }
}

fn timestamp(unit: Unit) -> Kind {
    Kind::Timestamp {
        unit,
        connect: false,
    }
}
