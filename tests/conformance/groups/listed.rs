//! DescribeGroups, ListGroups, DeleteGroups.

use kafka_protocol::messages::{
    DeleteGroupsRequest, DescribeGroupsRequest, GroupId, ListGroupsRequest,
};
use serde_json::{Map, Value, json};

use super::member::Member;
use super::offsets::{commit_offset, fetch_offset};
use crate::compare::behaviours;
use crate::raw;
use crate::target::Target;
use crate::wire::{Wire, error, text};

behaviours![
    a_group_is_described_in_every_version,
    a_group_is_described_in_every_state,
    groups_are_listed,
    groups_are_deleted,
];

async fn describe(wire: &mut Wire, version: i16, group: &str) -> Value {
    let request = DescribeGroupsRequest::default().with_groups(vec![GroupId(text(group))]);
    let answer = wire.ask(version, &request).await;
    let group = &answer.groups[0];
    let mut members: Vec<Value> = (group.members.iter())
        .map(|member| {
            let host = member.client_host.trim_start_matches('/');
            json!({
                "client": member.client_id.as_str(), "host": host,
                "instance": member.group_instance_id.as_ref().map(ToString::to_string),
                "metadata": member.member_metadata.escape_ascii().to_string(),
                "assignment": member.member_assignment.escape_ascii().to_string(),
            })
        })
        .collect();
    members.sort_by_key(ToString::to_string);
    json!({
        "error": error(group.error_code), "message": group.error_message.is_some(),
        "state": group.group_state.as_str(), "type": group.protocol_type.as_str(),
        "protocol": group.protocol_data.as_str(), "members": members,
        "operations": group.authorized_operations,
    })
}

async fn a_group_is_described_in_every_version(target: &Target) -> Value {
    let group = target.unique("group");
    let mut member = Member::new(target, &group).await;
    member.join().await;
    let id = member.id.clone();
    member.sync(&[(&id, "mine")]).await;
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    for version in 0..=6 {
        observed.insert(
            version.to_string(),
            describe(&mut wire, version, &group).await,
        );
        let unknown = describe(&mut wire, version, &target.unique("unknown")).await;
        observed.insert(format!("unknown {version}"), unknown);
    }
    observed.into()
}

async fn a_group_is_described_in_every_state(target: &Target) -> Value {
    let group = target.unique("group");
    let mut wire = Wire::open(target).await;
    let mut one = Member::new(target, &group).await;
    one.join().await;
    let completing = describe(&mut wire, 5, &group).await;
    one.sync(&[]).await;
    let stable = describe(&mut wire, 5, &group).await;
    let mut two = Member::new(target, &group).await;
    two.start_join().await;
    one.wait_for_rebalance().await;
    let preparing = describe(&mut wire, 5, &group).await;
    one.leave().await;
    two.finish_join().await;
    two.leave().await;
    let left = describe(&mut wire, 5, &group).await;
    let topic = raw::create(target, 1, &[]).await;
    let committed = target.unique("group");
    commit_offset(&mut wire, &committed, &topic, 5).await;
    json!({
        "completing": completing, "stable": stable, "preparing": preparing, "left": left,
        "offsets only": describe(&mut wire, 5, &committed).await,
    })
}

async fn groups_are_listed(target: &Target) -> Value {
    let stable = target.unique("stable");
    let mut member = Member::new(target, &stable).await;
    member.join().await;
    member.sync(&[]).await;
    let topic = raw::create(target, 1, &[]).await;
    let empty = target.unique("empty");
    let mut wire = Wire::open(target).await;
    commit_offset(&mut wire, &empty, &topic, 5).await;
    let mut observed = Map::new();
    let filters: [(&str, &[&str], &[&str]); 7] = [
        ("all", &[], &[]),
        ("stable", &["Stable"], &[]),
        ("empty", &["Empty"], &[]),
        ("in small letters", &["stable"], &[]),
        ("unknown", &["Sleeping"], &[]),
        ("classic", &[], &["classic"]),
        ("consumer", &[], &["consumer"]),
    ];
    for version in 0..=5 {
        for (case, states, types) in filters {
            let too_new = (version < 4 && !states.is_empty()) || (version < 5 && !types.is_empty());
            if too_new {
                continue;
            }
            let texts = |words: &[&str]| words.iter().map(|word| text(word)).collect();
            let request = ListGroupsRequest::default()
                .with_states_filter(texts(states))
                .with_types_filter(texts(types));
            let answer = wire.ask(version, &request).await;
            let ours = answer.groups.iter().filter(|group| {
                [stable.as_str(), empty.as_str()].contains(&group.group_id.as_str())
            });
            let mut groups: Vec<Value> = ours
                .map(|group| {
                    json!([
                        group.group_id.as_str(),
                        group.protocol_type.as_str(),
                        group.group_state.as_str(),
                        group.group_type.as_str()
                    ])
                })
                .collect();
            groups.sort_by_key(ToString::to_string);
            observed.insert(
                format!("{case} {version}"),
                json!([error(answer.error_code), groups]),
            );
        }
    }
    observed.into()
}

async fn groups_are_deleted(target: &Target) -> Value {
    let topic = raw::create(target, 1, &[]).await;
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    for version in 0..=2 {
        let busy = target.unique("busy");
        let mut member = Member::new(target, &busy).await;
        member.join().await;
        let (empty, unknown) = (target.unique("empty"), target.unique("unknown"));
        commit_offset(&mut wire, &empty, &topic, 5).await;
        let names = [busy.as_str(), &empty, &unknown].map(|name| GroupId(text(name)));
        let request = DeleteGroupsRequest::default().with_groups_names(names.to_vec());
        let answer = wire.ask(version, &request).await;
        let mut results: Vec<Value> = (answer.results.iter())
            .map(|result| json!([result.group_id.as_str(), error(result.error_code)]))
            .collect();
        results.sort_by_key(ToString::to_string);
        let left = fetch_offset(&mut wire, &empty, &topic, false).await;
        observed.insert(version.to_string(), json!([results, left]));
    }
    observed.into()
}
