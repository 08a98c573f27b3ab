//! Requests and configurations that are refused at once.

use connectd_harness::{Answer, Kafka, MySql, Worker, beside_others};
use serde_json::{Value, json};

use super::{assert_names, database};
use crate::common::{mysql_source, worker};

const FILE_SOURCE: &str = "org.apache.kafka.connect.file.FileStreamSourceConnector";

async fn post(worker: &Worker, body: &str) -> Answer {
    worker.rest.send("POST", "/connectors", Some(body)).await
}

/// A file source with something else in it.
fn file_source(more: &Value) -> String {
    let mut body = json!({
        "name": "bad",
        "config": {"connector.class": FILE_SOURCE, "tasks.max": "1", "file": "/nothing", "topic": "bad"},
    });
    for (key, value) in more.as_object().expect("settings") {
        body["config"][key] = value.clone();
    }
    body.to_string()
}

#[tokio::test]
async fn configurations_that_name_what_is_wrong() {
    let _turn = beside_others().await;
    let worker = worker().await;
    let mysql_class = "io.debezium.connector.mysql.MySqlConnector";
    let cases = [
        // A connector class: those that are known are listed.
        (
            json!({"connector.class": "com.acme.Nope"}),
            vec!["com.acme.Nope", FILE_SOURCE, mysql_class],
        ),
        (
            json!({"transforms": "t", "transforms.t.type": "com.acme.Smt"}),
            vec![
                "com.acme.Smt",
                "transforms.t.type",
                "org.apache.kafka.connect.transforms.RegexRouter",
            ],
        ),
        (
            json!({"value.converter": "com.acme.Converter"}),
            vec![
                "com.acme.Converter",
                "value.converter",
                "org.apache.kafka.connect.json.JsonConverter",
            ],
        ),
        (
            json!({"tasks.max": "0"}),
            vec!["tasks.max", "0", "at least 1"],
        ),
        (
            json!({"tasks.max": "x", "errors.tolerance": "some"}),
            vec!["tasks.max", "errors.tolerance", "some"],
        ),
        (json!({"nested": {"a": 1}}), vec!["nested"]),
    ];
    for (more, words) in cases {
        let answer = post(&worker, &file_source(&more)).await;
        assert_eq!(answer.status, 400, "{more}: {}", answer.text);
        assert_eq!(answer.json()["error_code"], 400);
        assert_names(answer.json()["message"].as_str().expect("text"), &words);
    }
    assert_eq!(
        worker.rest.get("/connectors").await,
        json!([]),
        "nothing was created"
    );
}

#[tokio::test]
async fn malformed_bodies() {
    let _turn = beside_others().await;
    let worker = worker().await;
    let cases = [
        (r#"{"name": "x", "config": {"#, "line 1"),
        ("not json", "line 1"),
        ("", "body"),
        ("[]", "object"),
        (r#"{"name": "x"}"#, "config"),
        (r#"{"name": "x", "config": {}, "bogus": 1}"#, "bogus"),
        (r#"{"name": "x", "config": 5}"#, "config"),
    ];
    for (body, word) in cases {
        let answer = post(&worker, body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert_names(answer.json()["message"].as_str().expect("text"), &[word]);
    }
}

#[tokio::test]
async fn a_name_with_a_slash() {
    let _turn = beside_others().await;
    let worker = worker().await;
    let body = file_source(&json!({})).replace(r#""bad""#, r#""a/b""#);
    let answer = post(&worker, &body).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert_names(&answer.text, &["a/b", "/"]);
    assert_eq!(worker.rest.get("/connectors").await, json!([]));
}

#[tokio::test]
async fn hosts_and_passwords_that_are_wrong() {
    let _turn = beside_others().await;
    let (mysql, worker) = (MySql::plain(), worker().await);
    let name = database(&mysql).await;
    let cases = [
        (
            vec![("database.password", "wrong")],
            vec![
                "Access denied for user 'debezium'",
                "database.user",
                "database.password",
            ],
        ),
        (
            vec![("database.hostname", "no-such-host.invalid")],
            vec!["no-such-host.invalid", "database.hostname"],
        ),
        (
            vec![("database.port", "1")],
            vec!["127.0.0.1:1", "database.port"],
        ),
    ];
    for (more, words) in cases {
        let body = mysql_source(&mysql, &name, &more);
        let answer = post(&worker, &body.to_string()).await;
        assert_eq!(answer.status, 400, "{more:?}: {}", answer.text);
        assert_names(answer.json()["message"].as_str().expect("text"), &words);
    }
    let kafka = Kafka::new();
    assert!(kafka.topics(&name).is_empty(), "nothing was written");
    // The same connector with what was right all along.
    worker.rest.create(&mysql_source(&mysql, &name, &[])).await;
    worker.rest.wait_for_task(&name, "RUNNING").await;
    mysql.run(&format!("DROP DATABASE {name}")).await;
}
