//! A connector that only the JVM worker of the group has.

use std::time::Duration;

use connectd_harness::{alone, bootstrap, eventually_within, unique};
use serde_json::{Value, json};

use super::scene::{Kind, Scene, options};

const CLASS: &str = "org.apache.kafka.connect.mirror.MirrorHeartbeatConnector";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_of_ours_does_not_disturb_what_only_the_jvm_has() {
    let _alone = alone().await;
    let mut scene = Scene::new(unique("foreign"));
    let jvm = scene.start(Kind::Jvm, &[("plugin.path", "foreign")]).await;
    let name = format!("{}-heartbeats", scene.group);
    let config = json!({
        "connector.class": CLASS,
        "source.cluster.alias": "here",
        "target.cluster.alias": "there",
        "source.cluster.bootstrap.servers": bootstrap(),
        "target.cluster.bootstrap.servers": bootstrap(),
        "heartbeats.topic.replication.factor": "1",
    });
    scene.put(jvm, &name, &config, 1).await;
    scene.settled().await;
    let generations = || {
        scene
            .worker(jvm)
            .log()
            .matches("Joined group at generation")
            .count()
    };
    let before = generations();

    // It says so, and never joins.
    let refusing = options(Kind::Ours, &scene.group);
    let mut refusing = connectd_harness::Worker::start_with(refusing, &bootstrap(), false).await;
    assert_ne!(refusing.ended().await, Some(0), "it went on");
    let log = refusing.log();
    let named = log
        .lines()
        .find(|line| line.contains(CLASS) && line.contains(&name));
    let named = named.unwrap_or_else(|| panic!("{CLASS} is not named: {log}"));
    assert!(named.contains("--allow-unknown-connectors"), "{named}");
    assert_eq!(generations(), before, "the group was disturbed");

    // Allowed, it joins.
    let allowed = options(Kind::Ours, &scene.group).argument("--allow-unknown-connectors");
    let ours = scene.launch_with(Kind::Ours, allowed).await;
    scene.is_up(ours).await;
    for pipe in ["a", "b"] {
        scene.create_pipe(ours, pipe).await;
    }
    // All is ours when the JVM worker leaves, and what we cannot run is FAILED.
    scene.leave(jvm).await;
    let path = format!("/connectors/{name}/status");
    let rest = scene.rest(ours);
    let failed = eventually_within(Duration::from_secs(30), "FAILED", async || {
        let status = rest.get(&path).await;
        let all = [&status["connector"], &status["tasks"][0]];
        let is_so = |it: &&Value| {
            it["state"] == "FAILED" && it["trace"].as_str().is_some_and(|it| it.contains(CLASS))
        };
        all.iter().all(is_so).then_some(status)
    });
    failed.await;
    // Others run.
    rest.wait_for_task(&scene.source("a"), "RUNNING").await;
    rest.wait_for_task(&scene.sink("b"), "RUNNING").await;

    // And the JVM worker takes it back: it runs there once ours has left.
    scene.start_again(jvm).await;
    scene.leave(ours).await;
    scene.settled().await;
    scene.end().await;
}
