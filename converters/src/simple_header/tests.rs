//! Expectations are those of Kafka's `ValuesTest` and `SimpleHeaderConverterTest`.

use connect_api::data::logical;

use super::*;

fn read(text: &str) -> (Option<SchemaRef>, Value) {
    let bytes = Bytes::from(text.to_owned());
    SimpleHeaderConverter.read(Some(&bytes)).unwrap()
}

fn written(schema: Option<&SchemaRef>, value: &Value) -> String {
    let mut out = Vec::new();
    SimpleHeaderConverter
        .write(schema, value, &mut out)
        .unwrap();
    String::from_utf8(out).unwrap()
}

fn kind(text: &str) -> Option<Type> {
    read(text).0.map(|schema| schema.kind())
}

#[test]
fn scalars() {
    let cases = [
        ("true", Type::Boolean, Value::Boolean(true)),
        (" \n false\t", Type::Boolean, Value::Boolean(false)),
        ("1", Type::Int8, Value::Int8(1)),
        ("-129", Type::Int16, Value::Int16(-129)),
        ("1e3", Type::Int16, Value::Int16(1000)),
        ("1.0", Type::Int8, Value::Int8(1)),
        ("+65536", Type::Int32, Value::Int32(65_536)),
        ("9223372036854775807", Type::Int64, Value::Int64(i64::MAX)),
        ("0.5", Type::Float32, Value::Float32(0.5)),
        ("1e100", Type::Float64, Value::Float64(1e100)),
    ];
    for (text, kind, value) in cases {
        assert_eq!(read(text), (Some(Schema::required(kind)), value), "{text}");
    }
    assert_eq!(read(" null "), (None, Value::Null));
    let (schema, _) = read("9223372036854775808");
    assert_eq!(schema.unwrap().name(), Some(logical::DECIMAL));
}

#[test]
fn dates_and_times() {
    let cases = [
        ("2019-08-23", logical::DATE, Value::Int32(18_131)),
        ("14:34:54.346Z", logical::TIME, Value::Int32(52_494_346)),
        ("14\\:34\\:54.346Z", logical::TIME, Value::Int32(52_494_346)),
        (
            "2019-08-23T14:34:54.346Z",
            logical::TIMESTAMP,
            Value::Int64(1_566_570_894_346),
        ),
        (
            "2019-08-23T14\\:34\\:54.346Z",
            logical::TIMESTAMP,
            Value::Int64(1_566_570_894_346),
        ),
    ];
    for (text, name, value) in cases {
        let (schema, read) = read(text);
        let schema = schema.unwrap();
        assert_eq!((schema.name(), &read), (Some(name), &value), "{text}");
        if !text.contains('\\') {
            assert_eq!(written(Some(&schema), &value), text);
        }
    }
}

#[test]
fn what_is_nothing_else_is_a_string() {
    for text in [
        "",
        "simple",
        "null=",
        "true}",
        "false]",
        "{foo: 3}",
        "{3: foo}",
        "[foo]",
        "{6:9 4:20}",
        "[0 1 2]",
        "{null: 3}",
        "[1, 2, 3,,,]",
        "[1, null]",
        "[null, 1]",
        "three\"blind\\\"mice",
        "string with delimiters: <>?,./\\=+-!@#$%^&*(){}[]|;':",
        "[1",
        "{",
        "127.0.0.1:9092",
        "+",
        "-",
        "1:2",
        "5,6",
        "[1] and more",
    ] {
        assert_eq!(
            read(text),
            (Some(Schema::required(Type::String)), text.into()),
            "{text}"
        );
    }
}

#[test]
fn collections_take_the_widest_type() {
    let (schema, value) = read("[1, 2, 1234567890]");
    assert_eq!(schema.unwrap().value_schema().unwrap().kind(), Type::Int32);
    let items = vec![
        Value::Int32(1),
        Value::Int32(2),
        Value::Int32(1_234_567_890),
    ];
    assert_eq!(value, Value::Array(items));

    let (schema, value) = read("[1, 2, 0.5]");
    assert_eq!(
        schema.unwrap().value_schema().unwrap().kind(),
        Type::Float32
    );
    let items = vec![
        Value::Float32(1.0),
        Value::Float32(2.0),
        Value::Float32(0.5),
    ];
    assert_eq!(value, Value::Array(items));

    let (schema, value) = read(" { \"foo\" :  12345 , \"bar\" : 0,  \"baz\" : -4321 }  ");
    let schema = schema.unwrap();
    assert_eq!(schema.key_schema().unwrap().kind(), Type::String);
    assert_eq!(schema.value_schema().unwrap().kind(), Type::Int16);
    let entries = vec![
        ("foo".into(), Value::Int16(12_345)),
        ("bar".into(), Value::Int16(0)),
        ("baz".into(), Value::Int16(-4321)),
    ];
    assert_eq!(value, Value::Map(entries));
    assert_eq!(
        written(Some(&schema), &value),
        r#"{"foo":12345,"bar":0,"baz":-4321}"#
    );

    assert_eq!(kind("[true, false]"), Some(Type::Array));
    assert_eq!(kind("{true: false, false: true}"), Some(Type::Map));
    let (schema, _) = read("[2019-08-23]");
    assert_eq!(
        schema.unwrap().value_schema().unwrap().name(),
        Some(logical::DATE)
    );
    let (schema, _) = read("{\"k\":14:34:54.346Z}");
    assert_eq!(
        schema.unwrap().value_schema().unwrap().name(),
        Some(logical::TIME)
    );
}

#[test]
fn collections_without_a_common_type() {
    assert_eq!(read("[]"), (None, Value::Array(vec![])));
    assert_eq!(read("[null]"), (None, Value::Array(vec![Value::Null])));
    assert_eq!(read("{}"), (None, Value::Map(vec![])));
    let mixed = Value::Array(vec!["foo".into(), Value::Int16(13_344)]);
    assert_eq!(read("[\"foo\",13344]"), (None, mixed.clone()));
    assert_eq!(written(None, &mixed), "[\"foo\",13344]");
    let nulls = Value::Map(vec![(Value::Int8(3), Value::Null)]);
    assert_eq!(read("{3: null}"), (None, nulls));
}

#[test]
fn strings_inside_are_quoted_and_escaped() {
    let value = Value::Array(vec!["three\"blind\\\"mice".into()]);
    assert_eq!(written(None, &value), r#"["three\"blind\\\"mice"]"#);
    assert_eq!(written(None, &"plain \" text".into()), "plain \" text");
    assert_eq!(
        written(None, &Value::Bytes(Bytes::from_static(&[1]))),
        "AQ=="
    );
}

#[test]
fn nesting_without_end_does_not_overflow() {
    let text = "[".repeat(100_000);
    let (schema, value) = read(&text);
    assert_eq!(schema.unwrap().kind(), Type::Bytes);
    assert_eq!(value, Value::Bytes(Bytes::from(text)));
}
