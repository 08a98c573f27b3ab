//! An admin client that logs in with tokens.
//!
//! librdkafka asks for a token by an event. The `rdkafka` crate serves no events of its
//! `AdminClient`, so its requests go over connections of our own here; and the events of the client
//! for questions need a thread, because a question waits for the token.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::{
    CreateTopicsRequest, DeleteGroupsRequest, DeleteTopicsRequest, DescribeConfigsRequest, GroupId,
    TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::over_wire::{Failure, any_broker, controller, coordinator, error_code};
use super::{Admin, AdminError, NewTopic, Probe, TopicConfigs};
use crate::error::{ClientError, ErrorCode};
use crate::settings::ClientSettings;
use crate::wire::WireSettings;

/// How long the thread of a client goes on after the client is gone.
const POLL: Duration = Duration::from_millis(100);

/// `ConfigResource.Type.TOPIC`.
const TOPIC: i8 = 2;

/// Serves the events of a client that logs in with tokens, as long as it is there.
pub(super) fn serve(settings: &ClientSettings, probe: &Arc<Probe>) -> Result<(), ClientError> {
    if settings.tokens().is_none() {
        return Ok(());
    }
    let probe = Arc::downgrade(probe);
    thread::Builder::new()
        .name("kafka-admin".to_owned())
        .spawn(move || {
            while let Some(probe) = probe.upgrade() {
                // The probe reads no topic, so there is no record to lose.
                drop(probe.poll(POLL));
            }
        })
        .map(drop)
        .map_err(|error| ClientError::Create {
            client_id: settings.client_id().to_owned(),
            reason: format!("cannot start its thread: {error}"),
        })
}

impl Admin {
    /// Whether the `rdkafka` crate's admin client could not log in.
    pub(super) fn needs_wire(&self) -> bool {
        self.settings.tokens().is_some()
    }

    /// Asks for topics. Gives those that the broker refuses, and why.
    pub(super) async fn create_over_wire(
        &self,
        topics: &[&NewTopic],
        names: &str,
    ) -> Result<BTreeMap<String, ErrorCode>, AdminError> {
        let request = CreateTopicsRequest::default()
            .with_topics(topics.iter().map(|topic| creatable(topic)).collect())
            .with_timeout_ms(self.operation_millis());
        let request = &request;
        self.over_wire(|wire| async move { create(&wire, request).await })
            .await
            .map_err(|failure| topic_error("create", names, &failure))
    }

    /// Deletes a topic. Gives the broker's refusal.
    pub(super) async fn delete_over_wire(
        &self,
        name: &str,
    ) -> Result<Option<ErrorCode>, AdminError> {
        let limit = self.operation_millis();
        self.over_wire(|wire| async move { delete(&wire, name, limit).await })
            .await
            .map_err(|failure| topic_error("delete", name, &failure))
    }

    /// A topic's settings; none when the broker does not tell, for whatever reason.
    pub(super) async fn configs_over_wire(
        &self,
        name: &str,
    ) -> Result<Option<TopicConfigs>, AdminError> {
        self.over_wire(|wire| async move { describe(&wire, name).await })
            .await
            .map_err(|failure| topic_error("describe the settings of", name, &failure))
    }

    /// Deletes a group with its offsets. Gives the broker's refusal.
    pub(super) async fn delete_group_over_wire(
        &self,
        group: &str,
        doing: &str,
    ) -> Result<Option<ErrorCode>, ClientError> {
        self.over_wire(|wire| async move { delete_group(&wire, group).await })
            .await
            .map_err(|failure| failure.into_error(doing.to_owned()))
    }

    fn operation_millis(&self) -> i32 {
        i32::try_from(self.operation_timeout().as_millis()).unwrap_or(i32::MAX)
    }
}

fn topic_error(doing: &str, topic: &str, failure: &Failure) -> AdminError {
    let (code, reason) = failure.code_and_reason();
    AdminError::from_code(doing, topic, code, Some(reason))
}

fn string(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn creatable(topic: &NewTopic) -> CreatableTopic {
    let configs = topic.configs.iter().map(|(key, value)| {
        CreatableTopicConfig::default()
            .with_name(string(key))
            .with_value(Some(string(value)))
    });
    let replicas = i16::try_from(topic.replication_factor).unwrap_or(i16::MAX);
    CreatableTopic::default()
        .with_name(TopicName(string(&topic.name)))
        .with_num_partitions(topic.partitions)
        .with_replication_factor(replicas)
        .with_configs(configs.collect())
}

async fn create(
    wire: &WireSettings,
    request: &CreateTopicsRequest,
) -> Result<BTreeMap<String, ErrorCode>, Failure> {
    let mut connection = controller(wire).await?;
    let limit = connection.request_timeout();
    let answer = connection.send(request, limit).await?;
    let mut refused = BTreeMap::new();
    for topic in &answer.topics {
        match topic.error_code.err() {
            None => {}
            Some(code @ ResponseError::NotController) => return Err(Failure::Refused(code)),
            Some(code) => {
                refused.insert(topic.name.to_string(), error_code(code));
            }
        }
    }
    Ok(refused)
}

async fn delete(
    wire: &WireSettings,
    name: &str,
    limit_ms: i32,
) -> Result<Option<ErrorCode>, Failure> {
    let mut connection = controller(wire).await?;
    let name = TopicName(string(name));
    let request = DeleteTopicsRequest::default().with_timeout_ms(limit_ms);
    // By name or by id from version 6 on (KIP-516).
    let request = if connection.version::<DeleteTopicsRequest>(1)? >= 6 {
        request.with_topics(vec![DeleteTopicState::default().with_name(Some(name))])
    } else {
        request.with_topic_names(vec![name])
    };
    let limit = connection.request_timeout();
    let answer = connection.send(&request, limit).await?;
    match answer.responses.iter().find_map(|it| it.error_code.err()) {
        Some(code @ ResponseError::NotController) => Err(Failure::Refused(code)),
        code => Ok(code.map(error_code)),
    }
}

async fn describe(wire: &WireSettings, name: &str) -> Result<Option<TopicConfigs>, Failure> {
    let mut connection = any_broker(wire).await?;
    let resource = DescribeConfigsResource::default()
        .with_resource_type(TOPIC)
        .with_resource_name(string(name))
        .with_configuration_keys(None);
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let limit = connection.request_timeout();
    let answer = connection.send(&request, limit).await?;
    let told = answer.results.into_iter().find(|it| it.error_code == 0);
    Ok(told.map(|told| {
        let entries = told.configs.into_iter();
        TopicConfigs::of(
            entries.filter_map(|it| Some((it.name.to_string(), it.value?.to_string()))),
        )
    }))
}

async fn delete_group(wire: &WireSettings, group: &str) -> Result<Option<ErrorCode>, Failure> {
    let mut connection = coordinator(wire, group).await?;
    let request = DeleteGroupsRequest::default().with_groups_names(vec![GroupId(string(group))]);
    let limit = connection.request_timeout();
    let answer = connection.send(&request, limit).await?;
    match answer.results.iter().find_map(|it| it.error_code.err()) {
        Some(code) if code.is_retriable() => Err(Failure::Refused(code)),
        code => Ok(code.map(error_code)),
    }
}
