//! An application that writes while a fault happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use connectd_harness::{MySql, eventually};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tokio::task::JoinHandle;

/// Multi-row transactions of inserts, updates and deletes on the table `t` of a database, one
/// after another, until it is stopped. A lost connection ends a transaction, not the writer.
pub(crate) struct Writer {
    stop: Arc<AtomicBool>,
    transactions: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Writer {
    pub(crate) fn start(mysql: &MySql, database: &str) -> Self {
        let (stop, transactions) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let run = run(
            mysql.clone(),
            database.to_owned(),
            Arc::clone(&stop),
            Arc::clone(&transactions),
        );
        Self {
            stop,
            transactions,
            task: tokio::spawn(run),
        }
    }

    /// Waits until it has done so many more.
    pub(crate) async fn more(&self, count: usize) {
        let wanted = self.transactions.load(Ordering::Relaxed) + count;
        let done = async || (self.transactions.load(Ordering::Relaxed) >= wanted).then_some(());
        eventually("the writer's transactions", done).await;
    }

    pub(crate) async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.expect("the writer ended well");
    }
}

async fn run(
    mysql: MySql,
    database: String,
    stop: Arc<AtomicBool>,
    transactions: Arc<AtomicUsize>,
) {
    let mut connection: Option<Conn> = None;
    let mut number = 0_u64;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let mut usable = match connection.take() {
            Some(usable) => usable,
            None => match mysql.try_connect().await {
                Some(usable) => usable,
                None => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        if transaction(&mut usable, &database, number).await.is_ok() {
            transactions.fetch_add(1, Ordering::Relaxed);
            connection = Some(usable);
        }
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
}

async fn transaction(
    connection: &mut Conn,
    database: &str,
    number: u64,
) -> mysql_async::Result<()> {
    let table = format!("{database}.t");
    let first = 1_000_000 + number * 10;
    let statements = [
        "BEGIN".to_owned(),
        format!(
            "INSERT INTO {table} (id, v) VALUES ({first}, 1), ({}, 2), ({}, 3)",
            first + 1,
            first + 2
        ),
        format!(
            "UPDATE {table} SET v = v + 1 WHERE id IN ({first}, {}, {})",
            first - 9,
            number % 100
        ),
        format!(
            "DELETE FROM {table} WHERE id IN ({}, {})",
            first + 2,
            first.saturating_sub(20)
        ),
        format!(
            "UPDATE {table} SET v = {number} WHERE id % 50 = {}",
            number % 50
        ),
        "COMMIT".to_owned(),
    ];
    for statement in statements {
        connection.query_drop(statement).await?;
    }
    Ok(())
}
