//! Offsets that groups keep.

use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    GroupId, OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest,
};
use serde_json::{Map, Value, json};

use super::member::{Joining, Member};
use crate::compare::behaviours;
use crate::raw;
use crate::target::Target;
use crate::wire::{Wire, error, text};

behaviours![
    offsets_are_committed_in_every_version,
    offsets_are_fetched_in_every_version,
    all_offsets_are_fetched_at_once,
    wrong_commits_are_refused,
    members_commit_in_their_generation,
    offsets_are_deleted,
    offsets_of_a_deleted_topic_go,
];

/// What to commit, and as whom.
#[derive(Debug, Clone, Default)]
struct Commit {
    generation: i32,
    member: String,
    instance: Option<&'static str>,
    offset: i64,
    note: Option<String>,
    partition: i32,
}

/// A commit of no member.
fn simple(offset: i64) -> Commit {
    Commit {
        generation: -1,
        offset,
        note: Some("note".to_owned()),
        ..Commit::default()
    }
}

async fn commit(wire: &mut Wire, version: i16, group: &str, topic: &str, what: &Commit) -> String {
    let partition = OffsetCommitRequestPartition::default()
        .with_partition_index(what.partition)
        .with_committed_offset(what.offset)
        .with_committed_metadata(what.note.as_deref().map(text));
    let topic = OffsetCommitRequestTopic::default()
        .with_name(raw::topic_name(topic))
        .with_partitions(vec![partition]);
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(text(group)))
        .with_generation_id_or_member_epoch(what.generation)
        .with_member_id(text(&what.member))
        .with_group_instance_id(what.instance.map(text))
        .with_topics(vec![topic]);
    loop {
        let answer = wire.ask(version, &request).await;
        let code = answer.topics[0].partitions[0].error_code;
        if !raw::wants_patience(code) {
            return error(code);
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Commits the offset of a topic's first partition.
pub(crate) async fn commit_offset(wire: &mut Wire, group: &str, topic: &str, offset: i64) {
    assert_eq!(commit(wire, 8, group, topic, &simple(offset)).await, "none");
}

/// A group's offset of a topic's first partition.
pub(crate) async fn fetch_offset(wire: &mut Wire, group: &str, topic: &str, stable: bool) -> Value {
    fetch_in(wire, 7, group, topic, stable).await
}

async fn fetch_in(wire: &mut Wire, version: i16, group: &str, topic: &str, stable: bool) -> Value {
    let mut request = OffsetFetchRequest::default();
    if version >= 7 {
        request.require_stable = stable;
    }
    if version >= 8 {
        let topic = OffsetFetchRequestTopics::default()
            .with_name(raw::topic_name(topic))
            .with_partition_indexes(vec![0, 1]);
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(GroupId(text(group)))
            .with_topics(Some(vec![topic]));
        request.groups = vec![group];
        let answer = wire.ask(version, &request).await;
        let group = &answer.groups[0];
        let one = &group.topics[0].partitions[0];
        return json!({
            "group": error(group.error_code), "error": error(one.error_code),
            "offset": one.committed_offset, "epoch": one.committed_leader_epoch,
            "note": one.metadata.as_ref().map(ToString::to_string),
            "partitions": group.topics[0].partitions.len(),
        });
    }
    let topic = OffsetFetchRequestTopic::default()
        .with_name(raw::topic_name(topic))
        .with_partition_indexes(vec![0, 1]);
    request.group_id = GroupId(text(group));
    request.topics = Some(vec![topic]);
    let answer = wire.ask(version, &request).await;
    let Some(topic) = answer.topics.first() else {
        return json!({ "group": error(answer.error_code) });
    };
    let one = &topic.partitions[0];
    json!({
        "group": error(answer.error_code), "error": error(one.error_code),
        "offset": one.committed_offset, "epoch": one.committed_leader_epoch,
        "note": one.metadata.as_ref().map(ToString::to_string),
        "partitions": topic.partitions.len(),
    })
}

async fn coordinated(target: &Target, group: &str) -> Wire {
    let mut wire = Wire::open(target).await;
    raw::wait_for_coordinator(&mut wire, group, 0).await;
    wire
}

async fn offsets_are_committed_in_every_version(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let group = target.unique("group");
    let mut wire = coordinated(target, &group).await;
    let mut observed = Map::new();
    for version in 2..=9 {
        let answer = commit(
            &mut wire,
            version,
            &group,
            &topic,
            &simple(i64::from(version)),
        )
        .await;
        let fetched = fetch_offset(&mut wire, &group, &topic, false).await;
        observed.insert(version.to_string(), json!([answer, fetched]));
    }
    observed.into()
}

async fn offsets_are_fetched_in_every_version(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let group = target.unique("group");
    let mut wire = coordinated(target, &group).await;
    commit(&mut wire, 8, &group, &topic, &simple(42)).await;
    let unknown = target.unique("unknown");
    let mut observed = Map::new();
    for version in 1..=9 {
        let seen = json!({
            "there": fetch_in(&mut wire, version, &group, &topic, false).await,
            "another topic": fetch_in(&mut wire, version, &group, &unknown, false).await,
            "another group": fetch_in(&mut wire, version, &unknown, &topic, false).await,
            "no group": fetch_in(&mut wire, version, "", &topic, false).await,
        });
        observed.insert(version.to_string(), seen);
    }
    observed.into()
}

async fn all_offsets_are_fetched_at_once(target: &Target) -> Value {
    let (one, two) = (
        raw::create(target, 1, &[]).await,
        raw::create(target, 2, &[]).await,
    );
    let groups = [
        target.unique("group"),
        target.unique("group"),
        target.unique("unknown"),
    ];
    let mut wire = coordinated(target, &groups[0]).await;
    commit(&mut wire, 8, &groups[0], &one, &simple(1)).await;
    commit(&mut wire, 8, &groups[0], &two, &simple(2)).await;
    let second = Commit {
        partition: 1,
        ..simple(3)
    };
    commit(&mut wire, 8, &groups[1], &two, &second).await;
    let asked = groups.iter().map(|group| {
        OffsetFetchRequestGroup::default()
            .with_group_id(GroupId(text(group)))
            .with_topics(None)
    });
    let request = OffsetFetchRequest::default().with_groups(asked.collect());
    let answer = wire.ask(8, &request).await;
    let mut seen = Vec::new();
    for group in &answer.groups {
        let mut offsets = Vec::new();
        for topic in &group.topics {
            for partition in &topic.partitions {
                offsets.push(json!([
                    topic.name.0.as_str(),
                    partition.partition_index,
                    partition.committed_offset
                ]));
            }
        }
        offsets.sort_by_key(ToString::to_string);
        seen.push(json!([
            group.group_id.0.as_str(),
            error(group.error_code),
            offsets
        ]));
    }
    json!({ "groups": seen })
}

async fn wrong_commits_are_refused(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let group = target.unique("group");
    let mut wire = coordinated(target, &group).await;
    let unknown = target.unique("unknown");
    let long = |length: usize| Commit {
        note: Some("x".repeat(length)),
        ..simple(1)
    };
    let cases = [
        ("a topic", group.as_str(), unknown.as_str(), simple(1)),
        (
            "a partition",
            &group,
            &topic,
            Commit {
                partition: 7,
                ..simple(1)
            },
        ),
        ("a negative offset", &group, &topic, simple(-1)),
        ("behind the end", &group, &topic, simple(1_000_000)),
        ("the longest note", &group, &topic, long(4096)),
        ("a note too long", &group, &topic, long(4097)),
        (
            "no note",
            &group,
            &topic,
            Commit {
                note: None,
                ..simple(2)
            },
        ),
        (
            "an unknown member",
            &group,
            &topic,
            Commit {
                member: "who".to_owned(),
                generation: 1,
                ..simple(1)
            },
        ),
        (
            "a generation",
            &group,
            &topic,
            Commit {
                generation: 1,
                ..simple(1)
            },
        ),
        (
            "an instance",
            &group,
            &topic,
            Commit {
                instance: Some("one"),
                member: "m".to_owned(),
                ..simple(1)
            },
        ),
        ("no group", "", &topic, simple(1)),
    ];
    let mut observed = Map::new();
    for (case, group, topic, what) in cases {
        let answer = commit(&mut wire, 8, group, topic, &what).await;
        let fetched = fetch_offset(&mut wire, group, topic, false).await;
        let fetched = json!([
            fetched["error"],
            fetched["offset"],
            fetched["note"].as_str().map(str::len)
        ]);
        observed.insert(case.to_owned(), json!([answer, fetched]));
    }
    observed.into()
}

async fn members_commit_in_their_generation(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let group = target.unique("group");
    let mut member = Member::new(target, &group).await;
    let mut wire = coordinated(target, &group).await;
    member.join().await;
    let of = |member: &Member, offset: i64| Commit {
        generation: member.generation,
        member: member.id.clone(),
        ..simple(offset)
    };
    let mut observed = Map::new();
    let mut note = |case: &str, answer: String| observed.insert(case.to_owned(), answer.into());
    note(
        "before its sync",
        commit(&mut wire, 8, &group, &topic, &of(&member, 1)).await,
    );
    member.sync(&[]).await;
    note(
        "right",
        commit(&mut wire, 8, &group, &topic, &of(&member, 2)).await,
    );
    let mut stale = of(&member, 3);
    stale.generation -= 1;
    note(
        "an older generation",
        commit(&mut wire, 8, &group, &topic, &stale).await,
    );
    stale.generation += 2;
    note(
        "a later generation",
        commit(&mut wire, 8, &group, &topic, &stale).await,
    );
    note(
        "no member",
        commit(&mut wire, 8, &group, &topic, &simple(4)).await,
    );
    let unknown = Commit {
        member: "unknown".to_owned(),
        ..of(&member, 5)
    };
    note(
        "an unknown member",
        commit(&mut wire, 8, &group, &topic, &unknown).await,
    );
    let mut second = Member::new(target, &group).await;
    second.start_join().await;
    member.wait_for_rebalance().await;
    note(
        "while others join",
        commit(&mut wire, 8, &group, &topic, &of(&member, 6)).await,
    );
    let fetched = fetch_offset(&mut wire, &group, &topic, false).await;
    observed.insert("fetched".to_owned(), fetched);
    observed.into()
}

async fn delete(wire: &mut Wire, group: &str, topic: &str) -> Value {
    let partitions = vec![OffsetDeleteRequestPartition::default().with_partition_index(0)];
    let topic = OffsetDeleteRequestTopic::default()
        .with_name(raw::topic_name(topic))
        .with_partitions(partitions);
    let request = OffsetDeleteRequest::default()
        .with_group_id(GroupId(text(group)))
        .with_topics(vec![topic]);
    let answer = wire.ask(0, &request).await;
    let topics = answer.topics.iter().flat_map(|topic| &topic.partitions);
    let errors: Vec<String> = topics.map(|one| error(one.error_code)).collect();
    json!([error(answer.error_code), errors])
}

async fn offsets_are_deleted(target: &Target) -> Value {
    let (one, two) = (
        raw::create(target, 1, &[]).await,
        raw::create(target, 1, &[]).await,
    );
    let group = target.unique("group");
    let mut wire = coordinated(target, &group).await;
    commit(&mut wire, 8, &group, &one, &simple(1)).await;
    commit(&mut wire, 8, &group, &two, &simple(2)).await;
    let deleted = delete(&mut wire, &group, &one).await;
    let left = [
        fetch_offset(&mut wire, &group, &one, false).await,
        fetch_offset(&mut wire, &group, &two, false).await,
    ];
    let unknown = target.unique("unknown");
    let again = delete(&mut wire, &group, &one).await;
    let nothing = delete(&mut wire, &group, &unknown).await;
    let last = delete(&mut wire, &group, &two).await;
    let nobody = delete(&mut wire, &unknown, &one).await;
    let nameless = delete(&mut wire, "", &one).await;
    // Of a group of consumers only what nobody has subscribed to.
    let joining = Joining {
        protocol_type: "consumer",
        // Version 0, no topics, no data.
        protocols: vec![("range", "\0\0\0\0\0\0\0\0\0\0")],
        ..Joining::default()
    };
    let busy = target.unique("busy");
    commit(&mut wire, 8, &busy, &one, &simple(1)).await;
    let mut consumer = Member::with(target, &busy, joining).await;
    consumer.join().await;
    consumer.sync(&[]).await;
    let unsubscribed = delete(&mut wire, &busy, &one).await;
    let foreign = target.unique("foreign");
    commit(&mut wire, 8, &foreign, &one, &simple(1)).await;
    let mut worker = Member::new(target, &foreign).await;
    worker.join().await;
    worker.sync(&[]).await;
    json!({
        "deleted": deleted, "left": left, "again": again, "nothing": nothing, "last": last,
        "nobody": nobody, "nameless": nameless, "unsubscribed": unsubscribed,
        "with members": delete(&mut wire, &foreign, &one).await,
    })
}

async fn offsets_of_a_deleted_topic_go(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let group = target.unique("group");
    let mut wire = coordinated(target, &group).await;
    commit(&mut wire, 8, &group, &topic, &simple(5)).await;
    let before = fetch_offset(&mut wire, &group, &topic, false).await;
    raw::delete(&mut wire, &topic).await;
    let mut after = fetch_offset(&mut wire, &group, &topic, false).await;
    for _ in 0..250 {
        if after["offset"] == -1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        after = fetch_offset(&mut wire, &group, &topic, false).await;
    }
    json!({ "before": before, "after": after })
}
