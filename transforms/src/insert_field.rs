//! `org.apache.kafka.connect.transforms.InsertField$Key` and `$Value`: fields
//! from the record's metadata or with a fixed text.

use bytestring::ByteString;
use connect_api::config::{ConfigDef, Key};
use connect_api::data::{Schema, SchemaCache, SchemaRef, Struct, Type, Value, logical};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use crate::keys::{REPLACE_NULL_WITH_DEFAULT, plugin};
use crate::record_part::{Part, not_a_struct, require_map};
use crate::schemas::{copy_with_fields, defaults, replace_nulls};

pub(crate) const KEY_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.InsertField$Key",
    config_def,
    |props| Ok(Box::new(InsertField::new(Part::Key, props)?)),
);

pub(crate) const VALUE_PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.InsertField$Value",
    config_def,
    |props| Ok(Box::new(InsertField::new(Part::Value, props)?)),
);

const TOPIC_FIELD: Key<Option<String>> = Key::new("topic.field")
    .default_null()
    .medium()
    .doc("The field that gets the topic. A name that ends in ! makes a required field, ? or nothing an optional one.");

const PARTITION_FIELD: Key<Option<String>> = Key::new("partition.field")
    .default_null()
    .medium()
    .doc("The field that gets the Kafka partition, if the record has one. ! and ? as in 'topic.field'.");

const OFFSET_FIELD: Key<Option<String>> = Key::new("offset.field")
    .default_null()
    .medium()
    .doc("The field that gets the Kafka offset; for sinks only. ! and ? as in 'topic.field'.");

const TIMESTAMP_FIELD: Key<Option<String>> = Key::new("timestamp.field")
    .default_null()
    .medium()
    .doc("The field that gets the record's timestamp, if it has one. ! and ? as in 'topic.field'.");

const STATIC_FIELD: Key<Option<String>> = Key::new("static.field")
    .default_null()
    .medium()
    .doc("The field that gets the text of 'static.value'. ! and ? as in 'topic.field'.");

const STATIC_VALUE: Key<Option<String>> = Key::new("static.value")
    .default_null()
    .medium()
    .doc("The text for 'static.field'.");

fn config_def() -> ConfigDef {
    ConfigDef::new()
        .with(&TOPIC_FIELD)
        .with(&PARTITION_FIELD)
        .with(&OFFSET_FIELD)
        .with(&TIMESTAMP_FIELD)
        .with(&STATIC_FIELD)
        .with(&STATIC_VALUE)
        .with(&REPLACE_NULL_WITH_DEFAULT)
}

const PURPOSE: &str = "field insertion";

/// Where an inserted field's value comes from.
#[derive(Debug, Clone)]
enum Source {
    Topic,
    Partition,
    Offset,
    Timestamp,
    Static(ByteString),
}

/// A field to insert.
#[derive(Debug)]
struct Insertion {
    name: ByteString,
    schema: SchemaRef,
    source: Source,
}

impl Insertion {
    fn new(spec: &str, source: Source) -> Self {
        let (name, optional) = match spec.strip_suffix('!') {
            Some(name) => (name, false),
            None => (spec.strip_suffix('?').unwrap_or(spec), true),
        };
        let plain = |kind| {
            if optional {
                Schema::optional(kind)
            } else {
                Schema::required(kind)
            }
        };
        let schema = match source {
            Source::Topic | Source::Static(_) => plain(Type::String),
            Source::Partition => plain(Type::Int32),
            Source::Offset => plain(Type::Int64),
            Source::Timestamp => logical::timestamp().with_optional(optional).build(),
        };
        Self {
            name: name.into(),
            schema,
            source,
        }
    }

    /// The value for `record`: null if it has none of the kind.
    fn value(&self, record: &Record) -> Result<Value> {
        Ok(match &self.source {
            Source::Topic => Value::String(record.topic.clone()),
            Source::Partition => record.partition.map_or(Value::Null, Value::Int32),
            Source::Timestamp => record.timestamp.map_or(Value::Null, Value::Int64),
            Source::Static(text) => Value::String(text.clone()),
            Source::Offset => match record.kafka_offset {
                Some(offset) => Value::Int64(offset),
                None => {
                    return Err(Error::data(format!(
                        "Only SinkRecord supported for [{PURPOSE}], found: org.apache.kafka.connect.source.SourceRecord; remove \
                         '{}' from a source's transformation",
                        OFFSET_FIELD.name()
                    )));
                }
            },
        })
    }
}

/// What becomes of the structs of one schema.
#[derive(Debug)]
struct Update {
    schema: SchemaRef,
    defaults: Vec<(usize, Value)>,
}

#[derive(Debug)]
struct InsertField {
    part: Part,
    insertions: Vec<Insertion>,
    replace_null_with_default: bool,
    updates: SchemaCache<Update>,
}

impl InsertField {
    fn new(part: Part, props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        let mut insertions = Vec::new();
        for (key, source) in [
            (&TOPIC_FIELD, Source::Topic),
            (&PARTITION_FIELD, Source::Partition),
            (&OFFSET_FIELD, Source::Offset),
            (&TIMESTAMP_FIELD, Source::Timestamp),
        ] {
            if let Some(spec) = settings.get(key)? {
                insertions.push(Insertion::new(&spec, source));
            }
        }
        if let Some(spec) = settings.get(&STATIC_FIELD)? {
            let Some(text) = settings.get(&STATIC_VALUE)? else {
                return Err(Error::config(format!(
                    "Invalid value null for configuration {}: No value specified for static field: {spec}",
                    STATIC_VALUE.name()
                )));
            };
            insertions.push(Insertion::new(&spec, Source::Static(text.into())));
        }
        if insertions.is_empty() {
            return Err(Error::config(
                "No field insertion configured: give at least one of topic.field, \
                 partition.field, offset.field, timestamp.field, static.field",
            ));
        }
        Ok(Self {
            part,
            insertions,
            replace_null_with_default: settings.get(&REPLACE_NULL_WITH_DEFAULT)?,
            updates: SchemaCache::new(64),
        })
    }

    fn insert_into_struct(&mut self, record: &mut Record, value: Struct) -> Result<()> {
        let (insertions, replace) = (&self.insertions, self.replace_null_with_default);
        let update = self.updates.get_or_make(value.schema(), |schema| {
            let mut builder = copy_with_fields(schema);
            for insertion in insertions {
                builder = builder.field(insertion.name.clone(), insertion.schema.clone());
            }
            Ok(Update {
                schema: builder.try_build()?,
                defaults: if replace {
                    defaults(schema)
                } else {
                    Vec::new()
                },
            })
        })?;
        let mut values = value.into_values();
        replace_nulls(&mut values, &update.defaults);
        values.reserve_exact(insertions.len());
        for insertion in insertions {
            values.push(insertion.value(record)?);
        }
        let updated = Struct::from_values(update.schema.clone(), values)?;
        self.part
            .set(record, Some(update.schema.clone()), Value::Struct(updated));
        Ok(())
    }

    fn insert_into_map(&self, record: &mut Record, value: Value) -> Result<()> {
        let mut entries = require_map(PURPOSE, value)?;
        for insertion in &self.insertions {
            let value = insertion.value(record)?;
            if value.is_null() {
                continue;
            }
            let known = entries
                .iter_mut()
                .find(|(key, _)| key.as_str() == Some(&insertion.name));
            match known {
                Some(entry) => entry.1 = value,
                None => entries.push((Value::String(insertion.name.clone()), value)),
            }
        }
        self.part.set(record, None, Value::Map(entries));
        Ok(())
    }
}

impl Transformation for InsertField {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        if self.part.value(record).is_null() {
            return Ok(Outcome::Keep);
        }
        let has_schema = self.part.schema(record).is_some();
        match self.part.take(record) {
            Value::Struct(value) if has_schema => self.insert_into_struct(record, value)?,
            value if has_schema => return Err(not_a_struct(PURPOSE, &value)),
            value => self.insert_into_map(record, value)?,
        }
        Ok(Outcome::Keep)
    }
}
