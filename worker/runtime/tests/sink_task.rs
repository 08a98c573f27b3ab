//! Sink tasks against a real broker (`KAFKA_BOOTSTRAP`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod support;

use connect_api::Props;
use connect_runtime::{ConnectorTaskId, State, TargetState};
use support::kafka::{bootstrap, create, send, unique, wait_committed};
use support::sink::{Event, LIST_SINK, sink};
use support::{TestWorker, props, worker_props};

/// Commits often, so that tests need not wait.
const OFTEN: (&str, &str) = ("offset.flush.interval.ms", "50");

fn worker() -> TestWorker {
    TestWorker::new(&worker_props(&bootstrap(), &[OFTEN]))
}

fn config(name: &str, topic: &str, more: &[(&str, &str)]) -> Props {
    let mut all = props(&[
        ("name", name),
        ("connector.class", LIST_SINK),
        ("topics", topic),
        // A rebalance waits this long for members that are gone.
        ("consumer.override.session.timeout.ms", "6000"),
    ]);
    for (key, value) in more {
        match *value {
            "" => drop(all.shift_remove(*key)),
            value => drop(all.insert((*key).to_owned(), value.to_owned())),
        }
    }
    all
}

async fn start(worker: &TestWorker, config: &Props, task: usize) -> ConnectorTaskId {
    let id = ConnectorTaskId::new(config["name"].as_str(), task);
    worker
        .worker
        .start_task(
            id.clone(),
            config.clone(),
            config.clone(),
            TargetState::Started,
        )
        .await
        .unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_put_and_committed_and_a_restart_goes_on_after_them() {
    let (topic, name) = (unique("sink"), unique("sink-name"));
    create(&topic, 1).await;
    send(&topic, &["a", "b", "c"]);
    let (first, sink) = (worker(), sink(&name));
    let config = config(&name, &topic, &[]);
    let id = start(&first, &config, 0).await;
    sink.wait_for_count(3).await;
    wait_committed(&format!("connect-{name}"), &topic, 0, 3).await;
    send(&topic, &["d"]);
    sink.wait_for_count(4).await;
    // What was put right before the stop is committed with it.
    first.worker.stop_tasks(vec![id.clone()]).await;
    wait_committed(&format!("connect-{name}"), &topic, 0, 4).await;
    assert_eq!(
        first.statuses.states(&id.to_string()),
        [State::Running, State::Unassigned]
    );
    assert_eq!(first.statuses.topics()[0], topic);

    let second = worker();
    send(&topic, &["e"]);
    start(&second, &config, 0).await;
    sink.wait_for_count(5).await;
    second.worker.stop().await;
    assert_eq!(sink.values(), ["a", "b", "c", "d", "e"]);
    let events = sink.events.lock().unwrap().clone();
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| match event {
            Event::Started(_) => "started",
            Event::Opened(..) => "opened",
            Event::Closed(..) => "closed",
            Event::Stopped(_) => "stopped",
        })
        .collect();
    let life = ["started", "opened", "closed", "stopped"];
    assert_eq!(kinds, [life, life].concat());
}
