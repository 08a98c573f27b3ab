//! Records as Connect's `JsonConverter` with schemas has them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use connect_api::data::{Schema, SchemaRef, Type, Value};
use serde_json::{Map, Value as Json, json};

/// `{"schema":…,"payload":…}`; none for a null without schema.
pub(crate) fn with_schema(schema: Option<&SchemaRef>, value: &Value) -> Option<Json> {
    let schema = schema?;
    Some(json!({"schema": schema_json(schema), "payload": payload(schema, value)}))
}

pub(crate) fn schema_json(schema: &Schema) -> Json {
    let mut out = Map::new();
    let kind = match schema.kind() {
        Type::Float32 => "float",
        Type::Float64 => "double",
        kind => kind.name(),
    };
    out.insert("type".into(), kind.into());
    if schema.kind() == Type::Struct {
        let field = |field: &connect_api::data::Field| {
            let mut json = schema_json(&field.schema);
            json["field"] = field.name.to_string().into();
            json
        };
        out.insert("fields".into(), schema.fields().iter().map(field).collect());
    }
    if let Some(items) = schema.value_schema() {
        out.insert("items".into(), schema_json(items));
    }
    out.insert("optional".into(), schema.is_optional().into());
    if let Some(name) = schema.name() {
        out.insert("name".into(), name.into());
    }
    if let Some(version) = schema.version() {
        out.insert("version".into(), version.into());
    }
    if let Some(doc) = schema.doc() {
        out.insert("doc".into(), doc.into());
    }
    if !schema.parameters().is_empty() {
        let parameters = schema.parameters().iter();
        let parameters =
            parameters.map(|(name, value)| (name.to_string(), value.to_string().into()));
        out.insert("parameters".into(), Json::Object(parameters.collect()));
    }
    if let Some(default) = schema.default_value() {
        out.insert("default".into(), payload(schema, default));
    }
    Json::Object(out)
}

pub(crate) fn payload(schema: &Schema, value: &Value) -> Json {
    let value = match (value, schema.default_value()) {
        (Value::Null, Some(default)) => default,
        (value, _) => value,
    };
    if let Some(kind) = value.kind() {
        assert_eq!(kind, schema.kind(), "{value:?} in {schema:?}");
    } else {
        assert!(schema.is_optional(), "null in {schema:?}");
    }
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => json!(value),
        Value::Int8(value) => json!(value),
        Value::Int16(value) => json!(value),
        Value::Int32(value) => json!(value),
        Value::Int64(value) => json!(value),
        // The shortest digits, as Java's `Float.toString`.
        Value::Float32(value) => json!(value.to_string().parse::<f64>().unwrap()),
        Value::Float64(value) => json!(value),
        Value::String(value) => json!(&**value),
        Value::Bytes(value) => json!(BASE64_STANDARD.encode(value)),
        Value::Array(values) => {
            let items = schema.value_schema().unwrap();
            values.iter().map(|value| payload(items, value)).collect()
        }
        Value::Struct(value) => {
            let field = |(field, value): (&connect_api::data::Field, &Value)| {
                (field.name.to_string(), payload(&field.schema, value))
            };
            Json::Object(
                schema
                    .fields()
                    .iter()
                    .zip(value.values())
                    .map(field)
                    .collect(),
            )
        }
        Value::Map(_) => panic!("no map is expected"),
    }
}

/// Fails with the fields that differ, instead of two long documents.
pub(crate) fn assert_same(what: &str, ours: Option<&Json>, golden: Option<&Json>) {
    let mut differences = Vec::new();
    let null = Json::Null;
    differ(
        "",
        ours.unwrap_or(&null),
        golden.unwrap_or(&null),
        &mut differences,
    );
    assert!(
        differences.is_empty(),
        "{what}, ours for Debezium's:\n{}",
        differences.join("\n")
    );
}

fn differ(path: &str, ours: &Json, golden: &Json, out: &mut Vec<String>) {
    match (ours, golden) {
        (Json::Object(left), Json::Object(right)) if left.len() == right.len() => {
            for (name, value) in left {
                let path = format!("{path}.{name}");
                differ(&path, value, right.get(name).unwrap_or(&Json::Null), out);
            }
        }
        (Json::Array(left), Json::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                differ(&format!("{path}[{index}]"), left, right, out);
            }
        }
        (left, right) if left == right => {}
        (left, right) => out.push(format!("{path}: {left} for {right}")),
    }
}
