//! OffsetFetch (`OffsetMetadataManager.fetchOffsets`, `fetchAllOffsets`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{OffsetFetchRequest, OffsetFetchResponse};
use kafka_protocol::protocol::StrBytes;

use super::offsets::Committed;
use super::{Coordinated, Groups};

/// From this version a request asks for several groups.
const MANY_GROUPS: i16 = 8;
/// What is answered where nothing is committed.
const NO_OFFSET: i64 = -1;

impl Groups {
    /// What groups have committed: for the partitions asked for, or for all that there are.
    pub(crate) fn fetch_offsets(
        &self,
        version: i16,
        request: OffsetFetchRequest,
    ) -> OffsetFetchResponse {
        let coordinated = self.lock();
        let fetch =
            |group: &OffsetFetchRequestGroup| coordinated.fetch(group, request.require_stable);
        if version >= MANY_GROUPS {
            let groups = request.groups.iter().map(fetch);
            return OffsetFetchResponse::default().with_groups(groups.collect());
        }
        let topics = request.topics.as_ref().map(|topics| {
            let topics = topics.iter().map(|topic| {
                OffsetFetchRequestTopics::default()
                    .with_name(topic.name.clone())
                    .with_partition_indexes(topic.partition_indexes.clone())
            });
            topics.collect()
        });
        let only = OffsetFetchRequestGroup::default()
            .with_group_id(request.group_id.clone())
            .with_topics(topics);
        let topics = fetch(&only).topics.into_iter().map(in_the_old_form);
        OffsetFetchResponse::default().with_topics(topics.collect())
    }
}

impl Coordinated {
    fn fetch(&self, group: &OffsetFetchRequestGroup, stable: bool) -> OffsetFetchResponseGroup {
        let group_id = &group.group_id.0;
        let topics = match &group.topics {
            Some(topics) => topics
                .iter()
                .map(|topic| {
                    let partitions = topic.partition_indexes.iter();
                    self.fetch_topic(group_id, &topic.name, partitions.copied(), stable)
                })
                .collect(),
            None => self
                .offsets
                .of_group(group_id)
                .into_iter()
                .flatten()
                .map(|(topic, partitions)| {
                    self.fetch_topic(group_id, topic, partitions.keys().copied(), stable)
                })
                .collect(),
        };
        OffsetFetchResponseGroup::default()
            .with_group_id(group.group_id.clone())
            .with_topics(topics)
    }

    fn fetch_topic(
        &self,
        group: &StrBytes,
        topic: &StrBytes,
        partitions: impl Iterator<Item = i32>,
        stable: bool,
    ) -> OffsetFetchResponseTopics {
        let partitions = partitions.map(|partition| {
            // An open transaction may still move it: the client waits and asks again.
            if stable && self.offsets.is_pending(group, topic, partition) {
                return nothing(partition)
                    .with_error_code(ResponseError::UnstableOffsetCommit.code());
            }
            match self.offsets.get(group, topic, partition) {
                Some(committed) => something(partition, committed),
                None => nothing(partition),
            }
        });
        OffsetFetchResponseTopics::default()
            .with_name(topic.clone().into())
            .with_partitions(partitions.collect())
    }
}

fn something(partition: i32, committed: &Committed) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions::default()
        .with_partition_index(partition)
        .with_committed_offset(committed.value.offset)
        .with_committed_leader_epoch(committed.value.leader_epoch)
        .with_metadata(Some(committed.value.metadata.clone()))
}

fn nothing(partition: i32) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions::default()
        .with_partition_index(partition)
        .with_committed_offset(NO_OFFSET)
        .with_committed_leader_epoch(-1)
        .with_metadata(Some(StrBytes::new()))
}

fn in_the_old_form(topic: OffsetFetchResponseTopics) -> OffsetFetchResponseTopic {
    let partitions = topic.partitions.into_iter().map(|partition| {
        OffsetFetchResponsePartition::default()
            .with_partition_index(partition.partition_index)
            .with_committed_offset(partition.committed_offset)
            .with_committed_leader_epoch(partition.committed_leader_epoch)
            .with_metadata(partition.metadata)
            .with_error_code(partition.error_code)
    });
    OffsetFetchResponseTopic::default()
        .with_name(topic.name)
        .with_partitions(partitions.collect())
}
