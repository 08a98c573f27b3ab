//! Metadata and DescribeTopicPartitions.

use connectd_harness::eventually;
use kafka_protocol::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{DescribeTopicPartitionsRequest, MetadataRequest};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::compare::behaviours;
use crate::raw::{self, topic_name};
use crate::target::Target;
use crate::wire::{Wire, error};

behaviours![
    a_topic_is_described_in_every_version,
    a_topic_is_described_by_its_id,
    a_topic_that_is_not_there,
    a_topic_is_created_when_it_is_asked_for,
    all_topics_are_listed,
    partitions_are_described_page_by_page,
];

fn seen(topic: &MetadataResponseTopic) -> Value {
    let mut partitions: Vec<Value> = (topic.partitions.iter())
        .map(|partition| {
            let ids = |ids: &[kafka_protocol::messages::BrokerId]| -> Vec<i32> {
                ids.iter().map(|id| id.0).collect()
            };
            json!({
                "error": error(partition.error_code), "index": partition.partition_index,
                "leader": partition.leader_id.0, "epoch": partition.leader_epoch,
                "replicas": ids(&partition.replica_nodes), "in sync": ids(&partition.isr_nodes),
                "offline": ids(&partition.offline_replicas),
            })
        })
        .collect();
    partitions.sort_by_key(|partition| partition["index"].as_i64());
    json!({
        "error": error(topic.error_code), "name": topic.name.as_ref().map(|name| name.to_string()),
        "id": topic.topic_id.is_nil(), "internal": topic.is_internal, "partitions": partitions,
        "operations": topic.topic_authorized_operations,
    })
}

async fn a_topic_is_described_in_every_version(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 3, &[]).await;
    let mut observed = Map::new();
    for version in 0..=13 {
        let topic = raw::describe(&mut wire, version, &name).await;
        observed.insert(version.to_string(), seen(&topic));
    }
    observed.into()
}

async fn a_topic_is_described_by_its_id(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let id = raw::describe(&mut wire, 12, &name).await.topic_id;
    let mut by_id = async |id: Uuid| {
        let topic = MetadataRequestTopic::default()
            .with_name(None)
            .with_topic_id(id);
        let request = MetadataRequest::default().with_topics(Some(vec![topic]));
        seen(&wire.ask(12, &request).await.topics[0])
    };
    json!({ "there": by_id(id).await, "not there": by_id(Uuid::from_u128(42)).await })
}

async fn a_topic_that_is_not_there(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    for version in [4, 9, 12, 13] {
        for name in [&target.unique("unknown"), "a/b", "."] {
            let topic = raw::describe(&mut wire, version, name).await;
            let name = if name.len() > 3 { "unknown" } else { name };
            observed.insert(format!("{name} {version}"), error(topic.error_code).into());
        }
    }
    observed.into()
}

async fn a_topic_is_created_when_it_is_asked_for(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    for version in [1, 4, 12] {
        let name = target.unique("automatic");
        let topic = MetadataRequestTopic::default().with_name(Some(topic_name(&name)));
        let request = MetadataRequest::default()
            .with_topics(Some(vec![topic]))
            .with_allow_auto_topic_creation(true);
        let found = eventually("a topic", async || {
            let found = wire.ask(version, &request).await.topics.remove(0);
            let patience = ["UnknownTopicOrPartition", "LeaderNotAvailable"];
            (!patience.contains(&error(found.error_code).as_str())).then_some(found)
        });
        observed.insert(version.to_string(), seen(&found.await));
    }
    let wrong = MetadataRequestTopic::default().with_name(Some(topic_name("a/b")));
    let request = MetadataRequest::default()
        .with_topics(Some(vec![wrong]))
        .with_allow_auto_topic_creation(true);
    observed.insert(
        "a wrong name".to_owned(),
        seen(&wire.ask(12, &request).await.topics[0]),
    );
    observed.into()
}

async fn all_topics_are_listed(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 2, &[]).await;
    let mut observed = Map::new();
    for version in [0, 1, 9, 12] {
        // In version 0 no topics are all topics.
        let topics = (version == 0).then(Vec::new);
        let answer = wire
            .ask(version, &MetadataRequest::default().with_topics(topics))
            .await;
        let found = answer.topics.iter();
        let found = found.filter(|topic| {
            topic
                .name
                .as_ref()
                .is_some_and(|found| found.as_str() == name)
        });
        observed.insert(version.to_string(), found.map(seen).collect());
    }
    observed.into()
}

async fn partitions_are_described_page_by_page(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let one = raw::create(target, 3, &[]).await;
    let two = raw::create(target, 2, &[]).await;
    let unknown = target.unique("unknown");
    let mut pages = Vec::new();
    let mut cursor = None;
    loop {
        let topics =
            [&one, &two, &unknown].map(|name| TopicRequest::default().with_name(topic_name(name)));
        let request = DescribeTopicPartitionsRequest::default()
            .with_topics(topics.to_vec())
            .with_response_partition_limit(2)
            .with_cursor(cursor);
        let answer = wire.ask(0, &request).await;
        let topics: Vec<Value> = (answer.topics.iter())
            .map(|topic| {
                let partitions = topic.partitions.iter();
                let partitions: Vec<Value> = partitions
                    .map(|one| {
                        json!([
                            error(one.error_code),
                            one.partition_index,
                            one.leader_id.0,
                            one.leader_epoch,
                            one.replica_nodes.len(),
                            one.isr_nodes.len()
                        ])
                    })
                    .collect();
                json!([
                    error(topic.error_code),
                    topic.name.as_ref().map(|name| name.to_string()),
                    partitions
                ])
            })
            .collect();
        pages.push(json!(topics));
        let Some(next) = answer.next_cursor else {
            break;
        };
        pages.push(json!([next.topic_name.to_string(), next.partition_index]));
        assert!(pages.len() < 20, "no end: {pages:?}");
        cursor = Some(
            Cursor::default()
                .with_topic_name(next.topic_name)
                .with_partition_index(next.partition_index),
        );
    }
    json!({ "pages": pages })
}
