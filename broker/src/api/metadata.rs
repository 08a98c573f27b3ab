//! Metadata, DescribeTopicPartitions and DescribeCluster: what there is, and where.

use std::collections::BTreeSet;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    BrokerId, DescribeClusterRequest, DescribeClusterResponse, DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse, MetadataRequest, MetadataResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::{CLUSTER_OPERATIONS, NOT_ASKED, Shared, TOPIC_OPERATIONS};
use crate::settings::{LEADER_EPOCH, NODE_ID};
use crate::topics::{Topic, TopicConfigs, Topics};

const NODE: BrokerId = BrokerId(NODE_ID);

/// As many partitions as one answer to DescribeTopicPartitions has
/// (`max.request.partition.size.limit`).
const MOST_DESCRIBED: usize = 2000;

pub(super) fn metadata(
    broker: &Shared,
    version: i16,
    request: MetadataRequest,
) -> MetadataResponse {
    let operations = request.include_topic_authorized_operations;
    // Version 0 has no null: an empty list is what asks for all.
    let asked = request.topics.filter(|t| version > 0 || !t.is_empty());
    let create = request.allow_auto_topic_creation || version < 4;
    let topics = match asked {
        None => broker.topics.all().iter().map(|t| known(t)).collect(),
        Some(asked) => asked
            .into_iter()
            .map(|topic| one(broker, topic, create))
            .collect::<Vec<_>>(),
    };
    let topics = topics
        .into_iter()
        .map(|topic| match operations && topic.error_code == 0 {
            true => topic.with_topic_authorized_operations(TOPIC_OPERATIONS),
            false => topic,
        })
        .collect();
    let node = MetadataResponseBroker::default()
        .with_node_id(NODE)
        .with_host(broker.node.host.clone())
        .with_port(broker.node.port);
    // Versions 8 to 10 may ask for the cluster's operations.
    let asks_cluster = request.include_cluster_authorized_operations;
    MetadataResponse::default()
        .with_brokers(vec![node])
        .with_cluster_id(Some(cluster_id(broker)))
        .with_controller_id(NODE)
        .with_cluster_authorized_operations(if asks_cluster {
            CLUSTER_OPERATIONS
        } else {
            NOT_ASKED
        })
        .with_topics(topics)
}

fn cluster_id(broker: &Shared) -> StrBytes {
    StrBytes::from_string(broker.topics.cluster_id().to_owned())
}

fn one(broker: &Shared, asked: MetadataRequestTopic, create: bool) -> MetadataResponseTopic {
    // The Java client asks by id with a name that is empty, and not null.
    let name = match asked.name {
        Some(name) if asked.topic_id.is_nil() => name,
        _ => {
            return match broker.topics.by_id(asked.topic_id) {
                Some(topic) => known(&topic),
                None => failed(ResponseError::UnknownTopicId)
                    .with_name(None)
                    .with_topic_id(asked.topic_id),
            };
        }
    };
    if let Some(topic) = broker.topics.topic(&name) {
        return known(&topic);
    }
    let unknown = |error: ResponseError| failed(error).with_name(Some(name.clone()));
    if let Err(refusal) = broker.topics.creatable(&name) {
        return unknown(refusal.error);
    }
    if !create || !broker.settings.auto_create_topics {
        return unknown(ResponseError::UnknownTopicOrPartition);
    }
    let partitions = usize::try_from(broker.settings.default_partitions).unwrap_or(1);
    match broker
        .topics
        .create(&name, partitions, TopicConfigs::default())
    {
        Ok(topic) => known(&topic),
        // Another connection was faster.
        Err(refusal) => match broker.topics.topic(&name) {
            Some(topic) => known(&topic),
            None => unknown(refusal.error),
        },
    }
}

fn failed(error: ResponseError) -> MetadataResponseTopic {
    MetadataResponseTopic::default().with_error_code(error.code())
}

fn known(topic: &Topic) -> MetadataResponseTopic {
    let partition = |index| {
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(NODE)
            .with_leader_epoch(LEADER_EPOCH)
            .with_replica_nodes(vec![NODE])
            .with_isr_nodes(vec![NODE])
    };
    MetadataResponseTopic::default()
        .with_name(Some(name(topic)))
        .with_topic_id(topic.id)
        .with_is_internal(Topics::is_internal(&topic.name))
        .with_partitions(indexes(topic).map(partition).collect())
}

fn name(topic: &Topic) -> TopicName {
    TopicName(StrBytes::from_string(topic.name.clone()))
}

fn indexes(topic: &Topic) -> impl Iterator<Item = i32> + use<> {
    0..i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX)
}

pub(super) fn topic_partitions(
    broker: &Shared,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let mut names: BTreeSet<String> = request.topics.iter().map(|t| t.name.to_string()).collect();
    if names.is_empty() {
        names = broker.topics.all().iter().map(|t| t.name.clone()).collect();
    }
    let (first, mut from) = match &request.cursor {
        Some(cursor) => (cursor.topic_name.to_string(), cursor.partition_index.max(0)),
        None => (String::new(), 0),
    };
    let asked = usize::try_from(request.response_partition_limit).unwrap_or(0);
    let mut left = asked.clamp(1, MOST_DESCRIBED);
    let mut response = DescribeTopicPartitionsResponse::default();
    for name in names.into_iter().filter(|name| *name >= first) {
        if name != first {
            from = 0;
        }
        if left == 0 {
            response.next_cursor = Some(cursor(&name, from));
            return response;
        }
        let (topic, cut) = describe(broker, &name, from, left);
        left = left.saturating_sub(topic.partitions.len().max(1));
        response.topics.push(topic);
        if let Some(next) = cut {
            response.next_cursor = Some(cursor(&name, next));
            return response;
        }
    }
    response
}

fn cursor(topic: &str, partition: i32) -> Cursor {
    Cursor::default()
        .with_topic_name(TopicName(StrBytes::from_string(topic.to_owned())))
        .with_partition_index(partition)
}

/// A topic's partitions from `from` on, at most `most`, and the next one if there are more.
fn describe(
    broker: &Shared,
    name: &str,
    from: i32,
    most: usize,
) -> (DescribeTopicPartitionsResponseTopic, Option<i32>) {
    let answer = DescribeTopicPartitionsResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from_string(name.to_owned()))));
    let Some(topic) = broker.topics.topic(name) else {
        let error = match broker.topics.creatable(name) {
            Err(refusal) => refusal.error,
            Ok(()) => ResponseError::UnknownTopicOrPartition,
        };
        return (answer.with_error_code(error.code()), None);
    };
    let partition = |index| {
        DescribeTopicPartitionsResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(NODE)
            .with_leader_epoch(LEADER_EPOCH)
            .with_replica_nodes(vec![NODE])
            .with_isr_nodes(vec![NODE])
            .with_eligible_leader_replicas(Some(Vec::new()))
            .with_last_known_elr(Some(Vec::new()))
    };
    let mut rest = indexes(&topic).filter(|index| *index >= from);
    let partitions: Vec<_> = rest.by_ref().take(most).map(partition).collect();
    let answer = answer
        .with_topic_id(topic.id)
        .with_is_internal(Topics::is_internal(name))
        .with_partitions(partitions)
        .with_topic_authorized_operations(TOPIC_OPERATIONS);
    (answer, rest.next())
}

pub(super) fn cluster(
    broker: &Shared,
    request: &DescribeClusterRequest,
) -> DescribeClusterResponse {
    /// The only kind of endpoint that this listener is (`EndpointType.BROKER`).
    const BROKERS: i8 = 1;
    let response = DescribeClusterResponse::default().with_cluster_id(cluster_id(broker));
    if request.endpoint_type != BROKERS {
        return response
            .with_endpoint_type(request.endpoint_type)
            .with_error_code(ResponseError::MismatchedEndpointType.code())
            .with_error_message(Some(StrBytes::from_static_str(
                "The request was sent to an endpoint of the wrong type.",
            )));
    }
    let node = DescribeClusterBroker::default()
        .with_broker_id(NODE)
        .with_host(broker.node.host.clone())
        .with_port(broker.node.port);
    response
        .with_controller_id(NODE)
        .with_brokers(vec![node])
        .with_cluster_authorized_operations(if request.include_cluster_authorized_operations {
            CLUSTER_OPERATIONS
        } else {
            NOT_ASKED
        })
}

/// The topic of a request that names it, or has its id from some version on.
pub(super) fn named_or_id(
    broker: &Shared,
    name: &TopicName,
    id: Uuid,
    by_id: bool,
) -> Result<std::sync::Arc<Topic>, ResponseError> {
    if by_id {
        return broker.topics.by_id(id).ok_or(ResponseError::UnknownTopicId);
    }
    broker
        .topics
        .topic(name)
        .ok_or(ResponseError::UnknownTopicOrPartition)
}
