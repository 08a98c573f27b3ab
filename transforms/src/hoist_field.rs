//! `org.apache.kafka.connect.transforms.HoistField$Key` and `$Value`: the whole
//! as the one field of a struct or a map.

use bytestring::ByteString;
use connect_api::config::{ConfigDef, Key};
use connect_api::data::{SchemaBuilder, SchemaCache, SchemaRef, Struct, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use crate::keys::plugin;
use crate::record_part::Part;
use crate::schemas::type_name;

pub(crate) const KEY_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.HoistField$Key",
    config_def,
    |props| Ok(Box::new(HoistField::new(Part::Key, props)?)),
);

pub(crate) const VALUE_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.HoistField$Value",
    config_def,
    |props| Ok(Box::new(HoistField::new(Part::Value, props)?)),
);

const FIELD: Key<String> = Key::new("field")
    .medium()
    .doc("The name of the one field that the result has.");

fn config_def() -> ConfigDef {
    ConfigDef::new().with(&FIELD)
}

#[derive(Debug)]
struct HoistField {
    part: Part,
    field: ByteString,
    schemas: SchemaCache<SchemaRef>,
}

impl HoistField {
    fn new(part: Part, props: &Props) -> Result<Self> {
        let field: String = config_def().parse(props)?.get(&FIELD)?;
        Ok(Self {
            part,
            field: field.into(),
            schemas: SchemaCache::new(64),
        })
    }

    fn hoist(&mut self, schema: &SchemaRef, value: Value) -> Result<Struct> {
        let field = &self.field;
        if value.is_null() && !schema.is_optional() && schema.default_value().is_none() {
            return Err(Error::data(format!(
                "Invalid value: null used for required field: \"{field}\", schema type: {}",
                type_name(schema.kind())
            )));
        }
        let hoisted = self.schemas.get_or_make(schema, |schema| {
            if field.is_empty() {
                return Err(Error::data(format!(
                    "fieldName cannot be null. Give the setting '{}' a name",
                    FIELD.name()
                )));
            }
            let builder = SchemaBuilder::structure();
            Ok(builder.field(field.clone(), schema.clone()).build())
        })?;
        Struct::from_values(hoisted.clone(), vec![value])
    }
}

impl Transformation for HoistField {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let value = self.part.take(record);
        let Some(schema) = self.part.schema(record).cloned() else {
            let entry = (Value::String(self.field.clone()), value);
            self.part.set(record, None, Value::Map(vec![entry]));
            return Ok(Outcome::Keep);
        };
        let hoisted = self.hoist(&schema, value)?;
        let schema = hoisted.schema().clone();
        self.part.set(record, Some(schema), hoisted.into());
        Ok(Outcome::Keep)
    }
}
