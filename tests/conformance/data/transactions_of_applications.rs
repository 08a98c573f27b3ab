//! Transactions as an application makes them with librdkafka.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Value, json};

use crate::client;
use crate::compare::behaviours;
use crate::raw;
use crate::target::Target;

behaviours![
    transactions_are_committed_and_aborted,
    an_older_producer_is_fenced,
    records_and_offsets_are_committed_together,
];

const LIMIT: Duration = Duration::from_secs(30);

fn transactional(target: &Target, id: &str) -> FutureProducer {
    let producer = client::producer(target, &[("transactional.id", id)]);
    producer.init_transactions(LIMIT).expect("a producer id");
    producer
}

async fn send(producer: &FutureProducer, topic: &str, value: &str) -> Value {
    let record = FutureRecord::<(), _>::to(topic)
        .payload(value)
        .timestamp(1_700_000_000_000);
    match producer.send(record, LIMIT).await {
        Ok(delivery) => json!(delivery.offset),
        Err((error, _)) => json!(error.rdkafka_error_code().map(|code| format!("{code:?}"))),
    }
}

async fn transactions_are_committed_and_aborted(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let producer = transactional(target, &target.unique("id"));
    let mut offsets = Vec::new();
    for (value, commit) in [("a", true), ("b", false), ("c", false), ("d", true)] {
        producer.begin_transaction().expect("begun");
        offsets.push(send(&producer, &topic, value).await);
        offsets.push(send(&producer, &topic, value).await);
        if commit {
            producer.commit_transaction(LIMIT).expect("committed");
        } else {
            producer.abort_transaction(LIMIT).expect("aborted");
        }
    }
    let uncommitted = [("isolation.level", "read_uncommitted")];
    json!({
        "offsets": offsets, "committed": client::consume(target, &topic, 4),
        "all": client::consume_with(target, &topic, 8, &uncommitted),
    })
}

async fn an_older_producer_is_fenced(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let id = target.unique("id");
    let old = transactional(target, &id);
    old.begin_transaction().expect("begun");
    let first = send(&old, &topic, "old").await;
    let new = transactional(target, &id);
    new.begin_transaction().expect("begun");
    send(&new, &topic, "new").await;
    let late = send(&old, &topic, "late").await;
    let refused = old.commit_transaction(LIMIT).is_err();
    new.commit_transaction(LIMIT).expect("committed");
    json!({
        "first": first, "late": late, "refused": refused,
        "consumed": client::consume(target, &topic, 1),
    })
}

async fn records_and_offsets_are_committed_together(target: &Target) -> Value {
    let (from, to) = (
        raw::create(target, 1, &[]).await,
        raw::create(target, 1, &[]).await,
    );
    let plain = client::producer(target, &[]);
    for value in ["a", "b", "c", "d"] {
        send(&plain, &from, value).await;
    }
    let group = target.unique("group");
    let settings = [
        ("group.id", group.as_str()),
        ("enable.auto.commit", "false"),
        ("auto.offset.reset", "earliest"),
    ];
    let consumer: BaseConsumer = client::config(target, &settings)
        .create()
        .expect("a consumer");
    consumer.subscribe(&[&from]).expect("subscribed");
    let producer = transactional(target, &target.unique("id"));
    let mut observed = Vec::new();
    for commit in [true, false, true] {
        let message = loop {
            if let Some(message) = consumer.poll(LIMIT) {
                break client::observed(&message.expect("a record"));
            }
        };
        producer.begin_transaction().expect("begun");
        send(&producer, &to, message["value"].as_str().unwrap()).await;
        let mut offsets = TopicPartitionList::new();
        let next = Offset::Offset(message["offset"].as_i64().unwrap() + 1);
        offsets.add_partition_offset(&from, 0, next).unwrap();
        let metadata = consumer.group_metadata().expect("a member");
        let sent = producer.send_offsets_to_transaction(&offsets, &metadata, LIMIT);
        sent.expect("sent");
        if commit {
            producer.commit_transaction(LIMIT).expect("committed");
        } else {
            producer.abort_transaction(LIMIT).expect("aborted");
        }
        let committed = consumer.committed(LIMIT).expect("offsets");
        let committed = committed.find_partition(&from, 0).unwrap().offset();
        observed.push(json!([message["value"], format!("{committed:?}")]));
    }
    json!({ "steps": observed, "written": client::consume(target, &to, 2) })
}
