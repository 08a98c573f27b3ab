//! Failed connectors and tasks that start again by themselves, and tasks that are stuck. The original has neither: what
//! is expected here is ours.
#![allow(clippy::unwrap_used, reason = "a test ends at what it does not expect")]

mod support;

use std::time::Duration;

use connect_api::Props;
use connect_cluster::Herder;
use connect_runtime::{ConnectorTaskId, State};
use support::plugin::set_away;
use support::{await_status, connector, eventually, start, unique, worker_props};

/// A connector whose source is away, and a policy with short delays.
fn away(trouble: &str, more: &[(&str, &str)]) -> Props {
    let mut config = connector("restarts", &[("trouble", trouble)]);
    let usual = [
        ("errors.restart.policy", "retriable"),
        ("errors.restart.delay.ms", "50"),
        ("errors.restart.delay.max.ms", "400"),
    ];
    for (name, value) in usual.iter().chain(more) {
        config.insert((*name).to_owned(), (*value).to_owned());
    }
    set_away(&config, true);
    config
}

async fn create(herder: &Herder, name: &str, config: &Props) {
    herder
        .put_connector(name, config.clone(), None, true)
        .await
        .unwrap();
}

/// The trace of task 0; empty where it has none.
async fn trace(herder: &Herder, name: &str) -> String {
    let status = herder.task_status(&ConnectorTaskId::new(name, 0)).await;
    status.ok().and_then(|it| it.trace).unwrap_or_default()
}

async fn await_trace(herder: &Herder, name: &str, end: &str) -> String {
    let mut last = String::new();
    eventually(&format!("a trace with {end}"), async || {
        last = trace(herder, name).await;
        last.contains(end)
    })
    .await;
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_tasks_restart_until_the_source_is_back() {
    let herder = start(&worker_props(&unique("restart-tasks"))).await;
    let config = away("away", &[("tasks", "2")]);
    create(&herder, "c", &config).await;
    let told = await_trace(&herder, "c", "(attempt 4)").await;
    assert!(
        told.starts_with(
            "starting the task\nCaused by: the source is away\nRestarts by itself at 2"
        ),
        "{told}"
    );
    set_away(&config, false);
    await_status(&herder, "c", "RUNNING [RUNNING, RUNNING]").await;
    assert_eq!(trace(&herder, "c").await, "");
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_cannot_start_restarts_and_plans_its_tasks_then() {
    let herder = start(&worker_props(&unique("restart-connector"))).await;
    let config = away("start-away", &[]);
    create(&herder, "c", &config).await;
    eventually("a second restart", async || {
        let status = herder.connector_status("c").await;
        let trace = status.ok().and_then(|it| it.connector.trace);
        trace.is_some_and(|trace| trace.ends_with("(attempt 3)"))
    })
    .await;
    set_away(&config, false);
    await_status(&herder, "c", "RUNNING [RUNNING]").await;
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_restarts_without_a_policy_or_for_a_cause_that_lasts() {
    let herder = start(&worker_props(&unique("restart-none"))).await;
    let none = away("away", &[("errors.restart.policy", "none")]);
    create(&herder, "none", &none).await;
    await_status(&herder, "none", "RUNNING [FAILED]").await;
    create(&herder, "lasting", &away("broken", &[])).await;
    let told = await_trace(&herder, "lasting", "Does not restart by itself").await;
    assert!(told.contains("the table is odd"), "{told}");
    let always = away("broken", &[("errors.restart.policy", "always")]);
    create(&herder, "always", &always).await;
    await_trace(&herder, "always", "(attempt 3)").await;
    assert_eq!(
        trace(&herder, "none").await,
        "starting the task\nCaused by: the source is away"
    );
    await_status(&herder, "lasting", "RUNNING [FAILED]").await;
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_last_attempt_a_user_s_restart_begins_anew() {
    let herder = start(&worker_props(&unique("restart-limit"))).await;
    let config = away("away", &[("errors.restart.max.attempts", "2")]);
    create(&herder, "c", &config).await;
    await_trace(&herder, "c", "(attempt 2 of 2)").await;
    let given_up = "Does not restart by itself any more: errors.restart.max.attempts=2";
    await_trace(&herder, "c", given_up).await;
    let task = ConnectorTaskId::new("c", 0);
    herder.restart_task(&task).await.unwrap();
    await_trace(&herder, "c", "(attempt 1 of 2)").await;
    await_trace(&herder, "c", given_up).await;
    set_away(&config, false);
    herder.restart_connector("c", true, true).await.unwrap();
    await_status(&herder, "c", "RUNNING [RUNNING]").await;
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_restarts_up_and_other_settings_replace_them() {
    let herder = start(&worker_props(&unique("restart-pause"))).await;
    let config = away("away", &[]);
    create(&herder, "c", &config).await;
    await_trace(&herder, "c", "(attempt 3)").await;
    herder.pause("c").await.unwrap();
    await_trace(
        &herder,
        "c",
        "Restarts by itself once the connector is resumed",
    )
    .await;
    set_away(&config, false);
    // Longer than the longest delay.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let task = ConnectorTaskId::new("c", 0);
    let state = herder.task_status(&task).await.unwrap().state;
    assert_eq!(state, State::Failed);
    herder.resume("c").await.unwrap();
    await_status(&herder, "c", "RUNNING [RUNNING]").await;

    // A restart that is far away does not come after the settings were changed.
    set_away(&config, true);
    let mut patient = config.clone();
    patient.insert("errors.restart.delay.ms".to_owned(), "60000".to_owned());
    patient.insert("errors.restart.delay.max.ms".to_owned(), "60000".to_owned());
    create(&herder, "c", &patient).await;
    await_trace(&herder, "c", "(attempt 1)").await;
    create(&herder, "c", &config).await;
    await_trace(&herder, "c", "(attempt 2)").await;
    herder.stop("c").await.unwrap();
    await_status(&herder, "c", "STOPPED []").await;
    set_away(&config, false);
    tokio::time::sleep(Duration::from_millis(600)).await;
    await_status(&herder, "c", "STOPPED []").await;
    herder.delete_connector("c").await.unwrap();
    await_status(&herder, "c", "No status found for connector c").await;
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_stuck_says_so_until_its_call_returns() {
    let mut worker = worker_props(&unique("stuck"));
    worker.insert("task.stuck.timeout.ms".to_owned(), "300".to_owned());
    let herder = start(&worker).await;
    let config = away("block", &[]);
    create(&herder, "c", &config).await;
    let told = await_trace(&herder, "c", "no progress since 2").await;
    assert!(
        told.ends_with("the poll of the source lasts longer than task.stuck.timeout.ms = 300"),
        "{told}"
    );
    await_status(&herder, "c", "RUNNING [RUNNING]").await;
    set_away(&config, false);
    eventually("the note to be taken back", async || {
        trace(&herder, "c").await.is_empty()
    })
    .await;
    await_status(&herder, "c", "RUNNING [RUNNING]").await;
    herder.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_does_not_come_out_of_its_start_says_so() {
    let mut worker = worker_props(&unique("stuck-connector"));
    worker.insert("task.stuck.timeout.ms".to_owned(), "300".to_owned());
    let herder = start(&worker).await;
    create(&herder, "c", &connector("hanging", &[("trouble", "hang")])).await;
    let mut told = String::new();
    eventually("the note", async || {
        let status = herder.connector_status("c").await;
        told = status
            .ok()
            .and_then(|it| it.connector.trace)
            .unwrap_or_default();
        !told.is_empty()
    })
    .await;
    assert!(
        told.ends_with("the start of the connector lasts longer than task.stuck.timeout.ms = 300"),
        "{told}"
    );
    await_status(&herder, "c", "UNASSIGNED []").await;
    create(&herder, "c", &connector("hanging", &[])).await;
    await_status(&herder, "c", "RUNNING [RUNNING]").await;
    let status = herder.connector_status("c").await.unwrap();
    assert_eq!(status.connector.trace, None);
    herder.shut_down().await;
}
