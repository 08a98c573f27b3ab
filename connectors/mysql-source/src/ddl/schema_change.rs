//! What is told to users and to the schema history about a DDL text.

use std::sync::Arc;

use super::changes::{DdlChanges, DdlEvent, DdlEventKind};
use crate::tables::{TableChange, TableId, Tables};

/// The kind of a schema change (`SchemaChangeEvent.SchemaChangeEventType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaChangeKind {
    /// A table was created.
    Create,
    /// A table was altered or renamed.
    Alter,
    /// A table was dropped.
    Drop,
    /// A table was emptied.
    Truncate,
    /// Anything else.
    Database,
}

/// One record of the schema change topic and of the schema history
/// (`io.debezium.schema.SchemaChangeEvent`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaChange {
    /// What happened.
    pub kind: SchemaChangeKind,
    /// The database that it happened in; may be empty.
    pub database: String,
    /// The statement.
    pub ddl: String,
    /// The tables that have another structure now; may be empty.
    pub table_changes: Vec<TableChange>,
    /// The table that the statement is about, if it is about one.
    pub table_id: Option<TableId>,
    /// All tables that the DDL text changed in this database, for the `table` of the source block.
    pub affected: Arc<[TableId]>,
}

impl DdlChanges {
    /// The records for a DDL text that was just applied to `tables`, as
    /// `BinlogDatabaseSchema.parseDdl` makes them: one for each event, or one for the whole text
    /// when nothing is known of its effect.
    ///
    /// `accepts` says whether changes in a database are to be told at all.
    pub fn schema_changes(
        &self,
        ddl: &str,
        current_database: &str,
        tables: &Tables,
        accepts: impl Fn(&str) -> bool,
    ) -> Vec<SchemaChange> {
        if self.is_empty() {
            return vec![SchemaChange {
                kind: SchemaChangeKind::Database,
                database: current_database.to_owned(),
                ddl: ddl.to_owned(),
                table_changes: Vec::new(),
                table_id: None,
                affected: Arc::from([]),
            }];
        }
        let mut changes = Vec::with_capacity(self.events.len());
        for (database, events) in self.by_database() {
            if database.is_empty() || accepts(database) {
                let affected = affected_tables(events);
                changes.extend(
                    events
                        .iter()
                        .filter_map(|event| schema_change(event, tables, &affected)),
                );
            }
        }
        changes
    }
}

fn affected_tables(events: &[DdlEvent]) -> Arc<[TableId]> {
    let mut ids: Vec<TableId> = Vec::new();
    for id in events.iter().filter_map(|event| event.kind.table_id()) {
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids.into()
}

fn schema_change(
    event: &DdlEvent,
    tables: &Tables,
    affected: &Arc<[TableId]>,
) -> Option<SchemaChange> {
    let table_id = event.kind.table_id().cloned();
    let table = table_id.as_ref().and_then(|id| tables.get(id)).cloned();
    let (kind, change) = match &event.kind {
        DdlEventKind::CreateTable { .. } => {
            (SchemaChangeKind::Create, table.map(TableChange::create))
        }
        DdlEventKind::AlterTable { previous_id, .. } => (
            SchemaChangeKind::Alter,
            table.map(|table| TableChange::alter(table, previous_id.clone())),
        ),
        DdlEventKind::CreateIndex { .. } => (
            SchemaChangeKind::Alter,
            table.map(|table| TableChange::alter(table, None)),
        ),
        DdlEventKind::DropTable { id } => {
            (SchemaChangeKind::Drop, Some(TableChange::drop(id.clone())))
        }
        DdlEventKind::TruncateTable { .. } => (SchemaChangeKind::Truncate, None),
        // A statement that sets several variables is told once.
        DdlEventKind::SetVariable { order, .. } if *order > 0 => return None,
        _ => (SchemaChangeKind::Database, None),
    };
    Some(SchemaChange {
        kind,
        database: event.database().to_owned(),
        ddl: event.statement.clone(),
        table_changes: change.into_iter().collect(),
        table_id,
        affected: Arc::clone(affected),
    })
}
