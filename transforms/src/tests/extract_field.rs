//! Kafka's `ExtractFieldTest`.

use connect_api::data::Type;

use super::*;

const KEY: &str = "org.apache.kafka.connect.transforms.ExtractField$Key";
const VALUE: &str = "org.apache.kafka.connect.transforms.ExtractField$Value";
const V2: (&str, &str) = ("field.syntax.version", "v2");

fn keyed(schema: Option<SchemaRef>, key: Value) -> Record {
    Record {
        key_schema: schema,
        key,
        ..record_of(None, Value::Null)
    }
}

#[test]
fn without_a_schema() {
    let inner = Value::Map(vec![("foo".into(), Value::Int32(42))]);
    let key = Value::Map(vec![("magic".into(), inner.clone())]);
    let cases: [(&[(&str, &str)], Value); 4] = [
        (&[("field", "magic")], inner),
        (&[("field", "magic.foo"), V2], Value::Int32(42)),
        (&[("field", "nonexistent")], Value::Null),
        (&[("field", "magic.nonexistent"), V2], Value::Null),
    ];
    for (settings, expected) in cases {
        let record = kept(KEY, settings, keyed(None, key.clone()));
        assert_eq!(
            (record.key_schema, record.key),
            (None, expected),
            "{settings:?}"
        );
    }
    let record = kept(KEY, &[("field", "magic")], keyed(None, Value::Null));
    assert_eq!((record.key_schema, record.key), (None, Value::Null));
}

#[test]
fn with_a_schema() {
    let int32 = Schema::required(Type::Int32);
    let flat = schema_of(&[("magic", int32.clone())]);
    let key = struct_of(&flat, &[("magic", Value::Int32(42))]);
    let record = kept(KEY, &[("field", "magic")], keyed(Some(flat.clone()), key));
    assert_eq!(
        (record.key_schema, record.key),
        (Some(int32.clone()), Value::Int32(42))
    );

    let record = kept(
        KEY,
        &[("field", "magic")],
        keyed(Some(flat.clone()), Value::Null),
    );
    assert_eq!(
        (record.key_schema, record.key),
        (Some(int32.clone()), Value::Null)
    );

    let nested = schema_of(&[("other", int32.clone()), ("magic", flat.clone())]);
    let inner = struct_of(&flat, &[("magic", Value::Int32(42))]);
    let value = struct_of(&nested, &[("magic", inner)]);
    let record = record_of(Some(nested), value);
    let record = kept(VALUE, &[("field", "magic.magic"), V2], record);
    assert_eq!(
        (record.value_schema, record.value),
        (Some(int32), Value::Int32(42))
    );
}

#[test]
fn defaults_replace_nulls_unless_switched_off() {
    let magic = SchemaBuilder::new(Type::Int32)
        .optional()
        .default_value(Value::Int32(42))
        .build();
    let schema = schema_of(&[("magic", magic)]);
    for (setting, expected) in [("true", Value::Int32(42)), ("false", Value::Null)] {
        let record = record_of(Some(schema.clone()), struct_of(&schema, &[]));
        let settings = [("field", "magic"), ("replace.null.with.default", setting)];
        assert_eq!(kept(VALUE, &settings, record).value, expected);
    }
}

#[test]
fn errors() {
    let schema = schema_of(&[("magic", Schema::required(Type::Int32))]);
    let record = || {
        record_of(
            Some(schema.clone()),
            struct_of(&schema, &[("magic", Value::Int32(1))]),
        )
    };
    let cases: [(&[(&str, &str)], &str); 3] = [
        (&[("field", "nonexistent")], "Unknown field: nonexistent"),
        (
            &[("field", "magic.nonexistent"), V2],
            "Cannot look up fields on non-struct type (field: magic.nonexistent, type: int32)",
        ),
        (
            &[("field", "`magic"), V2],
            "configuration field: Incomplete backtick pair",
        ),
    ];
    for (settings, reason) in cases {
        let error = apply(VALUE, settings, record()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let error = apply(VALUE, &[], record()).unwrap_err().to_string();
    assert!(
        error.contains("Missing required configuration \"field\""),
        "{error}"
    );
    let text = record_of(None, "text".into());
    let error = apply(VALUE, &[("field", "a")], text)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Only Map objects supported in absence of schema"),
        "{error}"
    );
}
