//! Batches that are far larger than a statement may be.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::fs;

use common::servers::{self, Database};
use common::*;
use connect_api::Props;
use connect_api::data::{SchemaRef, Type, Value};
use connect_api::record::SinkRecord;
use connect_jdbc_sink::CONFLUENT;

/// One test changes what the whole MySQL server takes, another measures this process.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn with(base: &Props, pairs: &[(&str, &str)]) -> Props {
    let mut all = base.clone();
    all.extend(props(pairs));
    all
}

fn keyed(base: &Props, mode: &str) -> Props {
    with(
        base,
        &[
            ("insert.mode", mode),
            ("pk.mode", "record_value"),
            ("pk.fields", "id"),
            ("batch.size", "3000"),
        ],
    )
}

fn bodies() -> SchemaRef {
    schema(&[
        ("id", required(Type::Int32)),
        ("body", optional(Type::String)),
    ])
}

/// Rows that share one text, so that they take no memory themselves.
fn rows(count: i32, body: &Value) -> Vec<SinkRecord> {
    let schema = bodies();
    (0..count)
        .map(|id| {
            let fields = vec![Value::Int32(id), body.clone()];
            value("t", id.into(), row(&schema, fields))
        })
        .collect()
}

#[tokio::test]
async fn statements_fit_into_max_allowed_packet() {
    let _alone = ALONE.lock().await;
    let (mut database, base) = servers::mysql("jdbc_packet").await;
    let before = database.rows("SELECT @@max_allowed_packet").await;
    database
        .run("CREATE TABLE t (id INT PRIMARY KEY, body MEDIUMTEXT)")
        .await;
    database.run("SET GLOBAL max_allowed_packet = 65536").await;
    for mode in ["insert", "upsert", "update"] {
        database.run("DELETE FROM t").await;
        let mut records = rows(300, &text(&"x".repeat(10_000)));
        if mode == "update" {
            let ids = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 299) SELECT i, '' FROM n";
            database.run(&format!("INSERT INTO t {ids}")).await;
        }
        records[123] = value(
            "t",
            123,
            row(
                &bodies(),
                vec![Value::Int32(123), text(&"y".repeat(70_000))],
            ),
        );
        let mut task = Running::tolerant(CONFLUENT, &keyed(&base, mode)).await;
        task.put(&records).await;
        let sums = "SELECT count(*), sum(length(body)) FROM t WHERE length(body) > 0";
        assert_eq!(database.rows(sums).await, [["299", "2990000"]], "{mode}");
        // One row that does not fit alone is one bad row, not an outage.
        let reports = task.reports();
        assert_eq!(reports.len(), 1, "{mode}");
        let (offset, report) = &reports[0];
        assert_eq!(*offset, 123, "{mode}");
        assert!(
            report.contains("max_allowed_packet is 65536"),
            "{mode}: {report}"
        );
        task.stop().await;
    }
    database
        .run(&format!("SET GLOBAL max_allowed_packet = {}", before[0][0]))
        .await;
}

#[tokio::test]
async fn postgres_gets_statements_of_bounded_size() {
    let _alone = ALONE.lock().await;
    let (mut database, base) = servers::postgres("jdbc_pieces").await;
    for sql in [
        "CREATE TABLE t (id INT PRIMARY KEY, body TEXT)",
        "CREATE TABLE pieces (rows BIGINT, bytes BIGINT)",
        "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS \
         'BEGIN INSERT INTO pieces SELECT count(*), sum(length(body)) FROM news; RETURN NULL; END'",
        "CREATE TRIGGER see AFTER INSERT ON t REFERENCING NEW TABLE AS news FOR EACH STATEMENT EXECUTE FUNCTION see()",
    ] {
        database.run(sql).await;
    }
    let mut task = Running::start(CONFLUENT, &keyed(&base, "upsert")).await;
    task.put(&rows(100, &text(&"x".repeat(200_000)))).await;
    let all = database
        .rows("SELECT sum(rows), sum(bytes) FROM pieces")
        .await;
    assert_eq!(all, [["100", "20000000"]]);
    let largest = database
        .rows("SELECT max(rows), max(bytes) FROM pieces")
        .await;
    // 2 MiB are reached by the eleventh row.
    assert_eq!(largest, [["11", "2200000"]]);
    // Small rows stay together.
    database.run("DELETE FROM pieces").await;
    task.put(&rows(3000, &text("small"))).await;
    let pieces = database
        .rows("SELECT rows FROM pieces WHERE rows > 0")
        .await;
    assert!(pieces.len() <= 1, "{pieces:?}");
    task.stop().await;
}

/// This process's memory, now and at its height, in KiB.
fn memory() -> (i64, i64) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let number = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let digits = line.split_whitespace().nth(1).unwrap();
        digits.parse().unwrap()
    };
    (number("VmRSS:"), number("VmHWM:"))
}

#[tokio::test]
async fn a_batch_of_large_rows_takes_little_memory() {
    const ROWS: i32 = 400;
    const SIZE: usize = 200_000;
    let _alone = ALONE.lock().await;
    let records = rows(ROWS, &text(&"x".repeat(SIZE)));
    let folder = tempfile::tempdir().unwrap();
    let (postgres, postgres_props) = servers::postgres("jdbc_memory").await;
    let (mysql, mysql_props) = servers::mysql("jdbc_memory").await;
    let (sqlite, sqlite_props) = servers::sqlite(&folder);
    let databases: [(&str, Database, Props); 3] = [
        ("postgres", postgres, postgres_props),
        ("mysql", mysql, mysql_props),
        ("sqlite", sqlite, sqlite_props),
    ];
    for (which, mut database, base) in databases {
        let kind = if which == "mysql" {
            "MEDIUMTEXT"
        } else {
            "TEXT"
        };
        let sql = format!("CREATE TABLE t (id INT PRIMARY KEY, body {kind})");
        database.run(&sql).await;
        for mode in ["insert", "upsert"] {
            database.run("DELETE FROM t").await;
            let mut task = Running::start(CONFLUENT, &keyed(&base, mode)).await;
            // "5" sets the height back to what is used now (proc(5)).
            fs::write("/proc/self/clear_refs", "5").unwrap();
            let (before, _) = memory();
            task.put(&records).await;
            let (_, height) = memory();
            let grown = height - before;
            println!("{which} {mode}: {grown} KiB");
            let all = i64::from(ROWS) * SIZE as i64 / 1024;
            assert!(
                grown < 32 * 1024,
                "{which} {mode}: {grown} KiB of {all} KiB"
            );
            let count = database.rows("SELECT count(*) FROM t").await;
            assert_eq!(count, [[ROWS.to_string()]], "{which} {mode}");
            task.stop().await;
        }
        database.run("DROP TABLE t").await;
    }
}
