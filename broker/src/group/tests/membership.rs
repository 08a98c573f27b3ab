use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse, LeaveGroupRequest};
use kafka_protocol::protocol::Encodable;

use super::*;

const WAIT: Duration = Duration::from_secs(20);

fn heartbeat(
    fixture: &Fixture,
    group: &str,
    member: &StrBytes,
    generation: i32,
) -> HeartbeatResponse {
    let request = HeartbeatRequest::default()
        .with_group_id(group_id(group))
        .with_member_id(member.clone())
        .with_generation_id(generation);
    fixture.groups.heartbeat(request)
}

fn error_of(code: i16) -> Option<ResponseError> {
    ResponseError::try_from_code(code)
}

// GroupCoordinatorService.joinGroup, getOrMaybeCreateClassicGroup
#[tokio::test]
async fn what_cannot_join_is_refused_by_name() {
    let fixture = Fixture::new();
    let request = join_request("group", "connect", Bytes::new());
    for (request, error) in [
        (
            request.clone().with_group_id(group_id("")),
            ResponseError::InvalidGroupId,
        ),
        (
            request.clone().with_session_timeout_ms(9),
            ResponseError::InvalidSessionTimeout,
        ),
        (
            request.clone().with_session_timeout_ms(1_800_001),
            ResponseError::InvalidSessionTimeout,
        ),
        (
            request.clone().with_member_id(text("somebody")),
            ResponseError::UnknownMemberId,
        ),
    ] {
        let response = fixture.groups.join(&client(), 9, request).await;
        assert_eq!(error_of(response.error_code), Some(error));
        for version in 0..=9 {
            let response = super::super::membership::of_version(version, response.clone());
            let mut buffer = bytes::BytesMut::new();
            response.encode(&mut buffer, version).unwrap();
        }
    }
}

// KafkaApis.handleSyncGroupRequest: areMandatoryProtocolTypeAndNamePresent
#[tokio::test]
async fn from_version_5_a_sync_names_the_protocol() {
    let fixture = Fixture::new();
    let request = join_request("group", "connect", Bytes::new());
    let joined = fixture.groups.join(&client(), 3, request).await;
    let request = sync_request("group", &joined);
    let response = fixture.groups.sync(5, request.clone()).await;
    assert_eq!(
        error_of(response.error_code),
        Some(ResponseError::InconsistentGroupProtocol)
    );
    let named = request
        .with_protocol_type(Some(text("connect")))
        .with_protocol_name(Some(text("the-protocol")));
    assert_eq!(fixture.groups.sync(5, named).await.error_code, 0);
}

// A join is held while others rejoin: the requests of two connections.
#[tokio::test]
async fn a_join_is_held_until_the_other_member_has_come() {
    let fixture = Fixture::new();
    let first = fixture.lone_member("group", "connect", Bytes::new()).await;
    let groups = Arc::clone(&fixture.groups);
    let newcomer = tokio::spawn(async move {
        let request = join_request("group", "connect", Bytes::new());
        groups.join(&client(), 3, request).await
    });
    while heartbeat(&fixture, "group", &first, 1).error_code == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!newcomer.is_finished());
    let request = join_request("group", "connect", Bytes::new()).with_member_id(first.clone());
    let rejoined = fixture.groups.join(&client(), 9, request).await;
    let newcomer = tokio::time::timeout(WAIT, newcomer).await.unwrap().unwrap();
    assert_eq!((rejoined.generation_id, newcomer.generation_id), (2, 2));
    assert_eq!(rejoined.leader, newcomer.leader);
}

// GroupMetadataManager.expireClassicGroupMemberHeartbeat, by real time
#[tokio::test]
async fn a_member_that_is_silent_expires_and_the_other_goes_on() {
    let fixture = Fixture::new();
    let request = join_request("group", "connect", Bytes::new()).with_session_timeout_ms(300);
    let silent = fixture.groups.join(&client(), 3, request).await;
    let request = sync_request("group", &silent);
    assert_eq!(fixture.groups.sync(3, request).await.error_code, 0);
    let request = join_request("group", "connect", Bytes::new());
    let joined = tokio::time::timeout(WAIT, fixture.groups.join(&client(), 3, request)).await;
    let joined = joined.unwrap();
    assert_eq!(joined.error_code, 0);
    assert_eq!(joined.leader, joined.member_id);
    assert_eq!(joined.members.len(), 1);
    assert_eq!(
        error_of(heartbeat(&fixture, "group", &silent.member_id, 2).error_code),
        Some(ResponseError::UnknownMemberId)
    );
}

// GroupMetadataManager.replay, onLoaded
#[tokio::test]
async fn members_go_on_after_a_restart() {
    let fixture = Fixture::new();
    let member = fixture.lone_member("group", "connect", Bytes::new()).await;
    let fixture = fixture.reopened();
    assert_eq!(heartbeat(&fixture, "group", &member, 1).error_code, 0);
    let request = join_request("group", "connect", Bytes::new()).with_member_id(member);
    let rejoined = fixture.groups.join(&client(), 9, request).await;
    assert_eq!((rejoined.error_code, rejoined.generation_id), (0, 2));
}

#[tokio::test]
async fn nobody_is_waited_for_whose_process_was_the_broker_s() {
    let fixture = Fixture::new();
    let member = fixture.lone_member("group", "connect", Bytes::new()).await;
    let fixture = fixture.reopened_with(GroupSettings {
        members_outlive_restart: false,
        ..GroupSettings::default()
    });
    let unknown = ResponseError::UnknownMemberId.code();
    assert_eq!(heartbeat(&fixture, "group", &member, 1).error_code, unknown);
    let request = join_request("group", "connect", Bytes::new());
    let joined = tokio::time::timeout(WAIT, fixture.groups.join(&client(), 3, request)).await;
    let joined = joined.unwrap();
    assert_eq!((joined.error_code, joined.generation_id), (0, 2));
    assert_eq!(joined.members.len(), 1);
}

// GroupMetadataManager.onUnloaded
#[tokio::test]
async fn a_held_join_is_answered_when_the_broker_stops() {
    let fixture = Fixture::new();
    let first = fixture.lone_member("group", "connect", Bytes::new()).await;
    let groups = Arc::clone(&fixture.groups);
    let held = tokio::spawn(async move {
        let request = join_request("group", "connect", Bytes::new());
        groups.join(&client(), 3, request).await
    });
    while heartbeat(&fixture, "group", &first, 1).error_code == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fixture.groups.close();
    let held = tokio::time::timeout(WAIT, held).await.unwrap().unwrap();
    assert_eq!(
        error_of(held.error_code),
        Some(ResponseError::NotCoordinator)
    );
}

// LeaveGroupRequest.normalizedData, LeaveGroupResponse, GroupCoordinatorService.leaveGroup
#[tokio::test]
async fn leaving_is_answered_in_the_form_of_the_version() {
    let fixture = Fixture::new();
    let member = fixture.lone_member("group", "connect", Bytes::new()).await;
    let unknown = ResponseError::UnknownMemberId.code();
    let request = LeaveGroupRequest::default().with_group_id(group_id("nobody"));
    let alone = request.clone().with_member_id(member.clone());
    let response = fixture.groups.leave(2, alone);
    assert_eq!((response.error_code, response.members.len()), (unknown, 0));

    let identity = MemberIdentity::default()
        .with_member_id(member.clone())
        .with_group_instance_id(None);
    let many = request.with_members(vec![identity.clone()]);
    let response = fixture.groups.leave(3, many.clone());
    assert_eq!((response.error_code, response.members.len()), (0, 1));
    assert_eq!(response.members[0].error_code, unknown);
    assert_eq!(response.members[0].member_id, member);

    let response = fixture
        .groups
        .leave(5, many.with_group_id(group_id("group")));
    assert_eq!(response.members[0].error_code, 0);
    let gone = heartbeat(&fixture, "group", &member, 1);
    assert_eq!(gone.error_code, unknown);
}
