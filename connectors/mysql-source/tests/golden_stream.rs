//! The whole connector against what Debezium 3.6.1 wrote for the same
//! statements on the same version of MySQL: every record of every topic, and
//! the schema history.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by them"
)]

mod common;

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine;
use common::{PATIENCE, Pipeline, Server, Task, run};
use connect_api::data::Value;
use connect_api::record::{Record, SourceRecord};
use serde_json::{Value as Json, json};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/golden_stream/");

fn read(name: &str) -> String {
    let bytes = std::fs::read(format!("{DATA}{name}")).unwrap();
    if !name.ends_with(".gz") {
        return String::from_utf8(bytes).unwrap();
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[..])
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn statements(name: &str) -> String {
    let text = read(name);
    text.lines()
        .filter(|line| !line.starts_with("--"))
        .collect::<Vec<_>>()
        .join("\n")
        + "\n"
}

/// By topic, in order.
fn golden() -> BTreeMap<String, Vec<Json>> {
    let mut topics: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for line in read("records.jsonl.gz").lines() {
        let mut record: Json = serde_json::from_str(line).unwrap();
        let topic = record["topic"].as_str().unwrap().to_owned();
        forget_time(&mut record["value"]);
        topics.entry(topic).or_default().push(record);
    }
    topics
}

/// What differs from run to run: times, places, threads.
fn forget_time(value: &mut Json) {
    let Json::Object(fields) = value else { return };
    for name in ["ts_ms", "ts_us", "ts_ns"] {
        fields.remove(name);
    }
    for name in ["source", "position"] {
        if let Some(Json::Object(source)) = fields.get_mut(name) {
            for name in ["ts_ms", "ts_us", "ts_ns", "ts_sec", "file", "pos"] {
                source.remove(name);
            }
            for name in ["thread", "server_id"] {
                if let Some(number) = source.get_mut(name) {
                    *number = json!(!number.is_null() && *number != json!(0));
                }
            }
        }
    }
}

fn ours(records: &[SourceRecord]) -> BTreeMap<String, Vec<Json>> {
    let mut topics: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for SourceRecord { record, .. } in records {
        topics
            .entry(record.topic.to_string())
            .or_default()
            .push(of_record(record));
    }
    topics
}

fn of_record(record: &Record) -> Json {
    let headers: serde_json::Map<String, Json> = record
        .headers
        .iter()
        .filter(|header| header.key != "__debezium.context.runId")
        .map(|header| {
            let text = match &header.value {
                Value::String(text) => text.to_string(),
                other => plain(other).to_string(),
            };
            (header.key.to_string(), json!(text))
        })
        .collect();
    let mut value = plain(&record.value);
    forget_time(&mut value);
    json!({"topic": &*record.topic, "key": plain(&record.key), "value": value, "headers": headers})
}

/// As Connect's JSON converter writes it, without the schema.
fn plain(value: &Value) -> Json {
    match value {
        Value::Bytes(bytes) => json!(base64::engine::general_purpose::STANDARD.encode(bytes)),
        // Java writes the shortest text that reads back as the float.
        Value::Float32(float) => serde_json::from_str(&format!("{float:?}")).unwrap_or(Json::Null),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Struct(value) => {
            let names = value
                .schema()
                .fields()
                .iter()
                .map(|field| field.name.to_string());
            names
                .zip(value.values().iter().map(plain))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        other => common::json(other),
    }
}

fn history(pipeline: &Pipeline) -> Vec<Json> {
    let text = std::fs::read_to_string(pipeline.history_file()).unwrap();
    text.lines()
        .map(|line| {
            let mut value: Json = serde_json::from_str(line).unwrap();
            forget_time(&mut value);
            json!({"topic": "schemahistory.it_golden", "key": null, "value": value, "headers": {}})
        })
        .collect()
}

async fn last_table_is_dropped(task: &mut Task) {
    let deadline = std::time::Instant::now() + PATIENCE;
    let is_last = |record: &SourceRecord| {
        plain(&record.record.value)["ddl"] == json!("DROP DATABASE other_db")
    };
    while !task.records.last().is_some_and(is_last) {
        assert!(
            std::time::Instant::now() < deadline,
            "the last statement does not arrive"
        );
        task.poll().await.unwrap();
    }
}

fn differences(expected: &Json, found: &Json, path: &str, out: &mut Vec<String>) {
    match (expected, found) {
        (Json::Object(left), Json::Object(right)) => {
            let keys: std::collections::BTreeSet<&String> =
                left.keys().chain(right.keys()).collect();
            for key in keys {
                let null = Json::Null;
                let (left, right) = (left.get(key), right.get(key));
                if left.is_none() != right.is_none() {
                    out.push(format!("{path}.{key}: expected {left:?}, found {right:?}"));
                    continue;
                }
                differences(
                    left.unwrap_or(&null),
                    right.unwrap_or(&null),
                    &format!("{path}.{key}"),
                    out,
                );
            }
        }
        (Json::Array(left), Json::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                differences(left, right, &format!("{path}[{index}]"), out);
            }
        }
        (Json::Number(left), Json::Number(right)) if left.as_f64() == right.as_f64() => {}
        (left, right) if left == right => {}
        (left, right) => out.push(format!("{path}: expected {left}, found {right}")),
    }
}

/// Where the original is wrong and we are not (and what a converter adds).
fn is_deliberate(line: &str) -> bool {
    [
        // The converter writes the default in the place of null.
        "all_defaults@1.value.after.d_dt_now: expected 0, found null",
        "all_defaults@3.value.after.d_dt_now: expected 0, found null",
        // YEAR 0000 is 2000 in its snapshot and 1900 in its stream.
        "zero_dates@0.value.after.y: expected 2000, found 0",
        "zero_dates@0.value.after.y_nn: expected 2000, found 0",
        "zero_dates@3.value.after.y: expected 1900, found 0",
        "zero_dates@3.value.after.y_nn: expected 1900, found 0",
        // Dates of the year 0 are in 2000 in its snapshot, and as here in its stream.
        "zero_dates@2.value.after.d_nn: expected 10957, found 0",
        "zero_dates@2.value.after.dt: expected 978307200000, found null",
        "zero_dates@2.value.after.dt6: expected 978307200000000, found null",
        "zero_dates@2.value.after.dt6_nn: expected 978307200000000, found 0",
        "zero_dates@2.value.after.dt_nn: expected 978307201000, found 0",
    ]
    .iter()
    .any(|deliberate| line.ends_with(deliberate))
}

#[tokio::test]
async fn every_record_is_debeziums() {
    let server = Server::plain();
    let mut admin = server.admin().await;
    run(&mut admin, &statements("before.sql")).await;
    let pipeline = Pipeline::new(&server, "it_golden");
    let mut task = pipeline.start().await;
    let is_last = |row: &common::Row| row.source["snapshot"] == "last";
    task.until(|rows| rows.last().is_some_and(is_last)).await;
    run(&mut admin, &statements("after.sql")).await;
    last_table_is_dropped(&mut task).await;
    let records = task.stop().await;

    let mut found = ours(&records);
    found.insert("schemahistory.it_golden".to_owned(), history(&pipeline));
    // Other tests have databases on the same server, and all are in the history.
    let is_ours = |record: &Json| {
        record["value"]["databaseName"]
            .as_str()
            .is_none_or(|name| ["", "it_golden", "other_db"].contains(&name))
    };
    found
        .values_mut()
        .for_each(|records| records.retain(is_ours));
    let mut wrong = Vec::new();
    for (topic, expected) in golden() {
        let records = found.remove(&topic).unwrap_or_default();
        if records.len() != expected.len() {
            wrong.push(format!(
                "{topic}: {} records, not {}",
                records.len(),
                expected.len()
            ));
        }
        for (index, (expected, record)) in expected.iter().zip(&records).enumerate() {
            differences(expected, record, &format!("{topic}@{index}"), &mut wrong);
        }
    }
    wrong.retain(|line| !is_deliberate(line));
    wrong.extend(found.keys().map(|topic| format!("{topic}: not expected")));
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
