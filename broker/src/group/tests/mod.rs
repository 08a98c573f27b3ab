//! The coordinator with a real offsets topic in a folder of its own.

mod administration;
mod membership;
mod offsets;
mod records;
mod transactions;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    GroupId, JoinGroupRequest, JoinGroupResponse, OffsetCommitRequest, OffsetFetchRequest,
    SyncGroupRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use tempfile::TempDir;

use super::{GroupSettings, Groups};
use crate::server::ClientContext;
use crate::topics::{TopicConfigs, Topics};

const TOPIC: &str = "orders";

/// A coordinator, and what it has besides.
struct Fixture {
    groups: Arc<Groups>,
    topics: Arc<Topics>,
    folder: TempDir,
}

impl Fixture {
    /// With the topic [`TOPIC`] of two partitions.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = Self::open_with(folder, GroupSettings::default());
        fixture
            .topics
            .create(TOPIC, 2, TopicConfigs::default())
            .unwrap();
        fixture
    }

    fn open_with(folder: TempDir, settings: GroupSettings) -> Self {
        let topics = Arc::new(Topics::open(folder.path()).unwrap());
        let settings = GroupSettings {
            min_session_timeout: Duration::from_millis(10),
            offsets_partitions: 3,
            ..settings
        };
        Self {
            groups: Groups::open(Arc::clone(&topics), settings).unwrap(),
            topics,
            folder,
        }
    }

    /// What a broker knows that is started on the same folder after this one.
    fn reopened(self) -> Self {
        self.reopened_with(GroupSettings::default())
    }

    /// The same with settings of its own.
    fn reopened_with(self, settings: GroupSettings) -> Self {
        let Self {
            groups,
            topics,
            folder,
        } = self;
        groups.close();
        drop((groups, topics));
        Self::open_with(folder, settings)
    }

    /// Commits as somebody who is no member.
    fn commit(&self, group: &str, partition: i32, offset: i64) -> Option<ResponseError> {
        let request = commit_request(group, partition, offset);
        let response = self.groups.commit_offsets(9, request);
        ResponseError::try_from_code(response.topics[0].partitions[0].error_code)
    }

    /// The committed offset and the error of a partition of [`TOPIC`].
    fn fetch(&self, group: &str, partition: i32, stable: bool) -> (i64, Option<ResponseError>) {
        let topics = OffsetFetchRequestTopics::default()
            .with_name(topic_name(TOPIC))
            .with_partition_indexes(vec![partition]);
        let asked = OffsetFetchRequestGroup::default()
            .with_group_id(group_id(group))
            .with_topics(Some(vec![topics]));
        let request = OffsetFetchRequest::default()
            .with_groups(vec![asked])
            .with_require_stable(stable);
        let response = self.groups.fetch_offsets(9, request);
        let found = &response.groups[0].topics[0].partitions[0];
        let error = ResponseError::try_from_code(found.error_code);
        (found.committed_offset, error)
    }

    /// The only member of a group, in its first generation.
    async fn lone_member(&self, group: &str, protocol_type: &str, metadata: Bytes) -> StrBytes {
        let request = join_request(group, protocol_type, metadata);
        let joined = self.groups.join(&client(), 3, request).await;
        assert_eq!(joined.error_code, 0);
        let assignment = SyncGroupRequestAssignment::default()
            .with_member_id(joined.member_id.clone())
            .with_assignment(Bytes::from_static(b"all of it"));
        let request = sync_request(group, &joined).with_assignments(vec![assignment]);
        let synced = self.groups.sync(4, request).await;
        assert_eq!(synced.assignment, Bytes::from_static(b"all of it"));
        joined.member_id
    }
}

fn client() -> ClientContext {
    ClientContext {
        client_id: "client".to_owned(),
        client_host: IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn group_id(id: &str) -> GroupId {
    GroupId(text(id))
}

fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

fn commit_request(group: &str, partition: i32, offset: i64) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::default()
        .with_partition_index(partition)
        .with_committed_offset(offset)
        .with_committed_leader_epoch(7)
        .with_committed_metadata(Some(text("so far")));
    let topic = OffsetCommitRequestTopic::default()
        .with_name(topic_name(TOPIC))
        .with_partitions(vec![partition]);
    OffsetCommitRequest::default()
        .with_group_id(group_id(group))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic])
}

fn join_request(group: &str, protocol_type: &str, metadata: Bytes) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(text("the-protocol"))
        .with_metadata(metadata);
    JoinGroupRequest::default()
        .with_group_id(group_id(group))
        .with_session_timeout_ms(30_000)
        .with_rebalance_timeout_ms(60_000)
        .with_protocol_type(text(protocol_type))
        .with_protocols(vec![protocol])
}

fn sync_request(group: &str, joined: &JoinGroupResponse) -> SyncGroupRequest {
    SyncGroupRequest::default()
        .with_group_id(group_id(group))
        .with_member_id(joined.member_id.clone())
        .with_generation_id(joined.generation_id)
}
