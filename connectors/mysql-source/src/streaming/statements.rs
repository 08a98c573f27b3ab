//! Statements in the binlog: the bounds of transactions, and DDL.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use connect_api::Result;
use connect_api::record::{SourceOffset, SourcePosition, SourceRecord};
use mysql_async::binlog::StatusVarKey;
use mysql_async::binlog::events::{QueryEvent, StatusVarVal};

use super::handler::EventHandler;
use crate::ddl::{SchemaChange, SchemaChangeKind, SqlMode};
use crate::schemas::SourceInfo;
use crate::tables::charset_of_collation_id;
use crate::values::{Charset, Slice};

impl EventHandler {
    pub(super) async fn query(&mut self, event: &QueryEvent<'_>) -> Result<()> {
        let text = text_of(event);
        let sql = text.trim();
        if sql.eq_ignore_ascii_case("BEGIN") {
            self.begin(Some(event.thread_id()));
            return Ok(());
        }
        if sql.eq_ignore_ascii_case("COMMIT") {
            self.commit();
            return Ok(());
        }
        if sql.eq_ignore_ascii_case("ROLLBACK") {
            // Written where a transaction changed tables of an engine without
            // transactions: those changes are not undone.
            tracing::warn!(
                "a transaction in the binlog ends with ROLLBACK; its changes of transactional tables were not real"
            );
            self.commit();
            return Ok(());
        }
        let verb = first_word(sql);
        if verb.eq_ignore_ascii_case("XA") {
            // XA START begins what an XA_PREPARE event ends.
            if first_word(&sql[verb.len()..]).eq_ignore_ascii_case("START") {
                self.begin(None);
            }
            return Ok(());
        }
        if ["INSERT", "UPDATE", "DELETE", "REPLACE"]
            .iter()
            .any(|dml| verb.eq_ignore_ascii_case(dml))
        {
            tracing::warn!(
                statement = sql,
                "Received DML for processing, binlog probably contains events generated with statement or mixed based replication format"
            );
            return Ok(());
        }
        if self.skip.is_active() {
            return Ok(());
        }
        if let Some(mode) = sql_mode(event) {
            self.capture.schema.set_sql_mode(mode);
        }
        self.ddl(sql, &event.schema()).await
    }

    /// Applies DDL, stores it in the history, then tells of it: no row that
    /// needs the new structure is sent before the history has it.
    async fn ddl(&mut self, sql: &str, database: &str) -> Result<()> {
        let before = self.capture.schema.tables().clone();
        let applied = match self.capture.schema.apply(sql, database) {
            Ok(applied) => applied,
            Err(error) => return self.failed(self.at_event(error)),
        };
        self.table_maps.clear();
        let info = self.source_info();
        let position = self.context.position();
        let recorded: Vec<_> = applied
            .changes
            .into_iter()
            .map(|change| (change, position.offset(0)))
            .collect();
        if let Err(error) = self.capture.schema.record(&recorded).await {
            // The stream is opened again at this statement.
            self.capture.schema.restore(before);
            return Err(error);
        }
        self.context.complete_statement();
        let done = self.offset();
        let last = recorded.len().saturating_sub(1);
        let before_last = SourceOffset::Position(Arc::new(position), 0);
        for (place, (change, _)) in recorded.into_iter().enumerate() {
            let offset = if place == last { &done } else { &before_last }.clone();
            if let Some(record) = self.record_of(&change, applied.understood, &info, offset)? {
                self.capture.queue.push(record, change.ddl.len() * 2);
            }
        }
        Ok(())
    }

    fn record_of(
        &mut self,
        change: &SchemaChange,
        understood: bool,
        info: &SourceInfo,
        offset: SourceOffset,
    ) -> Result<Option<SourceRecord>> {
        let capture = &mut self.capture;
        if change.kind != SchemaChangeKind::Truncate {
            let row = self.now.row;
            return Ok(capture.settings.include_schema_changes.then(|| {
                capture
                    .maker
                    .schema_change(change, understood, info, row, offset)
            }));
        }
        let Some(id) = change
            .table_id
            .as_ref()
            .filter(|id| capture.schema.filters().is_captured(id))
        else {
            return Ok(None);
        };
        match capture.schema.tables().get(id) {
            Some(table) => capture.maker.truncate(table, info, offset),
            None => Ok(None),
        }
    }
}

/// The statement, which is in the character set of the session that ran it.
fn text_of(event: &QueryEvent<'_>) -> ByteString {
    let charset = event
        .status_vars()
        .get_status_var(StatusVarKey::Charset)
        .and_then(|variable| match variable.get_value() {
            Ok(StatusVarVal::Charset { charset_client, .. }) => {
                charset_of_collation_id(charset_client)
            }
            _ => None,
        })
        .filter(|name| {
            !name.starts_with("utf8") && name != "binary" && !event.query_raw().is_ascii()
        })
        .and_then(|name| Charset::of_name(&name));
    match charset {
        Some(charset) => charset.decode(&Slice::whole(&Bytes::copy_from_slice(event.query_raw()))),
        None => event.query().into_owned().into(),
    }
}

/// The `sql_mode` of the session that ran the statement.
fn sql_mode(event: &QueryEvent<'_>) -> Option<SqlMode> {
    let variable = event.status_vars().get_status_var(StatusVarKey::SqlMode)?;
    match variable.get_value() {
        Ok(StatusVarVal::SqlMode(bits)) => Some(SqlMode::from_bits(bits.0)),
        _ => None,
    }
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}
