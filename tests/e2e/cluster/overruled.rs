//! A status that another worker had sent long ago and that comes after the one of the worker that
//! runs the task now: its connection had been held up, or it had been asleep.

use connectd_harness::cluster::{Cluster, WorkloadOptions};
use connectd_harness::{NewRecord, Record, beside_others, eventually, produce, read_topic};
use serde_json::{Value, json};

use super::scene::{Scene, options};

const ELSEWHERE: &str = "192.0.2.1:8083";

/// The statuses of a task, as they are in the topic.
async fn of_task(cluster: &Cluster, key: &str) -> Vec<Record> {
    let mut records = read_topic(&format!("{}-status", cluster.group())).await;
    records.retain(|record| record.key_text() == key);
    records
}

fn parse(record: &Record) -> Value {
    serde_json::from_str(&record.text()).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_of_an_older_run_is_put_right() {
    let _turn = beside_others().await;
    let scene = Scene::start(options(1), WorkloadOptions::small()).await;
    let key = format!("status-task-{}-0", scene.work.source(0));
    let statuses = of_task(&scene.cluster, &key).await;
    let running = statuses.last().expect("a status");
    let mut older = parse(running);
    older["worker_id"] = ELSEWHERE.into();
    older["generation"] = json!(older["generation"].as_i64().expect("a generation") - 1);
    let record = NewRecord::value(older.to_string())
        .key(key.as_str())
        .partition(running.partition);
    let topic = format!("{}-status", scene.cluster.group());
    produce(&topic, [record]).await;
    let told = eventually("the status is told again", async || {
        let statuses = of_task(&scene.cluster, &key).await;
        (parse(statuses.last()?) != older).then_some(statuses)
    });
    let told: Vec<Value> = told.await.iter().rev().take(2).map(parse).collect();
    assert_eq!(told, [parse(running), older]);
    scene.cluster.stop().await;
    scene.work.delete().await;
}
