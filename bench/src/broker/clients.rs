//! librdkafka, as fast as one producer and one consumer can be.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use rdkafka::{ClientConfig, ClientContext, Message as _, Offset, TopicPartitionList};

/// The size of a record's value; it has no key.
pub(super) const RECORD_SIZE: usize = 100;

/// The longest wait for a record or an acknowledgement.
pub(super) const LIMIT: Duration = Duration::from_secs(120);

/// How long the producer's queue is left alone when it is full.
const QUEUE_FULL: Duration = Duration::from_millis(1);

/// Counts the records that were not acknowledged.
#[derive(Default)]
pub(super) struct Failures(AtomicU64);

impl ClientContext for Failures {}

impl ProducerContext for Failures {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_err() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A producer with `acks=all` and more settings.
pub(super) struct Producer {
    producer: BaseProducer<Failures>,
    topic: String,
}

impl Producer {
    pub(super) fn new(bootstrap: &str, topic: &str, settings: &[(&str, &str)]) -> Self {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", bootstrap)
            .set("acks", "all")
            // One call for each record would cost as much as all the rest.
            .set("delivery.report.only.error", "true")
            .set("queue.buffering.max.messages", "500000");
        for (name, value) in settings {
            config.set(*name, *value);
        }
        let producer = config
            .create_with_context(Failures::default())
            .expect("a producer");
        let topic = topic.to_owned();
        Self { producer, topic }
    }

    /// Hands over a record; waits while the queue is full.
    pub(super) fn send(&self, value: &[u8]) {
        let mut record = BaseRecord::<(), [u8]>::to(&self.topic)
            .payload(value)
            .partition(0);
        loop {
            match self.producer.send(record) {
                Ok(()) => return,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    record = again;
                    self.producer.poll(QUEUE_FULL);
                }
                Err((error, _)) => panic!("a record cannot be sent: {error}"),
            }
        }
    }

    /// Waits until everything is acknowledged.
    pub(super) fn flush(&self) {
        self.producer.flush(LIMIT).expect("all are acknowledged");
        let failed = self.producer.context().0.load(Ordering::Relaxed);
        assert_eq!(failed, 0, "records were not acknowledged");
    }
}

/// A consumer of a topic's one partition, from its first record on.
pub(super) struct Consumer {
    consumer: BaseConsumer,
    next: i64,
}

impl Consumer {
    pub(super) fn new(bootstrap: &str, topic: &str) -> Self {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", bootstrap)
            .set("group.id", "connectd-bench")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // It pauses for a second whenever it has more than this, which would be what is measured.
            .set("queued.min.messages", "1000000")
            .set("fetch.queue.backoff.ms", "5");
        let consumer: BaseConsumer = config.create().expect("a consumer");
        let mut partitions = TopicPartitionList::new();
        partitions
            .add_partition_offset(topic, 0, Offset::Offset(0))
            .expect("an offset");
        consumer.assign(&partitions).expect("assigned");
        Self { consumer, next: 0 }
    }

    /// The next record's value is given to `take`; the offsets must have no gap.
    pub(super) fn next(&mut self, take: impl FnOnce(&[u8])) {
        let polled = self.consumer.poll(LIMIT);
        let message = polled
            .expect("a record comes in time")
            .expect("a record, and no error");
        assert_eq!(message.offset(), self.next);
        let value = message.payload().expect("a value");
        assert_eq!(value.len(), RECORD_SIZE);
        take(value);
        self.next += 1;
    }
}

/// Creates a topic of one partition.
pub(super) async fn create(bootstrap: &str, topic: &str) {
    let new = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
    let created = admin(bootstrap)
        .create_topics([&new], &AdminOptions::new())
        .await
        .expect("an answer");
    for result in created {
        result.expect("created");
    }
}

/// Deletes a topic.
pub(super) async fn delete(bootstrap: &str, topic: &str) {
    let deleted = admin(bootstrap)
        .delete_topics(&[topic], &AdminOptions::new())
        .await
        .expect("an answer");
    for result in deleted {
        result.expect("deleted");
    }
}

fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config.create().expect("an admin client")
}
