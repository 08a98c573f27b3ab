//! What does not fit, what goes away, what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::time::Duration;

use common::servers::{self, Database};
use common::*;
use connect_api::Props;
use connect_api::data::{SchemaRef, Type, Value};
use connect_api::record::SinkRecord;
use connect_jdbc_sink::CONFLUENT;

fn with(base: &Props, pairs: &[(&str, &str)]) -> Props {
    let mut all = base.clone();
    all.extend(props(pairs));
    all
}

async fn servers(name: &str) -> [(&'static str, Database, Props); 2] {
    let (postgres, postgres_props) = servers::postgres(name).await;
    let (mysql, mysql_props) = servers::mysql(name).await;
    [
        ("postgres", postgres, postgres_props),
        ("mysql", mysql, mysql_props),
    ]
}

fn texts() -> SchemaRef {
    schema(&[
        ("id", required(Type::Int32)),
        ("amount", optional(Type::String)),
    ])
}

fn amount(offset: i64, id: i32, amount: &str) -> SinkRecord {
    value(
        "t",
        offset,
        row(&texts(), vec![Value::Int32(id), text(amount)]),
    )
}

#[tokio::test]
async fn rows_that_do_not_fit_are_found_and_the_others_written() {
    for mode in ["insert", "upsert"] {
        for (which, mut database, base) in servers("jdbc_bad_rows").await {
            database
                .run("CREATE TABLE t (id INT PRIMARY KEY, amount INT)")
                .await;
            let all = with(
                &base,
                &[
                    ("insert.mode", mode),
                    ("pk.mode", "record_value"),
                    ("pk.fields", "id"),
                ],
            );
            let mut task = Running::tolerant(CONFLUENT, &all).await;
            let records: Vec<SinkRecord> = (0..100)
                .map(|n| match n {
                    17 | 63 => amount(n, n as i32, "seventeen"),
                    _ => amount(n, n as i32, &n.to_string()),
                })
                .collect();
            task.put(&records).await;
            let count = database.rows("SELECT count(*), sum(amount) FROM t").await;
            assert_eq!(count, [["98", "4870"]], "{which} {mode}");
            let reports = task.reports();
            let offsets: Vec<i64> = reports.iter().map(|(offset, _)| *offset).collect();
            assert_eq!(offsets, [17, 63], "{which} {mode}");
            let report = &reports[0].1;
            for part in [
                "topic: t",
                "partition: 0",
                "offset: 17",
                "column: amount",
                "seventeen",
            ] {
                assert!(report.contains(part), "{which} {mode}: {part} in {report}");
            }
            task.stop().await;

            // Without tolerance the task fails, and nothing is written.
            database.run("TRUNCATE TABLE t").await;
            let mut task = Running::start(CONFLUENT, &all).await;
            let error = task.fails(&records).await;
            assert!(!error.is_retriable());
            assert!(error.trace().contains("offset: 17"), "{}", error.trace());
            assert_eq!(database.rows("SELECT count(*) FROM t").await, [["0"]]);
            task.stop().await;
        }
    }
}

#[tokio::test]
async fn a_unique_violation_is_told_in_the_servers_words() {
    for (which, mut database, base) in servers("jdbc_unique").await {
        database
            .run("CREATE TABLE t (id INT PRIMARY KEY, amount VARCHAR(20))")
            .await;
        let mut task = Running::tolerant(CONFLUENT, &base).await;
        task.put(&[amount(0, 1, "a"), amount(1, 2, "b"), amount(2, 1, "c")])
            .await;
        let rows = database.rows("SELECT id, amount FROM t ORDER BY id").await;
        assert_eq!(rows, [["1", "a"], ["2", "b"]], "{which}");
        let (offset, report) = &task.reports()[0];
        assert_eq!(*offset, 2);
        let words = match which {
            "postgres" => "duplicate key value violates unique constraint \"t_pkey\"",
            _ => "Duplicate entry '1' for key 'PRIMARY'",
        };
        for part in [words, "topic: t", "partition: 0", "offset: 2"] {
            assert!(report.contains(part), "{which}: {part} is not in {report}");
        }
        task.stop().await;
    }
}

#[tokio::test]
async fn a_text_with_nul_is_one_bad_row() {
    let (mut database, base) = servers::postgres("jdbc_nul").await;
    for mode in ["insert", "upsert"] {
        database.run("DROP TABLE IF EXISTS t").await;
        let settings = [
            ("auto.create", "true"),
            ("insert.mode", mode),
            ("pk.mode", "record_value"),
            ("pk.fields", "id"),
        ];
        let mut task = Running::tolerant(CONFLUENT, &with(&base, &settings)).await;
        task.put(&[amount(0, 1, "a"), amount(1, 2, "nul \0"), amount(2, 3, "c")])
            .await;
        assert_eq!(
            database.rows("SELECT id FROM t ORDER BY id").await,
            [["1"], ["3"]]
        );
        let (offset, report) = &task.reports()[0];
        assert_eq!(*offset, 1);
        assert!(
            report.contains("column: amount") && report.contains("0x00"),
            "{report}"
        );
        task.stop().await;
    }
}

#[tokio::test]
async fn a_null_key_is_refused_by_name() {
    let (_, base) = servers::postgres("jdbc_null_key").await;
    let all = with(&base, &[("pk.mode", "record_key"), ("auto.create", "true")]);
    let mut task = Running::start(CONFLUENT, &all).await;
    let error = task.fails(&[amount(3, 1, "a")]).await.trace();
    assert_eq!(
        error,
        "Sink connector 'sink' is configured with 'delete.enabled=false' and 'pk.mode=record_key' and therefore \
         requires records with a non-null key and non-null Struct or primitive key schema, but found record at \
         (topic='t',partition=0,offset=3,timestamp=1700000000000) with a null key and null key schema."
    );
    task.stop().await;
}

#[tokio::test]
async fn values_without_schema_are_refused() {
    let (_, base) = servers::postgres("jdbc_schemaless").await;
    let mut task = Running::tolerant(CONFLUENT, &base).await;
    let mut record = value("t", 0, Value::Map(vec![(text("id"), Value::Int64(1))]));
    record.record.value_schema = None;
    task.put(&[record]).await;
    let report = &task.reports()[0].1;
    assert!(
        report.contains("with a HashMap value and null value schema."),
        "{report}"
    );
    task.stop().await;
}

#[tokio::test]
async fn nested_records_are_refused_with_the_field_named() {
    let (_, base) = servers::postgres("jdbc_nested").await;
    let inner = schema(&[("a", required(Type::Int32))]);
    let outer = schema(&[("id", required(Type::Int32)), ("course", inner.clone())]);
    let mut task = Running::start(CONFLUENT, &with(&base, &[("auto.create", "true")])).await;
    let nested = row(
        &outer,
        vec![Value::Int32(1), row(&inner, vec![Value::Int32(2)])],
    );
    let error = task.fails(&[value("reviews", 0, nested)]).await.trace();
    for part in [
        "(STRUCT) type doesn't have a mapping to the SQL database column type",
        "course",
        "Flatten",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    task.stop().await;
}

#[tokio::test]
async fn a_broken_connection_is_made_anew() {
    for (which, mut database, base) in servers("jdbc_broken").await {
        let mut task = Running::start(CONFLUENT, &with(&base, &[("auto.create", "true")])).await;
        task.put(&[amount(0, 1, "a")]).await;
        match which {
            "postgres" => {
                database
                    .run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'connectd' AND \
                          datname = current_database() AND pid <> pg_backend_pid()")
                    .await;
            }
            _ => {
                let sessions = database
                    .rows("SELECT id FROM information_schema.processlist WHERE db = 'jdbc_broken' AND id <> connection_id()")
                    .await;
                for session in sessions {
                    database.run(&format!("KILL {}", session[0])).await;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let error = task.fails(&[amount(1, 2, "b")]).await;
        assert!(error.is_retriable(), "{which}: {}", error.trace());
        assert_eq!(error.retry_after(), Some(Duration::from_millis(200)));
        task.put_patiently(&[amount(1, 2, "b")]).await;
        assert_eq!(
            database.rows("SELECT id FROM t ORDER BY id").await,
            [["1"], ["2"]],
            "{which}"
        );
        task.stop().await;
    }
}

#[tokio::test]
async fn retries_come_to_an_end() {
    let unreachable = props(&[
        ("connection.url", "jdbc:postgresql://127.0.0.1:1/none"),
        ("connection.user", "x"),
        ("connection.attempts", "2"),
        ("connection.backoff.ms", "50"),
        ("max.retries", "1"),
        ("retry.backoff.ms", "10"),
    ]);
    let mut task = Running::start(CONFLUENT, &unreachable).await;
    let first = task.fails(&[amount(0, 1, "a")]).await;
    assert!(first.is_retriable(), "{}", first.trace());
    let last = task.fails(&[amount(0, 1, "a")]).await;
    assert!(!last.is_retriable());
    assert!(last.trace().contains("max.retries"), "{}", last.trace());
    assert!(last.trace().contains("127.0.0.1:1"), "{}", last.trace());
    task.stop().await;
}

#[tokio::test]
async fn deadlocks_are_tried_again() {
    for (which, mut database, base) in servers("jdbc_deadlock").await {
        database
            .run("CREATE TABLE t (id INT PRIMARY KEY, amount VARCHAR(20))")
            .await;
        database
            .run("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
            .await;
        // The sink waits for a lock longer than it may.
        let setup = match which {
            "postgres" => "&options=-c lock_timeout=200",
            _ => "?sessionVariables=innodb_lock_wait_timeout=1",
        };
        let url = format!("{}{setup}", base["connection.url"]);
        let all = with(
            &base,
            &[
                ("connection.url", url.as_str()),
                ("insert.mode", "upsert"),
                ("pk.mode", "record_value"),
                ("pk.fields", "id"),
            ],
        );
        let mut task = Running::start(CONFLUENT, &all).await;
        database.run("BEGIN").await;
        database.run("UPDATE t SET amount = 'x' WHERE id = 1").await;
        let error = task.fails(&[amount(0, 1, "y")]).await;
        assert!(error.is_retriable(), "{which}: {}", error.trace());
        database.run("COMMIT").await;
        task.put_patiently(&[amount(0, 1, "y")]).await;
        assert_eq!(
            database.rows("SELECT amount FROM t WHERE id = 1").await,
            [["y"]],
            "{which}"
        );
        task.stop().await;
    }
}

#[tokio::test]
async fn wrong_credentials_fail_at_once() {
    for (which, _database, base) in servers("jdbc_login").await {
        let all = with(
            &base,
            &[
                ("connection.password", "wrong-secret"),
                ("auto.create", "true"),
            ],
        );
        let mut task = Running::start(CONFLUENT, &all).await;
        let error = task.fails(&[amount(0, 1, "a")]).await;
        let trace = error.trace();
        assert!(!error.is_retriable(), "{which}: {trace}");
        let words = match which {
            "postgres" => "password authentication failed for user",
            _ => "Access denied for user 'root'@",
        };
        assert!(trace.contains(words), "{which}: {trace}");
        assert!(!trace.contains("wrong-secret"), "{trace}");
        task.stop().await;
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_fails_at_once() {
    for (which, _database, base) in servers("jdbc_tls").await {
        let mode = match which {
            "postgres" => "&sslmode=verify-full",
            _ => "?sslMode=VERIFY_CA",
        };
        let url = format!("{}{mode}", base["connection.url"]);
        let mut task = Running::start(CONFLUENT, &with(&base, &[("connection.url", &url)])).await;
        let error = task.fails(&[amount(0, 1, "a")]).await;
        let trace = error.trace();
        assert!(!error.is_retriable(), "{which}: {trace}");
        assert!(
            trace.to_lowercase().contains("certificate"),
            "{which}: {trace}"
        );
        task.stop().await;
    }
}

#[tokio::test]
async fn a_trusted_certificate_is_taken() {
    let certificate =
        std::env::var("POSTGRES_CERTIFICATE").expect("tests/services/up postgres sets it");
    let (mut database, base) = servers::postgres("jdbc_trusted").await;
    let url = format!(
        "{}&sslmode=verify-ca&sslrootcert={certificate}",
        base["connection.url"]
    );
    let all = with(&base, &[("connection.url", &url), ("auto.create", "true")]);
    let mut task = Running::start(CONFLUENT, &all).await;
    task.put(&[amount(0, 1, "a")]).await;
    assert_eq!(database.rows("SELECT id FROM t").await, [["1"]]);
    task.stop().await;
}

#[tokio::test]
async fn columns_are_widened_where_that_is_asked_for() {
    let big = schema(&[
        ("id", required(Type::Int64)),
        ("amount", optional(Type::String)),
    ]);
    for (which, mut database, base) in servers("jdbc_widen").await {
        database
            .run("CREATE TABLE t (id INT, amount VARCHAR(3))")
            .await;
        let all = with(&base, &[("auto.widen", "true")]);
        let mut task = Running::start(CONFLUENT, &all).await;
        task.put(&[
            amount(0, 1, "abc"),
            amount(1, 2, "a long text"),
            value(
                "t",
                2,
                row(&big, vec![Value::Int64(5_000_000_000), text("x")]),
            ),
        ])
        .await;
        assert_eq!(
            database.rows("SELECT id, amount FROM t ORDER BY id").await,
            [["1", "abc"], ["2", "a long text"], ["5000000000", "x"]],
            "{which}"
        );
        task.stop().await;
        database.run("DROP TABLE t").await;
        database
            .run("CREATE TABLE t (id INT, amount VARCHAR(3))")
            .await;
        let mut task = Running::start(CONFLUENT, &base).await;
        let error = task.fails(&[amount(1, 2, "a long text")]).await.trace();
        assert!(
            error.contains("too long") && error.contains("amount"),
            "{which}: {error}"
        );
        task.stop().await;
    }
}

#[tokio::test]
async fn exactly_once_starts_where_the_target_is() {
    for (which, mut database, base) in servers("jdbc_once").await {
        let all = with(
            &base,
            &[("auto.create", "true"), ("exactly.once.support", "true")],
        );
        let partitions = [partition("t", 0), partition("t", 1)];
        let mut task = Running::start(CONFLUENT, &all).await;
        assert!(task.open(&partitions).await.is_empty(), "{which}");
        let records = [amount(0, 1, "a"), amount(1, 2, "b")];
        task.put(&records).await;
        // What comes again, from a task that did not notice, is not written again.
        task.put(&records).await;
        task.put(&[amount(1, 2, "b"), amount(2, 3, "c")]).await;
        let mut next = Running::start(CONFLUENT, &all).await;
        let offsets = next.open(&partitions).await;
        assert_eq!(offsets.get(&partitions[0]), Some(&3), "{which}");
        assert_eq!(offsets.get(&partitions[1]), None, "{which}");
        assert_eq!(
            database.rows("SELECT id FROM t ORDER BY id").await,
            [["1"], ["2"], ["3"]],
            "{which}"
        );
        task.stop().await;
        next.stop().await;
    }
}
