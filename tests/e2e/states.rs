//! Pause, stop, resume, and what a worker knows again after a restart.

use connectd_harness::{MySql, Worker, beside_others, eventually, unique, wait_for_records};
use serde_json::{Value, json};

use crate::common::{mysql_source, options, value};

async fn put(worker: &Worker, name: &str, action: &str) {
    let path = format!("/connectors/{name}/{action}");
    let answer = worker.rest.send("PUT", &path, None).await;
    assert!(
        matches!(answer.status, 202 | 204),
        "{action}: {}",
        answer.text
    );
}

/// Waits until the connector and so many tasks are in this state.
async fn wait_for_state(worker: &Worker, name: &str, state: &str, tasks: usize) {
    let path = format!("/connectors/{name}/status");
    let reached = async || {
        let answer = worker.rest.send("GET", &path, None).await;
        let status: Value = serde_json::from_str(&answer.text).ok()?;
        let all = status["tasks"].as_array()?;
        let is_so = status["connector"]["state"] == state
            && all.len() == tasks
            && all.iter().all(|task| task["state"] == state);
        is_so.then_some(())
    };
    eventually(&format!("{state} with {tasks} tasks"), reached).await;
}

async fn insert(mysql: &MySql, name: &str, id: u32) {
    mysql
        .run(&format!("INSERT INTO {name}.t VALUES ({id}, 'row {id}')"))
        .await;
}

#[tokio::test]
async fn paused_and_stopped_connectors_miss_nothing() {
    let _turn = beside_others().await;
    let (mysql, name) = (MySql::gtid(), unique("states"));
    mysql
        .run(&format!(
            "CREATE DATABASE {name}; CREATE TABLE {name}.t (id INT PRIMARY KEY, v TEXT)"
        ))
        .await;
    let mut worker = Worker::start(options().missed_soon()).await;
    worker.rest.create(&mysql_source(&mysql, &name, &[])).await;
    wait_for_state(&worker, &name, "RUNNING", 1).await;
    insert(&mysql, &name, 1).await;
    let topic = format!("{name}.{name}.t");
    wait_for_records(&topic, 1).await;

    put(&worker, &name, "pause").await;
    wait_for_state(&worker, &name, "PAUSED", 1).await;
    insert(&mysql, &name, 2).await;
    put(&worker, &name, "resume").await;
    wait_for_state(&worker, &name, "RUNNING", 1).await;
    wait_for_records(&topic, 2).await;

    put(&worker, &name, "stop").await;
    wait_for_state(&worker, &name, "STOPPED", 0).await;
    insert(&mysql, &name, 3).await;
    let config = worker.rest.get(&format!("/connectors/{name}/config")).await;
    let offsets = worker
        .rest
        .get(&format!("/connectors/{name}/offsets"))
        .await;
    assert_eq!(worker.terminate().await, Some(0), "{}", worker.log());

    // Everything is known again, and it is still stopped.
    worker.start_again().await;
    wait_for_state(&worker, &name, "STOPPED", 0).await;
    assert_eq!(
        worker.rest.get(&format!("/connectors/{name}/config")).await,
        config
    );
    assert_eq!(
        worker
            .rest
            .get(&format!("/connectors/{name}/offsets"))
            .await,
        offsets
    );
    put(&worker, &name, "resume").await;
    let records = wait_for_records(&topic, 3).await;
    let rows: Vec<Value> = records
        .iter()
        .map(|record| value(record)["after"]["id"].clone())
        .collect();
    assert_eq!(rows, [json!(1), json!(2), json!(3)], "each row once");

    // A deleted one is gone for good, and its offsets stay for the next of its name.
    let answer = worker
        .rest
        .send("DELETE", &format!("/connectors/{name}"), None)
        .await;
    assert_eq!(answer.status, 204);
    worker.kill();
    worker.start_again().await;
    assert_eq!(worker.rest.get("/connectors").await, json!([]));
    mysql.run(&format!("DROP DATABASE {name}")).await;
}
