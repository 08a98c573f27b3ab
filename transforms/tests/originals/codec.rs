//! Records as the recorder writes them (see `recorder/README.md`).

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};
use connect_api::record::{Header, Record};
use serde_json::{Value as Json, json};

const TYPES: [Type; 12] = [
    Type::Int8,
    Type::Int16,
    Type::Int32,
    Type::Int64,
    Type::Float32,
    Type::Float64,
    Type::Boolean,
    Type::String,
    Type::Bytes,
    Type::Array,
    Type::Map,
    Type::Struct,
];

pub(crate) fn decode(json: &Json) -> Record {
    let key_schema = decode_schema(&json["key_schema"]);
    let value_schema = decode_schema(&json["value_schema"]);
    let headers = json["headers"].as_array().unwrap().iter().map(|header| {
        let schema = decode_schema(&header["schema"]);
        Header {
            key: text(&header["name"]).unwrap().into(),
            value: decode_value(schema.as_ref(), &header["value"]),
            schema,
        }
    });
    Record {
        topic: text(&json["topic"]).unwrap().into(),
        partition: json["partition"].as_i64().map(|value| value as i32),
        key: decode_value(key_schema.as_ref(), &json["key"]),
        value: decode_value(value_schema.as_ref(), &json["value"]),
        key_schema,
        value_schema,
        timestamp: json["timestamp"].as_i64(),
        headers: headers.collect(),
        kafka_offset: json["offset"].as_i64(),
    }
}

fn text(json: &Json) -> Option<String> {
    json.as_str().map(str::to_owned)
}

fn decode_schema(json: &Json) -> Option<SchemaRef> {
    if json.is_null() {
        return None;
    }
    let kind = TYPES.into_iter().find(|kind| kind.name() == json["type"]);
    let mut builder = match kind.unwrap() {
        Type::Array => SchemaBuilder::array(decode_schema(&json["values"]).unwrap()),
        Type::Map => SchemaBuilder::map(
            decode_schema(&json["keys"]).unwrap(),
            decode_schema(&json["values"]).unwrap(),
        ),
        kind => SchemaBuilder::new(kind),
    };
    for field in json["fields"].as_array().into_iter().flatten() {
        let schema = decode_schema(&field["schema"]).unwrap();
        builder = builder.field(text(&field["name"]).unwrap(), schema);
    }
    builder = builder.with_optional(json["optional"].as_bool().unwrap());
    if let Some(name) = text(&json["name"]) {
        builder = builder.name(name);
    }
    if let Some(version) = json["version"].as_i64() {
        builder = builder.version(version as i32);
    }
    if let Some(doc) = text(&json["doc"]) {
        builder = builder.doc(doc);
    }
    for (name, value) in json["parameters"].as_object().unwrap() {
        builder = builder.parameter(name.clone(), text(value).unwrap());
    }
    let schema = builder.build();
    if json["default"].is_null() {
        return Some(schema);
    }
    let default = decode_value(Some(&schema), &json["default"]);
    Some(schema.to_builder().default_value(default).build())
}

fn decode_value(schema: Option<&SchemaRef>, json: &Json) -> Value {
    let Some((kind, json)) = json.as_object().and_then(|object| object.iter().next()) else {
        return Value::Null;
    };
    let number = || json.as_i64().unwrap();
    let inner = schema.and_then(|schema| schema.value_schema());
    match kind.as_str() {
        "boolean" => Value::Boolean(json.as_bool().unwrap()),
        "int8" => Value::Int8(number() as i8),
        "int16" => Value::Int16(number() as i16),
        "int32" => Value::Int32(number() as i32),
        "int64" => Value::Int64(number()),
        "float32" => Value::Float32(f32::from_bits(bits(json) as u32)),
        "float64" => Value::Float64(f64::from_bits(bits(json))),
        "string" => Value::from(text(json).unwrap()),
        "bytes" => Value::Bytes(from_hex(json.as_str().unwrap()).into()),
        "array" => {
            let items = json.as_array().unwrap().iter();
            Value::Array(items.map(|item| decode_value(inner, item)).collect())
        }
        "map" => {
            let keys = schema.and_then(|schema| schema.key_schema());
            let entries = json.as_array().unwrap().iter();
            let entries = entries.map(|entry| {
                (
                    decode_value(keys, &entry[0]),
                    decode_value(inner, &entry[1]),
                )
            });
            Value::Map(entries.collect())
        }
        "struct" => {
            let schema = schema.unwrap();
            let fields = schema.fields().iter().zip(json.as_array().unwrap());
            let values = fields.map(|(field, json)| decode_value(Some(&field.schema), json));
            let values = values.collect();
            Struct::from_values(schema.clone(), values).unwrap().into()
        }
        other => panic!("a value of the kind {other}"),
    }
}

fn bits(json: &Json) -> u64 {
    u64::from_str_radix(json.as_str().unwrap(), 16).unwrap()
}

fn from_hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| std::str::from_utf8(pair).unwrap());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

pub(crate) fn encode(record: &Record) -> Json {
    let headers = record.headers.iter().map(|header| {
        json!({
            "name": &*header.key,
            "schema": encode_schema(header.schema.as_ref()),
            "value": encode_value(&header.value),
        })
    });
    let mut json = json!({
        "topic": &*record.topic,
        "partition": record.partition,
        "timestamp": record.timestamp,
        "key_schema": encode_schema(record.key_schema.as_ref()),
        "key": encode_value(&record.key),
        "value_schema": encode_schema(record.value_schema.as_ref()),
        "value": encode_value(&record.value),
        "headers": headers.collect::<Vec<Json>>(),
    });
    if let Some(offset) = record.kafka_offset {
        json["offset"] = offset.into();
    }
    json
}

fn encode_schema(schema: Option<&SchemaRef>) -> Json {
    let Some(schema) = schema else {
        return Json::Null;
    };
    let parameters = schema.parameters().iter();
    let parameters = parameters.map(|(name, value)| (name.to_string(), json!(&**value)));
    let default = schema.default_value().map_or(Json::Null, encode_value);
    let mut json = json!({
        "type": schema.kind().name(),
        "optional": schema.is_optional(),
        "name": schema.name(),
        "version": schema.version(),
        "doc": schema.doc(),
        "default": default,
        "parameters": parameters.collect::<serde_json::Map<String, Json>>(),
    });
    let nested = |schema: fn(&Schema) -> Option<&SchemaRef>, of: &Schema| encode_schema(schema(of));
    match schema.kind() {
        Type::Struct => {
            let fields = schema.fields().iter();
            let fields = fields.map(
                |field| json!({"name": &*field.name, "schema": encode_schema(Some(&field.schema))}),
            );
            json["fields"] = fields.collect();
        }
        Type::Map => {
            json["keys"] = nested(Schema::key_schema, schema);
            json["values"] = nested(Schema::value_schema, schema);
        }
        Type::Array => json["values"] = nested(Schema::value_schema, schema),
        _ => {}
    }
    json
}

fn encode_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => json!({"boolean": value}),
        Value::Int8(value) => json!({"int8": value}),
        Value::Int16(value) => json!({"int16": value}),
        Value::Int32(value) => json!({"int32": value}),
        Value::Int64(value) => json!({"int64": value}),
        Value::Float32(value) => json!({"float32": format!("{:08x}", value.to_bits())}),
        Value::Float64(value) => json!({"float64": format!("{:016x}", value.to_bits())}),
        Value::String(text) => json!({"string": &**text}),
        Value::Bytes(bytes) => {
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            json!({"bytes": digits.collect::<String>()})
        }
        Value::Array(items) => json!({"array": items.iter().map(encode_value).collect::<Json>()}),
        Value::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| (encode_value(key), encode_value(value)));
            let mut entries: Vec<(Json, Json)> = entries.collect();
            entries.sort_by_key(|(key, _)| key.to_string());
            json!({"map": entries})
        }
        Value::Struct(value) => {
            json!({"struct": value.values().iter().map(encode_value).collect::<Json>()})
        }
    }
}
