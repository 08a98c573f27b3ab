//! `org.apache.kafka.connect.transforms.ExtractField$Key` and `$Value`: one
//! field in place of the whole.

use std::borrow::Cow;

use connect_api::config::{Check, ConfigDef, Key};
use connect_api::data::{Schema, SchemaCache, SchemaRef, Struct, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::{PluginClass, TransformationPlugin};
use connect_api::{Error, Props, Result};

use crate::CONNECT_VERSION;
use crate::field_path::parse_v2;
use crate::record_part::{Part, not_a_struct, require_map};

pub(crate) const KEY_PLUGIN: TransformationPlugin = TransformationPlugin {
    name: name("org.apache.kafka.connect.transforms.ExtractField$Key"),
    config: config_def,
    create: |props| Ok(Box::new(ExtractField::new(Part::Key, props)?)),
};

pub(crate) const VALUE_PLUGIN: TransformationPlugin = TransformationPlugin {
    name: name("org.apache.kafka.connect.transforms.ExtractField$Value"),
    config: config_def,
    create: |props| Ok(Box::new(ExtractField::new(Part::Value, props)?)),
};

const fn name(class: &'static str) -> PluginClass {
    PluginClass {
        class,
        other_classes: &[],
        version: CONNECT_VERSION,
    }
}

const FIELD: Key<String> = Key::new("field").medium().doc("The field to take.");

const REPLACE_NULL_WITH_DEFAULT: Key<bool> = Key::new("replace.null.with.default")
    .default("true")
    .medium()
    .doc("Whether a field that is null gives its schema's default value, if it has one.");

const FIELD_SYNTAX_VERSION: Key<String> = Key::new("field.syntax.version")
    .default("V1")
    .high()
    .check(Check::OneOfAnyCase(&["V1", "V2"]))
    .doc(
        "V1: 'field' is the name of a field. V2: it is a path, with dots between the names, and \
         backticks around a name that holds a dot.",
    );

fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&FIELD)
        .with(&REPLACE_NULL_WITH_DEFAULT)
        .with(&FIELD_SYNTAX_VERSION)
}

const PURPOSE: &str = "field extraction";
const NESTED: &str = "nested field access";

/// Where the field is in records of one schema.
#[derive(Debug)]
struct Place {
    positions: Vec<usize>,
    schema: SchemaRef,
}

#[derive(Debug)]
struct ExtractField {
    part: Part,
    /// As the user wrote it.
    path: String,
    steps: Vec<String>,
    replace_null_with_default: bool,
    places: SchemaCache<Place>,
}

impl ExtractField {
    fn new(part: Part, props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        let path = settings.get(&FIELD)?;
        if path.is_empty() {
            return Err(Error::config(format!(
                "Invalid value for configuration {}: a field's name must be given",
                FIELD.name()
            )));
        }
        let is_v2 = settings
            .get(&FIELD_SYNTAX_VERSION)?
            .eq_ignore_ascii_case("V2");
        let steps = if is_v2 {
            parse_v2(&path).map_err(|error| {
                Error::config(format!(
                    "Invalid value {path} for configuration {}: {}",
                    FIELD.name(),
                    error.message()
                ))
            })?
        } else {
            vec![path.clone()]
        };
        Ok(Self {
            part,
            path,
            steps,
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            places: SchemaCache::new(64),
        })
    }

    fn extract(&mut self, schema: &SchemaRef, value: Value) -> Result<(SchemaRef, Value)> {
        let (steps, path) = (&self.steps, &self.path);
        let place = self.places.get_or_make(schema, |schema| {
            find(schema, steps).ok_or_else(|| Error::data(format!("Unknown field: {path}")))
        })?;
        let mut value = match value {
            Value::Null => Value::Null,
            Value::Struct(value) => Value::Struct(value),
            other => return Err(not_a_struct(PURPOSE, &other)),
        };
        let last = place.positions.len() - 1;
        for (depth, &position) in place.positions.iter().enumerate() {
            let current = match value {
                Value::Null => return Ok((place.schema.clone(), Value::Null)),
                Value::Struct(current) => current,
                other => return Err(not_a_struct(NESTED, &other)),
            };
            let with_default = depth < last || self.replace_null_with_default;
            value = take_field(current, position, with_default)?;
        }
        Ok((place.schema.clone(), value))
    }
}

fn find(schema: &SchemaRef, steps: &[String]) -> Option<Place> {
    let mut current = Cow::Borrowed(schema);
    let mut positions = Vec::with_capacity(steps.len());
    for step in steps {
        let field = current.field(step)?;
        positions.push(field.index);
        current = Cow::Owned(field.schema.clone());
    }
    Some(Place {
        positions,
        schema: current.into_owned(),
    })
}

fn take_field(from: Struct, position: usize, with_default: bool) -> Result<Value> {
    let schema = from.schema().clone();
    let mut values = from.into_values();
    if position >= values.len() {
        return Err(Error::data(
            "the record's struct has fewer fields than the record's schema",
        ));
    }
    let value = values.swap_remove(position);
    let default = |schema: &Schema| schema.fields()[position].schema.default_value().cloned();
    Ok(if value.is_null() && with_default {
        default(&schema).unwrap_or(Value::Null)
    } else {
        value
    })
}

/// A name that is not there gives null.
fn extract_schemaless(steps: &[String], value: Value) -> Result<Value> {
    let mut value = value;
    for (depth, step) in steps.iter().enumerate() {
        if value.is_null() {
            break;
        }
        let entries = require_map(if depth == 0 { PURPOSE } else { NESTED }, value)?;
        let found = entries
            .into_iter()
            .find(|(key, _)| key.as_str() == Some(step));
        value = found.map_or(Value::Null, |(_, value)| value);
    }
    Ok(value)
}

impl Transformation for ExtractField {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let value = self.part.take(record);
        let (schema, value) = match self.part.schema(record).cloned() {
            Some(schema) => {
                let (schema, value) = self.extract(&schema, value)?;
                (Some(schema), value)
            }
            None => (None, extract_schemaless(&self.steps, value)?),
        };
        self.part.set(record, schema, value);
        Ok(Outcome::Keep)
    }
}
