//! Debezium's `ExtractNewRecordStateTest`.

use connect_api::data::{Type, logical};

use super::*;

const CLASS: &str = "io.debezium.transforms.ExtractNewRecordState";
const OLD: &str = "io.debezium.transforms.UnwrapFromEnvelope";
const MODE: &str = "delete.tombstone.handling.mode";

fn row_schema() -> SchemaRef {
    let name = SchemaBuilder::new(Type::String)
        .optional()
        .default_value("default_str".into());
    SchemaBuilder::structure()
        .name("server.db.t.Value")
        .optional()
        .field("id", Schema::required(Type::Int8))
        .field("name", name.build())
        .build()
}

fn envelope_schema() -> SchemaRef {
    let source = SchemaBuilder::structure()
        .name("source")
        .field("lsn", Schema::required(Type::Int32))
        .field("ts_ms", Schema::optional(Type::Int64))
        .field(
            "version",
            SchemaBuilder::new(Type::String)
                .default_value("1.0".into())
                .build(),
        )
        .build();
    let transaction = SchemaBuilder::structure()
        .optional()
        .field("id", Schema::required(Type::String))
        .field("total_order", Schema::required(Type::Int64))
        .build();
    let row = row_schema();
    SchemaBuilder::structure()
        .name("server.db.t.Envelope")
        .field("before", row.clone())
        .field("after", row)
        .field("source", source)
        .field("op", Schema::required(Type::String))
        .field("ts_ms", logical::timestamp().optional().build())
        .field("transaction", transaction)
        .build()
}

/// An event; a row is its name, or none for a null name.
fn event(
    op: &'static str,
    before: Option<Option<&'static str>>,
    after: Option<Option<&'static str>>,
) -> Record {
    let schema = envelope_schema();
    let row = |name: Option<Option<&'static str>>| match name {
        None => Value::Null,
        Some(name) => {
            let schema = schema.field("after").unwrap().schema.clone();
            let name = name.map_or(Value::Null, Value::from);
            struct_of(&schema, &[("id", Value::Int8(1)), ("name", name)])
        }
    };
    let part = |name: &str, values: &[(&str, Value)]| {
        struct_of(&schema.field(name).unwrap().schema, values)
    };
    let source = part(
        "source",
        &[("lsn", Value::Int32(1234)), ("ts_ms", Value::Int64(12_836))],
    );
    let transaction = part(
        "transaction",
        &[("id", "571".into()), ("total_order", Value::Int64(42))],
    );
    let value = struct_of(
        &schema,
        &[
            ("before", row(before)),
            ("after", row(after)),
            ("source", source),
            ("op", op.into()),
            ("ts_ms", Value::Int64(99)),
            (
                "transaction",
                if op == "c" { Value::Null } else { transaction },
            ),
        ],
    );
    let key_schema = schema_of(&[("id", Schema::required(Type::Int8))]);
    Record {
        key: struct_of(&key_schema, &[("id", Value::Int8(1))]),
        key_schema: Some(key_schema),
        ..record_of(Some(schema), value)
    }
}

fn created() -> Record {
    event("c", None, Some(Some("myRecord")))
}

fn updated() -> Record {
    event("u", Some(Some("myRecord")), Some(Some("updatedRecord")))
}

fn deleted() -> Record {
    event("d", Some(Some("myRecord")), None)
}

fn tombstone() -> Record {
    record_of(None, Value::Null)
}

fn header<'r>(record: &'r Record, name: &str) -> &'r Value {
    &record.headers.last(name).unwrap().value
}

/// Settings; is __deleted added; what becomes of a delete; is a tombstone kept.
type Mode<'t> = (&'t [(&'t str, &'t str)], bool, &'t str, bool);

/// What each mode makes of an insert, a delete and a tombstone.
#[test]
fn modes() {
    let cases: [Mode<'_>; 9] = [
        (&[], false, "null with schema", false),
        (&[(MODE, "drop")], false, "dropped", false),
        (&[(MODE, "tombstone")], false, "null with schema", false),
        (&[(MODE, "REWRITE")], true, "row", false),
        (&[(MODE, "rewrite-with-tombstone")], true, "row", true),
        (&[(MODE, "delete-to-tombstone")], false, "null", false),
        (
            &[("delete.handling.mode", "none")],
            false,
            "null with schema",
            false,
        ),
        (
            &[
                ("delete.handling.mode", "rewrite"),
                ("drop.tombstones", "false"),
            ],
            true,
            "row",
            true,
        ),
        (&[("drop.tombstones", "false")], false, "dropped", true),
    ];
    for (settings, is_marked, on_delete, keeps_tombstones) in cases {
        let insert = kept(CLASS, settings, created());
        let mark = insert.value.as_struct().unwrap().get("__deleted");
        assert_eq!(mark, is_marked.then_some(&"false".into()), "{settings:?}");
        assert_eq!(field(&insert, "name"), &"myRecord".into());

        let delete = apply(CLASS, settings, deleted()).unwrap();
        let found = match &delete {
            None => "dropped",
            Some(record) if record.value.is_null() && record.value_schema.is_none() => "null",
            Some(record) if record.value.is_null() => "null with schema",
            Some(record) => {
                assert_eq!(field(record, "__deleted"), &"true".into());
                assert_eq!(field(record, "name"), &"myRecord".into());
                "row"
            }
        };
        assert_eq!(found, on_delete, "{settings:?}");
        let tombstone = apply(CLASS, settings, tombstone()).unwrap();
        assert_eq!(tombstone.is_some(), keeps_tombstones, "{settings:?}");
        let truncate = event("t", None, None);
        assert!(apply(CLASS, settings, truncate).unwrap().is_none());
    }
}

#[test]
fn the_old_class_name_has_the_old_defaults() {
    assert!(apply(OLD, &[], deleted()).unwrap().is_none());
    assert!(apply(OLD, &[], tombstone()).unwrap().is_none());
    let record = kept(OLD, &[], created());
    // 1.0 leaves the row's schema as it is in the event: optional.
    assert!(record.value_schema.unwrap().is_optional());
    let record = kept(CLASS, &[], created());
    assert!(!record.value_schema.unwrap().is_optional());

    let none = [
        ("delete.handling.mode", "none"),
        ("drop.tombstones", "false"),
    ];
    assert!(kept(OLD, &none, deleted()).value.is_null());
    assert!(kept(OLD, &none, tombstone()).value.is_null());
    let new = [(MODE, "rewrite"), ("delete.handling.mode", "drop")];
    assert_eq!(
        field(&kept(OLD, &new, deleted()), "__deleted"),
        &"true".into()
    );
}

#[test]
fn settings_of_1_0() {
    let settings = [
        ("operation.header", "true"),
        ("add.source.fields", "lsn,version"),
        ("delete.handling.mode", "rewrite"),
    ];
    for class in [OLD, CLASS] {
        let record = kept(class, &settings, created());
        assert_eq!(header(&record, "__debezium-operation"), &"c".into());
        let schema = record.value_schema.as_ref().unwrap();
        let names: Vec<&str> = schema.fields().iter().map(|field| &*field.name).collect();
        assert_eq!(names, ["id", "name", "__lsn", "__version", "__deleted"]);
        assert_eq!(field(&record, "__lsn"), &Value::Int32(1234));
        assert_eq!(field(&record, "__version"), &"1.0".into());
        assert_eq!(
            *field_schema(&record, "__lsn"),
            *Schema::required(Type::Int32)
        );
    }
    let error = apply(OLD, &[("add.source.fields", "nope")], created()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("'add.source.fields' does not exist: nope")
    );
}

#[test]
fn fields_are_added() {
    let settings = [
        ("add.fields", "op , lsn,id"),
        ("add.fields.prefix", "prefix."),
    ];
    let record = kept(CLASS, &settings, updated());
    assert_eq!(field(&record, "prefix.op"), &"u".into());
    assert_eq!(field(&record, "prefix.lsn"), &Value::Int32(1234));
    assert_eq!(field(&record, "prefix.id"), &"571".into());

    let settings = [(
        "add.fields",
        "op:OP, source.lsn:source_lsn, transaction.total_order:TOTAL_ORDER, source.ts_ms, ts_ms, nope",
    )];
    let record = kept(CLASS, &settings, updated());
    let schema = record.value_schema.as_ref().unwrap();
    let names: Vec<&str> = schema.fields().iter().map(|field| &*field.name).collect();
    assert_eq!(
        names,
        [
            "id",
            "name",
            "__OP",
            "__source_lsn",
            "__TOTAL_ORDER",
            "__source_ts_ms",
            "__ts_ms"
        ]
    );
    assert_eq!(field(&record, "__TOTAL_ORDER"), &Value::Int64(42));
    assert_eq!(
        *field_schema(&record, "__source_lsn"),
        *Schema::optional(Type::Int32)
    );
    assert_eq!(
        *field_schema(&record, "__ts_ms"),
        *logical::timestamp().optional().build()
    );

    // The transaction is null: so are its fields.
    let record = kept(CLASS, &[("add.fields", "op,lsn,id")], created());
    assert_eq!(field(&record, "__id"), &Value::Null);
    let record = kept(
        CLASS,
        &[(MODE, "rewrite"), ("add.fields", "op,source.lsn")],
        deleted(),
    );
    assert_eq!(field(&record, "__op"), &"d".into());
    assert_eq!(field(&record, "__source_lsn"), &Value::Int32(1234));
}

#[test]
fn headers_are_added() {
    let settings = [
        (
            "add.headers",
            "op, source.lsn:source_lsn, transaction.id:TXN_ID, total_order",
        ),
        ("add.headers.prefix", "prefix."),
    ];
    let mut record = updated();
    record.headers.add("earlier", None, "kept".into());
    let record = kept(CLASS, &settings, record);
    let headers: Vec<(&str, &Value)> = record
        .headers
        .iter()
        .map(|header| (&*header.key, &header.value))
        .collect();
    assert_eq!(
        headers,
        [
            ("earlier", &"kept".into()),
            ("prefix.op", &"u".into()),
            ("prefix.source_lsn", &Value::Int32(1234)),
            ("prefix.TXN_ID", &"571".into()),
            ("prefix.total_order", &Value::Int64(42)),
        ]
    );
    let settings = [
        (MODE, "rewrite-with-tombstone"),
        ("add.headers", "op,source.lsn"),
    ];
    let tombstone = kept(CLASS, &settings, tombstone());
    assert_eq!(header(&tombstone, "__op"), &"d".into());
    assert_eq!(tombstone.headers.len(), 1);
}

#[test]
fn records_that_are_no_events_pass() {
    let settings = [("add.headers", "op"), ("add.fields", "op")];
    for schema in [
        None,
        Some(schema_of(&[("id", Schema::required(Type::Int8))])),
        Some(
            SchemaBuilder::structure()
                .field("id", Schema::required(Type::Int8))
                .build(),
        ),
    ] {
        let value = match &schema {
            Some(schema) => struct_of(schema, &[("id", Value::Int8(1))]),
            None => "text".into(),
        };
        let record = record_of(schema, value);
        assert_eq!(kept(CLASS, &settings, record.clone()), record);
    }
}

#[test]
fn a_column_routes() {
    let settings = [("route.by.field", "name")];
    for (record, topic) in [
        (created(), "myRecord"),
        (updated(), "updatedRecord"),
        (deleted(), "myRecord"),
        (event("c", None, Some(None)), "test"),
        (event("c", None, Some(Some(" "))), "test"),
    ] {
        assert_eq!(kept(CLASS, &settings, record).topic, topic);
    }
    for column in ["nope", "id"] {
        let error = apply(CLASS, &[("route.by.field", column)], created()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("{column} is not a valid field name"))
        );
    }
}

#[test]
fn nulls_become_defaults_only_when_rewritten() {
    let insert = || event("c", None, Some(None));
    assert_eq!(field(&kept(CLASS, &[], insert()), "name"), &Value::Null);
    let rewrite = [(MODE, "rewrite")];
    assert_eq!(
        field(&kept(CLASS, &rewrite, insert()), "name"),
        &"default_str".into()
    );
    let off = [(MODE, "rewrite"), ("replace.null.with.default", "false")];
    assert_eq!(field(&kept(CLASS, &off, insert()), "name"), &Value::Null);
}

#[test]
fn listed_fields_are_dropped() {
    let with_list = |mut record: Record| {
        let names = Value::Array(vec!["id".into(), "name".into()]);
        record.headers.add("drop-fields", None, names);
        record
    };
    let names = |record: &Record| -> Vec<String> {
        let schema = record.value_schema.as_ref().unwrap();
        schema
            .fields()
            .iter()
            .map(|field| field.name.to_string())
            .collect()
    };
    let header = ("drop.fields.header.name", "drop-fields");
    let from_key = ("drop.fields.from.key", "true");
    let all = ("drop.fields.keep.schema.compatible", "false");

    let record = kept(CLASS, &[header], with_list(created()));
    assert_eq!(names(&record), ["id"]);
    assert_eq!(field(&record, "id"), &Value::Int8(1));
    let record = kept(CLASS, &[header, all], with_list(created()));
    assert!(names(&record).is_empty());
    assert_eq!(record.key_schema.unwrap().fields().len(), 1);
    let record = kept(CLASS, &[header, all, from_key], with_list(created()));
    assert_eq!(record.key_schema.unwrap().fields().len(), 0);
    let record = kept(CLASS, &[header, from_key], with_list(created()));
    assert_eq!(record.key_schema.unwrap().fields().len(), 1);

    // Added fields come after, so that a list cannot drop them from a delete.
    let rewrite = [header, (MODE, "rewrite"), ("add.fields", "op")];
    let record = kept(CLASS, &rewrite, with_list(deleted()));
    assert_eq!(names(&record), ["id", "__deleted", "__op"]);
    let record = kept(CLASS, &[header], created());
    assert_eq!(names(&record), ["id", "name"]);

    let mut record = with_list(created());
    (record.key_schema, record.key) = (Some(Schema::required(Type::String)), "k".into());
    assert_eq!(kept(CLASS, &[header, from_key], record).key, "k".into());
}

#[test]
fn errors() {
    let error = create(CLASS, &[(MODE, "explode")])
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("Invalid value explode for configuration delete.tombstone.handling.mode")
    );
    let error = create(OLD, &[("delete.handling.mode", "explode")])
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("Invalid value explode for configuration delete.handling.mode"));
    let error = create(CLASS, &[("add.headers", "a:b:c")])
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("configuration add.headers"), "{error}");
}
