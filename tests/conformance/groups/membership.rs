//! Joining, rebalancing, leaving.

use std::time::{Duration, Instant};

use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{
    FindCoordinatorRequest, GroupId, HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest,
    SyncGroupRequest,
};
use serde_json::{Map, Value, json};

use super::member::{HEARTBEAT, JOIN, Joining, LEAVE, Member, SYNC};
use crate::compare::behaviours;
use crate::raw;
use crate::target::Target;
use crate::wire::{Wire, error, text};

behaviours![
    coordinators_are_found_in_every_version,
    one_member_makes_a_group,
    a_second_member_makes_a_new_generation,
    a_leader_that_rejoins_makes_a_new_generation,
    a_follower_that_rejoins_as_it_was_stays_in_its_generation,
    a_follower_that_rejoins_otherwise_makes_a_new_generation,
    a_member_that_leaves_makes_a_new_generation,
    a_member_that_dies_is_noticed,
    a_member_that_does_not_rejoin_is_left_out,
    a_new_member_takes_the_leaders_place,
    what_is_stale_is_refused,
    what_does_not_fit_the_group_is_refused,
    protocols_are_agreed_upon,
    members_join_in_every_version,
];

async fn coordinators_are_found_in_every_version(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let key = target.unique("group");
    raw::wait_for_coordinator(&mut wire, &key, 0).await;
    raw::wait_for_coordinator(&mut wire, &key, 1).await;
    let mut observed = Map::new();
    for version in 0..=6 {
        for kind in [0, 1, 5] {
            if version == 0 && kind != 0 {
                continue;
            }
            let mut request = FindCoordinatorRequest::default().with_key_type(kind);
            if version < 4 {
                request.key = text(&key);
            } else {
                request.coordinator_keys = vec![text(&key), text("another"), text("")];
            }
            // A wrong kind may end the connection.
            let mut wire = Wire::open(target).await;
            let answer = wire.ask(version, &request).await;
            let coordinators = answer.coordinators.iter();
            let coordinators: Vec<Value> = coordinators
                .map(|one| {
                    json!([
                        one.key.as_str(),
                        error(one.error_code),
                        one.node_id.0,
                        format!("{}:{}", one.host, one.port)
                    ])
                })
                .collect();
            let seen = json!([
                error(answer.error_code),
                answer.node_id.0,
                format!("{}:{}", answer.host, answer.port),
                coordinators
            ]);
            observed.insert(format!("{kind} {version}"), seen);
        }
    }
    observed.into()
}

/// Two members, in the generation that both have synced.
async fn two(target: &Target) -> (Member, Member) {
    let group = target.unique("group");
    let mut one = Member::new(target, &group).await;
    let mut two = Member::new(target, &group).await;
    one.join().await;
    one.sync(&[]).await;
    two.start_join().await;
    one.wait_for_rebalance().await;
    let joined = one.join().await;
    assert_eq!(joined["leads"], true);
    two.finish_join().await;
    sync_both(&mut one, &mut two).await;
    (one, two)
}

async fn sync_both(leader: &mut Member, other: &mut Member) -> [Value; 2] {
    let ids = [leader.id.clone(), other.id.clone()];
    other.start_sync(&[]).await;
    let led = leader
        .sync(&[(&ids[0], "leader's"), (&ids[1], "other's")])
        .await;
    [led, other.finish_sync().await]
}

async fn one_member_makes_a_group(target: &Target) -> Value {
    let mut member = Member::new(target, &target.unique("group")).await;
    let joined = member.join().await;
    let before = member.heartbeat().await;
    let id = member.id.clone();
    let synced = member.sync(&[(&id, "mine"), ("nobody", "nobody's")]).await;
    json!({
        "joined": joined, "before": before, "synced": synced, "again": member.sync(&[]).await,
        "heartbeat": member.heartbeat().await, "left": member.leave().await,
        "after": member.heartbeat().await, "left again": member.leave().await,
        "id": id.starts_with("conformance-"),
    })
}

async fn a_second_member_makes_a_new_generation(target: &Target) -> Value {
    let group = target.unique("group");
    let mut one = Member::new(target, &group).await;
    let mut two = Member::new(target, &group).await;
    one.join().await;
    one.sync(&[]).await;
    two.start_join().await;
    one.wait_for_rebalance().await;
    let held = two.wire.is_silent(Duration::from_millis(300)).await;
    let during = [one.sync(&[]).await, json!(one.heartbeat().await)];
    let joined = [one.join().await, two.finish_join().await];
    two.start_sync(&[]).await;
    let held_sync = two.wire.is_silent(Duration::from_millis(300)).await;
    let ids = [one.id.clone(), two.id.clone()];
    let synced = one.sync(&[(&ids[0], "one"), (&ids[1], "two")]).await;
    json!({
        "held": held, "during": during, "joined": joined, "held sync": held_sync,
        "synced": [synced, two.finish_sync().await],
        "heartbeats": [one.heartbeat().await, two.heartbeat().await],
    })
}

async fn a_leader_that_rejoins_makes_a_new_generation(target: &Target) -> Value {
    let (mut one, mut two) = two(target).await;
    one.start_join().await;
    two.wait_for_rebalance().await;
    let joined = [two.join().await, one.finish_join().await];
    json!({ "joined": joined, "synced": sync_both(&mut one, &mut two).await })
}

async fn a_follower_that_rejoins_as_it_was_stays_in_its_generation(target: &Target) -> Value {
    let (mut one, mut two) = two(target).await;
    let joined = two.join().await;
    json!({
        "joined": joined, "synced": two.sync(&[]).await,
        "heartbeats": [one.heartbeat().await, two.heartbeat().await],
    })
}

async fn a_follower_that_rejoins_otherwise_makes_a_new_generation(target: &Target) -> Value {
    let (mut one, mut two) = two(target).await;
    two.joining.protocols = vec![("sessioned", "new"), ("compatible", "new")];
    two.start_join().await;
    one.wait_for_rebalance().await;
    let joined = [one.join().await, two.finish_join().await];
    json!({ "joined": joined, "synced": sync_both(&mut one, &mut two).await })
}

async fn a_member_that_leaves_makes_a_new_generation(target: &Target) -> Value {
    let (mut one, mut two) = two(target).await;
    let left = one.leave().await;
    two.wait_for_rebalance().await;
    let joined = two.join().await;
    let id = two.id.clone();
    json!({ "left": left, "joined": joined, "synced": two.sync(&[(&id, "all")]).await })
}

async fn a_member_that_dies_is_noticed(target: &Target) -> Value {
    let group = target.unique("group");
    let short = Joining {
        session_ms: 6000,
        ..Joining::default()
    };
    let mut one = Member::new(target, &group).await;
    let mut two = Member::with(target, &group, short).await;
    one.join().await;
    one.sync(&[]).await;
    two.start_join().await;
    one.wait_for_rebalance().await;
    one.join().await;
    two.finish_join().await;
    sync_both(&mut one, &mut two).await;
    let began = Instant::now();
    one.wait_for_rebalance().await;
    let seconds = began.elapsed().as_secs_f64();
    let joined = one.join().await;
    let synced = one.sync(&[]).await;
    json!({
        "after its session": (5.0..9.0).contains(&seconds), "joined": joined, "synced": synced,
        "the dead one": two.heartbeat().await, "rejoins": error(two.join_once().await.error_code),
    })
}

async fn a_member_that_does_not_rejoin_is_left_out(target: &Target) -> Value {
    let group = target.unique("group");
    let short = Joining {
        rebalance_ms: 2000,
        ..Joining::default()
    };
    let mut one = Member::with(target, &group, short.clone()).await;
    let mut two = Member::with(target, &group, short).await;
    one.join().await;
    one.sync(&[]).await;
    two.start_join().await;
    let began = Instant::now();
    let joined = two.finish_join().await;
    let seconds = began.elapsed().as_secs_f64();
    let late = one.heartbeat().await;
    json!({
        "after its time": (1.5..5.0).contains(&seconds), "joined": joined, "late": late,
        "joins": error(one.join_once().await.error_code),
    })
}

async fn a_new_member_takes_the_leaders_place(target: &Target) -> Value {
    let (mut one, mut two) = two(target).await;
    let mut three = Member::new(target, &one.group).await;
    three.start_join().await;
    two.wait_for_rebalance().await;
    two.start_join().await;
    one.leave().await;
    let mut joined = [two.finish_join().await, three.finish_join().await];
    // Either may lead.
    let leaders = joined
        .iter()
        .filter(|joined| joined["leads"] == true)
        .count();
    for joined in &mut joined {
        joined["leads"].take();
        joined["members"].take();
    }
    json!({ "joined": joined, "leaders": leaders })
}

async fn what_is_stale_is_refused(target: &Target) -> Value {
    let (mut one, mut two) = two(target).await;
    let (id, generation) = (one.id.clone(), one.generation);
    let mut observed = Map::new();
    let cases = [
        ("an older generation", id.clone(), generation - 1),
        ("a later generation", id.clone(), generation + 1),
        ("no generation", id.clone(), -1),
        ("an unknown member", "unknown".to_owned(), generation),
        ("no member", String::new(), generation),
    ];
    for (case, id, generation) in cases {
        (one.id, one.generation) = (id, generation);
        let seen = json!([
            one.heartbeat().await,
            one.sync(&[]).await,
            if case.contains("member") {
                one.leave().await
            } else {
                Value::Null
            }
        ]);
        observed.insert(case.to_owned(), seen);
    }
    (one.id, one.generation) = ("unknown".to_owned(), generation);
    let answer = one.join_once().await;
    observed.insert(
        "an unknown member joins".to_owned(),
        error(answer.error_code).into(),
    );
    one.id = id;
    one.group = target.unique("unknown");
    let seen = json!([
        one.heartbeat().await,
        one.sync(&[]).await,
        one.leave().await
    ]);
    observed.insert("an unknown group".to_owned(), seen);
    one.group = String::new();
    let seen = json!([
        one.heartbeat().await,
        one.sync(&[]).await,
        one.leave().await,
        error(one.join_once().await.error_code)
    ]);
    observed.insert("no group".to_owned(), seen);
    observed.insert("beside".to_owned(), two.heartbeat().await.into());
    observed.into()
}

async fn what_does_not_fit_the_group_is_refused(target: &Target) -> Value {
    let group = target.unique("group");
    let mut one = Member::new(target, &group).await;
    one.join().await;
    one.sync(&[]).await;
    let usual = Joining::default;
    let cases = [
        (
            "another type",
            Joining {
                protocol_type: "consumer",
                ..usual()
            },
        ),
        (
            "no type",
            Joining {
                protocol_type: "",
                ..usual()
            },
        ),
        (
            "other protocols",
            Joining {
                protocols: vec![("eager", "e")],
                ..usual()
            },
        ),
        (
            "no protocols",
            Joining {
                protocols: Vec::new(),
                ..usual()
            },
        ),
        (
            "a short session",
            Joining {
                session_ms: 5999,
                ..usual()
            },
        ),
        (
            "a long session",
            Joining {
                session_ms: 1_800_001,
                ..usual()
            },
        ),
    ];
    let mut observed = Map::new();
    for (case, joining) in cases {
        let fresh = target.unique("group");
        let mut there = Member::with(target, &group, joining.clone()).await;
        let mut alone = Member::with(target, &fresh, joining).await;
        let answers = [there.join_once().await, alone.join_once().await];
        let errors = answers.map(|answer| error(answer.error_code));
        observed.insert(case.to_owned(), json!(errors));
    }
    observed.insert("beside".to_owned(), one.heartbeat().await.into());
    // A sync has to name the group's type and protocol (KIP-559).
    one.joining.protocol_type = "consumer";
    observed.insert("a sync of another type".to_owned(), one.sync(&[]).await);
    one.joining = usual();
    one.joining.protocols = vec![("compatible", "c")];
    observed.insert("a sync of another protocol".to_owned(), one.sync(&[]).await);
    observed.into()
}

async fn protocols_are_agreed_upon(target: &Target) -> Value {
    let group = target.unique("group");
    let with = |protocols: &[(&'static str, &'static str)]| Joining {
        protocols: protocols.to_vec(),
        ..Joining::default()
    };
    let mut one = Member::with(
        target,
        &group,
        with(&[("a", "1a"), ("b", "1b"), ("c", "1c")]),
    )
    .await;
    let mut two = Member::with(target, &group, with(&[("c", "2c"), ("b", "2b")])).await;
    let mut three = Member::with(target, &group, with(&[("b", "3b"), ("c", "3c")])).await;
    let alone = one.join().await;
    one.sync(&[]).await;
    two.start_join().await;
    one.wait_for_rebalance().await;
    three.start_join().await;
    // A vote: the one that most members prefer, of those that all have.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let joined = [
        one.join().await,
        two.finish_join().await,
        three.finish_join().await,
    ];
    json!({ "alone": alone, "joined": joined })
}

async fn members_join_in_every_version(target: &Target) -> Value {
    let mut observed = Map::new();
    for version in 0..=JOIN {
        let mut member = Member::new(target, &target.unique("group")).await;
        let mut request = member.join_request();
        let mut answer = member.wire.ask::<JoinGroupRequest>(version, &request).await;
        let first = error(answer.error_code);
        if first == "MemberIdRequired" {
            request.member_id = answer.member_id.clone();
            answer = member.wire.ask(version, &request).await;
        }
        member.id = answer.member_id.to_string();
        member.generation = answer.generation_id;
        let joined = json!([
            first,
            error(answer.error_code),
            answer.generation_id,
            answer.leader == answer.member_id,
            answer.members.len(),
            answer.protocol_name.as_ref().map(ToString::to_string),
            answer.protocol_type.as_ref().map(ToString::to_string)
        ]);
        let id = member.id.clone();
        let sync = member.sync_request(&[(&id, "mine")]);
        let sync = member
            .wire
            .ask::<SyncGroupRequest>(version.min(SYNC), &sync)
            .await;
        let heartbeat = HeartbeatRequest::default()
            .with_group_id(GroupId(text(&member.group)))
            .with_generation_id(member.generation)
            .with_member_id(text(&id));
        let heartbeat = member.wire.ask(version.min(HEARTBEAT), &heartbeat).await;
        let mut leave = LeaveGroupRequest::default().with_group_id(GroupId(text(&member.group)));
        if version < 3 {
            leave.member_id = text(&id);
        } else {
            leave.members = vec![MemberIdentity::default().with_member_id(text(&id))];
        }
        let left = member.wire.ask(version.min(LEAVE), &leave).await;
        let seen = json!([
            joined,
            error(sync.error_code),
            sync.assignment.escape_ascii().to_string(),
            error(heartbeat.error_code),
            error(left.error_code),
            left.members.len()
        ]);
        observed.insert(version.to_string(), seen);
    }
    observed.into()
}
