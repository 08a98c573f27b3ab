//! Tables: names, and what the database says of them.

use std::fmt;

use connect_api::{Error, Result};

use crate::values::Family;

/// A table's name: up to catalog, schema and table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TableId {
    pub(crate) catalog: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
}

impl TableId {
    /// Splits a qualified name at its dots; parts in `quote` may have dots
    /// (`IdentifierRules.parseQualifiedIdentifier`).
    pub(crate) fn parse(name: &str, quote: char) -> Result<Self> {
        let mut parts: Vec<String> = vec![String::new()];
        let mut quoted = false;
        for character in name.chars() {
            if character == quote {
                quoted = !quoted;
            } else if character == '.' && !quoted {
                parts.push(String::new());
            } else if let Some(part) = parts.last_mut() {
                part.push(character);
            }
        }
        let invalid = || {
            Error::config(format!(
                "Invalid fully qualified name: '{name}': give table, schema.table or catalog.schema.table; \
                 'table.name.format' or the RegexRouter transformation makes one from a topic's name"
            ))
        };
        if quoted || parts.iter().any(String::is_empty) || parts.len() > 3 {
            return Err(invalid());
        }
        let table = parts.pop().ok_or_else(invalid)?;
        let schema = parts.pop();
        let catalog = parts.pop();
        Ok(Self {
            catalog,
            schema,
            table,
        })
    }

    /// The parts that are there, outermost first.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        [
            self.catalog.as_deref(),
            self.schema.as_deref(),
            Some(&*self.table),
        ]
        .into_iter()
        .flatten()
    }
}

/// As the original prints it: `"schema"."table"`.
impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.parts().enumerate() {
            if position > 0 {
                f.write_str(".")?;
            }
            write!(f, "\"{part}\"")?;
        }
        Ok(())
    }
}

/// What kind of table it is (`table.types`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableKind {
    Table,
    PartitionedTable,
    View,
}

impl TableKind {
    /// JDBC's name.
    pub(crate) fn jdbc_name(self) -> &'static str {
        match self {
            TableKind::Table => "TABLE",
            TableKind::PartitionedTable => "PARTITIONED TABLE",
            TableKind::View => "VIEW",
        }
    }

    pub(crate) fn capitalized(self) -> &'static str {
        match self {
            TableKind::Table => "Table",
            TableKind::PartitionedTable => "Partitioned Table",
            TableKind::View => "View",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [
            TableKind::Table,
            TableKind::PartitionedTable,
            TableKind::View,
        ]
        .into_iter()
        .find(|kind| {
            kind.jdbc_name()
                .eq_ignore_ascii_case(&name.replace('_', " "))
        })
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnDef {
    pub(crate) name: String,
    /// The type's name, as a cast takes it.
    pub(crate) type_name: String,
    pub(crate) family: Family,
    /// Characters or bytes that fit.
    pub(crate) length: Option<u32>,
    /// Digits in all, and after the point.
    pub(crate) digits: Option<(u32, u32)>,
    pub(crate) nullable: bool,
}

/// A table as it is in the database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TableDef {
    pub(crate) kind: TableKind,
    pub(crate) columns: Vec<ColumnDef>,
}

impl TableDef {
    /// The column called `name`, else the one that differs by case only.
    pub(crate) fn column(&self, name: &str) -> Option<&ColumnDef> {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .or_else(|| {
                let lower = name.to_lowercase();
                self.columns
                    .iter()
                    .find(|column| column.name.to_lowercase() == lower)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_dots() {
        let id = TableId::parse("inventory.\"my.table\"", '"').unwrap();
        assert_eq!(id.schema.as_deref(), Some("inventory"));
        assert_eq!(id.table, "my.table");
        assert_eq!(id.to_string(), "\"inventory\".\"my.table\"");
        assert_eq!(TableId::parse("t", '"').unwrap().schema, None);
        let three = TableId::parse("a.b.c", '`').unwrap();
        assert_eq!(three.catalog.as_deref(), Some("a"));
        for bad in ["", "a..b", "a.b.c.d", "\"open"] {
            let error = TableId::parse(bad, '"').unwrap_err().to_string();
            assert!(error.contains("Invalid fully qualified name"), "{error}");
        }
    }
}
