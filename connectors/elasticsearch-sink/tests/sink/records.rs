//! Records for the sink.

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};
use connect_api::record::{Record, SinkRecord, TimestampType, TopicPartition};

/// A record of partition 0 with a string key.
pub(crate) fn record(
    topic: &str,
    offset: i64,
    key: &str,
    schema: Option<&SchemaRef>,
    value: Value,
) -> SinkRecord {
    let key_schema = Schema::optional(Type::String);
    SinkRecord {
        record: Record {
            topic: topic.into(),
            partition: Some(0),
            key_schema: Some(key_schema),
            key: Value::String(key.into()),
            value_schema: schema.cloned(),
            value,
            timestamp: Some(1_600_000_000_000),
            kafka_offset: Some(offset),
            ..Record::default()
        },
        origin: TopicPartition {
            topic: topic.into(),
            partition: 0,
        },
        offset,
        timestamp_type: TimestampType::CreateTime,
        raw: None,
    }
}

/// A record without a value.
pub(crate) fn tombstone(topic: &str, offset: i64, key: &str) -> SinkRecord {
    record(topic, offset, key, None, Value::Null)
}

/// A record without schemas whose value is this JSON object.
pub(crate) fn json_record(
    topic: &str,
    offset: i64,
    key: &str,
    json: serde_json::Value,
) -> SinkRecord {
    record(topic, offset, key, None, value_of(json))
}

fn value_of(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Boolean(value),
        serde_json::Value::Number(number) => number
            .as_i64()
            .map_or_else(|| Value::Float64(number.as_f64().unwrap()), Value::Int64),
        serde_json::Value::String(text) => Value::from(text),
        serde_json::Value::Array(items) => Value::Array(items.into_iter().map(value_of).collect()),
        serde_json::Value::Object(fields) => Value::Map(
            fields
                .into_iter()
                .map(|(name, value)| (Value::from(name), value_of(value)))
                .collect(),
        ),
    }
}

/// A struct and its schema.
pub(crate) fn structure(fields: &[(&str, SchemaRef, Value)]) -> (SchemaRef, Value) {
    let mut builder = SchemaBuilder::structure().name("record");
    for (name, schema, _) in fields {
        builder = builder.field(*name, schema.clone());
    }
    let schema = builder.build();
    let values = fields.iter().map(|(_, _, value)| value.clone()).collect();
    let value = Struct::from_values(schema.clone(), values).unwrap();
    (schema, value.into())
}
