//! Expectations are those of Kafka's `JsonConverterTest`, and of the source
//! where that has none.

use std::sync::Arc;

use connect_api::data::{Schema, SchemaBuilder, Struct, Type, logical};
use connect_api::{Props, Result};

use super::*;

fn converter(settings: &[(&str, &str)]) -> JsonConverter {
    let props: Props = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    JsonConverter::new(config::parse(&props, "value").unwrap()).unwrap()
}

fn written(settings: &[(&str, &str)], schema: Option<&SchemaRef>, value: &Value) -> Result<String> {
    let mut out = Vec::new();
    match converter(settings).write(schema, value, &mut out)? {
        Converted::Bytes => Ok(String::from_utf8(out).unwrap()),
        Converted::Null => Ok("(null)".to_owned()),
        Converted::Pending => unreachable!("JSON needs no server"),
    }
}

fn read(settings: &[(&str, &str)], text: &str) -> Result<(Option<SchemaRef>, Value)> {
    converter(settings).read(Some(&Bytes::from(text.to_owned())))
}

const PLAIN: &[(&str, &str)] = &[("schemas.enable", "false")];

#[test]
fn scalars_both_ways() {
    let cases = [
        (Type::Boolean, "boolean", Value::Boolean(true), "true"),
        (Type::Int8, "int8", Value::Int8(-12), "-12"),
        (Type::Int16, "int16", Value::Int16(12), "12"),
        (Type::Int32, "int32", Value::Int32(12), "12"),
        (
            Type::Int64,
            "int64",
            Value::Int64(4_398_046_511_104),
            "4398046511104",
        ),
        (Type::Float32, "float", Value::Float32(12.34), "12.34"),
        (Type::Float64, "double", Value::Float64(12.34), "12.34"),
        (
            Type::Bytes,
            "bytes",
            Value::Bytes(Bytes::from_static(b"test-string")),
            "\"dGVzdC1zdHJpbmc=\"",
        ),
        (
            Type::String,
            "string",
            "test-string".into(),
            "\"test-string\"",
        ),
    ];
    for (kind, name, value, json) in cases {
        let schema = Schema::required(kind);
        let text = format!(r#"{{"schema":{{"type":"{name}","optional":false}},"payload":{json}}}"#);
        assert_eq!(written(&[], Some(&schema), &value).unwrap(), text);
        assert_eq!(read(&[], &text).unwrap(), (Some(schema), value));
    }
}

#[test]
fn leading_zeros_are_read() {
    let text = r#"{ "schema": { "type": "int64" }, "payload": 00000123456789 }"#;
    assert_eq!(read(&[], text).unwrap().1, Value::Int64(123_456_789));
}

#[test]
fn what_is_not_finite_is_in_quotes_and_comes_back() {
    for (value, json) in [
        (f64::INFINITY, "\"Infinity\""),
        (f64::NEG_INFINITY, "\"-Infinity\""),
        (f64::NAN, "\"NaN\""),
    ] {
        assert_eq!(written(PLAIN, None, &Value::Float64(value)).unwrap(), json);
        let text = format!(r#"{{"schema":{{"type":"float"}},"payload":{json}}}"#);
        let Value::Float32(read) = read(&[], &text).unwrap().1 else {
            panic!("not a float");
        };
        assert_eq!(read.to_string(), (value as f32).to_string());
    }
}

#[test]
fn collections_both_ways() {
    let int32 = Schema::required(Type::Int32);
    let string = Schema::required(Type::String);
    let list = SchemaBuilder::array(int32.clone()).build();
    let text = r#"{"schema":{"type":"array","items":{"type":"int32","optional":false},"optional":false},"payload":[1,2,3]}"#;
    let value = Value::Array(vec![Value::Int32(1), Value::Int32(2), Value::Int32(3)]);
    assert_eq!(written(&[], Some(&list), &value).unwrap(), text);
    assert_eq!(read(&[], text).unwrap(), (Some(list), value));

    let object = SchemaBuilder::map(string, int32.clone()).build();
    let text = r#"{"schema":{"type":"map","keys":{"type":"string","optional":false},"values":{"type":"int32","optional":false},"optional":false},"payload":{"key1":12,"key2":15}}"#;
    let value = Value::Map(vec![
        ("key1".into(), Value::Int32(12)),
        ("key2".into(), Value::Int32(15)),
    ]);
    assert_eq!(written(&[], Some(&object), &value).unwrap(), text);
    assert_eq!(read(&[], text).unwrap(), (Some(object), value));

    let pairs = SchemaBuilder::map(int32.clone(), int32).build();
    let text = r#"{"schema":{"type":"map","keys":{"type":"int32","optional":false},"values":{"type":"int32","optional":false},"optional":false},"payload":[[1,12],[2,15]]}"#;
    let value = Value::Map(vec![
        (Value::Int32(1), Value::Int32(12)),
        (Value::Int32(2), Value::Int32(15)),
    ]);
    assert_eq!(written(&[], Some(&pairs), &value).unwrap(), text);
    assert_eq!(read(&[], text).unwrap(), (Some(pairs), value));
}

#[test]
fn logical_types_both_ways() {
    let cases = [
        (
            logical::decimal(2).build(),
            Value::Bytes(Bytes::from_static(&[0, 156])),
            "\"AJw=\"",
        ),
        (logical::date().build(), Value::Int32(10_000), "10000"),
        (
            logical::time().build(),
            Value::Int32(14_400_000),
            "14400000",
        ),
        (
            logical::timestamp().build(),
            Value::Int64(4_000_000_000),
            "4000000000",
        ),
    ];
    for (schema, value, json) in cases {
        let text = written(&[], Some(&schema), &value).unwrap();
        assert!(text.ends_with(&format!(r#","payload":{json}}}"#)), "{text}");
        assert_eq!(read(&[], &text).unwrap(), (Some(schema), value));
    }
}

#[test]
fn decimals_as_numbers() {
    let numeric = &[("decimal.format", "numeric"), ("schemas.enable", "true")];
    for (unscaled, scale, json) in [(156, 2, "1.56"), (15_600, 4, "1.5600"), (-1, 9, "-1E-9")] {
        let schema = logical::decimal(scale).build();
        let number = crate::java::decimal::Decimal::parse(&i32::to_string(&unscaled)).unwrap();
        let value = Value::Bytes(Bytes::from(number.to_unscaled()));
        let text = written(numeric, Some(&schema), &value).unwrap();
        assert!(text.ends_with(&format!(r#","payload":{json}}}"#)), "{text}");
        assert_eq!(read(&[], &text).unwrap(), (Some(schema), value));
    }
    let text = r#"{"schema":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"1"}},"payload":1.55}"#;
    let error = read(&[], text).unwrap_err().to_string();
    assert!(
        error.contains("1.55 does not fit its schema's scale 1"),
        "{error}"
    );
}

#[test]
fn without_a_schema() {
    let text = r#"{"a":[1,"2",3.5,null],"b":{"c":true}}"#;
    let value = Value::Map(vec![
        (
            "a".into(),
            Value::Array(vec![
                Value::Int64(1),
                "2".into(),
                Value::Float64(3.5),
                Value::Null,
            ]),
        ),
        (
            "b".into(),
            Value::Map(vec![("c".into(), Value::Boolean(true))]),
        ),
    ]);
    assert_eq!(read(PLAIN, text).unwrap(), (None, value.clone()));
    assert_eq!(written(PLAIN, None, &value).unwrap(), text);
    assert_eq!(
        written(&[], None, &Value::Boolean(true)).unwrap(),
        r#"{"schema":null,"payload":true}"#
    );
    assert_eq!(
        read(&[], r#"{ "schema": null, "payload": 12.24 }"#).unwrap(),
        (None, Value::Float64(12.24))
    );
    let mixed = Value::Map(vec![
        ("a".into(), Value::Int8(1)),
        (Value::Int8(2), Value::Null),
    ]);
    assert_eq!(
        written(PLAIN, None, &mixed).unwrap(),
        r#"[["a",1],[2,null]]"#
    );
    assert_eq!(
        read(PLAIN, r#"{"a":1,"b":2,"a":3}"#).unwrap().1,
        Value::Map(vec![
            ("a".into(), Value::Int64(3)),
            ("b".into(), Value::Int64(2))
        ])
    );
}

#[test]
fn nulls() {
    let optional = Schema::optional(Type::Int32);
    assert_eq!(written(&[], None, &Value::Null).unwrap(), "(null)");
    assert_eq!(written(PLAIN, None, &Value::Null).unwrap(), "(null)");
    assert_eq!(
        written(PLAIN, Some(&optional), &Value::Null).unwrap(),
        "null"
    );
    assert_eq!(
        written(&[], Some(&optional), &Value::Null).unwrap(),
        r#"{"schema":{"type":"int32","optional":true},"payload":null}"#
    );
    let error = written(&[], Some(&Schema::required(Type::Int32)), &Value::Null).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("null value for field that is required")
    );
    assert_eq!(converter(&[]).read(None).unwrap(), (None, Value::Null));
    assert_eq!(read(PLAIN, "").unwrap(), (None, Value::Null));
    assert!(read(&[], "").is_err());
}

#[test]
fn nulls_become_defaults_unless_switched_off() {
    let field = SchemaBuilder::new(Type::String)
        .optional()
        .default_value("default".into())
        .build();
    let schema = SchemaBuilder::structure().field("f", field.clone()).build();
    let value = Value::Struct(Struct::new(schema.clone()));
    let off: &[_] = &[
        ("schemas.enable", "false"),
        ("replace.null.with.default", "false"),
    ];
    assert_eq!(
        written(PLAIN, Some(&schema), &value).unwrap(),
        r#"{"f":"default"}"#
    );
    assert_eq!(
        written(off, Some(&schema), &value).unwrap(),
        r#"{"f":null}"#
    );

    let text = r#"{"schema":{"type":"string","optional":true,"default":"default"},"payload":null}"#;
    assert_eq!(
        read(&[], text).unwrap(),
        (Some(field.clone()), "default".into())
    );
    let kept = read(&[("replace.null.with.default", "false")], text).unwrap();
    assert_eq!(kept, (Some(field), Value::Null));
}

#[test]
fn a_schema_has_its_members_in_order() {
    let field = SchemaBuilder::new(Type::Int64)
        .optional()
        .name("io.debezium.time.Timestamp")
        .version(1)
        .doc("a \"doc\"")
        .parameter("length", "10")
        .parameter("scale", "2")
        .default_value(Value::Int64(0))
        .build();
    let schema = SchemaBuilder::structure()
        .name("T")
        .field("at", field)
        .build();
    let value = Value::Struct(Struct::new(schema.clone()));
    let text = written(&[], Some(&schema), &value).unwrap();
    assert_eq!(
        text,
        r#"{"schema":{"type":"struct","fields":[{"type":"int64","optional":true,"name":"io.debezium.time.Timestamp","version":1,"doc":"a \"doc\"","parameters":{"length":"10","scale":"2"},"default":0,"field":"at"}],"optional":false,"name":"T"},"payload":{"at":0}}"#
    );
    assert_eq!(*read(&[], &text).unwrap().0.unwrap(), *schema);
}

#[test]
fn schema_content_takes_the_place_of_the_envelope() {
    let fixed: &[_] = &[(
        "schema.content",
        r#"{"type":"struct","fields":[{"type":"int32","optional":false,"field":"a"}]}"#,
    )];
    let (schema, value) = read(fixed, r#"{"a":1,"more":2}"#).unwrap();
    assert_eq!(schema.unwrap().fields().len(), 1);
    assert_eq!(value.as_struct().unwrap().get("a"), Some(&Value::Int32(1)));

    let props = Props::from_iter([("schema.content".to_owned(), "{".to_owned())]);
    let error = JsonConverter::new(config::parse(&props, "value").unwrap()).unwrap_err();
    assert!(error.to_string().contains("schema.content"), "{error}");
}

#[test]
fn both_orders_of_the_envelope() {
    let text = r#"{"payload":{"a":[1]},"schema":{"type":"map","keys":{"type":"string"},"values":{"type":"array","items":{"type":"int8"}}}}"#;
    let (_, value) = read(&[], text).unwrap();
    let items = Value::Array(vec![Value::Int8(1)]);
    assert_eq!(value, Value::Map(vec![("a".into(), items)]));
}

#[test]
fn errors_say_what_and_where() {
    let schema = |json: &str, payload: &str| {
        format!(r#"{{"schema":{{"type":"struct","fields":[{json}]}},"payload":{payload}}}"#)
    };
    let inner = r#"{"type":"struct","field":"a","fields":[{"type":"int8","field":"b"}]}"#;
    let cases = [
        (
            "{}".to_owned(),
            "requires \"schema\" and \"payload\" fields",
        ),
        (
            r#"{"schema":null,"payload":1,"x":1}"#.to_owned(),
            "may not contain additional fields",
        ),
        (
            r#"{"schema":null,"payload":1} x"#.to_owned(),
            "expected the end",
        ),
        (
            r#"{"schema":{},"payload":1}"#.to_owned(),
            "Schema must contain 'type' field",
        ),
        (
            r#"{"schema":{"type":"x"},"payload":1}"#.to_owned(),
            "Unknown schema type: x",
        ),
        (
            schema(inner, r#"{"a":{"b":300}}"#),
            "Invalid value 300 for type INT8 (field: a.b)",
        ),
        (
            schema(inner, r#"{"a":{"b":1.5}}"#),
            "Invalid value 1.5 for type INT8 (field: a.b)",
        ),
        (
            schema(inner, r#"{"a":{"b":"1"}}"#),
            "should be integer but was STRING (field: a.b)",
        ),
        (
            schema(inner, r#"{"a":{}}"#),
            "Invalid null value for required INT8 field (field: a.b)",
        ),
        (
            schema(inner, r#"{"a":[]}"#),
            "Structs should be encoded as JSON objects, but found ARRAY",
        ),
        (
            schema(&format!("{inner},{inner}"), "{}"),
            "field name duplication a",
        ),
    ];
    for (text, reason) in cases {
        let error = read(&[], &text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    let not_utf8 = Bytes::from_static(b"\"\xFF\"");
    assert!(converter(PLAIN).read(Some(&not_utf8)).is_err());
}

#[test]
fn a_value_of_another_type_leaves_no_bytes_behind() {
    let row = SchemaBuilder::structure()
        .field("id", Schema::required(Type::Int32))
        .field("name", Schema::required(Type::String))
        .build();
    let mut value = Struct::new(row.clone());
    value.set("id", Value::Int32(1)).unwrap();
    value.set("name", Value::Int32(2)).unwrap();
    let mut out = b"before".to_vec();
    let error = converter(&[])
        .write(Some(&row), &Value::Struct(value.clone()), &mut out)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "Invalid type for STRING: the value is of type INT32 (field: name)"
    );
    assert_eq!(out, b"before");

    let other = SchemaBuilder::structure()
        .field("id", Schema::required(Type::Int32))
        .build();
    let error = written(&[], Some(&other), &Value::Struct(value)).unwrap_err();
    assert!(error.to_string().contains("Mismatching schema"), "{error}");
}

#[test]
fn schemas_that_are_equal_but_not_the_same_are_written() {
    let make = || {
        SchemaBuilder::structure()
            .field("f", Schema::required(Type::Int8))
            .build()
    };
    let mut value = Struct::new(make());
    value.set("f", Value::Int8(1)).unwrap();
    let text = written(PLAIN, Some(&make()), &Value::Struct(value)).unwrap();
    assert_eq!(text, r#"{"f":1}"#);
}

#[test]
fn caches_are_bounded() {
    let mut converter = converter(&[("schemas.cache.size", "2")]);
    for version in 0..5 {
        let schema = SchemaBuilder::new(Type::Int8).version(version).build();
        let mut out = Vec::new();
        converter
            .write(Some(&schema), &Value::Int8(1), &mut out)
            .unwrap();
        let (read, _) = converter.read(Some(&Bytes::from(out))).unwrap();
        assert_eq!(read.unwrap().version(), Some(version));
    }
    assert_eq!(converter.plans.len(), 2);
    assert_eq!(converter.schemas.len(), 2);
}

#[test]
fn same_schema_text_gives_the_same_schema() {
    let text = Bytes::from_static(br#"{"schema":{"type":"int8"},"payload":1}"#);
    let mut converter = converter(&[]);
    let first = converter.read(Some(&text)).unwrap().0.unwrap();
    let second = converter.read(Some(&text)).unwrap().0.unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));
}

#[test]
fn shared_structs_are_written_as_others_are() {
    let inner = SchemaBuilder::structure()
        .field("a", Schema::required(Type::Int32))
        .build();
    let outer = SchemaBuilder::structure()
        .field("s", Arc::clone(&inner))
        .field("n", Schema::required(Type::Int32))
        .build();
    let inner_of = |number| {
        Struct::from_values(Arc::clone(&inner), vec![Value::Int32(number)])
            .unwrap()
            .into_shared()
    };
    let (one, two) = (inner_of(1), inner_of(2));
    let mut changed = one.clone();
    changed.set("a", Value::Int32(3)).unwrap();
    assert!(changed.shared_values().is_none());
    let mut converter = converter(PLAIN);
    let mut write = |value: &Struct, number| {
        let values = vec![Value::Struct(value.clone()), Value::Int32(number)];
        let value = Value::Struct(Struct::from_values(Arc::clone(&outer), values).unwrap());
        let mut out = Vec::new();
        converter.write(Some(&outer), &value, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(write(&one, 1), r#"{"s":{"a":1},"n":1}"#);
    assert_eq!(write(&one, 2), r#"{"s":{"a":1},"n":2}"#);
    assert_eq!(write(&changed, 3), r#"{"s":{"a":3},"n":3}"#);
    assert_eq!(write(&two, 4), r#"{"s":{"a":2},"n":4}"#);
    assert_eq!(write(&one, 5), r#"{"s":{"a":1},"n":5}"#);
    assert_eq!(one, inner_of(1));
}
