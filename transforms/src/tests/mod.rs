//! Tests of the transformations through their plugin entries.

mod extract_field;
mod extract_new_record_state;
mod insert_field;
mod plugins;
mod replace_field;
mod routing;

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Value};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::Plugins;
use connect_api::{Props, Result};

fn plugins() -> Plugins {
    Plugins {
        transformations: crate::transformations(),
        predicates: crate::predicates(),
        ..Plugins::default()
    }
}

fn props(settings: &[(&str, &str)]) -> Props {
    settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn create(class: &str, settings: &[(&str, &str)]) -> Result<Box<dyn Transformation>> {
    let plugins = plugins();
    (plugins.transformation(class)?.create)(&props(settings))
}

/// The record after the transformation; none if it was dropped.
fn apply(class: &str, settings: &[(&str, &str)], mut record: Record) -> Result<Option<Record>> {
    Ok(match create(class, settings)?.apply(&mut record)? {
        Outcome::Keep => Some(record),
        Outcome::Drop => None,
    })
}

fn kept(class: &str, settings: &[(&str, &str)], record: Record) -> Record {
    apply(class, settings, record).unwrap().unwrap()
}

/// A record of the topic `test` with this value.
fn record_of(schema: Option<SchemaRef>, value: Value) -> Record {
    Record {
        topic: "test".into(),
        partition: Some(0),
        value_schema: schema,
        value,
        ..Record::default()
    }
}

fn schema_of(fields: &[(&str, SchemaRef)]) -> SchemaRef {
    let mut builder = SchemaBuilder::structure()
        .name("name")
        .version(1)
        .doc("doc");
    for (name, schema) in fields {
        builder = builder.field((*name).to_owned(), schema.clone());
    }
    builder.build()
}

fn struct_of(schema: &SchemaRef, values: &[(&str, Value)]) -> Value {
    let mut result = Struct::new(schema.clone());
    for (name, value) in values {
        result.set(name, value.clone()).unwrap();
    }
    result.into()
}

fn field<'r>(record: &'r Record, name: &str) -> &'r Value {
    record.value.as_struct().unwrap().get(name).unwrap()
}

fn field_schema<'r>(record: &'r Record, name: &str) -> &'r Schema {
    let schema = record.value_schema.as_ref().unwrap();
    &schema.field(name).unwrap().schema
}
