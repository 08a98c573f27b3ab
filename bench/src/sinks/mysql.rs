//! MySQL: the table, multi-row statements, and the end.

use std::time::Duration;

use connectd_harness::MySql;
use mysql_async::prelude::Queryable;

use super::case::{Load, Mode};
use super::rows::{COLUMNS, Row, TABLE};

pub(crate) const DATABASE: &str = "bench_sinks";

/// Rows a statement, and statements a transaction.
const STATEMENT: usize = 1_000;
const TRANSACTION: usize = 3;

pub(crate) async fn prepare(mode: Mode, rows: u64) {
    let create = format!(
        "DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4; USE {DATABASE};
         CREATE TABLE {TABLE} (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, email VARCHAR(60), \
         street VARCHAR(60), amount DECIMAL(12,2) NOT NULL, created DATETIME(3) NOT NULL, visits INT NOT NULL, \
         active BOOLEAN NOT NULL)"
    );
    MySql::plain().run(&create).await;
    if mode == Mode::Upsert {
        let rows: Vec<Row> = (0..rows).step_by(2).map(Row::before).collect();
        run(&statements(&rows, "")).await;
    }
}

/// Multi-row `INSERT`s on one connection; for upserts with `ON DUPLICATE KEY UPDATE`.
pub(crate) async fn load(mode: Mode, rows: u64) -> Load {
    let set = COLUMNS.map(|column| format!("{column} = VALUES({column})"));
    let upsert = format!(" ON DUPLICATE KEY UPDATE {}", set.join(", "));
    let end = match mode {
        Mode::Insert => "",
        Mode::Upsert => upsert.as_str(),
    };
    let rows: Vec<Row> = (0..rows).map(Row::new).collect();
    let statements = statements(&rows, end);
    Box::pin(async move { run(&statements).await })
}

fn statements(rows: &[Row], end: &str) -> Vec<String> {
    let statements = rows.chunks(STATEMENT).map(|rows| {
        let mut statement = format!("INSERT INTO {DATABASE}.{TABLE} VALUES ");
        for (position, row) in rows.iter().enumerate() {
            if position > 0 {
                statement.push(',');
            }
            row.append_values(&mut statement);
        }
        statement.push_str(end);
        statement
    });
    statements.collect()
}

async fn run(statements: &[String]) {
    let mut connection = MySql::plain().connect().await;
    for transaction in statements.chunks(TRANSACTION) {
        connection.query_drop("BEGIN").await.expect("begun");
        for statement in transaction {
            connection.query_drop(statement).await.expect("inserted");
        }
        connection.query_drop("COMMIT").await.expect("committed");
    }
    connection.disconnect().await.expect("disconnected");
}

pub(crate) async fn wait_for_last(rows: u64) {
    let mut connection = MySql::plain().connect().await;
    let query = format!(
        "SELECT visits FROM {DATABASE}.{TABLE} WHERE id = {}",
        rows - 1
    );
    loop {
        let visits: Option<u32> = connection.query_first(&query).await.expect("answered");
        if visits == Some(1) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
