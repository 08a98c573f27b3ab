use super::*;

fn instance(name: &str, version: i16) -> Joining {
    Joining {
        version,
        instance_id: Some(text(name)),
        ..by_old_client("c")
    }
}

/// A stable group of one instance, and its member id.
fn stable_instance(fixture: &mut Fixture) -> String {
    let joined = answer(&mut fixture.join(instance("one", 9)));
    let id = id_of(&joined);
    assert!(id.starts_with("one-"), "the id tells the instance");
    fixture.sync(assigning(&id, 1, std::slice::from_ref(&id)));
    id
}

// updateStaticMemberThenRebalanceOrCompleteJoin in the state Stable, KIP-814
#[test]
fn an_instance_that_comes_back_keeps_generation_and_assignment() {
    let mut fixture = Fixture::new();
    let former = stable_instance(&mut fixture);
    let joined = answer(&mut fixture.join(instance("one", 9)));
    let latter = id_of(&joined);
    assert_ne!(latter, former);
    assert_eq!(joined.generation_id, 1);
    assert_eq!(joined.leader, text(&latter));
    assert!(joined.skip_assignment);
    assert_eq!(joined.members.len(), 1);
    let written = fixture.last_record();
    assert_eq!(written.members[0].member_id, text(&latter));
    assert_eq!(
        written.members[0].assignment,
        Bytes::from(format!("work of {former}"))
    );
    let synced = answer(&mut fixture.sync(Syncing {
        instance_id: Some(text("one")),
        ..syncing(&latter, 1)
    }));
    assert_eq!(synced.assignment, Bytes::from(format!("work of {former}")));
}

// updateStaticMemberThenRebalanceOrCompleteJoin before JoinGroup version 9
#[test]
fn an_old_client_that_led_is_told_that_its_former_id_leads() {
    let mut fixture = Fixture::new();
    let former = stable_instance(&mut fixture);
    let joined = answer(&mut fixture.join(instance("one", 8)));
    assert_eq!(joined.leader, text(&former));
    assert!(!joined.skip_assignment);
    assert!(joined.members.is_empty());
}

// updateStaticMemberThenRebalanceOrCompleteJoin: the selected protocol changes
#[test]
fn an_instance_that_changes_the_protocol_makes_a_new_generation() {
    let mut fixture = Fixture::new();
    stable_instance(&mut fixture);
    let joined = answer(&mut fixture.join(Joining {
        protocols: protocols(&["compatible"]),
        ..instance("one", 9)
    }));
    assert_eq!(joined.generation_id, 2);
    assert_eq!(joined.protocol_name, Some(text("compatible")));
    assert!(!joined.skip_assignment);
}

// ClassicGroup.validateMember
#[test]
fn the_former_member_of_an_instance_is_fenced() {
    let mut fixture = Fixture::new();
    let former = stable_instance(&mut fixture);
    fixture.join(instance("one", 9));
    let fenced = Some(ResponseError::FencedInstanceId);
    let heartbeat =
        fixture.act(|group, turn| group.heartbeat(turn, &text(&former), Some(&text("one")), 1));
    assert_eq!(heartbeat.err(), fenced);
    let synced = answer(&mut fixture.sync(Syncing {
        instance_id: Some(text("one")),
        ..syncing(&former, 1)
    }));
    assert_eq!(error_of(synced.error_code), fenced);
    let rejoined = answer(&mut fixture.join(Joining {
        instance_id: Some(text("one")),
        ..rejoining(&former)
    }));
    assert_eq!(error_of(rejoined.error_code), fenced);
    let unknown =
        fixture.act(|group, turn| group.heartbeat(turn, &text(&former), Some(&text("two")), 1));
    assert_eq!(unknown, Err(ResponseError::UnknownMemberId));
}

// ClassicGroup.replaceStaticMember
#[test]
fn whoever_waits_under_the_former_id_is_fenced_at_once() {
    let mut fixture = Fixture::new();
    let leader = id_of(&answer(&mut fixture.join(by_old_client("c"))));
    let mut joining = fixture.join(instance("one", 9));
    fixture.join(rejoining(&leader));
    let former = id_of(&answer(&mut joining));
    let mut waiting = fixture.sync(Syncing {
        instance_id: Some(text("one")),
        ..syncing(&former, 2)
    });
    assert!(is_held(&mut waiting));
    let mut back = fixture.join(instance("one", 9));
    assert_eq!(
        error_of(answer(&mut waiting).error_code),
        Some(ResponseError::FencedInstanceId)
    );
    assert!(
        is_held(&mut back),
        "in CompletingRebalance there is a new rebalance"
    );
    assert_eq!(fixture.group.state(), State::PreparingRebalance);
}

// completeClassicGroupJoin: only dynamic members are removed
#[test]
fn an_absent_instance_keeps_its_place_until_its_session_ends() {
    let mut fixture = Fixture::new();
    let long = Joining {
        session_timeout: Duration::from_secs(300),
        ..instance("one", 9)
    };
    let absent = id_of(&answer(&mut fixture.join(long)));
    fixture.sync(assigning(&absent, 1, std::slice::from_ref(&absent)));
    let mut newcomer = fixture.join(by_old_client("c"));
    fixture.pass(REBALANCE);
    let joined = answer(&mut newcomer);
    assert_eq!(joined.generation_id, 2);
    assert_eq!(
        joined.leader, joined.member_id,
        "the absent one cannot lead"
    );
    assert_eq!(joined.members.len(), 2);
    let instances = joined
        .members
        .iter()
        .map(|member| &member.group_instance_id);
    assert!(instances.eq_unordered([&None, &Some(text("one"))]));
}

// updateStaticMemberThenRebalanceOrCompleteJoin: the append fails
#[test]
fn a_member_id_that_cannot_be_written_is_not_taken() {
    let mut fixture = Fixture::new();
    let former = stable_instance(&mut fixture);
    fixture.fail_writing(Some(ResponseError::NotCoordinator));
    let refused = answer(&mut fixture.join(instance("one", 9)));
    assert_eq!(
        error_of(refused.error_code),
        Some(ResponseError::NotCoordinator)
    );
    let heartbeat =
        fixture.act(|group, turn| group.heartbeat(turn, &text(&former), Some(&text("one")), 1));
    assert_eq!(heartbeat, Ok(()));
}

/// Whether an iterator has these items, in any order.
trait EqUnordered: Iterator + Sized {
    fn eq_unordered<const N: usize>(self, expected: [Self::Item; N]) -> bool
    where
        Self::Item: Ord,
    {
        let mut actual: Vec<_> = self.collect();
        let mut expected = Vec::from(expected);
        actual.sort();
        expected.sort();
        actual == expected
    }
}

impl<I: Iterator> EqUnordered for I {}
