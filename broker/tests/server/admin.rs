//! Topics and their configurations, through librdkafka's admin client.

use std::collections::HashMap;

use kafka_protocol::messages::AlterConfigsRequest;
use kafka_protocol::messages::alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::protocol::StrBytes;
use rdkafka::admin::{
    AdminOptions, AlterConfig, ConfigSource, NewPartitions, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::support::{Fixture, Raw, WAIT, wait};

fn options() -> AdminOptions {
    AdminOptions::new()
}

fn partitions(fixture: &Fixture, topic: &str) -> usize {
    let consumer: BaseConsumer = fixture
        .client()
        .set("allow.auto.create.topics", "false")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), WAIT).unwrap();
    metadata.topics()[0].partitions().len()
}

#[test]
fn topics_are_created_grown_and_deleted() {
    let fixture = Fixture::start();
    let admin = fixture.admin();
    fixture.create("t", 2, &[]);
    assert_eq!(partitions(&fixture, "t"), 2);
    let grown = wait(admin.create_partitions(&[NewPartitions::new("t", 5)], &options()));
    assert_eq!(grown.unwrap(), [Ok("t".to_owned())]);
    assert_eq!(partitions(&fixture, "t"), 5);
    let shrunk = wait(admin.create_partitions(&[NewPartitions::new("t", 3)], &options()));
    let shrunk = shrunk.unwrap().remove(0).unwrap_err().1;
    assert_eq!(shrunk, RDKafkaErrorCode::InvalidPartitions);
    let deleted = wait(admin.delete_topics(&["t", "unknown"], &options())).unwrap();
    assert_eq!(deleted[0], Ok("t".to_owned()));
    let unknown = RDKafkaErrorCode::UnknownTopicOrPartition;
    assert_eq!(deleted[1], Err(("unknown".to_owned(), unknown)));
    assert_eq!(partitions(&fixture, "t"), 0);
    // It is a new one that comes back.
    fixture.create("t", 1, &[]);
    assert!(fixture.consume("t").is_empty());
}

#[test]
fn what_cannot_be_created_is_refused_as_kafka_does() {
    let fixture = Fixture::start();
    let admin = fixture.admin();
    fixture.create("a.b", 1, &[]);
    let refused = |topic: NewTopic<'_>| {
        let results = wait(admin.create_topics(&[topic], &options())).unwrap();
        results.into_iter().next().unwrap().unwrap_err().1
    };
    let new = |name, partitions, replicas| {
        NewTopic::new(name, partitions, TopicReplication::Fixed(replicas))
    };
    let exists = refused(new("a.b", 1, 1));
    assert_eq!(exists, RDKafkaErrorCode::TopicAlreadyExists);
    let collides = refused(new("a_b", 1, 1));
    assert_eq!(collides, RDKafkaErrorCode::InvalidTopic);
    let replicated = refused(new("x", 1, 3));
    assert_eq!(replicated, RDKafkaErrorCode::InvalidReplicationFactor);
    let unknown_key = refused(new("x", 1, 1).set("retention", "5"));
    assert_eq!(unknown_key, RDKafkaErrorCode::InvalidConfig);
    let not_done = refused(new("x", 1, 1).set("compression.type", "zstd"));
    assert_eq!(not_done, RDKafkaErrorCode::InvalidConfig);
    assert_eq!(partitions(&fixture, "x"), 0);
}

#[test]
fn topics_are_created_by_being_asked_for_unless_told_otherwise() {
    let fixture = Fixture::with(|settings| settings.default_partitions = 3);
    fixture.produce("new", &[("k", "v")]);
    assert_eq!(partitions(&fixture, "new"), 3);
    let strict = Fixture::with(|settings| settings.auto_create_topics = false);
    let consumer: BaseConsumer = strict
        .client()
        .set("allow.auto.create.topics", "true")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some("new"), WAIT).unwrap();
    assert!(metadata.topics()[0].error().is_some());
}

fn described(fixture: &Fixture, topic: &str) -> HashMap<String, (String, ConfigSource)> {
    let asked = [ResourceSpecifier::Topic(topic)];
    let answer = wait(fixture.admin().describe_configs(&asked, &options())).unwrap();
    let resource = answer.into_iter().next().unwrap().unwrap();
    let entries = resource.entries.into_iter();
    entries
        .map(|entry| (entry.name, (entry.value.unwrap_or_default(), entry.source)))
        .collect()
}

#[test]
fn configurations_are_described_and_altered() {
    let fixture = Fixture::start();
    fixture.create("t", 1, &[("cleanup.policy", "compact")]);
    let before = described(&fixture, "t");
    assert_eq!(
        before["cleanup.policy"],
        ("compact".to_owned(), ConfigSource::DynamicTopic)
    );
    assert_eq!(
        before["retention.ms"],
        ("604800000".to_owned(), ConfigSource::Default)
    );
    let alter = AlterConfig::new(ResourceSpecifier::Topic("t")).set("retention.ms", "1000");
    let altered = wait(fixture.admin().alter_configs(&[alter], &options())).unwrap();
    assert!(altered[0].is_ok(), "{altered:?}");
    let refused = alter_raw(&fixture, "retention.ms", "soon");
    assert_eq!(refused.error_code, 40, "INVALID_CONFIG");
    let message = refused.error_message.unwrap();
    assert!(message.contains("retention.ms"), "{message}");
    let fixture = fixture.restarted();
    let after = described(&fixture, "t");
    // AlterConfigs puts its own in place of everything that was set.
    assert_eq!(after["cleanup.policy"].0, "delete");
    assert_eq!(
        after["retention.ms"],
        ("1000".to_owned(), ConfigSource::DynamicTopic)
    );
}

/// The admin client used here does not pass on the errors of single resources.
fn alter_raw(
    fixture: &Fixture,
    name: &'static str,
    value: &'static str,
) -> AlterConfigsResourceResponse {
    let config = AlterableConfig::default()
        .with_name(StrBytes::from_static_str(name))
        .with_value(Some(StrBytes::from_static_str(value)));
    let resource = AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(StrBytes::from_static_str("t"))
        .with_configs(vec![config]);
    let request = AlterConfigsRequest::default().with_resources(vec![resource]);
    let mut raw = Raw::connect(fixture.broker.address());
    raw.ask(2, &request).responses.remove(0)
}

#[test]
fn records_are_deleted_up_to_an_offset() {
    let fixture = Fixture::start();
    fixture.create("t", 1, &[]);
    fixture.create("compacted", 1, &[("cleanup.policy", "compact")]);
    for topic in ["t", "compacted"] {
        fixture.produce(topic, &[("a", "1"), ("b", "2"), ("c", "3")]);
    }
    let delete = |topic: &str, offset: Offset| {
        let mut before = TopicPartitionList::new();
        before.add_partition_offset(topic, 0, offset).unwrap();
        let deleted = wait(fixture.admin().delete_records(&before, &options()));
        deleted.map(|deleted| {
            let element = &deleted.elements()[0];
            element.error().map(|()| element.offset())
        })
    };
    assert_eq!(
        delete("t", Offset::Offset(2)).unwrap(),
        Ok(Offset::Offset(2))
    );
    let messages = fixture.consume("t");
    let rest: Vec<_> = messages.iter().map(|m| (m.offset(), m.key())).collect();
    assert_eq!(rest, [(2, Some(&b"c"[..]))]);
    let code = |deleted: Result<Result<Offset, KafkaError>, KafkaError>| {
        deleted.and_then(|d| d).unwrap_err().rdkafka_error_code()
    };
    assert_eq!(
        code(delete("t", Offset::Offset(9))),
        Some(RDKafkaErrorCode::OffsetOutOfRange)
    );
    assert_eq!(
        code(delete("compacted", Offset::Offset(1))),
        Some(RDKafkaErrorCode::PolicyViolation)
    );
    assert_eq!(delete("t", Offset::End).unwrap(), Ok(Offset::Offset(3)));
    let fixture = fixture.restarted();
    assert!(fixture.consume("t").is_empty());
}
