//! Recorded scenarios of Debezium 3.6.1 on Connect 4.3.1, record by record. What is compared:
//! keys, values and headers of every topic, their partitions and settings, the schema history,
//! and what the worker keeps in its own topics. What is masked stands in `mask.rs`.

use std::collections::{BTreeMap, BTreeSet};

use connectd_harness::{Kafka, Record, alone};
use serde_json::Value;

use crate::accepted::Accepted;
use crate::compare::differences;
use crate::mask::mask;
use crate::recorded::Scenario;
use crate::run::{Outcome, prefix, recorded_state, run};

/// Settings that the brokers' own files gave the topics, not the connector.
const BROKERS_SETTINGS: &[&str] = &["min.insync.replicas", "segment.bytes"];

macro_rules! scenarios {
    ($($name:ident = $recorded:literal),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                matches($recorded).await;
            }
        )*
    };
}

scenarios! {
    a_raw = "a_raw",
    b_unwrap_drop = "b_unwrap_drop",
    b_unwrap_insertfield = "b_unwrap_insertfield",
    b_unwrap_rewrite = "b_unwrap_rewrite",
    c_schemaless = "c_schemaless",
    c_binary_base64 = "c_binary_base64",
    c_binary_base64_url_safe = "c_binary_base64-url-safe",
    c_decimal_double = "c_decimal_double",
    c_decimal_string = "c_decimal_string",
    c_json_decimal_numeric = "c_json_decimal_numeric",
    c_time_connect = "c_time_connect",
    c_time_isostring = "c_time_isostring",
    c_time_microseconds = "c_time_microseconds",
    d_snapshot_always = "d_snapshot_always",
    d_snapshot_initial_only = "d_snapshot_initial_only",
    d_snapshot_locking_none = "d_snapshot_locking_none",
    d_snapshot_no_data = "d_snapshot_no_data",
    d_snapshot_recovery = "d_snapshot_recovery",
    d_snapshot_when_needed = "d_snapshot_when_needed",
    e_heartbeat = "e_heartbeat",
    g_query = "g_query",
    g_truncate = "g_truncate",
}

async fn matches(name: &str) {
    let _alone = alone().await;
    let scenario = Scenario::load(name);
    let outcome = run(&scenario).await;
    let mut accepted = Accepted::of(name);
    let mut found = Vec::new();
    found.extend(states(&scenario, &outcome));
    found.extend(topic_names(&scenario, &outcome));
    for (topic, recorded) in &scenario.topics {
        let ours = outcome
            .topics
            .get(topic)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let (recorded, ours) = comparable(topic, recorded, ours);
        found.extend(differences(topic, recorded, ours, &mut accepted));
    }
    found.extend(topic_settings(&scenario).await);
    found.extend(one_run(&outcome));
    found.extend(configs(&scenario, &outcome));
    found.extend(offsets(&scenario, &outcome));
    found.extend(statuses(&scenario, &outcome));
    found.extend(accepted.unused());
    let shown: Vec<&str> = found.iter().take(25).map(String::as_str).collect();
    let log = if found.is_empty() { "" } else { &outcome.log };
    assert!(
        found.is_empty(),
        "{name}: {} differences\n{}\n{log}",
        found.len(),
        shown.join("\n")
    );
}

/// How often a heart beats depends on how long the run lasts: what both have is compared there.
fn comparable<'a>(
    topic: &str,
    recorded: &'a [Record],
    ours: &'a [Record],
) -> (&'a [Record], &'a [Record]) {
    let is_of_heartbeats = topic.starts_with("__debezium-heartbeat.") || topic.ends_with(".hb");
    let both = recorded.len().min(ours.len());
    match is_of_heartbeats && both > 0 {
        true => (&recorded[..both], &ours[..both]),
        false => (recorded, ours),
    }
}

fn states(scenario: &Scenario, outcome: &Outcome) -> Vec<String> {
    let mut found = Vec::new();
    let (wanted, task) = (recorded_state(scenario), &outcome.status["tasks"][0]);
    if task["state"] != wanted.as_str() {
        found.push(format!("the task is not {wanted}: {}", outcome.status));
    }
    let recorded = scenario
        .rest
        .iter()
        .find(|exchange| exchange["method"] == "POST");
    let recorded = &recorded.expect("a POST")["response"];
    let ours = outcome.created.json();
    let fields = |value: &Value| -> Vec<String> {
        value
            .as_object()
            .map(|fields| fields.keys().cloned().collect())
            .unwrap_or_default()
    };
    if fields(recorded) != fields(&ours) || fields(&recorded["config"]) != fields(&ours["config"]) {
        found.push(format!("POST answered {ours}"));
    }
    found
}

fn topic_names(scenario: &Scenario, outcome: &Outcome) -> Vec<String> {
    let mut found = Vec::new();
    let recorded: BTreeSet<&String> = scenario.partitions.keys().collect();
    let ours: BTreeSet<&String> = outcome.topics.keys().collect();
    if recorded != ours {
        let missing: Vec<_> = recorded.difference(&ours).collect();
        let more: Vec<_> = ours.difference(&recorded).collect();
        found.push(format!("topics missing: {missing:?}; too many: {more:?}"));
    }
    let listed = |answer: &Value| -> BTreeSet<String> {
        let names = answer[&scenario.name]["topics"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        names.iter().map(ToString::to_string).collect()
    };
    let recorded = scenario.rest.iter().rfind(|exchange| {
        exchange["path"]
            .as_str()
            .is_some_and(|path| path.ends_with("/topics"))
    });
    let recorded = recorded
        .map(|exchange| listed(&exchange["response"]))
        .unwrap_or_default();
    if recorded != listed(&outcome.listed) {
        found.push(format!(
            "GET topics: {} instead of {recorded:?}",
            outcome.listed
        ));
    }
    found
}

async fn topic_settings(scenario: &Scenario) -> Vec<String> {
    let (kafka, mut found) = (Kafka::new(), Vec::new());
    for (topic, partitions) in &scenario.partitions {
        let described = kafka
            .admin()
            .describe_topic(topic)
            .await
            .expect("described");
        let ours = described.map_or(0, |described| described.partitions.len());
        if ours != *partitions {
            found.push(format!(
                "{topic}: {ours} partitions instead of {partitions}"
            ));
        }
        let ours = kafka.admin().topic_configs(topic).await.expect("described");
        let recorded = scenario.topic_configs[topic]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for (name, value) in &recorded {
            let ours = ours.as_ref().and_then(|ours| ours.get(name));
            if !BROKERS_SETTINGS.contains(&name.as_str()) && ours != value.as_str() {
                found.push(format!("{topic}: {name} is {ours:?} instead of {value}"));
            }
        }
    }
    found
}

/// All records of one run of a task carry the same `runId`.
fn one_run(outcome: &Outcome) -> Option<String> {
    let headers = outcome
        .topics
        .values()
        .flatten()
        .flat_map(|record| &record.headers);
    let runs = headers.filter(|(name, _)| name == "__debezium.context.runId");
    let runs: BTreeSet<_> = runs.map(|(_, value)| value.clone()).collect();
    (runs.len() > 1).then(|| format!("several runIds: {runs:?}"))
}

/// The connector's records in the config topic, in order. The order of the properties in one is
/// that of a hash map, and servers' addresses are of the run: names are compared.
fn configs(scenario: &Scenario, outcome: &Outcome) -> Option<String> {
    let shape = |record: &Record| -> String {
        let value: Value = serde_json::from_str(&record.text()).unwrap_or_default();
        let value = match value["properties"].as_object() {
            Some(properties) => {
                let names: BTreeSet<&String> = properties.keys().collect();
                format!("{names:?}")
            }
            None => record.text(),
        };
        format!("{} = {value}", record.key_text())
    };
    let recorded: Vec<String> = scenario.configs.iter().map(shape).collect();
    let ours = outcome
        .configs
        .iter()
        .filter(|record| record.key_text() != "session-key");
    let mut ours: Vec<String> = ours.map(shape).collect();
    // Recording ended at the connector's tombstone in some scenarios, before the target's.
    ours.truncate(recorded.len());
    (recorded != ours).then(|| format!("config topic: {ours:#?} instead of {recorded:#?}"))
}

/// The last offset of each partition: how many were written before depends on the clock. So does
/// whether a heartbeat has moved it behind the last row: then it has no row and no event.
fn offsets(scenario: &Scenario, outcome: &Outcome) -> Option<String> {
    let beats = scenario.config.contains_key("heartbeat.interval.ms");
    let shape = |record: &Record| -> String {
        let (text, _) = mask(&record.text(), &[]);
        match beats {
            true => text.replace(r#","row":1"#, "").replace(r#","event":2"#, ""),
            false => text,
        }
    };
    let last = |records: &[Record]| -> BTreeMap<String, String> {
        let last = records.iter();
        last.map(|record| (record.key_text(), shape(record)))
            .collect()
    };
    let (recorded, ours) = (last(&scenario.offsets), last(&outcome.offsets));
    (recorded != ours).then(|| format!("offset topic: {ours:?} instead of {recorded:?}"))
}

/// Each key's states in order, and the topics that were noted as used (the tombstones that end
/// these come when the topic is read back, or not at all if that is after the recording).
fn statuses(scenario: &Scenario, outcome: &Outcome) -> Option<String> {
    let shape = |records: &[Record]| -> BTreeMap<String, Vec<String>> {
        let mut shapes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in records {
            let trace = r#""trace":""#;
            let (mut value, _) = mask(&record.text(), &[]);
            if let Some(start) = value.find(trace) {
                let end = value.find(r#"","worker_id""#).unwrap_or(value.len());
                value.replace_range(start + trace.len()..end, "…");
            }
            // It depends on the moment whether the connector is still there to tell its version.
            if value.contains(r#""state":"UNASSIGNED""#) {
                value = value.replace(r#""version":null"#, r#""version":"3.6.1.Final""#);
            }
            if value.is_empty() && record.key_text().starts_with("status-topic-") {
                continue;
            }
            let states = shapes.entry(record.key_text()).or_default();
            if states.last() != Some(&value) {
                states.push(value);
            }
        }
        shapes
    };
    let (recorded, ours) = (shape(&scenario.statuses), shape(&outcome.statuses));
    let mut found = Vec::new();
    let keys: BTreeSet<&String> = recorded.keys().chain(ours.keys()).collect();
    for key in keys {
        if recorded.get(key) != ours.get(key) {
            found.push(format!(
                "{key}: {:?} instead of {:?}",
                ours.get(key),
                recorded.get(key)
            ));
        }
    }
    (!found.is_empty()).then(|| format!("status topic: {}", found.join("\n  ")))
}

/// The old transform under its old name: what it emits, drops and leaves out. Debezium 1.0 had
/// other types for some columns; we have those of 3.6, so values are compared where the types
/// are the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_old_unwrap_from_envelope() {
    let _alone = alone().await;
    let scenario = Scenario::load("f_old_unwrap_from_envelope");
    let outcome = run(&scenario).await;
    assert_eq!(prefix(&scenario.config), scenario.name);
    let mut found = Vec::new();
    for (topic, recorded) in &scenario.topics {
        let ours = outcome
            .topics
            .get(topic)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let keys = |records: &[Record]| -> Vec<String> {
            let shape = |record: &Record| {
                format!("{} {}", payload(record.key_text()), record.value.is_some())
            };
            records.iter().map(shape).collect()
        };
        if keys(recorded) != keys(ours) {
            found.push(format!(
                "{topic}: keys {:?} instead of {:?}",
                keys(ours),
                keys(recorded)
            ));
        }
        if topic.ends_with(".book") || topic.ends_with(".no_pk") || topic.ends_with(".pk_multi") {
            for (position, (recorded, ours)) in recorded.iter().zip(ours).enumerate() {
                let (recorded, ours) = (payload(recorded.text()), payload(ours.text()));
                if recorded != ours {
                    found.push(format!("{topic}[{position}]: {ours} instead of {recorded}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}\n{}", found.join("\n"), outcome.log);
}

fn payload(text: String) -> String {
    let start = text.find(r#","payload":"#);
    start.map(|start| text[start..].to_owned()).unwrap_or(text)
}
