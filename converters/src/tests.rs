//! The list of converters, and their settings as the original reports them.

use connect_api::Props;
use connect_api::config::{ConfigDef, ConfigKeyInfo};
use connect_api::data::{Schema, Type, Value};
use connect_api::plugin::Converted;
use connect_api::registry::Plugins;

use super::*;

fn plugins() -> Plugins {
    Plugins {
        converters: converters(),
        header_converters: header_converters(),
        ..Plugins::default()
    }
}

/// The answer of a Connect 4.3.1 worker to
/// `GET /connector-plugins/org.apache.kafka.connect.json.JsonConverter/config`;
/// documentation is in our own words.
#[test]
fn json_settings_are_those_of_the_original() {
    let golden = include_str!("../tests/data/JsonConverter-config.json");
    let golden: Vec<serde_json::Value> = serde_json::from_str(golden).unwrap();
    assert_eq!(
        described(&(json::CONVERTER.config)()),
        without_documentation(golden)
    );
}

fn described(def: &ConfigDef) -> Vec<serde_json::Value> {
    let infos = def.keys().map(ConfigKeyInfo::from);
    without_documentation(
        infos
            .map(|info| serde_json::to_value(info).unwrap())
            .collect(),
    )
}

fn without_documentation(mut keys: Vec<serde_json::Value>) -> Vec<serde_json::Value> {
    for key in &mut keys {
        let documentation = key
            .as_object_mut()
            .unwrap()
            .remove("documentation")
            .unwrap();
        assert!(!documentation.as_str().unwrap().is_empty());
    }
    keys
}

#[test]
fn defaults_pass_their_own_checks() {
    for plugin in converters() {
        assert!((plugin.config)().check_defaults().is_empty());
    }
}

#[test]
fn aliases_find_their_converter() {
    let plugins = plugins();
    for name in [
        "org.apache.kafka.connect.json.JsonConverter",
        "JsonConverter",
        "Json",
        "io.confluent.connect.replicator.util.ByteArrayConverter",
        "Integer",
        "io.confluent.connect.avro.AvroConverter",
        "io.apicurio.registry.utils.converter.AvroConverter",
        "AvroConverter",
    ] {
        assert!(plugins.converter(name).is_ok(), "{name}");
    }
    for name in ["SimpleHeaderConverter", "Simple", "String"] {
        assert!(plugins.header_converter(name).is_ok(), "{name}");
    }
    assert_eq!(plugins.converters.len(), 11);
    assert_eq!(plugins.header_converters.len(), 10);
}

/// Kafka's `IntegerSerializer` and its siblings; `NumberConverterTest`.
#[test]
fn primitives_are_big_endian() {
    let cases: [(&str, Type, Value, &[u8]); 6] = [
        ("Boolean", Type::Boolean, Value::Boolean(true), &[1]),
        ("Short", Type::Int16, Value::Int16(-2), &[0xFF, 0xFE]),
        ("Integer", Type::Int32, Value::Int32(1007), &[0, 0, 3, 0xEF]),
        (
            "Long",
            Type::Int64,
            Value::Int64(1),
            &[0, 0, 0, 0, 0, 0, 0, 1],
        ),
        (
            "Float",
            Type::Float32,
            Value::Float32(1.0),
            &[0x3F, 0x80, 0, 0],
        ),
        (
            "Double",
            Type::Float64,
            Value::Float64(1.0),
            &[0x3F, 0xF0, 0, 0, 0, 0, 0, 0],
        ),
    ];
    for (name, kind, value, bytes) in cases {
        let plugins = plugins();
        let create = plugins.converter(name).unwrap().create;
        let mut converter = create(&Props::new(), true).unwrap();
        let schema = Schema::optional(kind);
        let mut out = Vec::new();
        let written = converter.serialize("t", Some(&schema), &value, &mut out);
        assert_eq!(written.unwrap(), Converted::Bytes);
        assert_eq!(out, bytes, "{name}");
        let read = converter.deserialize("t", Some(&out.into())).unwrap();
        assert_eq!(read, Some((Some(schema), value)), "{name}");

        let null = converter.serialize("t", None, &Value::Null, &mut Vec::new());
        assert_eq!(null.unwrap(), Converted::Null);
        assert!(
            converter
                .serialize("t", None, &"text".into(), &mut Vec::new())
                .is_err()
        );
        let short = bytes::Bytes::from_static(&[7, 7, 7]);
        let error = converter
            .deserialize("t", Some(&short))
            .unwrap_err()
            .to_string();
        assert!(error.contains("Failed to deserialize"), "{error}");
    }
}

/// `ByteArrayConverterTest`.
#[test]
fn bytes_stay_as_they_are() {
    let plugins = plugins();
    let create = plugins.converter("ByteArrayConverter").unwrap().create;
    let mut converter = create(&Props::new(), false).unwrap();
    let sample = bytes::Bytes::from_static(b"sample string");
    let value = Value::Bytes(sample.clone());
    let mut out = Vec::new();
    converter.serialize("t", None, &value, &mut out).unwrap();
    assert_eq!(out, sample);
    let (schema, read) = converter.deserialize("t", Some(&sample)).unwrap().unwrap();
    assert_eq!(
        (schema, read),
        (Some(Schema::optional(Type::Bytes)), value.clone())
    );

    let int32 = Schema::required(Type::Int32);
    let error = converter
        .serialize("t", Some(&int32), &value, &mut out)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "Invalid schema type for ByteArrayConverter: INT32"
    );
    let bytes = Schema::required(Type::Bytes);
    let error = converter
        .serialize("t", Some(&bytes), &Value::Int64(1), &mut out)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("not compatible with objects of type INT64")
    );
}
