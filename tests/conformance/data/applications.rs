//! Records as an application sends and reads them with librdkafka.

use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Map, Value, json};

use crate::client;
use crate::compare::behaviours;
use crate::raw;
use crate::target::Target;

behaviours![
    records_are_acknowledged_as_asked,
    headers_arrive_as_they_were_sent,
    an_idempotent_producer_keeps_the_order,
    topics_come_and_go,
    offsets_are_found,
    a_record_too_large_is_refused,
];

const LIMIT: Duration = Duration::from_secs(30);

async fn records_are_acknowledged_as_asked(target: &Target) -> Value {
    let mut observed = Map::new();
    for acks in ["0", "1", "all"] {
        let topic = raw::create(target, 1, &[]).await;
        let producer = client::producer(target, &[("acks", acks), ("linger.ms", "0")]);
        let mut partitions = Vec::new();
        for value in ["a", "b", "c"] {
            let record = FutureRecord::to(&topic).key("k").payload(value);
            let delivery = producer.send(record.timestamp(1000), LIMIT).await;
            let delivery = delivery.expect("delivered");
            // Without acks nobody knows the offset.
            partitions.push(json!([delivery.partition, delivery.offset]));
        }
        let consumed = client::consume(target, &topic, 3);
        observed.insert(acks.to_owned(), json!([partitions, consumed]));
    }
    observed.into()
}

async fn headers_arrive_as_they_were_sent(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let producer = client::producer(target, &[]);
    let header = |key, value| Header { key, value };
    let headers = OwnedHeaders::new()
        .insert(header("b", Some("1")))
        .insert(header("a", Some("")))
        .insert(header("a", None))
        .insert(header("b", Some("2")))
        .insert(header("b", Some("1")));
    let record = FutureRecord::<(), ()>::to(&topic)
        .headers(headers)
        .timestamp(1000);
    producer.send(record, LIMIT).await.expect("delivered");
    json!({ "consumed": client::consume(target, &topic, 1) })
}

async fn an_idempotent_producer_keeps_the_order(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let settings = [("enable.idempotence", "true"), ("batch.num.messages", "50")];
    let producer = client::producer(target, &settings);
    let sent: Vec<_> = (0..2000)
        .map(|number| {
            let value = number.to_string();
            let record = FutureRecord::<(), _>::to(&topic)
                .payload(&value)
                .timestamp(1000);
            producer.send_result(record).expect("queued")
        })
        .collect();
    let mut offsets = Vec::new();
    for delivery in sent {
        offsets.push(delivery.await.expect("a report").expect("delivered").offset);
    }
    json!({ "offsets": offsets, "consumed": client::consume(target, &topic, 2000) })
}

async fn topics_come_and_go(target: &Target) -> Value {
    let admin: AdminClient<DefaultClientContext> = client::config(target, &[])
        .create()
        .expect("an admin client");
    let name = target.unique("admin");
    let options = AdminOptions::new().operation_timeout(Some(LIMIT));
    let topic = NewTopic::new(&name, 2, TopicReplication::Fixed(1)).set("retention.ms", "777");
    let show = |results: Vec<Result<String, (String, rdkafka::types::RDKafkaErrorCode)>>| {
        json!(
            results
                .into_iter()
                .map(|result| format!("{result:?}"))
                .collect::<Vec<_>>()
        )
    };
    let created = show(
        admin
            .create_topics([&topic], &options)
            .await
            .expect("answered"),
    );
    let twice = show(
        admin
            .create_topics([&topic], &options)
            .await
            .expect("answered"),
    );
    let more = NewPartitions::new(&name, 5);
    let grown = show(
        admin
            .create_partitions([&more], &options)
            .await
            .expect("answered"),
    );
    let resource = ResourceSpecifier::Topic(&name);
    let described = admin
        .describe_configs([&resource], &options)
        .await
        .expect("answered");
    let config = described[0]
        .as_ref()
        .expect("described")
        .get("retention.ms")
        .unwrap()
        .value
        .clone();
    let consumer: BaseConsumer = client::config(target, &[]).create().expect("a client");
    let metadata = consumer
        .fetch_metadata(Some(&name), LIMIT)
        .expect("metadata");
    let partitions = metadata.topics()[0].partitions().len();
    let deleted = show(
        admin
            .delete_topics(&[&name], &options)
            .await
            .expect("answered"),
    );
    let unknown = target.unique("unknown");
    let nothing = show(
        admin
            .delete_topics(&[&unknown], &options)
            .await
            .expect("answered"),
    );
    json!({
        "created": [created, twice], "grown": grown, "retention": config,
        "partitions": partitions, "deleted": [deleted, nothing],
    })
}

async fn offsets_are_found(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let producer = client::producer(target, &[]);
    for time in [1000, 2000, 3000] {
        let record = FutureRecord::<(), _>::to(&topic)
            .payload("a")
            .timestamp(time);
        producer.send(record, LIMIT).await.expect("delivered");
    }
    let consumer: BaseConsumer = client::config(target, &[]).create().expect("a client");
    let bounds = consumer.fetch_watermarks(&topic, 0, LIMIT).expect("bounds");
    let mut observed = Map::new();
    for time in [0, 1000, 1001, 3000, 3001] {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&topic, 0, Offset::Offset(time))
            .unwrap();
        let found = consumer.offsets_for_times(list, LIMIT).expect("found");
        let offset = found.find_partition(&topic, 0).unwrap().offset();
        observed.insert(time.to_string(), format!("{offset:?}").into());
    }
    observed.insert("bounds".to_owned(), json!([bounds.0, bounds.1]));
    observed.into()
}

async fn a_record_too_large_is_refused(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[("max.message.bytes", "10000")]).await;
    let producer = client::producer(target, &[]);
    let mut observed = Map::new();
    for size in [9_000, 11_000] {
        let value = "x".repeat(size);
        let record = FutureRecord::<(), _>::to(&topic).payload(&value);
        let sent = producer.send(record, LIMIT).await;
        let seen = match sent {
            Ok(delivery) => json!(delivery.offset),
            Err((error, _)) => json!(error.rdkafka_error_code().map(|code| format!("{code:?}"))),
        };
        observed.insert(size.to_string(), seen);
    }
    observed.into()
}
