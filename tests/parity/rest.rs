//! A tour of the REST API of Connect 4.3.1, replayed on us in order: statuses, bodies, headers.
//! On one worker, and through one of three that does not lead.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use connectd_harness::{Answer, Kafka, MySql, Worker, WorkerOptions, beside_others, eventually};
use serde_json::Value;

use crate::recorded::load;
use crate::rest_differences::{CONNECTORS_NOT_HERE, KEY_NOT_HERE, OTHER};

/// The file that the tour's connectors read, and what was in it: 14 bytes.
const FILE: &str = "/tmp/lab-tour.txt";
/// The file that its sink writes.
const SINK_FILE: &str = "/tmp/lab-sink.txt";
const LINES: &str = "one\ntwo\nthree\n";
/// The address of the worker that was recorded.
const WORKER: &str = "127.0.0.1:8085";
/// The port of the MySQL that was recorded.
const MYSQL_PORT: &str = r#""database.port": "3316""#;
const HEADERS: &[&str] = &[
    "content-type",
    "location",
    "allow",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
];
/// How often in a row, every 50 ms, all states must be settled: a restart that was asked for begins
/// a moment later.
const SETTLED: u32 = 4;
/// A state is not there at once; how long a GET is repeated.
const PATIENCE: Duration = Duration::from_secs(5);

/// The tour's topic has one name: one at a time.
static TOUR: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

struct Tour {
    /// The one that is asked.
    worker: Worker,
    /// The others of its group.
    others: Vec<Worker>,
    file: String,
    cluster: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recorded_tour() {
    replay(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recorded_tour_through_a_follower_of_three() {
    replay(2).await;
}

/// So many workers are in the group before the one that is asked: the first of them leads.
async fn replay(others: usize) {
    let _tour = TOUR.lock().await;
    let _turn = beside_others().await;
    let kafka = Kafka::new();
    kafka.delete(&["tour-topic".to_owned()]).await;
    let cluster = kafka
        .admin()
        .describe_cluster(Duration::from_secs(10))
        .await;
    let options = WorkerOptions::new(env!("CARGO_BIN_EXE_connectd"))
        .with("access.control.allow.origin", "http://app.example")
        .with(
            "access.control.allow.methods",
            "GET,POST,PUT,DELETE,OPTIONS,HEAD",
        );
    let options = options
        .with("session.timeout.ms", "6000")
        .with("heartbeat.interval.ms", "1000");
    let others = workers(&options, others).await;
    let worker = Worker::start(options).await;
    let file = worker.folder().join("tour.txt").display().to_string();
    std::fs::write(&file, LINES).expect("written");
    let tour = Tour {
        worker,
        others,
        file,
        cluster: cluster.expect("a cluster").cluster_id.expect("an id"),
    };
    let exchanges = load("rest");
    let mut found = Vec::new();
    for exchange in exchanges.as_array().expect("exchanges") {
        let number = exchange["n"].as_u64().expect("a number");
        found.extend(tour.replay(number, exchange).await);
    }
    assert!(
        found.is_empty(),
        "{} differences:\n{}",
        found.len(),
        found.join("\n")
    );
}

/// Workers of one group, started one after the other: the first leads.
async fn workers(options: &WorkerOptions, count: usize) -> Vec<Worker> {
    let mut workers: Vec<Worker> = Vec::new();
    for _ in 0..count {
        let worker = Worker::start(options.clone()).await;
        let leader = workers.first().unwrap_or(&worker);
        let leads = async || {
            leader
                .log()
                .contains("this worker leads the group")
                .then_some(())
        };
        eventually("a leader", leads).await;
        workers.push(worker);
    }
    workers
}

impl Tour {
    /// How our answer differs; a GET is repeated until it does not.
    async fn replay(&self, number: u64, exchange: &Value) -> Option<String> {
        let (request, recorded) = (&exchange["request"], &exchange["response"]);
        let method = request["method"].as_str().expect("a method");
        let path = request["path"].as_str().expect("a path");
        if method != "GET" {
            self.settle().await;
        }
        let started = Instant::now();
        loop {
            let answer = self.send(method, path, request).await;
            let differences = match &answer {
                Some(answer) => self.differences(number, recorded, answer),
                None => vec!["no answer".to_owned()],
            };
            if differences.is_empty() {
                return None;
            }
            if method != "GET" || started.elapsed() > PATIENCE {
                let note = exchange["note"].as_str().unwrap_or_default();
                return Some(format!(
                    "{number} {method} {path} ({note}): {}",
                    differences.join("; ")
                ));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until what came before is done everywhere, as the recording did.
    async fn settle(&self) {
        let mut seen = 0;
        let settled = async || {
            let all = self.worker.rest.get("/connectors?expand=status").await;
            let mut states = all
                .as_object()?
                .values()
                .map(|connector| &connector["status"]);
            let is_settled = |status: &Value| match status["connector"]["state"].as_str() {
                Some("STOPPED" | "FAILED") => true,
                Some(state @ ("RUNNING" | "PAUSED")) => {
                    status["tasks"].as_array().is_some_and(|tasks| {
                        let is_done =
                            |task: &Value| task["state"] == state || task["state"] == "FAILED";
                        // A connector that begins as paused has no task yet.
                        tasks.iter().all(is_done) && (state == "PAUSED" || !tasks.is_empty())
                    })
                }
                _ => false,
            };
            let names = self.worker.rest.get("/connectors").await;
            // One that was created a moment ago has no status and is not among them.
            let is_whole = names.as_array()?.len() == all.as_object()?.len();
            seen = match is_whole && states.all(is_settled) {
                true => seen + 1,
                false => 0,
            };
            (seen > SETTLED).then_some(())
        };
        eventually("settled states", settled).await;
    }

    async fn send(&self, method: &str, path: &str, request: &Value) -> Option<Answer> {
        let headers = request["headers"].as_object().expect("headers").iter();
        let headers: Vec<(&str, &str)> = headers
            .map(|(name, value)| (name.as_str(), value.as_str().expect("text")))
            .collect();
        let port = format!(r#""database.port": "{}""#, MySql::plain().port);
        let body = request["body"]
            .as_str()
            .map(|body| self.with_files(body).replace(MYSQL_PORT, &port));
        let rest = &self.worker.rest;
        let answer = rest.exchange(method, path, &headers, body.as_deref()).await;
        answer.map(|answer| self.by_one_worker(answer))
    }

    /// What runs at another worker of the group is told as if it ran here.
    fn by_one_worker(&self, mut answer: Answer) -> Answer {
        let here = self.worker.id();
        for other in &self.others {
            answer.text = answer.text.replace(&other.id(), &here);
        }
        answer
    }

    fn with_files(&self, body: &str) -> String {
        let sink = self.worker.folder().join("sink.txt");
        body.replace(FILE, &self.file)
            .replace(SINK_FILE, &sink.display().to_string())
    }

    fn differences(&self, number: u64, recorded: &Value, ours: &Answer) -> Vec<String> {
        if let Some(other) = OTHER.iter().find(|other| other.exchange == number) {
            let is_so = ours.status == other.status && ours.text.contains(other.body);
            let wrong = || format!("{} {} is not {other:?}", ours.status, ours.text);
            return (!is_so).then(wrong).into_iter().collect();
        }
        let mut found = Vec::new();
        if recorded["status"] != ours.status {
            found.push(format!("{} instead of {}", ours.status, recorded["status"]));
        }
        found.extend(self.headers(recorded, ours));
        let body = recorded["body"].as_str().unwrap_or_default();
        let address = format!("127.0.0.1:{}", self.worker.port);
        let body = self.with_files(body).replace(WORKER, &address);
        found.extend(self.bodies(&body, &ours.text));
        found
    }

    fn headers(&self, recorded: &Value, answer: &Answer) -> Vec<String> {
        let address = format!("127.0.0.1:{}", self.worker.port);
        let pairs = recorded["headers"].as_array().expect("headers").iter();
        let recorded: BTreeMap<String, String> = pairs
            .map(|pair| {
                let part = |at: usize| pair[at].as_str().expect("text");
                (part(0).to_lowercase(), part(1).replace(WORKER, &address))
            })
            .collect();
        let mut found = Vec::new();
        for name in HEADERS {
            let ours = answer.headers.iter().find(|(header, _)| header == name);
            let (recorded, ours) = (recorded.get(*name), ours.map(|(_, value)| value));
            let is_list = name.starts_with("a");
            let same = match (recorded, ours) {
                // The errors that Jersey makes itself have none there.
                (None, Some(ours)) if *name == "content-type" && answer.status >= 400 => {
                    ours == "application/json"
                }
                (Some(recorded), Some(ours)) if is_list => list(recorded) == list(ours),
                (recorded, ours) => recorded == ours,
            };
            if !same {
                found.push(format!("header {name}: {ours:?} instead of {recorded:?}"));
            }
        }
        found
    }

    fn bodies(&self, recorded: &str, ours: &str) -> Vec<String> {
        if recorded == ours {
            return Vec::new();
        }
        let parsed = (
            serde_json::from_str::<Value>(recorded),
            serde_json::from_str::<Value>(ours),
        );
        let (Ok(recorded), Ok(ours)) = parsed else {
            let same = list(recorded) == list(ours);
            return (!same)
                .then(|| format!("{ours:.300} instead of {recorded:.300}"))
                .into_iter()
                .collect();
        };
        let mut found = Vec::new();
        self.json("", &recorded, &ours, &mut found);
        found
    }

    /// Compares values by what JSON means, and the order of an object's fields outside of maps.
    fn json(&self, place: &str, recorded: &Value, ours: &Value, found: &mut Vec<String>) {
        match (recorded, ours) {
            (Value::Object(recorded), Value::Object(ours)) => {
                let names: Vec<&String> = recorded.keys().filter(|name| is_here(name)).collect();
                let our_names: Vec<&String> = ours.keys().collect();
                let is_map = place.ends_with(".config") || place.ends_with("]") || place.is_empty();
                let same = match is_map {
                    true => sorted(&names) == sorted(&our_names),
                    false => names == our_names,
                };
                if !same {
                    found.push(format!(
                        "{place}: fields {our_names:?} instead of {names:?}"
                    ));
                }
                for name in names {
                    if let Some(ours) = ours.get(name) {
                        self.json(&format!("{place}.{name}"), &recorded[name], ours, found);
                    }
                }
            }
            (Value::Array(recorded), Value::Array(ours)) => {
                self.arrays(place, recorded, ours, found);
            }
            _ if place.ends_with(".kafka_cluster_id") => {
                if *ours != self.cluster.as_str() {
                    found.push(format!("{place}: {ours} instead of {}", self.cluster));
                }
            }
            // Ours, and our own words.
            _ if place.ends_with(".commit") || place.ends_with(".documentation") => {}
            _ if recorded == ours => {}
            _ => found.push(format!("{place}: {ours} instead of {recorded}")),
        }
    }

    fn arrays(&self, place: &str, recorded: &[Value], ours: &[Value], found: &mut Vec<String>) {
        let more_keys = recorded.len() > 60;
        let by_name = |values: &[Value]| -> Option<BTreeMap<String, Value>> {
            values
                .iter()
                .map(|value| Some((name_of(value)?, value.clone())))
                .collect()
        };
        let (Some(recorded), Some(ours)) = (by_name(recorded), by_name(ours)) else {
            if recorded.len() != ours.len() {
                found.push(format!("{place}: {ours:?} instead of {recorded:?}"));
            }
            for (position, (recorded, ours)) in recorded.iter().zip(ours).enumerate() {
                self.json(&format!("{place}[{position}]"), recorded, ours, found);
            }
            return;
        };
        let names = |values: &BTreeMap<String, Value>| -> BTreeSet<String> {
            values
                .keys()
                .filter(|name| is_here(name))
                .cloned()
                .collect()
        };
        let (recorded_names, our_names) = (names(&recorded), names(&ours));
        let missing: Vec<_> = recorded_names.difference(&our_names).collect();
        let more: Vec<_> = our_names.difference(&recorded_names).collect();
        // Other plugins are there, and keys beyond those that the original tells of.
        let lists_plugins = names_plugins(&recorded_names) || names_plugins(&our_names);
        let is_whole = lists_plugins || (missing.is_empty() && (more.is_empty() || more_keys));
        if !is_whole {
            found.push(format!("{place}: missing {missing:?}, too many {more:?}"));
        }
        for (name, recorded) in &recorded {
            if let Some(ours) = ours.get(name) {
                self.json(&format!("{place}[{name}]"), recorded, ours, found);
            }
        }
    }
}

/// What an array's entry is known by: these arrays come in the order of a hash map.
fn name_of(value: &Value) -> Option<String> {
    let name = value.as_str().or_else(|| value["name"].as_str());
    let name = name.or_else(|| value["class"].as_str());
    name.or_else(|| value["definition"]["name"].as_str())
        .map(str::to_owned)
}

fn names_plugins(names: &BTreeSet<String>) -> bool {
    !names.is_empty()
        && names
            .iter()
            .all(|name| name.contains('.') && name.contains(char::is_uppercase))
}

fn is_here(name: &str) -> bool {
    !CONNECTORS_NOT_HERE.contains(&name) && name != KEY_NOT_HERE
}

fn list(text: &str) -> BTreeSet<String> {
    text.split(',')
        .map(|entry| entry.trim().to_owned())
        .collect()
}

fn sorted<'a>(names: &[&'a String]) -> Vec<&'a String> {
    let mut names = names.to_vec();
    names.sort();
    names
}
