//! Statements and modes that the golden records do not have.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by them"
)]

mod common;

use std::time::Duration;

use common::{Pipeline, Server, run};
use serde_json::json;

#[tokio::test]
async fn ddl_of_other_character_sets_and_quotes() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_ddl_text").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    let pipeline = Pipeline::new(&server, "it_ddl_text");
    let mut task = pipeline.start().await;
    task.rows(1).await;
    run(
        &mut admin,
        "SET sql_mode='ANSI_QUOTES';
        CREATE TABLE \"q\" (\"id\" INT PRIMARY KEY, \"v\" VARCHAR(5) DEFAULT 'it''s');
        INSERT INTO \"q\" VALUES (1, DEFAULT);
        SET sql_mode=DEFAULT;",
    )
    .await;
    let rows = task.rows(2).await;
    assert_eq!(rows[1].after, json!({"id": 1, "v": "it's"}));
    // The client says latin1, and sends a column called é in one byte.
    use mysql_async::prelude::Queryable;
    admin.query_drop("SET NAMES latin1").await.unwrap();
    admin
        .query_drop(b"CREATE TABLE l (id INT PRIMARY KEY, `\xe9` INT)".as_slice())
        .await
        .unwrap();
    admin
        .query_drop("INSERT INTO l VALUES (1, 2)")
        .await
        .unwrap();
    let rows = task.rows(3).await;
    assert_eq!(rows[2].after, json!({"id": 1, "é": 2}));
    task.stop().await;
}

#[tokio::test]
async fn statements_of_the_transaction_are_told_when_asked_for() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_query").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (0);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_query");
    pipeline.set("include.query", "true");
    let mut task = pipeline.start().await;
    task.rows(1).await;
    run(
        &mut admin,
        "SET SESSION binlog_rows_query_log_events=ON;
        INSERT INTO a VALUES (1);
        SET SESSION binlog_rows_query_log_events=OFF;
        INSERT INTO a VALUES (2);",
    )
    .await;
    let rows = task.rows(3).await;
    assert_eq!(rows[1].source["query"], "INSERT INTO a VALUES (1)");
    assert_eq!(rows[2].source["query"], json!(null));
    task.stop().await;
}

#[tokio::test]
async fn truncate_is_told_when_it_is_not_skipped() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_truncate").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_truncate");
    pipeline.set("skipped.operations", "d");
    let mut task = pipeline.start().await;
    task.rows(1).await;
    run(
        &mut admin,
        "DELETE FROM a;
        TRUNCATE TABLE a;
        INSERT INTO a VALUES (2);",
    )
    .await;
    let rows = task.rows(3).await;
    let ops: Vec<&str> = rows.iter().map(|row| row.op.as_str()).collect();
    assert_eq!(ops, ["r", "t", "c"]);
    task.stop().await;
}

#[tokio::test]
async fn modes_without_rows_or_without_streaming() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_modes").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_modes");
    pipeline.set("snapshot.mode", "schema_only");
    let mut task = pipeline.start().await;
    while task.records.is_empty() {
        // The schema changes tell that the snapshot is done.
        task.poll().await.unwrap();
    }
    run(&mut admin, "INSERT INTO a VALUES (2)").await;
    let rows = task.rows(1).await;
    assert_eq!(
        (rows[0].op.as_str(), &rows[0].after["id"]),
        ("c", &json!(2))
    );
    task.stop().await;

    let mut pipeline = Pipeline::new(&server, "it_modes");
    pipeline.set("snapshot.mode", "initial_only");
    pipeline.set("include.schema.changes", "false");
    pipeline.set("snapshot.select.statement.overrides", "it_modes.a");
    pipeline.set(
        "snapshot.select.statement.overrides.it_modes.a",
        "SELECT * FROM a WHERE id > 1",
    );
    pipeline.set("snapshot.locking.mode", "none");
    let mut task = pipeline.start().await;
    // The statement's table is looked up in no database otherwise.
    let error = task.error().await;
    assert!(
        error.trace().contains("SELECT * FROM a WHERE id > 1"),
        "{error:?}"
    );
    task.stop().await;
    pipeline.set(
        "snapshot.select.statement.overrides.it_modes.a",
        "SELECT * FROM it_modes.a WHERE id > 1",
    );
    let mut task = pipeline.start().await;
    let rows = task.rows(1).await;
    assert_eq!(
        (rows[0].op.as_str(), &rows[0].after["id"]),
        ("r", &json!(2))
    );
    run(&mut admin, "INSERT INTO a VALUES (3)").await;
    assert_eq!(task.quiet(Duration::from_millis(500)).await, []);
    task.commit_all();
    task.stop().await;
    let mut task = pipeline.start().await;
    assert_eq!(task.quiet(Duration::from_millis(500)).await, []);
    task.stop().await;

    pipeline.set("snapshot.mode", "always");
    pipeline.set("snapshot.locking.mode", "extended");
    pipeline
        .props
        .shift_remove("snapshot.select.statement.overrides");
    let mut task = pipeline.start().await;
    assert_eq!(task.rows(3).await[2].source["snapshot"], "last");
    task.stop().await;
}

#[tokio::test]
async fn filters_of_tables_and_columns() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_filters").await;
    run(
        &mut admin,
        "CREATE TABLE one (id INT PRIMARY KEY, secret INT, v INT);
        CREATE TABLE two (id INT PRIMARY KEY);
        CREATE TABLE three (id INT PRIMARY KEY);
        INSERT INTO one VALUES (1,2,3);
        INSERT INTO two VALUES (1);
        INSERT INTO three VALUES (1);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_filters");
    pipeline.set("table.whitelist", "IT_filters.th.*, it_filters\\.one");
    pipeline.set("column.exclude.list", "it_filters.one.secret");
    pipeline.set("database.history.store.only.monitored.tables.ddl", "true");
    let mut task = pipeline.start().await;
    let rows = task.rows(2).await;
    assert_eq!(
        rows[0].topic, "it_filters.it_filters.three",
        "in the order of the list"
    );
    assert_eq!(rows[1].after, json!({"id": 1, "v": 3}));
    run(
        &mut admin,
        "INSERT INTO two VALUES (2);
        ALTER TABLE two ADD COLUMN x INT;
        CREATE TABLE three_b (id INT PRIMARY KEY);
        INSERT INTO three_b VALUES (7);",
    )
    .await;
    let rows = task.rows(3).await;
    assert_eq!(rows[2].topic, "it_filters.it_filters.three_b");
    task.stop().await;
    let history = std::fs::read_to_string(pipeline.history_file()).unwrap();
    assert!(
        history.contains("three_b") && !history.contains("`two`"),
        "{history}"
    );
}

#[tokio::test]
async fn heartbeats_move_the_offset_and_run_their_query() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_heartbeat").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        CREATE TABLE hb (id INT PRIMARY KEY, n INT);
        CREATE TABLE other (id INT PRIMARY KEY);
        INSERT INTO hb VALUES (1,0);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_heartbeat");
    pipeline.set("table.include.list", "it_heartbeat.a");
    pipeline.set("heartbeat.interval.ms", "200");
    pipeline.set("heartbeat.action.query", "UPDATE it_heartbeat.hb SET n=n+1");
    pipeline.set("database.user", "root");
    pipeline.set("database.password", "debezium");
    let mut task = pipeline.start().await;
    let is_beat = |record: &&connect_api::record::SourceRecord| {
        record.record.topic == "__debezium-heartbeat.it_heartbeat"
    };
    let deadline = std::time::Instant::now() + common::PATIENCE;
    while task.records.iter().filter(is_beat).count() < 4 {
        assert!(std::time::Instant::now() < deadline, "no heartbeats");
        task.poll().await.unwrap();
    }
    let beats: Vec<_> = task.records.iter().filter(is_beat).collect();
    assert_eq!(
        common::json(&beats[0].record.key),
        json!({"serverName": "it_heartbeat"})
    );
    assert_eq!(beats[0].record.partition, Some(0));
    let places: Vec<String> = beats
        .iter()
        .map(|beat| serde_json::to_string(&beat.source_offset.to_map()).unwrap())
        .collect();
    assert_ne!(
        places.first(),
        places.last(),
        "the query's own changes move the offset"
    );
    task.stop().await;
}

#[tokio::test]
async fn old_names_of_all_settings_work() {
    // golden f_old_raw's configuration, with a file instead of the topic.
    let server = Server::plain();
    let mut admin = server.fresh_database("it_old").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_old");
    let file = pipeline.history_file();
    for (new, old, value) in [
        ("topic.prefix", "database.server.name", "it_old"),
        ("database.include.list", "database.whitelist", "it_old"),
        (
            "schema.history.internal",
            "database.history",
            "io.debezium.relational.history.FileDatabaseHistory",
        ),
        (
            "schema.history.internal.file.filename",
            "database.history.file.filename",
            &file,
        ),
    ] {
        pipeline.props.shift_remove(new);
        pipeline.set(old, value);
    }
    pipeline
        .props
        .insert("topic.prefix".into(), "it_old".into());
    let mut task = pipeline.start().await;
    assert_eq!(task.rows(1).await[0].topic, "it_old.it_old.a");
    task.stop().await;
}
