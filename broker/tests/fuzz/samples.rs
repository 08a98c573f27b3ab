//! A real request of every API in every version, with something in each of its arrays.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::alter_configs_request as alter;
use kafka_protocol::messages::create_partitions_request::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::incremental_alter_configs_request as incremental;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Encodable, StrBytes};
use uuid::Uuid;

use crate::batches;

/// What the requests are about.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) topic: String,
    pub(crate) id: Uuid,
    /// Groups and transactional ids; each request has one of its own, so that it does not wait for
    /// the members that others have left in theirs.
    pub(crate) group: String,
}

impl About {
    fn topic(&self) -> TopicName {
        TopicName(text(&self.topic))
    }

    fn group(&self) -> GroupId {
        GroupId(text(&self.group))
    }

    fn transaction(&self) -> TransactionalId {
        TransactionalId(text(&self.group))
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Writes a request in a version; whether it has a form for it.
type Encode<'a> = &'a dyn Fn(&mut BytesMut, i16) -> bool;

/// The body of the first of these that the version has a form for.
fn first(version: i16, requests: &[Encode<'_>]) -> Bytes {
    for request in requests {
        let mut body = BytesMut::new();
        if request(&mut body, version) {
            return body.freeze();
        }
    }
    panic!("no request in version {version}");
}

fn encoded<R: Encodable>(request: R) -> impl Fn(&mut BytesMut, i16) -> bool {
    move |body, version| request.encode(body, version).is_ok()
}

/// A request's body.
pub(crate) fn sample(key: ApiKey, version: i16, about: &About) -> Bytes {
    match key {
        ApiKey::Produce | ApiKey::Fetch | ApiKey::ListOffsets | ApiKey::DeleteRecords => {
            records(key, version, about)
        }
        ApiKey::JoinGroup
        | ApiKey::SyncGroup
        | ApiKey::Heartbeat
        | ApiKey::LeaveGroup
        | ApiKey::DescribeGroups
        | ApiKey::ListGroups
        | ApiKey::DeleteGroups => membership(key, version, about),
        ApiKey::OffsetCommit | ApiKey::OffsetFetch | ApiKey::OffsetDelete => {
            offsets(key, version, about)
        }
        ApiKey::InitProducerId
        | ApiKey::AddPartitionsToTxn
        | ApiKey::AddOffsetsToTxn
        | ApiKey::TxnOffsetCommit
        | ApiKey::EndTxn => transactions(key, version, about),
        ApiKey::CreateTopics | ApiKey::DeleteTopics | ApiKey::CreatePartitions => {
            topics(key, version, about)
        }
        ApiKey::DescribeConfigs | ApiKey::AlterConfigs | ApiKey::IncrementalAlterConfigs => {
            configs(key, version, about)
        }
        _ => cluster(key, version, about),
    }
}

fn records(key: ApiKey, version: i16, about: &About) -> Bytes {
    match key {
        ApiKey::Produce => {
            let batch = batches::batch(4, 1_700_000_000_000, &[vec![b'x'; 40], vec![b'y'; 3]]);
            let data = PartitionProduceData::default().with_records(Some(Bytes::from(batch)));
            let topic = TopicProduceData::default().with_partition_data(vec![data]);
            let of = |topic| {
                let request = ProduceRequest::default().with_acks(-1).with_timeout_ms(100);
                encoded(request.with_topic_data(vec![topic]))
            };
            let by_id = of(topic.clone().with_topic_id(about.id));
            first(version, &[&by_id, &of(topic.with_name(about.topic()))])
        }
        ApiKey::Fetch => fetch(version, about),
        ApiKey::ListOffsets => {
            let partition = ListOffsetsPartition::default().with_timestamp(-1);
            let topic = ListOffsetsTopic::default()
                .with_name(about.topic())
                .with_partitions(vec![partition]);
            let request = ListOffsetsRequest::default()
                .with_replica_id(BrokerId(-1))
                .with_topics(vec![topic]);
            first(version, &[&encoded(request)])
        }
        _ => {
            let partition = DeleteRecordsPartition::default().with_offset(1);
            let topic = DeleteRecordsTopic::default()
                .with_name(about.topic())
                .with_partitions(vec![partition]);
            let request = DeleteRecordsRequest::default().with_topics(vec![topic]);
            first(version, &[&encoded(request)])
        }
    }
}

fn fetch(version: i16, about: &About) -> Bytes {
    let partition = FetchPartition::default().with_partition_max_bytes(1000);
    let request = FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_bytes(1000);
    let topic = FetchTopic::default().with_partitions(vec![partition]);
    let forgotten = ForgottenTopic::default().with_partitions(vec![3]);
    let by_id = request
        .clone()
        .with_topics(vec![topic.clone().with_topic_id(about.id)])
        .with_forgotten_topics_data(vec![forgotten.clone().with_topic_id(about.id)])
        .with_cluster_id(Some(text("c")));
    let by_name = request.with_topics(vec![topic.with_topic(about.topic())]);
    let forgetting = by_name
        .clone()
        .with_forgotten_topics_data(vec![forgotten.with_topic(about.topic())]);
    first(
        version,
        &[&encoded(by_id), &encoded(forgetting), &encoded(by_name)],
    )
}

fn membership(key: ApiKey, version: i16, about: &About) -> Bytes {
    let (group, member, instance) = (about.group(), text("member"), Some(text("instance")));
    match key {
        ApiKey::JoinGroup => {
            let protocol = JoinGroupRequestProtocol::default()
                .with_name(text("range"))
                .with_metadata(Bytes::from_static(b"\0\x01\0\0\0\x01\0\x01t\0\0\0\0"));
            let request = JoinGroupRequest::default()
                .with_group_id(group)
                .with_session_timeout_ms(6000)
                .with_rebalance_timeout_ms(6000)
                .with_protocol_type(text("consumer"))
                .with_protocols(vec![protocol]);
            let fixed = request.clone().with_group_instance_id(instance);
            first(version, &[&encoded(fixed), &encoded(request)])
        }
        ApiKey::SyncGroup => {
            let assignment = SyncGroupRequestAssignment::default()
                .with_member_id(member.clone())
                .with_assignment(Bytes::from_static(b"\0\x01\0\0\0\0\0\0\0\0"));
            let request = SyncGroupRequest::default()
                .with_group_id(group)
                .with_generation_id(1)
                .with_member_id(member)
                .with_assignments(vec![assignment]);
            let named = request
                .clone()
                .with_protocol_type(Some(text("consumer")))
                .with_protocol_name(Some(text("range")));
            first(version, &[&encoded(named), &encoded(request)])
        }
        ApiKey::Heartbeat => {
            let request = HeartbeatRequest::default()
                .with_group_id(group)
                .with_member_id(member);
            let fixed = request.clone().with_group_instance_id(instance);
            first(version, &[&encoded(fixed), &encoded(request)])
        }
        ApiKey::LeaveGroup => {
            let request = LeaveGroupRequest::default().with_group_id(group);
            let one = MemberIdentity::default().with_member_id(member.clone());
            let many = request.clone().with_members(vec![one.clone(), one]);
            first(
                version,
                &[&encoded(many), &encoded(request.with_member_id(member))],
            )
        }
        ApiKey::DescribeGroups => {
            let request = DescribeGroupsRequest::default().with_groups(vec![group.clone(), group]);
            first(version, &[&encoded(request)])
        }
        ApiKey::ListGroups => {
            let request = ListGroupsRequest::default();
            let filtered = request.clone().with_states_filter(vec![text("Stable")]);
            let typed = filtered.clone().with_types_filter(vec![text("classic")]);
            first(
                version,
                &[&encoded(typed), &encoded(filtered), &encoded(request)],
            )
        }
        _ => {
            let request = DeleteGroupsRequest::default().with_groups_names(vec![group]);
            first(version, &[&encoded(request)])
        }
    }
}

fn offsets(key: ApiKey, version: i16, about: &About) -> Bytes {
    match key {
        ApiKey::OffsetCommit => {
            let partition = OffsetCommitRequestPartition::default()
                .with_committed_offset(3)
                .with_committed_metadata(Some(text("metadata")));
            let topic = OffsetCommitRequestTopic::default()
                .with_name(about.topic())
                .with_partitions(vec![partition]);
            let request = OffsetCommitRequest::default()
                .with_group_id(about.group())
                .with_generation_id_or_member_epoch(-1)
                .with_topics(vec![topic]);
            first(version, &[&encoded(request)])
        }
        ApiKey::OffsetFetch => {
            let topic = OffsetFetchRequestTopic::default()
                .with_name(about.topic())
                .with_partition_indexes(vec![0, 1]);
            let one = OffsetFetchRequest::default()
                .with_group_id(about.group())
                .with_topics(Some(vec![topic]));
            let topic = OffsetFetchRequestTopics::default()
                .with_name(about.topic())
                .with_partition_indexes(vec![0, 1]);
            let group = OffsetFetchRequestGroup::default()
                .with_group_id(about.group())
                .with_topics(Some(vec![topic]));
            let many = OffsetFetchRequest::default().with_groups(vec![group]);
            first(version, &[&encoded(many), &encoded(one)])
        }
        _ => {
            let topic = OffsetDeleteRequestTopic::default()
                .with_name(about.topic())
                .with_partitions(vec![OffsetDeleteRequestPartition::default()]);
            let request = OffsetDeleteRequest::default()
                .with_group_id(about.group())
                .with_topics(vec![topic]);
            first(version, &[&encoded(request)])
        }
    }
}

fn transactions(key: ApiKey, version: i16, about: &About) -> Bytes {
    let (id, producer) = (about.transaction(), ProducerId(1));
    match key {
        ApiKey::InitProducerId => {
            let request = InitProducerIdRequest::default()
                .with_transactional_id(Some(id))
                .with_transaction_timeout_ms(1000)
                .with_producer_id(ProducerId(-1))
                .with_producer_epoch(-1);
            first(version, &[&encoded(request)])
        }
        ApiKey::AddPartitionsToTxn => {
            let topic = AddPartitionsToTxnTopic::default()
                .with_name(about.topic())
                .with_partitions(vec![0, 1]);
            let request = AddPartitionsToTxnRequest::default()
                .with_v3_and_below_transactional_id(id)
                .with_v3_and_below_producer_id(producer)
                .with_v3_and_below_topics(vec![topic]);
            first(version, &[&encoded(request)])
        }
        ApiKey::AddOffsetsToTxn => {
            let request = AddOffsetsToTxnRequest::default()
                .with_transactional_id(id)
                .with_producer_id(producer)
                .with_group_id(about.group());
            first(version, &[&encoded(request)])
        }
        ApiKey::TxnOffsetCommit => {
            let partition = TxnOffsetCommitRequestPartition::default().with_committed_offset(3);
            let topic = TxnOffsetCommitRequestTopic::default()
                .with_name(about.topic())
                .with_partitions(vec![partition]);
            let request = TxnOffsetCommitRequest::default()
                .with_transactional_id(id)
                .with_group_id(about.group())
                .with_producer_id(producer)
                .with_topics(vec![topic]);
            first(version, &[&encoded(request)])
        }
        _ => {
            let request = EndTxnRequest::default()
                .with_transactional_id(id)
                .with_producer_id(producer)
                .with_committed(true);
            first(version, &[&encoded(request)])
        }
    }
}

fn topics(key: ApiKey, version: i16, about: &About) -> Bytes {
    match key {
        ApiKey::CreateTopics => {
            let config = CreatableTopicConfig::default()
                .with_name(text("retention.ms"))
                .with_value(Some(text("1000")));
            let assignment =
                CreatableReplicaAssignment::default().with_broker_ids(vec![BrokerId(1)]);
            let topic = CreatableTopic::default()
                .with_name(TopicName(text("fuzzed-new")))
                .with_num_partitions(-1)
                .with_replication_factor(-1)
                .with_assignments(vec![assignment])
                .with_configs(vec![config]);
            let request = CreateTopicsRequest::default()
                .with_topics(vec![topic])
                .with_validate_only(true);
            first(version, &[&encoded(request)])
        }
        ApiKey::DeleteTopics => {
            let name = TopicName(text("fuzzed-gone"));
            let state = DeleteTopicState::default().with_name(Some(name.clone()));
            let states = DeleteTopicsRequest::default().with_topics(vec![state]);
            let names = DeleteTopicsRequest::default().with_topic_names(vec![name]);
            first(version, &[&encoded(states), &encoded(names)])
        }
        _ => {
            let assignment =
                CreatePartitionsAssignment::default().with_broker_ids(vec![BrokerId(1)]);
            let topic = CreatePartitionsTopic::default()
                .with_name(about.topic())
                .with_count(2)
                .with_assignments(Some(vec![assignment]));
            let request = CreatePartitionsRequest::default()
                .with_topics(vec![topic])
                .with_validate_only(true);
            first(version, &[&encoded(request)])
        }
    }
}

fn configs(key: ApiKey, version: i16, about: &About) -> Bytes {
    const TOPIC: i8 = 2;
    match key {
        ApiKey::DescribeConfigs => {
            let resource = DescribeConfigsResource::default()
                .with_resource_type(TOPIC)
                .with_resource_name(text(&about.topic))
                .with_configuration_keys(Some(vec![text("retention.ms")]));
            let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
            first(version, &[&encoded(request)])
        }
        ApiKey::AlterConfigs => {
            let config = alter::AlterableConfig::default()
                .with_name(text("retention.ms"))
                .with_value(Some(text("-1")));
            let resource = alter::AlterConfigsResource::default()
                .with_resource_type(TOPIC)
                .with_resource_name(text(&about.topic))
                .with_configs(vec![config]);
            let request = AlterConfigsRequest::default().with_resources(vec![resource]);
            first(version, &[&encoded(request)])
        }
        _ => {
            let config = incremental::AlterableConfig::default()
                .with_name(text("retention.ms"))
                .with_value(Some(text("-1")));
            let resource = incremental::AlterConfigsResource::default()
                .with_resource_type(TOPIC)
                .with_resource_name(text(&about.topic))
                .with_configs(vec![config]);
            let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
            first(version, &[&encoded(request)])
        }
    }
}

fn cluster(key: ApiKey, version: i16, about: &About) -> Bytes {
    match key {
        ApiKey::Metadata => {
            let topic = MetadataRequestTopic::default().with_name(Some(about.topic()));
            let request = MetadataRequest::default()
                .with_topics(Some(vec![topic]))
                .with_allow_auto_topic_creation(version < 4);
            first(version, &[&encoded(request)])
        }
        ApiKey::FindCoordinator => {
            let one = FindCoordinatorRequest::default().with_key(text(&about.group));
            let many = FindCoordinatorRequest::default()
                .with_coordinator_keys(vec![text(&about.group), text("b")]);
            first(version, &[&encoded(many), &encoded(one)])
        }
        ApiKey::ApiVersions => {
            let named = ApiVersionsRequest::default()
                .with_client_software_name(text("fuzz"))
                .with_client_software_version(text("1"));
            let plain = ApiVersionsRequest::default();
            first(version, &[&encoded(named), &encoded(plain)])
        }
        ApiKey::SaslHandshake => {
            let request = SaslHandshakeRequest::default().with_mechanism(text("PLAIN"));
            first(version, &[&encoded(request)])
        }
        ApiKey::SaslAuthenticate => {
            let request =
                SaslAuthenticateRequest::default().with_auth_bytes(Bytes::from_static(b"\0a\0b"));
            first(version, &[&encoded(request)])
        }
        ApiKey::OffsetForLeaderEpoch => {
            let partition = OffsetForLeaderPartition::default();
            let topic = OffsetForLeaderTopic::default()
                .with_topic(about.topic())
                .with_partitions(vec![partition]);
            let request = OffsetForLeaderEpochRequest::default()
                .with_replica_id(BrokerId(-1))
                .with_topics(vec![topic]);
            let oldest = request.clone().with_replica_id(BrokerId(-2));
            first(version, &[&encoded(request), &encoded(oldest)])
        }
        ApiKey::DescribeCluster => first(version, &[&encoded(DescribeClusterRequest::default())]),
        ApiKey::DescribeTopicPartitions => {
            let topic = TopicRequest::default().with_name(about.topic());
            let cursor = Cursor::default().with_topic_name(about.topic());
            let request = DescribeTopicPartitionsRequest::default()
                .with_topics(vec![topic])
                .with_cursor(Some(cursor));
            first(version, &[&encoded(request)])
        }
        unknown => panic!("there is no sample of {unknown:?}"),
    }
}
