//! A status that another worker had sent long ago and that comes after the one of the worker that
//! runs the task now: its connection had been held up, or it had been asleep.

use connectd_harness::cluster::{Cluster, Work, WorkloadOptions};
use connectd_harness::{NewRecord, beside_others, eventually, produce};
use serde_json::{Value, json};

use super::scene::{Scene, options};
use super::statuses::{self, Status};

const ELSEWHERE: &str = "192.0.2.1:8083";

/// The statuses of a task, as they are in the topic.
async fn of_task(cluster: &Cluster, task: &Work) -> Vec<Status> {
    let mut statuses = statuses::written(cluster).await;
    statuses.retain(|status| status.work == *task);
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_of_an_older_run_is_put_right() {
    let _turn = beside_others().await;
    let scene = Scene::start(options(1), WorkloadOptions::small()).await;
    let task = Work::Task(scene.work.source(0), 0);
    let running = of_task(&scene.cluster, &task).await.pop();
    let Status {
        value: running,
        partition,
        ..
    } = running.expect("a status");
    let mut older = running.clone();
    older["worker_id"] = ELSEWHERE.into();
    older["generation"] = json!(older["generation"].as_i64().expect("a generation") - 1);
    let record = NewRecord::value(older.to_string())
        .key(format!("status-task-{task}"))
        .partition(partition);
    let topic = format!("{}-status", scene.cluster.group());
    produce(&topic, [record]).await;
    let told = eventually("the status is told again", async || {
        let statuses = of_task(&scene.cluster, &task).await;
        (statuses.last()?.value != older).then_some(statuses)
    });
    let told = told.await.into_iter().map(|status| status.value);
    let told: Vec<Value> = told.rev().take(2).collect();
    assert_eq!(told, [running, older]);
    scene.cluster.stop().await;
    scene.work.delete().await;
}
