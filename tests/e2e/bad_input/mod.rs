//! Bad input: each gives an error that names the thing and says what to do, in the answer or in
//! the task's trace, and nothing is lost by it.

mod accounts;
mod binlog;
mod broker;
mod records;
mod requests;

use connectd_harness::{MySql, Worker, unique, wait_for_records};
use serde_json::Value;

use crate::common::{mysql_source, worker};

/// A database with the table `t` (`id`, `v`) and two rows, named like the connector to be.
async fn database(mysql: &MySql) -> String {
    let name = unique("bad");
    mysql
        .run(&format!(
            "CREATE DATABASE {name};
             CREATE TABLE {name}.t (id INT PRIMARY KEY, v VARCHAR(2000));
             INSERT INTO {name}.t VALUES (1, 'one'), (2, 'two')"
        ))
        .await;
    name
}

/// A connector that has done its snapshot.
async fn running(mysql: &MySql, more: &[(&str, &str)]) -> (Worker, String) {
    let (worker, name) = (worker().await, database(mysql).await);
    worker.rest.create(&mysql_source(mysql, &name, more)).await;
    worker.rest.wait_for_task(&name, "RUNNING").await;
    wait_for_records(&topic(&name), 2).await;
    (worker, name)
}

fn topic(name: &str) -> String {
    format!("{name}.{name}.t")
}

/// The trace of the connector's task, which must fail.
async fn trace(worker: &Worker, name: &str) -> String {
    let status = worker.rest.wait_for_task(name, "FAILED").await;
    status["tasks"][0]["trace"]
        .as_str()
        .expect("a trace")
        .to_owned()
}

/// # Panics
/// If the text lacks one of the words.
fn assert_names(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
}

/// Changes settings of a connector.
async fn patch(worker: &Worker, name: &str, patch: &Value) {
    let path = format!("/connectors/{name}/config");
    let answer = worker
        .rest
        .send("PATCH", &path, Some(&patch.to_string()))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn restart_task(worker: &Worker, name: &str) {
    let path = format!("/connectors/{name}/restart?includeTasks=true");
    let answer = worker.rest.send("POST", &path, None).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
}
