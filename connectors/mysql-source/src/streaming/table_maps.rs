//! Which table a number in rows events stands for, and how its rows are read.

use std::collections::HashMap;
use std::sync::Arc;

use connect_api::Result;
use mysql_async::binlog::events::{Event, OptionalMetaExtractor, TableMapEvent};

use super::handler::{EventHandler, read};
use crate::rows::{RowPlan, TableMap};
use crate::schemas::TableSchema;
use crate::tables::Table;

/// What rows of a table become.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// Nothing: the table is not captured.
    Ignored,
    /// Nothing: the table is captured, but its rows cannot be decoded. That is
    /// an error once there is a row that has not been sent before.
    Unreadable(Arc<Unreadable>),
    /// Records.
    Plan(Arc<RowPlan>),
}

/// A captured table whose rows cannot be decoded.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) map: TableMap,
    pub(super) reason: Unread,
}

/// Why rows cannot be decoded.
#[derive(Debug)]
pub(super) enum Unread {
    /// The schema history does not have the table.
    Unknown,
    /// It has the table with another structure: what to tell the user.
    Mismatch(String),
}

/// The table maps of the file that is read, by number.
#[derive(Debug, Default)]
pub(super) struct TableMaps {
    maps: HashMap<u64, (Vec<u8>, Target)>,
}

impl TableMaps {
    /// Forgets all: structures have changed, or numbers are given anew.
    pub(super) fn clear(&mut self) {
        self.maps.clear();
    }

    /// What rows of the table with this number become.
    pub(super) fn target(&self, number: u64) -> Option<&Target> {
        self.maps.get(&number).map(|(_, target)| target)
    }
}

impl EventHandler {
    /// A table map precedes each statement's rows: almost always it is the
    /// same as before, byte for byte.
    pub(super) fn table_map(&mut self, event: &Event) -> Result<()> {
        let body = event.data();
        let number = TableMap::table_number(body)?;
        let is_known = self
            .table_maps
            .maps
            .get(&number)
            .is_some_and(|(known, _)| known == body);
        if !is_known {
            let target = self.new_target(event, TableMap::parse(body)?)?;
            self.table_maps.maps.insert(number, (body.to_vec(), target));
        }
        Ok(())
    }

    fn new_target(&mut self, event: &Event, map: TableMap) -> Result<Target> {
        if !self.capture.schema.filters().is_captured(&map.table) {
            return Ok(Target::Ignored);
        }
        let unreadable = |map, reason| Target::Unreadable(Arc::new(Unreadable { map, reason }));
        let Some(table) = self.capture.schema.tables().get(&map.table).cloned() else {
            return Ok(unreadable(map, Unread::Unknown));
        };
        let schema = self.schema_for(event, &table)?;
        Ok(match RowPlan::new(&schema, map.clone()) {
            Ok(plan) => Target::Plan(Arc::new(plan)),
            Err(error) => unreadable(map, Unread::Mismatch(error.message().to_owned())),
        })
    }

    /// The schemas for rows whose columns stand as the event says: with
    /// `binlog_row_metadata=FULL` it names them, and a table that is known with
    /// other columns or in another order is read by name.
    fn schema_for(&mut self, event: &Event, table: &Arc<Table>) -> Result<Arc<TableSchema>> {
        let names = column_names(&read(event)?);
        let stands_as_named = |names: &[String]| {
            names.len() == table.columns.len()
                && names
                    .iter()
                    .zip(&table.columns)
                    .all(|(name, column)| *name == column.name)
        };
        let Some(names) = names.filter(|names| !stands_as_named(names)) else {
            return self.capture.maker.schema(table);
        };
        let columns: Option<Vec<_>> = names
            .iter()
            .map(|name| table.column(name).cloned())
            .collect();
        let Some(mut columns) = columns else {
            // A column that is not known has no type: RowPlan says what differs.
            return self.capture.maker.schema(table);
        };
        tracing::warn!(
            table = %table.id,
            known = table.columns.len(),
            in_binlog = columns.len(),
            "the table has other columns in the binlog than in the schema history: reading them by name"
        );
        for (column, position) in columns.iter_mut().zip(1..) {
            column.position = position;
        }
        let as_in_binlog = Table {
            columns,
            ..Table::clone(table)
        };
        self.capture.maker.schema(&Arc::new(as_in_binlog))
    }
}

/// The names of the columns, if the event has them.
fn column_names(event: &TableMapEvent<'_>) -> Option<Vec<String>> {
    let metadata = OptionalMetaExtractor::new(event.iter_optional_meta()).ok()?;
    let names: Vec<String> = metadata
        .iter_column_name()
        .map(|name| name.ok().map(|name| name.name().into_owned()))
        .collect::<Option<_>>()?;
    (!names.is_empty()).then_some(names)
}
