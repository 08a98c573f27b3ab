//! `org.apache.kafka.connect.transforms.ValueToKey`: a key of fields of the
//! value.

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, Key};
use connect_api::data::{SchemaBuilder, SchemaCache, SchemaRef, Struct, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use crate::keys::{REPLACE_NULL_WITH_DEFAULT, are_some_names, distinct, plugin};
use crate::record_part::{not_a_map, not_a_struct};

pub(crate) const PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.ValueToKey",
    config_def,
    |props| Ok(Box::new(ValueToKey::new(props)?)),
);

const FIELDS: Key<Vec<String>> = Key::new("fields")
    .high()
    .check(Check::Custom(are_some_names))
    .doc("The fields of the value that make the key, in the key's order.");

fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&FIELDS)
        .with(&REPLACE_NULL_WITH_DEFAULT)
}

const PURPOSE: &str = "copying fields from value to key";

/// How keys are made of the structs of one schema.
#[derive(Debug)]
struct Plan {
    key_schema: SchemaRef,
    /// Of each field of the key: where it is, and what stands for a null.
    sources: Vec<(usize, Value)>,
}

#[derive(Debug)]
struct ValueToKey {
    fields: Vec<ByteString>,
    replace_null_with_default: bool,
    plans: SchemaCache<Plan>,
}

impl ValueToKey {
    fn new(props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        let fields = distinct(settings.get(&FIELDS)?);
        Ok(Self {
            fields: fields.into_iter().map(ByteString::from).collect(),
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            plans: SchemaCache::new(64),
        })
    }

    fn key_of(&mut self, value: &Struct) -> Result<Struct> {
        let (fields, replace) = (&self.fields, self.replace_null_with_default);
        let plan = self
            .plans
            .get_or_make(value.schema(), |schema| Plan::new(schema, fields, replace))?;
        let mut values = Vec::with_capacity(plan.sources.len());
        for (position, default) in &plan.sources {
            values.push(match value.values().get(*position) {
                None | Some(Value::Null) => default.clone(),
                Some(value) => value.clone(),
            });
        }
        Struct::from_values(plan.key_schema.clone(), values)
    }

    /// A field that is not there gives null.
    fn key_of_map(&self, entries: &[(Value, Value)]) -> Value {
        let keys = self.fields.iter().map(|name| {
            let mut entries = entries.iter();
            let found = entries.find(|(key, _)| key.as_str() == Some(name));
            let value = found.map_or(Value::Null, |(_, value)| value.clone());
            (Value::String(name.clone()), value)
        });
        Value::Map(keys.collect())
    }
}

impl Plan {
    fn new(schema: &SchemaRef, fields: &[ByteString], replace_nulls: bool) -> Result<Self> {
        let mut builder = SchemaBuilder::structure();
        let mut sources = Vec::with_capacity(fields.len());
        for name in fields {
            let Some(field) = schema.field(name) else {
                return Err(Error::data(format!("Field does not exist: {name}")));
            };
            builder = builder.field(name.clone(), field.schema.clone());
            let default = field.schema.default_value().filter(|_| replace_nulls);
            sources.push((field.index, default.cloned().unwrap_or_default()));
        }
        Ok(Self {
            key_schema: builder.build(),
            sources,
        })
    }
}

impl Transformation for ValueToKey {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        if record.value_schema.is_none() {
            let Value::Map(entries) = &record.value else {
                return Err(not_a_map(PURPOSE, &record.value));
            };
            record.key = self.key_of_map(entries);
            record.key_schema = None;
            return Ok(Outcome::Keep);
        }
        let Value::Struct(value) = &record.value else {
            return Err(not_a_struct(PURPOSE, &record.value));
        };
        let key = self.key_of(value)?;
        record.key_schema = Some(key.schema().clone());
        record.key = key.into();
        Ok(Outcome::Keep)
    }
}
