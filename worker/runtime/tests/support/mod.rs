//! Stores, statuses and plugins for the tests of the worker.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

pub mod kafka;
pub mod plugins;
pub mod sink;
pub mod stores;

use std::sync::Arc;

use connect_api::Props;
use connect_api::plugin::ConnectorEvents;
use connect_runtime::{ConnectorTaskId, TargetState, Worker, WorkerSettings};

use stores::{MemoryOffsets, Statuses};

/// Props from pairs.
pub fn props(pairs: &[(&str, &str)]) -> Props {
    pairs
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A worker's props, with `more` on top.
pub fn worker_props(bootstrap: &str, more: &[(&str, &str)]) -> Props {
    let mut all = props(&[
        ("bootstrap.servers", bootstrap),
        ("key.converter", plugins::JSON_CONVERTER),
        ("value.converter", plugins::JSON_CONVERTER),
    ]);
    all.extend(props(more));
    all
}

/// A worker with its stores.
pub struct TestWorker {
    pub worker: Worker,
    pub offsets: Arc<MemoryOffsets>,
    pub statuses: Arc<Statuses>,
}

impl TestWorker {
    pub fn new(worker_props: &Props) -> Self {
        Self::with_offsets(worker_props, Arc::default())
    }

    pub fn with_offsets(worker_props: &Props, offsets: Arc<MemoryOffsets>) -> Self {
        let statuses = Arc::<Statuses>::default();
        let worker = Worker::new(
            WorkerSettings::parse(worker_props).unwrap(),
            Arc::new(plugins::plugins()),
            offsets.clone(),
            statuses.clone(),
            tokio::runtime::Handle::current(),
        )
        .unwrap();
        Self {
            worker,
            offsets,
            statuses,
        }
    }
}

/// Commits often, so that tests need not wait.
pub const OFTEN: (&str, &str) = ("offset.flush.interval.ms", "50");

/// A worker on the real broker that commits often.
pub fn worker() -> TestWorker {
    TestWorker::new(&worker_props(&kafka::bootstrap(), &[OFTEN]))
}

/// Starts a task of a connector with the same settings for both.
pub async fn start(worker: &TestWorker, config: &Props, task: usize) -> ConnectorTaskId {
    let id = ConnectorTaskId::new(config["name"].as_str(), task);
    worker
        .worker
        .start_task(
            id.clone(),
            config.clone(),
            config.clone(),
            TargetState::Started,
        )
        .await
        .unwrap();
    id
}

/// A herder that wants to know nothing.
pub struct NoEvents;

impl ConnectorEvents for NoEvents {
    fn request_task_reconfiguration(&self) {}

    fn raise_error(&self, _error: connect_api::Error) {}
}
