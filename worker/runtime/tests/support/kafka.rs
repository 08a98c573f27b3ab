//! The broker that the tests use, from the outside.

use std::time::{Duration, Instant};

use connect_kafka::admin::{Admin, NewTopic};
use connect_kafka::{ClientKind, ClientSettings};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::{Offset, TopicPartitionList};

/// `bootstrap.servers` of the broker.
pub fn bootstrap() -> String {
    std::env::var("KAFKA_BOOTSTRAP")
        .expect("KAFKA_BOOTSTRAP is not set: give the host:port of a Kafka broker for the tests")
}

/// A topic name that no other run has.
pub fn unique(name: &str) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    format!(
        "runtime-test-{name}-{}-{}",
        std::process::id(),
        now.as_micros()
    )
}

/// A record as it is in Kafka.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub partition: i32,
    pub key: Option<String>,
    pub value: Option<String>,
    pub headers: Vec<(String, Option<String>)>,
    pub timestamp: Option<i64>,
}

fn text(bytes: Option<&[u8]>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

fn consumer() -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", bootstrap())
        .set("group.id", "runtime-test")
        .set("enable.auto.commit", "false")
        .set("allow.auto.create.topics", "false")
        .create()
        .unwrap()
}

/// How many partitions a topic has; 0 if it is not there.
pub fn partitions(topic: &str) -> usize {
    let metadata = consumer()
        .fetch_metadata(Some(topic), Duration::from_secs(10))
        .unwrap();
    metadata
        .topics()
        .iter()
        .map(|topic| topic.partitions().len())
        .sum()
}

/// All records of a topic.
pub fn read(topic: &str) -> Vec<Stored> {
    let consumer = consumer();
    let mut assignment = TopicPartitionList::new();
    let mut expected = 0;
    for partition in 0..i32::try_from(partitions(topic)).unwrap() {
        let (low, high) = consumer
            .fetch_watermarks(topic, partition, Duration::from_secs(10))
            .unwrap();
        expected += usize::try_from(high - low).unwrap();
        assignment
            .add_partition_offset(topic, partition, Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&assignment).unwrap();
    let mut records = Vec::new();
    let since = Instant::now();
    while records.len() < expected {
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "{} of {expected}",
            records.len()
        );
        let Some(message) = consumer.poll(Duration::from_millis(100)) else {
            continue;
        };
        let message = message.unwrap();
        let headers = message.headers().map_or_else(Vec::new, |headers| {
            headers
                .iter()
                .map(|header| (header.key.to_owned(), text(header.value)))
                .collect()
        });
        records.push(Stored {
            partition: message.partition(),
            key: text(message.key()),
            value: text(message.payload()),
            headers,
            timestamp: message.timestamp().to_millis(),
        });
    }
    records
}

/// The values of a topic's records, in order for one partition.
pub fn values(topic: &str) -> Vec<String> {
    read(topic)
        .into_iter()
        .map(|record| record.value.unwrap())
        .collect()
}

/// A client for topics and groups.
pub fn admin() -> Admin {
    let props = [("bootstrap.servers".to_owned(), bootstrap())];
    let settings = ClientSettings::from_props(ClientKind::Admin, &props.into());
    Admin::new(&settings.unwrap()).unwrap()
}

/// Creates a topic.
pub async fn create(topic: &str, partitions: i32) {
    let new = NewTopic::new(topic, partitions, 1);
    admin().create_topic(&new).await.unwrap();
}

/// A record to produce.
#[derive(Debug, Clone, Default)]
pub struct ToSend<'a> {
    pub partition: i32,
    pub key: Option<&'a str>,
    pub value: Option<&'a str>,
    pub headers: Vec<(&'a str, Option<&'a str>)>,
    pub timestamp: Option<i64>,
}

/// Produces records and waits for their acknowledgement.
pub fn send_all<'a>(topic: &str, records: impl IntoIterator<Item = ToSend<'a>>) {
    use rdkafka::message::{Header, OwnedHeaders};
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap())
        .create()
        .unwrap();
    for record in records {
        let mut native = BaseRecord::<str, str>::to(topic).partition(record.partition);
        native.key = record.key;
        native.payload = record.value;
        native.timestamp = record.timestamp;
        let mut headers = OwnedHeaders::new();
        for (key, value) in &record.headers {
            headers = headers.insert(Header { key, value: *value });
        }
        if !record.headers.is_empty() {
            native.headers = Some(headers);
        }
        producer.send(native).unwrap();
        producer.poll(Duration::ZERO);
    }
    producer.flush(Duration::from_secs(20)).unwrap();
}

/// Produces values to partition 0.
pub fn send(topic: &str, values: &[&str]) {
    let records = values.iter().map(|value| ToSend {
        value: Some(value),
        ..ToSend::default()
    });
    send_all(topic, records);
}

/// The group of a sink.
pub fn group(connector: &str) -> String {
    format!("connect-{connector}")
}

/// What a group has committed of a partition.
pub fn committed(group: &str, topic: &str, partition: i32) -> Option<i64> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap())
        .set("group.id", group)
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, partition);
    let list = consumer
        .committed_offsets(list, Duration::from_secs(10))
        .unwrap();
    match list.elements()[0].offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}

/// Waits until a group has committed an offset of a partition.
pub async fn wait_committed(group: &str, topic: &str, partition: i32, wanted: i64) {
    let since = Instant::now();
    loop {
        let found = committed(group, topic, partition);
        if found == Some(wanted) {
            return;
        }
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "committed {found:?}, wanted {wanted}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
