//! Rows in the three databases: every mode, every source of the key.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use common::servers::{self, Database};
use common::*;
use connect_api::Props;
use connect_api::data::{Type, Value};
use connect_jdbc_sink::CONFLUENT;

fn with(base: &Props, pairs: &[(&str, &str)]) -> Props {
    let mut all = base.clone();
    all.extend(props(pairs));
    all
}

/// Each database with a fresh place called `name`.
async fn databases(name: &str) -> Vec<(&'static str, Database, Props, tempfile::TempDir)> {
    let mut all = Vec::new();
    let (database, props) = servers::postgres(name).await;
    all.push(("postgres", database, props, tempfile::tempdir().unwrap()));
    let (database, props) = servers::mysql(name).await;
    all.push(("mysql", database, props, tempfile::tempdir().unwrap()));
    let folder = tempfile::tempdir().unwrap();
    let (database, props) = servers::sqlite(&folder);
    all.push(("sqlite", database, props, folder));
    all
}

fn people() -> connect_api::data::SchemaRef {
    schema(&[
        ("id", required(Type::Int32)),
        ("name", optional(Type::String)),
        ("score", optional(Type::Float64)),
        ("active", required(Type::Boolean)),
    ])
}

fn person(id: i32, name: Option<&str>, score: f64) -> Value {
    row(
        &people(),
        vec![
            Value::Int32(id),
            name.map_or(Value::Null, text),
            Value::Float64(score),
            Value::Boolean(true),
        ],
    )
}

#[tokio::test]
async fn insert_creates_the_table_and_keeps_awkward_texts() {
    for (which, mut database, base, _folder) in databases("jdbc_insert").await {
        let mut task = Running::start(CONFLUENT, &with(&base, &[("auto.create", "true")])).await;
        let awkward =
            "tab\t, newline\n, return\r, \\ back, 'quote', \"double\", `tick`, ünïcödé 🙂";
        task.put(&[
            value("people", 0, person(1, Some(awkward), 0.5)),
            value("people", 1, person(2, None, -1e300)),
            value("people", 2, person(3, Some(""), 3.0)),
        ])
        .await;
        task.put(&[value("people", 3, person(1, Some("again"), 1.0))])
            .await;
        let rows = database
            .rows("SELECT id, name FROM people ORDER BY id, score")
            .await;
        let expected = [("1", awkward), ("1", "again"), ("2", "-"), ("3", "")];
        let expected: Vec<Vec<String>> = expected
            .iter()
            .map(|(id, name)| vec![(*id).to_owned(), (*name).to_owned()])
            .collect();
        assert_eq!(rows, expected, "{which}");
        task.stop().await;
    }
}

#[tokio::test]
async fn the_kafka_coordinates_are_the_key() {
    for (which, mut database, base, _folder) in databases("jdbc_kafka").await {
        let all = with(
            &base,
            &[
                ("auto.create", "true"),
                ("pk.mode", "kafka"),
                ("insert.mode", "upsert"),
            ],
        );
        let mut task = Running::start(CONFLUENT, &all).await;
        let records = [
            value("people", 7, person(1, Some("a"), 0.5)),
            value("people", 8, person(2, Some("b"), 0.5)),
        ];
        task.put(&records).await;
        // The same again changes nothing.
        task.put(&records).await;
        let rows = database
            .rows("SELECT __connect_topic, __connect_partition, __connect_offset, name FROM people ORDER BY 3")
            .await;
        assert_eq!(
            rows,
            [["people", "0", "7", "a"], ["people", "0", "8", "b"]],
            "{which}"
        );
        task.stop().await;
    }
}

#[tokio::test]
async fn upserts_and_deletes_keep_the_order_of_each_key() {
    for (which, mut database, base, _folder) in databases("jdbc_upsert").await {
        let all = with(
            &base,
            &[
                ("auto.create", "true"),
                ("pk.mode", "record_key"),
                ("pk.fields", "id"),
                ("insert.mode", "upsert"),
                ("delete.enabled", "true"),
            ],
        );
        let mut task = Running::start(CONFLUENT, &all).await;
        let key = |id: i32| Value::Int32(id);
        let put = |offset, id, name| record("people", offset, key(id), person(id, Some(name), 1.0));
        let delete = |offset, id| record("people", offset, key(id), Value::Null);
        task.put(&[
            put(0, 1, "first"),
            put(1, 2, "stays"),
            put(2, 1, "last"),
            delete(3, 3),
            put(4, 3, "after its delete"),
            put(5, 4, "gone"),
            delete(6, 4),
            put(7, 5, "gone, too"),
            delete(8, 5),
            put(9, 5, "back"),
        ])
        .await;
        let sql = "SELECT id, name FROM people ORDER BY id";
        assert_eq!(
            database.rows(sql).await,
            [
                ["1", "last"],
                ["2", "stays"],
                ["3", "after its delete"],
                ["5", "back"]
            ],
            "{which}"
        );
        task.put(&[
            delete(10, 1),
            put(11, 2, "changed"),
            delete(12, 3),
            delete(13, 99),
        ])
        .await;
        assert_eq!(
            database.rows(sql).await,
            [["2", "changed"], ["5", "back"]],
            "{which}"
        );
        task.stop().await;
    }
}

#[tokio::test]
async fn updates_change_rows_that_are_there_only() {
    for (which, mut database, base, _folder) in databases("jdbc_update").await {
        let all = with(
            &base,
            &[
                ("pk.mode", "record_value"),
                ("pk.fields", "id"),
                ("insert.mode", "update"),
                ("fields.whitelist", "name"),
            ],
        );
        database
            .run("CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(50), score INT DEFAULT 7)")
            .await;
        database
            .run("INSERT INTO people (id, name) VALUES (1, 'a'), (2, 'b')")
            .await;
        let mut task = Running::start(CONFLUENT, &all).await;
        task.put(&[
            value("people", 0, person(1, Some("x"), 1.0)),
            value("people", 1, person(9, Some("nobody"), 1.0)),
            value("people", 2, person(1, Some("y"), 1.0)),
        ])
        .await;
        assert_eq!(
            database
                .rows("SELECT id, name, score FROM people ORDER BY id")
                .await,
            [["1", "y", "7"], ["2", "b", "7"]],
            "{which}"
        );
        task.stop().await;
    }
}

#[tokio::test]
async fn tables_evolve_where_that_is_allowed() {
    for (which, mut database, base, _folder) in databases("jdbc_evolve").await {
        let narrow = schema(&[("id", required(Type::Int32))]);
        let wide = schema(&[
            ("id", required(Type::Int32)),
            ("a", optional(Type::Int64)),
            (
                "b",
                connect_api::data::SchemaBuilder::new(Type::String)
                    .default_value(Value::from("none"))
                    .build(),
            ),
        ]);
        let strict = schema(&[("id", required(Type::Int32)), ("c", required(Type::Int32))]);
        let created = with(&base, &[("auto.create", "true")]);
        let mut task = Running::start(CONFLUENT, &created).await;
        task.put(&[value("t", 0, row(&narrow, vec![Value::Int32(1)]))])
            .await;
        let wide_row = || {
            row(
                &wide,
                vec![Value::Int32(2), Value::Int64(5_000_000_000), Value::Null],
            )
        };
        let error = task.fails(&[value("t", 1, wide_row())]).await.trace();
        assert!(
            error.contains("is missing fields") && error.contains("auto-evolution is disabled"),
            "{error}"
        );
        assert!(
            error.contains("topic: t, partition: 0, offset: 1"),
            "{error}"
        );
        task.stop().await;

        let evolving = with(&created, &[("auto.evolve", "true")]);
        let mut task = Running::start(CONFLUENT, &evolving).await;
        task.put(&[
            value("t", 1, wide_row()),
            value("t", 2, row(&narrow, vec![Value::Int32(3)])),
        ])
        .await;
        let rows = database.rows("SELECT id, a, b FROM t ORDER BY id").await;
        assert_eq!(rows[1], ["2", "5000000000", "none"], "{which}");
        let error = task
            .fails(&[value(
                "t",
                3,
                row(&strict, vec![Value::Int32(1), Value::Int32(2)]),
            )])
            .await
            .trace();
        for part in [
            "Cannot ALTER TABLE",
            "to add missing field",
            "as the field is not optional and does not have a default value",
            "topic: t, partition: 0, offset: 3",
            "column: c",
        ] {
            assert!(error.contains(part), "{which}: {part} is not in {error}");
        }
        task.stop().await;
    }
}

#[tokio::test]
async fn a_missing_table_is_named() {
    for (which, _database, base, _folder) in databases("jdbc_missing").await {
        let mut task = Running::start(CONFLUENT, &base).await;
        let error = task
            .fails(&[value("nothing", 4, person(1, None, 0.0))])
            .await;
        let trace = error.trace();
        assert!(!error.is_retriable(), "{which}: {trace}");
        for part in [
            "Table \"nothing\" is missing and auto-creation is disabled",
            "topic: nothing, partition: 0, offset: 4",
        ] {
            assert!(trace.contains(part), "{which}: {part} is not in {trace}");
        }
        task.stop().await;
    }
}
