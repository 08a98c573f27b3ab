use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::{
    DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, ListGroupsRequest,
    OffsetDeleteRequest, OffsetDeleteResponse,
};

use super::*;
use crate::group::find_coordinator;
use crate::server::Node;

fn list(fixture: &Fixture, states: &[&str], types: &[&str]) -> Vec<(String, String, String)> {
    let request = ListGroupsRequest::default()
        .with_states_filter(states.iter().map(|state| text(state)).collect())
        .with_types_filter(types.iter().map(|kind| text(kind)).collect());
    let groups = fixture.groups.list(request).groups;
    groups
        .into_iter()
        .map(|one| {
            assert_eq!(one.group_type, text("classic"));
            (
                one.group_id.to_string(),
                one.protocol_type.to_string(),
                one.group_state.to_string(),
            )
        })
        .collect()
}

fn row(id: &str, kind: &str, state: &str) -> (String, String, String) {
    (id.to_owned(), kind.to_owned(), state.to_owned())
}

// GroupMetadataManager.listGroups
#[tokio::test]
async fn groups_are_listed_by_state_and_type() {
    let fixture = Fixture::new();
    fixture.commit("simple", 0, 1);
    fixture
        .lone_member("workers", "connect", Bytes::new())
        .await;
    let simple = row("simple", "", "Empty");
    let workers = row("workers", "connect", "Stable");
    assert_eq!(list(&fixture, &[], &[]), [simple.clone(), workers.clone()]);
    assert_eq!(
        list(&fixture, &["stable", "Dead"], &[]),
        std::slice::from_ref(&workers)
    );
    assert_eq!(
        list(&fixture, &[" EMPTY "], &["classic"]),
        std::slice::from_ref(&simple)
    );
    assert!(list(&fixture, &[], &["consumer"]).is_empty());
    let fixture = fixture.reopened();
    assert_eq!(list(&fixture, &[], &[]), [simple, workers]);
}

// GroupMetadataManager.describeGroups
#[tokio::test]
async fn a_group_is_described_with_its_members() {
    let fixture = Fixture::new();
    let metadata = Bytes::from_static(b"what it can do");
    let member_id = fixture
        .lone_member("workers", "connect", metadata.clone())
        .await;
    let request = DescribeGroupsRequest::default()
        .with_groups(vec![group_id("workers"), group_id("nobody")])
        .with_include_authorized_operations(true);
    let response = fixture.groups.describe(6, request.clone());
    let group = &response.groups[0];
    assert_eq!(group.group_state, text("Stable"));
    assert_eq!(group.protocol_type, text("connect"));
    assert_eq!(group.protocol_data, text("the-protocol"));
    // READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS (AclOperation's codes).
    assert_eq!(group.authorized_operations, 0b1101_0100_1000);
    let member = &group.members[0];
    assert_eq!(member.member_id, member_id);
    assert_eq!(member.client_id, text("client"));
    assert_eq!(member.client_host, text("/127.0.0.1"));
    assert_eq!(member.member_metadata, metadata);
    assert_eq!(member.member_assignment, Bytes::from_static(b"all of it"));

    let missing = &response.groups[1];
    assert_eq!(missing.group_state, text("Dead"));
    assert_eq!(
        ResponseError::try_from_code(missing.error_code),
        Some(ResponseError::GroupIdNotFound)
    );
    assert_eq!(missing.error_message, Some(text("Group nobody not found.")));
    let before = fixture.groups.describe(5, request);
    assert_eq!(before.groups[1].error_code, 0);
    assert_eq!(before.groups[1].group_state, text("Dead"));
    assert_eq!(before.groups[1].error_message, None);
}

// GroupCoordinatorShard.deleteGroups
#[tokio::test]
async fn groups_without_members_are_deleted_for_good() {
    let fixture = Fixture::new();
    fixture.commit("simple", 0, 1);
    fixture
        .lone_member("workers", "connect", Bytes::new())
        .await;
    let names = ["simple", "workers", "nobody", "simple"];
    let request = DeleteGroupsRequest::default().with_groups_names(names.map(group_id).to_vec());
    let results = fixture.groups.delete(request).results;
    let errors: Vec<_> = results
        .iter()
        .map(|one| ResponseError::try_from_code(one.error_code))
        .collect();
    let not_empty = Some(ResponseError::NonEmptyGroup);
    let unknown = Some(ResponseError::GroupIdNotFound);
    assert_eq!(errors, [None, not_empty, unknown]);
    assert_eq!(fixture.fetch("simple", 0, true).0, -1);
    let fixture = fixture.reopened();
    assert_eq!(
        list(&fixture, &[], &[]),
        [row("workers", "connect", "Stable")]
    );
    assert_eq!(fixture.fetch("simple", 0, true).0, -1);
}

fn delete_offset(fixture: &Fixture, group: &str, topic: &str) -> OffsetDeleteResponse {
    let partition = OffsetDeleteRequestPartition::default().with_partition_index(0);
    let topic = OffsetDeleteRequestTopic::default()
        .with_name(topic_name(topic))
        .with_partitions(vec![partition]);
    let request = OffsetDeleteRequest::default()
        .with_group_id(group_id(group))
        .with_topics(vec![topic]);
    fixture.groups.delete_offsets(request)
}

fn of_partition(response: &OffsetDeleteResponse) -> Option<ResponseError> {
    assert_eq!(response.error_code, 0);
    ResponseError::try_from_code(response.topics[0].partitions[0].error_code)
}

// OffsetMetadataManager.deleteOffsets, KafkaApis.handleOffsetDeleteRequest
#[tokio::test]
async fn offsets_are_deleted_but_not_those_of_subscribed_topics() {
    let fixture = Fixture::new();
    let error = |response: &OffsetDeleteResponse| ResponseError::try_from_code(response.error_code);
    assert_eq!(
        error(&delete_offset(&fixture, "nobody", TOPIC)),
        Some(ResponseError::GroupIdNotFound)
    );
    assert_eq!(
        error(&delete_offset(&fixture, "", TOPIC)),
        Some(ResponseError::InvalidGroupId)
    );
    fixture.commit("simple", 0, 1);
    assert_eq!(
        of_partition(&delete_offset(&fixture, "simple", TOPIC)),
        None
    );
    assert_eq!(fixture.fetch("simple", 0, true).0, -1);
    assert_eq!(
        of_partition(&delete_offset(&fixture, "simple", "unknown")),
        Some(ResponseError::UnknownTopicOrPartition)
    );

    fixture
        .lone_member("workers", "connect", Bytes::new())
        .await;
    assert_eq!(
        error(&delete_offset(&fixture, "workers", TOPIC)),
        Some(ResponseError::NonEmptyGroup)
    );
    // ConsumerProtocolSubscription version 0 with the topic `orders`.
    let subscribed = Bytes::from_static(b"\0\0\0\0\0\x01\0\x06orders\xff\xff\xff\xff");
    fixture.lone_member("readers", "consumer", subscribed).await;
    assert_eq!(
        of_partition(&delete_offset(&fixture, "readers", TOPIC)),
        Some(ResponseError::GroupSubscribedToTopic)
    );
}

// KafkaApis.getCoordinator, FindCoordinatorResponse.prepareOldResponse
#[test]
fn this_node_coordinates_everything_but_share_groups() {
    let node = Node {
        id: 1,
        host: text("localhost"),
        port: 9092,
    };
    for key_type in [0, 1] {
        let request = FindCoordinatorRequest::default()
            .with_key_type(key_type)
            .with_coordinator_keys(vec![text("a"), text("b")]);
        let found = find_coordinator(4, request, &node).coordinators;
        assert_eq!((&found[0].key, &found[1].key), (&text("a"), &text("b")));
        assert_eq!((found[1].node_id.0, found[1].port), (1, 9092));
        assert_eq!(found[1].error_code, 0);
    }
    let old = FindCoordinatorRequest::default().with_key(text("a"));
    let found = find_coordinator(3, old, &node);
    assert_eq!((found.node_id.0, found.port), (1, 9092));
    assert_eq!(found.host, text("localhost"));
    let share = FindCoordinatorRequest::default()
        .with_key_type(2)
        .with_coordinator_keys(vec![text("a")]);
    let refused = &find_coordinator(6, share, &node).coordinators[0];
    assert_eq!(refused.node_id.0, -1);
    assert_eq!(
        ResponseError::try_from_code(refused.error_code),
        Some(ResponseError::InvalidRequest)
    );
}
