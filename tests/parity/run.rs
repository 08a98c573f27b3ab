//! Runs a recorded scenario on us.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use connectd_harness::{
    Answer, Kafka, MySql, Record, Worker, WorkerOptions, bootstrap, eventually, read_topic,
};
use serde_json::{Map, Value, json};

use crate::recorded::Scenario;

/// What came of a scenario.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) created: Answer,
    pub(crate) status: Value,
    /// The answer of `/topics`.
    pub(crate) listed: Value,
    pub(crate) topics: BTreeMap<String, Vec<Record>>,
    pub(crate) configs: Vec<Record>,
    pub(crate) offsets: Vec<Record>,
    pub(crate) statuses: Vec<Record>,
    pub(crate) log: String,
}

/// Runs one; the caller holds the turn, since scenarios share a database and topic names.
pub(crate) async fn run(scenario: &Scenario) -> Outcome {
    let (mysql, kafka) = (MySql::plain(), Kafka::new());
    let prefix = prefix(&scenario.config);
    kafka.delete(&topics_of(&kafka, prefix)).await;
    // The history has the tables of all databases, and the recorded server had but one.
    mysql.drop_databases().await;
    mysql
        .run("SET GLOBAL binlog_rows_query_log_events = OFF")
        .await;
    mysql.run(&scenario.sql_before).await;
    let options = WorkerOptions::new(env!("CARGO_BIN_EXE_connectd"));
    let group = options.group.clone();
    let worker = Worker::start(options).await;
    let body = json!({ "name": scenario.name, "config": config(&scenario.config, &mysql) });
    let created = worker
        .rest
        .send("POST", "/connectors", Some(&body.to_string()))
        .await;
    assert_eq!(created.status, 201, "{}", created.text);

    let fails = recorded_state(scenario) == "FAILED";
    if fails {
        worker.rest.wait_for_task(&scenario.name, "FAILED").await;
    } else {
        wait_for(&kafka, &worker, scenario, &scenario.after_snapshot).await;
        mysql.run(&scenario.sql_after).await;
        let all = scenario
            .topics
            .iter()
            .map(|(topic, records)| (topic.clone(), records.len()));
        wait_for(&kafka, &worker, scenario, &all.collect()).await;
    }
    let path = format!("/connectors/{}/status", scenario.name);
    let status = worker.rest.get(&path).await;
    let listed = worker
        .rest
        .get(&format!("/connectors/{}/topics", scenario.name))
        .await;
    stop_and_delete(&worker, &scenario.name).await;
    let deleted = async || {
        let statuses = read_topic(&format!("{group}-status")).await;
        let last = statuses
            .iter()
            .rfind(|status| status.key_text().starts_with("status-connector-"));
        last.is_some_and(|status| status.value.is_none())
            .then_some(statuses)
    };
    let statuses = eventually("the tombstone of the connector's status", deleted).await;
    let mut topics = BTreeMap::new();
    for topic in topics_of(&kafka, prefix) {
        let records = read_topic(&topic).await;
        topics.insert(topic, records);
    }
    Outcome {
        created,
        status,
        listed,
        topics,
        configs: read_topic(&format!("{group}-configs")).await,
        offsets: read_topic(&format!("{group}-offsets")).await,
        statuses,
        log: worker.log(),
    }
}

/// The state of the task when it was recorded.
pub(crate) fn recorded_state(scenario: &Scenario) -> String {
    let statuses = scenario.rest.iter().filter(|exchange| {
        let path = exchange["path"].as_str().unwrap_or_default();
        path.ends_with("/status") && exchange["response"]["tasks"][0].is_object()
    });
    let first = statuses
        .map(|exchange| exchange["response"]["tasks"][0]["state"].clone())
        .next();
    first
        .and_then(|state| state.as_str().map(str::to_owned))
        .unwrap_or_default()
}

pub(crate) fn prefix(config: &Map<String, Value>) -> &str {
    let prefix = config
        .get("topic.prefix")
        .or_else(|| config.get("database.server.name"));
    prefix.and_then(Value::as_str).expect("a prefix")
}

/// The scenario's config with this run's servers.
fn config(recorded: &Map<String, Value>, mysql: &MySql) -> Map<String, Value> {
    let mut config = recorded.clone();
    for (key, value) in &mut config {
        if key == "database.hostname" {
            *value = mysql.host.clone().into();
        } else if key == "database.port" {
            *value = mysql.port.to_string().into();
        } else if key.ends_with("history.kafka.bootstrap.servers")
            || key.ends_with("internal.kafka.bootstrap.servers")
        {
            *value = bootstrap().into();
        }
    }
    config
}

fn topics_of(kafka: &Kafka, prefix: &str) -> Vec<String> {
    let starts = [
        format!("schemahistory.{prefix}"),
        format!("dbhistory.{prefix}"),
        format!("__debezium-heartbeat.{prefix}"),
        format!("{prefix}."),
        prefix.to_owned(),
    ];
    let mut found: Vec<String> = starts
        .iter()
        .flat_map(|start| kafka.topics(start))
        .collect();
    // `c_binary_base64` also starts the names of `c_binary_base64-url-safe`.
    found.retain(|topic| {
        starts[..4].iter().any(|start| topic.starts_with(start)) || topic == prefix
    });
    found.sort();
    found.dedup();
    found
}

/// Waits until the topics have that many records. It gives up when nothing came for long: the
/// comparison tells what is missing.
async fn wait_for(
    kafka: &Kafka,
    worker: &Worker,
    scenario: &Scenario,
    wanted: &BTreeMap<String, usize>,
) {
    let status = format!("/connectors/{}/status", scenario.name);
    let (mut last, mut changed) = (BTreeMap::new(), Instant::now());
    while changed.elapsed() < Duration::from_secs(12) {
        let counts = kafka.counts(wanted.keys()).await;
        if wanted.iter().all(|(topic, count)| counts[topic] >= *count) {
            // Whatever comes too much comes now.
            tokio::time::sleep(Duration::from_millis(300)).await;
            return;
        }
        if counts != last {
            (last, changed) = (counts, Instant::now());
        }
        // There is none in the first moments.
        let now = worker.rest.send("GET", &status, None).await;
        if now.status == 200 && now.json()["tasks"][0]["state"] == "FAILED" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn stop_and_delete(worker: &Worker, name: &str) {
    let answer = worker
        .rest
        .send("PUT", &format!("/connectors/{name}/stop"), None)
        .await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let stopped = async || {
        let status = worker.rest.get(&format!("/connectors/{name}/status")).await;
        let no_task = status["tasks"].as_array().is_some_and(Vec::is_empty);
        (status["connector"]["state"] == "STOPPED" && no_task).then_some(())
    };
    eventually("the connector's stop", stopped).await;
    let answer = worker
        .rest
        .send("DELETE", &format!("/connectors/{name}"), None)
        .await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}
