use kafka_protocol::messages::leave_group_request::MemberIdentity;

use super::*;

fn leaving(member_id: &str, instance_id: Option<&str>) -> MemberIdentity {
    MemberIdentity::default()
        .with_member_id(text(member_id))
        .with_group_instance_id(instance_id.map(text))
}

fn leave(fixture: &mut Fixture, members: &[MemberIdentity]) -> Vec<Option<ResponseError>> {
    let outcomes = fixture.act(|group, turn| group.leave(turn, members));
    outcomes.unwrap().into_iter().map(Result::err).collect()
}

// GroupMetadataManager.classicGroupLeaveToClassicGroup
#[test]
fn several_members_leave_at_once_and_each_has_its_answer() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(2);
    let unknown = Some(ResponseError::UnknownMemberId);
    let outcomes = leave(
        &mut fixture,
        &[
            leaving(&ids[1], None),
            leaving("nobody", None),
            leaving("", Some("no instance")),
            leaving(&ids[0], Some("no instance")),
        ],
    );
    assert_eq!(outcomes, [None, unknown, unknown, unknown]);
    assert_eq!(fixture.group.state(), State::PreparingRebalance);
    let joined = answer(&mut fixture.join(rejoining(&ids[0])));
    assert_eq!(joined.members.len(), 1);
}

// classicGroupLeaveToClassicGroup: administrative removal by instance
#[test]
fn an_administrator_removes_an_instance_by_its_name() {
    let mut fixture = Fixture::new();
    let joining = Joining {
        instance_id: Some(text("one")),
        version: 5,
        ..by_old_client("c")
    };
    fixture.join(joining);
    assert_eq!(leave(&mut fixture, &[leaving("", Some("one"))]), [None]);
    assert_eq!(fixture.group.state(), State::Empty);
}

// classicGroupLeaveToClassicGroup: ClassicGroup.validateMember
#[test]
fn a_former_member_of_an_instance_cannot_take_it_out() {
    let mut fixture = Fixture::new();
    let joining = Joining {
        instance_id: Some(text("one")),
        version: 5,
        ..by_old_client("c")
    };
    fixture.join(joining);
    let fenced = Some(ResponseError::FencedInstanceId);
    let outcomes = leave(&mut fixture, &[leaving("former", Some("one"))]);
    assert_eq!(outcomes, [fenced]);
}

// classicGroupLeaveToClassicGroup: a pending member
#[test]
fn an_id_that_was_given_out_can_be_given_back() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(1);
    let given = answer(&mut fixture.join(Joining {
        version: 4,
        ..by_old_client("c")
    }));
    let mut leader = fixture.join(rejoining(&ids[0]));
    assert!(is_held(&mut leader));
    assert_eq!(
        leave(&mut fixture, &[leaving(&given.member_id, None)]),
        [None]
    );
    assert_eq!(answer(&mut leader).generation_id, 2);
}

// removeCurrentMemberFromClassicGroup: the last one goes
#[test]
fn when_the_last_member_leaves_the_group_is_empty() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(1);
    assert_eq!(leave(&mut fixture, &[leaving(&ids[0], None)]), [None]);
    assert_eq!(fixture.group.state(), State::Empty);
    assert_eq!(fixture.last_record().generation, 2);
    assert_eq!(fixture.group.next_deadline(), None);
}

// GroupMetadataManager.onUnloaded
#[test]
fn when_the_broker_stops_whoever_waits_is_answered() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(2);
    let mut waiting = fixture.join(rejoining(&ids[0]));
    fixture.act(|group, turn| group.close(turn.now));
    assert_eq!(
        error_of(answer(&mut waiting).error_code),
        Some(ResponseError::NotCoordinator)
    );
    assert_eq!(
        fixture.heartbeat(&ids[1], 2),
        Err(ResponseError::CoordinatorNotAvailable)
    );
}
