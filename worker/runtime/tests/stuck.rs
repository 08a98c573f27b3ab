//! Tasks that stay in one call, against a real broker (`KAFKA_BOOTSTRAP`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use connect_runtime::{ConnectorTaskId, State};
use support::kafka::{bootstrap, create, send, unique};
use support::plugins::SCRIPTED;
use support::sink::{LIST_SINK, sink};
use support::stores::PATIENCE;
use support::{OFTEN, TestWorker, props, start, worker_props};

/// A worker to which a tenth of a second is long.
fn impatient() -> TestWorker {
    let limit = ("task.stuck.timeout.ms", "100");
    let worker = TestWorker::new(&worker_props(&bootstrap(), &[OFTEN, limit]));
    let watched = worker.worker.clone();
    tokio::spawn(async move { watched.watch_for_stuck().await });
    worker
}

fn is_stuck(worker: &TestWorker, id: &ConnectorTaskId) -> u64 {
    worker.worker.task_metrics(id).unwrap().stuck.get()
}

/// Waits for the note, and for its end.
async fn note(worker: &TestWorker, id: &ConnectorTaskId, state: State) -> String {
    let statuses = &worker.statuses;
    let told = statuses
        .wait_for_trace(&id.to_string(), state, |trace| trace.is_some())
        .await
        .unwrap();
    assert_eq!(is_stuck(worker, id), 1);
    told
}

async fn note_is_gone(worker: &TestWorker, id: &ConnectorTaskId) {
    let statuses = &worker.statuses;
    statuses
        .wait_for_trace(&id.to_string(), State::Running, |trace| trace.is_none())
        .await;
    // A task that has started tells of that itself, before the watch looks again.
    let counted = async {
        while is_stuck(worker, id) != 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_is_slow_or_refused_is_told_until_it_succeeds() {
    let (topic, name) = (unique("stuck-sink"), unique("stuck"));
    create(&topic, 1).await;
    let (worker, sink) = (impatient(), sink(&name));
    let config = props(&[
        ("name", &name),
        ("connector.class", LIST_SINK),
        ("topics", &topic),
    ]);
    sink.slow_ms.store(1500, Ordering::SeqCst);
    let id = start(&worker, &config, 0).await;
    send(&topic, &["a"]);
    let told = note(&worker, &id, State::Running).await;
    assert!(
        told.ends_with("the put into the sink lasts longer than task.stuck.timeout.ms = 100"),
        "{told}"
    );
    note_is_gone(&worker, &id).await;
    assert_eq!(sink.values(), ["a"]);

    sink.slow_ms.store(0, Ordering::SeqCst);
    sink.is_away.store(true, Ordering::SeqCst);
    send(&topic, &["b"]);
    let told = note(&worker, &id, State::Running).await;
    assert!(
        told.ends_with("= 100; it is tried again after: the target is away"),
        "{told}"
    );
    sink.is_away.store(false, Ordering::SeqCst);
    note_is_gone(&worker, &id).await;
    worker.worker.stop().await;
    assert_eq!(sink.values(), ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_cannot_start_says_so_before_it_runs() {
    let (topic, name) = (unique("stuck-start"), unique("stuck"));
    create(&topic, 1).await;
    let (worker, sink) = (impatient(), sink(&name));
    let config = props(&[
        ("name", &name),
        ("connector.class", LIST_SINK),
        ("topics", &topic),
    ]);
    sink.start_fails.store(100, Ordering::SeqCst);
    let id = start(&worker, &config, 0).await;
    let told = note(&worker, &id, State::Unassigned).await;
    assert!(
        told.contains("the start of the plugin's task lasts longer")
            && told.ends_with("after: the target is away"),
        "{told}"
    );
    note_is_gone(&worker, &id).await;
    worker.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_blocks_its_thread_is_told_and_an_idle_one_is_not() {
    let (topic, name) = (unique("stuck-source"), unique("stuck"));
    create(&topic, 1).await;
    let worker = impatient();
    let config = |name: &str, script: &str| {
        props(&[
            ("name", name),
            ("connector.class", SCRIPTED),
            ("topic", &topic),
            ("records", "20"),
            ("script", script),
        ])
    };
    let id = start(&worker, &config(&name, "block"), 0).await;
    let idle = start(&worker, &config(&unique("idle"), "count"), 0).await;
    let told = note(&worker, &id, State::Running).await;
    assert!(told.contains(": the poll of the source lasts"), "{told}");
    note_is_gone(&worker, &id).await;
    assert_eq!(worker.statuses.states(&idle.to_string()), [State::Running]);
    worker.worker.stop().await;
}
