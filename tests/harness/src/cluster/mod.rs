//! Several workers of one group, what happens to them, and whether everything that is configured
//! runs exactly once: by what every one of them says, and by what their logs say they did.

mod life;
mod picture;
mod settled;
mod usage;
mod workload;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use jiff::Timestamp;
use serde_json::Value;

pub use life::{Life, Overlap, Work, since};
pub use picture::{Picture, Placed, counts};
pub use usage::Usage;
pub use workload::{Arrived, Line, Lines, StepBack, Workload, WorkloadOptions};

use crate::kafka::Kafka;
use crate::rest::Rest;
use crate::services::{shortest_session, variable};
use crate::worker::{Worker, WorkerOptions};
use life::{LogReader, Suspension};

/// How to start a cluster.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// How many workers.
    pub workers: usize,
    /// What each of them is started with; the group is everybody's.
    pub worker: WorkerOptions,
    /// The index of the worker that reaches Kafka through [`Proxy::of_kafka`](crate::Proxy).
    pub proxied: Option<usize>,
}

impl ClusterOptions {
    /// So many workers that miss a dead one as soon as the broker allows.
    pub fn new(binary: impl Into<PathBuf>, workers: usize) -> Self {
        let worker = WorkerOptions::new(binary)
            .missed_soon()
            .with("rebalance.timeout.ms", "30000");
        Self {
            workers,
            worker,
            proxied: None,
        }
    }

    /// With one more setting for each worker.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.worker = self.worker.with(name, value);
        self
    }
}

/// What a test has done to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Serving,
    /// Stopped by SIGSTOP.
    Asleep,
    /// It cannot reach Kafka: nothing may run there.
    Cut,
    /// Its process has ended, or is about to.
    Down,
}

#[derive(Debug)]
struct Member {
    worker: Worker,
    state: State,
    log: LogReader,
}

/// Workers of one group; killed when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    options: ClusterOptions,
    members: Vec<Member>,
    suspensions: Vec<Suspension>,
    /// The connectors that should run, and how many tasks each has.
    connectors: BTreeMap<String, usize>,
}

impl Cluster {
    /// Starts the workers side by side and waits until all serve.
    pub async fn start(options: ClusterOptions) -> Self {
        let mut cluster = Self {
            members: Vec::new(),
            suspensions: Vec::new(),
            connectors: BTreeMap::new(),
            options,
        };
        for _ in 0..cluster.options.workers {
            cluster.launch().await;
        }
        for member in &mut cluster.members {
            member.worker.wait_until_healthy().await;
        }
        cluster
    }

    /// One more worker; its index. It may not serve yet.
    pub async fn launch(&mut self) -> usize {
        let index = self.members.len();
        let bootstrap = match self.options.proxied {
            Some(proxied) if proxied == index => variable("KAFKA_PROXY"),
            _ => variable("KAFKA_BOOTSTRAP"),
        };
        let worker = Worker::start_with(self.options.worker.clone(), &bootstrap, false).await;
        self.members.push(Member {
            log: LogReader::new(index, worker.log_file()),
            worker,
            state: State::Serving,
        });
        index
    }

    /// One more worker; its index.
    pub async fn add(&mut self) -> usize {
        let index = self.launch().await;
        self.members[index].worker.wait_until_healthy().await;
        index
    }

    /// The group's name, which the storage topics start with.
    pub fn group(&self) -> &str {
        &self.options.worker.group
    }

    /// A worker.
    pub fn worker(&self, index: usize) -> &Worker {
        &self.members[index].worker
    }

    /// A worker's REST API.
    pub fn rest(&self, index: usize) -> &Rest {
        &self.members[index].worker.rest
    }

    /// The indices of the workers that serve.
    pub fn serving(&self) -> Vec<usize> {
        let indices = 0..self.members.len();
        indices
            .filter(|index| self.members[*index].state == State::Serving)
            .collect()
    }

    /// What the workers that serve call themselves in statuses.
    pub fn serving_ids(&self) -> Vec<String> {
        let serving = self.serving().into_iter();
        serving.map(|index| self.worker(index).id()).collect()
    }

    /// Which worker calls itself so in statuses.
    ///
    /// # Panics
    /// If none does.
    pub fn index_of(&self, worker_id: &str) -> usize {
        let found = self
            .members
            .iter()
            .position(|it| it.worker.id() == worker_id);
        found.unwrap_or_else(|| panic!("no worker is {worker_id}"))
    }

    /// Creates a connector that will have so many tasks.
    pub async fn create(&mut self, via: usize, body: &Value, tasks: usize) {
        self.rest(via).create(body).await;
        self.expect(body["name"].as_str().expect("a name"), tasks);
    }

    /// From now on a connector should run, with so many tasks.
    pub fn expect(&mut self, connector: &str, tasks: usize) {
        self.connectors.insert(connector.to_owned(), tasks);
    }

    /// Deletes a connector.
    ///
    /// # Panics
    /// If the answer is not 204.
    pub async fn delete(&mut self, via: usize, connector: &str) {
        let path = format!("/connectors/{connector}");
        let answer = self.rest(via).send("DELETE", &path, None).await;
        assert_eq!(answer.status, 204, "DELETE {path}: {}", answer.text);
        self.connectors.remove(connector);
    }

    /// The connectors that should run.
    pub fn connectors(&self) -> impl Iterator<Item = &String> {
        self.connectors.keys()
    }

    /// SIGKILL.
    pub fn kill(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.worker.kill();
        member.state = State::Down;
        member.log.process_ended(Timestamp::now());
        self.awake(index);
    }

    /// SIGTERM; it is no part of the cluster from now on. [`ended`](Self::ended) waits for its end.
    pub fn ask_to_stop(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.worker.signal("TERM");
        member.state = State::Down;
    }

    /// Waits until a worker that was asked to stop has.
    ///
    /// # Panics
    /// If it did not end well.
    pub async fn ended(&mut self, index: usize) {
        let member = &mut self.members[index];
        let code = member.worker.ended().await;
        assert_eq!(code, Some(0), "worker {index}: {}", member.worker.log());
        member.log.process_ended(Timestamp::now());
    }

    /// Starts a worker that has ended, and waits until it serves.
    pub async fn start_again(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.worker.start_again().await;
        member.state = State::Serving;
    }

    /// SIGSTOP.
    pub fn put_to_sleep(&mut self, index: usize) {
        self.members[index].worker.signal("STOP");
        self.members[index].state = State::Asleep;
        self.suspensions.push(Suspension {
            worker: index,
            from: Timestamp::now(),
            to: None,
        });
    }

    /// SIGCONT.
    pub fn wake(&mut self, index: usize) {
        self.awake(index);
        self.members[index].worker.signal("CONT");
        self.members[index].state = State::Serving;
    }

    fn awake(&mut self, index: usize) {
        for suspension in &mut self.suspensions {
            if suspension.worker == index {
                suspension.to.get_or_insert_with(Timestamp::now);
            }
        }
    }

    /// A worker cannot reach Kafka from now on, or can again: nothing may run there meanwhile.
    pub fn is_cut(&mut self, index: usize, cut: bool) {
        self.members[index].state = if cut { State::Cut } else { State::Serving };
    }

    /// Stops all workers politely, and sees that nobody is left in their group.
    ///
    /// # Panics
    /// If one does not end well.
    pub async fn stop(mut self) {
        let serving = self.serving();
        for index in &serving {
            self.ask_to_stop(*index);
        }
        for index in serving {
            self.ended(index).await;
        }
        let kafka = Kafka::new();
        kafka.wait_until_empty(self.group()).await;
        let topics = ["configs", "offsets", "status"];
        let topics = topics.map(|topic| format!("{}-{topic}", self.group()));
        kafka.delete(&topics).await;
    }

    /// What every worker has run so far, by its log; a worker that slept past its session has had
    /// nothing since it fell asleep.
    pub fn owned(&mut self) -> Vec<Life> {
        let (mut lives, session) = (self.lives(), shortest_session());
        for life in &mut lives {
            life::give_up_asleep(life, &self.suspensions, session, Timestamp::now());
        }
        lives
    }

    /// What every worker has run so far, by its log.
    pub fn lives(&mut self) -> Vec<Life> {
        for member in &mut self.members {
            member.log.read();
        }
        let lives = self.members.iter().flat_map(|member| &member.log.lives);
        lives.cloned().collect()
    }

    /// Whatever ran at two workers at once.
    pub fn overlaps(&mut self) -> Vec<Overlap> {
        life::overlaps(&self.lives(), &self.suspensions, Timestamp::now())
    }

    /// The longest time that something that stopped after `moment` ran nowhere, and what it was.
    pub fn longest_gap(&mut self, moment: Timestamp) -> Option<(Duration, Work)> {
        let lives = self.lives();
        let gap = |life: &Life| {
            let end = life.to.filter(|end| *end >= moment)?;
            let next = lives
                .iter()
                .filter(|next| next.work == life.work && next.from >= life.from);
            let next = next
                .filter(|next| *next != life)
                .map(|next| next.from)
                .min()?;
            Some((since(end, next), life.work.clone()))
        };
        lives.iter().filter_map(gap).max()
    }

    /// What each worker that serves costs, its processor time over so long.
    pub async fn usage(&self, time: Duration) -> Vec<Usage> {
        let mut usages = Vec::new();
        for index in self.serving() {
            usages.push(Usage::of(self.worker(index).pid(), time).await);
        }
        usages
    }
}

impl Drop for Cluster {
    /// The logs of a test that failed are kept in the folder that `CLUSTER_LOGS` names.
    fn drop(&mut self) {
        let folder = std::env::var_os("CLUSTER_LOGS").map(PathBuf::from);
        let Some(folder) = folder.filter(|_| std::thread::panicking()) else {
            return;
        };
        for (index, member) in self.members.iter().enumerate() {
            let name = format!("{}-{index}.log", self.options.worker.group);
            let kept = std::fs::copy(member.worker.log_file(), folder.join(name));
            #[expect(clippy::print_stderr, reason = "shown with the failed test")]
            if let Err(error) = kept {
                eprintln!("CLUSTER_LOGS: {error}");
            }
        }
    }
}

/// How long a request takes at best, in the middle and at worst, of so many in a row.
///
/// # Panics
/// If there is no answer, or not 200.
pub async fn latency(rest: &Rest, path: &str, count: usize) -> [Duration; 3] {
    let mut times = Vec::new();
    for _ in 0..count {
        let begun = Instant::now();
        rest.get(path).await;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    [times[0], times[count / 2], times[count - 1]]
}
