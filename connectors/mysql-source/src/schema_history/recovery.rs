use connect_api::record::OffsetMap;
use tracing::{debug, info, warn};

use super::{HistoryRecord, HistoryRecordComparator, SchemaHistoryError, SchemaHistoryStore};
use crate::ddl::{DdlFilter, DdlParser};
use crate::tables::{TableChange, TableChangeKind, Tables};

/// How a history is replayed.
#[derive(Clone, Debug, Default)]
pub struct RecoverySettings {
    /// Which records the offset has behind it.
    pub comparator: HistoryRecordComparator,
    /// Statements to leave out (`schema.history.internal.ddl.filter`).
    pub ddl_filter: DdlFilter,
    /// Leave out statements that cannot be applied
    /// (`schema.history.internal.skip.unparseable.ddl`).
    pub skip_unparseable_ddl: bool,
    /// Parse the statements even where a record tells what they did
    /// (`internal.schema.history.internal.prefer.ddl`).
    pub prefer_ddl: bool,
}

/// The tables as the history has them at one offset, while it is being replayed.
#[derive(Debug)]
pub struct Recovery<'a> {
    source: &'a OffsetMap,
    offset: &'a OffsetMap,
    settings: &'a RecoverySettings,
    parser: &'a mut DdlParser,
    tables: Tables,
    applied: usize,
    seen: usize,
}

impl<'a> Recovery<'a> {
    /// Starts with no table. The parser learns the character sets that the history sets.
    pub fn new(
        source: &'a OffsetMap,
        offset: &'a OffsetMap,
        settings: &'a RecoverySettings,
        parser: &'a mut DdlParser,
        case_insensitive_tables: bool,
    ) -> Self {
        let tables = Tables::new(case_insensitive_tables);
        Self {
            source,
            offset,
            settings,
            parser,
            tables,
            applied: 0,
            seen: 0,
        }
    }

    /// Replays the next record, if it is of this source and at or before the offset.
    ///
    /// # Errors
    /// Its statement cannot be applied.
    pub fn apply(&mut self, record: &HistoryRecord) -> Result<(), SchemaHistoryError> {
        self.seen += 1;
        let is_behind = record.is_of_source(self.source)
            && self
                .settings
                .comparator
                .is_at_or_before(&record.position, self.offset);
        if !is_behind {
            debug!(
                ddl = record.ddl.as_deref(),
                "schema history: behind the offset, left out"
            );
            return Ok(());
        }
        self.applied += 1;
        match &record.table_changes {
            Some(changes) if !changes.is_empty() && !self.settings.prefer_ddl => {
                self.apply_rename(record, changes);
                for change in changes {
                    change.apply(&mut self.tables);
                }
                Ok(())
            }
            _ => self.apply_ddl(record),
        }
    }

    /// The tables after the last record.
    pub fn finish(self) -> Tables {
        info!(
            records = self.seen,
            applied = self.applied,
            tables = self.tables.len(),
            "recovered the schema history"
        );
        self.tables
    }

    /// `ALTER TABLE … RENAME TO` is recorded without the previous name, so that the table would
    /// stay under that name too; the statement tells it.
    fn apply_rename(&mut self, record: &HistoryRecord, changes: &[TableChange]) {
        let is_alter = |change: &TableChange| {
            change.kind == TableChangeKind::Alter && change.previous_id.is_none()
        };
        let ddl = record.ddl.as_deref().unwrap_or_default();
        if !changes.iter().any(is_alter) || !ddl.to_ascii_uppercase().contains("RENAME") {
            return;
        }
        self.parser
            .set_current_database(record.database_name.as_deref().unwrap_or_default());
        if let Err(error) = self.parser.parse(ddl, &mut self.tables) {
            debug!(%error, "schema history: the recorded changes are taken as they are");
        }
    }

    fn apply_ddl(&mut self, record: &HistoryRecord) -> Result<(), SchemaHistoryError> {
        let Some(ddl) = record.ddl.as_deref() else {
            return Ok(());
        };
        if let Some(database) = &record.database_name {
            self.parser.set_current_database(database);
        }
        if self.settings.ddl_filter.is_ignored(ddl) {
            return Ok(());
        }
        match self.parser.parse(ddl, &mut self.tables) {
            Ok(_) => Ok(()),
            Err(error) if self.settings.skip_unparseable_ddl => {
                warn!(%error, "schema history: a statement cannot be applied, left out");
                Ok(())
            }
            Err(source) => {
                let position = serde_json::Value::Object(record.position.clone()).to_string();
                Err(SchemaHistoryError::Ddl { position, source })
            }
        }
    }
}

/// Replays all of a stored history up to an offset.
///
/// # Errors
/// The store cannot be read, or a statement cannot be applied.
pub async fn recover(
    store: &dyn SchemaHistoryStore,
    mut recovery: Recovery<'_>,
) -> Result<Tables, SchemaHistoryError> {
    store
        .read_all(&mut |record| recovery.apply(&record))
        .await?;
    Ok(recovery.finish())
}
