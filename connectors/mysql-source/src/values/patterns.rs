use connect_api::regex::JavaRegex;
use connect_api::{Error, Result};

use crate::config::split_regex_list;
use crate::tables::{Column, Table, TableId};

/// A comma-separated list of regular expressions, each matched against a whole name in any letter
/// case; `\,` is a comma inside an expression (`io.debezium.util.Strings.setOfRegex`).
#[derive(Debug, Clone, Default)]
pub struct ColumnPatterns(Vec<JavaRegex>);

impl ColumnPatterns {
    /// Reads the value of `setting`.
    pub fn parse(setting: &str, list: &str) -> Result<Self> {
        let parts = split_regex_list(list)
            .map_err(|reason| Error::config(format!("{setting} is not valid: {reason}")))?;
        let compiled = parts.iter().map(|text| compile(setting, text));
        Ok(Self(compiled.collect::<Result<_>>()?))
    }

    /// Whether one of them matches `database.table.column`.
    pub fn matches_column(&self, table: &TableId, column: &str) -> bool {
        !self.0.is_empty() && self.matches(&format!("{table}.{column}"))
    }

    /// Whether one of them matches all of `name`.
    pub fn matches(&self, name: &str) -> bool {
        self.0.iter().any(|regex| is_match(regex, name))
    }
}

/// The columns of messages' keys by table (`message.key.columns`), such as
/// `inventory.customers:pk1,pk2;(.*).orders:pk3`.
#[derive(Debug, Clone, Default)]
pub struct KeyColumns(Vec<JavaRegex>);

impl KeyColumns {
    /// Reads the setting's value.
    pub fn parse(setting: &str, list: &str) -> Result<Self> {
        let mut patterns = Vec::new();
        for part in list.split(';').filter(|part| !part.trim().is_empty()) {
            let Some((table, columns)) = part.trim().split_once(':') else {
                return Err(Error::config(format!(
                    "'{part}' in {setting} is not of the form <table regex>:<column>,<column>"
                )));
            };
            for column in columns.split(',').map(str::trim) {
                if column.is_empty() {
                    return Err(Error::config(format!(
                        "'{part}' in {setting} has an empty column"
                    )));
                }
                patterns.push(compile(setting, &format!("{table}.{column}"))?);
            }
        }
        Ok(Self(patterns))
    }

    /// The places of the key's columns in the row: those that match, in the order of the
    /// expressions, or the table's own key where none does (`Key.CustomKeyMapper`).
    pub fn key_indexes(&self, table: &Table) -> Vec<usize> {
        let mut indexes = Vec::new();
        for regex in &self.0 {
            let matches =
                |column: &Column| is_match(regex, &format!("{}.{}", table.id, column.name));
            let found = table
                .columns
                .iter()
                .enumerate()
                .filter(|(_, column)| matches(column));
            for (index, _) in found {
                if !indexes.contains(&index) {
                    indexes.push(index);
                }
            }
        }
        if indexes.is_empty() {
            table.primary_key_indexes()
        } else {
            indexes
        }
    }
}

fn compile(setting: &str, pattern: &str) -> Result<JavaRegex> {
    JavaRegex::ignoring_case(pattern).map_err(|error| {
        Error::config(format!(
            "'{pattern}' in {setting} is not a regular expression"
        ))
        .caused_by(error)
    })
}

/// An expression that runs into the engine's back-tracking limit does not match.
fn is_match(regex: &JavaRegex, name: &str) -> bool {
    regex.matches(name).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, key: &[&str]) -> Table {
        let mut table = Table::new(TableId::new("inventory", name));
        for column in ["a", "b", "c"] {
            table.columns.push(Column {
                name: column.into(),
                ..Column::default()
            });
        }
        table.primary_key_column_names = key.iter().map(|name| (*name).to_owned()).collect();
        table
    }

    #[test]
    fn patterns_match_whole_names_in_any_case() {
        let patterns =
            ColumnPatterns::parse("s", r"Inventory\.book\.(a|b), x\.y{1\,2}\.z").unwrap();
        assert!(patterns.matches("inventory.BOOK.a"));
        assert!(!patterns.matches("inventory.book.ab"));
        assert!(patterns.matches("x.yy.z"));
        assert!(!ColumnPatterns::default().matches("a"));
        let error = ColumnPatterns::parse("column.include.list", "(").unwrap_err();
        assert!(error.to_string().contains("column.include.list"));
    }

    #[test]
    fn key_columns_replace_the_key_of_matching_tables() {
        let keys = KeyColumns::parse("k", "inventory.t1:c,a;(.*).t2:b").unwrap();
        assert_eq!(keys.key_indexes(&table("t1", &["b"])), [2, 0]);
        assert_eq!(keys.key_indexes(&table("t2", &[])), [1]);
        assert_eq!(keys.key_indexes(&table("t3", &["b"])), [1]);
        assert!(KeyColumns::parse("k", "nocolon").is_err());
    }
}
