use std::sync::Arc;

use connect_api::data::Value;
use mysql_async::Value as SqlValue;

use super::{TableSchema, TopicNames};
use crate::rows::SnapshotPlan;
use crate::tables::{Column, Table, TableId, jdbc_type};
use crate::values::{
    Arena, ColumnMapping, ColumnPatterns, ColumnSelection, KeyColumns, NameAdjustment, ValueModes,
};

fn table() -> Arc<Table> {
    let mut table = Table::new(TableId::new("db", "t-1"));
    let texts = ["id", "secret", "other name"];
    for (name, position) in texts.into_iter().zip(1..) {
        table.columns.push(Column {
            name: name.to_owned(),
            type_name: "VARCHAR".to_owned(),
            type_expression: "VARCHAR".to_owned(),
            jdbc_type: jdbc_type::VARCHAR,
            length: Some(20),
            charset_name: Some("utf8mb4".to_owned()),
            position,
            optional: position > 1,
            ..Column::default()
        });
    }
    table.primary_key_column_names = vec!["id".to_owned()];
    Arc::new(table)
}

fn schema(modes: &ValueModes) -> Arc<TableSchema> {
    let topics = TopicNames::new("p", ".");
    Arc::new(TableSchema::new(&table(), &topics, modes).unwrap())
}

/// The key's and the value's fields of a row of `a`, `b` and `c`.
fn row(schema: &Arc<TableSchema>) -> (Vec<Value>, Vec<Value>) {
    let columns = SnapshotPlan::selected_columns(schema);
    let plan = SnapshotPlan::new(schema, &columns).unwrap();
    let given = |name: &&str| match *name {
        "id" => SqlValue::from("a"),
        "secret" => SqlValue::from("b"),
        _ => SqlValue::from("c"),
    };
    let row = plan
        .row(columns.iter().map(given).collect(), &mut Arena::new())
        .unwrap();
    let key = schema.key_of(&row);
    let Value::Struct(value) = schema.struct_of(row) else {
        panic!()
    };
    let key = match key {
        Value::Struct(key) => key.into_values(),
        other => vec![other],
    };
    (key, value.into_values())
}

fn texts(texts: &[&'static str]) -> Vec<Value> {
    texts.iter().map(|text| Value::from(*text)).collect()
}

#[test]
fn keys_have_columns_that_the_value_leaves_out() {
    let excluded = ColumnPatterns::parse("column.exclude.list", r"db\.t-1\.id").unwrap();
    let modes = ValueModes {
        columns: ColumnSelection::Exclude(excluded),
        ..Default::default()
    };
    let schema = schema(&modes);
    assert_eq!(row(&schema), (texts(&["a"]), texts(&["b", "c"])));
    assert!(schema.value_schema().field("id").is_none());
    assert!(schema.key_schema().unwrap().field("id").is_some());
}

#[test]
fn columns_that_no_record_has_are_not_selected() {
    let included = ColumnPatterns::parse("column.include.list", r".*\.secret").unwrap();
    let modes = ValueModes {
        columns: ColumnSelection::Include(included),
        ..Default::default()
    };
    let schema = schema(&modes);
    assert_eq!(SnapshotPlan::selected_columns(&schema), ["id", "secret"]);
    assert_eq!(row(&schema), (texts(&["a"]), texts(&["b"])));
}

#[test]
fn masks_are_in_the_value_only() {
    let mut modes = ValueModes {
        key_columns: KeyColumns::parse("message.key.columns", "db.t-1:secret,id").unwrap(),
        ..ValueModes::default()
    };
    modes
        .mappings
        .add(
            "column.mask.with.2.chars",
            r".*\.secret",
            ColumnMapping::Mask(2),
        )
        .unwrap();
    let schema = schema(&modes);
    assert_eq!(row(&schema), (texts(&["b", "a"]), texts(&["a", "**", "c"])));
    let field = schema.value_schema().field("secret").unwrap();
    assert_eq!(field.schema.parameter("masked"), Some("true"));
    let key = schema.key_schema().unwrap();
    assert_eq!(
        key.field("secret").unwrap().schema.parameter("masked"),
        None
    );
}

#[test]
fn names_are_adjusted() {
    let modes = ValueModes {
        schema_names: NameAdjustment::Avro,
        field_names: NameAdjustment::Avro,
        ..ValueModes::default()
    };
    let schema = schema(&modes);
    assert_eq!(&**schema.topic(), "p.db.t-1");
    assert_eq!(schema.envelope_schema().name(), Some("p.db.t_1.Envelope"));
    assert!(schema.value_schema().field("other_name").is_some());
}

#[test]
fn a_query_without_a_needed_column_is_refused() {
    let schema = schema(&ValueModes::default());
    let error = SnapshotPlan::new(&schema, &["id", "secret"]).unwrap_err();
    assert!(error.to_string().contains("'other name'"), "{error}");
    let error = SnapshotPlan::new(&schema, &["id", "wrong"]).unwrap_err();
    assert!(error.to_string().contains("'wrong'"), "{error}");
}
