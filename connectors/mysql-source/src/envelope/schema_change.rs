use std::sync::{Arc, LazyLock};

use bytestring::ByteString;

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Type, Value};
use connect_api::record::{OffsetMap, Record, SourceOffset, SourceRecord};

use super::ContextHeaders;
use super::builder::now_ns;
use crate::schemas::{SourceBlock, SourceInfo, source_schema, struct_value};
use crate::tables::{Column, Table, TableChange};

/// A DDL statement and what it changed.
#[derive(Debug, Clone, Copy)]
pub struct SchemaChangeEvent<'a> {
    /// Where it comes from.
    pub source: &'a SourceInfo,
    /// The database; empty for statements that belong to none.
    pub database: &'a str,
    /// The statement's first table.
    pub table: Option<&'a str>,
    /// The statement.
    pub ddl: &'a str,
    /// What it changed.
    pub changes: &'a [TableChange],
}

/// The record of the topic of schema changes (`include.schema.changes`), whose name is that of the
/// source.
pub fn schema_change(
    event: SchemaChangeEvent<'_>,
    topic: &ByteString,
    headers: &ContextHeaders,
    partition: &Arc<OffsetMap>,
    source_offset: SourceOffset,
) -> SourceRecord {
    let database = ByteString::from(event.database);
    let table = event.table.map(ByteString::from);
    let source = SourceBlock::new(topic.clone());
    let values = vec![
        source.of_row(event.source, &database, table.as_ref(), 0),
        Value::Int64(now_ns().div_euclid(1_000_000)),
        Value::String(database.clone()),
        Value::Null,
        Value::from(event.ddl.to_owned()),
        Value::Array(event.changes.iter().map(change_value).collect()),
    ];
    let record = Record {
        topic: topic.clone(),
        // So that the changes stay in order (`EventDispatcher`'s schema change receiver).
        partition: Some(0),
        key_schema: Some(Arc::clone(key_schema())),
        key: struct_value(key_schema(), vec![Value::String(database)]),
        value_schema: Some(Arc::clone(value_schema())),
        value: struct_value(value_schema(), values),
        headers: headers.shared(),
        ..Record::default()
    };
    SourceRecord {
        record,
        source_partition: Arc::clone(partition),
        source_offset,
    }
}

fn change_value(change: &TableChange) -> Value {
    let table = change
        .table
        .as_ref()
        .map_or(Value::Null, |table| table_value(table));
    let id = Value::from(change.id.to_double_quoted());
    struct_value(
        change_schema(),
        vec![Value::from(change.kind.as_str()), id, table],
    )
}

fn table_value(table: &Table) -> Value {
    let names = table
        .primary_key_column_names
        .iter()
        .map(|name| Value::from(name.clone()));
    let values = vec![
        text(table.default_charset_name.as_ref()),
        Value::Array(names.collect()),
        Value::Array(table.columns.iter().map(column_value).collect()),
        text(table.comment.as_ref()),
    ];
    struct_value(table_schema(), values)
}

fn column_value(column: &Column) -> Value {
    let number = |number: Option<i32>| number.map_or(Value::Null, Value::Int32);
    let enum_values = column
        .enum_values
        .iter()
        .map(|value| Value::from(value.clone()));
    let enum_values = if column.enum_values.is_empty() {
        Value::Null
    } else {
        Value::Array(enum_values.collect())
    };
    let values = vec![
        Value::from(column.name.clone()),
        Value::Int32(column.jdbc_type),
        number(column.native_type),
        Value::from(column.type_name.clone()),
        Value::from(column.type_expression.clone()),
        text(column.charset_name.as_ref()),
        number(column.length),
        number(column.scale),
        Value::Int32(column.position),
        Value::Boolean(column.optional),
        Value::Boolean(column.auto_incremented),
        Value::Boolean(column.generated),
        text(column.comment.as_ref()),
        text(column.default_value_expression.as_ref()),
        enum_values,
    ];
    struct_value(column_schema(), values)
}

fn text(value: Option<&String>) -> Value {
    value.map_or(Value::Null, |text| Value::from(text.clone()))
}

fn key_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        SchemaBuilder::structure()
            .name("io.debezium.connector.mysql.SchemaChangeKey")
            .version(1)
            .field("databaseName", Schema::required(Type::String))
            .build()
    });
    &SCHEMA
}

fn value_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        SchemaBuilder::structure()
            .name("io.debezium.connector.mysql.SchemaChangeValue")
            .version(1)
            .field("source", Arc::clone(source_schema()))
            .field("ts_ms", Schema::required(Type::Int64))
            .field("databaseName", Schema::optional(Type::String))
            .field("schemaName", Schema::optional(Type::String))
            .field("ddl", Schema::optional(Type::String))
            .field(
                "tableChanges",
                SchemaBuilder::array(Arc::clone(change_schema())).build(),
            )
            .build()
    });
    &SCHEMA
}

fn change_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        SchemaBuilder::structure()
            .name("io.debezium.connector.schema.Change")
            .version(1)
            .field("type", Schema::required(Type::String))
            .field("id", Schema::required(Type::String))
            .field("table", Arc::clone(table_schema()))
            .build()
    });
    &SCHEMA
}

fn table_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let strings = SchemaBuilder::array(Schema::required(Type::String)).optional();
        SchemaBuilder::structure()
            .optional()
            .name("io.debezium.connector.schema.Table")
            .version(1)
            .field("defaultCharsetName", Schema::optional(Type::String))
            .field("primaryKeyColumnNames", strings.build())
            .field(
                "columns",
                SchemaBuilder::array(Arc::clone(column_schema())).build(),
            )
            .field("comment", Schema::optional(Type::String))
            .build()
    });
    &SCHEMA
}

fn column_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let (required, optional) = (Schema::required, Schema::optional);
        let strings = SchemaBuilder::array(required(Type::String)).optional();
        SchemaBuilder::structure()
            .name("io.debezium.connector.schema.Column")
            .version(1)
            .field("name", required(Type::String))
            .field("jdbcType", required(Type::Int32))
            .field("nativeType", optional(Type::Int32))
            .field("typeName", required(Type::String))
            .field("typeExpression", optional(Type::String))
            .field("charsetName", optional(Type::String))
            .field("length", optional(Type::Int32))
            .field("scale", optional(Type::Int32))
            .field("position", required(Type::Int32))
            .field("optional", optional(Type::Boolean))
            .field("autoIncremented", optional(Type::Boolean))
            .field("generated", optional(Type::Boolean))
            .field("comment", optional(Type::String))
            .field("defaultValueExpression", optional(Type::String))
            .field("enumValues", strings.build())
            .build()
    });
    &SCHEMA
}
