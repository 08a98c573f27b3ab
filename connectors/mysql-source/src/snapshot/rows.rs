//! The rows of the captured tables, streamed.

use std::sync::Arc;

use connect_api::data::Value;
use connect_api::record::SourceOffset;
use connect_api::{Error, ErrorKind, Result};
use mysql_async::Row;
use mysql_async::prelude::Queryable;

use super::Snapshot;
use crate::connection::Connection;
use crate::database_schema::now_ns;
use crate::offset::BinlogPosition;
use crate::rows::SnapshotPlan;
use crate::schemas::{SnapshotMarker, SourceInfo};
use crate::tables::TableId;

/// A table's place among those of the snapshot.
#[derive(Debug, Clone, Copy)]
struct Place {
    is_first: bool,
    is_last: bool,
}

/// What the records of one table share.
struct TableRows {
    plan: SnapshotPlan,
    info: SourceInfo,
    /// The block `source` of all rows but the first and the last.
    source: Value,
    position: Arc<BinlogPosition>,
    place: Place,
}

impl Snapshot<'_> {
    pub(super) async fn send_rows(
        &mut self,
        connection: &mut Connection,
        tables: &[TableId],
    ) -> Result<()> {
        let last = tables.len().saturating_sub(1);
        for (number, id) in tables.iter().enumerate() {
            let place = Place {
                is_first: number == 0,
                is_last: number == last,
            };
            let rows = self
                .send_table(connection, id, place)
                .await
                .map_err(|error| {
                    error.while_doing(format!("reading the rows of {id} for the snapshot"))
                })?;
            tracing::info!(table = %id, rows, "snapshot of table {} of {}", number + 1, tables.len());
        }
        Ok(())
    }

    async fn send_table(
        &mut self,
        connection: &mut Connection,
        id: &TableId,
        place: Place,
    ) -> Result<u64> {
        let Some(table) = self.capture.schema.tables().get(id).cloned() else {
            return Err(Error::data(format!("the structure of {id} is not known")));
        };
        let seconds: Option<i64> = connection.first("SELECT UNIX_TIMESTAMP()").await?;
        let seconds = seconds.unwrap_or_else(|| now_ns() / 1_000_000_000);
        self.position.ts_sec = Some(seconds);
        let schema = self.capture.maker.schema(&table)?;
        let sql = match self.capture.settings.snapshot.select_overrides.get(id) {
            Some(statement) => statement.clone(),
            None => select(id, &SnapshotPlan::selected_columns(&schema)),
        };
        let failed = |error: mysql_async::Error| statement_failed(error, &sql);
        // Numbers and dates of the binary protocol need no parsing.
        let mut result = connection
            .inner()
            .exec_iter(&*sql, ())
            .await
            .map_err(failed)?;
        let names: Vec<String> = result
            .columns_ref()
            .iter()
            .map(|column| column.name_str().into_owned())
            .collect();
        let info = self.source_info(seconds * 1_000_000_000, SnapshotMarker::True);
        let rows = TableRows {
            plan: SnapshotPlan::new(&schema, &names)?,
            source: self.capture.maker.builder.source_of_reads(&schema, &info),
            info,
            position: Arc::new(self.position.clone()),
            place,
        };
        let mut count = 0;
        let mut next = result.next().await.map_err(failed)?;
        while let Some(row) = next {
            next = result.next().await.map_err(failed)?;
            let marker = marker(rows.place, count == 0, next.is_none());
            // Without an await where the batch has room: that is nearly always.
            if self.keep_row(&rows, row, marker)? {
                self.flush().await?;
            }
            count += 1;
        }
        Ok(count)
    }

    /// True if the batch is full.
    fn keep_row(&mut self, rows: &TableRows, row: Row, marker: SnapshotMarker) -> Result<bool> {
        let values = row.unwrap();
        let bytes: usize = values.iter().map(size_of_value).sum();
        let builder = &mut self.capture.maker.builder;
        let row = rows.plan.row(values, builder.arena())?;
        let offset = SourceOffset::Position(Arc::clone(&rows.position) as _, 0);
        let schema = rows.plan.schema();
        let source = if marker == SnapshotMarker::True {
            rows.source.clone()
        } else {
            let info = SourceInfo {
                snapshot: marker,
                ..rows.info.clone()
            };
            builder.source_of_reads(schema, &info)
        };
        let record = builder.read(schema, row, source, offset);
        Ok(self.keep(record, bytes))
    }
}

/// About what a value takes in memory.
fn size_of_value(value: &mysql_async::Value) -> usize {
    match value {
        mysql_async::Value::Bytes(bytes) => bytes.len() + 32,
        _ => 32,
    }
}

/// `SnapshotMarkerResolver.resolve`
fn marker(place: Place, is_first: bool, is_last: bool) -> SnapshotMarker {
    if place.is_last && is_last {
        SnapshotMarker::Last
    } else if place.is_first && is_first {
        SnapshotMarker::First
    } else if is_last {
        SnapshotMarker::LastInDataCollection
    } else if is_first {
        SnapshotMarker::FirstInDataCollection
    } else {
        SnapshotMarker::True
    }
}

fn select(id: &TableId, columns: &[&str]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|name| super::structure::quote(name))
        .collect();
    let columns = if columns.is_empty() {
        "1".to_owned()
    } else {
        columns.join(", ")
    };
    format!("SELECT {columns} FROM {}", id.to_backquoted())
}

fn statement_failed(error: mysql_async::Error, sql: &str) -> Error {
    let kind = if crate::connection::is_retriable(&error) {
        ErrorKind::Retriable
    } else {
        ErrorKind::Config
    };
    Error::new(kind, format!("MySQL refused a statement: {error}")).with("statement", sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_as_in_the_golden_snapshot() {
        // golden a_raw: all_defaults is the first table, zero_dates the last; pk_dt has one row.
        let at = |is_first, is_last| Place { is_first, is_last };
        assert_eq!(marker(at(true, false), true, false).as_str(), "first");
        assert_eq!(
            marker(at(true, false), false, true).as_str(),
            "last_in_data_collection"
        );
        assert_eq!(
            marker(at(false, false), true, false).as_str(),
            "first_in_data_collection"
        );
        assert_eq!(marker(at(false, false), false, false).as_str(), "true");
        assert_eq!(
            marker(at(false, false), true, true).as_str(),
            "last_in_data_collection"
        );
        assert_eq!(marker(at(false, true), false, true).as_str(), "last");
    }

    #[test]
    fn a_select_names_its_columns() {
        assert_eq!(
            select(&TableId::new("a", "b`c"), &["x", "y"]),
            "SELECT `x`, `y` FROM `a`.`b``c`"
        );
    }
}
