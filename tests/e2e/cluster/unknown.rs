//! A connector class in the config topic that no worker of ours has.

use connectd_harness::cluster::{Cluster, ClusterOptions};
use connectd_harness::{NewRecord, Worker, alone, eventually, produce, variable};
use serde_json::json;

use super::scene::options;

const CLASS: &str = "com.example.NobodyHasThisConnector";

/// A group whose config topic has a connector that only somebody else can run.
async fn with_unknown_connector() -> ClusterOptions {
    let options = options(1);
    let cluster = Cluster::start(options.clone()).await;
    let group = cluster.group().to_owned();
    let record = |key: &str, value: serde_json::Value| {
        let topic = format!("{group}-configs");
        let record = NewRecord::value(value.to_string()).key(key);
        async move { produce(&topic, [record]).await }
    };
    drop(cluster);
    let properties = json!({"connector.class": CLASS, "name": "strange", "tasks.max": "1"});
    record("connector-strange", json!({"properties": properties})).await;
    let task = json!({"task.class": "com.example.NobodysTask"});
    record("task-strange-0", json!({"properties": task})).await;
    record("commit-strange", json!({"tasks": 1})).await;
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_does_not_join_where_it_cannot_run_everything() {
    let _alone = alone().await;
    let options = with_unknown_connector().await.worker;
    let kafka = variable("KAFKA_BOOTSTRAP");
    let mut refusing = Worker::start_with(options.clone(), &kafka, false).await;
    assert_ne!(refusing.ended().await, Some(0), "it went on");
    let log = refusing.log();
    let named = log
        .lines()
        .find(|line| line.contains(CLASS) && line.contains("strange"));
    let named = named.unwrap_or_else(|| panic!("{CLASS} is not named: {log}"));
    assert!(named.contains("--allow-unknown-connectors"), "{named}");

    let worker = Worker::start(options.argument("--allow-unknown-connectors")).await;
    let mut last = None;
    let failed = async || {
        let answer = worker
            .rest
            .try_send("GET", "/connectors/strange/status", None)
            .await?;
        last = Some(answer.text.clone());
        let status: serde_json::Value = serde_json::from_str(&answer.text).ok()?;
        let all = [&status["connector"], &status["tasks"][0]];
        let is_so = all.iter().all(|it| {
            it["state"] == "FAILED" && it["trace"].as_str().is_some_and(|it| it.contains(CLASS))
        });
        is_so.then_some(())
    };
    let limit = std::time::Duration::from_secs(30);
    let reached = tokio::time::timeout(limit, eventually("", failed)).await;
    assert!(
        reached.is_ok(),
        "not FAILED with the class's name: {last:?}"
    );
}
