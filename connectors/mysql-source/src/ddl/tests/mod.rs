//! Expected values are those of Debezium 3.6.1's `MySqlAntlrDdlParser`, unless a test says why not.

mod alter_table;
mod columns;
mod events;
mod robustness;

use std::sync::Arc;

use super::{DdlChanges, DdlError, DdlParser};
use crate::tables::{Table, TableId, Tables};

/// A parser in the database `db` of a server with utf8mb4, and the tables that it knows.
struct Session {
    parser: DdlParser,
    tables: Tables,
}

impl Session {
    fn new() -> Self {
        let mut parser = DdlParser::new(false);
        parser.set_system_variable("character_set_server", "utf8mb4");
        parser.set_current_database("db");
        Self {
            parser,
            tables: Tables::default(),
        }
    }

    fn after(ddl: &str) -> Self {
        let mut session = Self::new();
        session.run(ddl);
        session
    }

    fn run(&mut self, ddl: &str) -> DdlChanges {
        self.try_run(ddl).unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_run(&mut self, ddl: &str) -> Result<DdlChanges, DdlError> {
        self.parser.parse(ddl, &mut self.tables)
    }

    fn get(&self, database: &str, table: &str) -> Option<&Arc<Table>> {
        self.tables.get(&TableId::new(database, table))
    }

    /// The table `db.t`.
    fn t(&self) -> &Table {
        self.get("db", "t").expect("there is a table t")
    }

    /// The columns of `db.t` with their types and what their order is.
    fn columns(&self) -> String {
        let column = |c: &crate::tables::Column| format!("{} {}", c.name, c.type_name);
        assert!(
            (1..)
                .zip(&self.t().columns)
                .all(|(position, c)| c.position == position)
        );
        self.t()
            .columns
            .iter()
            .map(column)
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn key(&self) -> Vec<&str> {
        self.t()
            .primary_key_column_names
            .iter()
            .map(String::as_str)
            .collect()
    }
}
