//! `tableChanges` in JSON (`io.debezium.relational.history.JsonTableChangeSerializer`).

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::tables::{Attribute, Column, Table, TableChange, TableChangeKind, TableId};

pub(super) fn table_change_to_json(change: &TableChange) -> Value {
    let mut fields = Map::new();
    fields.insert("type".into(), change.kind.as_str().into());
    fields.insert("id".into(), change.id.to_double_quoted().into());
    if let Some(previous_id) = &change.previous_id {
        fields.insert("previousId".into(), previous_id.to_double_quoted().into());
    }
    if let Some(table) = &change.table {
        fields.insert("table".into(), table_to_json(table));
        fields.insert("comment".into(), table.comment.clone().into());
    }
    Value::Object(fields)
}

fn table_to_json(table: &Table) -> Value {
    let attribute = |attribute: &Attribute| {
        let mut fields = Map::new();
        fields.insert("name".into(), attribute.name.clone().into());
        fields.insert("value".into(), attribute.value.clone().into());
        Value::Object(fields)
    };
    let mut fields = Map::new();
    fields.insert(
        "defaultCharsetName".into(),
        table.default_charset_name.clone().into(),
    );
    fields.insert(
        "primaryKeyColumnNames".into(),
        table.primary_key_column_names.clone().into(),
    );
    fields.insert(
        "columns".into(),
        table.columns.iter().map(column_to_json).collect(),
    );
    fields.insert(
        "attributes".into(),
        table.attributes.iter().map(attribute).collect(),
    );
    Value::Object(fields)
}

fn column_to_json(column: &Column) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("name", column.name.clone().into());
    put("jdbcType", column.jdbc_type.into());
    if let Some(native_type) = column.native_type {
        put("nativeType", native_type.into());
    }
    put("typeName", column.type_name.clone().into());
    put("typeExpression", column.type_expression.clone().into());
    put("charsetName", column.charset_name.clone().into());
    if let Some(length) = column.length {
        put("length", length.into());
    }
    if let Some(scale) = column.scale {
        put("scale", scale.into());
    }
    put("position", column.position.into());
    put("optional", column.optional.into());
    put("autoIncremented", column.auto_incremented.into());
    put("generated", column.generated.into());
    put("comment", column.comment.clone().into());
    put("hasDefaultValue", column.has_default_value.into());
    if let Some(default) = &column.default_value_expression {
        put("defaultValueExpression", default.clone().into());
    }
    put("enumValues", column.enum_values.clone().into());
    Value::Object(fields)
}

/// Reads a change as any version of Debezium wrote it; the error says what is wrong.
pub(super) fn table_change_from_json(value: &Value) -> Result<TableChange, String> {
    let word = required_text(value, "type")?;
    let kind = TableChangeKind::parse(word)
        .ok_or_else(|| format!("'{word}' is no type of a table change"))?;
    let id = table_id(required_text(value, "id")?)?;
    let previous_id = match text(value, "previousId") {
        Some(previous_id) => Some(table_id(previous_id)?),
        None => None,
    };
    if kind == TableChangeKind::Drop {
        return Ok(TableChange::drop(id));
    }
    let document = value
        .get("table")
        .ok_or_else(|| format!("no table for {id}"))?;
    let mut table = table_from_json(id.clone(), document)?;
    // The writer puts the comment beside the table, the reader of Debezium looks inside it.
    table.comment = text(document, "comment")
        .or_else(|| text(value, "comment"))
        .map(str::to_owned);
    Ok(TableChange {
        kind,
        id,
        previous_id,
        table: Some(Arc::new(table)),
    })
}

fn table_id(text: &str) -> Result<TableId, String> {
    TableId::parse(text).ok_or_else(|| format!("'{text}' is no table id"))
}

fn table_from_json(id: TableId, value: &Value) -> Result<Table, String> {
    let mut table = Table::new(id);
    table.default_charset_name = text(value, "defaultCharsetName").map(str::to_owned);
    table.primary_key_column_names = texts(value, "primaryKeyColumnNames");
    for column in elements(value, "columns") {
        table.columns.push(column_from_json(column)?);
    }
    for attribute in elements(value, "attributes") {
        table.attributes.push(Attribute {
            name: required_text(attribute, "name")?.to_owned(),
            value: text(attribute, "value").map(str::to_owned),
        });
    }
    Ok(table)
}

fn column_from_json(value: &Value) -> Result<Column, String> {
    let type_name = required_text(value, "typeName")?.to_owned();
    let optional = flag(value, "optional").unwrap_or(true);
    let default_value_expression = text(value, "defaultValueExpression").map(str::to_owned);
    Ok(Column {
        name: required_text(value, "name")?.to_owned(),
        jdbc_type: required_number(value, "jdbcType")?,
        native_type: number(value, "nativeType"),
        type_expression: text(value, "typeExpression")
            .unwrap_or(&type_name)
            .to_owned(),
        type_name,
        charset_name: text(value, "charsetName").map(str::to_owned),
        length: number(value, "length"),
        scale: number(value, "scale"),
        position: required_number(value, "position")?,
        optional,
        auto_incremented: flag(value, "autoIncremented").unwrap_or(false),
        generated: flag(value, "generated").unwrap_or(false),
        comment: text(value, "comment").map(str::to_owned),
        // Debezium before 1.8 did not tell of defaults.
        has_default_value: flag(value, "hasDefaultValue")
            .unwrap_or(optional || default_value_expression.is_some()),
        default_value_expression,
        enum_values: texts(value, "enumValues"),
    })
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str()
}

fn required_text<'a>(value: &'a Value, field: &str) -> Result<&'a str, String> {
    text(value, field).ok_or_else(|| format!("the text field {field} is missing"))
}

fn number(value: &Value, field: &str) -> Option<i32> {
    i32::try_from(value.get(field)?.as_i64()?).ok()
}

fn required_number(value: &Value, field: &str) -> Result<i32, String> {
    number(value, field).ok_or_else(|| format!("the number field {field} is missing"))
}

fn flag(value: &Value, field: &str) -> Option<bool> {
    value.get(field)?.as_bool()
}

fn elements<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    elements(value, field)
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
