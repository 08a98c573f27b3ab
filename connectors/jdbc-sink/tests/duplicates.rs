//! Several rows with one key in a batch, of which the server refuses some.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use common::servers::{self, Database};
use common::*;
use connect_api::Props;
use connect_api::data::{SchemaRef, Type, Value};
use connect_api::record::SinkRecord;
use connect_jdbc_sink::{CONFLUENT, DEBEZIUM};

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

fn put(offset: i64, id: i32, amount: &str) -> SinkRecord {
    let value = row(&texts(), vec![Value::Int32(id), text(amount)]);
    record("t", offset, Value::Int32(id), value)
}

fn delete(offset: i64, id: i32) -> SinkRecord {
    record("t", offset, Value::Int32(id), Value::Null)
}

const KEYED: &[(&str, &str)] = &[
    ("pk.mode", "record_key"),
    ("pk.fields", "id"),
    ("delete.enabled", "true"),
];

/// What the originals leave, which try record by record after a failure.
#[tokio::test]
async fn where_the_last_row_of_a_key_is_refused_the_one_before_it_stays() {
    for mode in ["upsert", "update"] {
        for (which, mut database, base) in servers("jdbc_last_refused").await {
            database
                .run("CREATE TABLE t (id INT PRIMARY KEY, amount VARCHAR(6))")
                .await;
            if mode == "update" {
                let rows = "(1, 'x'), (2, 'x'), (3, 'x'), (4, 'x')";
                database.run(&format!("INSERT INTO t VALUES {rows}")).await;
            }
            let all = with(&with(&base, KEYED), &[("insert.mode", mode)]);
            let mut task = Running::tolerant(CONFLUENT, &all).await;
            task.put(&[
                put(0, 1, "first"),
                put(1, 2, "only"),
                put(2, 1, "second"),
                put(3, 1, "refused: too long"),
                put(4, 3, "refused: too long"),
                put(5, 3, "good"),
                put(6, 4, "before"),
                delete(7, 4),
                put(8, 4, "refused, too"),
            ])
            .await;
            assert_eq!(
                database.rows("SELECT id, amount FROM t ORDER BY id").await,
                [["1", "second"], ["2", "only"], ["3", "good"]],
                "{which} {mode}"
            );
            let offsets: Vec<i64> = task.reports().iter().map(|report| report.0).collect();
            // An update of a row that is not there changes nothing, whatever it says.
            let refused: &[i64] = if mode == "update" {
                &[3, 4]
            } else {
                &[3, 4, 8]
            };
            assert_eq!(offsets, refused, "{which} {mode}");
            task.stop().await;
        }
    }
}

/// `keyed.message.batch.mode`: each event arrives, or the last of each key.
#[tokio::test]
async fn passthrough_writes_every_event_of_a_key() {
    for (which, mut database, base) in servers("jdbc_passthrough").await {
        database
            .run("CREATE TABLE t (id INT PRIMARY KEY, amount VARCHAR(20))")
            .await;
        database.run("CREATE TABLE seen (amount VARCHAR(20))").await;
        let triggers: &[&str] = match which {
            "postgres" => &[
                "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS \
                 'BEGIN INSERT INTO seen VALUES (NEW.amount); RETURN NULL; END'",
                "CREATE TRIGGER seen AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION see()",
            ],
            _ => &[
                "CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW INSERT INTO seen VALUES (NEW.amount)",
                "CREATE TRIGGER b AFTER UPDATE ON t FOR EACH ROW INSERT INTO seen VALUES (NEW.amount)",
            ],
        };
        for sql in triggers {
            database.run(sql).await;
        }
        let records = [put(0, 1, "a"), put(1, 2, "b"), put(2, 1, "c")];
        for (mode, expected) in [
            ("deduplication", vec![["b"], ["c"]]),
            ("passthrough", vec![["a"], ["b"], ["c"]]),
        ] {
            database.run("DELETE FROM t").await;
            database.run("DELETE FROM seen").await;
            let all = with(
                &base,
                &[
                    ("insert.mode", "upsert"),
                    ("primary.key.mode", "record_key"),
                    ("primary.key.fields", "id"),
                    ("keyed.message.batch.mode", mode),
                ],
            );
            let mut task = Running::start(DEBEZIUM, &all).await;
            task.put(&records).await;
            let seen = database.rows("SELECT amount FROM seen ORDER BY 1").await;
            assert_eq!(seen, expected, "{which} {mode}");
            let rows = database.rows("SELECT amount FROM t ORDER BY id").await;
            assert_eq!(rows, [["c"], ["b"]], "{which} {mode}");
            task.stop().await;
        }
    }
}

/// A record that the target has already does not stand for a new one of its key.
#[tokio::test]
async fn exactly_once_loses_no_row_to_one_that_comes_again() {
    for (which, mut database, base) in servers("jdbc_once_keys").await {
        database
            .run("CREATE TABLE t (id INT PRIMARY KEY, amount VARCHAR(20))")
            .await;
        let once = [("insert.mode", "upsert"), ("exactly.once.support", "true")];
        let all = with(&with(&base, KEYED), &once);
        let mut task = Running::start(CONFLUENT, &all).await;
        let partitions = [partition("t", 0), partition("t", 1)];
        task.open(&partitions).await;
        let mut old = put(0, 1, "old");
        old.origin = partition("t", 1);
        task.put(&[old.clone()]).await;
        task.put(&[put(0, 1, "new"), old]).await;
        let rows = database.rows("SELECT id, amount FROM t").await;
        assert_eq!(rows, [["1", "new"]], "{which}");
        task.stop().await;
    }
}
