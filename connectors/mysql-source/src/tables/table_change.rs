use std::sync::Arc;

use super::{Table, TableId, Tables};

/// What happened to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableChangeKind {
    /// It was created, or seen for the first time.
    Create,
    /// Its structure or name changed.
    Alter,
    /// It is gone.
    Drop,
}

impl TableChangeKind {
    /// The word in the history and the schema change topic.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Alter => "ALTER",
            Self::Drop => "DROP",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Create, Self::Alter, Self::Drop]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// One element of `tableChanges` (`io.debezium.relational.history.TableChanges.TableChange`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableChange {
    /// What happened.
    pub kind: TableChangeKind,
    /// The table, under its new name.
    pub id: TableId,
    /// The name before, when it was renamed.
    pub previous_id: Option<TableId>,
    /// The structure afterwards; none for a dropped table.
    pub table: Option<Arc<Table>>,
}

impl TableChange {
    /// The table is there now.
    pub fn create(table: Arc<Table>) -> Self {
        let id = table.id.clone();
        Self {
            kind: TableChangeKind::Create,
            id,
            previous_id: None,
            table: Some(table),
        }
    }

    /// The table has changed, and was called `previous_id` if that is given.
    pub fn alter(table: Arc<Table>, previous_id: Option<TableId>) -> Self {
        let id = table.id.clone();
        Self {
            kind: TableChangeKind::Alter,
            id,
            previous_id,
            table: Some(table),
        }
    }

    /// The table is gone.
    pub fn drop(id: TableId) -> Self {
        Self {
            kind: TableChangeKind::Drop,
            id,
            previous_id: None,
            table: None,
        }
    }

    /// Brings `tables` to the state after the change.
    pub fn apply(&self, tables: &mut Tables) {
        if let Some(previous_id) = &self.previous_id {
            tables.remove(previous_id);
        }
        match (&self.kind, &self.table) {
            (TableChangeKind::Drop, _) | (_, None) => {
                tables.remove(&self.id);
            }
            (_, Some(table)) => tables.overwrite(Arc::clone(table)),
        }
    }
}
