//! What a DDL text did (`io.debezium.relational.ddl.DdlChanges`).

use crate::tables::TableId;

/// One effect of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DdlEvent {
    /// What happened, to what.
    pub kind: DdlEventKind,
    /// The text of the statement; of one on several tables, as if it were on this one only.
    pub statement: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DdlEventKind {
    /// A table or view was created.
    CreateTable {
        /// Its name.
        id: TableId,
        /// It is a view, whose structure is not tracked.
        is_view: bool,
    },
    /// A table or view was altered or renamed.
    AlterTable {
        /// Its name afterwards.
        id: TableId,
        /// Its name before, when `RENAME TABLE` changed it.
        previous_id: Option<TableId>,
        /// It is a view, whose structure is not tracked.
        is_view: bool,
    },
    /// A table was dropped.
    DropTable {
        /// Its name.
        id: TableId,
    },
    /// A table was emptied.
    TruncateTable {
        /// Its name.
        id: TableId,
    },
    /// A unique index became a table's key.
    CreateIndex {
        /// The table.
        id: TableId,
        /// The index, if named.
        index: Option<String>,
    },
    /// A database was created.
    CreateDatabase {
        /// Its name.
        database: String,
    },
    /// A database's defaults were changed.
    AlterDatabase {
        /// Its name.
        database: String,
    },
    /// A database was dropped.
    DropDatabase {
        /// Its name.
        database: String,
        /// The tables that were known in it.
        tables: Vec<TableId>,
    },
    /// Another database became the current one.
    UseDatabase {
        /// Its name.
        database: String,
    },
    /// A system variable was set.
    SetVariable {
        /// The variable.
        variable: String,
        /// Its new value.
        value: String,
        /// Its place among those that the statement sets, from 0.
        order: usize,
        /// The current database.
        database: String,
    },
}

impl DdlEvent {
    /// The database that the statement is about; empty for variables set outside of any.
    pub fn database(&self) -> &str {
        match &self.kind {
            DdlEventKind::CreateDatabase { database }
            | DdlEventKind::AlterDatabase { database }
            | DdlEventKind::DropDatabase { database, .. }
            | DdlEventKind::UseDatabase { database }
            | DdlEventKind::SetVariable { database, .. } => database,
            kind => kind.table_id().map_or("", TableId::database),
        }
    }
}

impl DdlEventKind {
    /// The table, for events of tables.
    pub fn table_id(&self) -> Option<&TableId> {
        match self {
            Self::CreateTable { id, .. }
            | Self::AlterTable { id, .. }
            | Self::DropTable { id }
            | Self::TruncateTable { id }
            | Self::CreateIndex { id, .. } => Some(id),
            _ => None,
        }
    }
}

/// All effects of a DDL text, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DdlChanges {
    /// The effects.
    pub events: Vec<DdlEvent>,
}

impl DdlChanges {
    /// Whether the text had no effect that is known here.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Consecutive events of one database, in order (`DdlChanges.getEventsByDatabase`).
    pub fn by_database(&self) -> impl Iterator<Item = (&str, &[DdlEvent])> {
        self.events
            .chunk_by(|left, right| left.database() == right.database())
            .map(|events| (events[0].database(), events))
    }
}
