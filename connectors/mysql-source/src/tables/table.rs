use super::{Column, TableId};

/// A named value attached to a table; MySQL's tables have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Name of the attribute.
    pub name: String,
    /// Its value, if any.
    pub value: Option<String>,
}

/// One version of a table's structure (`io.debezium.relational.Table`).
///
/// It is never changed once shared; a change makes another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The table's name.
    pub id: TableId,
    /// The columns in the order of the row.
    pub columns: Vec<Column>,
    /// The primary key's columns in the key's order, or those of the first unique index without
    /// nullable columns when there is no primary key; empty when there is neither.
    pub primary_key_column_names: Vec<String>,
    /// The character set of text columns that name none.
    pub default_charset_name: Option<String>,
    /// The comment, when comments are kept.
    pub comment: Option<String>,
    /// Always empty for MySQL.
    pub attributes: Vec<Attribute>,
}

impl Table {
    /// A table without columns.
    pub fn new(id: TableId) -> Self {
        Self {
            id,
            columns: Vec::new(),
            primary_key_column_names: Vec::new(),
            default_charset_name: None,
            comment: None,
            attributes: Vec::new(),
        }
    }

    /// The column of that name, in any letter case.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(self.index_of(name)?)
    }

    /// The place in [`Self::columns`] of the column of that name, in any letter case.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| same_name(&column.name, name))
    }

    /// Whether rows have a key.
    pub fn has_primary_key(&self) -> bool {
        !self.primary_key_column_names.is_empty()
    }

    /// The places of the key's columns in the row, in the key's order.
    pub fn primary_key_indexes(&self) -> Vec<usize> {
        self.primary_key_column_names
            .iter()
            .filter_map(|name| self.index_of(name))
            .collect()
    }

    /// Whether the column is part of the key.
    pub fn is_primary_key_column(&self, name: &str) -> bool {
        self.primary_key_column_names
            .iter()
            .any(|key| same_name(key, name))
    }
}

pub(crate) fn same_name(left: &str, right: &str) -> bool {
    left == right || left.to_lowercase() == right.to_lowercase()
}
