//! Members with an instance id (KIP-345).

use serde_json::{Value, json};

use super::member::{Joining, Member};
use crate::compare::behaviours;
use crate::target::Target;
use crate::wire::error;

behaviours![
    a_static_member_comes_back_to_its_place,
    the_second_of_one_instance_fences_the_first,
    a_static_member_leaves_by_its_instance,
];

fn instance(name: &'static str) -> Joining {
    Joining {
        instance: Some(name),
        ..Joining::default()
    }
}

/// Two static members in one generation.
async fn two(target: &Target) -> (Member, Member) {
    let group = target.unique("group");
    let mut one = Member::with(target, &group, instance("one")).await;
    let mut two = Member::with(target, &group, instance("two")).await;
    // With an instance there is no round for an id, so patience is needed here.
    let answer = one.join_once().await;
    assert_eq!(error(answer.error_code), "none");
    (one.id, one.generation) = (answer.member_id.to_string(), answer.generation_id);
    one.sync(&[]).await;
    two.start_join().await;
    one.wait_for_rebalance().await;
    one.join().await;
    two.finish_join().await;
    let ids = [one.id.clone(), two.id.clone()];
    two.start_sync(&[]).await;
    one.sync(&[(&ids[0], "first"), (&ids[1], "second")]).await;
    two.finish_sync().await;
    (one, two)
}

async fn a_static_member_comes_back_to_its_place(target: &Target) -> Value {
    let (mut one, two) = two(target).await;
    let mut back = Member::with(target, &two.group, instance("two")).await;
    let joined = back.join().await;
    let another = back.id != two.id;
    json!({
        "joined": joined, "another id": another, "synced": back.sync(&[]).await,
        "heartbeats": [one.heartbeat().await, back.heartbeat().await],
    })
}

async fn the_second_of_one_instance_fences_the_first(target: &Target) -> Value {
    let (mut one, mut two) = two(target).await;
    let mut second = Member::with(target, &two.group, instance("two")).await;
    second.join().await;
    json!({
        "heartbeat": two.heartbeat().await, "sync": two.sync(&[]).await,
        "join": error(two.join_once().await.error_code), "leave": two.leave().await,
        "others": [one.heartbeat().await, second.heartbeat().await],
    })
}

async fn a_static_member_leaves_by_its_instance(target: &Target) -> Value {
    let (mut one, mut two) = two(target).await;
    two.id = String::new();
    let left = two.leave().await;
    let again = two.leave().await;
    one.wait_for_rebalance().await;
    json!({ "left": left, "again": again, "joined": one.join().await })
}
