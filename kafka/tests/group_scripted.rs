//! A member whose coordinator answers as real ones do on bad days.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod group_support;
mod scripted_broker;
mod support;

use std::thread;
use std::time::{Duration, Instant};

use connect_kafka::Props;
use connect_kafka::group::{GroupOptions, GroupState, Lost};
use group_support::TestMember;
use kafka_protocol::ResponseError::*;
use kafka_protocol::messages::ApiKey;
use scripted_broker::*;

const SESSION: Duration = Duration::from_millis(1200);

fn options(broker: &ScriptedBroker) -> GroupOptions {
    options_with_pauses(broker, ["20", "100"])
}

fn options_with_pauses(broker: &ScriptedBroker, [first, longest]: [&str; 2]) -> GroupOptions {
    let props = [
        ("bootstrap.servers", broker.bootstrap().as_str()),
        ("group.id", "scripted"),
        ("session.timeout.ms", "1200"),
        ("heartbeat.interval.ms", "100"),
        ("rebalance.timeout.ms", "3000"),
        ("request.timeout.ms", "2000"),
        ("retry.backoff.ms", "20"),
        ("retry.backoff.max.ms", "100"),
        ("reconnect.backoff.ms", first),
        ("reconnect.backoff.max.ms", longest),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()));
    GroupOptions::from_props(&Props::from(props), "connectd-test", "scripted").unwrap()
}

async fn joined(broker: &ScriptedBroker) -> TestMember {
    let mut member = TestMember::start(&options(broker), "a");
    member.assigned().await;
    member
}

#[tokio::test]
async fn what_passes_by_itself_delays_a_join_and_no_more() {
    let broker = ScriptedBroker::start();
    broker.fail(ApiKey::FindCoordinator, CoordinatorNotAvailable);
    for error in [
        CoordinatorLoadInProgress,
        NotCoordinator,
        CoordinatorNotAvailable,
        RebalanceInProgress,
        UnknownMemberId,
    ] {
        broker.fail(ApiKey::JoinGroup, error);
    }
    broker.react(ApiKey::JoinGroup, Reaction::Hangup);
    for error in [RebalanceInProgress, IllegalGeneration, NotCoordinator] {
        broker.fail(ApiKey::SyncGroup, error);
    }
    let mut member = joined(&broker).await;
    assert!(member.events().is_empty());
    assert!(member.handle.health().borrow().problem.is_none());
    let syncs = broker.seen(ApiKey::SyncGroup);
    assert_eq!(syncs.len(), 4);
    assert!(
        syncs
            .iter()
            .all(|sync| sync.member_id == syncs[0].member_id)
    );
    assert!(member.leave().await);
    assert_eq!(
        broker.seen(ApiKey::LeaveGroup)[0].member_id,
        syncs[0].member_id
    );
}

#[tokio::test]
async fn a_sync_of_an_unknown_member_makes_it_a_new_one() {
    let broker = ScriptedBroker::start();
    broker.fail(ApiKey::SyncGroup, UnknownMemberId);
    let member = joined(&broker).await;
    let syncs = broker.seen(ApiKey::SyncGroup);
    assert_eq!(syncs[0].member_id, "member-1");
    assert_eq!(syncs[1].member_id, "member-2");
    assert!(member.leave().await);
}

#[tokio::test]
async fn a_rebalance_and_a_missed_generation_keep_member_and_assignment() {
    let broker = ScriptedBroker::start();
    let mut member = joined(&broker).await;
    for (index, error) in [RebalanceInProgress, IllegalGeneration]
        .into_iter()
        .enumerate()
    {
        broker.fail(ApiKey::Heartbeat, error);
        let again = member.assigned().await;
        assert_eq!(again.generation.member_id, "member-1");
        assert_eq!(again.previous, Some(i32::try_from(index).unwrap() + 1));
    }
    assert!(member.leave().await);
}

#[tokio::test]
async fn a_member_that_is_not_known_or_replaced_loses_everything() {
    let broker = ScriptedBroker::start();
    let mut member = joined(&broker).await;
    for (number, error, why) in [
        (2, UnknownMemberId, Lost::UnknownMember),
        (3, FencedInstanceId, Lost::Fenced),
    ] {
        broker.fail(ApiKey::Heartbeat, error);
        assert_eq!(member.lost().await, why);
        assert!(member.removed_before_lost());
        let again = member.assigned().await;
        assert_eq!(again.generation.member_id, format!("member-{number}"));
        assert_eq!(again.previous, None);
    }
    // It can also come out with a join.
    broker.fail(ApiKey::JoinGroup, UnknownMemberId);
    member.handle.request_rejoin("a change");
    assert_eq!(member.lost().await, Lost::UnknownMember);
    assert_eq!(member.assigned().await.previous, None);
    assert!(member.leave().await);
}

#[tokio::test]
async fn a_coordinator_that_moves_takes_its_members_along() {
    let (first, second) = (ScriptedBroker::start(), ScriptedBroker::start());
    let mut member = joined(&first).await;
    first.move_to(&second);
    eventually("heartbeats to the new coordinator", || {
        second.seen(ApiKey::Heartbeat).len() > 2
    })
    .await;
    let beat = &second.seen(ApiKey::Heartbeat)[0];
    assert_eq!((beat.member_id.as_str(), beat.generation), ("member-1", 1));
    assert!(second.seen(ApiKey::JoinGroup).is_empty() && member.events().is_empty());
    assert!(member.handle.last_answered().is_within(SESSION));
    // The rest goes there too.
    member.handle.request_rejoin("a change");
    first.fail(ApiKey::JoinGroup, NotCoordinator);
    assert_eq!(member.assigned().await.generation.id, 2);
    assert_eq!(second.seen(ApiKey::SyncGroup).len(), 1);
    assert!(member.leave().await);
    assert_eq!(second.seen(ApiKey::LeaveGroup).len(), 1);
}

#[tokio::test]
async fn a_short_outage_changes_nothing() {
    let broker = ScriptedBroker::start();
    let mut member = joined(&broker).await;
    broker.down(true);
    tokio::time::sleep(SESSION / 2).await;
    let problem = member.handle.health().borrow().problem.clone().unwrap();
    assert!(
        problem.error.is_retriable() && problem.times > 1,
        "{problem:?}"
    );
    broker.down(false);
    let mut health = member.handle.health();
    health
        .wait_for(|health| health.problem.is_none())
        .await
        .unwrap();
    tokio::time::sleep(SESSION).await;
    assert!(member.events().is_empty());
    assert_eq!(broker.seen(ApiKey::JoinGroup).len(), 2);
    assert!(member.handle.last_answered().is_within(SESSION / 2));
    assert!(member.leave().await);
}

#[tokio::test]
async fn silence_of_a_sessions_length_loses_everything_in_time() {
    for refuse in [false, true] {
        let broker = ScriptedBroker::start();
        let mut member = joined(&broker).await;
        let answered = member.handle.last_answered();
        if refuse {
            broker.down(true);
        } else {
            broker.hold(true);
        }
        let last = answered.sent_at().unwrap();
        assert_eq!(member.lost().await, Lost::SessionExpired);
        let took = last.elapsed();
        let most = SESSION + Duration::from_millis(400);
        assert!(
            took >= SESSION - Duration::from_millis(150) && took < most,
            "{took:?}"
        );
        assert_eq!(answered.sent_at(), None);
        tokio::time::sleep(SESSION).await;
        assert!(member.events().is_empty());
        assert_eq!(member.handle.health().borrow().state, GroupState::Joining);
        broker.down(false);
        broker.hold(false);
        // The coordinator may still know it: so it need not wait for its former self.
        let again = member.assigned().await;
        assert_eq!(again.generation.member_id, "member-1");
        assert_eq!(again.previous, None);
        assert!(member.leave().await);
    }
}

/// The pauses between attempts get long, up to a second by default: others must not have started
/// what this member has while it waits for the next.
#[tokio::test]
async fn a_session_ends_in_time_between_two_attempts_too() {
    let broker = ScriptedBroker::start();
    let options = options_with_pauses(&broker, ["1000", "1000"]);
    let mut member = TestMember::start(&options, "a");
    member.assigned().await;
    let answered = member.handle.last_answered();
    broker.down(true);
    let last = answered.sent_at().unwrap();
    assert_eq!(member.lost().await, Lost::SessionExpired);
    let took = last.elapsed();
    assert!(took < SESSION + Duration::from_millis(200), "{took:?}");
}

#[tokio::test]
async fn a_heartbeat_that_is_swallowed_is_sent_again_on_another_connection() {
    let broker = ScriptedBroker::start();
    let mut member = joined(&broker).await;
    broker.react(ApiKey::Heartbeat, Reaction::Silence);
    let before = broker.seen(ApiKey::Heartbeat).len();
    eventually("further heartbeats", || {
        broker.seen(ApiKey::Heartbeat).len() > before + 4
    })
    .await;
    assert!(member.events().is_empty());
    assert!(member.leave().await);
}

#[tokio::test]
async fn what_somebody_must_mend_is_reported_and_mends() {
    let broker = ScriptedBroker::start();
    let refusal = Reaction::Error(GroupAuthorizationFailed);
    broker.always(Some((ApiKey::JoinGroup, refusal)));
    let mut member = TestMember::start(&options(&broker), "a");
    assert!(
        member
            .problem()
            .await
            .contains("GROUP_AUTHORIZATION_FAILED")
    );
    eventually("another attempt", || {
        broker.seen(ApiKey::JoinGroup).len() > 1
    })
    .await;
    broker.always(None);
    member.assigned().await;
    // Rights that are taken away while it is a member.
    broker.always(Some((ApiKey::Heartbeat, refusal)));
    assert!(
        member
            .problem()
            .await
            .contains("send a heartbeat to group 'scripted'")
    );
    broker.always(None);
    let mut health = member.handle.health();
    health
        .wait_for(|health| health.problem.is_none())
        .await
        .unwrap();
    assert!(member.events().is_empty());
    broker.always(Some((ApiKey::Heartbeat, refusal)));
    assert_eq!(member.lost().await, Lost::SessionExpired);
    broker.always(None);
    member.assigned().await;
    assert!(member.leave().await);
}

#[tokio::test]
async fn a_full_group_is_named() {
    let broker = ScriptedBroker::start();
    broker.always(Some((
        ApiKey::JoinGroup,
        Reaction::Error(GroupMaxSizeReached),
    )));
    let member = TestMember::start(&options(&broker), "a");
    let problem = member.problem().await;
    assert!(problem.contains("GROUP_MAX_SIZE_REACHED"), "{problem}");
    assert!(problem.contains("group.max.size"), "{problem}");
}

#[tokio::test]
async fn brokers_of_long_ago_are_understood() {
    let broker = ScriptedBroker::start();
    broker.grow_old();
    let member = joined(&broker).await;
    eventually("heartbeats", || broker.seen(ApiKey::Heartbeat).len() > 1).await;
    assert!(member.leave().await);
    for (api, version) in [
        (ApiKey::FindCoordinator, 2),
        (ApiKey::JoinGroup, 5),
        (ApiKey::SyncGroup, 3),
        (ApiKey::LeaveGroup, 2),
    ] {
        assert_eq!(broker.seen(api)[0].version, version, "{api:?}");
    }
    assert_eq!(broker.seen(ApiKey::LeaveGroup)[0].member_id, "member-1");
}

#[tokio::test]
async fn leaving_cuts_off_what_is_going_on() {
    let broker = ScriptedBroker::start();
    let member = joined(&broker).await;
    broker.react(ApiKey::JoinGroup, Reaction::Silence);
    let joins = broker.seen(ApiKey::JoinGroup).len();
    member.handle.request_rejoin("a change");
    eventually("the join", || broker.seen(ApiKey::JoinGroup).len() > joins).await;
    let began = Instant::now();
    assert!(member.leave().await);
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(broker.seen(ApiKey::LeaveGroup)[0].member_id, "member-1");

    // A handler that takes its time does not hold it up either.
    let member = joined(&broker).await;
    member.slow_down(Duration::from_secs(60));
    member.handle.request_rejoin("a change");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(member.leave().await);
    assert!(began.elapsed() < Duration::from_secs(2));

    // And one that nobody answers is not waited for.
    let member = joined(&broker).await;
    broker.hold(true);
    let began = Instant::now();
    let left = member
        .handle
        .leave("the end", Duration::from_millis(300))
        .await;
    assert!(!left && began.elapsed() < Duration::from_millis(600));
}

#[tokio::test]
async fn a_member_that_does_not_join_in_time_knows_when_the_group_goes_on_without_it() {
    let broker = ScriptedBroker::start();
    let mut member = joined(&broker).await;
    let answered = member.handle.last_answered();
    // Longer than the three seconds of the rebalance timeout.
    member.slow_down(Duration::from_secs(4));
    let began = Instant::now();
    let rebalancing = Reaction::Error(RebalanceInProgress);
    broker.always(Some((ApiKey::Heartbeat, rebalancing)));
    while answered.is_within(SESSION) {
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(began.elapsed() > SESSION * 2, "{:?}", began.elapsed());
    assert_eq!(member.lost().await, Lost::SessionExpired);
    broker.always(None);
    member.slow_down(Duration::ZERO);
    assert_eq!(member.assigned().await.previous, None);
    assert!(member.leave().await);
}

/// The runtime of these tests has one thread, and nothing of the member runs while it is blocked:
/// as if the process were stopped.
fn stop_the_process(time: Duration) {
    thread::sleep(time);
}

#[tokio::test]
async fn a_process_that_was_stopped_asks_before_it_goes_on() {
    let broker = ScriptedBroker::start();
    let mut member = joined(&broker).await;
    let answered = member.handle.last_answered();
    // The coordinator was stopped too, or is patient: nothing is lost.
    stop_the_process(SESSION * 2);
    assert!(!answered.is_within(SESSION));
    eventually("an answer", || answered.is_within(SESSION)).await;
    assert!(member.events().is_empty());
    // It has forgotten the member: its word counts, not the time.
    broker.fail(ApiKey::Heartbeat, UnknownMemberId);
    stop_the_process(SESSION * 2);
    assert!(!answered.is_within(SESSION));
    assert_eq!(member.lost().await, Lost::UnknownMember);
    assert_eq!(member.assigned().await.generation.member_id, "member-2");
    assert!(member.leave().await);
}

#[tokio::test]
async fn an_assignment_that_lay_about_is_confirmed_first() {
    let broker = ScriptedBroker::start();
    let mut member = TestMember::start(&options(&broker), "a");
    while broker.seen(ApiKey::SyncGroup).is_empty() {
        tokio::task::yield_now().await;
    }
    // The answer arrives now, and is read when the session is long over.
    broker.fail(ApiKey::Heartbeat, UnknownMemberId);
    stop_the_process(SESSION * 2);
    let first = member.assigned().await;
    assert_eq!(first.generation.member_id, "member-2");
    assert_eq!(first.previous, None);
    assert!(member.leave().await);
}
