//! The admin client and the wait for a cluster, against a real broker.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::time::{Duration, Instant};

use connect_kafka::admin::{Admin, AdminError, NewTopic, PartitionBounds, TopicConfigs};
use connect_kafka::health::{RetryPolicy, wait_for_cluster};
use connect_kafka::log::LogEntry;
use connect_kafka::{ClientKind, ClientSettings, Props};
use support::*;

/// A topic's configuration; a broker may know it a moment after its creation was answered.
async fn configs(admin: &Admin, topic: &str) -> TopicConfigs {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(configs) = admin.topic_configs(topic).await.unwrap() {
            return configs;
        }
        assert!(Instant::now() < deadline, "{topic} is not there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn topics_are_created_described_and_deleted() {
    let admin = admin();
    let name = unique("created");
    let topic = NewTopic::new(name.clone(), 3, -1)
        .compacted()
        .config("segment.ms", "600000");
    admin.create_topic(&topic).await.unwrap();
    let description = admin.describe_topic(&name).await.unwrap().unwrap();
    assert_eq!(description.partitions, [0, 1, 2]);
    assert_eq!(description.replication_factor, 1);
    let configs = configs(&admin, &name).await;
    assert!(configs.is_only_compacted());
    assert_eq!(configs.get("segment.ms"), Some("600000"));

    let error = admin.create_topic(&topic).await.unwrap_err();
    assert!(matches!(error, AdminError::TopicExists { .. }), "{error}");
    assert!(!admin.create_topic_if_missing(&topic).await.unwrap());

    admin.delete_topic(&name).await.unwrap();
    let error = admin.delete_topic(&name).await.unwrap_err();
    assert!(matches!(error, AdminError::UnknownTopic { .. }), "{error}");
}

#[tokio::test]
async fn topics_are_created_together_each_with_its_own_outcome() {
    let admin = admin();
    let there = NewTopic::new(create(&admin, "there", 1).await, 1, 1);
    let (one, two) = (unique("one"), unique("two"));
    let topics = [
        NewTopic::new(&one, 2, 1).compacted(),
        NewTopic::new("not valid", 1, 1),
        there.clone(),
        NewTopic::new(unique("replicas"), 1, 99),
        NewTopic::new(&two, 1, 1),
    ];
    let topics: Vec<&NewTopic> = topics.iter().collect();
    let outcomes = admin.create_topics(&topics).await;
    let [Ok(()), Err(invalid), Err(exists), Err(replicas), Ok(())] = &outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert!(invalid.to_string().contains("' '"), "{invalid}");
    assert!(matches!(exists, AdminError::TopicExists { topic } if *topic == there.name));
    assert!(replicas.to_string().contains("99"), "{replicas}");
    for (name, partitions) in [(one, 2), (two, 1)] {
        let description = admin.describe_topic(&name).await.unwrap().unwrap();
        assert_eq!(description.partitions.len(), partitions);
    }
    assert!(admin.create_topics(&[]).await.is_empty());
}

#[tokio::test]
async fn asking_for_a_topic_does_not_create_it() {
    let admin = admin();
    let name = unique("absent");
    for _ in 0..2 {
        assert_eq!(admin.describe_topic(&name).await.unwrap(), None);
        assert_eq!(admin.topic_configs(&name).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_topic_that_is_not_compacted_is_seen_as_such() {
    let admin = admin();
    let deleting = unique("deleting");
    admin
        .create_topic(&NewTopic::new(deleting.clone(), 1, 1))
        .await
        .unwrap();
    assert!(!configs(&admin, &deleting).await.is_only_compacted());
    let both = unique("both");
    let topic = NewTopic::new(both.clone(), 1, 1).config("cleanup.policy", "compact,delete");
    admin.create_topic(&topic).await.unwrap();
    assert!(!configs(&admin, &both).await.is_only_compacted());
}

#[tokio::test]
async fn what_the_broker_refuses_is_said_with_what_was_asked() {
    let admin = admin();
    let name = unique("refused");
    let error = admin
        .create_topic(&NewTopic::new(name.clone(), 1, 9))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("replication factor 9"),
        "{error}"
    );
    let topic = NewTopic::new(name.clone(), 1, 1).config("cleanup.policy", "shred");
    let error = admin.create_topic(&topic).await.unwrap_err();
    assert!(
        error.to_string().contains("cleanup.policy=shred"),
        "{error}"
    );
    let error = admin
        .create_topic(&NewTopic::new("a/b", 1, 1))
        .await
        .unwrap_err();
    assert!(matches!(error, AdminError::InvalidTopic { .. }), "{error}");
    assert_eq!(admin.describe_topic(&name).await.unwrap(), None);
}

#[tokio::test]
async fn bounds_of_partitions() {
    let admin = admin();
    let topic = create(&admin, "bounds", 2).await;
    let entry = |partition| LogEntry {
        key: None,
        value: Some(b"v"),
        partition: Some(partition),
    };
    log_writer()
        .send_many(&topic, &[entry(1), entry(1), entry(1)])
        .await
        .unwrap();
    let bounds = admin.partition_bounds(&topic, &[0, 1]).await.unwrap();
    assert_eq!(bounds[&0], PartitionBounds { low: 0, high: 0 });
    assert_eq!(bounds[&1], PartitionBounds { low: 0, high: 3 });
}

#[tokio::test]
async fn the_cluster_has_an_id_and_brokers() {
    let cluster = wait_for_cluster(&admin(), RetryPolicy::default(), |_| {})
        .await
        .unwrap();
    assert!(cluster.cluster_id.is_some_and(|id| !id.is_empty()));
    assert!(!cluster.brokers.is_empty());
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_waited_for_and_the_reason_told() {
    let props = Props::from([
        ("bootstrap.servers".to_owned(), "127.0.0.1:9".to_owned()),
        ("client.id".to_owned(), "nobody-there".to_owned()),
    ]);
    let settings = ClientSettings::from_props(ClientKind::Admin, &props).unwrap();
    let admin = Admin::new(&settings).unwrap();
    let policy = RetryPolicy {
        attempt: Duration::from_millis(500),
        initial_backoff: Duration::from_millis(10),
        max_backoff: Duration::from_millis(20),
    };
    let mut told = Vec::new();
    let enough = tokio::sync::Notify::new();
    let wait = wait_for_cluster(&admin, policy, |failed| {
        told.push((failed.number, failed.error.to_string(), failed.next_in));
        let is_reason = |text: &str| text.contains("Connection refused");
        if told.len() >= 3 && told.iter().any(|(_, text, _)| is_reason(text)) {
            enough.notify_one();
        }
    });
    tokio::select! {
        cluster = wait => panic!("{cluster:?}"),
        () = enough.notified() => {}
        () = tokio::time::sleep(Duration::from_secs(30)) => panic!("it is not told why"),
    }
    assert_eq!(told[0].0, 1);
    assert_eq!(told[2].2, Duration::from_millis(20));
}
