//! The path to one field (`SingleFieldPath`, KIP-821).

mod notation;

use std::borrow::Cow;

use connect_api::config::Settings;
use connect_api::data::{Schema, SchemaRef, Struct, Type, Value};
use connect_api::{Error, Result};

use crate::keys::FIELD_SYNTAX_VERSION;
use crate::record_part::{not_a_struct, require_map};

const NESTED: &str = "nested field access";

/// A path to a field: a name, or with syntax V2 the names on the way to it.
#[derive(Debug)]
pub(crate) struct FieldPath {
    /// As the user wrote it.
    pub(crate) text: String,
    steps: Vec<String>,
}

/// Where a field is in structs of one schema.
#[derive(Debug)]
pub(crate) struct Place {
    positions: Vec<usize>,
    /// The field's schema.
    pub(crate) schema: SchemaRef,
}

impl FieldPath {
    /// The path that `text`, a part of the setting `key`, stands for in the
    /// syntax that the settings say.
    pub(crate) fn new(text: String, key: &str, settings: &Settings) -> Result<Self> {
        let syntax = settings.get(&FIELD_SYNTAX_VERSION)?;
        let invalid = |reason: &str| {
            Error::config(format!(
                "Invalid value {text} for configuration {key}: {reason}"
            ))
        };
        let steps = if syntax.eq_ignore_ascii_case("V2") {
            notation::parse_v2(&text).map_err(|error| invalid(error.message()))?
        } else {
            vec![text.clone()]
        };
        if steps.is_empty() {
            return Err(invalid("a field's name must be given"));
        }
        Ok(Self { text, steps })
    }

    /// Where structs of `schema` have the field; none if they have it not.
    pub(crate) fn find(&self, schema: &SchemaRef) -> Result<Option<Place>> {
        let mut current = Cow::Borrowed(schema);
        let mut positions = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            if current.kind() != Type::Struct {
                return Err(Error::data("Cannot look up fields on non-struct type")
                    .with("field", &self.text)
                    .with("type", current.kind().name()));
            }
            let Some(field) = current.field(step) else {
                return Ok(None);
            };
            positions.push(field.index);
            current = Cow::Owned(field.schema.clone());
        }
        Ok(Some(Place {
            positions,
            schema: current.into_owned(),
        }))
    }

    /// The field of data without a schema; null where it is not there.
    pub(crate) fn take_from_map(&self, purpose: &str, value: Value) -> Result<Value> {
        let mut value = value;
        for (depth, step) in self.steps.iter().enumerate() {
            if value.is_null() {
                break;
            }
            let entries = require_map(if depth == 0 { purpose } else { NESTED }, value)?;
            let found = entries
                .into_iter()
                .find(|(key, _)| key.as_str() == Some(step));
            value = found.map_or(Value::Null, |(_, value)| value);
        }
        Ok(value)
    }
}

impl Place {
    /// Takes the field out of `value`. A null on the way gives null; defaults
    /// stand for nulls on the way, and at its end if `with_default`.
    pub(crate) fn take(&self, value: Struct, with_default: bool) -> Result<Value> {
        let last = self.positions.len() - 1;
        let mut value = Value::Struct(value);
        for (depth, &position) in self.positions.iter().enumerate() {
            let current = match value {
                Value::Null => return Ok(Value::Null),
                Value::Struct(current) => current,
                other => return Err(not_a_struct(NESTED, &other)),
            };
            let schema = current.schema().clone();
            let mut values = current.into_values();
            if position >= values.len() {
                return Err(misfit());
            }
            value = values.swap_remove(position);
            if value.is_null() && (depth < last || with_default) {
                value = default(&schema, position).cloned().unwrap_or_default();
            }
        }
        Ok(value)
    }
}

fn default(schema: &Schema, position: usize) -> Option<&Value> {
    schema.fields().get(position)?.schema.default_value()
}

#[cold]
fn misfit() -> Error {
    Error::data("the record's struct has fewer fields than the record's schema")
}
