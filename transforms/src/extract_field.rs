//! `org.apache.kafka.connect.transforms.ExtractField$Key` and `$Value`: one
//! field in place of the whole.

use connect_api::config::{ConfigDef, Key};
use connect_api::data::{SchemaCache, SchemaRef, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use crate::field_path::{FieldPath, Place};
use crate::keys::{FIELD_SYNTAX_VERSION, REPLACE_NULL_WITH_DEFAULT, plugin};
use crate::record_part::{Part, not_a_struct};

pub(crate) const KEY_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.ExtractField$Key",
    config_def,
    |props| Ok(Box::new(ExtractField::new(Part::Key, props)?)),
);

pub(crate) const VALUE_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.ExtractField$Value",
    config_def,
    |props| Ok(Box::new(ExtractField::new(Part::Value, props)?)),
);

const FIELD: Key<String> = Key::new("field").medium().doc("The field to take.");

fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&FIELD)
        .with(&REPLACE_NULL_WITH_DEFAULT)
        .with(&FIELD_SYNTAX_VERSION)
}

const PURPOSE: &str = "field extraction";

#[derive(Debug)]
struct ExtractField {
    part: Part,
    path: FieldPath,
    replace_null_with_default: bool,
    places: SchemaCache<Place>,
}

impl ExtractField {
    fn new(part: Part, props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        Ok(Self {
            part,
            path: FieldPath::new(settings.get(&FIELD)?, FIELD.name(), &settings)?,
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            places: SchemaCache::new(64),
        })
    }

    fn extract(&mut self, schema: &SchemaRef, value: Value) -> Result<(SchemaRef, Value)> {
        let value = match value {
            Value::Null => None,
            Value::Struct(value) => Some(value),
            other => return Err(not_a_struct(PURPOSE, &other)),
        };
        let path = &self.path;
        let place = self.places.get_or_make(schema, |schema| {
            path.find(schema)?
                .ok_or_else(|| Error::data(format!("Unknown field: {}", path.text)))
        })?;
        let value = match value {
            Some(value) => place.take(value, self.replace_null_with_default)?,
            None => Value::Null,
        };
        Ok((place.schema.clone(), value))
    }
}

impl Transformation for ExtractField {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let value = self.part.take(record);
        let (schema, value) = match self.part.schema(record).cloned() {
            Some(schema) => {
                let (schema, value) = self.extract(&schema, value)?;
                (Some(schema), value)
            }
            None => (None, self.path.take_from_map(PURPOSE, value)?),
        };
        self.part.set(record, schema, value);
        Ok(Outcome::Keep)
    }
}
