use std::sync::Arc;

use connect_api::{Error, Result};

use super::bytes::{Reader, truncated};
use super::rows_event::RowsEvent;
use super::table_map::TableMap;
use super::wire::Wire;
use crate::schemas::{RowValues, TableSchema};
use crate::values::Arena;

/// How the row images of a table become rows: made once for each table map that differs.
#[derive(Debug)]
pub struct RowPlan {
    schema: Arc<TableSchema>,
    map: TableMap,
    wires: Vec<Wire>,
}

impl RowPlan {
    /// Plans for the images that `map` announces of the table that `schema` knows.
    ///
    /// An error of kind `Data` if the two are of different versions of the table: see
    /// [`is_schema_mismatch`](Self::is_schema_mismatch).
    pub fn new(schema: &Arc<TableSchema>, map: TableMap) -> Result<Self> {
        let table = schema.table();
        if map.columns.len() != table.columns.len() {
            return Err(mismatch(
                &map,
                format!(
                    "the binlog has {} columns of it, the schema history {}",
                    map.columns.len(),
                    table.columns.len()
                ),
            ));
        }
        let mut wires = Vec::with_capacity(map.columns.len());
        for ((wire, column), target) in map.columns.iter().zip(&table.columns).zip(schema.targets())
        {
            let form = Wire::of(*wire, column.is_unsigned());
            let form =
                form.filter(|form| target.as_ref().is_none_or(|target| form.fits(&target.kind)));
            let Some(form) = form else {
                return Err(mismatch(
                    &map,
                    format!(
                        "column '{}' is {} in the schema history and of type {} in the binlog",
                        column.name, column.type_expression, wire.kind
                    ),
                ));
            };
            wires.push(form);
        }
        Ok(Self {
            schema: Arc::clone(schema),
            map,
            wires,
        })
    }

    /// The table's schemas.
    pub fn schema(&self) -> &Arc<TableSchema> {
        &self.schema
    }

    /// Whether the plan is for these, so that no other need be made.
    pub fn is_for(&self, schema: &Arc<TableSchema>, map: &TableMap) -> bool {
        Arc::ptr_eq(&self.schema, schema) && self.map == *map
    }

    /// Whether an error of [`new`](Self::new) or of rows says that the schema history and the
    /// binlog know different versions of a table (`inconsistent.schema.handling.mode`).
    pub fn is_schema_mismatch(error: &Error) -> bool {
        error.message().starts_with(MISMATCH)
    }

    /// Checks that the event's images can be read by this plan.
    pub(crate) fn check(&self, event: &RowsEvent) -> Result<()> {
        if event.column_count != self.wires.len() || event.column_count == 0 {
            return Err(mismatch(
                &self.map,
                format!(
                    "a rows event has {} columns, its table map {}",
                    event.column_count,
                    self.wires.len()
                ),
            ));
        }
        if event.full_images {
            return Ok(());
        }
        Err(Error::data(
            "a row image in the binlog lacks columns: set binlog_row_image=FULL on the MySQL \
             server, for all sessions, and take a new snapshot of the table",
        )
        .with("table", &self.map.table))
    }

    /// Reads the row image at `reader`.
    #[inline]
    pub(crate) fn read_image(
        &self,
        event: &RowsEvent,
        at: &mut usize,
        arena: &mut Arena,
    ) -> Result<RowValues> {
        let mut reader = Reader::new(&event.body, *at);
        let nulls = reader
            .take(self.wires.len().div_ceil(8))
            .ok_or_else(truncated)?;
        let mut row = self.schema.new_row();
        for (index, (wire, target)) in self.wires.iter().zip(self.schema.targets()).enumerate() {
            let is_null = nulls[index / 8] >> (index % 8) & 1 == 1;
            match (target, is_null) {
                (Some(target), false) => {
                    let datum = wire.read(&mut reader, &event.body).ok_or_else(truncated)?;
                    let value = target.convert(datum, arena).map_err(|error| *error)?;
                    row.push(target, value);
                }
                (Some(target), true) => row.push(target, target.null()),
                (None, false) => wire.skip(&mut reader).ok_or_else(truncated)?,
                (None, true) => {}
            }
        }
        *at = reader.at();
        Ok(row)
    }

    /// Passes over the row image at `reader`.
    pub(crate) fn skip_image(&self, event: &RowsEvent, at: &mut usize) -> Result<()> {
        *at = skip_image(&self.wires, &event.body, *at).ok_or_else(truncated)?;
        Ok(())
    }
}

/// Where the row image at `at` ends.
pub(super) fn skip_image(wires: &[Wire], body: &[u8], at: usize) -> Option<usize> {
    let mut reader = Reader::new(body, at);
    let nulls = reader.take(wires.len().div_ceil(8))?;
    for (index, wire) in wires.iter().enumerate() {
        if nulls[index / 8] >> (index % 8) & 1 == 0 {
            wire.skip(&mut reader)?;
        }
    }
    Some(reader.at())
}

const MISMATCH: &str = "the schema history and the binlog disagree about table";

fn mismatch(map: &TableMap, how: String) -> Error {
    Error::data(format!(
        "{MISMATCH} '{}': {how}; rebuild the schema history with snapshot.mode=recovery, or, if \
         the binlog has rows from before and after a change of the table, take a new snapshot",
        map.table
    ))
}
