use std::sync::Arc;

use bytestring::ByteString;

use connect_api::Result;
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};

use super::fields::{ColumnField, ColumnTarget, column_field};
use super::{TopicNames, source_schema, struct_value, transaction_block_schema};
use crate::tables::Table;
use crate::values::ValueModes;

/// The schemas of one version of a table, and how its columns become fields. Made once for each
/// version (`TableSchemaBuilder`).
#[derive(Debug)]
pub struct TableSchema {
    table: Arc<Table>,
    topic: ByteString,
    database: ByteString,
    name: ByteString,
    key: Option<SchemaRef>,
    value: SchemaRef,
    envelope: SchemaRef,
    /// By place in the row; none for columns that are in no record.
    targets: Vec<Option<ColumnTarget>>,
    key_parts: Vec<KeyPart>,
}

/// Where a field of the key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPart {
    /// The value's field at this place.
    Field(usize),
    /// A column that is not in the value, or not as it is: at this place among those.
    Apart(usize),
}

/// A row's values, from whichever side they came.
#[derive(Debug, Clone, PartialEq)]
pub struct RowValues {
    /// By field of the value.
    pub(crate) fields: Vec<Value>,
    /// What only the key has.
    pub(crate) apart: Vec<Value>,
}

impl TableSchema {
    /// The schemas of `table`'s records.
    pub fn new(table: &Arc<Table>, topics: &TopicNames, modes: &ValueModes) -> Result<Self> {
        let topic = topics.data_change(&table.id);
        let schema_name =
            |suffix: &str| modes.schema_names.schema_name(&format!("{topic}{suffix}"));
        let field_name = |name: &str| modes.field_names.field_name(name);
        let in_table = |error: connect_api::Error| error.with("table", &table.id);
        let key_indexes = modes.key_columns.key_indexes(table);
        let mut key_schemas = vec![None; table.columns.len()];
        let mut targets = Vec::with_capacity(table.columns.len());
        let mut value = SchemaBuilder::structure()
            .name(schema_name(".Value"))
            .optional();
        for (index, column) in table.columns.iter().enumerate() {
            let selected = modes.columns.selects(&table.id, &column.name);
            let in_key = key_indexes.contains(&index);
            let field = if selected || in_key {
                column_field(table, column, modes)?
            } else {
                None
            };
            let Some(ColumnField {
                in_value: schema,
                in_key: key_schema,
                mut target,
            }) = field
            else {
                targets.push(None);
                continue;
            };
            if selected {
                value = value.field(field_name(&column.name), schema);
            }
            target.in_value = selected;
            target.apart_in_key = in_key && (!selected || target.is_mapped());
            key_schemas[index] = in_key.then_some(key_schema);
            targets.push(Some(target));
        }
        let mut key = SchemaBuilder::structure().name(schema_name(".Key"));
        let mut key_parts = Vec::with_capacity(key_indexes.len());
        for index in key_indexes {
            let (Some(schema), Some(target)) = (key_schemas[index].take(), &targets[index]) else {
                continue;
            };
            key = key.field(field_name(&table.columns[index].name), schema);
            key_parts.push(key_part(&targets[..index], target));
        }
        let value = value.try_build().map_err(in_table)?;
        Ok(Self {
            table: Arc::clone(table),
            database: table.id.database().to_owned().into(),
            name: table.id.table().to_owned().into(),
            key: if key_parts.is_empty() {
                None
            } else {
                Some(key.try_build().map_err(in_table)?)
            },
            envelope: envelope(schema_name(".Envelope"), &value),
            topic,
            value,
            targets,
            key_parts,
        })
    }

    /// The table's structure.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The topic of its records.
    pub fn topic(&self) -> &ByteString {
        &self.topic
    }

    /// The schema of the keys; none if the table has no key.
    pub fn key_schema(&self) -> Option<&SchemaRef> {
        self.key.as_ref()
    }

    /// The schema of `before` and `after`.
    pub fn value_schema(&self) -> &SchemaRef {
        &self.value
    }

    /// The schema of the records' values.
    pub fn envelope_schema(&self) -> &SchemaRef {
        &self.envelope
    }

    pub(crate) fn database(&self) -> &ByteString {
        &self.database
    }

    pub(crate) fn name(&self) -> &ByteString {
        &self.name
    }

    pub(crate) fn targets(&self) -> &[Option<ColumnTarget>] {
        &self.targets
    }

    /// The record's key.
    pub(crate) fn key_of(&self, row: &RowValues) -> Value {
        let Some(schema) = &self.key else {
            return Value::Null;
        };
        struct_value(
            schema,
            self.key_parts
                .iter()
                .map(|part| row.key_part(*part).clone())
                .collect(),
        )
    }

    /// Whether two rows have the same key; tables without a key have.
    pub(crate) fn same_key(&self, left: &RowValues, right: &RowValues) -> bool {
        self.key_parts
            .iter()
            .all(|part| left.key_part(*part) == right.key_part(*part))
    }

    /// `before` or `after` of the record.
    pub(crate) fn struct_of(&self, row: RowValues) -> Value {
        struct_value(&self.value, row.fields)
    }

    /// An empty row.
    #[inline]
    pub(crate) fn new_row(&self) -> RowValues {
        RowValues {
            fields: Vec::with_capacity(self.value.fields().len()),
            apart: Vec::new(),
        }
    }

    /// The row as a struct, for those who want only its values.
    pub fn to_struct(&self, row: &RowValues) -> Result<Struct> {
        Struct::from_values(Arc::clone(&self.value), row.fields.clone())
    }
}

impl RowValues {
    fn key_part(&self, part: KeyPart) -> &Value {
        match part {
            KeyPart::Field(place) => &self.fields[place],
            KeyPart::Apart(place) => &self.apart[place],
        }
    }

    /// Adds the next column's value.
    #[inline(always)]
    pub(crate) fn push(&mut self, target: &ColumnTarget, value: Value) {
        if target.apart_in_key {
            self.apart.push(value.clone());
        }
        if target.in_value {
            self.fields.push(target.mapped(value));
        }
    }
}

fn key_part(before: &[Option<ColumnTarget>], target: &ColumnTarget) -> KeyPart {
    let before = before.iter().flatten();
    if target.apart_in_key {
        KeyPart::Apart(before.filter(|target| target.apart_in_key).count())
    } else {
        KeyPart::Field(before.filter(|target| target.in_value).count())
    }
}

fn envelope(name: String, value: &SchemaRef) -> SchemaRef {
    SchemaBuilder::structure()
        .name(name)
        .version(2)
        .field("before", Arc::clone(value))
        .field("after", Arc::clone(value))
        .field("source", Arc::clone(source_schema()))
        .field("transaction", Arc::clone(transaction_block_schema()))
        .field("op", Schema::required(Type::String))
        .field("ts_ms", Schema::optional(Type::Int64))
        .field("ts_us", Schema::optional(Type::Int64))
        .field("ts_ns", Schema::optional(Type::Int64))
        .build()
}
