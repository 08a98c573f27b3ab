use super::*;

// GroupMetadataManager.classicGroupSyncToClassicGroup, propagateAssignment
#[test]
fn followers_wait_for_what_the_leader_assigns() {
    let mut fixture = Fixture::new();
    let leader = id_of(&answer(&mut fixture.join(by_old_client("c"))));
    let mut second = fixture.join(by_old_client("c"));
    fixture.join(rejoining(&leader));
    let follower = id_of(&answer(&mut second));

    let mut waiting = fixture.sync(syncing(&follower, 2));
    assert!(is_held(&mut waiting));
    assert!(fixture.journal.entries.borrow().is_empty());
    let ids = [follower.clone()];
    let mut assigned = fixture.sync(assigning(&leader, 2, &ids));

    let waiting = answer(&mut waiting);
    assert_eq!(
        waiting.assignment,
        Bytes::from(format!("work of {follower}"))
    );
    assert_eq!(waiting.protocol_name, Some(text("sessioned")));
    assert_eq!(waiting.protocol_type, Some(text("connect")));
    let assigned = answer(&mut assigned);
    assert!(assigned.assignment.is_empty(), "it has left itself out");

    let written = fixture.last_record();
    assert_eq!(written.generation, 2);
    assert_eq!(written.leader, Some(text(&leader)));
    let member = |id: &str| {
        let mut members = written.members.iter();
        members.find(|member| member.member_id == text(id)).unwrap()
    };
    assert_eq!(member(&follower).assignment, waiting.assignment);
    assert_eq!(
        member(&follower).subscription,
        Bytes::from("metadata of sessioned")
    );
    assert_eq!(member(&follower).rebalance_timeout_ms, 60_000);
    assert_eq!(member(&follower).session_timeout_ms, 10_000);
    assert_eq!(member(&follower).client_host, text("/127.0.0.1"));
}

// validateSyncGroup, validateClassicGroupHeartbeat, ClassicGroup.validateOffsetCommit
#[test]
fn an_old_generation_is_refused() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(1);
    for generation in [0, 2] {
        let refused = answer(&mut fixture.sync(syncing(&ids[0], generation)));
        assert_eq!(
            error_of(refused.error_code),
            Some(ResponseError::IllegalGeneration)
        );
        assert_eq!(
            fixture.heartbeat(&ids[0], generation),
            Err(ResponseError::IllegalGeneration)
        );
    }
    assert_eq!(fixture.heartbeat(&ids[0], 1), Ok(()));
}

// isProtocolInconsistent
#[test]
fn who_believes_in_another_protocol_is_refused() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(1);
    for believing in [
        Syncing {
            protocol: Some(text("compatible")),
            ..syncing(&ids[0], 1)
        },
        Syncing {
            protocol_type: Some(text("consumer")),
            ..syncing(&ids[0], 1)
        },
    ] {
        let refused = answer(&mut fixture.sync(believing));
        assert_eq!(
            error_of(refused.error_code),
            Some(ResponseError::InconsistentGroupProtocol)
        );
    }
    let silent = Syncing {
        protocol: None,
        protocol_type: None,
        ..syncing(&ids[0], 1)
    };
    assert_eq!(answer(&mut fixture.sync(silent)).error_code, 0);
}

// classicGroupSyncToClassicGroup in the states PreparingRebalance, Stable and Empty
#[test]
fn what_a_sync_is_answered_depends_on_the_state() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(1);
    let stable = answer(&mut fixture.sync(syncing(&ids[0], 1)));
    assert_eq!(
        stable.assignment,
        Bytes::from(format!("work of {}", ids[0]))
    );

    fixture.join(by_old_client("c"));
    let preparing = answer(&mut fixture.sync(syncing(&ids[0], 1)));
    assert_eq!(
        error_of(preparing.error_code),
        Some(ResponseError::RebalanceInProgress)
    );

    let mut empty = Fixture::new();
    let refused = answer(&mut empty.sync(syncing("nobody", 0)));
    assert_eq!(
        error_of(refused.error_code),
        Some(ResponseError::UnknownMemberId)
    );
}

// prepareRebalance: resetAndPropagateAssignmentWithError
#[test]
fn a_rebalance_sends_those_who_wait_for_their_assignment_back() {
    let mut fixture = Fixture::new();
    let leader = id_of(&answer(&mut fixture.join(by_old_client("c"))));
    let mut second = fixture.join(by_old_client("c"));
    fixture.join(rejoining(&leader));
    let follower = id_of(&answer(&mut second));
    let mut waiting = fixture.sync(syncing(&follower, 2));
    fixture.join(by_old_client("c"));
    assert_eq!(
        error_of(answer(&mut waiting).error_code),
        Some(ResponseError::RebalanceInProgress)
    );
}

// classicGroupSyncToClassicGroup: the append future completes with an error
#[test]
fn an_assignment_that_cannot_be_written_does_not_count() {
    let mut fixture = Fixture::new();
    let leader = id_of(&answer(&mut fixture.join(by_old_client("c"))));
    fixture.fail_writing(Some(ResponseError::NotCoordinator));
    let refused = answer(&mut fixture.sync(assigning(&leader, 1, std::slice::from_ref(&leader))));
    assert_eq!(
        error_of(refused.error_code),
        Some(ResponseError::NotCoordinator)
    );
    assert_eq!(fixture.group.state(), State::PreparingRebalance);
    fixture.fail_writing(None);
    assert_eq!(
        answer(&mut fixture.join(rejoining(&leader))).generation_id,
        2
    );
}

// GroupMetadataManager.expirePendingSync
#[test]
fn members_that_never_sync_are_out_after_the_rebalance_timeout() {
    let mut fixture = Fixture::new();
    let leader = id_of(&answer(&mut fixture.join(by_old_client("c"))));
    let mut second = fixture.join(by_old_client("c"));
    fixture.join(rejoining(&leader));
    let follower = id_of(&answer(&mut second));
    fixture.sync(assigning(&leader, 2, &[]));
    assert_eq!(fixture.group.state(), State::Stable);
    for _ in 0..12 {
        assert_eq!(fixture.heartbeat(&leader, 2), Ok(()));
        assert_eq!(fixture.heartbeat(&follower, 2), Ok(()));
        fixture.pass(Duration::from_secs(5));
    }
    assert_eq!(
        fixture.heartbeat(&follower, 2),
        Err(ResponseError::UnknownMemberId)
    );
    assert_eq!(
        fixture.heartbeat(&leader, 2),
        Err(ResponseError::RebalanceInProgress)
    );
}
