//! Which part of a record a transformation works on: most come as `$Key` and
//! as `$Value`.

use connect_api::data::{SchemaRef, Value};
use connect_api::record::Record;
use connect_api::{Error, Result};

use crate::java_class::class_name;

/// Key or value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Key,
    Value,
}

impl Part {
    pub(crate) fn schema(self, record: &Record) -> Option<&SchemaRef> {
        match self {
            Part::Key => record.key_schema.as_ref(),
            Part::Value => record.value_schema.as_ref(),
        }
    }

    pub(crate) fn value(self, record: &Record) -> &Value {
        match self {
            Part::Key => &record.key,
            Part::Value => &record.value,
        }
    }

    /// Takes the value out; null stays behind.
    pub(crate) fn take(self, record: &mut Record) -> Value {
        match self {
            Part::Key => std::mem::take(&mut record.key),
            Part::Value => std::mem::take(&mut record.value),
        }
    }

    pub(crate) fn set(self, record: &mut Record, schema: Option<SchemaRef>, value: Value) {
        match self {
            Part::Key => (record.key_schema, record.key) = (schema, value),
            Part::Value => (record.value_schema, record.value) = (schema, value),
        }
    }
}

/// The error of data with a schema that is no struct (`Requirements.requireStruct`).
#[cold]
pub(crate) fn not_a_struct(purpose: &str, value: &Value) -> Error {
    Error::data(format!(
        "Only Struct objects supported for [{purpose}], found: {}",
        class_name(None, value)
    ))
}

/// The error of data without a schema that is no map (`Requirements.requireMap`).
#[cold]
pub(crate) fn not_a_map(purpose: &str, value: &Value) -> Error {
    Error::data(format!(
        "Only Map objects supported in absence of schema for [{purpose}], found: {}",
        class_name(None, value)
    ))
}

/// The entries of a value without a schema.
pub(crate) fn require_map(purpose: &str, value: Value) -> Result<Vec<(Value, Value)>> {
    match value {
        Value::Map(entries) => Ok(entries),
        other => Err(not_a_map(purpose, &other)),
    }
}
