//! Takes single offsets of a group away (OffsetDelete, KIP-496), which the `rdkafka` crate has no
//! call for.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::{GroupId, OffsetDeleteRequest, OffsetDeleteResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::Admin;
use super::over_wire::{Failure, coordinator};
use crate::consumer::Partition;
use crate::error::ClientError;
use crate::wire::WireSettings;

impl Admin {
    /// Takes the offsets of these partitions from a group. What is not there is gone already.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`], with [`ErrorCode::GroupSubscribedToTopic`](crate::ErrorCode::GroupSubscribedToTopic) when the group has
    /// members that are subscribed to one of the topics.
    pub async fn delete_group_offsets(
        &self,
        group: &str,
        partitions: &[Partition],
    ) -> Result<(), ClientError> {
        let doing = format!("delete offsets of the consumer group '{group}'");
        let request = &request(group, partitions);
        self.over_wire(|wire| async move { attempt(&wire, group, request).await })
            .await
            .map_err(|failure| failure.into_error(doing))
    }
}

fn request(group: &str, partitions: &[Partition]) -> OffsetDeleteRequest {
    let mut topics = BTreeMap::<&str, Vec<OffsetDeleteRequestPartition>>::new();
    for partition in partitions {
        let number =
            OffsetDeleteRequestPartition::default().with_partition_index(partition.partition);
        topics.entry(&partition.topic).or_default().push(number);
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        OffsetDeleteRequestTopic::default()
            .with_name(TopicName(StrBytes::from_string(name.to_owned())))
            .with_partitions(partitions)
    });
    OffsetDeleteRequest::default()
        .with_group_id(GroupId(StrBytes::from_string(group.to_owned())))
        .with_topics(topics.collect())
}

async fn attempt(
    wire: &WireSettings,
    group: &str,
    request: &OffsetDeleteRequest,
) -> Result<(), Failure> {
    let mut connection = coordinator(wire, group).await?;
    let limit = connection.request_timeout();
    let answer: OffsetDeleteResponse = connection.send(request, limit).await?;
    match answer.error_code.err() {
        None => {}
        Some(ResponseError::GroupIdNotFound) => return Ok(()),
        Some(code) => return Err(Failure::Refused(code)),
    }
    let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
    let refused = partitions.find_map(|partition| partition.error_code.err());
    refused.map_or(Ok(()), |code| Err(Failure::Part(code)))
}
