use super::*;

// JoinGroupRequest.requiresKnownMemberId, GroupMetadataManager.classicGroupJoinNewDynamicMember
#[test]
fn a_new_member_is_given_its_id_first_from_version_4() {
    let mut fixture = Fixture::new();
    let joining = Joining {
        version: 4,
        ..by_old_client("client")
    };
    let asked = answer(&mut fixture.join(joining.clone()));
    assert_eq!(
        error_of(asked.error_code),
        Some(ResponseError::MemberIdRequired)
    );
    assert!(asked.member_id.starts_with("client-"));
    assert_eq!(fixture.group.state(), State::Empty);

    let member_id = asked.member_id.clone();
    let joined = answer(&mut fixture.join(Joining {
        member_id: member_id.clone(),
        ..joining
    }));
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    assert_eq!(joined.member_id, member_id);
    assert_eq!(joined.leader, member_id);
}

// classicGroupJoinNewDynamicMember; ClassicGroup.generateMemberId
#[test]
fn before_version_4_a_new_member_joins_at_once() {
    let mut fixture = Fixture::new();
    let joined = answer(&mut fixture.join(by_old_client("client")));
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    assert!(joined.member_id.starts_with("client-"));
    assert_eq!(joined.protocol_name, Some(text("sessioned")));
    assert_eq!(joined.protocol_type, Some(text("connect")));
    assert_eq!(joined.members.len(), 1);
    assert_eq!(
        joined.members[0].metadata,
        Bytes::from("metadata of sessioned")
    );
}

// GroupMetadataManager.tryCompleteInitialRebalanceElseSchedule
#[test]
fn the_first_rebalance_waits_for_more_members_and_longer_when_they_come() {
    let mut fixture = Fixture::with(GroupSettings {
        initial_rebalance_delay: Duration::from_secs(3),
        ..GroupSettings::default()
    });
    let mut first = fixture.join(by_old_client("a"));
    fixture.pass(Duration::from_secs(2));
    assert!(is_held(&mut first));
    let mut second = fixture.join(by_old_client("b"));
    fixture.pass(Duration::from_secs(1));
    assert!(is_held(&mut first), "the second one extends the delay");
    fixture.pass(Duration::from_secs(3));
    let (first, second) = (answer(&mut first), answer(&mut second));
    assert_eq!((first.generation_id, second.generation_id), (1, 1));
    assert_eq!(first.leader, first.member_id, "who came first leads");
    assert_eq!((first.members.len(), second.members.len()), (2, 0));
}

// tryCompleteInitialRebalanceElseSchedule: remainingMs
#[test]
fn the_first_rebalance_is_not_delayed_beyond_the_rebalance_timeout() {
    let mut fixture = Fixture::with(GroupSettings {
        initial_rebalance_delay: Duration::from_secs(3),
        ..GroupSettings::default()
    });
    let short = Joining {
        rebalance_timeout: Duration::from_secs(5),
        ..by_old_client("a")
    };
    let mut first = fixture.join(short.clone());
    fixture.join(short.clone());
    fixture.pass(Duration::from_secs(3));
    fixture.join(short.clone());
    assert!(is_held(&mut first));
    fixture.pass(Duration::from_secs(2));
    assert_eq!(answer(&mut first).members.len(), 3);
}

// ClassicGroup.supportsProtocols
#[test]
fn another_protocol_type_is_refused() {
    let mut fixture = Fixture::new();
    fixture.stable(1);
    let foreign = Joining {
        protocol_type: text("consumer"),
        ..by_old_client("c")
    };
    let refused = answer(&mut fixture.join(foreign));
    assert_eq!(
        error_of(refused.error_code),
        Some(ResponseError::InconsistentGroupProtocol)
    );
    assert_eq!(fixture.group.state(), State::Stable);
}

// ClassicGroup.supportsProtocols
#[test]
fn who_shares_no_protocol_with_all_the_others_is_refused() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(1);
    let mut second = fixture.join(Joining {
        protocols: protocols(&["compatible", "third"]),
        ..by_old_client("c")
    });
    fixture.join(rejoining(&ids[0]));
    assert_eq!(
        answer(&mut second).protocol_name,
        Some(text("compatible")),
        "the only one that both know"
    );
    for names in [&["sessioned"][..], &["third"]] {
        let refused = answer(&mut fixture.join(Joining {
            protocols: protocols(names),
            ..by_old_client("c")
        }));
        assert_eq!(
            error_of(refused.error_code),
            Some(ResponseError::InconsistentGroupProtocol)
        );
    }
}

// ClassicGroup.supportsProtocols in the state Empty, ClassicGroup.add
#[test]
fn an_empty_group_takes_any_type_but_none() {
    let mut fixture = Fixture::new();
    for joining in [
        Joining {
            protocol_type: StrBytes::new(),
            ..by_old_client("c")
        },
        Joining {
            protocols: Vec::new(),
            ..by_old_client("c")
        },
    ] {
        let refused = answer(&mut fixture.join(joining));
        assert_eq!(
            error_of(refused.error_code),
            Some(ResponseError::InconsistentGroupProtocol)
        );
    }
    fixture.stable(1);
    fixture.pass(SESSION);
    assert_eq!(fixture.group.state(), State::Empty);
    let other = Joining {
        protocol_type: text("consumer"),
        ..by_old_client("c")
    };
    let joined = answer(&mut fixture.join(other));
    assert_eq!(joined.protocol_type, Some(text("consumer")));
}

// ClassicGroup.selectProtocol
#[test]
fn of_the_protocols_that_all_know_most_votes_win() {
    let mut fixture = Fixture::with(GroupSettings {
        initial_rebalance_delay: Duration::from_secs(1),
        ..GroupSettings::default()
    });
    let mut first = fixture.join(Joining {
        protocols: protocols(&["a", "b", "c"]),
        ..by_old_client("c")
    });
    for _ in 0..2 {
        fixture.join(Joining {
            protocols: protocols(&["c", "b"]),
            ..by_old_client("c")
        });
    }
    fixture.pass(Duration::from_secs(1));
    fixture.pass(Duration::from_secs(1));
    assert_eq!(answer(&mut first).protocol_name, Some(text("c")));
}

// ClassicGroup.validateMember in classicGroupJoinExistingMember
#[test]
fn a_member_that_is_not_known_is_refused() {
    let mut fixture = Fixture::new();
    fixture.stable(1);
    let refused = answer(&mut fixture.join(rejoining("nobody")));
    assert_eq!(
        error_of(refused.error_code),
        Some(ResponseError::UnknownMemberId)
    );
    assert_eq!(refused.member_id, text("nobody"));
}

// GroupMetadataManager.acceptJoiningMember
#[test]
fn a_full_group_takes_nobody_in() {
    let mut fixture = Fixture::with(GroupSettings {
        max_size: 2,
        ..GroupSettings::default()
    });
    let ids = fixture.stable(2);
    let refused = answer(&mut fixture.join(by_old_client("c")));
    assert_eq!(
        error_of(refused.error_code),
        Some(ResponseError::GroupMaxSizeReached)
    );
    assert_eq!(refused.member_id, StrBytes::new());
    let again = answer(&mut fixture.join(rejoining(&ids[1])));
    assert_eq!(again.error_code, 0, "whoever is in stays in");
}

// ClassicGroup.hasAllMembersJoined, removePendingMemberAndUpdateClassicGroup
#[test]
fn ids_that_were_given_out_are_waited_for_until_they_expire() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(1);
    fixture.join(Joining {
        version: 4,
        ..by_old_client("c")
    });
    let mut leader = fixture.join(rejoining(&ids[0]));
    assert!(is_held(&mut leader));
    fixture.pass(SESSION);
    assert_eq!(answer(&mut leader).generation_id, 2);
    assert_eq!(
        fixture.group.next_deadline(),
        Some(fixture.now.at + SESSION)
    );
}

// addMemberThenRebalanceOrCompleteJoin, hasSatisfiedHeartbeat: classicGroupNewMemberJoinTimeoutMs
#[test]
fn a_new_members_join_has_an_end() {
    let mut fixture = Fixture::new();
    let slow = Joining {
        rebalance_timeout: Duration::from_secs(3600),
        ..by_old_client("c")
    };
    let leader = id_of(&answer(&mut fixture.join(slow.clone())));
    let generation = fixture.group.generation;
    fixture.sync(assigning(
        &leader,
        generation,
        std::slice::from_ref(&leader),
    ));
    let mut newcomer = fixture.join(slow);
    for _ in 0..60 {
        assert!(is_held(&mut newcomer));
        fixture.pass(Duration::from_secs(5));
        assert_eq!(
            fixture.heartbeat(&leader, generation),
            Err(ResponseError::RebalanceInProgress)
        );
    }
    let refused = answer(&mut newcomer);
    assert_eq!(
        error_of(refused.error_code),
        Some(ResponseError::UnknownMemberId)
    );
    assert_eq!(refused.member_id, StrBytes::new());
}

// ClassicGroup.updateMember: a join that is repeated replaces the one that is held
#[test]
fn a_join_that_is_repeated_answers_the_former_one() {
    let mut fixture = Fixture::new();
    let ids = fixture.stable(2);
    let mut former = fixture.join(rejoining(&ids[0]));
    let mut latter = fixture.join(rejoining(&ids[0]));
    assert_eq!(
        error_of(answer(&mut former).error_code),
        Some(ResponseError::RebalanceInProgress)
    );
    assert!(is_held(&mut latter));
    fixture.join(rejoining(&ids[1]));
    assert_eq!(answer(&mut latter).error_code, 0);
}
