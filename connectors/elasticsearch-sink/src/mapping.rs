//! An index's mapping from a schema (the original's `Mapping`), with Debezium's
//! temporal types as dates beyond it.

use connect_api::data::{Schema, Type, Value, logical};
use connect_api::java::to_string::scale;
use connect_api::{Error, Result};
use serde_json::{Map, Value as Json, json};

use crate::document::{Temporal, decimal_to_f64};

/// The mapping of documents with values of `schema`.
pub(crate) fn mapping(schema: &Schema) -> Result<Json> {
    if let Some(mapping) = logical_mapping(schema) {
        return Ok(mapping);
    }
    let items = |schema: Option<&connect_api::data::SchemaRef>| match schema {
        Some(schema) => mapping(schema),
        None => Err(Error::data("a schema lacks the schema of its items")),
    };
    Ok(match schema.kind() {
        // Every field of Elasticsearch may have many values.
        Type::Array => items(schema.value_schema())?,
        Type::Map => json!({ "properties": {
            "key": items(schema.key_schema())?,
            "value": items(schema.value_schema())?,
        }}),
        Type::Struct => {
            let mut properties = Map::new();
            for field in schema.fields() {
                properties.insert(field.name.to_string(), mapping(&field.schema)?);
            }
            json!({ "properties": properties })
        }
        Type::String => json!({
            "type": "text",
            "fields": { "keyword": { "type": "keyword", "ignore_above": 256 } },
        }),
        Type::Bytes => json!({ "type": "binary" }),
        scalar => with_default(scalar_type(scalar), schema.default_value().and_then(number)),
    })
}

fn scalar_type(kind: Type) -> &'static str {
    match kind {
        Type::Boolean => "boolean",
        Type::Int8 => "byte",
        Type::Int16 => "short",
        Type::Int32 => "integer",
        Type::Float32 => "float",
        Type::Float64 => "double",
        _ => "long",
    }
}

fn logical_mapping(schema: &Schema) -> Option<Json> {
    let default = schema.default_value();
    if let Some(temporal) = Temporal::of(schema) {
        let millis = default.and_then(|value| temporal.millis(value));
        return Some(with_default("date", millis.map(Json::from)));
    }
    let default = match (schema.name()?, default) {
        (logical::DECIMAL, default) => {
            let double = default.and_then(|value| match value {
                Value::Bytes(unscaled) => Some(decimal_to_f64(unscaled, scale(schema)?)),
                other => other.as_i64().map(|value| value as f64),
            });
            return Some(with_default("double", double.map(Json::from)));
        }
        (logical::DATE, Some(Value::Int32(days))) => Some(i64::from(*days) * 86_400_000),
        (logical::TIME | logical::TIMESTAMP, Some(value)) => value.as_i64(),
        (logical::DATE | logical::TIME | logical::TIMESTAMP, None) => None,
        _ => return None,
    };
    Some(with_default("date", default.map(Json::from)))
}

/// A default stands in for null in searches. Texts and binaries cannot have one.
fn with_default(kind: &str, default: Option<Json>) -> Json {
    let mut mapping = json!({ "type": kind });
    if let Some(default) = default.filter(|value| !value.is_null()) {
        mapping["null_value"] = default;
    }
    mapping
}

fn number(value: &Value) -> Option<Json> {
    match *value {
        Value::Boolean(value) => Some(value.into()),
        Value::Float32(value) => Some(f64::from(value).into()),
        Value::Float64(value) => Some(value.into()),
        ref other => other.as_i64().map(Json::from),
    }
}

#[cfg(test)]
mod tests {
    use connect_api::data::{SchemaBuilder, SchemaRef};

    use super::*;

    fn of(kind: Type) -> SchemaRef {
        Schema::required(kind)
    }

    /// The expectations of the original's `MappingTest`.
    #[test]
    fn every_type_has_its_mapping() {
        let text = json!({
            "type": "text",
            "fields": { "keyword": { "type": "keyword", "ignore_above": 256 } },
        });
        let cases = [
            (of(Type::Boolean), json!({"type": "boolean"})),
            (of(Type::Bytes), json!({"type": "binary"})),
            (of(Type::Int8), json!({"type": "byte"})),
            (of(Type::Int16), json!({"type": "short"})),
            (of(Type::Int32), json!({"type": "integer"})),
            (of(Type::Int64), json!({"type": "long"})),
            (of(Type::Float32), json!({"type": "float"})),
            (of(Type::Float64), json!({"type": "double"})),
            (of(Type::String), text.clone()),
            (SchemaBuilder::array(of(Type::String)).build(), text.clone()),
            (
                SchemaBuilder::map(of(Type::String), of(Type::Int32)).build(),
                json!({"properties": {"key": text, "value": {"type": "integer"}}}),
            ),
            (logical::decimal(2).build(), json!({"type": "double"})),
            (logical::date().build(), json!({"type": "date"})),
            (logical::time().build(), json!({"type": "date"})),
            (logical::timestamp().build(), json!({"type": "date"})),
        ];
        for (schema, expected) in cases {
            assert_eq!(mapping(&schema).unwrap(), expected);
            let outer = SchemaBuilder::structure().field("f", schema).build();
            assert_eq!(
                mapping(&outer).unwrap(),
                json!({"properties": {"f": expected}})
            );
        }
    }

    #[test]
    fn defaults_become_null_values() {
        let with = |kind, value| SchemaBuilder::new(kind).default_value(value).build();
        let date = |days| logical::date().default_value(Value::Int32(days)).build();
        let decimal = logical::decimal(2).default_value(Value::Bytes(vec![1, 0].into()));
        let cases = [
            (with(Type::Boolean, Value::Boolean(true)), json!(true)),
            (with(Type::Int8, Value::Int8(1)), json!(1)),
            (with(Type::Int16, Value::Int16(1)), json!(1)),
            (with(Type::Int32, Value::Int32(1)), json!(1)),
            (with(Type::Int64, Value::Int64(1)), json!(1)),
            (with(Type::Float32, Value::Float32(1.0)), json!(1.0)),
            (with(Type::Float64, Value::Float64(1.0)), json!(1.0)),
            (date(18_000), json!(1_555_200_000_000_i64)),
            (decimal.build(), json!(2.56)),
            (with(Type::String, Value::from("0")), Json::Null),
        ];
        for (schema, expected) in cases {
            assert_eq!(mapping(&schema).unwrap()["null_value"], expected);
        }
    }

    #[test]
    fn debezium_times_are_dates() {
        for (name, kind) in [
            ("Date", Type::Int32),
            ("Time", Type::Int32),
            ("MicroTime", Type::Int64),
            ("NanoTime", Type::Int64),
            ("Timestamp", Type::Int64),
            ("MicroTimestamp", Type::Int64),
            ("NanoTimestamp", Type::Int64),
            ("ZonedTimestamp", Type::String),
        ] {
            let schema = SchemaBuilder::new(kind).name(format!("io.debezium.time.{name}"));
            assert_eq!(
                mapping(&schema.build()).unwrap(),
                json!({"type": "date"}),
                "{name}"
            );
        }
        let year = SchemaBuilder::new(Type::Int32).name("io.debezium.time.Year");
        assert_eq!(mapping(&year.build()).unwrap(), json!({"type": "integer"}));
    }
}
