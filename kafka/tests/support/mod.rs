//! What the tests against a real broker share.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use connect_kafka::admin::{Admin, NewTopic};
use connect_kafka::log::{LogRecord, LogWriter};
use connect_kafka::producer::{Delivered, DeliveryError, DeliverySink, Producer};
use connect_kafka::settings::worker;
use connect_kafka::{ClientKind, ClientSettings, Props};

pub(crate) fn bootstrap() -> String {
    std::env::var("KAFKA_BOOTSTRAP").unwrap_or_else(|_| {
        panic!("KAFKA_BOOTSTRAP is not set: start a broker with `tests/services/up kafka` and export what it prints")
    })
}

/// A worker's properties with the broker's address.
pub(crate) fn worker_props() -> Props {
    Props::from([
        ("bootstrap.servers".to_owned(), bootstrap()),
        ("group.id".to_owned(), "kafka-crate-tests".to_owned()),
    ])
}

pub(crate) fn settings(kind: ClientKind, pairs: &[(&str, &str)]) -> ClientSettings {
    let mut props = Props::from([
        ("bootstrap.servers".to_owned(), bootstrap()),
        ("client.id".to_owned(), "kafka-crate-tests".to_owned()),
    ]);
    for (key, value) in pairs {
        props.insert((*key).to_owned(), (*value).to_owned());
    }
    let settings = ClientSettings::from_props(kind, &props).unwrap();
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
    settings
}

pub(crate) fn admin() -> Admin {
    Admin::new(&settings(ClientKind::Admin, &[])).unwrap()
}

/// An admin client of a cluster that is not there.
pub(crate) fn absent_admin() -> Admin {
    let pairs = [("bootstrap.servers", "127.0.0.1:9")];
    Admin::new(&settings(ClientKind::Admin, &pairs)).unwrap()
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) fn log_consumer() -> ClientSettings {
    let props = worker::storage_consumer(&worker_props(), "kafka-crate-tests");
    ClientSettings::from_props(ClientKind::Consumer, &props).unwrap()
}

pub(crate) fn log_writer() -> LogWriter {
    let props = worker::storage_producer(&worker_props(), "kafka-crate-tests");
    LogWriter::new(&ClientSettings::from_props(ClientKind::Producer, &props).unwrap()).unwrap()
}

/// A topic name that no other test and no other run uses.
pub(crate) fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros();
    format!(
        "kafka-crate-{name}-{now}-{}",
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

pub(crate) async fn create(admin: &Admin, name: &str, partitions: i32) -> String {
    let topic = unique(name);
    admin
        .create_topic(&NewTopic::new(topic.clone(), partitions, -1))
        .await
        .unwrap();
    topic
}

type Outcome = (u64, Result<Delivered, DeliveryError>);

/// Keeps every outcome.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcomes(Arc<Mutex<Vec<Outcome>>>);

impl DeliverySink for Outcomes {
    fn delivered(&self, token: u64, outcome: Result<Delivered, DeliveryError>) {
        self.0.lock().unwrap().push((token, outcome));
    }
}

impl Outcomes {
    pub(crate) fn all(&self) -> Vec<Outcome> {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) fn producer(pairs: &[(&str, &str)]) -> (Producer<Outcomes>, Outcomes) {
    let outcomes = Outcomes::default();
    let settings = settings(ClientKind::Producer, pairs);
    (
        Producer::new(&settings, outcomes.clone()).unwrap(),
        outcomes,
    )
}

/// A record as a test keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) timestamp: Option<i64>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
}

impl From<LogRecord<'_>> for Seen {
    fn from(record: LogRecord<'_>) -> Self {
        let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        Self {
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key: owned(record.key),
            value: owned(record.value),
            headers: record
                .headers()
                .iter()
                .map(|(key, value)| ((*key).to_owned(), owned(*value)))
                .collect(),
        }
    }
}
