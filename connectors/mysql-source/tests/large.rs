//! Large transactions and slow consumers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by them"
)]

mod common;

use std::time::Duration;

use common::{Pipeline, Server, run};

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Invariant 6: memory is bounded by the queue, not by the transaction.
#[tokio::test]
async fn memory_is_that_of_the_queue() {
    const ROWS: usize = 1 << 14;
    let server = Server::plain();
    let mut admin = server.fresh_database("it_large").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, t TEXT);
        INSERT INTO a(t) VALUES (REPEAT('x',4000));",
    )
    .await;
    while run_count(&mut admin).await < ROWS {
        run(&mut admin, "INSERT INTO a(t) SELECT t FROM a").await;
    }
    let mut pipeline = Pipeline::new(&server, "it_large");
    pipeline.set("max.batch.size", "100");
    pipeline.set("max.queue.size", "1000");
    pipeline.set("max.queue.size.in.bytes", "4000000");
    let mut task = pipeline.start().await;
    // The snapshot of 64 MiB, and nobody takes it yet.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let snapshot = read_all(&mut task, ROWS).await;
    run(&mut admin, "UPDATE a SET t=CONCAT(t,'y')").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let stream = read_all(&mut task, ROWS).await;
    task.stop().await;
    run(&mut admin, "DROP DATABASE it_large").await;
    for (what, kib) in [("snapshot", snapshot), ("stream", stream)] {
        assert!(kib < 32 * 1024, "{what}: {kib} KiB more than before");
    }
}

async fn run_count(admin: &mut mysql_async::Conn) -> usize {
    use mysql_async::prelude::Queryable;
    admin
        .query_first("SELECT COUNT(*) FROM a")
        .await
        .unwrap()
        .unwrap()
}

/// Reads so many records of tables and gives by how much memory grew meanwhile.
async fn read_all(task: &mut common::Task, rows: usize) -> u64 {
    task.records.clear();
    let mut count = 0;
    let mut most = 0;
    let before = resident_kib();
    let deadline = std::time::Instant::now() + Duration::from_secs(120);
    while count < rows {
        assert!(std::time::Instant::now() < deadline, "{count} of {rows}");
        assert!(task.poll().await.unwrap() <= 100);
        count += task
            .records
            .iter()
            .filter(|record| record.record.topic.contains('.'))
            .count();
        task.records.clear();
        most = most.max(resident_kib().saturating_sub(before));
    }
    assert_eq!(count, rows);
    most
}
