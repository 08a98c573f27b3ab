//! The statements that rebuild the structures of all tables, in the order of
//! the original (`BinlogSnapshotChangeEventSource.readTableStructure`).

use std::collections::{HashMap, HashSet};

use connect_api::{Error, Result};
use mysql_async::Row;

use crate::config::Filters;
use crate::connection::{Connection, ServerVariables, is_gone, text_of};
use crate::tables::TableId;

/// The tables of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tables {
    /// Those whose structures are kept.
    pub(super) in_history: Vec<TableId>,
    /// Those whose changes are told.
    pub(super) captured: Vec<TableId>,
}

impl Tables {
    /// As they are now.
    pub(super) async fn list(connection: &mut Connection, filters: &Filters) -> Result<Self> {
        let all = all_tables(connection).await?;
        let those =
            |is: &dyn Fn(&TableId) -> bool| all.iter().filter(|id| is(id)).cloned().collect();
        Ok(Self {
            in_history: those(&|id| filters.is_in_history(id)),
            captured: those(&|id| filters.is_captured(id)),
        })
    }
}

/// One statement and the database that it runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) database: String,
    pub(super) sql: String,
}

/// All base tables that the user may see.
async fn all_tables(connection: &mut Connection) -> Result<Vec<TableId>> {
    let databases: Vec<String> = connection.rows("SHOW DATABASES").await?;
    let mut tables = Vec::new();
    for database in databases {
        let sql = format!(
            "SHOW FULL TABLES IN {} WHERE Table_type = 'BASE TABLE'",
            quote(&database)
        );
        match connection.rows::<Row>(&sql).await {
            Ok(rows) => tables.extend(
                rows.iter()
                    .filter_map(|row| text_of(row, 0))
                    .map(|name| TableId::new(database.clone(), name)),
            ),
            Err(error) if error.is_retriable() => return Err(error),
            // Some files look like databases to MySQL (DBZ-164).
            Err(error) => tracing::warn!(database, error = %error.trace(), "skipping a database"),
        }
    }
    tables.sort();
    Ok(tables)
}

/// The statements for `tables`, whose own are read through `connection`, or
/// through `other` where a lock keeps the first from reading them.
pub(super) async fn statements(
    connection: &mut Connection,
    mut other: Option<(&mut Connection, &HashSet<TableId>)>,
    variables: &ServerVariables,
    tables: &[TableId],
) -> Result<Vec<Statement>> {
    let collations = database_collations(connection, &mut other).await?;
    let mut statements = vec![statement("", variables.set_statement())];
    for id in tables {
        let sql = format!("DROP TABLE IF EXISTS {}", id.to_backquoted());
        statements.push(statement(id.database(), sql));
    }
    for database in databases_of(tables) {
        let name = quote(database);
        statements.push(statement(
            database,
            format!("DROP DATABASE IF EXISTS {name}"),
        ));
        let locale = collations
            .get(database)
            .map(String::as_str)
            .unwrap_or_default();
        statements.push(statement(
            database,
            format!("CREATE DATABASE {name}{locale}"),
        ));
        statements.push(statement(database, format!("USE {name}")));
        for id in tables.iter().filter(|id| id.database() == database) {
            let source = match &mut other {
                Some((other, locked)) if !locked.contains(id) => &mut **other,
                _ => &mut *connection,
            };
            if let Some(sql) = create_table(source, id).await? {
                statements.push(statement(database, sql));
            }
        }
    }
    Ok(statements)
}

fn statement(database: &str, sql: String) -> Statement {
    Statement {
        database: database.to_owned(),
        sql,
    }
}

/// Databases in the order in which their first table comes.
fn databases_of(tables: &[TableId]) -> Vec<&str> {
    let mut databases: Vec<&str> = Vec::new();
    for id in tables {
        if !databases.contains(&id.database()) {
            databases.push(id.database());
        }
    }
    databases
}

async fn create_table(connection: &mut Connection, id: &TableId) -> Result<Option<String>> {
    let sql = format!("SHOW CREATE TABLE {}", id.to_backquoted());
    match connection.first::<Row>(&sql).await {
        Ok(row) => Ok(row.and_then(|row| text_of(&row, 1))),
        // It was dropped since it was listed, which no lock kept anybody from.
        Err(error) if is_gone(&error) => {
            tracing::warn!(table = %id, "the table is gone: it is left out of the snapshot");
            Ok(None)
        }
        Err(error) => {
            let doing = format!("reading the structure of {id}");
            Err(Error::new(error.kind(), doing).caused_by(error))
        }
    }
}

async fn database_collations(
    connection: &mut Connection,
    other: &mut Option<(&mut Connection, &HashSet<TableId>)>,
) -> Result<HashMap<String, String>> {
    let sql = "SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata";
    let rows: Vec<Row> = match other {
        Some((other, _)) => other.rows(sql).await?,
        None => connection.rows(sql).await?,
    };
    let locale = |row: &Row| {
        let charset = text_of(row, 1)
            .map(|name| format!(" CHARSET {name}"))
            .unwrap_or_default();
        let collation = text_of(row, 2)
            .map(|name| format!(" COLLATE {name}"))
            .unwrap_or_default();
        Some((text_of(row, 0)?, charset + &collation))
    };
    Ok(rows.iter().filter_map(locale).collect())
}

/// `` `name` ``
pub(super) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_come_with_their_first_table() {
        let tables = [
            TableId::new("b", "x"),
            TableId::new("a", "y"),
            TableId::new("b", "z"),
        ];
        assert_eq!(databases_of(&tables), ["b", "a"]);
        assert_eq!(quote("a`b"), "`a``b`");
    }
}
