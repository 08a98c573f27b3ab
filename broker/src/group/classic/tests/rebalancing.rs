use super::*;

// GroupMetadataManager.maybeCompleteJoinPhase
#[test]
fn joins_are_held_until_all_members_have_rejoined() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(2);
    let generation = fixture.group.generation;
    let mut newcomer = fixture.join(by_old_client("c"));
    for id in &ids {
        assert_eq!(
            fixture.heartbeat(id, generation),
            Err(ResponseError::RebalanceInProgress)
        );
    }
    let mut first = fixture.join(rejoining(&ids[0]));
    assert!(is_held(&mut newcomer) && is_held(&mut first));
    let mut second = fixture.join(rejoining(&ids[1]));
    for joined in [&mut newcomer, &mut first, &mut second] {
        assert_eq!(answer(joined).generation_id, generation + 1);
    }
    assert_eq!(fixture.group.state(), State::CompletingRebalance);
}

// ClassicGroup.rebalanceTimeoutMs, GroupMetadataManager.completeClassicGroupJoin
#[test]
fn who_does_not_rejoin_within_the_longest_rebalance_timeout_is_out() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(2);
    let generation = fixture.group.generation;
    let mut leader = fixture.join(Joining {
        rebalance_timeout: Duration::from_secs(5),
        ..rejoining(&ids[0])
    });
    for _ in 0..11 {
        fixture.pass(Duration::from_secs(5));
        assert_eq!(
            fixture.heartbeat(&ids[1], generation),
            Err(ResponseError::RebalanceInProgress)
        );
    }
    assert!(is_held(&mut leader), "the other one allows for 60 seconds");
    fixture.pass(Duration::from_secs(5));
    assert_eq!(answer(&mut leader).members.len(), 1);
    assert_eq!(
        fixture.heartbeat(&ids[1], generation),
        Err(ResponseError::UnknownMemberId)
    );
}

// classicGroupJoinExistingMember in the state Stable
#[test]
fn a_leaders_rejoin_always_makes_a_new_generation() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(1);
    let joined = answer(&mut fixture.join(rejoining(&ids[0])));
    assert_eq!(joined.generation_id, 2);
    assert_eq!(fixture.group.state(), State::CompletingRebalance);
}

// classicGroupJoinExistingMember in the state Stable
#[test]
fn a_followers_rejoin_makes_one_only_when_its_metadata_have_changed() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(2);
    let generation = fixture.group.generation;
    let unchanged = answer(&mut fixture.join(rejoining(&ids[1])));
    assert_eq!(unchanged.generation_id, generation);
    assert_eq!(unchanged.leader, text(&ids[0]));
    assert!(unchanged.members.is_empty());
    assert_eq!(fixture.group.state(), State::Stable);

    let mut changed = fixture.join(Joining {
        protocols: protocols(&["sessioned"]),
        ..rejoining(&ids[1])
    });
    assert!(is_held(&mut changed));
    assert_eq!(fixture.group.state(), State::PreparingRebalance);
}

// classicGroupJoinExistingMember in the state CompletingRebalance
#[test]
fn a_join_whose_answer_was_lost_is_answered_again() {
    let mut fixture = Fixture::new();
    let leader = id_of(&answer(&mut fixture.join(by_old_client("c"))));
    let again = answer(&mut fixture.join(rejoining(&leader)));
    assert_eq!((again.generation_id, again.members.len()), (1, 1));

    let changed = answer(&mut fixture.join(Joining {
        protocols: protocols(&["compatible"]),
        ..rejoining(&leader)
    }));
    assert_eq!(changed.generation_id, 2);
    assert_eq!(changed.protocol_name, Some(text("compatible")));
}

// ClassicGroup.maybeElectNewJoinedLeader
#[test]
fn who_has_rejoined_leads_when_the_leader_has_not() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(2);
    let mut follower = fixture.join(Joining {
        protocols: protocols(&["sessioned"]),
        ..rejoining(&ids[1])
    });
    fixture.pass(SESSION);
    let joined = answer(&mut follower);
    assert_eq!(joined.leader, text(&ids[1]));
    assert_eq!(joined.members.len(), 1);
}

// completeClassicGroupJoin: "could not complete rebalance because no members rejoined"
#[test]
fn a_rebalance_goes_on_waiting_when_no_member_has_rejoined() {
    let mut fixture = Fixture::new();
    let joining = Joining {
        instance_id: Some(text("one")),
        session_timeout: Duration::from_secs(600),
        version: 5,
        ..by_old_client("c")
    };
    let kept = id_of(&answer(&mut fixture.join(joining)));
    fixture.sync(assigning(&kept, 1, std::slice::from_ref(&kept)));
    let mut newcomer = fixture.join(by_old_client("c"));
    fixture.act(|group, turn| {
        let leaving = kafka_protocol::messages::leave_group_request::MemberIdentity::default();
        let newcomer = group.members.keys().find(|id| **id != text(&kept)).cloned();
        let leaving = leaving
            .with_member_id(newcomer.unwrap())
            .with_group_instance_id(None);
        group.leave(turn, &[leaving]).unwrap()
    });
    assert_eq!(
        error_of(answer(&mut newcomer).error_code),
        Some(ResponseError::UnknownMemberId)
    );
    fixture.pass(REBALANCE);
    assert_eq!(fixture.group.state(), State::PreparingRebalance);
    assert_eq!(fixture.group.generation, 1, "an instance keeps its place");
    let back = answer(&mut fixture.join(Joining {
        instance_id: Some(text("one")),
        ..rejoining(&kept)
    }));
    assert_eq!(back.generation_id, 2);
}

// ClassicGroup.initNextGeneration, completeClassicGroupJoin with nobody left
#[test]
fn a_group_that_is_left_is_empty_in_a_generation_of_its_own() {
    let mut fixture = Fixture::new();
    fixture.stable(1);
    fixture.pass(SESSION);
    assert_eq!(fixture.group.state(), State::Empty);
    let written = fixture.last_record();
    assert_eq!((written.generation, written.members.len()), (2, 0));
    assert_eq!(written.protocol_type, text("connect"));
    assert_eq!((written.protocol, written.leader), (None, None));
}
