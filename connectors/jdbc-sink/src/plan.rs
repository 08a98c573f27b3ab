//! How records of one pair of schemas are written: made once, used for each.

use std::sync::Arc;

use connect_api::data::{Struct, Value};
use connect_api::record::SinkRecord;

use crate::dialect::Dialect;
use crate::dialect::dml::Target;
use crate::fields::{Fields, Source};
use crate::table::{TableDef, TableId};
use crate::values::encode::Style;
use crate::values::{Cells, Family, Form, encode};

/// What happens to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// It is inserted, or updated, as `insert.mode` says.
    Upsert,
    Delete,
}

/// A column that is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlanColumn {
    /// The field's name.
    pub(crate) field: String,
    /// The column's name as the table has it.
    pub(crate) column: String,
    pub(crate) type_name: String,
    pub(crate) family: Family,
    pub(crate) form: Form,
    pub(crate) source: Source,
    /// What stands for null.
    pub(crate) default: Option<Value>,
    /// Characters or bytes that fit.
    pub(crate) length: Option<u32>,
    /// Digits in all, and after the point.
    pub(crate) digits: Option<(u32, u32)>,
    pub(crate) nullable: bool,
}

/// How records of one pair of schemas are written.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Tells plans apart for as long as the task runs.
    pub(crate) id: u64,
    pub(crate) table: TableId,
    pub(crate) columns: Vec<PlanColumn>,
    pub(crate) keys: usize,
    /// A view takes no COPY.
    pub(crate) is_view: bool,
}

/// A record to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'r> {
    pub(crate) record: &'r SinkRecord,
    /// The row's fields: the value, or an envelope's `after` or `before`.
    pub(crate) body: Option<&'r Struct>,
}

/// Rows of one plan that are written together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch<'b> {
    pub(crate) plan: &'b Arc<Plan>,
    pub(crate) op: Op,
    pub(crate) rows: &'b [Row<'b>],
}

/// A value that could not be written.
#[derive(Debug)]
pub(crate) struct CellError {
    pub(crate) field: String,
    pub(crate) reason: String,
}

impl Plan {
    /// The columns of `fields` in a table; an error names a field that no form
    /// fits, or that has no column.
    pub(crate) fn columns_of(
        fields: &Fields,
        table: &TableDef,
        dialect: &Dialect,
        replace_null: bool,
    ) -> Result<Vec<PlanColumn>, String> {
        let mut columns = Vec::with_capacity(fields.all.len());
        for field in &fields.all {
            let name = dialect.folded(&field.name);
            let column = table
                .column(&name)
                .ok_or_else(|| format!("the table has no column for field '{}'", field.name))?;
            let form = Form::of(&field.kind, column.family, dialect.temporal()).ok_or_else(|| {
                format!(
                    "field '{}': {} ({}) type doesn't have a mapping to the SQL database column type; flatten nested \
                     records with the Flatten transformation, or leave the field out",
                    field.name,
                    field.schema.name().unwrap_or("null"),
                    field.schema.kind().name().to_uppercase()
                )
            })?;
            // A key's null is replaced always, as `Struct.get` does it.
            let default = field
                .schema
                .default_value()
                .filter(|_| replace_null || field.is_key)
                .cloned();
            columns.push(PlanColumn {
                field: field.name.to_string(),
                column: column.name.clone(),
                type_name: column.type_name.clone(),
                family: column.family,
                form,
                source: field.source.clone(),
                default,
                length: column.length,
                digits: column.digits,
                nullable: column.nullable,
            });
        }
        Ok(columns)
    }

    pub(crate) fn target(&self) -> Target<'_> {
        Target {
            table: &self.table,
            columns: &self.columns,
            keys: self.keys,
        }
    }

    /// The columns that a statement of `op` has.
    pub(crate) fn used(&self, op: Op) -> &[PlanColumn] {
        match op {
            Op::Upsert => &self.columns,
            Op::Delete => &self.columns[..self.keys],
        }
    }
}

impl PlanColumn {
    /// The record's value for this column; none for Kafka's coordinates.
    #[inline]
    pub(crate) fn value<'r>(&'r self, row: &Row<'r>) -> Option<&'r Value> {
        let record = &row.record.record;
        let value = match &self.source {
            Source::RowField(index) => row.body.and_then(|body| body.values().get(*index)),
            Source::KeyField(index) => record
                .key
                .as_struct()
                .and_then(|key| key.values().get(*index)),
            Source::Key => Some(&record.key),
            Source::Value => Some(&record.value),
            Source::Header(name) => record.headers.last(name).map(|header| &header.value),
            Source::Topic | Source::Partition | Source::Offset => return None,
        };
        let value = value.unwrap_or(&Value::Null);
        if value.is_null()
            && let Some(default) = &self.default
        {
            return Some(default);
        }
        Some(value)
    }

    /// Writes the record's value for this column.
    #[inline]
    pub(crate) fn write(
        &self,
        row: &Row<'_>,
        style: &Style,
        out: &mut impl Cells,
        scratch: &mut Vec<u8>,
    ) -> Result<(), CellError> {
        let written = match self.value(row) {
            Some(value) => encode(&self.form, value, style, out, scratch),
            None => self.write_coordinate(row, out),
        };
        written.map_err(|reason| CellError {
            field: self.field.clone(),
            reason,
        })
    }

    fn write_coordinate(&self, row: &Row<'_>, out: &mut impl Cells) -> Result<(), String> {
        let record = row.record;
        match self.source {
            Source::Topic => return out.text(&record.record.topic),
            Source::Partition => {
                let partition = record.record.partition.unwrap_or(record.origin.partition);
                out.integer(partition.into());
            }
            _ => out.integer(record.offset),
        }
        Ok(())
    }
}
