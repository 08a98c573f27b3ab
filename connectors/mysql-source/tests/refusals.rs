//! What cannot work says what to change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by them"
)]

mod common;

use std::time::Duration;

use common::{Pipeline, Server, run};
use connect_api::Error;
use connect_api::plugin::Connector;

fn assert_says(error: &Error, words: &[&str]) {
    let trace = error.trace();
    for word in words {
        assert!(trace.contains(word), "{word:?} is not in: {trace}");
    }
    assert!(!error.is_retriable(), "{trace}");
}

async fn start_error(pipeline: &Pipeline) -> Error {
    match pipeline.try_start().await {
        Err(error) => error,
        Ok(mut task) => {
            let error = task.error().await;
            task.stop().await;
            error
        }
    }
}

fn connector() -> Box<dyn Connector> {
    (connect_mysql_source::plugin().create)()
}

/// The errors of the whole validation by key.
async fn validate(pipeline: &Pipeline) -> Vec<(String, String)> {
    let connector = connector();
    let mut values = connector.validate(&pipeline.props);
    if values.iter().all(|value| value.errors.is_empty()) {
        connector
            .validate_outside(&pipeline.props, &mut values)
            .await;
    }
    let pairs = |value: connect_api::config::ConfigValueInfo| {
        let name = value.name.clone();
        value
            .errors
            .into_iter()
            .map(move |error| (name.clone(), error))
            .collect::<Vec<_>>()
    };
    values.into_iter().flat_map(pairs).collect()
}

#[tokio::test]
async fn a_wrong_password() {
    let server = Server::plain();
    let mut pipeline = Pipeline::new(&server, "it_password");
    pipeline.set("database.password", "wrong");
    let error = start_error(&pipeline).await;
    assert_says(
        &error,
        &[
            "Access denied for user 'debezium'@",
            "check database.user and database.password",
        ],
    );
    // golden/rest/211
    let errors = validate(&pipeline).await;
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, "database.hostname");
    assert!(
        errors[0]
            .1
            .starts_with("Unable to connect: Access denied for user 'debezium'@"),
        "{errors:?}"
    );
    assert!(
        errors[0]
            .1
            .contains("(using password: YES): check database.user and database.password"),
        "{errors:?}"
    );
}

#[tokio::test]
async fn an_unknown_host_and_a_closed_port() {
    let server = Server::plain();
    let mut pipeline = Pipeline::new(&server, "it_host");
    pipeline.set("database.port", "1");
    let errors = validate(&pipeline).await;
    assert!(errors[0].1.starts_with("Unable to connect: "), "{errors:?}");
    assert!(errors[0].1.contains(":1:"), "{errors:?}");
    pipeline.set("errors.max.retries", "1");
    let error = start_error(&pipeline).await;
    assert_says(&error, &["errors.max.retries=1", "database.port"]);
    pipeline.set("database.hostname", "no-such-host.invalid");
    pipeline.set("errors.max.retries", "0");
    let error = start_error(&pipeline).await;
    assert_says(&error, &["no-such-host.invalid"]);
}

#[tokio::test]
async fn missing_privileges_are_named_with_their_grant() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_grants").await;
    run(
        &mut admin,
        "DROP USER IF EXISTS u_grants;
        CREATE USER u_grants IDENTIFIED BY 'pw';
        GRANT SELECT ON it_grants.* TO u_grants;
        CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_grants");
    pipeline.set("database.user", "u_grants");
    pipeline.set("database.password", "pw");
    let error = start_error(&pipeline).await;
    assert_says(
        &error,
        &[
            "REPLICATION SLAVE, REPLICATION CLIENT",
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'u_grants'@'%'",
        ],
    );
    let errors = validate(&pipeline).await;
    assert_eq!(errors[0].0, "database.user");
    assert!(
        errors[0].1.contains("GRANT REPLICATION SLAVE"),
        "{errors:?}"
    );

    // Without RELOAD tables are locked one by one, which has its own privilege.
    run(
        &mut admin,
        "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO u_grants",
    )
    .await;
    let error = start_error(&pipeline).await;
    assert_says(&error, &["LOCK TABLES"]);
    run(&mut admin, "GRANT LOCK TABLES ON it_grants.* TO u_grants").await;
    let mut task = pipeline.start().await;
    assert_eq!(task.rows(1).await[0].source["snapshot"], "last");
    run(&mut admin, "INSERT INTO a VALUES (2)").await;
    assert_eq!(task.rows(2).await[1].op, "c");
    task.stop().await;
}

#[tokio::test]
async fn a_purged_binlog() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_purged").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_purged");
    let mut task = pipeline.start().await;
    task.rows(1).await;
    task.commit_all();
    task.stop().await;
    let stored = pipeline.offsets.text().unwrap();
    let partition = serde_json::from_str(r#"{"server":"it_purged"}"#).unwrap();
    let gone = stored.replace(r#""file":"mysql-bin."#, r#""file":"mysql-bin.9"#);
    pipeline
        .offsets
        .put(&partition, serde_json::from_str(&gone).unwrap());
    let words = [
        "The connector is trying to read change stream starting at",
        "but this is no longer available on the server",
        "snapshot.mode=when_needed",
    ];
    assert_says(&start_error(&pipeline).await, &words);
    // Unchecked, the server itself refuses.
    pipeline.set("internal.log.position.check.enable", "false");
    assert_says(
        &start_error(&pipeline).await,
        &[
            &words[..],
            &["Could not find first log file name in binary log index file"],
        ]
        .concat(),
    );
    pipeline
        .props
        .shift_remove("internal.log.position.check.enable");
    pipeline.set("snapshot.mode", "when_needed");
    let mut task = pipeline.start().await;
    let rows = task.rows(1).await;
    assert_eq!(
        (rows[0].op.as_str(), rows[0].after["id"].as_i64()),
        ("r", Some(1))
    );
    task.stop().await;
}

#[tokio::test]
async fn purged_gtids() {
    let server = Server::with_gtids();
    let mut admin = server.fresh_database("it_purged_gtid").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    let pipeline = Pipeline::new(&server, "it_purged_gtid");
    let mut task = pipeline.start().await;
    task.rows(1).await;
    task.commit_all();
    task.stop().await;
    let stored = pipeline.offsets.text().unwrap();
    let partition = serde_json::from_str(r#"{"server":"it_purged_gtid"}"#).unwrap();
    let mut offset: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&stored).unwrap();
    offset["gtids"] = "11111111-2222-3333-4444-555555555555:1-10".into();
    pipeline.offsets.put(&partition, offset);
    assert_says(
        &start_error(&pipeline).await,
        &["no longer available on the server"],
    );
}

#[tokio::test]
async fn a_lost_history_and_its_recovery() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_history").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_history");
    let mut task = pipeline.start().await;
    task.rows(1).await;
    task.commit_all();
    task.stop().await;
    run(&mut admin, "INSERT INTO a VALUES (2)").await;
    std::fs::remove_file(pipeline.history_file()).unwrap();
    let words = [
        "The db history topic or its content is fully or partially missing",
        "snapshot.mode=recovery",
    ];
    assert_says(&start_error(&pipeline).await, &words);
    pipeline.set("snapshot.mode", "schema_only_recovery");
    let mut task = pipeline.start().await;
    let rows = task.rows(1).await;
    assert_eq!(
        (rows[0].op.as_str(), rows[0].after["id"].as_i64()),
        ("c", Some(2))
    );
    task.commit_all();
    task.stop().await;
    pipeline.set("snapshot.mode", "initial");
    let mut task = pipeline.start().await;
    run(&mut admin, "INSERT INTO a VALUES (3)").await;
    assert_eq!(task.rows(1).await[0].after["id"], 3);
    task.stop().await;
}

#[tokio::test]
async fn two_readers_with_one_server_id() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_twins").await;
    run(&mut admin, "CREATE TABLE a (id INT PRIMARY KEY);").await;
    let mut first = Pipeline::new(&server, "it_twins");
    first.set("database.server.id", "7007");
    let mut second = Pipeline::new(&server, "it_twins");
    second.set("database.server.id", "7007");
    let mut one = first.start().await;
    one.quiet(Duration::from_millis(500)).await;
    let mut two = second.start().await;
    two.quiet(Duration::from_millis(500)).await;
    // Each throws the other out until one has enough of it; a task reads only while it is polled.
    let error = tokio::select! {
        error = one.error() => error,
        error = two.error() => error,
    };
    assert_says(
        &error,
        &["database.server.id", "7007", "same server_uuid/server_id"],
    );
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn another_column_count_than_known() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_columns").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    let pipeline = Pipeline::new(&server, "it_columns");
    let mut task = pipeline.start().await;
    task.rows(1).await;
    // A change that the binlog does not have.
    run(
        &mut admin,
        "SET SESSION sql_log_bin=0;
        ALTER TABLE a ADD COLUMN v INT;
        SET SESSION sql_log_bin=1;
        INSERT INTO a VALUES (2,2);",
    )
    .await;
    let error = task.error().await;
    assert_says(
        &error,
        &["it_columns.a", "2 columns", "1", "snapshot.mode=recovery"],
    );
    task.stop().await;
}

#[tokio::test]
async fn columns_are_found_by_name_where_the_binlog_has_names() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_names").await;
    run(
        &mut admin,
        "SET GLOBAL binlog_row_metadata=FULL;
        CREATE TABLE a (id INT PRIMARY KEY, x INT, y VARCHAR(5));
        INSERT INTO a VALUES (1,1,'a');",
    )
    .await;
    let pipeline = Pipeline::new(&server, "it_names");
    let mut task = pipeline.start().await;
    task.rows(1).await;
    run(
        &mut admin,
        "SET SESSION sql_log_bin=0;
        ALTER TABLE a DROP COLUMN x;
        SET SESSION sql_log_bin=1;
        INSERT INTO a VALUES (2,'b');",
    )
    .await;
    let rows = task.rows(2).await;
    run(&mut admin, "SET GLOBAL binlog_row_metadata=MINIMAL").await;
    assert_eq!(rows[1].after, serde_json::json!({"id": 2, "y": "b"}));
    task.stop().await;
}

#[tokio::test]
async fn tls_as_asked_for() {
    let server = Server::plain();
    let mut admin = server.fresh_database("it_tls").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    use mysql_async::prelude::Queryable;
    let offered: (String, String) = admin
        .query_first("SHOW GLOBAL VARIABLES LIKE 'have_ssl'")
        .await
        .unwrap()
        .unwrap();
    let mut pipeline = Pipeline::new(&server, "it_tls");
    for mode in ["disabled", "preferred"] {
        pipeline.set("database.ssl.mode", mode);
        let mut task = pipeline.start().await;
        task.rows(1).await;
        task.stop().await;
    }
    pipeline.set("database.ssl.mode", "required");
    if offered.1 == "YES" {
        let mut task = pipeline.start().await;
        task.rows(1).await;
        task.stop().await;
        // Its certificate is its own.
        pipeline.set("database.ssl.mode", "verify_ca");
    }
    let error = start_error(&pipeline).await;
    assert_says(&error, &["database.ssl.mode"]);
    let file = pipeline.history.path().join("store.jks");
    std::fs::write(&file, [0xfe, 0xed, 0xfe, 0xed, 0]).unwrap();
    pipeline.set("database.ssl.mode", "verify_identity");
    pipeline.set("database.ssl.truststore", &file.display().to_string());
    assert_says(
        &start_error(&pipeline).await,
        &["'database.ssl.truststore'", "keytool"],
    );
}
