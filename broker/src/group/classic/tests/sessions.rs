use super::*;
use crate::group::classic::Committer;

fn commit(
    fixture: &mut Fixture,
    member_id: &str,
    generation: i32,
    transactional: bool,
) -> Result<(), ResponseError> {
    let member_id = text(member_id);
    let by = Committer {
        member_id: &member_id,
        instance_id: None,
        generation,
        transactional,
    };
    fixture.act(|group, turn| group.check_commit(turn, by))
}

// GroupMetadataManager.expireClassicGroupMemberHeartbeat
#[test]
fn a_member_that_is_silent_for_its_session_is_out() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(2);
    let generation = fixture.group.generation;
    fixture.pass(SESSION - Duration::from_millis(1));
    assert_eq!(fixture.heartbeat(&ids[0], generation), Ok(()));
    fixture.pass(Duration::from_millis(1));
    assert_eq!(
        fixture.heartbeat(&ids[1], generation),
        Err(ResponseError::UnknownMemberId)
    );
    assert_eq!(
        fixture.heartbeat(&ids[0], generation),
        Err(ResponseError::RebalanceInProgress)
    );
    let joined = answer(&mut fixture.join(rejoining(&ids[0])));
    assert_eq!(joined.members.len(), 1);
}

// ClassicGroupMember.hasSatisfiedHeartbeat
#[test]
fn whoever_waits_for_a_rebalance_does_not_expire() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(2);
    let generation = fixture.group.generation;
    let mut waiting = fixture.join(rejoining(&ids[0]));
    for _ in 0..5 {
        assert_eq!(
            fixture.heartbeat(&ids[1], generation),
            Err(ResponseError::RebalanceInProgress)
        );
        fixture.pass(Duration::from_secs(8));
    }
    assert!(is_held(&mut waiting));
    fixture.join(rejoining(&ids[1]));
    assert_eq!(answer(&mut waiting).members.len(), 2);
    assert_eq!(
        fixture.group.next_deadline(),
        Some(fixture.now.at + SESSION),
        "its session begins with the answer"
    );
}

// OffsetMetadataManager.validateOffsetCommit: commits maintain the session
#[test]
fn a_commit_is_a_sign_of_life() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(1);
    for _ in 0..3 {
        fixture.pass(Duration::from_secs(8));
        assert_eq!(commit(&mut fixture, &ids[0], 1, false), Ok(()));
    }
}

// ClassicGroup.validateOffsetCommit
#[test]
fn who_may_commit() {
    let mut fixture = Fixture::new();
    assert_eq!(commit(&mut fixture, "", -1, false), Ok(()), "nobody is in");
    let ids = fixture.stable(1);
    let unknown = Err(ResponseError::UnknownMemberId);
    assert_eq!(commit(&mut fixture, "", -1, false), unknown);
    assert_eq!(commit(&mut fixture, "", -1, true), Ok(()));
    assert_eq!(commit(&mut fixture, "nobody", 1, false), unknown);
    let old = Err(ResponseError::IllegalGeneration);
    assert_eq!(commit(&mut fixture, &ids[0], 0, false), old);
    assert_eq!(commit(&mut fixture, &ids[0], 0, true), old);

    fixture.join(by_old_client("c"));
    let preparing = commit(&mut fixture, &ids[0], 1, false);
    assert_eq!(preparing, Ok(()), "what it still has may be committed");
    fixture.join(rejoining(&ids[0]));
    assert_eq!(fixture.group.state(), State::CompletingRebalance);
    assert_eq!(
        commit(&mut fixture, &ids[0], 2, false),
        Err(ResponseError::RebalanceInProgress)
    );
    assert_eq!(commit(&mut fixture, &ids[0], 2, true), Ok(()));
}

// ClassicGroup.validateDeleteGroup, validateOffsetDelete
#[test]
fn a_group_with_members_is_not_deleted() {
    let mut fixture = Fixture::new();
    fixture.stable(1);
    let not_empty = Err(ResponseError::NonEmptyGroup);
    assert_eq!(fixture.group.check_deletion(), not_empty);
    assert_eq!(fixture.group.check_offset_deletion(), not_empty);
    fixture.pass(SESSION);
    assert_eq!(fixture.group.check_deletion(), Ok(()));
    assert_eq!(fixture.group.check_offset_deletion(), Ok(()));
}

// ClassicGroup.computeSubscribedTopics, isSubscribedToTopic
#[test]
fn a_consumer_group_knows_its_topics() {
    let mut fixture = Fixture::new();
    // ConsumerProtocolSubscription version 0: topics a and b, no user data.
    let subscription = Bytes::from_static(b"\0\0\0\0\0\x02\0\x01a\0\x01b\xff\xff\xff\xff");
    let consumer = Joining {
        protocol_type: text("consumer"),
        protocols: vec![(text("range"), subscription)],
        ..by_old_client("c")
    };
    let id = id_of(&answer(&mut fixture.join(consumer.clone())));
    assert!(fixture.group.is_subscribed_to("a"));
    assert!(fixture.group.is_subscribed_to("b"));
    assert!(!fixture.group.is_subscribed_to("c"));
    assert_eq!(fixture.group.check_offset_deletion(), Ok(()));

    let unreadable = Joining {
        member_id: text(&id),
        protocols: vec![(text("range"), Bytes::from_static(b"\0\0\0"))],
        ..consumer
    };
    fixture.join(unreadable);
    assert!(fixture.group.is_subscribed_to("c"), "nobody can tell");
}

// GroupMetadataManager.replay, onLoaded
#[test]
fn a_group_comes_back_as_it_was_written() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(2);
    let written = fixture.last_record();
    let generation = fixture.group.generation;

    let mut restored = Fixture::new();
    restored.group = ClassicGroup::restored(text("the-group"), written, restored.now);
    assert_eq!(restored.group.state(), State::Stable);
    assert_eq!(restored.heartbeat(&ids[1], generation), Ok(()));
    let synced = answer(&mut restored.sync(syncing(&ids[1], generation)));
    assert_eq!(
        synced.assignment,
        Bytes::from(format!("work of {}", ids[1]))
    );
    assert!(restored.group.is_leader(&text(&ids[0])));
    restored.pass(SESSION);
    assert_eq!(restored.group.state(), State::Empty, "nobody has come back");
}
