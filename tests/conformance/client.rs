//! librdkafka, as an application uses it.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message, Timestamp};
use rdkafka::producer::FutureProducer;
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Value, json};

use crate::target::Target;

/// A client's configuration.
pub(crate) fn config(target: &Target, settings: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &target.bootstrap);
    for (key, value) in settings {
        config.set(*key, *value);
    }
    config
}

/// A producer.
pub(crate) fn producer(target: &Target, settings: &[(&str, &str)]) -> FutureProducer {
    config(target, settings).create().expect("a producer")
}

/// The first `count` records of a topic's partition 0.
///
/// # Panics
/// If they do not come within half a minute.
pub(crate) fn consume(target: &Target, topic: &str, count: usize) -> Vec<Value> {
    consume_with(target, topic, count, &[])
}

/// The same by a consumer of these settings.
pub(crate) fn consume_with(
    target: &Target,
    topic: &str,
    count: usize,
    settings: &[(&str, &str)],
) -> Vec<Value> {
    let mut config = config(target, settings);
    config
        .set("group.id", "unused")
        .set("enable.auto.commit", "false");
    config.set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut partitions = TopicPartitionList::new();
    let added = partitions.add_partition_offset(topic, 0, Offset::Beginning);
    added.expect("a partition");
    consumer.assign(&partitions).expect("assigned");
    let mut records = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(30);
    while records.len() < count {
        assert!(
            Instant::now() < deadline,
            "{} of {count} records",
            records.len()
        );
        match consumer.poll(Duration::from_millis(100)) {
            None | Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => {}
            Some(message) => records.push(observed(&message.expect("a record"))),
        }
    }
    records
}

/// A record as an application sees it.
pub(crate) fn observed(message: &BorrowedMessage<'_>) -> Value {
    let printable = |bytes: Option<&[u8]>| {
        let bytes = bytes.map(bytes::Bytes::copy_from_slice);
        crate::batch::printable(bytes.as_ref())
    };
    let headers: Vec<Value> = message.headers().map_or_else(Vec::new, |headers| {
        let headers = headers.iter();
        headers
            .map(|header| json!([header.key, printable(header.value)]))
            .collect()
    });
    let (kind, timestamp) = match message.timestamp() {
        Timestamp::NotAvailable => ("none", 0),
        Timestamp::CreateTime(time) => ("create", time),
        Timestamp::LogAppendTime(time) => ("append", time),
    };
    json!({
        "offset": message.offset(), "key": printable(message.key()),
        "value": printable(message.payload()), "headers": headers,
        "timestamp": [kind, timestamp],
    })
}
