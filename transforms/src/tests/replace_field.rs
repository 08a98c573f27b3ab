//! What `tests/originals` cannot have: names that Kafka 4 does not take any more.

use connect_api::data::Type;

use super::*;

const VALUE: &str = "org.apache.kafka.connect.transforms.ReplaceField$Value";

#[test]
fn old_names_work_with_a_warning() {
    let int32 = Schema::required(Type::Int32);
    let schema = schema_of(&[("a", int32.clone()), ("b", int32.clone()), ("c", int32)]);
    let values = [
        ("a", Value::Int32(1)),
        ("b", Value::Int32(2)),
        ("c", Value::Int32(3)),
    ];
    let settings = [("whitelist", "a,b"), ("blacklist", "b")];
    let record = record_of(Some(schema.clone()), struct_of(&schema, &values));
    let record = kept(VALUE, &settings, record);
    let replaced = record.value.as_struct().unwrap();
    assert_eq!(replaced.values(), [Value::Int32(1)]);

    let def = (plugins().transformation(VALUE).unwrap().config)();
    assert_eq!(
        def.deprecations(&props(&settings)),
        [
            "'blacklist' is an old name: use 'exclude'",
            "'whitelist' is an old name: use 'include'"
        ]
    );
}

/// The original gives `b` the value of `a` here.
#[test]
fn a_rename_of_a_field_that_is_left_out_does_nothing() {
    let schema = schema_of(&[
        ("a", Schema::required(Type::Int32)),
        ("b", Schema::required(Type::String)),
    ]);
    let value = struct_of(&schema, &[("a", Value::Int32(1)), ("b", "kept".into())]);
    let settings = [("exclude", "a"), ("renames", "a:b")];
    let record = kept(VALUE, &settings, record_of(Some(schema), value));
    assert_eq!(field(&record, "b"), &"kept".into());
}
