//! Workers of both kinds in one group, and whether everything runs once and all say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use connectd_harness::{
    Kafka, Rest, Worker, WorkerOptions, eventually, eventually_within, variable,
};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(super) const FILE_SOURCE: &str = "org.apache.kafka.connect.file.FileStreamSourceConnector";
pub(super) const FILE_SINK: &str = "org.apache.kafka.connect.file.FileStreamSinkConnector";
const STRING: &str = "org.apache.kafka.connect.storage.StringConverter";

/// A JVM worker's rebalances come one after another, its tasks take seconds to start, and the work of
/// one that has left waits for `scheduled.rebalance.max.delay.ms`.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// `DistributedHerder.stop` waits for its executors one after another: up to 23, 10 and 1 s.
const JVM_ENDS_WITHIN: Duration = Duration::from_secs(90);

/// The exit code of a JVM that was ended by SIGTERM.
const JVM_TERMINATED: i32 = 143;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Jvm,
    Ours,
}

struct Member {
    kind: Kind,
    worker: Worker,
    serves: bool,
}

/// The workers of a group, and the connectors that they should run.
pub(super) struct Scene {
    pub(super) group: String,
    members: Vec<Member>,
    folder: TempDir,
    connectors: BTreeMap<String, usize>,
}

/// A group's settings, the same for every worker; a lost one's work waits two seconds.
pub(super) fn options(kind: Kind, group: &str) -> WorkerOptions {
    let binary = match kind {
        Kind::Ours => PathBuf::from(env!("CARGO_BIN_EXE_connectd")),
        Kind::Jvm => {
            let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/services");
            services.join("connect-jvm-worker")
        }
    };
    let mut options = WorkerOptions::new(binary)
        .with("session.timeout.ms", "6000")
        .with("heartbeat.interval.ms", "1000")
        .with("rebalance.timeout.ms", "30000")
        .with("scheduled.rebalance.max.delay.ms", "2000");
    group.clone_into(&mut options.group);
    options
}

impl Scene {
    pub(super) fn new(group: String) -> Self {
        Self {
            group,
            members: Vec::new(),
            folder: tempfile::tempdir().expect("a folder"),
            connectors: BTreeMap::new(),
        }
    }

    /// One more worker, which does not serve yet; its index.
    pub(super) async fn launch(&mut self, kind: Kind, settings: &[(&str, &str)]) -> usize {
        let mut options = options(kind, &self.group);
        for (name, value) in settings {
            options = options.with(name, value);
        }
        self.launch_with(kind, options).await
    }

    pub(super) async fn launch_with(&mut self, kind: Kind, options: WorkerOptions) -> usize {
        let worker = Worker::start_with(options, &variable("KAFKA_BOOTSTRAP"), false).await;
        self.members.push(Member {
            kind,
            worker,
            serves: true,
        });
        self.members.len() - 1
    }

    /// One more worker; its index.
    pub(super) async fn start(&mut self, kind: Kind, settings: &[(&str, &str)]) -> usize {
        let index = self.launch(kind, settings).await;
        self.is_up(index).await;
        index
    }

    pub(super) async fn is_up(&mut self, index: usize) {
        self.members[index].worker.wait_until_healthy().await;
    }

    /// A worker that has left comes back.
    pub(super) async fn start_again(&mut self, index: usize) {
        self.members[index].worker.start_again().await;
        self.members[index].serves = true;
    }

    /// A worker leaves politely.
    pub(super) async fn leave(&mut self, index: usize) {
        let member = &mut self.members[index];
        let (code, expected) = match member.kind {
            Kind::Jvm => (
                member.worker.terminate_within(JVM_ENDS_WITHIN).await,
                JVM_TERMINATED,
            ),
            Kind::Ours => (member.worker.terminate().await, 0),
        };
        assert_eq!(code, Some(expected), "{}", member.worker.log());
        member.serves = false;
    }

    /// A worker is gone without a word.
    pub(super) fn kill(&mut self, index: usize) {
        self.members[index].worker.kill();
        self.members[index].serves = false;
    }

    pub(super) fn worker(&self, index: usize) -> &Worker {
        &self.members[index].worker
    }

    pub(super) fn rest(&self, index: usize) -> &Rest {
        &self.members[index].worker.rest
    }

    fn serving(&self) -> impl Iterator<Item = &Worker> {
        let serving = self.members.iter().filter(|member| member.serves);
        serving.map(|member| &member.worker)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A source of a file's lines, and a sink of two tasks that writes them to another file: both
    /// named after the pipe.
    pub(super) async fn create_pipe(&mut self, via: usize, pipe: &str) {
        std::fs::write(self.file(&format!("{pipe}.in")), "").expect("written");
        let source = json!({
            "connector.class": FILE_SOURCE,
            "file": self.file(&format!("{pipe}.in")).display().to_string(),
            "topic": self.topic(pipe),
            "key.converter": STRING,
            "value.converter": STRING,
        });
        let sink = json!({
            "connector.class": FILE_SINK,
            "file": self.file(&format!("{pipe}.out")).display().to_string(),
            "topics": self.topic(pipe),
            "tasks.max": "2",
            "key.converter": STRING,
            "value.converter": STRING,
        });
        self.put(via, &self.source(pipe), &source, 1).await;
        self.put(via, &self.sink(pipe), &sink, 2).await;
    }

    pub(super) fn topic(&self, pipe: &str) -> String {
        format!("{}-{pipe}", self.group)
    }

    pub(super) fn source(&self, pipe: &str) -> String {
        format!("{}-{pipe}-source", self.group)
    }

    pub(super) fn sink(&self, pipe: &str) -> String {
        format!("{}-{pipe}-sink", self.group)
    }

    /// Creates or changes a connector through a worker, which will have so many tasks. A JVM
    /// worker answers 409 while the group is changing.
    pub(super) async fn put(&mut self, via: usize, name: &str, config: &Value, tasks: usize) {
        let path = format!("/connectors/{name}/config");
        let body = config.to_string();
        eventually(&format!("PUT {path}"), async || {
            let answer = self.rest(via).send("PUT", &path, Some(&body)).await;
            let done = matches!(answer.status, 200 | 201);
            assert!(done || answer.status == 409, "PUT {path}: {answer:?}");
            done.then_some(())
        })
        .await;
        self.connectors.insert(name.to_owned(), tasks);
    }

    /// A request without a body that is answered with 2xx, asked again after 409.
    pub(super) async fn ask(&self, via: usize, method: &str, path: &str) {
        eventually(&format!("{method} {path}"), async || {
            let answer = self.rest(via).send(method, path, None).await;
            let done = matches!(answer.status, 200..=204);
            assert!(done || answer.status == 409, "{method} {path}: {answer:?}");
            done.then_some(())
        })
        .await;
    }

    /// Waits until every connector and task is RUNNING at a worker that serves, no worker has more
    /// than one connector or task more than another, and all workers say the same.
    pub(super) async fn settled(&self) -> BTreeMap<String, Value> {
        let mut problem = String::new();
        let settled = eventually_within(SETTLED_WITHIN, "", async || match self.check().await {
            Ok(statuses) => Some(statuses),
            Err(why) => {
                problem = why;
                None
            }
        });
        match tokio::time::timeout(SETTLED_WITHIN - Duration::from_secs(1), settled).await {
            Ok(statuses) => statuses,
            Err(_) => panic!("not settled: {problem}"),
        }
    }

    async fn check(&self) -> Result<BTreeMap<String, Value>, String> {
        let mut agreed: Option<BTreeMap<String, Value>> = None;
        for worker in self.serving() {
            let path = "/connectors?expand=status&expand=info";
            let answer = worker.rest.try_send("GET", path, None).await;
            let answer = answer.ok_or_else(|| format!("{} is silent", worker.id()))?;
            let mut said: BTreeMap<String, Value> =
                serde_json::from_str(&answer.text).map_err(|why| format!("{why}: {answer:?}"))?;
            said.retain(|name, _| name.starts_with(&self.group));
            match &agreed {
                Some(agreed) if *agreed != said => {
                    return Err(format!("{} says {said:?}, another {agreed:?}", worker.id()));
                }
                _ => agreed = Some(said),
            }
        }
        let agreed = agreed.ok_or("nobody serves")?;
        self.all_run(&agreed)?;
        Ok(agreed)
    }

    fn all_run(&self, said: &BTreeMap<String, Value>) -> Result<(), String> {
        let configured: BTreeSet<&String> = self.connectors.keys().collect();
        if configured != said.keys().collect() {
            return Err(format!("there are {:?}", said.keys()));
        }
        let workers: Vec<String> = self.serving().map(Worker::id).collect();
        let mut counts = [vec![0_usize; workers.len()], vec![0_usize; workers.len()]];
        for (name, tasks) in &self.connectors {
            let status = &said[name]["status"];
            let run = status["tasks"].as_array().map_or(&[][..], Vec::as_slice);
            if run.len() != *tasks
                || said[name]["info"]["tasks"].as_array().map(Vec::len) != Some(*tasks)
            {
                return Err(format!("{name} has {status}"));
            }
            let all = run.iter().map(|task| (1, task));
            for (which, placed) in all.chain([(0, &status["connector"])]) {
                let at = workers.iter().position(|id| placed["worker_id"] == **id);
                let at = at.filter(|_| placed["state"] == "RUNNING");
                counts[which][at.ok_or_else(|| format!("{name}: {status}"))?] += 1;
            }
        }
        let uneven = counts
            .iter()
            .any(|of| of.iter().max().unwrap_or(&0) - of.iter().min().unwrap_or(&0) > 1);
        if uneven {
            return Err(format!("uneven {counts:?} at {workers:?}"));
        }
        Ok(())
    }

    /// Who leads, by the last assignment that a JVM worker has logged.
    pub(super) fn leader_by(&self, jvm: usize) -> Option<usize> {
        let log = self.worker(jvm).log();
        let (_, after) = log.rsplit_once("leaderUrl='http://")?;
        let (id, _) = after.split_once("/'")?;
        self.members.iter().position(|it| it.worker.id() == id)
    }

    /// Waits until the group's members have agreed upon a subprotocol: they have none while they join.
    pub(super) async fn speaks(&self, protocol: &str) {
        let mut last = None;
        let spoken = eventually_within(Duration::from_secs(60), "", async || {
            last = Kafka::new().group(&self.group).map(|it| it.protocol);
            (last.as_deref() == Some(protocol)).then_some(())
        });
        let spoken = tokio::time::timeout(Duration::from_secs(30), spoken).await;
        assert!(spoken.is_ok(), "{last:?} instead of {protocol}");
    }

    /// Waits until every worker answers the same, and what is expected if that is known.
    pub(super) async fn all_say(&self, path: &str, expected: Option<Value>) -> Value {
        let mut last = Vec::new();
        let same = eventually_within(Duration::from_secs(60), "", async || {
            last.clear();
            for worker in self.serving() {
                let mut said = worker.rest.get(path).await;
                in_order(&mut said);
                last.push(said);
            }
            let first = expected.as_ref().unwrap_or(&last[0]);
            last.iter().all(|it| it == first).then(|| last[0].clone())
        });
        match tokio::time::timeout(Duration::from_secs(59), same).await {
            Ok(said) => said,
            Err(_) => panic!("{path}: expected {expected:?}, they say {last:?}"),
        }
    }

    /// Everybody says the same about configurations and offsets.
    pub(super) async fn all_agree(&self) {
        for name in self.connectors.keys() {
            for what in ["config", "tasks", "topics", "offsets"] {
                self.all_say(&format!("/connectors/{name}/{what}"), None)
                    .await;
            }
        }
    }

    /// Deletes the connectors and stops everybody: the group is empty.
    pub(super) async fn end(mut self) {
        let any = (0..self.members.len()).find(|index| self.members[*index].serves);
        for name in self.connectors.keys() {
            let path = format!("/connectors/{name}");
            self.ask(any.expect("a worker"), "DELETE", &path).await;
        }
        for index in 0..self.members.len() {
            if self.members[index].serves {
                self.leave(index).await;
            }
        }
        Kafka::new().wait_until_empty(&self.group).await;
    }
}

/// Topics and offsets come in the order of a hash map, ours or Java's.
fn in_order(said: &mut Value) {
    match said {
        Value::Array(items) => {
            items.iter_mut().for_each(in_order);
            items.sort_by_key(Value::to_string);
        }
        Value::Object(fields) => fields.values_mut().for_each(in_order),
        _ => {}
    }
}
