//! The FileStream sink, as Kafka's quick start and its own integration tests use it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use connect_kafka::admin::NewTopic;
use connectd_harness::{
    Kafka, NewRecord, Worker, beside_others, eventually, eventually_within, produce, unique,
};
use serde_json::{Value, json};

use crate::common::{example, options, worker};

/// Writes an example's properties to a folder, with other values for some of them.
fn properties(folder: &Path, file: &str, replaced: &[(&str, &str)]) -> PathBuf {
    let mut text = example(file);
    for (name, value) in replaced {
        let start = format!("{name}=");
        let old = text.lines().find(|line| line.starts_with(&start));
        let old = old.unwrap_or_else(|| panic!("{file} has no {name}"));
        text = text.replace(old, &format!("{start}{value}"));
    }
    let path = folder.join(file);
    std::fs::write(&path, text).expect("written");
    path
}

async fn wait_for_text(file: &Path, expected: &str) {
    let mut last = String::new();
    let reached = async || {
        last = std::fs::read_to_string(file).unwrap_or_default();
        (last == expected).then_some(())
    };
    let limit = std::time::Duration::from_secs(59);
    let done = tokio::time::timeout(limit, eventually("", reached)).await;
    assert!(done.is_ok(), "{last:?} is not {expected:?}");
}

/// The lines of a file once there are as many, after which no more come for a moment.
async fn wait_for_lines(file: &Path, count: usize) -> Vec<String> {
    let read = || {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.lines().map(str::to_owned).collect::<Vec<String>>()
    };
    eventually(&format!("{count} lines"), async || {
        (read().len() >= count).then_some(())
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let lines = read();
    assert_eq!(lines.len(), count, "{lines:?}");
    lines
}

/// A distributed sink with `more` settings, topics among them, that writes to the file it returns.
async fn sink(worker: &Worker, name: &str, more: Value) -> PathBuf {
    let file = worker.folder().join("out.txt");
    let mut body: Value = serde_json::from_str(&example("file-stream-sink.json")).expect("JSON");
    body["name"] = name.into();
    let config = body["config"].as_object_mut().expect("a config");
    config.insert("file".to_owned(), file.display().to_string().into());
    config.remove("topics");
    let converter = "org.apache.kafka.connect.storage.StringConverter";
    config.insert("key.converter".to_owned(), converter.into());
    config.insert("value.converter".to_owned(), converter.into());
    config.extend(more.as_object().expect("settings").clone());
    worker.rest.create(&body).await;
    file
}

/// Kafka's quick start: `connect-standalone` with a source and a sink.
#[tokio::test]
async fn the_quick_start_s_lines_go_from_file_to_file() {
    let _turn = beside_others().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (
        folder.path().join("test.txt"),
        folder.path().join("test.sink.txt"),
    );
    let offsets = folder.path().join("connect.offsets");
    let (topic, source, sink) = (
        unique("connect-test"),
        unique("local-file-source"),
        unique("local-file-sink"),
    );
    let text = |path: &Path| path.display().to_string();
    let connectors = vec![
        properties(
            folder.path(),
            "connect-file-source.properties",
            &[("name", &source), ("file", &text(&from)), ("topic", &topic)],
        ),
        properties(
            folder.path(),
            "connect-file-sink.properties",
            &[("name", &sink), ("file", &text(&to)), ("topics", &topic)],
        ),
    ];
    std::fs::write(&from, "foo\nbar\n").expect("written");
    let options = options()
        .standalone(connectors)
        .with("offset.storage.file.filename", &text(&offsets));
    let mut worker = Worker::start(options).await;
    wait_for_text(&to, "foo\nbar\n").await;
    append(&from, "Another line\n");
    wait_for_text(&to, "foo\nbar\nAnother line\n").await;
    assert_eq!(worker.terminate().await, Some(0));

    append(&from, "and one more\n");
    worker.start_again().await;
    wait_for_text(&to, "foo\nbar\nAnother line\nand one more\n").await;
    let status = worker.rest.wait_for_tasks(&sink, 1, "RUNNING").await;
    assert_eq!(status["type"], "sink");
}

fn append(file: &Path, text: &str) {
    let mut file = std::fs::File::options()
        .append(true)
        .open(file)
        .expect("opened");
    std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
}

/// `FileStreamSinkConnectorIntegrationTest.testAlterOffsets` and `testResetOffsets`.
#[tokio::test]
async fn offsets_that_are_changed_repeat_records() {
    let _turn = beside_others().await;
    let (name, topic) = (unique("file-sink"), unique("file-sink"));
    produce(
        &topic,
        (0..5).map(|number| NewRecord::value(format!("Message {number}"))),
    )
    .await;
    let worker = worker().await;
    let file = sink(&worker, &name, json!({"topics": topic})).await;
    let all = [
        "Message 0",
        "Message 1",
        "Message 2",
        "Message 3",
        "Message 4",
    ];
    assert_eq!(wait_for_lines(&file, 5).await, all);

    let stop = format!("/connectors/{name}/stop");
    let resume = format!("/connectors/{name}/resume");
    let offsets = format!("/connectors/{name}/offsets");
    worker.rest.send("PUT", &stop, None).await;
    worker.rest.wait_for_connector(&name, "STOPPED").await;
    let partition = json!({"kafka_topic": topic, "kafka_partition": 0});
    let known = worker.rest.get(&offsets).await;
    assert_eq!(
        known,
        json!({"offsets": [{"partition": partition, "offset": {"kafka_offset": 5}}]})
    );
    let body = json!({"offsets": [{"partition": partition, "offset": {"kafka_offset": 4}}]});
    let answer = worker
        .rest
        .send("PATCH", &offsets, Some(&body.to_string()))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    worker.rest.send("PUT", &resume, None).await;
    assert_eq!(wait_for_lines(&file, 6).await[5], "Message 4");

    worker.rest.send("PUT", &stop, None).await;
    worker.rest.wait_for_connector(&name, "STOPPED").await;
    let answer = worker.rest.send("DELETE", &offsets, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    worker.rest.send("PUT", &resume, None).await;
    assert_eq!(wait_for_lines(&file, 11).await[6..], all);
}

/// `FileStreamSinkConnectorIntegrationTest.testSinkMultipleTopicsWithMultipleTasks`.
#[tokio::test]
async fn several_tasks_share_topics_and_file() {
    let _turn = beside_others().await;
    let (name, prefix) = (unique("file-sink"), unique("shared"));
    let (kafka, worker) = (Kafka::new(), worker().await);
    let mut expected = BTreeSet::new();
    for topic in ["a", "b"].map(|end| format!("{prefix}-{end}")) {
        kafka.create(&NewTopic::new(&topic, 3, 1)).await;
        let records = (0..300)
            .map(|number| NewRecord::value(format!("{topic} {number}")).partition(number % 3));
        let records: Vec<NewRecord> = records.collect();
        expected.extend(records.iter().map(text));
        produce(&topic, records).await;
    }
    let more = json!({"tasks.max": "2", "topics.regex": format!("{prefix}-.*")});
    let file = sink(&worker, &name, more).await;
    worker.rest.wait_for_tasks(&name, 2, "RUNNING").await;
    let found: BTreeSet<String> = wait_for_lines(&file, 600).await.into_iter().collect();
    assert_eq!(found, expected);
}

fn text(record: &NewRecord) -> String {
    String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned()
}

/// `Struct.toString` and a tombstone's `null`.
#[tokio::test]
async fn records_with_schemas_are_written_as_java_writes_them() {
    let _turn = beside_others().await;
    let (name, topic) = (unique("file-sink"), unique("structs"));
    let value = json!({
        "schema": {"type": "struct", "optional": false, "fields": [
            {"field": "a", "type": "int32", "optional": false},
            {"field": "b", "type": "string", "optional": true},
            {"field": "c", "type": "string", "optional": true},
            {"field": "d", "type": "array", "items": {"type": "double"}, "optional": false},
        ]},
        "payload": {"a": 1, "b": null, "c": "x", "d": [0.5, 1e10]},
    });
    let records = [NewRecord::value(value.to_string()), NewRecord::default()];
    produce(&topic, records).await;
    let worker = worker().await;
    let converter = "org.apache.kafka.connect.json.JsonConverter";
    let more = json!({"topics": topic, "value.converter": converter});
    let file = sink(&worker, &name, more).await;
    wait_for_text(&file, "Struct{a=1,c=x,d=[0.5, 1.0E10]}\nnull\n").await;
}

/// A folder that is not there fails the task, which names it, and a restart after it was made goes on.
#[tokio::test]
async fn a_file_that_cannot_be_made_fails_the_task() {
    let _turn = beside_others().await;
    let (name, topic) = (unique("file-sink"), unique("nowhere"));
    produce(&topic, [NewRecord::value("here")]).await;
    let worker = worker().await;
    let folder = worker.folder().join("later");
    let file = folder.join("out.txt");
    let more = json!({"topics": topic, "file": file.display().to_string()});
    sink(&worker, &name, more).await;
    let status = worker.rest.wait_for_task(&name, "FAILED").await;
    let trace = status["tasks"][0]["trace"].as_str().expect("a trace");
    assert!(trace.contains(&file.display().to_string()), "{trace}");
    std::fs::create_dir(&folder).expect("a folder");
    let path = format!("/connectors/{name}/tasks/0/restart");
    let restarted = async || {
        let answer = worker.rest.try_send("POST", &path, None).await?;
        (answer.status == 204).then_some(())
    };
    eventually_within(std::time::Duration::from_secs(10), "a restart", restarted).await;
    wait_for_text(&file, "here\n").await;
}
