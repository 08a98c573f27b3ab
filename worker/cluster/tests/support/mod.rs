//! Workers on the broker that the environment names.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses a part of it"
)]

pub mod plugin;

use std::collections::BTreeMap;
use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use connect_api::{Error, ErrorKind, Props, Result};
use connect_cluster::distributed::{self, WorkerOptions};
use connect_cluster::{ConnectorStateInfo, Herder, LogControl, LoggerLevel};
use connect_kafka::admin::Admin;
use connect_kafka::log::{LogEntry, LogWriter, read_all};
use connect_kafka::settings::worker as clients;
use connect_kafka::{ClientKind, ClientSettings};
use tokio::runtime::Handle;

pub const WORKER_ID: &str = "127.0.0.1:8083";

/// The broker for these tests.
pub fn bootstrap() -> String {
    env::var("KAFKA_BOOTSTRAP").unwrap_or_else(|_| {
        panic!("KAFKA_BOOTSTRAP is not set: these tests need a Kafka broker, such as KAFKA_BOOTSTRAP=127.0.0.1:9092")
    })
}

/// A name that no other test has.
pub fn unique(what: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis();
    format!(
        "cluster-test-{what}-{time}-{}",
        COUNT.fetch_add(1, Ordering::SeqCst)
    )
}

pub fn props(pairs: &[(&str, &str)]) -> Props {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// A worker's configuration with storage topics of its own.
pub fn worker_props(group: &str) -> Props {
    let mut worker = props(&[
        ("group.id", group),
        ("key.converter", "org.example.TextConverter"),
        ("value.converter", "org.example.TextConverter"),
        ("offset.flush.interval.ms", "200"),
        ("task.shutdown.graceful.timeout.ms", "3000"),
        ("offset.storage.partitions", "5"),
        ("offset.storage.file.filename", "unused"),
    ]);
    worker.insert("bootstrap.servers".to_owned(), bootstrap());
    for role in ["config", "offset", "status"] {
        worker.insert(format!("{role}.storage.topic"), format!("{group}-{role}"));
        worker.insert(format!("{role}.storage.replication.factor"), "1".to_owned());
    }
    worker
}

/// Loggers that only remember.
#[derive(Default)]
pub struct TestLogs(Mutex<BTreeMap<String, LoggerLevel>>);

impl LogControl for TestLogs {
    fn loggers(&self) -> BTreeMap<String, LoggerLevel> {
        self.0.lock().unwrap().clone()
    }

    fn logger(&self, name: &str) -> Option<LoggerLevel> {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn set_level(&self, name: &str, level: &str) -> Result<Vec<String>> {
        if level == "BOGUS" {
            return Err(Error::new(
                ErrorKind::NotFound,
                "invalid log level 'BOGUS'.",
            ));
        }
        let level = LoggerLevel {
            level: level.to_owned(),
            last_modified: None,
        };
        self.0.lock().unwrap().insert(name.to_owned(), level);
        Ok(vec![name.to_owned()])
    }
}

pub fn options() -> WorkerOptions {
    WorkerOptions {
        plugins: plugin::plugins(),
        logs: std::sync::Arc::new(TestLogs::default()),
        worker_id: WORKER_ID.to_owned(),
        rest_url: format!("http://{WORKER_ID}/"),
        allow_unknown_connectors: false,
        data_runtime: Handle::current(),
    }
}

/// A distributed worker that is ready.
pub async fn start(worker: &Props) -> Herder {
    let herder = distributed::start(worker, options()).unwrap();
    herder.started().await.unwrap();
    herder
}

/// A connector of the test plugin that writes to a topic of its own.
pub fn connector(name: &str, more: &[(&str, &str)]) -> Props {
    let mut config = props(&[
        ("connector.class", "TestSource"),
        ("tasks.max", "4"),
        ("topic", &unique(name)),
    ]);
    config.extend(props(more));
    config
}

/// Waits until `holds`, and says what it waited for where that never comes.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A status in short: `RUNNING [RUNNING, FAILED]`.
pub fn short(status: &ConnectorStateInfo) -> String {
    let tasks: Vec<&str> = status.tasks.iter().map(|task| task.state.name()).collect();
    format!("{} [{}]", status.connector.state, tasks.join(", "))
}

/// Waits until a connector has the status `wanted`, as [`short`] writes it.
pub async fn await_status(herder: &Herder, name: &str, wanted: &str) {
    let mut seen = String::new();
    let deadline = Instant::now() + Duration::from_secs(30);
    while seen != wanted {
        assert!(Instant::now() < deadline, "{name} is {seen}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        seen = match herder.connector_status(name).await {
            Ok(status) => short(&status),
            Err(error) => error.to_string(),
        };
    }
}

fn client(
    kind: ClientKind,
    make: impl Fn(&connect_kafka::Props, &str) -> connect_kafka::Props,
) -> ClientSettings {
    let worker = [("bootstrap.servers".to_owned(), bootstrap())].into();
    ClientSettings::from_props(kind, &make(&worker, "cluster-test")).unwrap()
}

pub fn admin() -> Admin {
    Admin::new(&client(ClientKind::Admin, clients::worker_admin)).unwrap()
}

/// All records of a topic: keys and values as text, none a tombstone.
pub async fn records(topic: &str) -> Vec<(String, Option<String>)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut records = Vec::new();
    let consumer = client(ClientKind::Consumer, clients::storage_consumer);
    read_all(&admin(), &consumer, topic, |record| {
        records.push((text(record.key.unwrap_or_default()), record.value.map(text)));
    })
    .await
    .unwrap();
    records
}

/// Writes records as somebody else would.
pub async fn write(topic: &str, records: &[(Vec<u8>, Option<Vec<u8>>)]) {
    let writer = LogWriter::new(&client(ClientKind::Producer, clients::storage_producer)).unwrap();
    for (key, value) in records {
        let entry = LogEntry {
            key: Some(key),
            value: value.as_deref(),
            partition: None,
        };
        writer.send(topic, entry).await.unwrap();
    }
}
