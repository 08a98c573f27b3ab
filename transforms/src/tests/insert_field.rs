//! Kafka's `InsertFieldTest`.

use connect_api::data::{Type, logical};

use super::*;

const VALUE: &str = "org.apache.kafka.connect.transforms.InsertField$Value";
const KEY: &str = "org.apache.kafka.connect.transforms.InsertField$Key";
const FIELDS: &[(&str, &str)] = &[
    ("topic.field", "topic_field!"),
    ("partition.field", "partition_field"),
    ("timestamp.field", "timestamp_field?"),
    ("static.field", "instance_id"),
    ("static.value", "my-instance-id"),
];

#[test]
fn adds_the_fields_in_order() {
    let schema = schema_of(&[("magic", Schema::optional(Type::Int64))]);
    let value = struct_of(&schema, &[("magic", Value::Int64(42))]);
    let mut record = record_of(Some(schema), value);
    record.timestamp = Some(789);
    let record = kept(VALUE, FIELDS, record);

    let schema = record.value_schema.as_ref().unwrap();
    assert_eq!(
        (schema.name(), schema.version(), schema.doc()),
        (Some("name"), Some(1), Some("doc"))
    );
    let names: Vec<&str> = schema.fields().iter().map(|field| &*field.name).collect();
    assert_eq!(
        names,
        [
            "magic",
            "topic_field",
            "partition_field",
            "timestamp_field",
            "instance_id"
        ]
    );
    assert_eq!(
        *field_schema(&record, "topic_field"),
        *Schema::required(Type::String)
    );
    assert_eq!(
        *field_schema(&record, "partition_field"),
        *Schema::optional(Type::Int32)
    );
    assert_eq!(
        *field_schema(&record, "timestamp_field"),
        *logical::timestamp().optional().build()
    );
    assert_eq!(
        *field_schema(&record, "instance_id"),
        *Schema::optional(Type::String)
    );
    assert_eq!(field(&record, "magic"), &Value::Int64(42));
    assert_eq!(field(&record, "topic_field"), &"test".into());
    assert_eq!(field(&record, "partition_field"), &Value::Int32(0));
    assert_eq!(field(&record, "timestamp_field"), &Value::Int64(789));
    assert_eq!(field(&record, "instance_id"), &"my-instance-id".into());
}

#[test]
fn one_updated_schema_for_all_records_of_a_schema() {
    let schema = schema_of(&[("magic", Schema::optional(Type::Int64))]);
    let mut transformation = create(VALUE, FIELDS).unwrap();
    let mut updated = || {
        let mut record = record_of(Some(schema.clone()), struct_of(&schema, &[]));
        transformation.apply(&mut record).unwrap();
        record.value_schema.unwrap()
    };
    assert!(std::sync::Arc::ptr_eq(&updated(), &updated()));
}

#[test]
fn adds_to_maps() {
    let value = Value::Map(vec![
        ("magic".into(), Value::Int64(42)),
        ("topic_field".into(), Value::Null),
    ]);
    let mut record = record_of(None, value);
    record.timestamp = Some(123);
    let record = kept(VALUE, FIELDS, record);
    let expected = vec![
        ("magic".into(), Value::Int64(42)),
        ("topic_field".into(), "test".into()),
        ("partition_field".into(), Value::Int32(0)),
        ("timestamp_field".into(), Value::Int64(123)),
        ("instance_id".into(), "my-instance-id".into()),
    ];
    assert_eq!(
        (record.value_schema, record.value),
        (None, Value::Map(expected))
    );

    let key = Value::Map(vec![("magic".into(), Value::Int64(42))]);
    let record = kept(
        KEY,
        FIELDS,
        Record {
            key,
            ..record_of(None, Value::Null)
        },
    );
    let Value::Map(entries) = record.key else {
        panic!("not a map");
    };
    // No timestamp: no field.
    assert_eq!(entries.len(), 4);
}

#[test]
fn nulls_stay_nulls() {
    let schema = schema_of(&[("magic", Schema::optional(Type::Int64))]);
    for schema in [None, Some(schema)] {
        let record = record_of(schema, Value::Null);
        assert_eq!(kept(VALUE, FIELDS, record.clone()), record);
        assert_eq!(kept(KEY, FIELDS, record.clone()), record);
    }
}

#[test]
fn defaults_replace_nulls_unless_switched_off() {
    let magic = SchemaBuilder::new(Type::Int64)
        .optional()
        .default_value(Value::Int64(42))
        .build();
    let schema = schema_of(&[("magic", magic)]);
    for (setting, expected) in [("true", Value::Int64(42)), ("false", Value::Null)] {
        let settings = [FIELDS, &[("replace.null.with.default", setting)]].concat();
        let record = record_of(Some(schema.clone()), struct_of(&schema, &[]));
        assert_eq!(field(&kept(VALUE, &settings, record), "magic"), &expected);
    }
}

#[test]
fn the_offset_is_for_sinks() {
    let schema = schema_of(&[]);
    let settings = [("offset.field", "o!")];
    let mut record = record_of(Some(schema.clone()), struct_of(&schema, &[]));
    let error = apply(VALUE, &settings, record.clone()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("Only SinkRecord supported for [field insertion]")
    );
    record.kafka_offset = Some(7);
    let record = kept(VALUE, &settings, record);
    assert_eq!(field(&record, "o"), &Value::Int64(7));
    assert_eq!(*field_schema(&record, "o"), *Schema::required(Type::Int64));
}

#[test]
fn errors() {
    let error = create(VALUE, &[]).err().unwrap();
    assert!(error.to_string().contains("No field insertion configured"));
    let error = create(VALUE, &[("static.field", "a")]).err().unwrap();
    assert!(
        error
            .to_string()
            .contains("configuration static.value: No value specified")
    );
    let number = record_of(Some(Schema::required(Type::Int32)), Value::Int32(42));
    let error = apply(VALUE, FIELDS, number).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Only Struct objects supported for [field insertion], found: java.lang.Integer"
    );
    let error = apply(VALUE, FIELDS, record_of(None, Value::Int32(42))).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("Only Map objects supported in absence of schema")
    );
    let schema = schema_of(&[("instance_id", Schema::optional(Type::String))]);
    let record = record_of(Some(schema.clone()), struct_of(&schema, &[]));
    let error = apply(VALUE, FIELDS, record).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("field name duplication instance_id")
    );
}
