use std::collections::HashMap;
use std::sync::Arc;

use super::{Table, TableId};

/// The tables known at one position of the binlog (`io.debezium.relational.Tables`).
///
/// Each table is shared: taking one out is cheap, and a later change does not touch it.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    by_id: HashMap<TableId, Arc<Table>>,
    case_insensitive: bool,
}

impl Tables {
    /// No table yet. `case_insensitive` is the server's `lower_case_table_names` ≠ 0.
    pub fn new(case_insensitive: bool) -> Self {
        Self {
            by_id: HashMap::new(),
            case_insensitive,
        }
    }

    /// The table's structure, if known.
    pub fn get(&self, id: &TableId) -> Option<&Arc<Table>> {
        if self.case_insensitive {
            return self.by_id.get(&id.to_lowercase());
        }
        self.by_id.get(id)
    }

    /// Whether the table is known.
    pub fn contains(&self, id: &TableId) -> bool {
        self.get(id).is_some()
    }

    /// Adds the table or replaces what was known of it.
    pub fn overwrite(&mut self, table: impl Into<Arc<Table>>) {
        let table = table.into();
        self.by_id.insert(self.key(&table.id), table);
    }

    /// Forgets the table; gives what was known.
    pub fn remove(&mut self, id: &TableId) -> Option<Arc<Table>> {
        self.by_id.remove(&self.key(id))
    }

    /// Forgets all tables of the database; gives their ids, sorted.
    pub fn remove_database(&mut self, database: &str) -> Vec<TableId> {
        let in_database = |id: &TableId| {
            id.database() == database
                || (self.case_insensitive && id.database() == database.to_lowercase())
        };
        let mut removed: Vec<TableId> = self
            .by_id
            .keys()
            .filter(|id| in_database(id))
            .cloned()
            .collect();
        for id in &removed {
            self.by_id.remove(id);
        }
        removed.sort();
        removed
    }

    /// Moves what is known of `from` to the name `to`; says whether `from` was known.
    pub fn rename(&mut self, from: &TableId, to: &TableId) -> bool {
        let Some(table) = self.remove(from) else {
            return false;
        };
        let mut renamed = Arc::unwrap_or_clone(table);
        renamed.id = to.clone();
        self.overwrite(renamed);
        true
    }

    /// All known tables, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.by_id.values()
    }

    /// The ids of all known tables, sorted.
    pub fn ids(&self) -> Vec<TableId> {
        let mut ids: Vec<TableId> = self.by_id.values().map(|table| table.id.clone()).collect();
        ids.sort();
        ids
    }

    /// How many tables are known.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether no table is known.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    fn key(&self, id: &TableId) -> TableId {
        if self.case_insensitive {
            id.to_lowercase()
        } else {
            id.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_case_counts_only_when_it_does_on_the_server() {
        let upper = TableId::new("Db", "T");
        let lower = TableId::new("db", "t");
        let mut exact = Tables::new(false);
        exact.overwrite(Table::new(upper.clone()));
        assert!(!exact.contains(&lower));
        let mut folded = Tables::new(true);
        folded.overwrite(Table::new(upper.clone()));
        assert!(folded.contains(&lower));
        assert_eq!(folded.ids(), [upper]);
        assert_eq!(folded.remove_database("DB").len(), 1);
    }

    #[test]
    fn renaming_keeps_the_structure() {
        let (from, to) = (TableId::new("a", "x"), TableId::new("b", "y"));
        let mut tables = Tables::default();
        tables.overwrite(Table::new(from.clone()));
        assert!(tables.rename(&from, &to));
        assert_eq!(tables.get(&to).map(|table| table.id.clone()), Some(to));
        assert!(!tables.contains(&from));
        assert!(!tables.rename(&from, &from));
    }
}
