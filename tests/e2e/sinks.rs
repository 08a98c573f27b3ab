//! Any sink's life: offsets and lag through REST, a kill at any moment. The sink is the smallest
//! one, FileStream's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use connect_kafka::admin::NewTopic;
use connectd_harness::{
    Kafka, NewRecord, Worker, beside_others, eventually, produce, unique, wait_for_records,
};
use serde_json::{Value, json};

use crate::common::options;

const PARTITIONS: i32 = 3;

async fn topic(name: &str) -> String {
    let topic = unique(name);
    let new = NewTopic::new(&topic, PARTITIONS, 1);
    Kafka::new().create(&new).await;
    topic
}

async fn send(topic: &str, numbers: std::ops::Range<i32>) {
    let records: Vec<NewRecord> = numbers
        .map(|number| NewRecord::value(number.to_string()).partition(number % PARTITIONS))
        .collect();
    produce(topic, records).await;
}

fn lines(file: &Path) -> Vec<i32> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().filter_map(|line| line.parse().ok()).collect()
}

async fn start(worker: &Worker, name: &str, topic: &str, more: &[(&str, &str)]) -> PathBuf {
    let file = worker.folder().join(format!("{name}.txt"));
    let mut config = json!({
        "connector.class": "FileStreamSink",
        "topics": topic,
        "file": file.display().to_string(),
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    });
    for (key, value) in more {
        config[*key] = (*value).into();
    }
    worker
        .rest
        .create(&json!({ "name": name, "config": config }))
        .await;
    file
}

async fn wait_for_lines(file: &Path, count: i32) {
    let all: BTreeSet<i32> = (0..count).collect();
    eventually(&format!("{count} lines"), async || {
        let seen: BTreeSet<i32> = lines(file).into_iter().collect();
        all.is_subset(&seen).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_s_sink_loses_nothing() {
    let _turn = beside_others().await;
    let (topic, name) = (topic("killed-sink").await, unique("killed"));
    let mut worker = Worker::start(options().missed_soon()).await;
    // One task's records are put in many batches.
    let more = [
        ("tasks.max", "2"),
        ("consumer.override.max.poll.records", "50"),
    ];
    let file = start(&worker, &name, &topic, &more).await;
    worker.rest.wait_for_tasks(&name, 2, "RUNNING").await;
    for round in 0..3 {
        let first = round * 20_000;
        send(&topic, first..first + 20_000).await;
        // In the middle of the round's records.
        eventually("some of the round's lines", async || {
            lines(&file).iter().any(|line| *line >= first).then_some(())
        })
        .await;
        worker.kill();
        worker.start_again().await;
    }
    wait_for_lines(&file, 60_000).await;
    assert_eq!(worker.terminate().await, Some(0), "{}", worker.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_s_offsets_and_lag_are_told_and_changed() {
    let _turn = beside_others().await;
    let (topic, name) = (topic("lag").await, unique("lag"));
    send(&topic, 0..6).await;
    let worker = Worker::start(options()).await;
    let file = start(&worker, &name, &topic, &[]).await;
    wait_for_lines(&file, 6).await;
    let status = worker.rest.wait_for_task(&name, "RUNNING").await;
    assert_eq!(status["type"], "sink");
    let path = |rest: &str| format!("/connectors/{name}/{rest}");
    let partition = |partition: i32, current: Value, end: i64, lag: i64| {
        json!({
            "topic": topic, "partition": partition, "current_offset": current,
            "end_offset": end, "lag": lag
        })
    };
    let caught_up: Vec<Value> = (0..PARTITIONS)
        .map(|it| partition(it, 2.into(), 2, 0))
        .collect();
    let expected = json!({
        "name": name, "group": format!("connect-{name}"), "lag": 0, "partitions": caught_up
    });
    let mut last = Value::Null;
    let told = async || {
        last = worker.rest.get(&path("lag")).await;
        (last == expected).then_some(())
    };
    let limit = std::time::Duration::from_secs(30);
    let reached = tokio::time::timeout(limit, eventually("", told)).await;
    assert!(reached.is_ok(), "{last} is not {expected}");

    let change = json!({"offsets": [
        {"partition": {"kafka_topic": topic, "kafka_partition": "1"}, "offset": {"kafka_offset": 1}},
        {"partition": {"kafka_topic": topic, "kafka_partition": 2}, "offset": null},
    ]})
    .to_string();
    let refused = worker
        .rest
        .send("PATCH", &path("offsets"), Some(&change))
        .await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("STOPPED state"), "{}", refused.text);
    let stopped = worker.rest.send("PUT", &path("stop"), None).await;
    assert_eq!(stopped.status, 204);
    worker.rest.wait_for_connector(&name, "STOPPED").await;
    send(&topic, 6..9).await;
    let changed = worker
        .rest
        .send("PATCH", &path("offsets"), Some(&change))
        .await;
    let message = "The offsets for this connector have been altered successfully";
    assert_eq!(changed.json(), json!({ "message": message }));
    let stored = worker.rest.get(&path("offsets")).await;
    let offset = |partition: i32, offset: i64| {
        json!({
            "partition": {"kafka_partition": partition, "kafka_topic": topic},
            "offset": {"kafka_offset": offset}
        })
    };
    assert_eq!(stored, json!({"offsets": [offset(0, 2), offset(1, 1)]}));
    let lag = worker.rest.get(&path("lag")).await;
    let partitions = [
        partition(0, 2.into(), 3, 1),
        partition(1, 1.into(), 3, 2),
        partition(2, Value::Null, 3, 3),
    ];
    assert_eq!(lag["partitions"], json!(partitions));
    assert_eq!(lag["lag"], 6);

    let resumed = worker.rest.send("PUT", &path("resume"), None).await;
    assert_eq!(resumed.status, 202);
    wait_for_lines(&file, 9).await;
    eventually("the repeated lines", async || {
        (lines(&file).len() == 12).then_some(())
    })
    .await;
    let mut all = lines(&file);
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 2, 3, 4, 4, 5, 5, 6, 7, 8]);
}

/// golden: dlq-headers-4.1.0.txt, the same record on the original.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_has_the_recorded_headers() {
    let _turn = beside_others().await;
    let (topic, dead, name) = (topic("raw").await, unique("dead"), unique("dlqsink"));
    let bad = NewRecord::value("not-json").key("k1").partition(0);
    produce(&topic, vec![bad.timestamp(7)]).await;
    let worker = Worker::start(options()).await;
    let json = "org.apache.kafka.connect.json.JsonConverter";
    let more = [
        ("key.converter", json),
        ("value.converter", json),
        ("errors.tolerance", "all"),
        ("errors.deadletterqueue.topic.name", &dead),
        ("errors.deadletterqueue.topic.replication.factor", "1"),
        ("errors.deadletterqueue.context.headers.enable", "true"),
    ];
    start(&worker, &name, &topic, &more).await;
    let letter = wait_for_records(&dead, 1).await.remove(0);
    assert_eq!(letter.key.as_deref(), Some(&b"k1"[..]));
    assert_eq!(letter.value.as_deref(), Some(&b"not-json"[..]));
    assert_eq!((letter.partition, letter.timestamp), (0, Some(7)));
    let headers: Vec<(&str, String)> = letter
        .headers
        .iter()
        .map(|(key, value)| {
            let value = value.as_deref().unwrap_or_default();
            let key = key.trim_start_matches("__connect.errors.");
            (key, String::from_utf8_lossy(value).into_owned())
        })
        .collect();
    let exception = "org.apache.kafka.connect.errors.DataException";
    let message = "Converting byte[] to Kafka Connect data failed due to serialization error: ";
    let expected = [
        ("topic", topic.as_str()),
        ("partition", "0"),
        ("offset", "0"),
        ("connector.name", &name),
        ("task.id", "0"),
        ("stage", "KEY_CONVERTER"),
        ("class.name", json),
        ("exception.class.name", exception),
        ("exception.message", message),
    ]
    .map(|(key, value)| (key, value.to_owned()));
    assert_eq!(headers[..9], expected);
    // Java's stack frames are not ours; what stands before them is.
    let (key, trace) = &headers[9];
    assert_eq!(*key, "exception.stacktrace");
    assert!(
        trace.starts_with(&format!("{exception}: {message}\n")),
        "{trace}"
    );
    assert_eq!(headers.len(), 10);
}
