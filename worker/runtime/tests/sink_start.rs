//! Where a sink task begins to read, against a real broker (`KAFKA_BOOTSTRAP`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use connect_api::Props;
use connect_api::record::TopicPartition;
use connect_runtime::State;
use support::kafka::{
    ToSend, admin, committed, create, group, send, send_all, unique, wait_committed,
};
use support::sink::{LIST_SINK, sink};
use support::{props, start, worker};

const RESET: &str = "consumer.override.auto.offset.reset";

fn config(name: &str, topic: &str, reset: &str) -> Props {
    props(&[
        ("name", name),
        ("connector.class", LIST_SINK),
        ("topics", topic),
        (RESET, reset),
    ])
}

/// Sends a value to each of the first partitions.
fn send_across(topic: &str, values: &[&str]) {
    let records = (0..).zip(values).map(|(partition, value)| ToSend {
        partition,
        value: Some(value),
        ..ToSend::default()
    });
    send_all(topic, records);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_knows_better_is_read_from_where_it_says() {
    let (topic, name) = (unique("sink-open"), unique("open"));
    create(&topic, 2).await;
    send(&topic, &["a", "b", "c", "d"]);
    let (worker, sink) = (worker(), sink(&name));
    let partition = TopicPartition {
        topic: topic.as_str().into(),
        partition: 0,
    };
    sink.open_at.lock().unwrap().insert(partition, 2);
    start(&worker, &config(&name, &topic, "earliest"), 0).await;
    sink.wait_for_count(2).await;
    wait_committed(&group(&name), &topic, 0, 4).await;
    worker.worker.stop().await;
    assert_eq!(sink.values(), ["c", "d"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_go_on_where_the_group_is_and_begin_at_the_beginning() {
    let (topic, name) = (unique("sink-begin"), unique("begin"));
    create(&topic, 3).await;
    send_across(&topic, &["a0", "b0", "c0"]);
    send_across(&topic, &["a1", "b1", "c1"]);
    let partition = |partition| connect_kafka::consumer::Partition {
        topic: topic.as_str().into(),
        partition,
    };
    let known = vec![(partition(0), 1), (partition(2), 2)];
    let admin = admin();
    let stored = admin.commit_group_offsets(&group(&name), known).await;
    stored.unwrap();
    let (worker, sink) = (worker(), sink(&name));
    start(&worker, &config(&name, &topic, "earliest"), 0).await;
    sink.wait_for_count(3).await;
    wait_committed(&group(&name), &topic, 0, 2).await;
    wait_committed(&group(&name), &topic, 1, 2).await;
    send_across(&topic, &["a2", "b2", "c2"]);
    sink.wait_for_count(6).await;
    worker.worker.stop().await;
    let mut values = sink.values();
    values.sort();
    assert_eq!(values, ["a1", "a2", "b0", "b1", "b2", "c2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn latest_means_what_comes_after_the_start() {
    let (topic, name) = (unique("sink-latest"), unique("latest"));
    create(&topic, 1).await;
    send(&topic, &["before"]);
    let (worker, sink) = (worker(), sink(&name));
    start(&worker, &config(&name, &topic, "latest"), 0).await;
    // When it has found the end cannot be seen from here: what comes later is read.
    let mut sent = 0;
    while sink.values().is_empty() {
        assert!(sent < 300, "nothing is read");
        send(&topic, &[&format!("after {sent}")]);
        sent += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let last = format!("after {}", sent - 1);
    sink.wait_for("the last", |sink| sink.values().last() == Some(&last))
        .await;
    worker.worker.stop().await;
    let values = sink.values();
    assert!(!values.contains(&"before".to_owned()), "{values:?}");
    let first = sent - values.len();
    let expected: Vec<String> = (first..sent).map(|it| format!("after {it}")).collect();
    assert_eq!(values, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_offset_and_without_a_reset_the_task_fails() {
    let (topic, name) = (unique("sink-none"), unique("none"));
    create(&topic, 1).await;
    send(&topic, &["a"]);
    let (worker, sink) = (worker(), sink(&name));
    let id = start(&worker, &config(&name, &topic, "none"), 0).await;
    let id = id.to_string();
    let failed = worker.statuses.wait_for(&id, State::Failed);
    let trace = failed.await.unwrap();
    worker.worker.stop().await;
    assert!(
        trace.contains("no previously committed offset available"),
        "{trace}"
    );
    assert!(sink.values().is_empty());
    assert_eq!(committed(&group(&name), &topic, 0), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_not_there_yet_is_waited_for() {
    let (topic, name) = (unique("sink-later"), unique("later"));
    let (worker, sink) = (worker(), sink(&name));
    sink.start_fails.store(2, Ordering::SeqCst);
    let mut config = config(&name, &topic, "earliest");
    config.extend(props(&[
        ("consumer.override.metadata.max.age.ms", "1000"),
        ("consumer.override.allow.auto.create.topics", "false"),
    ]));
    let id = start(&worker, &config, 0).await;
    worker
        .statuses
        .wait_for(&id.to_string(), State::Running)
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    create(&topic, 1).await;
    send(&topic, &["a"]);
    sink.wait_for_count(1).await;
    worker.worker.stop().await;
    assert_eq!(
        worker.statuses.states(&id.to_string()),
        [State::Running, State::Unassigned]
    );
}
