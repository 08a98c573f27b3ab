//! Reading topics.

use std::time::Duration;

use connect_kafka::admin::Admin;
use connect_kafka::log::{LogError, read_all};
use connect_kafka::{ClientKind, ClientSettings};

use crate::services::variable;
use crate::wait::eventually_within;

/// A record as it is in Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
    /// Milliseconds since the epoch.
    pub timestamp: Option<i64>,
    /// The key's bytes.
    pub key: Option<Vec<u8>>,
    /// The value's bytes; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// The value as text; empty for a tombstone.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }

    /// The key as text; empty for null.
    pub fn key_text(&self) -> String {
        String::from_utf8_lossy(self.key.as_deref().unwrap_or_default()).into_owned()
    }
}

/// All records of a topic of the Kafka under test, by partition and offset;
/// none if it is not there yet.
///
/// # Panics
/// If it cannot be read.
pub async fn read_topic(topic: &str) -> Vec<Record> {
    let props = [("bootstrap.servers".to_owned(), variable("KAFKA_BOOTSTRAP"))].into();
    let settings = |kind| ClientSettings::from_props(kind, &props).expect("good settings");
    let admin = Admin::new(&settings(ClientKind::Admin)).expect("an admin client");
    let consumer = settings(ClientKind::Consumer);
    let mut records = Vec::new();
    let read = read_all(&admin, &consumer, topic, |record| {
        let bytes = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        records.push(Record {
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key: bytes(record.key),
            value: bytes(record.value),
            headers: (record.headers().iter())
                .map(|(name, value)| ((*name).to_owned(), bytes(*value)))
                .collect(),
        });
    });
    match read.await {
        Ok(_) | Err(LogError::TopicMissing { .. }) => {}
        Err(error) => panic!("cannot read {topic}: {error}"),
    }
    records.sort_by_key(|record| (record.partition, record.offset));
    records
}

/// Reads a topic until it has at least `count` records; all of them.
///
/// # Panics
/// If it has fewer after a minute.
pub async fn wait_for_records(topic: &str, count: usize) -> Vec<Record> {
    let what = format!("{count} records in {topic}");
    eventually_within(Duration::from_secs(60), &what, async || {
        let records = read_topic(topic).await;
        (records.len() >= count).then_some(records)
    })
    .await
}
