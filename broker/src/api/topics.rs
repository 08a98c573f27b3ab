//! CreateTopics, CreatePartitions and DeleteTopics (`ReplicationControlManager`).

use std::collections::HashSet;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{
    BrokerId, CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest,
    CreateTopicsResponse, DeleteTopicsRequest, DeleteTopicsResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::Shared;
use super::configs::source;
use crate::error::Refusal;
use crate::settings::NODE_ID;
use crate::topics::keys::KEYS;
use crate::topics::{MOST_PARTITIONS, TopicConfigs};

pub(super) fn create(broker: &Shared, request: &CreateTopicsRequest) -> CreateTopicsResponse {
    let mut seen = HashSet::new();
    let mut twice = HashSet::new();
    for topic in &request.topics {
        if !seen.insert(&topic.name) {
            twice.insert(&topic.name);
        }
    }
    let mut left = MOST_PARTITIONS;
    let mut answers = Vec::new();
    for topic in &request.topics {
        if !seen.remove(&topic.name) {
            continue;
        }
        let created = if twice.contains(&topic.name) {
            Err(Refusal::new(
                ResponseError::InvalidRequest,
                "Duplicate topic name.",
            ))
        } else {
            create_one(broker, topic, request.validate_only, &mut left)
        };
        let answer = match created {
            Ok(answer) => answer,
            Err(refusal) => CreatableTopicResult::default()
                .with_error_code(refusal.code())
                .with_error_message(refusal.text()),
        };
        answers.push(answer.with_name(topic.name.clone()));
    }
    CreateTopicsResponse::default().with_topics(answers)
}

fn create_one(
    broker: &Shared,
    asked: &CreatableTopic,
    validate_only: bool,
    left: &mut usize,
) -> Result<CreatableTopicResult, Refusal> {
    broker.topics.creatable(&asked.name)?;
    let configs = asked.configs.iter().map(|config| {
        let value = config.value.as_ref().ok_or_else(|| {
            Refusal::new(
                ResponseError::InvalidConfig,
                format!(
                    "Null value not supported for topic configs: {}",
                    config.name
                ),
            )
        })?;
        Ok((config.name.to_string(), value.to_string()))
    });
    let configs = configs.collect::<Result<Vec<_>, Refusal>>()?;
    let configs = TopicConfigs::new(configs)
        .map_err(|problem| Refusal::new(ResponseError::InvalidConfig, problem))?;
    let partitions = partitions(broker, asked)?;
    *left = left.checked_sub(partitions).ok_or_else(too_many)?;
    let result = CreatableTopicResult::default()
        .with_num_partitions(i32::try_from(partitions).unwrap_or(i32::MAX))
        .with_replication_factor(1)
        .with_configs(Some(described(&configs)))
        .with_error_message(None);
    if validate_only {
        // An id like that of a topic that is created, of none.
        return Ok(result.with_topic_id(Uuid::new_v4()));
    }
    let topic = broker.topics.create(&asked.name, partitions, configs)?;
    Ok(result.with_topic_id(topic.id))
}

fn too_many() -> Refusal {
    Refusal::new(
        ResponseError::PolicyViolation,
        "Excessively large number of partitions per request.",
    )
}

/// How many partitions a topic is to have, if it can have as many replicas as it wants.
fn partitions(broker: &Shared, asked: &CreatableTopic) -> Result<usize, Refusal> {
    if !asked.assignments.is_empty() {
        return assigned(asked);
    }
    match asked.replication_factor {
        -1 | 1 => {}
        ..1 => {
            return Err(Refusal::new(
                ResponseError::InvalidReplicationFactor,
                "Replication factor must be larger than 0, or -1 to use the default value.",
            ));
        }
        factor => {
            return Err(Refusal::new(
                ResponseError::InvalidReplicationFactor,
                format!(
                    "Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot be reached because only 1 broker(s) are registered."
                ),
            ));
        }
    }
    let count = match asked.num_partitions {
        -1 => broker.settings.default_partitions,
        count => count,
    };
    usize::try_from(count)
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| {
            Refusal::new(
                ResponseError::InvalidPartitions,
                "Number of partitions was set to an invalid non-positive value.",
            )
        })
}

/// The partitions of a topic that says where each of them is to be.
fn assigned(asked: &CreatableTopic) -> Result<usize, Refusal> {
    let invalid = |what: &str| Refusal::new(ResponseError::InvalidRequest, what);
    if asked.replication_factor != -1 {
        return Err(invalid(
            "A manual partition assignment was specified, but replication factor was not set to -1.",
        ));
    }
    if asked.num_partitions != -1 {
        return Err(invalid(
            "A manual partition assignment was specified, but numPartitions was not set to -1.",
        ));
    }
    let mut indexes: Vec<_> = asked
        .assignments
        .iter()
        .map(|a| a.partition_index)
        .collect();
    indexes.sort_unstable();
    if !consecutive(&indexes) {
        return Err(Refusal::new(
            ResponseError::InvalidReplicaAssignment,
            "partitions should be a consecutive 0-based integer sequence",
        ));
    }
    for assignment in &asked.assignments {
        only_node(&assignment.broker_ids)?;
    }
    Ok(indexes.len())
}

fn consecutive(indexes: &[i32]) -> bool {
    (0..)
        .zip(indexes)
        .all(|(expected, index)| expected == *index)
}

fn only_node(replicas: &[BrokerId]) -> Result<(), Refusal> {
    if replicas == [BrokerId(NODE_ID)] {
        return Ok(());
    }
    let ids: Vec<_> = replicas.iter().map(|id| id.0.to_string()).collect();
    Err(Refusal::new(
        ResponseError::InvalidReplicaAssignment,
        format!(
            "The manual partition assignment is to broker(s) [{}], but the only broker is {NODE_ID}.",
            ids.join(", ")
        ),
    ))
}

fn described(configs: &TopicConfigs) -> Vec<CreatableTopicConfigs> {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    KEYS.iter()
        .map(|key| {
            CreatableTopicConfigs::default()
                .with_name(StrBytes::from_static_str(key.name))
                .with_value(Some(text(configs.value(key))))
                .with_config_source(source(configs, key))
        })
        .collect()
}

pub(super) fn add_partitions(
    broker: &Shared,
    request: &CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let mut seen = HashSet::new();
    let mut left = MOST_PARTITIONS;
    let mut results = Vec::new();
    for topic in &request.topics {
        let added = if seen.insert(&topic.name) {
            add_to(broker, topic, request.validate_only, &mut left)
        } else {
            Err(Refusal::new(
                ResponseError::InvalidRequest,
                "Duplicate topic name.",
            ))
        };
        let result = CreatePartitionsTopicResult::default().with_name(topic.name.clone());
        results.push(match added {
            Ok(()) => result.with_error_message(None),
            Err(refusal) => result
                .with_error_code(refusal.code())
                // None where there is nothing to add to the error.
                .with_error_message(refusal.message.map(StrBytes::from_string)),
        });
    }
    CreatePartitionsResponse::default().with_results(results)
}

fn add_to(
    broker: &Shared,
    asked: &CreatePartitionsTopic,
    validate_only: bool,
    left: &mut usize,
) -> Result<(), Refusal> {
    let invalid = |what: String| Refusal::new(ResponseError::InvalidPartitions, what);
    let topic = broker.topics.topic(&asked.name);
    let topic = topic.ok_or(Refusal::from(ResponseError::UnknownTopicOrPartition))?;
    let had = topic.partitions.len();
    let count = usize::try_from(asked.count).unwrap_or(0);
    if count == had {
        return Err(invalid(format!("Topic already has {had} partition(s).")));
    }
    if count < had {
        return Err(invalid(format!(
            "The topic {} currently has {had} partition(s); {} would not be an increase.",
            asked.name.as_str(),
            asked.count
        )));
    }
    let more = count - had;
    if let Some(assignments) = &asked.assignments {
        if assignments.len() != more {
            return Err(Refusal::new(
                ResponseError::InvalidReplicaAssignment,
                format!(
                    "Attempted to add {more} additional partition(s), but only {} assignment(s) were specified.",
                    assignments.len()
                ),
            ));
        }
        for assignment in assignments {
            only_node(&assignment.broker_ids)?;
        }
    }
    *left = left.checked_sub(more).ok_or_else(too_many)?;
    if !validate_only {
        broker.topics.add_partitions(&asked.name, count)?;
    }
    Ok(())
}

pub(super) fn delete(
    broker: &Shared,
    version: i16,
    request: DeleteTopicsRequest,
) -> DeleteTopicsResponse {
    let by_name = |name: TopicName| DeleteTopicState::default().with_name(Some(name));
    let asked: Vec<_> = if version >= 6 {
        request.topics
    } else {
        request.topic_names.into_iter().map(by_name).collect()
    };
    let mut deleted = Vec::new();
    let mut responses = Vec::new();
    for topic in asked {
        let (name, id) = names(broker, &topic);
        let result = DeletableTopicResult::default().with_topic_id(id);
        responses.push(match delete_one(broker, &topic, name.as_ref()) {
            Ok(name) => {
                deleted.push(name.clone());
                result
                    .with_name(Some(TopicName(StrBytes::from_string(name))))
                    .with_error_message(None)
            }
            Err(refusal) => result
                .with_name(name)
                .with_error_code(refusal.code())
                .with_error_message(if version >= 5 { refusal.text() } else { None }),
        });
    }
    if !deleted.is_empty() {
        broker.groups.topics_deleted(&deleted);
    }
    DeleteTopicsResponse::default().with_responses(responses)
}

/// A topic's name and id, as far as they are asked for or known.
fn names(broker: &Shared, asked: &DeleteTopicState) -> (Option<TopicName>, Uuid) {
    match &asked.name {
        Some(name) => (
            Some(name.clone()),
            broker.topics.topic_id(name).unwrap_or_default(),
        ),
        None => {
            let topic = broker.topics.by_id(asked.topic_id);
            let name = topic.map(|t| TopicName(StrBytes::from_string(t.name.clone())));
            (name, asked.topic_id)
        }
    }
}

fn delete_one(
    broker: &Shared,
    asked: &DeleteTopicState,
    name: Option<&TopicName>,
) -> Result<String, Refusal> {
    if asked.name.is_some() && !asked.topic_id.is_nil() {
        return Err(Refusal::new(
            ResponseError::InvalidRequest,
            "You may not specify both topic name and topic id.",
        ));
    }
    if asked.name.is_none() && asked.topic_id.is_nil() {
        return Err(Refusal::new(
            ResponseError::InvalidRequest,
            "Neither topic name nor id were specified.",
        ));
    }
    let name = name.ok_or(Refusal::from(ResponseError::UnknownTopicId))?;
    broker.topics.delete(name)?;
    Ok(name.to_string())
}
