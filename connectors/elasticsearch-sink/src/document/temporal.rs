//! Debezium's temporal types (`io.debezium.time.*`): Elasticsearch takes
//! milliseconds as dates.

use connect_api::data::{Schema, Type, Value};

/// How a temporal value becomes milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temporal {
    Days,
    Millis,
    Micros,
    Nanos,
    /// A text that Elasticsearch reads as it stands.
    Text,
}

impl Temporal {
    /// What a schema's name says; none where the value is no point in time, or
    /// one that Elasticsearch has no date for (a time with a zone, a year, an
    /// interval).
    pub(crate) fn of(schema: &Schema) -> Option<Self> {
        let name = schema.name()?.strip_prefix("io.debezium.time.")?;
        match (name, schema.kind()) {
            ("Date", Type::Int32) => Some(Temporal::Days),
            ("Time", Type::Int32) | ("Timestamp", Type::Int64) => Some(Temporal::Millis),
            ("MicroTime" | "MicroTimestamp", Type::Int64) => Some(Temporal::Micros),
            ("NanoTime" | "NanoTimestamp", Type::Int64) => Some(Temporal::Nanos),
            ("ZonedTimestamp", Type::String) => Some(Temporal::Text),
            _ => None,
        }
    }

    /// The milliseconds of a number; none for a text.
    pub(crate) fn millis(self, value: &Value) -> Option<i64> {
        let value = value.as_i64()?;
        Some(match self {
            Temporal::Days => value.checked_mul(86_400_000)?,
            Temporal::Millis => value,
            Temporal::Micros => value.div_euclid(1000),
            Temporal::Nanos => value.div_euclid(1_000_000),
            Temporal::Text => return None,
        })
    }
}
