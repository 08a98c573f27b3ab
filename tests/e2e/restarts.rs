//! Tasks that start again by themselves once what they need is back, and tasks that say what they wait for.

use connectd_harness::{
    Kafka, NewRecord, Postgres, Worker, alone, eventually, produce, start, stop, unique,
};
use serde_json::{Value, json};

use crate::common::{options, worker};

fn row(id: i32) -> NewRecord {
    let value = json!({
        "schema": {"type": "struct", "optional": false, "fields": [
            {"field": "id", "type": "int32", "optional": false},
        ]},
        "payload": {"id": id},
    });
    NewRecord::value(value.to_string())
}

fn sink(name: &str, target: &Postgres, more: &[(&str, &str)]) -> Value {
    let mut config = json!({
        "connector.class": "JdbcSinkConnector",
        "topics": name,
        "connection.url": target.jdbc_url(),
        "connection.user": target.user,
        "connection.password": target.password,
        "connection.attempts": "1",
        "auto.create": "true",
        "insert.mode": "upsert",
        "pk.mode": "record_value",
        "pk.fields": "id",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    });
    for (key, value) in more {
        config[*key] = (*value).into();
    }
    json!({ "name": name, "config": config })
}

/// Waits for the only task's status to be so; the status.
async fn status(worker: &Worker, name: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/connectors/{name}/status");
    let mut last = Value::Null;
    let is_so = async || {
        let answer = worker.rest.send("GET", &path, None).await;
        last = serde_json::from_str(&answer.text).unwrap_or_default();
        wanted(&last["tasks"][0]).then(|| last["tasks"][0].clone())
    };
    eventually(what, is_so).await
}

fn trace(task: &Value) -> &str {
    task["trace"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_sink_that_gave_up_restarts_until_its_database_is_back() {
    let _turn = alone().await;
    let (kafka, name) = (Kafka::new(), unique("restarts"));
    let target = Postgres::fresh(&name).await;
    produce(&name, (0..3).map(row)).await;
    let worker = worker().await;
    let restarting = [
        ("max.retries", "0"),
        ("errors.restart.policy", "retriable"),
        ("errors.restart.delay.ms", "200"),
        ("errors.restart.delay.max.ms", "1000"),
    ];
    worker.rest.create(&sink(&name, &target, &restarting)).await;
    let counted = format!("SELECT count(*) FROM \"{name}\"");
    target.wait_for_rows(&counted, &[&["3"]]).await;
    stop("postgres");
    produce(&name, (3..6).map(row)).await;
    let told = status(&worker, &name, "a second restart", |task| {
        task["state"] == "FAILED" && trace(task).ends_with("(attempt 2)")
    })
    .await;
    let lines: Vec<&str> = trace(&told).lines().collect();
    assert!(
        lines[1].contains("failing after 0 retries (max.retries)")
            && lines[lines.len() - 1].starts_with("Restarts by itself at 2"),
        "{told}"
    );
    start("postgres");
    target.wait_for_rows(&counted, &[&["6"]]).await;
    status(&worker, &name, "RUNNING without a trace", |task| {
        task["state"] == "RUNNING" && task.get("trace").is_none()
    })
    .await;
    kafka.delete(&[name]).await;
}

#[tokio::test]
async fn a_sink_that_waits_for_its_database_says_so() {
    let _turn = alone().await;
    let (kafka, name) = (Kafka::new(), unique("waits"));
    let target = Postgres::fresh(&name).await;
    produce(&name, (0..3).map(row)).await;
    let worker = Worker::start(options().with("task.stuck.timeout.ms", "2000")).await;
    let patient = [("max.retries", "1000"), ("retry.backoff.ms", "200")];
    worker.rest.create(&sink(&name, &target, &patient)).await;
    let counted = format!("SELECT count(*) FROM \"{name}\"");
    target.wait_for_rows(&counted, &[&["3"]]).await;
    stop("postgres");
    produce(&name, (3..6).map(row)).await;
    let told = status(&worker, &name, "a note", |task| !trace(task).is_empty()).await;
    assert_eq!(told["state"], "RUNNING", "{told}");
    assert!(
        trace(&told).contains("put into the sink lasts longer than task.stuck.timeout.ms = 2000")
            && trace(&told).contains("tried again after: "),
        "{told}"
    );
    start("postgres");
    target.wait_for_rows(&counted, &[&["6"]]).await;
    status(&worker, &name, "no note", |task| {
        task["state"] == "RUNNING" && task.get("trace").is_none()
    })
    .await;
    kafka.delete(&[name]).await;
}
