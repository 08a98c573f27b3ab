//! Members of a group of a protocol type of their own, against a real broker.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod group_support;
mod support;

use std::time::{Duration, Instant};

use connect_kafka::group::{GroupState, Lost};
use group_support::*;
use support::unique;

#[tokio::test]
async fn a_lone_member_leads_and_gives_itself_the_work() {
    let group = unique("group-alone");
    let mut member = TestMember::start(&options(&group, &[]), "a");
    let joined = member.assigned().await;
    assert!(joined.generation.is_leader());
    assert_eq!(joined.generation.id, 1);
    assert_eq!(joined.generation.protocol, "second");
    assert_eq!(joined.work, "of a with a");
    assert!(
        joined
            .generation
            .member_id
            .starts_with("kafka-crate-tests-")
    );
    let state = member.handle.health().borrow().state.clone();
    assert!(matches!(state, GroupState::Member(generation) if *generation == joined.generation));
    assert!(
        member
            .handle
            .last_answered()
            .is_within(Duration::from_secs(3))
    );
    assert!(member.leave().await);
    assert_eq!(member.handle.last_answered().sent_at(), None);
    let health = member.handle.health();
    assert_eq!(health.borrow().state, GroupState::Left { confirmed: true });
}

#[tokio::test]
async fn members_share_and_hand_over_when_one_leaves() {
    let group = unique("group-share");
    let options = options(&group, &[]);
    let mut first = TestMember::start(&options, "a");
    assert_eq!(first.assigned().await.work, "of a with a");
    let mut second = TestMember::start(&options, "b");
    let (of_second, of_first) = (second.assigned().await, first.assigned().await);
    assert_eq!(of_first.work, "of a with a,b");
    assert_eq!(of_second.work, "of b with a,b");
    assert_eq!(of_first.generation.id, of_second.generation.id);
    assert_eq!(of_first.generation.leader_id, of_first.generation.member_id);
    assert!(
        of_first
            .previous
            .is_some_and(|previous| previous < of_first.generation.id)
    );
    let left = Instant::now();
    assert!(first.leave().await);
    let alone = second.assigned().await;
    let took = left.elapsed();
    assert_eq!(alone.work, "of b with b");
    assert!(alone.generation.is_leader());
    // The next heartbeat tells it.
    assert!(took < HEARTBEAT + Duration::from_secs(1), "{took:?}");
    assert!(first.events().is_empty() && second.events().is_empty());
    assert!(second.leave().await);
}

#[tokio::test]
async fn a_rejoin_that_is_asked_for_brings_new_metadata() {
    let group = unique("group-rejoin");
    let options = options(&group, &[]);
    let mut first = TestMember::start(&options, "a");
    first.assigned().await;
    first.say("a2");
    first.handle.request_rejoin("there is news");
    let again = first.assigned().await;
    assert_eq!(again.work, "of a2 with a2");
    assert_eq!(again.reason, "there is news");
    let mut second = TestMember::start(&options, "b");
    second.assigned().await;
    assert_eq!(first.assigned().await.work, "of a2 with a2,b");
    // A member that does not lead can ask too.
    second.say("b2");
    second.handle.request_rejoin("more news");
    assert_eq!(second.assigned().await.work, "of b2 with a2,b2");
    assert_eq!(first.assigned().await.work, "of a2 with a2,b2");
    second.rejoin_after_next("work was given up");
    second.say("b3");
    first.handle.request_rejoin("a third time");
    for work in ["of b3 with a2,b3", "of b3 with a2,b3"] {
        assert_eq!(second.assigned().await.work, work);
    }
    assert!(first.leave().await && second.leave().await);
}

#[tokio::test]
async fn a_member_that_vanishes_is_out_after_its_session() {
    let group = unique("group-vanish");
    let options = options(&group, &[]);
    let mut first = TestMember::start(&options, "a");
    first.assigned().await;
    let mut second = TestMember::start(&options, "b");
    second.assigned().await;
    first.assigned().await;
    let vanished = Instant::now();
    drop(second.handle);
    assert_eq!(first.assigned().await.work, "of a with a");
    let took = vanished.elapsed();
    let most = SESSION + HEARTBEAT + Duration::from_secs(2);
    assert!(took > SESSION - HEARTBEAT && took < most, "{took:?}");
    assert!(first.leave().await);
}

#[tokio::test]
async fn heartbeats_go_on_while_another_member_takes_its_time_to_join() {
    let group = unique("group-slow");
    let options = options(&group, &[]);
    let mut quick = TestMember::start(&options, "a");
    quick.assigned().await;
    let mut slow = TestMember::start(&options, "b");
    slow.assigned().await;
    quick.assigned().await;
    // Longer than a session: the join of the quick one waits, and its lease must hold.
    slow.slow_down(SESSION + Duration::from_secs(2));
    quick.handle.request_rejoin("a change");
    let began = Instant::now();
    let answered = quick.handle.last_answered();
    while quick.events().is_empty() {
        assert!(answered.is_within(SESSION / 2), "{:?}", began.elapsed());
        assert!(began.elapsed() < SESSION * 4);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(began.elapsed() > SESSION);
    assert_eq!(quick.assigned().await.work, "of a with a,b");
    assert_eq!(slow.assigned().await.work, "of b with a,b");
    assert!(quick.leave().await && slow.leave().await);
}

#[tokio::test]
async fn a_member_that_is_too_slow_to_join_is_put_out_and_comes_back() {
    let group = unique("group-too-slow");
    let options = options(&group, &[("rebalance.timeout.ms", "3000")]);
    let mut quick = TestMember::start(&options, "a");
    quick.assigned().await;
    let mut slow = TestMember::start(&options, "b");
    slow.assigned().await;
    quick.assigned().await;
    slow.slow_down(Duration::from_secs(6));
    quick.handle.request_rejoin("a change");
    assert_eq!(quick.assigned().await.work, "of a with a");
    slow.slow_down(Duration::ZERO);
    assert_eq!(slow.lost().await, Lost::UnknownMember);
    let back = slow.assigned().await;
    assert_eq!(back.work, "of b with a,b");
    assert_eq!(back.previous, None);
    assert!(quick.leave().await && slow.leave().await);
}

#[tokio::test]
async fn a_member_that_is_removed_notices_and_joins_again() {
    let group = unique("group-removed");
    let options = options(&group, &[]);
    let mut member = TestMember::start(&options, "a");
    let before = member.assigned().await;
    let answered = member.handle.last_answered();
    remove(&options, &before.generation.member_id).await;
    assert_eq!(member.lost().await, Lost::UnknownMember);
    assert!(member.removed_before_lost());
    let after = member.assigned().await;
    assert_eq!(after.previous, None);
    assert_ne!(after.generation.member_id, before.generation.member_id);
    assert!(answered.is_within(SESSION));
    assert!(member.leave().await);
}

#[tokio::test]
async fn an_assignment_that_cannot_be_made_is_reported_and_tried_again() {
    let group = unique("group-assign");
    let mut member = TestMember::start_failing(&options(&group, &[]), "a", 2);
    let mut health = member.handle.health();
    let problem = health
        .wait_for(|health| health.problem.is_some())
        .await
        .unwrap()
        .problem
        .clone()
        .unwrap();
    let text = problem.error.to_string();
    assert!(
        text.contains("generation 1") && text.contains("no work today"),
        "{text}"
    );
    assert_eq!(member.assigned().await.work, "of a with a");
    assert!(member.handle.health().borrow().problem.is_none());
    assert!(member.leave().await);
}

#[tokio::test]
async fn a_group_of_another_kind_is_named_and_tried_again() {
    let group = unique("group-kind");
    let mut consumer = TestMember::start(&kind(&options(&group, &[]), "other-kind"), "a");
    consumer.assigned().await;
    let mut member = TestMember::start(&options(&group, &[]), "b");
    let problem = member.problem().await;
    assert!(problem.contains("INCONSISTENT_GROUP_PROTOCOL"), "{problem}");
    assert!(problem.contains("another protocol type"), "{problem}");
    assert!(consumer.leave().await);
    assert_eq!(member.assigned().await.work, "of b with b");
    assert!(member.handle.health().borrow().problem.is_none());
    assert!(member.leave().await);
}

#[tokio::test]
async fn a_session_timeout_that_the_broker_does_not_allow_is_named() {
    let group = unique("group-session");
    let pairs = [
        ("session.timeout.ms", "1000"),
        ("heartbeat.interval.ms", "300"),
    ];
    let member = TestMember::start(&options(&group, &pairs), "a");
    let problem = member.problem().await;
    assert!(problem.contains("INVALID_SESSION_TIMEOUT"), "{problem}");
    assert!(
        problem.contains("group.min.session.timeout.ms"),
        "{problem}"
    );
    // There is nothing to leave.
    assert!(member.leave().await);
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_named_and_leaving_does_not_wait_for_it() {
    let options = options(
        &unique("group-absent"),
        &[("bootstrap.servers", "127.0.0.1:9")],
    );
    let member = TestMember::start(&options, "a");
    let problem = member.problem().await;
    assert!(
        problem.contains("127.0.0.1:9") && problem.contains("refused"),
        "{problem}"
    );
    let began = Instant::now();
    assert!(member.leave().await);
    assert!(began.elapsed() < Duration::from_secs(1));
}
