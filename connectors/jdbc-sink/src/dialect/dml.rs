//! The statements that write rows.

use super::{Database, Dialect};
use crate::config::InsertMode;
use crate::plan::{Op, PlanColumn};
use crate::table::TableId;
use crate::values::Family;

/// A statement's columns: keys first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'p> {
    pub(crate) table: &'p TableId,
    pub(crate) columns: &'p [PlanColumn],
    pub(crate) keys: usize,
}

impl Dialect {
    fn names(&self, columns: &[PlanColumn]) -> Vec<String> {
        columns
            .iter()
            .map(|column| self.quote_exactly(&column.column))
            .collect()
    }

    /// A column's name as the table has it.
    fn quote_exactly(&self, name: &str) -> String {
        use super::Quoting;
        let quoting = match self.quoting {
            Quoting::Never => Quoting::Never,
            Quoting::Always | Quoting::Folded => Quoting::Always,
        };
        Dialect { quoting, ..*self }.quote(name)
    }

    /// PostgreSQL's `COPY`; `format` is what it is told of the rows' form.
    pub(crate) fn copy(&self, target: Target<'_>, format: &str) -> String {
        format!(
            "COPY {} ({}) FROM STDIN{format}",
            self.table(target.table),
            self.names(target.columns).join(",")
        )
    }

    /// A query of the columns that finds no rows.
    pub(crate) fn no_rows(&self, target: Target<'_>) -> String {
        format!(
            "SELECT {} FROM {} WHERE false",
            self.names(target.columns).join(","),
            self.table(target.table)
        )
    }

    /// PostgreSQL's statement for any number of rows, each column an array of
    /// `types`: so one prepared statement serves every batch.
    pub(crate) fn unnest(
        &self,
        target: Target<'_>,
        types: &[&str],
        op: Op,
        mode: InsertMode,
    ) -> String {
        let table = self.table(target.table);
        let used = match op {
            Op::Delete => &target.columns[..target.keys],
            Op::Upsert => target.columns,
        };
        let arrays = types.iter().zip(1..);
        let arrays: Vec<String> = arrays.map(|(name, n)| format!("${n}::{name}[]")).collect();
        let aliases: Vec<String> = (1..=used.len()).map(|n| format!("c{n}")).collect();
        let from = format!("unnest({}) AS u({})", arrays.join(","), aliases.join(","));
        let values: Vec<String> = used.iter().zip(&aliases).map(|(c, a)| cast(c, a)).collect();
        let names = self.names(used);
        let matches: Vec<String> = (0..target.keys)
            .map(|n| format!("t.{}={}", names[n], values[n]))
            .collect();
        let set = |format: &dyn Fn(usize) -> String| {
            let items: Vec<String> = (target.keys..used.len()).map(format).collect();
            items.join(",")
        };
        match (op, mode) {
            (Op::Delete, _) => format!(
                "DELETE FROM {table} AS t USING {from} WHERE {}",
                matches.join(" AND ")
            ),
            (Op::Upsert, InsertMode::Update) => format!(
                "UPDATE {table} AS t SET {} FROM {from} WHERE {}",
                set(&|n| format!("{}={}", names[n], values[n])),
                matches.join(" AND ")
            ),
            (Op::Upsert, _) => {
                let insert = format!(
                    "INSERT INTO {table} ({}) SELECT {} FROM {from}",
                    names.join(","),
                    values.join(",")
                );
                if mode == InsertMode::Insert {
                    return insert;
                }
                let conflict = names[..target.keys].join(",");
                if used.len() == target.keys {
                    return format!("{insert} ON CONFLICT ({conflict}) DO NOTHING");
                }
                let set = set(&|n| format!("{0}=EXCLUDED.{0}", names[n]));
                format!("{insert} ON CONFLICT ({conflict}) DO UPDATE SET {set}")
            }
        }
    }

    /// What stands before MySQL's rows, and what after.
    pub(crate) fn multi_row(&self, target: Target<'_>, mode: InsertMode) -> (String, String) {
        let names = self.names(target.columns);
        let table = self.table(target.table);
        match mode {
            InsertMode::Upsert => {
                let updated = if names.len() == target.keys {
                    &names[..]
                } else {
                    &names[target.keys..]
                };
                let set: Vec<String> = updated
                    .iter()
                    .map(|name| format!("{name}=values({name})"))
                    .collect();
                (
                    format!("insert into {table}({}) values", names.join(",")),
                    format!(" on duplicate key update {}", set.join(",")),
                )
            }
            _ => (
                format!("INSERT INTO {table}({}) VALUES", names.join(",")),
                String::new(),
            ),
        }
    }

    /// MySQL's `DELETE … IN (`.
    pub(crate) fn delete_in(&self, target: Target<'_>) -> String {
        let names = self.names(&target.columns[..target.keys]);
        let names = if names.len() == 1 {
            names.join("")
        } else {
            format!("({})", names.join(","))
        };
        format!(
            "DELETE FROM {} WHERE {names} IN (",
            self.table(target.table)
        )
    }

    /// `UPDATE t SET `, and the names of the columns with ` = ` to come after.
    pub(crate) fn update_parts(&self, target: Target<'_>) -> (String, Vec<String>) {
        (
            format!("UPDATE {} SET ", self.table(target.table)),
            self.names(target.columns),
        )
    }

    /// A statement with a `?` for each value of one row: SQLite's.
    pub(crate) fn one_row(&self, target: Target<'_>, op: Op, mode: InsertMode) -> String {
        let table = self.table(target.table);
        let names = self.names(target.columns);
        let equal = |range: &[String], first: usize| {
            let items: Vec<String> = range
                .iter()
                .enumerate()
                .map(|(n, name)| format!("{name} = ?{}", first + n))
                .collect();
            items
        };
        let keys = equal(&names[..target.keys], 1).join(" AND ");
        match (op, mode) {
            (Op::Delete, _) => format!("DELETE FROM {table} WHERE {keys}"),
            (Op::Upsert, InsertMode::Update) => format!(
                "UPDATE {table} SET {} WHERE {keys}",
                equal(&names[target.keys..], target.keys + 1).join(", ")
            ),
            (Op::Upsert, mode) => {
                let verb = if mode == InsertMode::Upsert {
                    "INSERT OR REPLACE INTO"
                } else {
                    "INSERT INTO"
                };
                let marks: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
                format!(
                    "{verb} {table}({}) VALUES({})",
                    names.join(","),
                    marks.join(",")
                )
            }
        }
    }

    /// Empties a table.
    pub(crate) fn truncate(&self, table: &TableId) -> String {
        match self.database {
            Database::Postgres | Database::MySql => format!("TRUNCATE TABLE {}", self.table(table)),
            Database::Sqlite => format!("DELETE FROM {}", self.table(table)),
        }
    }
}

/// A text as the column's type. Texts need none: an assignment checks their
/// length, where a cast would cut them.
fn cast(column: &PlanColumn, alias: &str) -> String {
    if column.family == Family::Text {
        format!("u.{alias}")
    } else {
        format!("CAST(u.{alias} AS {})", column.type_name)
    }
}
