//! What a sink task does with the next batch while its sink is busy with one, against a real
//! broker (`KAFKA_BOOTSTRAP`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use connect_api::Props;
use connect_runtime::{State, TargetState};
use support::kafka::{create, group, send, unique, wait_committed};
use support::sink::{LIST_SINK, sink};
use support::{props, start, worker};

const MAX_POLL_RECORDS: &str = "consumer.override.max.poll.records";

/// A task that puts ten records at a time.
fn tens(name: &str, topic: &str) -> Props {
    props(&[
        ("name", name),
        ("connector.class", LIST_SINK),
        ("topics", topic),
        (MAX_POLL_RECORDS, "10"),
    ])
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

fn send_all(topic: &str, values: &[String]) {
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    send(topic, &values);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_keep_their_size_and_order_whatever_waits_behind_them() {
    let (topic, name) = (unique("ahead"), unique("ahead-name"));
    create(&topic, 1).await;
    let values = numbers(300);
    send_all(&topic, &values);
    let (worker, sink) = (worker(), sink(&name));
    sink.slow_ms.store(15, Ordering::SeqCst);
    start(&worker, &tens(&name, &topic), 0).await;
    sink.wait_for_count(300).await;
    wait_committed(&group(&name), &topic, 0, 300).await;
    worker.worker.stop().await;
    assert_eq!(sink.values(), values);
    let largest = sink.batches.lock().unwrap().iter().copied().max();
    assert_eq!(largest, Some(10));
}

/// Where the user has not said how many, the sink's own wish counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_sink_says_how_large_its_batches_are_best() {
    for (wish, limit, largest) in [(700, None, 700), (0, None, 500), (700, Some("30"), 30)] {
        let (topic, name) = (unique("ahead-size"), unique("ahead-size-name"));
        create(&topic, 1).await;
        send_all(&topic, &numbers(3000));
        let (worker, sink) = (worker(), sink(&name));
        sink.slow_ms.store(15, Ordering::SeqCst);
        sink.batch_size.store(wish, Ordering::SeqCst);
        let mut props = tens(&name, &topic);
        props.shift_remove(MAX_POLL_RECORDS);
        props.extend(limit.map(|limit| (MAX_POLL_RECORDS.to_owned(), limit.to_owned())));
        start(&worker, &props, 0).await;
        sink.wait_for_count(3000).await;
        worker.worker.stop().await;
        assert_eq!(sink.values(), numbers(3000));
        let seen = sink.batches.lock().unwrap().iter().copied().max();
        assert_eq!(seen, Some(largest));
    }
}

/// A batch whose sink is away is put until it is taken, whatever is wrong with the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_record_of_the_next_batch_waits_for_its_turn() {
    let (topic, name) = (unique("ahead-bad"), unique("ahead-bad-name"));
    create(&topic, 1).await;
    let mut values = numbers(15);
    values[12] = "unconvertible".to_owned();
    send_all(&topic, &values);
    let (worker, sink) = (worker(), sink(&name));
    sink.slow_ms.store(200, Ordering::SeqCst);
    sink.is_away.store(true, Ordering::SeqCst);
    let id = start(&worker, &tens(&name, &topic), 0).await;
    sink.wait_for("two refusals", |sink| {
        sink.refused.load(Ordering::SeqCst) >= 2
    })
    .await;
    assert_eq!(
        worker.statuses.states(&id.to_string()).last(),
        Some(&State::Running)
    );
    sink.is_away.store(false, Ordering::SeqCst);
    let trace = worker
        .statuses
        .wait_for(&id.to_string(), State::Failed)
        .await;
    let trace = trace.unwrap();
    assert!(trace.contains("partition: 0, offset: 12)"), "{trace}");
    assert_eq!(sink.values(), values[..10]);
    wait_committed(&group(&name), &topic, 0, 10).await;
    worker.worker.stop().await;
}

/// What was converted before a pause is neither put in it nor lost by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_keeps_the_next_batch() {
    let (topic, name) = (unique("ahead-pause"), unique("ahead-pause-name"));
    create(&topic, 1).await;
    let values = numbers(100);
    send_all(&topic, &values);
    let (worker, sink) = (worker(), sink(&name));
    sink.slow_ms.store(300, Ordering::SeqCst);
    let id = start(&worker, &tens(&name, &topic), 0).await;
    sink.wait_for_count(10).await;
    worker
        .worker
        .set_target_state(&name, TargetState::Paused)
        .await;
    worker
        .statuses
        .wait_for(&id.to_string(), State::Paused)
        .await;
    let before = sink.count();
    assert!(before < 100, "{before}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(sink.count(), before);
    sink.slow_ms.store(0, Ordering::SeqCst);
    worker
        .worker
        .set_target_state(&name, TargetState::Started)
        .await;
    sink.wait_for_count(100).await;
    wait_committed(&group(&name), &topic, 0, 100).await;
    worker.worker.stop().await;
    assert_eq!(sink.values(), values);
}

/// A worker that was asleep past its session does not know yet that another one has the task.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_put_while_the_task_may_be_another_workers() {
    let (topic, name) = (unique("ahead-own"), unique("ahead-own-name"));
    create(&topic, 1).await;
    let (worker, sink) = (worker(), sink(&name));
    start(&worker, &tens(&name, &topic), 0).await;
    let values = numbers(60);
    send_all(&topic, &values[..20]);
    sink.wait_for_count(20).await;
    worker.offsets.is_closed.store(true, Ordering::SeqCst);
    // A put that had begun.
    tokio::time::sleep(Duration::from_millis(200)).await;
    send_all(&topic, &values[20..]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(sink.count(), 20);
    worker.offsets.is_closed.store(false, Ordering::SeqCst);
    sink.wait_for_count(60).await;
    wait_committed(&group(&name), &topic, 0, 60).await;
    worker.worker.stop().await;
    assert_eq!(sink.values(), values);
}
