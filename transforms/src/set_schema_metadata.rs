//! `org.apache.kafka.connect.transforms.SetSchemaMetadata$Key` and `$Value`: a
//! struct's schema with another name or version.

use connect_api::config::{ConfigDef, Key};
use connect_api::data::{SchemaCache, SchemaRef, Struct, Type, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use crate::keys::{REPLACE_NULL_WITH_DEFAULT, plugin};
use crate::record_part::Part;
use crate::schemas::{defaults, replace_nulls};

pub(crate) const KEY_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.SetSchemaMetadata$Key",
    config_def,
    |props| Ok(Box::new(SetSchemaMetadata::new(Part::Key, props)?)),
);

pub(crate) const VALUE_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.SetSchemaMetadata$Value",
    config_def,
    |props| Ok(Box::new(SetSchemaMetadata::new(Part::Value, props)?)),
);

const SCHEMA_NAME: Key<Option<String>> = Key::new("schema.name")
    .default_null()
    .high()
    .doc("The name that the schema gets.");

const SCHEMA_VERSION: Key<Option<i32>> = Key::new("schema.version")
    .default_null()
    .high()
    .doc("The version that the schema gets.");

fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&SCHEMA_NAME)
        .with(&SCHEMA_VERSION)
        .with(&REPLACE_NULL_WITH_DEFAULT)
}

/// What becomes of the structs of one schema.
#[derive(Debug)]
struct Update {
    schema: SchemaRef,
    defaults: Vec<(usize, Value)>,
}

#[derive(Debug)]
struct SetSchemaMetadata {
    part: Part,
    name: Option<String>,
    version: Option<i32>,
    replace_null_with_default: bool,
    updates: SchemaCache<Update>,
}

impl SetSchemaMetadata {
    fn new(part: Part, props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        let name = settings.get(&SCHEMA_NAME)?;
        let version = settings.get(&SCHEMA_VERSION)?;
        if name.is_none() && version.is_none() {
            return Err(Error::config(format!(
                "Neither schema name nor version configured: give '{}' or '{}'",
                SCHEMA_NAME.name(),
                SCHEMA_VERSION.name()
            )));
        }
        Ok(Self {
            part,
            name,
            version,
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            updates: SchemaCache::new(64),
        })
    }

    fn update(&mut self, schema: &SchemaRef) -> Result<&Update> {
        let (name, version) = (&self.name, self.version);
        let replace = self.replace_null_with_default;
        let update = self.updates.get_or_make(schema, |schema| {
            if schema.kind() != Type::Struct {
                // So it is in the original, by the way in which it copies a schema.
                return Err(Error::data("Cannot list fields on non-struct type")
                    .with("type", schema.kind().name()));
            }
            let mut builder = schema.to_builder();
            if let Some(name) = name {
                builder = builder.name(name.clone());
            }
            if let Some(version) = version {
                builder = builder.version(version);
            }
            Ok(Update {
                schema: builder.build(),
                defaults: if replace {
                    defaults(schema)
                } else {
                    Vec::new()
                },
            })
        })?;
        Ok(update)
    }
}

impl Transformation for SetSchemaMetadata {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let part = self.part;
        let Some(schema) = part.schema(record).cloned() else {
            if part.value(record).is_null() {
                return Ok(Outcome::Keep);
            }
            return Err(Error::data(
                "Schema required for [updating schema metadata]",
            ));
        };
        let update = self.update(&schema)?;
        let value = match part.take(record) {
            Value::Struct(value) => {
                let mut values = value.into_values();
                replace_nulls(&mut values, &update.defaults);
                Value::Struct(Struct::from_values(update.schema.clone(), values)?)
            }
            other => other,
        };
        part.set(record, Some(update.schema.clone()), value);
        Ok(Outcome::Keep)
    }
}
