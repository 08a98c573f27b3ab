//! Connectors on a worker: starting, pausing, planning tasks. Needs no broker.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod support;

use std::sync::Arc;

use connect_api::{ErrorKind, Props};
use connect_runtime::{State, TargetState};
use support::plugins::SCRIPTED;
use support::{NoEvents, TestWorker, props, worker_props};

fn worker() -> TestWorker {
    TestWorker::new(&worker_props("nowhere:9092", &[]))
}

fn config(more: &[(&str, &str)]) -> Props {
    let mut all = props(&[("name", "c"), ("connector.class", SCRIPTED), ("topic", "t")]);
    all.extend(props(more));
    all
}

async fn start(worker: &TestWorker, config: Props, target: TargetState) -> connect_api::Result<()> {
    worker
        .worker
        .start_connector("c", config, target, Arc::new(NoEvents))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_runs_pauses_and_stops() {
    let worker = worker();
    start(&worker, config(&[]), TargetState::Started)
        .await
        .unwrap();
    assert!(worker.worker.is_running("c"));
    let again = start(&worker, config(&[]), TargetState::Started).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);

    worker
        .worker
        .set_target_state("c", TargetState::Paused)
        .await;
    assert!(!worker.worker.is_running("c"));
    let error = worker.worker.task_props("c").await.unwrap_err();
    assert_eq!(error.message(), "connector c is not running");
    worker
        .worker
        .set_target_state("c", TargetState::Started)
        .await;
    worker
        .worker
        .set_target_state("c", TargetState::Stopped)
        .await;
    worker.worker.stop_connector("c").await;
    assert!(worker.worker.connectors().is_empty());
    assert_eq!(
        worker.statuses.states("c"),
        [
            State::Running,
            State::Paused,
            State::Running,
            State::Stopped,
            State::Unassigned
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_planned_with_their_class() {
    let worker = worker();
    start(
        &worker,
        config(&[("tasks", "2"), ("tasks.max", "2")]),
        TargetState::Started,
    )
    .await
    .unwrap();
    let tasks = worker.worker.task_props("c").await.unwrap();
    assert_eq!(tasks.len(), 2);
    assert_eq!(tasks[1]["task.class"], "test.ScriptedTask");
    assert_eq!(tasks[1]["topic"], "t");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_tasks_than_allowed_fail_the_connector_unless_told_otherwise() {
    let strict = worker();
    start(&strict, config(&[("tasks", "2")]), TargetState::Started)
        .await
        .unwrap();
    let error = strict.worker.task_props("c").await.unwrap_err();
    assert!(
        error
            .message()
            .contains("generated 2 tasks, which is greater than 1"),
        "{error}"
    );
    let trace = strict.statuses.wait_for("c", State::Failed).await.unwrap();
    assert!(trace.contains("tasks.max.enforce"), "{trace}");

    let lax = worker();
    let more = [("tasks", "2"), ("tasks.max.enforce", "false")];
    start(&lax, config(&more), TargetState::Started)
        .await
        .unwrap();
    assert_eq!(lax.worker.task_props("c").await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_cannot_start_says_why() {
    for (script, part) in [
        ("fail", "starting connector c\nCaused by: no way to start"),
        ("panic", "panicked: cannot start"),
    ] {
        let worker = worker();
        let result = start(
            &worker,
            config(&[("connector.script", script)]),
            TargetState::Started,
        );
        assert!(result.await.unwrap_err().trace().contains(part));
        let trace = worker.statuses.wait_for("c", State::Failed).await.unwrap();
        assert!(trace.contains(part), "{trace}");
        assert!(!worker.worker.is_running("c"));
        // It stays known until it is stopped, as a failed one.
        assert_eq!(worker.worker.connectors(), ["c"]);
        worker
            .worker
            .set_target_state("c", TargetState::Started)
            .await;
        assert_eq!(worker.statuses.states("c"), [State::Failed]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_class_is_reported_too() {
    let worker = worker();
    let config = props(&[("name", "c"), ("connector.class", "com.Nope")]);
    start(&worker, config, TargetState::Started)
        .await
        .unwrap_err();
    let trace = worker.statuses.wait_for("c", State::Failed).await.unwrap();
    assert!(trace.contains("com.Nope"), "{trace}");
}
