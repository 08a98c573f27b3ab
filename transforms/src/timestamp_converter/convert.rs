//! Timestamps of one kind to those of another, by way of milliseconds.

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Type, Value, logical};
use connect_api::{Error, Result};

use crate::date_format::DateFormat;
use crate::java_class::class_name;
use crate::schemas::type_name;

const MILLIS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

/// What a timestamp is held in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Unix,
    Date,
    Time,
    Timestamp,
}

impl Kind {
    /// The kind of timestamp that data of `schema` are.
    pub(super) fn of_schema(schema: &Schema) -> std::result::Result<Self, String> {
        Ok(match (schema.name(), schema.kind()) {
            (Some(logical::TIMESTAMP), _) => Self::Timestamp,
            (Some(logical::DATE), _) => Self::Date,
            (Some(logical::TIME), _) => Self::Time,
            (_, Type::String) => Self::Text,
            (_, Type::Int64) => Self::Unix,
            (name, kind) => {
                let name = name.map_or(String::new(), |name| format!("{name}:"));
                return Err(format!(
                    "Schema Schema{{{name}{}}} does not correspond to a known timestamp type format",
                    type_name(kind)
                ));
            }
        })
    }

    fn of_value(value: &Value) -> Result<Self> {
        match value {
            Value::Int64(_) => Ok(Self::Unix),
            Value::String(_) => Ok(Self::Text),
            other => Err(Error::data(format!(
                "TimestampConverter does not support class {} objects as timestamps",
                class_name(None, other)
            ))),
        }
    }

    fn schema(self) -> SchemaBuilder {
        match self {
            Self::Text => SchemaBuilder::new(Type::String),
            Self::Unix => SchemaBuilder::new(Type::Int64),
            Self::Date => logical::date(),
            Self::Time => logical::time(),
            Self::Timestamp => logical::timestamp(),
        }
    }
}

/// What a number counts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Precision {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl Precision {
    /// `TimeUnit.toMillis`: cut off towards 0, kept within the bounds.
    fn to_millis(self, number: i64) -> i64 {
        match self {
            Self::Seconds => number.saturating_mul(1000),
            Self::Milliseconds => number,
            Self::Microseconds => number / 1000,
            Self::Nanoseconds => number / 1_000_000,
        }
    }

    fn of_millis(self, millis: i64) -> i64 {
        match self {
            Self::Seconds => millis / 1000,
            Self::Milliseconds => millis,
            Self::Microseconds => millis.saturating_mul(1000),
            Self::Nanoseconds => millis.saturating_mul(1_000_000),
        }
    }
}

/// How timestamps are converted.
#[derive(Debug)]
pub(super) struct Conversion {
    target: Kind,
    format: Option<DateFormat>,
    precision: Precision,
    required: SchemaRef,
    optional: SchemaRef,
}

impl Conversion {
    pub(super) fn new(target: Kind, format: Option<DateFormat>, precision: Precision) -> Self {
        Self {
            target,
            format,
            precision,
            required: target.schema().build(),
            optional: target.schema().optional().build(),
        }
    }

    /// The schema of what comes out.
    pub(super) fn schema(&self, optional: bool) -> SchemaRef {
        if optional {
            self.optional.clone()
        } else {
            self.required.clone()
        }
    }

    /// Converts a timestamp; of which kind it is shows the value, if it has no
    /// schema. Null stays null.
    pub(super) fn convert(&self, kind: Option<Kind>, value: Value) -> Result<Value> {
        if value.is_null() {
            return Ok(value);
        }
        let source = match kind {
            Some(kind) => kind,
            None => Kind::of_value(&value)?,
        };
        let millis = self.millis(source, &value)?;
        self.value(millis, kind.is_some())
    }

    fn millis(&self, kind: Kind, value: &Value) -> Result<i64> {
        Ok(match (kind, value) {
            (Kind::Text, Value::String(text)) => self.parse(text)?,
            (Kind::Unix, Value::Int64(number)) => self.precision.to_millis(*number),
            (Kind::Date, Value::Int32(days)) => i64::from(*days) * MILLIS_PER_DAY,
            (Kind::Time, Value::Int32(millis)) => i64::from(*millis),
            (Kind::Timestamp, Value::Int64(millis)) => *millis,
            (kind, value) => {
                return Err(Error::data(format!(
                    "the value of a timestamp of the kind {kind:?} is a {}",
                    class_name(None, value)
                )));
            }
        })
    }

    fn parse(&self, text: &str) -> Result<i64> {
        let Some(format) = &self.format else {
            return Err(Error::data(format!(
                "a timestamp is the string '{text}', but the setting 'format' is not given"
            )));
        };
        format.parse(text).ok_or_else(|| {
            Error::data(format!(
                "Could not parse timestamp: value ({text}) does not match pattern ({})",
                format.pattern()
            ))
        })
    }

    /// Without a schema dates and times are milliseconds: there is no name to
    /// say anything else.
    fn value(&self, millis: i64, has_schema: bool) -> Result<Value> {
        let of_day = millis.rem_euclid(MILLIS_PER_DAY);
        Ok(match self.target {
            Kind::Text => {
                let mut text = String::new();
                if let Some(format) = &self.format {
                    format.format(millis, &mut text);
                }
                Value::from(text)
            }
            Kind::Unix => Value::Int64(self.precision.of_millis(millis)),
            Kind::Timestamp => Value::Int64(millis),
            Kind::Date if !has_schema => Value::Int64(millis - of_day),
            Kind::Time if !has_schema => Value::Int64(of_day),
            Kind::Date => Value::Int32(narrow(millis.div_euclid(MILLIS_PER_DAY))?),
            Kind::Time => Value::Int32(narrow(of_day)?),
        })
    }
}

fn narrow(number: i64) -> Result<i32> {
    i32::try_from(number).map_err(|_| {
        Error::data(format!(
            "the timestamp lies {number} days from 1970: more than a Date can hold"
        ))
    })
}
