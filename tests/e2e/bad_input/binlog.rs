//! What a server's binlog cannot give, and a schema history that is not there.

use connectd_harness::{Kafka, MySql, alone, eventually, restart_with, wait_for_records};
use serde_json::json;

use super::{assert_names, database, patch, restart_task, running, topic, trace};
use crate::common::{key, mysql_source, value, worker};

#[tokio::test]
async fn no_row_format() {
    let _alone = alone().await;
    let (mysql, worker) = (MySql::plain(), worker().await);
    let name = database(&mysql).await;
    mysql.run("SET GLOBAL binlog_format = 'STATEMENT'").await;
    let body = mysql_source(&mysql, &name, &[]).to_string();
    let answer = worker.rest.send("POST", "/connectors", Some(&body)).await;
    let text = match answer.status {
        400 => answer.text,
        _ => trace(&worker, &name).await,
    };
    mysql.run("SET GLOBAL binlog_format = 'ROW'").await;
    assert_names(&text, &["binlog_format", "ROW", "STATEMENT"]);
    let path = format!("/connectors/{name}/config");
    let config = mysql_source(&mysql, &name, &[])["config"].to_string();
    worker.rest.send("PUT", &path, Some(&config)).await;
    wait_for_records(&topic(&name), 2).await;
    mysql.run(&format!("DROP DATABASE {name}")).await;
}

#[tokio::test]
async fn no_binlog() {
    let _alone = alone().await;
    let (mysql, worker) = (MySql::plain(), worker().await);
    let name = database(&mysql).await;
    restart_with("mysql", "--skip-log-bin");
    let body = mysql_source(&mysql, &name, &[]).to_string();
    let answer = worker.rest.send("POST", "/connectors", Some(&body)).await;
    let text = match answer.status {
        400 => answer.text,
        _ => trace(&worker, &name).await,
    };
    restart_with("mysql", "");
    assert_names(&text, &["log_bin"]);
    mysql.run(&format!("DROP DATABASE {name}")).await;
}

#[tokio::test]
async fn a_purged_binlog() {
    let _alone = alone().await;
    let mysql = MySql::plain();
    let (worker, name) = running(&mysql, &[]).await;
    stop(&worker, &name).await;
    mysql
        .run(&format!(
            "INSERT INTO {name}.t VALUES (3, 'three'); FLUSH BINARY LOGS"
        ))
        .await;
    let logs: Vec<(String, u64, String)> = {
        let rows = mysql.rows("SHOW BINARY LOGS").await;
        rows.into_iter().map(mysql_async::from_row).collect()
    };
    let last = &logs.last().expect("a log").0;
    mysql.run(&format!("PURGE BINARY LOGS TO '{last}'")).await;
    worker
        .rest
        .send("PUT", &format!("/connectors/{name}/resume"), None)
        .await;
    let text = trace(&worker, &name).await;
    assert_names(
        &text,
        &[
            "no longer available on the server",
            "snapshot.mode",
            "when_needed",
        ],
    );
    // What the message says to do brings the row that was missed.
    patch(&worker, &name, &json!({"snapshot.mode": "when_needed"})).await;
    let arrived = async || {
        let records = connectd_harness::read_topic(&topic(&name)).await;
        records
            .iter()
            .any(|record| key(record) == json!({"id": 3}))
            .then_some(())
    };
    eventually("the missed row", arrived).await;
    mysql.run(&format!("DROP DATABASE {name}")).await;
}

#[tokio::test]
async fn a_history_topic_that_is_gone() {
    let _alone = alone().await;
    let mysql = MySql::plain();
    let (worker, name) = running(&mysql, &[]).await;
    stop(&worker, &name).await;
    let history = format!("history.{name}");
    Kafka::new().delete(std::slice::from_ref(&history)).await;
    mysql
        .run(&format!("INSERT INTO {name}.t VALUES (3, 'three')"))
        .await;
    worker
        .rest
        .send("PUT", &format!("/connectors/{name}/resume"), None)
        .await;
    let text = trace(&worker, &name).await;
    assert_names(&text, &["history", &history, "recovery"]);
    patch(&worker, &name, &json!({"snapshot.mode": "recovery"})).await;
    let records = wait_for_records(&topic(&name), 3).await;
    assert_eq!(value(&records[2])["after"]["v"], "three");
    mysql.run(&format!("DROP DATABASE {name}")).await;
}

/// The history topic is there, but emptied: as after its retention.
#[tokio::test]
async fn a_history_topic_that_is_empty() {
    let _alone = alone().await;
    let (mysql, kafka) = (MySql::plain(), Kafka::new());
    let (worker, name) = running(&mysql, &[]).await;
    stop(&worker, &name).await;
    let history = format!("history.{name}");
    kafka.delete(std::slice::from_ref(&history)).await;
    kafka
        .create(&connect_kafka::admin::NewTopic::new(&history, 1, 1))
        .await;
    worker
        .rest
        .send("PUT", &format!("/connectors/{name}/resume"), None)
        .await;
    let text = trace(&worker, &name).await;
    assert_names(&text, &["history", &history, "recovery"]);
    mysql.run(&format!("DROP DATABASE {name}")).await;
}

/// A change of the table that the binlog does not have: rows come with a column more than known.
#[tokio::test]
async fn another_column_count_than_known() {
    let _alone = alone().await;
    let mysql = MySql::plain();
    let (worker, name) = running(&mysql, &[]).await;
    // The offset stands inside this transaction, whose row has two columns.
    mysql
        .run(&format!("INSERT INTO {name}.t VALUES (3, 'three')"))
        .await;
    wait_for_records(&topic(&name), 3).await;
    let stored = async || {
        let offsets = worker
            .rest
            .get(&format!("/connectors/{name}/offsets"))
            .await;
        offsets["offsets"][0]["offset"]["row"]
            .is_number()
            .then_some(())
    };
    eventually("the offset of row 3", stored).await;
    mysql
        .run(&format!(
            "SET SESSION sql_log_bin = 0;
             ALTER TABLE {name}.t ADD COLUMN secret INT;
             SET SESSION sql_log_bin = 1;
             INSERT INTO {name}.t VALUES (4, 'four', 4)"
        ))
        .await;
    let text = trace(&worker, &name).await;
    assert_names(&text, &[&format!("{name}.t"), "2", "3", "column"]);
    // A fresh schema, as the message says; the row is still there to be read.
    patch(&worker, &name, &json!({"snapshot.mode": "recovery"})).await;
    restart_task(&worker, &name).await;
    let records = wait_for_records(&topic(&name), 4).await;
    assert_eq!(
        value(records.last().expect("a record"))["after"]["secret"],
        4
    );
    mysql.run(&format!("DROP DATABASE {name}")).await;
}

/// Two clients with one `server.id`: the server throws one out when the other comes.
#[tokio::test]
async fn a_server_id_that_is_taken() {
    let _alone = alone().await;
    let mysql = MySql::plain();
    let (worker, first) = running(&mysql, &[("database.server.id", "4711")]).await;
    let second = database(&mysql).await;
    let body = mysql_source(&mysql, &second, &[("database.server.id", "4711")]);
    worker.rest.create(&body).await;
    let named = async || {
        let mut texts = vec![worker.log()];
        for name in [&first, &second] {
            let path = format!("/connectors/{name}/status");
            texts.push(worker.rest.send("GET", &path, None).await.text);
        }
        let named = |text: &String| {
            text.contains("server.id") && text.contains("4711") && text.contains("same")
        };
        texts.iter().any(named).then_some(())
    };
    eventually("an error that names server.id", named).await;
    // With an id of its own, both go on.
    patch(&worker, &second, &json!({"database.server.id": "4712"})).await;
    for name in [&first, &second] {
        restart_task(&worker, name).await;
        mysql
            .run(&format!("INSERT INTO {name}.t VALUES (3, 'three')"))
            .await;
        let arrived = async || {
            let records = connectd_harness::read_topic(&topic(name)).await;
            records
                .iter()
                .any(|record| key(record) == json!({"id": 3}))
                .then_some(())
        };
        eventually("a row after the quarrel", arrived).await;
    }
    mysql
        .run(&format!("DROP DATABASE {first}; DROP DATABASE {second}"))
        .await;
}

async fn stop(worker: &connectd_harness::Worker, name: &str) {
    worker
        .rest
        .send("PUT", &format!("/connectors/{name}/stop"), None)
        .await;
    let stopped = async || {
        let status = worker.rest.get(&format!("/connectors/{name}/status")).await;
        (status["tasks"].as_array()?.is_empty()).then_some(())
    };
    eventually("the stop", stopped).await;
}
