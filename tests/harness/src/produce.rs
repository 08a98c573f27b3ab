//! Records that tests put into topics.

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureProducer, FutureRecord};

use crate::kafka::bootstrap;

/// A record for a topic. By default it has neither key nor value, and Kafka chooses partition and
/// timestamp.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// The key's bytes.
    pub key: Option<Vec<u8>>,
    /// The value's bytes; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The partition.
    pub partition: Option<i32>,
    /// Milliseconds since the epoch.
    pub timestamp: Option<i64>,
    /// The headers in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl NewRecord {
    /// A record with a value.
    pub fn value(value: impl Into<Vec<u8>>) -> Self {
        Self {
            value: Some(value.into()),
            ..Self::default()
        }
    }

    /// The same with a key.
    #[must_use]
    pub fn key(self, key: impl Into<Vec<u8>>) -> Self {
        Self {
            key: Some(key.into()),
            ..self
        }
    }

    /// The same for a certain partition.
    #[must_use]
    pub fn partition(self, partition: i32) -> Self {
        Self {
            partition: Some(partition),
            ..self
        }
    }

    /// The same with a timestamp, in milliseconds since the epoch.
    #[must_use]
    pub fn timestamp(self, timestamp: i64) -> Self {
        Self {
            timestamp: Some(timestamp),
            ..self
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), Some(value.into())));
        self
    }
}

/// How many records are on their way at most; fewer than librdkafka's queue holds.
const IN_FLIGHT: usize = 50_000;

/// Writes records to a topic of the Kafka under test and waits until it has them all. The topic is
/// made if it is not there.
///
/// # Panics
/// If Kafka does not take one.
pub async fn produce(topic: &str, records: impl IntoIterator<Item = NewRecord>) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap());
    config.set("linger.ms", "5");
    let producer: FutureProducer = config.create().expect("a producer");
    let mut records = records.into_iter();
    loop {
        let mut sent = Vec::new();
        for record in records.by_ref().take(IN_FLIGHT) {
            sent.push(send(&producer, topic, &record));
        }
        if sent.is_empty() {
            return;
        }
        for delivery in sent {
            let delivered = delivery.await.expect("a delivery report");
            delivered.unwrap_or_else(|(error, _)| panic!("{topic}: {error}"));
        }
    }
}

fn send(producer: &FutureProducer, topic: &str, record: &NewRecord) -> DeliveryFuture {
    let mut next: FutureRecord<'_, [u8], [u8]> = FutureRecord::to(topic);
    next.key = record.key.as_deref();
    next.payload = record.value.as_deref();
    next.partition = record.partition;
    next.timestamp = record.timestamp;
    if !record.headers.is_empty() {
        next.headers = Some(headers(record));
    }
    let sent = producer.send_result(next);
    sent.unwrap_or_else(|(error, _)| panic!("{topic}: {error}"))
}

fn headers(record: &NewRecord) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new();
    for (key, value) in &record.headers {
        let value = value.as_deref();
        headers = headers.insert(Header { key, value });
    }
    headers
}
