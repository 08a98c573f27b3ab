//! The requests that most behaviours need, by the raw client.

use bytes::BytesMut;
use connectd_harness::eventually;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{
    BrokerId, CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, FetchRequest,
    FindCoordinatorRequest, ListOffsetsRequest, MetadataRequest, ProduceRequest, TopicName,
    TransactionalId,
};
use serde_json::{Value, json};

use crate::target::Target;
use crate::wire::{Wire, error, text};

/// The newest versions whose messages name topics by name; of Produce, the newest that does not
/// add partitions to a transaction by itself.
pub(crate) const PRODUCE: i16 = 11;
pub(crate) const FETCH: i16 = 12;
pub(crate) const LIST_OFFSETS: i16 = 10;
pub(crate) const METADATA: i16 = 13;
pub(crate) const CREATE_TOPICS: i16 = 7;

/// A topic's name as the messages have it.
pub(crate) fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

/// A topic to be created.
pub(crate) fn new_topic(name: &str, partitions: i32, configs: &[(&str, &str)]) -> CreatableTopic {
    let configs = configs.iter().map(|(name, value)| config(name, value));
    CreatableTopic::default()
        .with_name(topic_name(name))
        .with_num_partitions(partitions)
        .with_replication_factor(1)
        .with_configs(configs.collect())
}

fn config(name: &str, value: &str) -> CreatableTopicConfig {
    CreatableTopicConfig::default()
        .with_name(text(name))
        .with_value(Some(text(value)))
}

/// Creates a topic and waits until it can be used; its name.
pub(crate) async fn create(target: &Target, partitions: i32, configs: &[(&str, &str)]) -> String {
    let mut wire = Wire::open(target).await;
    let name = target.unique("topic");
    create_named(&mut wire, &name, partitions, configs).await;
    name
}

/// Creates a topic of that name and waits until it can be used.
pub(crate) async fn create_named(
    wire: &mut Wire,
    name: &str,
    partitions: i32,
    configs: &[(&str, &str)],
) {
    let mut topic = new_topic(name, partitions, configs);
    // The records here have times of long ago.
    if !configs.iter().any(|(name, _)| *name == "retention.ms") {
        topic.configs.push(config("retention.ms", "-1"));
    }
    let request = CreateTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(30_000);
    let answer = wire.ask(CREATE_TOPICS, &request).await;
    assert_eq!(error(answer.topics[0].error_code), "none");
    wait_for_topic(wire, name, partitions).await;
}

/// Waits until the partitions of a topic answer.
pub(crate) async fn wait_for_topic(wire: &mut Wire, name: &str, partitions: i32) {
    let mut ready = 0;
    while ready < partitions {
        let found = list_offsets(wire, LIST_OFFSETS, name, ready, -1).await;
        match found["error"].as_str() {
            Some("none") => ready += 1,
            Some("UnknownTopicOrPartition" | "NotLeaderOrFollower" | "LeaderNotAvailable") => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            _ => panic!("{found}"),
        }
    }
}

/// What Metadata says about a topic.
pub(crate) async fn describe(wire: &mut Wire, version: i16, name: &str) -> MetadataResponseTopic {
    let topic = MetadataRequestTopic::default().with_name(Some(topic_name(name)));
    let request = MetadataRequest::default()
        .with_topics(Some(vec![topic]))
        .with_allow_auto_topic_creation(version < 4);
    wire.ask(version, &request).await.topics.remove(0)
}

/// Where a request goes: a topic's partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct To<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
}

/// The first partition of a topic.
pub(crate) fn first(topic: &str) -> To<'_> {
    To {
        topic,
        partition: 0,
    }
}

/// A request to produce one batch.
pub(crate) fn produce_request(to: To<'_>, acks: i16, batch: BytesMut) -> ProduceRequest {
    let partition = PartitionProduceData::default()
        .with_index(to.partition)
        .with_records(Some(batch.freeze()));
    let topic = TopicProduceData::default()
        .with_name(topic_name(to.topic))
        .with_partition_data(vec![partition]);
    ProduceRequest::default()
        .with_acks(acks)
        .with_timeout_ms(30_000)
        .with_topic_data(vec![topic])
}

/// The same in a transaction.
pub(crate) fn in_transaction(request: ProduceRequest, id: &str) -> ProduceRequest {
    request.with_transactional_id(Some(TransactionalId(text(id))))
}

/// Sends one batch and says what became of it.
pub(crate) async fn produce(wire: &mut Wire, to: To<'_>, batch: BytesMut) -> Value {
    let request = produce_request(to, -1, batch);
    let mut answer = wire.ask(PRODUCE, &request).await;
    produced(&answer.responses.remove(0).partition_responses[0])
}

/// What became of a batch.
pub(crate) fn produced(answer: &PartitionProduceResponse) -> Value {
    // Where the log begins is said with some errors too, which no client looks at.
    let start = (answer.error_code == 0).then_some(answer.log_start_offset);
    json!({
        "error": error(answer.error_code), "offset": answer.base_offset,
        "append time": answer.log_append_time_ms, "start": start,
        "errors of records": answer.record_errors.iter().map(|error| error.batch_index).collect::<Vec<_>>(),
    })
}

/// What to fetch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fetch {
    pub(crate) offset: i64,
    pub(crate) committed: bool,
    pub(crate) max_wait_ms: i32,
    pub(crate) min_bytes: i32,
    pub(crate) max_bytes: i32,
    pub(crate) leader_epoch: i32,
}

/// All there is from an offset on, now.
pub(crate) fn from(offset: i64) -> Fetch {
    Fetch {
        offset,
        committed: false,
        max_wait_ms: 0,
        min_bytes: 1,
        max_bytes: 10_000_000,
        leader_epoch: -1,
    }
}

/// A request to fetch from one partition, without a session.
pub(crate) fn fetch_request(to: To<'_>, what: Fetch) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_partition(to.partition)
        .with_current_leader_epoch(what.leader_epoch)
        .with_fetch_offset(what.offset)
        .with_partition_max_bytes(what.max_bytes);
    let topic = FetchTopic::default()
        .with_topic(topic_name(to.topic))
        .with_partitions(vec![partition]);
    FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_wait_ms(what.max_wait_ms)
        .with_min_bytes(what.min_bytes)
        .with_max_bytes(what.max_bytes)
        .with_isolation_level(i8::from(what.committed))
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

/// Fetches from one partition.
pub(crate) async fn fetch(wire: &mut Wire, to: To<'_>, what: Fetch) -> Value {
    let mut answer = wire.ask(FETCH, &fetch_request(to, what)).await;
    fetched(&answer.responses.remove(0).partitions[0])
}

/// What was fetched.
pub(crate) fn fetched(partition: &PartitionData) -> Value {
    let aborted = partition.aborted_transactions.as_ref();
    json!({
        "error": error(partition.error_code), "high watermark": partition.high_watermark,
        "last stable offset": partition.last_stable_offset, "start": partition.log_start_offset,
        "aborted": aborted.map(|aborted| aborted.iter().map(|one| one.first_offset).collect::<Vec<_>>()),
        "preferred replica": partition.preferred_read_replica.0,
        "batches": crate::batch::read(partition.records.clone().unwrap_or_default()),
    })
}

/// What ListOffsets says for a timestamp, or one of its special values.
pub(crate) async fn list_offsets(
    wire: &mut Wire,
    version: i16,
    topic: &str,
    partition: i32,
    timestamp: i64,
) -> Value {
    list_offsets_for(wire, version, To { topic, partition }, (timestamp, false)).await
}

/// The same for what is committed only, if so wanted.
pub(crate) async fn list_offsets_for(
    wire: &mut Wire,
    version: i16,
    to: To<'_>,
    (timestamp, committed): (i64, bool),
) -> Value {
    let partition = ListOffsetsPartition::default()
        .with_partition_index(to.partition)
        .with_timestamp(timestamp);
    let topic = ListOffsetsTopic::default()
        .with_name(topic_name(to.topic))
        .with_partitions(vec![partition]);
    let request = ListOffsetsRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_isolation_level(i8::from(committed))
        .with_topics(vec![topic]);
    let answer = wire.ask(version, &request).await;
    let found = &answer.topics[0].partitions[0];
    json!({
        "error": error(found.error_code), "offset": found.offset,
        "timestamp": found.timestamp, "leader epoch": found.leader_epoch,
    })
}

/// Waits until the coordinator of a group (0) or a transactional id (1) is there: the first one of
/// a new broker is not at once.
pub(crate) async fn wait_for_coordinator(wire: &mut Wire, key: &str, kind: i8) {
    eventually("a coordinator", async || {
        let request = FindCoordinatorRequest::default()
            .with_key_type(kind)
            .with_coordinator_keys(vec![text(key)]);
        let answer = wire.ask(4, &request).await;
        (answer.coordinators[0].error_code == 0).then_some(())
    })
    .await;
}

/// Whether the coordinator asks for patience: it is being found, reads its log, or is not done
/// with the last transaction.
pub(crate) fn wants_patience(code: i16) -> bool {
    matches!(
        error(code).as_str(),
        "CoordinatorLoadInProgress"
            | "CoordinatorNotAvailable"
            | "NotCoordinator"
            | "ConcurrentTransactions"
    )
}

/// Deletes a topic.
pub(crate) async fn delete(wire: &mut Wire, topic: &str) {
    let state = DeleteTopicState::default().with_name(Some(topic_name(topic)));
    let request = DeleteTopicsRequest::default()
        .with_timeout_ms(30_000)
        .with_topics(vec![state]);
    let answer = wire.ask(6, &request).await;
    assert_eq!(error(answer.responses[0].error_code), "none");
}

/// Adds partitions to a topic, up to that number.
pub(crate) async fn grow(target: &Target, topic: &str, count: i32) {
    let mut wire = Wire::open(target).await;
    let more = CreatePartitionsTopic::default()
        .with_name(topic_name(topic))
        .with_count(count)
        .with_assignments(None);
    let request = CreatePartitionsRequest::default()
        .with_topics(vec![more])
        .with_timeout_ms(30_000);
    let answer = wire.ask(3, &request).await;
    assert_eq!(error(answer.results[0].error_code), "none");
}
