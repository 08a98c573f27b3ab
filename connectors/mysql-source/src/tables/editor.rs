use super::table::same_name;
use super::{Column, Table, TableId};

/// Makes a table's next version.
///
/// Columns are remembered by identity and by the name they had at the start: the clauses of one
/// `ALTER TABLE` name the columns as they were before it, so that two columns may swap names.
#[derive(Clone, Debug)]
pub(crate) struct TableEditor {
    table: Table,
    slots: Vec<Slot>,
    key: Vec<SlotId>,
    next_id: SlotId,
}

type SlotId = usize;

#[derive(Clone, Debug)]
struct Slot {
    id: SlotId,
    original_name: Option<String>,
    column: Column,
}

impl TableEditor {
    /// Starts from nothing.
    pub(crate) fn create(id: TableId) -> Self {
        Self {
            table: Table::new(id),
            slots: Vec::new(),
            key: Vec::new(),
            next_id: 0,
        }
    }

    /// Starts from a known version.
    pub(crate) fn edit(table: &Table) -> Self {
        let slot = |(id, column): (SlotId, &Column)| Slot {
            id,
            original_name: Some(column.name.clone()),
            column: column.clone(),
        };
        Self {
            table: Table {
                columns: Vec::new(),
                ..table.clone()
            },
            slots: table.columns.iter().enumerate().map(slot).collect(),
            key: table.primary_key_indexes(),
            next_id: table.columns.len(),
        }
    }

    /// The table's parts other than columns and key.
    pub(crate) fn table_mut(&mut self) -> &mut Table {
        &mut self.table
    }

    /// The place of the column that had this name at the start, or has it now.
    pub(crate) fn find_original(&self, name: &str) -> Option<usize> {
        let had_name = |slot: &Slot| {
            slot.original_name
                .as_deref()
                .is_some_and(|original| same_name(original, name))
        };
        self.slots
            .iter()
            .position(had_name)
            .or_else(|| self.find(name))
    }

    /// The place of the column that has this name now.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.slots
            .iter()
            .position(|slot| same_name(&slot.column.name, name))
    }

    /// The column at a place that one of the finders gave.
    pub(crate) fn column_mut(&mut self, index: usize) -> &mut Column {
        &mut self.slots[index].column
    }

    /// All columns.
    pub(crate) fn columns_mut(&mut self) -> impl Iterator<Item = &mut Column> {
        self.slots.iter_mut().map(|slot| &mut slot.column)
    }

    /// Appends a column.
    pub(crate) fn push(&mut self, column: Column) {
        self.slots.push(Slot {
            id: self.next_id,
            original_name: None,
            column,
        });
        self.next_id += 1;
    }

    /// Puts another definition in the place of a column, which keeps its part in the key.
    pub(crate) fn replace(&mut self, index: usize, column: Column) {
        self.slots[index].column = column;
    }

    /// Removes a column from the table and from its key.
    pub(crate) fn remove(&mut self, index: usize) {
        let removed = self.slots.remove(index);
        self.key.retain(|id| *id != removed.id);
    }

    /// Moves a column to the front, or behind the column called `after` now or at the start;
    /// says whether that one exists.
    pub(crate) fn move_column(&mut self, index: usize, after: Option<&str>) -> bool {
        let moved = self.slots.remove(index);
        let target = match after {
            None => Some(0),
            Some(name) => self
                .find(name)
                .or_else(|| self.find_original(name))
                .map(|found| found + 1),
        };
        self.slots.insert(target.unwrap_or(index), moved);
        target.is_some()
    }

    /// Whether there is a key.
    pub(crate) fn has_key(&self) -> bool {
        !self.key.is_empty()
    }

    /// Forgets the key.
    pub(crate) fn clear_key(&mut self) {
        self.key.clear();
    }

    /// Makes the columns the primary key, and not null as MySQL does; unknown names are left out.
    pub(crate) fn set_primary_key(&mut self, names: &[String]) {
        self.key.clear();
        for name in names {
            let Some(index) = self.find(name) else {
                continue;
            };
            let Slot { id, column, .. } = &mut self.slots[index];
            self.key.push(*id);
            column.optional = false;
            if column.has_null_default() {
                column.has_default_value = false;
            }
        }
    }

    /// Makes the columns of a unique index the key of a table that has none, if they all exist
    /// and none may be null; says whether it did.
    pub(crate) fn offer_unique_key(&mut self, names: &[String]) -> bool {
        if self.has_key() || names.is_empty() {
            return false;
        }
        let mut key = Vec::with_capacity(names.len());
        for name in names {
            match self.find(name).map(|index| &self.slots[index]) {
                Some(slot) if !slot.column.optional => key.push(slot.id),
                _ => return false,
            }
        }
        self.key = key;
        true
    }

    /// The new version.
    pub(crate) fn finish(mut self) -> Table {
        self.table.primary_key_column_names = self
            .key
            .iter()
            .filter_map(|id| self.slots.iter().find(|slot| slot.id == *id))
            .map(|slot| slot.column.name.clone())
            .collect();
        let charset = self.table.default_charset_name.as_deref();
        for (position, slot) in (1..).zip(self.slots) {
            let mut column = slot.column;
            column.position = position;
            column.inherit_charset(charset);
            self.table.columns.push(column);
        }
        self.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> Column {
        Column {
            name: name.into(),
            ..Column::default()
        }
    }

    fn editor(names: &[&str]) -> TableEditor {
        let mut editor = TableEditor::create(TableId::new("db", "t"));
        for name in names {
            editor.push(column(name));
        }
        editor
    }

    fn layout(table: &Table) -> Vec<(i32, &str)> {
        table
            .columns
            .iter()
            .map(|c| (c.position, c.name.as_str()))
            .collect()
    }

    #[test]
    fn columns_move_and_are_numbered() {
        let mut editor = editor(&["a", "b", "c"]);
        assert!(editor.move_column(2, None));
        assert!(editor.move_column(0, Some("B")));
        assert!(!editor.move_column(0, Some("missing")));
        assert_eq!(layout(&editor.finish()), [(1, "a"), (2, "b"), (3, "c")]);
    }

    #[test]
    fn columns_swap_names_and_the_key_follows() {
        let mut before = editor(&["a", "b"]);
        before.set_primary_key(&["a".into()]);
        let mut editor = TableEditor::edit(&before.finish());
        let a = editor.find_original("a").unwrap();
        editor.column_mut(a).name = "b".into();
        let b = editor.find_original("b").unwrap();
        editor.column_mut(b).name = "a".into();
        let table = editor.finish();
        assert_eq!(layout(&table), [(1, "b"), (2, "a")]);
        assert_eq!(table.primary_key_column_names, ["b"]);
    }

    #[test]
    fn a_unique_index_is_a_key_only_without_nullable_columns() {
        let mut editor = editor(&["a", "b"]);
        editor.column_mut(1).optional = true;
        assert!(!editor.offer_unique_key(&["a".into(), "b".into()]));
        assert!(!editor.offer_unique_key(&["missing".into()]));
        assert!(editor.offer_unique_key(&["A".into()]));
        assert!(
            !editor.offer_unique_key(&["a".into()]),
            "there is one already"
        );
        editor.remove(0);
        assert!(editor.finish().primary_key_column_names.is_empty());
    }
}
