//! MySQL's data definition language: what a statement does to the known tables.
//!
//! The parser is our own, tolerant one: it reads what a server has executed, so that it knows
//! all clauses that change columns and keys, steps over those that do not, and refuses what it
//! does not know at all. Effects and their text are those of Debezium's `MySqlAntlrDdlParser`.
//!
//! Where Debezium 3.6.1 contradicts the server, the server is followed:
//! * a nullable `UNIQUE` column is no key (the snapshot of the same table has none either);
//! * `CHANGE` leaves nothing of the old definition (`AUTO_INCREMENT`, values of an `ENUM`);
//! * two columns may swap names in one `ALTER TABLE`;
//! * `DEFAULT CHARACTER SET` of `ALTER TABLE`, and a table's or database's `COLLATE` alone, count;
//! * text in the character set `binary` is a binary string;
//! * `CREATE TABLE` without `IF NOT EXISTS` replaces what was known of a table of that name;
//! * temporary tables are none of ours;
//! * `0xFF` and `0b1` as defaults keep their last digit;
//! * the text of a partitioned table's statement keeps the end of its `/*! … */`.
//!
//! Kept as Debezium has it: a key column that `MODIFY` defines anew without `NOT NULL` counts as
//! nullable, and the columns of a unique index stay the key when the index is dropped or one of
//! them becomes nullable.

mod apply;
mod ast;
mod changes;
mod cursor;
mod error;
mod filter;
mod parse;
mod schema_change;
mod token;
mod variables;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use changes::{DdlChanges, DdlEvent, DdlEventKind};
pub use error::DdlError;
pub use filter::DdlFilter;
pub use schema_change::{SchemaChange, SchemaChangeKind};
pub use token::SqlMode;

use crate::tables::Tables;
use ast::ParsedStatement;
use variables::{CHARACTER_SET_DATABASE, CHARACTER_SET_SERVER, SystemVariables};

/// Applies DDL to tables, with what statements before it have set: the current database, the
/// character sets of databases, system variables.
#[derive(Clone, Debug, Default)]
pub struct DdlParser {
    current_database: String,
    charset_of_database: HashMap<String, String>,
    variables: SystemVariables,
    sql_mode: SqlMode,
    include_comments: bool,
}

impl DdlParser {
    /// Comments of tables and columns are kept only with `include_comments`
    /// (`include.schema.comments`).
    pub fn new(include_comments: bool) -> Self {
        Self {
            include_comments,
            ..Self::default()
        }
    }

    /// The database of names without one, until a `USE`.
    pub fn set_current_database(&mut self, database: &str) {
        database.clone_into(&mut self.current_database);
    }

    /// The database of names without one.
    pub fn current_database(&self) -> &str {
        &self.current_database
    }

    /// How quotes and backslashes are to be read from now on.
    pub fn set_sql_mode(&mut self, sql_mode: SqlMode) {
        self.sql_mode = sql_mode;
    }

    /// Sets a system variable, as the server has it when the connector starts.
    pub fn set_system_variable(&mut self, name: &str, value: &str) {
        self.assign(false, name, value);
    }

    /// A system variable, if a statement or [`Self::set_system_variable`] has set it.
    pub fn system_variable(&self, name: &str) -> Option<&str> {
        self.variables.get(&name.to_ascii_lowercase())
    }

    /// Parses all statements of a text, then applies them in order.
    ///
    /// # Errors
    /// The text is not understood, or names a column that the table does not have. Statements
    /// before the one that fails are applied only if all of the text is understood.
    pub fn parse(&mut self, ddl: &str, tables: &mut Tables) -> Result<DdlChanges, DdlError> {
        let mut changes = DdlChanges::default();
        for statement in self.parse_statements(ddl)? {
            self.apply(ddl, statement, tables, &mut changes)?;
        }
        Ok(changes)
    }

    /// A schema history does not say which `sql_mode` a statement was executed under; so when it
    /// makes no sense, its double quotes are read in the other way.
    fn parse_statements(&self, ddl: &str) -> Result<Vec<ParsedStatement>, DdlError> {
        parse::parse_statements(ddl, self.sql_mode).or_else(|error| {
            if !ddl.contains('"') {
                return Err(error);
            }
            let ansi_quotes = !self.sql_mode.ansi_quotes;
            parse::parse_statements(
                ddl,
                SqlMode {
                    ansi_quotes,
                    ..self.sql_mode
                },
            )
            .map_err(|_| error)
        })
    }

    /// The character set of a new table in the database (`charsetForTable`).
    fn default_charset(&self, database: &str) -> Option<String> {
        let of_database = self.charset_of_database.get(database).map(String::as_str);
        of_database
            .or_else(|| self.current_database_charset())
            .map(str::to_owned)
    }

    fn current_database_charset(&self) -> Option<&str> {
        self.variables
            .get(CHARACTER_SET_DATABASE)
            .filter(|charset| !charset.eq_ignore_ascii_case("default"))
            .or_else(|| self.variables.get(CHARACTER_SET_SERVER))
    }
}
