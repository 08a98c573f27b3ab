//! A group's offsets from outside the group, against a real broker.

#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::time::Duration;

use connect_kafka::ErrorCode;
use connect_kafka::consumer::Partition;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use support::*;

#[tokio::test]
async fn single_offsets_are_deleted_and_the_others_stay() {
    let admin = admin();
    let (topic, group) = (create(&admin, "offsets", 3).await, unique("group"));
    let at = |partition| Partition {
        topic: topic.as_str().into(),
        partition,
    };
    let stored = (0..3).map(|partition| (at(partition), 7)).collect();
    admin.commit_group_offsets(&group, stored).await.unwrap();
    let some = [at(0), at(2)];
    admin.delete_group_offsets(&group, &some).await.unwrap();
    let left = admin.group_offsets(&group).await.unwrap();
    assert_eq!(left.into_iter().collect::<Vec<_>>(), [(at(1), 7)]);
    // What is gone is gone.
    admin.delete_group_offsets(&group, &some).await.unwrap();
    let nobody = unique("nobody");
    admin.delete_group_offsets(&nobody, &some).await.unwrap();
    let gone = Partition {
        topic: unique("no_topic").into(),
        partition: 0,
    };
    let error = admin.delete_group_offsets(&group, &[gone]).await;
    let code = error.unwrap_err().code();
    assert_eq!(code, Some(ErrorCode::UnknownTopicOrPartition));
}

#[tokio::test]
async fn offsets_of_a_group_with_members_stay() {
    let admin = admin();
    let (topic, group) = (create(&admin, "offsets", 1).await, unique("group"));
    let partition = Partition {
        topic: topic.as_str().into(),
        partition: 0,
    };
    let offsets = vec![(partition.clone(), 7)];
    admin.commit_group_offsets(&group, offsets).await.unwrap();
    let member: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap())
        .set("group.id", &group)
        .create()
        .unwrap();
    member.subscribe(&[topic.as_str()]).unwrap();
    until("the member has the partition", || {
        drop(member.poll(Duration::from_millis(100)));
        member.assignment().unwrap().count() == 1
    })
    .await;
    let error = admin.delete_group_offsets(&group, &[partition]).await;
    let code = error.unwrap_err().code();
    assert_eq!(code, Some(ErrorCode::GroupSubscribedToTopic));
}
