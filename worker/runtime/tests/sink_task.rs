//! Sink tasks against a real broker (`KAFKA_BOOTSTRAP`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use connect_api::Props;
use connect_runtime::{SinkLag, State, TargetState};
use serde_json::json;
use support::kafka::{
    Stored, ToSend, bootstrap, committed, create, group, read, send, send_all, unique,
    wait_committed,
};
use support::plugins::{FAIL_ON, JSON_CONVERTER};
use support::sink::{Event, LIST_SINK, Sink, sink};
use support::{NoEvents, OFTEN, TestWorker, props, start, worker, worker_props};

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

#[tokio::test(flavor = "multi_thread")]
async fn records_are_put_and_committed_and_a_restart_goes_on_after_them() {
    let (topic, name) = (unique("sink"), unique("sink-name"));
    create(&topic, 1).await;
    send(&topic, &["a", "b", "c"]);
    let (first, sink) = (worker(), sink(&name));
    let config = config(&name, &topic, &[]);
    let id = start(&first, &config, 0).await;
    sink.wait_for_count(3).await;
    wait_committed(&group(&name), &topic, 0, 3).await;
    send(&topic, &["d"]);
    sink.wait_for_count(4).await;
    // What was put right before the stop is committed with it.
    first.worker.stop_tasks(vec![id.clone()]).await;
    wait_committed(&group(&name), &topic, 0, 4).await;
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

fn opened(sink: &Sink) -> usize {
    let events = sink.events.lock().unwrap();
    let opened = events.iter().filter(|it| matches!(it, Event::Opened(..)));
    opened.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_sink_has_safely_is_committed() {
    let (topic, name) = (unique("sink-safe"), unique("safe"));
    create(&topic, 1).await;
    send(&topic, &["a", "b", "c"]);
    let (worker, sink) = (worker(), sink(&name));
    *sink.safe_up_to.lock().unwrap() = Some(2);
    start(&worker, &config(&name, &topic, &[]), 0).await;
    sink.wait_for_count(3).await;
    wait_committed(&group(&name), &topic, 0, 2).await;
    worker.worker.stop().await;
    assert_eq!(committed(&group(&name), &topic, 0), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_longer_than_the_poll_interval_costs_no_membership() {
    let (topic, name) = (unique("sink-away"), unique("away"));
    create(&topic, 1).await;
    let (worker, sink) = (worker(), sink(&name));
    let short = [("consumer.override.max.poll.interval.ms", "6000")];
    let id = start(&worker, &config(&name, &topic, &short), 0).await;
    send(&topic, &["a"]);
    sink.wait_for_count(1).await;
    sink.is_away.store(true, Ordering::SeqCst);
    send(&topic, &["b", "c"]);
    tokio::time::sleep(Duration::from_secs(9)).await;
    // It asked for 50 ms between two tries.
    assert!(sink.refused.load(Ordering::SeqCst) > 60);
    assert_eq!(committed(&group(&name), &topic, 0), Some(1));
    sink.is_away.store(false, Ordering::SeqCst);
    sink.wait_for_count(3).await;
    // One put that itself takes longer than the poll interval.
    sink.slow_ms.store(9000, Ordering::SeqCst);
    send(&topic, &["d"]);
    sink.wait_for_count(4).await;
    sink.slow_ms.store(0, Ordering::SeqCst);
    send(&topic, &["e"]);
    sink.wait_for_count(5).await;
    wait_committed(&group(&name), &topic, 0, 5).await;
    assert_eq!(opened(&sink), 1, "the task kept its partition");
    assert_eq!(sink.values(), ["a", "b", "c", "d", "e"]);
    let states = worker.statuses.states(&id.to_string());
    worker.worker.stop().await;
    assert_eq!(states, [State::Running]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_stops_while_it_cannot_open_leaves_its_group() {
    let (topic, name) = (unique("sink-unopened"), unique("unopened"));
    create(&topic, 1).await;
    send(&topic, &["a"]);
    let (first, second, sink) = (worker(), worker(), sink(&name));
    sink.cannot_open.store(true, Ordering::SeqCst);
    // It would be missed only after this long.
    let late = [("consumer.override.session.timeout.ms", "45000")];
    let config = config(&name, &topic, &late);
    let id = start(&first, &config, 0).await;
    sink.wait_for("the partition", |sink| opened(sink) > 0)
        .await;
    first.worker.stop_tasks(vec![id]).await;
    sink.cannot_open.store(false, Ordering::SeqCst);
    let since = std::time::Instant::now();
    start(&second, &config, 1).await;
    sink.wait_for_count(1).await;
    assert!(since.elapsed() < Duration::from_secs(20));
    second.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_share_partitions_and_a_rebalance_neither_loses_nor_repeats() {
    share("org.apache.kafka.clients.consumer.RangeAssignor").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_a_cooperative_one() {
    share("org.apache.kafka.clients.consumer.CooperativeStickyAssignor").await;
}

async fn share(assignor: &str) {
    const PARTITIONS: i32 = 4;
    let (topic, name) = (unique("sink-share"), unique("share"));
    create(&topic, PARTITIONS).await;
    // Nothing is committed by time: what is not repeated was committed when it was handed over.
    let (first, second) = (
        TestWorker::new(&worker_props(&bootstrap(), &[])),
        TestWorker::new(&worker_props(&bootstrap(), &[])),
    );
    let sink = sink(&name);
    let assignor = [("consumer.override.partition.assignment.strategy", assignor)];
    let config = config(&name, &topic, &assignor);
    let fill = |from: i32, to: i32| {
        let texts: Vec<(i32, String)> = (from..to)
            .map(|number| (number % PARTITIONS, number.to_string()))
            .collect();
        let records = texts.iter().map(|(partition, text)| ToSend {
            partition: *partition,
            value: Some(text),
            ..ToSend::default()
        });
        send_all(&topic, records);
    };
    start(&first, &config, 0).await;
    fill(0, 1000);
    sink.wait_for_count(1000).await;
    let id = start(&second, &config, 1).await;
    let has_partitions = |event: &Event| matches!(event, Event::Opened(1, own) if own.len() == 2);
    sink.wait_for("half of the partitions", |sink| {
        sink.events.lock().unwrap().iter().any(has_partitions)
    })
    .await;
    fill(1000, 2000);
    sink.wait_for_count(2000).await;
    let of_second = |sink: &Sink| {
        let taken = sink.taken.lock().unwrap();
        taken.iter().filter(|it| it.task == 1).count()
    };
    assert_eq!(of_second(&sink), 500);
    // It goes while there is something to do.
    fill(2000, 3000);
    second.worker.stop_tasks(vec![id]).await;
    fill(3000, 4000);
    sink.wait_for_count(4000).await;
    first.worker.stop().await;
    let mut values: Vec<i32> = sink.values().iter().map(|it| it.parse().unwrap()).collect();
    for partition in 0..PARTITIONS {
        let ours = values.iter().filter(|it| **it % PARTITIONS == partition);
        assert!(ours.is_sorted(), "partition {partition} is in order");
    }
    values.sort_unstable();
    assert_eq!(values, (0..4000).collect::<Vec<i32>>());
    for partition in 0..PARTITIONS {
        assert_eq!(committed(&group(&name), &topic, partition), Some(1000));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_records_go_to_the_dead_letter_queue_with_ten_headers() {
    let (topic, dead, name) = (unique("sink-bad"), unique("dlq"), unique("bad"));
    create(&topic, 1).await;
    let fill = [
        ("k0", "good", 7),
        ("k1", "unconvertible", 8),
        ("k2", "never", 9),
        ("k3", "refused", 10),
        ("k4", "last", 11),
    ];
    let records = fill.iter().map(|(key, value, at)| ToSend {
        key: Some(key),
        value: Some(value),
        headers: vec![("own", Some("h")), ("none", None)],
        timestamp: Some(*at),
        ..ToSend::default()
    });
    send_all(&topic, records);
    let (worker, sink) = (worker(), sink(&name));
    *sink.report.lock().unwrap() = Some("refused".to_owned());
    let config = config(
        &name,
        &topic,
        &[
            ("errors.tolerance", "all"),
            ("errors.deadletterqueue.topic.name", &dead),
            ("errors.deadletterqueue.topic.replication.factor", "1"),
            ("errors.deadletterqueue.context.headers.enable", "true"),
            ("transforms", "fail"),
            ("transforms.fail.type", FAIL_ON),
            ("transforms.fail.text", "never"),
        ],
    );
    let id = start(&worker, &config, 0).await;
    sink.wait_for_count(2).await;
    wait_committed(&group(&name), &topic, 0, 5).await;
    assert_eq!(sink.values(), ["good", "last"]);
    let metrics = worker.worker.task_metrics(&id).unwrap();
    assert_eq!(metrics.records_skipped.get(), 3);
    assert_eq!(metrics.dead_letters.get(), 3);
    assert_eq!((metrics.read.get(), metrics.sent.get()), (5, 3));
    worker.worker.stop().await;

    let letters = read(&dead);
    let values: Vec<_> = letters.iter().map(|it| it.value.as_deref()).collect();
    assert_eq!(
        values,
        [Some("unconvertible"), Some("never"), Some("refused")]
    );
    let keys: Vec<_> = letters.iter().map(|it| it.key.as_deref()).collect();
    assert_eq!(keys, [Some("k1"), Some("k2"), Some("k3")]);
    let timestamps: Vec<_> = letters.iter().map(|it| it.timestamp).collect();
    assert_eq!(timestamps, [Some(8), Some(9), Some(10)]);
    assert_context(&letters, &topic, &name);
}

/// golden: dlq-headers-4.1.0.txt, whose names and order these are.
fn assert_context(letters: &[Stored], topic: &str, name: &str) {
    let data = "org.apache.kafka.connect.errors.DataException";
    let expected = [
        (
            "1",
            "VALUE_CONVERTER",
            JSON_CONVERTER,
            data,
            "cannot read unconvertible",
        ),
        ("2", "TRANSFORMATION", FAIL_ON, data, "never for never"),
        (
            "3",
            "TASK_PUT",
            "org.apache.kafka.connect.sink.SinkTask",
            "org.apache.kafka.connect.errors.ConnectException",
            "the target refuses the record",
        ),
    ];
    for (letter, (offset, stage, class, exception, message)) in letters.iter().zip(expected) {
        let trace = format!("{exception}: {message}\n");
        let context = [
            ("topic", topic),
            ("partition", "0"),
            ("offset", offset),
            ("connector.name", name),
            ("task.id", "0"),
            ("stage", stage),
            ("class.name", class),
            ("exception.class.name", exception),
            ("exception.message", message),
            ("exception.stacktrace", &trace),
        ];
        let mut headers = vec![
            ("own".to_owned(), Some("h".to_owned())),
            ("none".to_owned(), None),
        ];
        headers.extend(context.iter().map(|(key, value)| {
            let key = format!("__connect.errors.{key}");
            (key, Some((*value).to_owned()))
        }));
        assert_eq!(letter.headers, headers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tolerance_a_bad_record_fails_the_task_by_its_place() {
    let (topic, name) = (unique("sink-fail"), unique("fail"));
    create(&topic, 1).await;
    send(&topic, &["a", "unconvertible", "b"]);
    let (worker, sink) = (worker(), sink(&name));
    let id = start(&worker, &config(&name, &topic, &[]), 0).await;
    let trace = worker
        .statuses
        .wait_for(&id.to_string(), State::Failed)
        .await;
    let trace = trace.unwrap();
    let facts = format!(
        "Tolerance exceeded in error handler (stage: VALUE_CONVERTER, class: {JSON_CONVERTER}, \
         topic: {topic}, partition: 0, offset: 1)\nCaused by: cannot read unconvertible"
    );
    assert!(trace.contains(&facts), "{trace}");
    worker.worker.stop().await;
    assert_eq!(committed(&group(&name), &topic, 0), None);
    assert!(sink.values().is_empty(), "a batch is put as a whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_not_tolerated_fails_the_task_even_if_swallowed() {
    let (topic, name) = (unique("sink-swallow"), unique("swallow"));
    create(&topic, 1).await;
    send(&topic, &["a", "refused"]);
    let (worker, sink) = (worker(), sink(&name));
    sink.swallows.store(true, Ordering::SeqCst);
    *sink.report.lock().unwrap() = Some("refused".to_owned());
    let id = start(&worker, &config(&name, &topic, &[]), 0).await;
    let trace = worker
        .statuses
        .wait_for(&id.to_string(), State::Failed)
        .await;
    let trace = trace.unwrap();
    assert!(trace.contains("Tolerance exceeded"), "{trace}");
    assert!(trace.contains("the target refuses the record"), "{trace}");
    worker.worker.stop().await;
    assert_eq!(committed(&group(&name), &topic, 0), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_sink_fails_its_task() {
    let (topic, name) = (unique("sink-broken"), unique("broken"));
    create(&topic, 1).await;
    send(&topic, &["a"]);
    let (worker, sink) = (worker(), sink(&name));
    *sink.fail.lock().unwrap() = Some("b".to_owned());
    let id = start(&worker, &config(&name, &topic, &[]), 0).await;
    sink.wait_for_count(1).await;
    send(&topic, &["b"]);
    let trace = worker
        .statuses
        .wait_for(&id.to_string(), State::Failed)
        .await;
    let trace = trace.unwrap();
    assert!(trace.contains("putting records into the sink"), "{trace}");
    assert!(trace.contains("the target is broken"), "{trace}");
    // What it took before is committed all the same.
    wait_committed(&group(&name), &topic, 0, 1).await;
    sink.wait_for("its end", |sink| {
        sink.events.lock().unwrap().last() == Some(&Event::Stopped(0))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_sink_takes_nothing_until_it_goes_on() {
    let (topic, name) = (unique("sink-pause"), unique("pause"));
    create(&topic, 1).await;
    let worker = TestWorker::new(&worker_props(&bootstrap(), &[]));
    let sink = sink(&name);
    let id = start(&worker, &config(&name, &topic, &[]), 0).await;
    send(&topic, &["a"]);
    sink.wait_for_count(1).await;
    let to = async |target, state| {
        worker.worker.set_target_state(&name, target).await;
        worker.statuses.wait_for(&id.to_string(), state).await;
    };
    to(TargetState::Paused, State::Paused).await;
    // A pause commits.
    wait_committed(&group(&name), &topic, 0, 1).await;
    send(&topic, &["b"]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(sink.count(), 1);
    to(TargetState::Started, State::Running).await;
    sink.wait_for_count(2).await;
    worker.worker.stop().await;
    assert_eq!(opened(&sink), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_task_commits_nothing() {
    let (topic, name) = (unique("sink-stuck"), unique("stuck"));
    create(&topic, 1).await;
    send(&topic, &["a"]);
    let short = ("task.shutdown.graceful.timeout.ms", "500");
    let worker = TestWorker::new(&worker_props(&bootstrap(), &[OFTEN, short]));
    let sink = sink(&name);
    sink.slow_ms.store(3000, Ordering::SeqCst);
    let id = start(&worker, &config(&name, &topic, &[]), 0).await;
    sink.wait_for("the partition", |sink| opened(sink) == 1)
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    worker.worker.stop_tasks(vec![id.clone()]).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(committed(&group(&name), &topic, 0), None);
    assert_eq!(
        worker.statuses.states(&id.to_string()),
        [State::Running],
        "an abandoned task is heard of no more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_match_a_regex_are_found_also_later() {
    let (base, name) = (unique("sink-regex"), unique("regex"));
    let (first, second, other) = (
        format!("{base}.a"),
        format!("{base}.b"),
        format!("other.{base}.a"),
    );
    for topic in [&first, &other] {
        create(topic, 1).await;
        send(topic, &[topic]);
    }
    let (worker, sink) = (worker(), sink(&name));
    let config = config(
        &name,
        "",
        &[
            ("topics", ""),
            ("topics.regex", &format!("{base}\\.(?!c)\\w")),
            ("consumer.override.metadata.max.age.ms", "1000"),
        ],
    );
    start(&worker, &config, 0).await;
    sink.wait_for_count(1).await;
    create(&second, 1).await;
    send(&second, &[&second]);
    sink.wait_for_count(2).await;
    worker.worker.stop().await;
    assert_eq!(sink.values(), [first, second]);
}

#[tokio::test(flavor = "multi_thread")]
async fn filtered_records_count_as_read() {
    let (topic, name) = (unique("sink-filter"), unique("filter"));
    create(&topic, 1).await;
    send(&topic, &["a", "b"]);
    let (worker, sink) = (worker(), sink(&name));
    let config = config(
        &name,
        &topic,
        &[
            ("transforms", "drop"),
            (
                "transforms.drop.type",
                "org.apache.kafka.connect.transforms.Filter",
            ),
        ],
    );
    start(&worker, &config, 0).await;
    wait_committed(&group(&name), &topic, 0, 2).await;
    worker.worker.stop().await;
    assert_eq!(sink.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn planned_tasks_know_their_topics() {
    let worker = worker();
    let name = unique("plan");
    let config = config(&name, "t1,t2", &[("tasks.max", "2")]);
    worker
        .worker
        .start_connector(&name, config, TargetState::Started, Arc::new(NoEvents))
        .await
        .unwrap();
    let tasks = worker.worker.task_props(&name).await.unwrap();
    let expected = props(&[
        ("own", "x"),
        ("task.class", "test.ListSinkTask"),
        ("topics", "t1,t2"),
    ]);
    assert_eq!(tasks, [expected.clone(), expected]);
    worker.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_and_lag_are_those_of_the_group() {
    let (topic, name) = (unique("sink-offsets"), unique("offsets"));
    create(&topic, 2).await;
    send(&topic, &["a", "b", "c"]);
    let (worker, sink) = (worker(), sink(&name));
    let config = config(&name, &topic, &[]);
    let lag = worker.worker.sink_lag(&config).await.unwrap();
    let shown = |lag: &SinkLag| -> Vec<(Option<i64>, i64, i64)> {
        let partitions = lag.partitions.iter();
        partitions
            .map(|it| (it.current_offset, it.end_offset, it.lag))
            .collect()
    };
    assert_eq!(lag.group, group(&name));
    assert_eq!(shown(&lag), [(None, 3, 3), (None, 0, 0)]);
    let id = start(&worker, &config, 0).await;
    sink.wait_for_count(3).await;
    wait_committed(&group(&name), &topic, 0, 3).await;

    let map = |value: serde_json::Value| value.as_object().cloned().unwrap();
    let at = |partition: i32, offset: Option<i64>| {
        (
            map(json!({"kafka_topic": topic, "kafka_partition": partition})),
            offset.map(|offset| map(json!({ "kafka_offset": offset }))),
        )
    };
    let altered = [at(0, Some(1))];
    let busy = worker.worker.alter_sink_offsets(&config, &altered);
    let told = busy.await.unwrap_err();
    let expected = format!(
        "Failed to alter consumer group offsets for connector {name} either because its tasks \
         haven't stopped completely yet"
    );
    assert!(told.message().starts_with(&expected), "{told}");
    let told = worker.worker.reset_sink_offsets(&config).await.unwrap_err();
    assert!(
        told.message()
            .starts_with("Failed to reset consumer group offsets"),
        "{told}"
    );
    worker.worker.stop_tasks(vec![id]).await;

    let alter = async |offsets: &[_]| worker.worker.alter_sink_offsets(&config, offsets).await;
    alter(&[at(0, Some(1)), at(1, Some(0))]).await.unwrap();
    let stored = worker.worker.sink_offsets(&config).await.unwrap();
    let texts: Vec<String> = stored
        .iter()
        .map(|(partition, offset)| json!([partition, offset]).to_string())
        .collect();
    let expected = |partition: i32, offset: i64| {
        format!(
            r#"[{{"kafka_partition":{partition},"kafka_topic":"{topic}"}},{{"kafka_offset":{offset}}}]"#
        )
    };
    assert_eq!(texts, [expected(0, 1), expected(1, 0)]);
    let lag = worker.worker.sink_lag(&config).await.unwrap();
    assert_eq!(shown(&lag), [(Some(1), 3, 2), (Some(0), 0, 0)]);
    // One is taken away, the other stays.
    alter(&[at(1, None)]).await.unwrap();
    assert_eq!(committed(&group(&name), &topic, 0), Some(1));
    assert_eq!(committed(&group(&name), &topic, 1), None);
    worker.worker.reset_sink_offsets(&config).await.unwrap();
    worker.worker.reset_sink_offsets(&config).await.unwrap();
    let stored = worker.worker.sink_offsets(&config).await.unwrap();
    assert_eq!(stored, []);
}
