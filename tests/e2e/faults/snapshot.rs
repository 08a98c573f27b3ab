//! A worker that is killed in the middle of a snapshot.

use connectd_harness::{Kafka, MySql, Worker, alone, eventually, unique};

use super::table::wait_until_equal;
use super::writer::Writer;
use crate::common::{mysql_source, options};

const ROWS: usize = 100_000;

async fn killed_in_the_snapshot(mysql: MySql) {
    let _alone = alone().await;
    let name = unique("snapshot");
    mysql
        .run(&format!(
            "SET SESSION cte_max_recursion_depth = {ROWS};
             CREATE DATABASE {name};
             CREATE TABLE {name}.t (id BIGINT PRIMARY KEY, v BIGINT, filler VARCHAR(200));
             INSERT INTO {name}.t WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS} - 1)
               SELECT i, i % 1000, repeat('x', 60) FROM n"
        ))
        .await;
    let mut worker = Worker::start(options().missed_soon()).await;
    worker.rest.create(&mysql_source(&mysql, &name, &[])).await;
    let (kafka, topic) = (Kafka::new(), format!("{name}.{name}.t"));
    let begun = async || {
        let count = kafka.count(&topic).await;
        (count > 5_000).then_some(count)
    };
    let count = eventually("some of the snapshot", begun).await;
    worker.kill();
    assert!(
        count < ROWS,
        "the snapshot was over before the kill ({count} records)"
    );
    // Changes while nobody looks, and while the snapshot is made again.
    let writer = Writer::start(&mysql, &name);
    writer.more(20).await;
    worker.start_again().await;
    writer.more(50).await;
    writer.stop().await;
    let records = wait_until_equal(&worker, &mysql, &name, "t").await;
    assert!(records.len() >= ROWS);
    worker.rest.wait_for_task(&name, "RUNNING").await;
    kafka.delete(&[topic]).await;
    mysql.run(&format!("DROP DATABASE {name}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_killed_in_the_snapshot() {
    killed_in_the_snapshot(MySql::plain()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_killed_in_the_snapshot_with_gtid() {
    killed_in_the_snapshot(MySql::gtid()).await;
}
