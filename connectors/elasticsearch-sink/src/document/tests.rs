//! Documents, to the expectations of the original's `DataConverterTest` and of
//! Kafka's `JsonConverterTest`.

use bytes::Bytes;
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value, logical};
use serde_json::{Value as Json, json};

use super::{DocumentWriter, TimestampSource, decimal_to_f64};

fn of(kind: Type) -> SchemaRef {
    Schema::required(kind)
}

fn structure(fields: Vec<(&str, SchemaRef, Value)>) -> (SchemaRef, Value) {
    let mut builder = SchemaBuilder::structure();
    for (name, schema, _) in &fields {
        builder = builder.field(*name, schema.clone());
    }
    let schema = builder.build();
    let values = fields.into_iter().map(|(_, _, value)| value).collect();
    let value = Struct::from_values(schema.clone(), values).unwrap();
    (schema, value.into())
}

struct Case {
    compact: bool,
    ignores_schema: bool,
}

const MAPPED: Case = Case {
    compact: true,
    ignores_schema: false,
};
const ENTRIES: Case = Case {
    compact: false,
    ignores_schema: false,
};
const PLAIN: Case = Case {
    compact: true,
    ignores_schema: true,
};

fn write(case: &Case, schema: Option<&SchemaRef>, value: &Value) -> Result<String, String> {
    let mut out = b"before".to_vec();
    DocumentWriter::new(case.compact)
        .write(&mut out, schema, value, case.ignores_schema)
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out[6..].to_vec()).unwrap())
}

/// One field's JSON.
fn field(case: &Case, schema: SchemaRef, value: Value) -> String {
    let (schema, value) = structure(vec![("f", schema, value)]);
    let text = write(case, Some(&schema), &value).unwrap();
    let inner = text.strip_prefix("{\"f\":").unwrap();
    inner.strip_suffix('}').unwrap().to_owned()
}

fn decimal(unscaled: &[u8]) -> Value {
    Value::Bytes(Bytes::copy_from_slice(unscaled))
}

#[test]
fn scalars_are_jacksons() {
    let cases = [
        (Type::Boolean, Value::Boolean(true), "true"),
        (Type::Int8, Value::Int8(-8), "-8"),
        (Type::Int16, Value::Int16(16), "16"),
        (Type::Int32, Value::Int32(32), "32"),
        (Type::Int64, Value::Int64(i64::MIN), "-9223372036854775808"),
        (Type::Float32, Value::Float32(1.5), "1.5"),
        (Type::Float64, Value::Float64(1e10), "1.0E10"),
        (Type::Float64, Value::Float64(f64::NAN), "\"NaN\""),
        (
            Type::Float32,
            Value::Float32(f32::NEG_INFINITY),
            "\"-Infinity\"",
        ),
        (
            Type::String,
            Value::from("a\"\\\n\u{1}é😀"),
            r#""a\"\\\n\u0001é\uD83D\uDE00""#,
        ),
        (
            Type::Bytes,
            Value::Bytes(Bytes::from_static(b"\0\xffab")),
            "\"AP9hYg==\"",
        ),
        (Type::Bytes, Value::Bytes(Bytes::new()), "\"\""),
    ];
    for (kind, value, expected) in cases {
        for case in [&MAPPED, &PLAIN] {
            assert_eq!(field(case, of(kind), value.clone()), expected);
        }
        let mut alone = Vec::new();
        super::json::write_schemaless(&mut alone, &value).unwrap();
        assert_eq!(alone, expected.as_bytes());
    }
}

#[test]
fn decimals_are_doubles_where_schemas_count() {
    let schema = logical::decimal(2).build();
    assert_eq!(field(&MAPPED, schema.clone(), decimal(&[2])), "0.02");
    assert_eq!(field(&PLAIN, schema, decimal(&[2])), "\"Ag==\"");
    for (unscaled, scale, expected) in [
        (&[0x01, 0x00][..], 2, 2.56),
        (&[0xFF][..], 0, -1.0),
        (&[42][..], -3, 42_000.0),
        (&[][..], 2, 0.0),
        // 2^64 + 1, and 1 followed by 30 zeros.
        (
            &[1, 0, 0, 0, 0, 0, 0, 0, 1][..],
            0,
            18_446_744_073_709_551_617.0,
        ),
        (
            &[
                0x0C, 0x9F, 0x2C, 0x9C, 0xD0, 0x46, 0x74, 0xED, 0xEA, 0x40, 0, 0, 0,
            ][..],
            30,
            1.0,
        ),
    ] {
        assert_eq!(decimal_to_f64(unscaled, scale), expected);
    }
}

#[test]
fn connects_dates_are_numbers_as_they_are() {
    for (schema, value, expected) in [
        (logical::date(), Value::Int32(18_000), "18000"),
        (logical::time(), Value::Int32(1), "1"),
        (
            logical::timestamp(),
            Value::Int64(1_577_836_800_000),
            "1577836800000",
        ),
    ] {
        let schema = schema.build();
        assert_eq!(field(&MAPPED, schema.clone(), value.clone()), expected);
        assert_eq!(field(&PLAIN, schema, value), expected);
    }
}

#[test]
fn debeziums_times_are_milliseconds_where_schemas_count() {
    let named = |kind, name: &str| {
        let name = format!("io.debezium.time.{name}");
        SchemaBuilder::new(kind).name(name).build()
    };
    let cases = [
        ("Date", Value::Int32(18_000), "1555200000000", "18000"),
        ("Time", Value::Int32(5), "5", "5"),
        ("MicroTime", Value::Int64(5_999), "5", "5999"),
        ("Timestamp", Value::Int64(-1), "-1", "-1"),
        ("MicroTimestamp", Value::Int64(-1), "-1", "-1"),
        ("NanoTimestamp", Value::Int64(1_000_000), "1", "1000000"),
        ("Year", Value::Int32(2020), "2020", "2020"),
    ];
    for (name, value, mapped, plain) in cases {
        let schema = named(value.kind().unwrap(), name);
        assert_eq!(
            field(&MAPPED, schema.clone(), value.clone()),
            mapped,
            "{name}"
        );
        assert_eq!(field(&PLAIN, schema, value), plain, "{name}");
    }
    let zoned = Value::from("2020-01-01T00:00:00Z");
    let expected = "\"2020-01-01T00:00:00Z\"";
    assert_eq!(
        field(&MAPPED, named(Type::String, "ZonedTimestamp"), zoned),
        expected
    );
}

#[test]
fn maps_are_objects_entries_or_pairs() {
    let strings = SchemaBuilder::map(of(Type::String), of(Type::Int32)).build();
    let value = Value::Map(vec![
        (Value::from("field1"), Value::Int32(1)),
        (Value::from("field2"), Value::Int32(2)),
    ]);
    let object = r#"{"field1":1,"field2":2}"#;
    assert_eq!(field(&MAPPED, strings.clone(), value.clone()), object);
    assert_eq!(field(&PLAIN, strings.clone(), value.clone()), object);
    assert_eq!(
        field(&ENTRIES, strings, value),
        r#"[{"key":"field1","value":1},{"key":"field2","value":2}]"#
    );
    let numbers = SchemaBuilder::map(of(Type::Int32), logical::decimal(2).build()).build();
    let value = Value::Map(vec![(Value::Int32(1), decimal(&[2]))]);
    let entries = r#"[{"key":1,"value":0.02}]"#;
    assert_eq!(field(&MAPPED, numbers.clone(), value.clone()), entries);
    assert_eq!(field(&PLAIN, numbers, value), r#"[[1,"Ag=="]]"#);
}

#[test]
fn arrays_and_structs_nest() {
    let items = SchemaBuilder::array(logical::decimal(2).build()).build();
    let value = Value::Array(vec![decimal(&[2]), decimal(&[42])]);
    let (inner, inner_value) = structure(vec![("decimals", items, value)]);
    assert_eq!(
        field(&MAPPED, inner, inner_value),
        r#"{"decimals":[0.02,0.42]}"#
    );
    let (empty, value) = structure(Vec::new());
    assert_eq!(field(&MAPPED, empty, value), "{}");
}

#[test]
fn null_is_null_or_the_default_or_an_error() {
    let with_default = SchemaBuilder::new(Type::Int32).default_value(Value::Int32(42));
    assert_eq!(
        field(&MAPPED, Schema::optional(Type::String), Value::Null),
        "null"
    );
    assert_eq!(field(&MAPPED, with_default.build(), Value::Null), "42");
    let decimal_default = logical::decimal(2).default_value(decimal(&[0]));
    assert_eq!(field(&MAPPED, decimal_default.build(), Value::Null), "0.0");
    let (inner, value) = structure(vec![("inner", of(Type::Int32), Value::Null)]);
    let (outer, value) = structure(vec![("outer", inner, value)]);
    for case in [&MAPPED, &PLAIN] {
        assert_eq!(
            write(case, Some(&outer), &value).unwrap_err(),
            "null value for field that is required and has no default value (field: outer.inner)"
        );
    }
}

#[test]
fn a_value_of_another_type_is_an_error_that_names_the_field() {
    let (schema, value) = structure(vec![("f", of(Type::Int32), Value::from("text"))]);
    assert_eq!(
        write(&MAPPED, Some(&schema), &value).unwrap_err(),
        "a value of type string does not fit its schema's type int32 (field: f)"
    );
}

#[test]
fn values_without_schemas_are_written_by_what_they_are() {
    let text = |text: &'static str| Value::from(text);
    let value = Value::Map(vec![
        (text("a"), Value::Array(vec![Value::Int64(1), Value::Null])),
        (text("b"), Value::Map(vec![(Value::Int64(1), text("x"))])),
        (text("c"), Value::Map(Vec::new())),
    ]);
    let written = write(&PLAIN, None, &value).unwrap();
    assert_eq!(written, r#"{"a":[1,null],"b":[[1,"x"]],"c":{}}"#);
}

fn with_timestamp(schema: Option<&SchemaRef>, value: &Value, fields: &[&str]) -> Json {
    let fields: Vec<String> = fields.iter().map(|&field| field.to_owned()).collect();
    let mut writer = DocumentWriter::new(true);
    let mut out = b"line\n".to_vec();
    writer.write(&mut out, schema, value, false).unwrap();
    let source = TimestampSource {
        schema,
        value,
        ignores_schema: false,
        timestamp: Some(77),
        fields: &fields,
    };
    writer.add_timestamp(&mut out, 5, &source).unwrap();
    serde_json::from_slice(&out[5..]).unwrap()
}

#[test]
fn data_streams_have_a_timestamp() {
    let fields = vec![
        (
            "two",
            of(Type::String),
            Value::from("2021-05-14T11:11:22.000Z"),
        ),
        ("number", of(Type::Int64), Value::Int64(5)),
    ];
    let (schema, value) = structure(fields);
    let schema = Some(&schema);
    let document = with_timestamp(schema, &value, &[]);
    assert_eq!(document["@timestamp"], 77);
    assert_eq!(document["number"], 5);
    let document = with_timestamp(schema, &value, &["one", "two", "number"]);
    assert_eq!(document["@timestamp"], "2021-05-14T11:11:22.000Z");
    assert_eq!(
        with_timestamp(schema, &value, &["number"])["@timestamp"],
        "5"
    );
    assert_eq!(
        with_timestamp(schema, &value, &["none"]).get("@timestamp"),
        None
    );

    let (schema, value) = structure(vec![("@timestamp", of(Type::String), Value::from("x"))]);
    assert_eq!(
        with_timestamp(Some(&schema), &value, &[]),
        json!({"@timestamp": 77})
    );
    let map = Value::Map(vec![(Value::from("t"), Value::Int64(9))]);
    let expected = json!({"t": 9, "@timestamp": "9"});
    assert_eq!(with_timestamp(None, &map, &["t"]), expected);
    let empty = Value::Map(Vec::new());
    assert_eq!(with_timestamp(None, &empty, &[]), json!({"@timestamp": 77}));
}
