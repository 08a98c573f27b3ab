//! CreateTopics.

use kafka_protocol::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use kafka_protocol::messages::{BrokerId, CreateTopicsRequest};
use serde_json::{Map, Value, json};

use crate::compare::behaviours;
use crate::raw::{self, new_topic};
use crate::target::Target;
use crate::wire::{Wire, error};

behaviours![
    a_topic_is_created_with_its_settings,
    a_topic_is_created_in_every_version,
    a_wrong_topic_is_refused,
    assignments_are_checked,
    a_topic_that_is_only_validated_is_not_there,
    one_wrong_topic_does_not_keep_the_others_back,
];

async fn create(wire: &mut Wire, version: i16, topics: Vec<CreatableTopic>) -> Vec<Value> {
    let request = CreateTopicsRequest::default()
        .with_topics(topics)
        .with_timeout_ms(30_000);
    let answer = wire.ask(version, &request).await;
    let topics = answer.topics.iter();
    let mut topics: Vec<Value> = topics
        .map(|topic| {
            json!({
                "name": topic.name.0.as_str(), "error": error(topic.error_code),
                "message": topic.error_message.is_some(), "partitions": topic.num_partitions,
                "replicas": topic.replication_factor, "id": !topic.topic_id.is_nil(),
                "configs": topic.configs.is_some(),
            })
        })
        .collect();
    topics.sort_by_key(|topic| topic["name"].to_string());
    topics
}

async fn a_topic_is_created_with_its_settings(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = target.unique("settings");
    let topic = new_topic(
        &name,
        3,
        &[
            ("cleanup.policy", "compact"),
            ("max.message.bytes", "2000000"),
        ],
    );
    let request = CreateTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(30_000);
    let answer = wire.ask(7, &request).await;
    let created = &answer.topics[0];
    let configs = created.configs.iter().flatten();
    let configs: Map<String, Value> = configs
        .filter(|config| super::configs::COMPARED.contains(&config.name.as_str()))
        .map(|config| {
            let value = config.value.as_ref().map(ToString::to_string);
            let seen = json!([
                value,
                config.config_source,
                config.read_only,
                config.is_sensitive
            ]);
            (config.name.to_string(), seen)
        })
        .collect();
    raw::wait_for_topic(&mut wire, &name, 3).await;
    let described = raw::describe(&mut wire, raw::METADATA, &name).await;
    json!({
        "error": error(created.error_code), "partitions": created.num_partitions,
        "replicas": created.replication_factor, "configs": configs,
        "same id": created.topic_id == described.topic_id, "described": described.partitions.len(),
    })
}

async fn a_topic_is_created_in_every_version(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    for version in 2..=7 {
        let topic = new_topic(&target.unique("version"), 2, &[]);
        let created = create(&mut wire, version, vec![topic]).await;
        observed.insert(version.to_string(), created.into());
    }
    observed.into()
}

async fn a_wrong_topic_is_refused(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let there = raw::create(target, 1, &[]).await;
    let dotted = target.unique("dotted.name");
    create(&mut wire, 7, vec![new_topic(&dotted, 1, &[])]).await;
    let name = || target.unique("refused");
    let cases = [
        ("there already", new_topic(&there, 1, &[])),
        ("no name", new_topic("", 1, &[])),
        ("a dot", new_topic(".", 1, &[])),
        ("two dots", new_topic("..", 1, &[])),
        ("a slash", new_topic("a/b", 1, &[])),
        ("a space", new_topic("a b", 1, &[])),
        ("an umlaut", new_topic("ä", 1, &[])),
        (
            "249 characters and one",
            new_topic(&"x".repeat(250), 1, &[]),
        ),
        ("same metrics", new_topic(&dotted.replace('.', "_"), 1, &[])),
        ("no partitions", new_topic(&name(), 0, &[])),
        ("less than no partitions", new_topic(&name(), -2, &[])),
        (
            "no replicas",
            new_topic(&name(), 1, &[]).with_replication_factor(0),
        ),
        (
            "two replicas",
            new_topic(&name(), 1, &[]).with_replication_factor(2),
        ),
        (
            "less than no replicas",
            new_topic(&name(), 1, &[]).with_replication_factor(-2),
        ),
        (
            "the default",
            new_topic(&name(), -1, &[]).with_replication_factor(-1),
        ),
        (
            "an unknown setting",
            new_topic(&name(), 1, &[("no.such.thing", "1")]),
        ),
        (
            "a wrong number",
            new_topic(&name(), 1, &[("retention.ms", "soon")]),
        ),
        (
            "a number too small",
            new_topic(&name(), 1, &[("max.message.bytes", "-1")]),
        ),
        (
            "a wrong word",
            new_topic(&name(), 1, &[("cleanup.policy", "burn")]),
        ),
        (
            "a wrong type",
            new_topic(&name(), 1, &[("message.timestamp.type", "Whenever")]),
        ),
    ];
    let mut observed = Map::new();
    for (case, mut topic) in cases {
        topic.name = raw::topic_name(topic.name.as_str());
        let created = create(&mut wire, 7, vec![topic]).await;
        observed.insert(case.to_owned(), created[0].clone());
    }
    observed.into()
}

async fn assignments_are_checked(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let assigned = |assignments: &[(i32, &[i32])]| {
        let assignments = assignments.iter().map(|(partition, brokers)| {
            CreatableReplicaAssignment::default()
                .with_partition_index(*partition)
                .with_broker_ids(brokers.iter().map(|id| BrokerId(*id)).collect())
        });
        new_topic(&target.unique("assigned"), -1, &[])
            .with_replication_factor(-1)
            .with_assignments(assignments.collect())
    };
    let cases = [
        ("right", assigned(&[(0, &[1]), (1, &[1])])),
        ("a broker that is not there", assigned(&[(0, &[9])])),
        ("a broker twice", assigned(&[(0, &[1, 1])])),
        ("no broker", assigned(&[(0, &[])])),
        ("a gap", assigned(&[(0, &[1]), (2, &[1])])),
        (
            "and a number of partitions",
            assigned(&[(0, &[1])]).with_num_partitions(1),
        ),
        (
            "and a number of replicas",
            assigned(&[(0, &[1])]).with_replication_factor(1),
        ),
    ];
    let mut observed = Map::new();
    for (case, topic) in cases {
        let created = create(&mut wire, 7, vec![topic]).await;
        observed.insert(case.to_owned(), created[0].clone());
    }
    observed.into()
}

async fn a_topic_that_is_only_validated_is_not_there(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = target.unique("validated");
    let request = CreateTopicsRequest::default()
        .with_topics(vec![new_topic(&name, 2, &[])])
        .with_timeout_ms(30_000)
        .with_validate_only(true);
    let answer = wire.ask(7, &request).await;
    let described = raw::describe(&mut wire, raw::METADATA, &name).await;
    let answer = &answer.topics[0];
    json!({
        "answer": error(answer.error_code), "partitions": answer.num_partitions,
        "id": answer.topic_id.is_nil(), "described": error(described.error_code),
    })
}

async fn one_wrong_topic_does_not_keep_the_others_back(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let (right, twice) = (target.unique("right"), target.unique("twice"));
    let topics = vec![
        new_topic(&right, 1, &[]),
        new_topic(&twice, 1, &[]),
        new_topic(&twice, 2, &[]),
        new_topic("?", 1, &[]),
    ];
    json!({ "created": create(&mut wire, 7, topics).await })
}
