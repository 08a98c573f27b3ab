//! DescribeGroups, ListGroups, DeleteGroups and OffsetDelete (`GroupMetadataManager`,
//! `GroupCoordinatorShard.deleteGroups`, `OffsetMetadataManager.deleteOffsets`).

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::DescribedGroup;
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::{
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    GroupId, ListGroupsRequest, ListGroupsResponse, OffsetDeleteRequest, OffsetDeleteResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::classic::{ClassicGroup, GROUP_TYPE, State};
use super::membership::code;
use super::offsets::Position;
use super::records::Entry;
use super::{Coordinated, Groups};

/// From this version a group that is not there is an error, and not one that is dead.
const GROUP_ID_NOT_FOUND: i16 = 6;
/// From this version operations can be asked for.
const OPERATIONS: i16 = 3;
/// What everybody may do with a group where nobody is refused anything: read, delete, describe,
/// and describe and alter its configuration (`AclEntry.supportedOperations`), each a bit.
const ALL_OPERATIONS: i32 = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

impl Groups {
    /// Describes groups and their members.
    pub(crate) fn describe(
        &self,
        version: i16,
        request: DescribeGroupsRequest,
    ) -> DescribeGroupsResponse {
        let coordinated = self.lock();
        let with_operations = version >= OPERATIONS && request.include_authorized_operations;
        let groups = request.groups.into_iter().map(|id| {
            let Some(group) = coordinated.groups.get(&id.0) else {
                return not_found(version, id);
            };
            let described = group.described();
            match with_operations {
                true => described.with_authorized_operations(ALL_OPERATIONS),
                false => described,
            }
        });
        DescribeGroupsResponse::default().with_groups(groups.collect())
    }

    /// Lists groups, of the states and types that are asked for.
    pub(crate) fn list(&self, request: ListGroupsRequest) -> ListGroupsResponse {
        let wanted = |filter: &[StrBytes], actual: &str| {
            let mut filter_names = filter.iter().map(|name| name.trim());
            filter.is_empty() || filter_names.any(|name| name.eq_ignore_ascii_case(actual))
        };
        let coordinated = self.lock();
        let mut groups: Vec<_> = coordinated
            .groups
            .values()
            .filter(|group| wanted(&request.states_filter, group.state().name()))
            .filter(|_| wanted(&request.types_filter, GROUP_TYPE))
            .map(ClassicGroup::listed)
            .collect();
        groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
        ListGroupsResponse::default().with_groups(groups)
    }

    /// Deletes groups without members, and their offsets.
    pub(crate) fn delete(&self, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
        let mut results: Vec<DeletableGroupResult> = Vec::new();
        let mut coordinated = self.lock();
        for id in request.groups_names {
            if results.iter().any(|result| result.group_id == id) {
                continue;
            }
            let outcome = self.delete_one(&mut coordinated, &id);
            results.push(
                DeletableGroupResult::default()
                    .with_group_id(id)
                    .with_error_code(code(outcome)),
            );
        }
        DeleteGroupsResponse::default().with_results(results)
    }

    fn delete_one(
        &self,
        coordinated: &mut Coordinated,
        id: &StrBytes,
    ) -> Result<(), ResponseError> {
        let group = coordinated.groups.get(id);
        group
            .ok_or(ResponseError::GroupIdNotFound)?
            .check_deletion()?;
        let places = coordinated.offsets.places_of_group(id);
        let mut entries: Vec<Entry> = places.into_iter().map(tombstone).collect();
        entries.push(Entry::Group {
            group: id.clone(),
            value: None,
        });
        self.commit(coordinated, entries)
    }

    /// Deletes offsets of topics that the group is not subscribed to.
    pub(crate) fn delete_offsets(&self, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
        let refused =
            |error: ResponseError| OffsetDeleteResponse::default().with_error_code(error.code());
        let id = &request.group_id.0;
        if id.is_empty() {
            return refused(ResponseError::InvalidGroupId);
        }
        let mut coordinated = self.lock();
        let Some(group) = coordinated.groups.get(id) else {
            return refused(ResponseError::GroupIdNotFound);
        };
        if let Err(error) = group.check_offset_deletion() {
            return refused(error);
        }
        let mut entries = Vec::new();
        let mut topics = Vec::new();
        for topic in &request.topics {
            let subscribed = group.is_subscribed_to(&topic.name);
            let mut partitions = Vec::new();
            for partition in &topic.partitions {
                let at = Position {
                    group: id.clone(),
                    topic: topic.name.0.clone(),
                    partition: partition.partition_index,
                };
                let outcome = if self.topic_id(&at.topic, at.partition).is_none() {
                    Err(ResponseError::UnknownTopicOrPartition)
                } else if subscribed {
                    Err(ResponseError::GroupSubscribedToTopic)
                } else {
                    entries.extend(coordinated.offsets.holds(&at).then(|| tombstone(at)));
                    Ok(())
                };
                partitions.push(
                    OffsetDeleteResponsePartition::default()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(code(outcome)),
                );
            }
            topics.push(
                OffsetDeleteResponseTopic::default()
                    .with_name(topic.name.clone())
                    .with_partitions(partitions),
            );
        }
        match self.commit(&mut coordinated, entries) {
            Ok(()) => OffsetDeleteResponse::default().with_topics(topics),
            Err(error) => refused(error),
        }
    }

    /// Topics have been deleted: a topic of the same name that comes later is another one, to
    /// which no offset of these applies (`onTopicsDeleted`).
    pub(crate) fn topics_deleted(&self, names: &[String]) {
        let names: Vec<StrBytes> = names.iter().cloned().map(StrBytes::from_string).collect();
        let mut coordinated = self.lock();
        let mut by_group: BTreeMap<StrBytes, Vec<Entry>> = BTreeMap::new();
        for place in coordinated.offsets.places_of_topics(&names) {
            let entries = by_group.entry(place.group.clone()).or_default();
            entries.push(tombstone(place));
        }
        for (group, entries) in by_group {
            if let Err(error) = self.commit(&mut coordinated, entries) {
                tracing::warn!(%group, %error, "offsets of deleted topics could not be removed");
            }
        }
    }
}

fn tombstone(at: Position) -> Entry {
    Entry::Offset {
        group: at.group,
        topic: at.topic,
        partition: at.partition,
        value: None,
    }
}

fn not_found(version: i16, id: GroupId) -> DescribedGroup {
    let dead =
        DescribedGroup::default().with_group_state(StrBytes::from_static_str(State::Dead.name()));
    if version < GROUP_ID_NOT_FOUND {
        return dead.with_group_id(id);
    }
    let message = StrBytes::from_string(format!("Group {} not found.", id.as_str()));
    dead.with_group_id(id)
        .with_error_code(ResponseError::GroupIdNotFound.code())
        .with_error_message(Some(message))
}
