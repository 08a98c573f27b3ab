//! Workers of one group and their connectors.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use connect_kafka::admin::NewTopic;
use connectd_harness::{Kafka, Rest, Worker, WorkerOptions, unique, variable};
use serde_json::{Value as Json, json};

use super::report::Value;
use crate::workers::Engine;

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Workers of one group and their connectors.
pub(super) struct Group {
    options: WorkerOptions,
    /// The longest wait for anything.
    limit: Duration,
    workers: Vec<Worker>,
    /// When each was started last.
    launched: Vec<Instant>,
    gone: Option<usize>,
    connectors: usize,
    /// When the group was last given a reason to change.
    changed: Instant,
}

impl Group {
    pub(super) fn new(engine: Engine, limit: Duration) -> Self {
        let binary = match engine {
            Engine::Connectd => PathBuf::from(variable("CONNECTD_BIN")),
            Engine::Jvm => PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("../tests/services/connect-jvm-worker"),
        };
        // The default of both; the tests' own is a second.
        let mut options = WorkerOptions::new(binary).with("offset.flush.interval.ms", "60000");
        options.group = unique(engine.prefix());
        Self {
            options,
            limit,
            workers: Vec::new(),
            launched: Vec::new(),
            gone: None,
            connectors: 0,
            changed: Instant::now(),
        }
    }

    /// One more worker; its index.
    pub(super) async fn launch(&mut self) -> usize {
        self.changed = Instant::now();
        self.launched.push(self.changed);
        let bootstrap = variable("KAFKA_BOOTSTRAP");
        let worker = Worker::start_with(self.options.clone(), &bootstrap, false).await;
        self.workers.push(worker);
        self.workers.len() - 1
    }

    /// The worker that has gone is started again.
    pub(super) async fn launch_again(&mut self, index: usize) {
        self.workers[index].ended().await;
        self.changed = Instant::now();
        self.launched[index] = self.changed;
        self.workers[index].launch_again();
        self.gone = None;
    }

    /// Waits until a worker says that it is healthy: that it is in its group
    /// too. How long that took since it was started.
    pub(super) async fn is_ready(&self, index: usize) -> Value {
        let began = self.launched[index];
        let ready = async || {
            let answer = self.workers[index].rest.try_send("GET", "/health", None);
            answer.await.is_some_and(|answer| answer.status == 200)
        };
        self.wait(began, ready).await
    }

    /// A file of one line for all connectors, and the topic that they write it to.
    pub(super) async fn prepare(&self) {
        std::fs::write(self.file(), "a line\n").expect("written");
        let topic = NewTopic::new(self.topic(), 1, 1);
        Kafka::new().create(&topic).await;
    }

    fn file(&self) -> PathBuf {
        self.workers[0].folder().join("line.txt")
    }

    fn topic(&self) -> String {
        format!("{}-lines", self.options.group)
    }

    /// Creates a connector through the first worker. A JVM worker answers 409
    /// while the group is changing: it is asked until it does not.
    pub(super) async fn create(&mut self, name: &str) {
        let body = json!({"name": name, "config": {
            "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
            "file": self.file().display().to_string(),
            "topic": self.topic(),
        }});
        let body = body.to_string();
        let began = Instant::now();
        loop {
            let answer = self.rest(0).try_send("POST", "/connectors", Some(&body));
            let answer = answer.await;
            let Some(answer) = answer else {
                panic!("no answer to POST /connectors");
            };
            if answer.status == 201 {
                break;
            }
            let may_pass = answer.status == 409 && !answer.text.contains("already exists");
            assert!(may_pass && began.elapsed() < self.limit, "{answer:?}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.connectors += 1;
        self.changed = Instant::now();
    }

    /// Waits until a connector has a task that runs.
    pub(super) async fn runs(&self, connector: &str) {
        let path = format!("/connectors/{connector}/status");
        let runs = async || {
            let Some(answer) = self.rest(0).try_send("GET", &path, None).await else {
                return false;
            };
            answer.status == 200 && answer.json()["tasks"][0]["state"] == "RUNNING"
        };
        self.wait(Instant::now(), runs).await;
    }

    /// A worker leaves politely.
    pub(super) fn leave(&mut self, index: usize) {
        self.changed = Instant::now();
        self.workers[index].signal("TERM");
        self.gone = Some(index);
    }

    /// A worker is gone without a word.
    pub(super) fn kill(&mut self, index: usize) {
        self.changed = Instant::now();
        self.workers[index].kill();
        self.gone = Some(index);
    }

    /// Waits until everything runs; how long that took since the last change.
    pub(super) async fn all_run(&self) -> Value {
        self.wait(self.changed, async || self.counts().await.is_some())
            .await
    }

    /// The same, and no worker has more than one connector or task more than
    /// another.
    pub(super) async fn all_run_evenly(&self) -> Value {
        let run_evenly = async || {
            let counts = self.counts().await;
            counts.is_some_and(|counts| {
                counts.iter().all(|counts| {
                    let (least, most) = (counts.iter().min(), counts.iter().max());
                    most.zip(least)
                        .is_some_and(|(most, least)| most - least <= 1)
                })
            })
        };
        self.wait(self.changed, run_evenly).await
    }

    pub(super) fn rest(&self, index: usize) -> &Rest {
        &self.workers[index].rest
    }

    pub(super) fn pids(&self) -> Vec<u32> {
        self.workers.iter().map(Worker::pid).collect()
    }

    /// Ends all workers, and deletes their topics.
    pub(super) async fn end(self) {
        drop(self.workers);
        let group = &self.options.group;
        let topics = ["configs", "offsets", "status", "lines"];
        let topics = topics.map(|topic| format!("{group}-{topic}"));
        Kafka::new().delete(&topics).await;
    }

    async fn wait(&self, began: Instant, mut is_so: impl AsyncFnMut() -> bool) -> Value {
        loop {
            let asked = Instant::now();
            if is_so().await {
                return began.elapsed().into();
            }
            if began.elapsed() > self.limit {
                return Value::Longer(self.limit);
            }
            // What takes long to answer is not asked all the time.
            tokio::time::sleep(LOOK_AGAIN.max(asked.elapsed() * 3)).await;
        }
    }

    /// How many connectors and tasks run at each worker that is there, by the
    /// first one's word; none if not all run.
    async fn counts(&self) -> Option<[Vec<usize>; 2]> {
        let path = "/connectors?expand=status";
        let answer = self.rest(0).try_send("GET", path, None).await?;
        if answer.status != 200 {
            return None;
        }
        let said = answer.json();
        let said = said.as_object()?;
        if said.len() != self.connectors {
            return None;
        }
        let there = (0..self.workers.len()).filter(|index| Some(*index) != self.gone);
        let there: Vec<String> = there.map(|index| self.workers[index].id()).collect();
        let mut counts = [vec![0; there.len()], vec![0; there.len()]];
        for connector in said.values() {
            let status = &connector["status"];
            let tasks = status["tasks"]
                .as_array()
                .filter(|tasks| tasks.len() == 1)?;
            for (which, placed) in [(0, &status["connector"]), (1, &tasks[0])] {
                counts[which][place(placed, &there)?] += 1;
            }
        }
        Some(counts)
    }
}

/// At which of these workers something runs.
fn place(status: &Json, workers: &[String]) -> Option<usize> {
    let worker = status["worker_id"].as_str()?;
    let runs = status["state"] == "RUNNING";
    workers.iter().position(|it| it == worker).filter(|_| runs)
}
