//! Rows events.

use std::sync::Arc;

use bytes::Bytes;
use connect_api::record::SourcePosition;
use connect_api::{Error, Result};
use mysql_async::binlog::EventType;
use mysql_async::binlog::events::Event;

use super::handler::EventHandler;
use super::table_maps::{Target, Unread, Unreadable};
use crate::config::FailureMode;
use crate::envelope::RowOffsets;
use crate::rows::{RowPlan, RowsEvent};
use crate::tables::TableId;

impl EventHandler {
    pub(super) async fn rows(&mut self, kind: EventType, event: &Event) -> Result<()> {
        if self.skip.is_active() || self.now.is_of_other_source {
            return Ok(());
        }
        let skip_rows = self.skip.take_rows();
        let Some((rows_kind, version)) = RowsEvent::kind_of(kind as u8)? else {
            return Ok(());
        };
        let number = crate::rows::TableMap::table_number(event.data())?;
        let plan = match self.table_maps.target(number) {
            Some(Target::Plan(plan)) => Arc::clone(plan),
            Some(Target::Ignored) => return Ok(()),
            Some(Target::Unreadable(table)) => {
                let table = Arc::clone(table);
                let body = Bytes::copy_from_slice(event.data());
                let rows = RowsEvent::parse(rows_kind, version, body)?;
                return self.unreadable(&table, &rows, skip_rows);
            }
            // The number that ends a statement without rows (a dummy event).
            None => return Ok(()),
        };
        let rows = RowsEvent::parse(rows_kind, version, Bytes::copy_from_slice(event.data()))?;
        let bytes = event.data().len() * 2;
        if let Err(error) = self.send_rows(&plan, &rows, skip_rows, bytes) {
            return self.failed(self.at_event(error));
        }
        if self.capture.queue.is_full() {
            self.capture.queue.flush().await?;
        }
        Ok(())
    }

    fn send_rows(
        &mut self,
        plan: &RowPlan,
        rows: &RowsEvent,
        skip_rows: u64,
        bytes: usize,
    ) -> Result<()> {
        let info = self.source_info();
        let position: Arc<dyn SourcePosition> = Arc::new(self.context.position());
        let offsets = RowOffsets {
            position: &position,
            skip_rows,
        };
        let out = self.capture.queue.batch(bytes);
        let count = self
            .capture
            .maker
            .builder
            .rows(plan, rows, &info, offsets, out)?;
        self.now.row = i32::try_from(count.saturating_sub(1)).unwrap_or(i32::MAX);
        Ok(())
    }

    /// Rows that cannot be decoded are no error if none of them has to be: after
    /// a restart inside a transaction whose table has changed since, they may
    /// all have been sent before.
    fn unreadable(&self, table: &Unreadable, rows: &RowsEvent, skip_rows: u64) -> Result<()> {
        let is_done = |count| count <= skip_rows;
        if self.capture.maker.builder.is_skipped(rows.kind)
            || table.map.count_rows(rows).is_some_and(is_done)
        {
            return Ok(());
        }
        match &table.reason {
            Unread::Unknown => self.unknown_table(&table.map.table),
            Unread::Mismatch(message) => self.failed(self.at_event(Error::data(message.clone()))),
        }
    }

    /// `inconsistent.schema.handling.mode`
    fn unknown_table(&self, id: &TableId) -> Result<()> {
        let error = Error::data(format!(
            "Encountered change event for table {id} whose schema isn't known to this connector. One possible cause is an incomplete database schema history: rebuild it with snapshot.mode=recovery, or take a new snapshot"
        ));
        let error = self.at_event(error);
        match self.capture.settings.inconsistent_schema {
            FailureMode::Fail => Err(error),
            FailureMode::Warn => {
                tracing::warn!(%error, "skipping the event");
                Ok(())
            }
            FailureMode::Skip => Ok(()),
        }
    }
}
