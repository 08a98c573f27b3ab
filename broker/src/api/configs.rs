//! DescribeConfigs, AlterConfigs and IncrementalAlterConfigs, for topics. The node's own settings
//! can be read; they are changed where it is started.

use std::collections::{BTreeMap, HashSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{
    AlterConfigsRequest, AlterConfigsResponse, DescribeConfigsRequest, DescribeConfigsResponse,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, alter_configs_response,
    incremental_alter_configs_request, incremental_alter_configs_response,
};
use kafka_protocol::protocol::StrBytes;

use super::Shared;
use crate::error::Refusal;
use crate::settings::NODE_ID;
use crate::topics::TopicConfigs;
use crate::topics::keys::{KEYS, Key, Kind, find, list};
use crate::topics::name;

/// Kinds of things that have a configuration (`ConfigResource.Type`).
const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// Where a value comes from (`DescribeConfigsResponse.ConfigSource`).
const DYNAMIC_TOPIC: i8 = 1;
const STATIC_BROKER: i8 = 4;
const DEFAULT: i8 = 5;

/// Where a topic's value comes from.
pub(super) fn source(configs: &TopicConfigs, key: &Key) -> i8 {
    if configs.set().contains_key(key.name) {
        DYNAMIC_TOPIC
    } else {
        DEFAULT
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub(super) fn describe(
    broker: &Shared,
    request: &DescribeConfigsRequest,
) -> DescribeConfigsResponse {
    let results = request.resources.iter().map(|resource| {
        let answer = DescribeConfigsResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        match describe_one(broker, resource, request) {
            Ok(configs) => answer.with_error_message(None).with_configs(configs),
            Err(refusal) => answer
                .with_error_code(refusal.code())
                .with_error_message(refusal.text()),
        }
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

fn describe_one(
    broker: &Shared,
    resource: &DescribeConfigsResource,
    request: &DescribeConfigsRequest,
) -> Result<Vec<DescribeConfigsResourceResult>, Refusal> {
    let wanted = |name: &str| match &resource.configuration_keys {
        Some(keys) if !keys.is_empty() => keys.iter().any(|key| key.as_str() == name),
        _ => true,
    };
    match resource.resource_type {
        TOPIC => {
            if let Some(problem) = name::problem(&resource.resource_name) {
                return Err(Refusal::new(ResponseError::InvalidTopicException, problem));
            }
            let topic = broker.topics.topic(&resource.resource_name);
            let topic = topic.ok_or(Refusal::from(ResponseError::UnknownTopicOrPartition))?;
            let keys = KEYS.iter().filter(|key| wanted(key.name));
            Ok(keys
                .map(|key| described(&topic.configs, key, request))
                .collect())
        }
        BROKER => {
            only_node(&resource.resource_name)?;
            let settings = node_settings(broker);
            let settings = settings.into_iter().filter(|(name, ..)| wanted(name));
            Ok(settings.map(described_setting).collect())
        }
        other => Err(unknown_kind(other)),
    }
}

fn unknown_kind(kind: i8) -> Refusal {
    Refusal::new(
        ResponseError::InvalidRequest,
        format!(
            "this broker has configurations of topics (2) and of itself (4), not of type {kind}"
        ),
    )
}

fn only_node(name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name == NODE_ID.to_string() {
        return Ok(());
    }
    Err(Refusal::new(
        ResponseError::InvalidRequest,
        format!("Unexpected broker id, expected {NODE_ID} or empty string, but received {name}"),
    ))
}

fn described(
    configs: &TopicConfigs,
    key: &'static Key,
    request: &DescribeConfigsRequest,
) -> DescribeConfigsResourceResult {
    let mut synonyms = Vec::new();
    if request.include_synonyms {
        let synonym = |name: &'static str, value: &str, source| {
            DescribeConfigsSynonym::default()
                .with_name(StrBytes::from_static_str(name))
                .with_value(Some(text(value)))
                .with_source(source)
        };
        if let Some(value) = configs.set().get(key.name) {
            synonyms.push(synonym(key.name, value, DYNAMIC_TOPIC));
        }
        if !key.broker_name.is_empty() {
            synonyms.push(synonym(key.broker_name, key.default, DEFAULT));
        }
    }
    let doc = request.include_documentation.then_some(key.doc);
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(key.name))
        .with_value(Some(text(configs.value(key))))
        .with_config_source(source(configs, key))
        .with_synonyms(synonyms)
        .with_config_type(key.kind as i8)
        .with_documentation(doc.map(StrBytes::from_static_str))
}

type Setting = (&'static str, Kind, String);

/// What the node was started with, by Kafka's names.
fn node_settings(broker: &Shared) -> Vec<Setting> {
    let settings = &broker.settings;
    let number = |name, value: String| (name, Kind::Int, value);
    let ms = |name, value: std::time::Duration| (name, Kind::Long, value.as_millis().to_string());
    vec![
        (
            "advertised.listeners",
            Kind::List,
            format!("PLAINTEXT://{}:{}", broker.node.host, broker.node.port),
        ),
        (
            "auto.create.topics.enable",
            Kind::Boolean,
            settings.auto_create_topics.to_string(),
        ),
        number("default.replication.factor", "1".to_owned()),
        ms(
            "group.initial.rebalance.delay.ms",
            settings.group_initial_rebalance_delay,
        ),
        ms(
            "group.max.session.timeout.ms",
            settings.group_max_session_timeout,
        ),
        ms(
            "group.min.session.timeout.ms",
            settings.group_min_session_timeout,
        ),
        ("log.dirs", Kind::List, settings.data.display().to_string()),
        number("node.id", NODE_ID.to_string()),
        number("num.partitions", settings.default_partitions.to_string()),
        number(
            "offset.metadata.max.bytes",
            settings.offset_metadata_max_bytes.to_string(),
        ),
        number(
            "offsets.topic.num.partitions",
            settings.internal_partitions.to_string(),
        ),
        number("offsets.topic.replication.factor", "1".to_owned()),
        number(
            "socket.request.max.bytes",
            settings.max_request_bytes.to_string(),
        ),
        ms(
            "transaction.max.timeout.ms",
            settings.transaction_max_timeout,
        ),
        number(
            "transaction.state.log.num.partitions",
            settings.internal_partitions.to_string(),
        ),
        number("transaction.state.log.replication.factor", "1".to_owned()),
        ms(
            "transactional.id.expiration.ms",
            settings.transactional_id_expiration,
        ),
    ]
}

fn described_setting((name, kind, value): Setting) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(name))
        .with_value(Some(StrBytes::from_string(value)))
        .with_read_only(true)
        .with_config_source(STATIC_BROKER)
        .with_config_type(kind as i8)
}

pub(super) fn alter(broker: &Shared, request: &AlterConfigsRequest) -> AlterConfigsResponse {
    let responses = request.resources.iter().map(|resource| {
        let entries = resource.configs.iter().map(|config| {
            let value = config.value.as_ref().ok_or_else(|| null(&config.name))?;
            Ok((config.name.to_string(), value.to_string()))
        });
        let altered = entries.collect::<Result<BTreeMap<_, _>, _>>();
        let altered = altered.and_then(|entries| {
            let (kind, name) = (resource.resource_type, &resource.resource_name);
            replace(broker, kind, name, request.validate_only, |_| Ok(entries))
        });
        let answer = alter_configs_response::AlterConfigsResourceResponse::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        match altered {
            Ok(()) => answer.with_error_message(None),
            Err(refusal) => answer
                .with_error_code(refusal.code())
                .with_error_message(refusal.text()),
        }
    });
    AlterConfigsResponse::default().with_responses(responses.collect())
}

pub(super) fn alter_incrementally(
    broker: &Shared,
    request: &IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let responses = request.resources.iter().map(|resource| {
        let (kind, name) = (resource.resource_type, &resource.resource_name);
        let altered = replace(broker, kind, name, request.validate_only, |current| {
            each_once(&resource.configs)?;
            changed(current, &resource.configs)
        });
        let answer = incremental_alter_configs_response::AlterConfigsResourceResponse::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        match altered {
            Ok(()) => answer.with_error_message(None),
            Err(refusal) => answer
                .with_error_code(refusal.code())
                .with_error_message(refusal.text()),
        }
    });
    IncrementalAlterConfigsResponse::default().with_responses(responses.collect())
}

/// Gives a topic the configuration that `change` makes of what is set on it now.
fn replace(
    broker: &Shared,
    kind: i8,
    name: &str,
    validate_only: bool,
    change: impl FnOnce(&TopicConfigs) -> Result<BTreeMap<String, String>, Refusal>,
) -> Result<(), Refusal> {
    match kind {
        TOPIC => {}
        BROKER => {
            only_node(name)?;
            return Err(Refusal::new(
                ResponseError::InvalidRequest,
                "the settings of this broker cannot be changed while it runs: start it with others",
            ));
        }
        other => return Err(unknown_kind(other)),
    }
    let topic = broker.topics.topic(name);
    let topic = topic.ok_or(Refusal::from(ResponseError::UnknownTopicOrPartition))?;
    let configs = TopicConfigs::new(change(&topic.configs)?)
        .map_err(|problem| Refusal::new(ResponseError::InvalidConfig, problem))?;
    if validate_only {
        return Ok(());
    }
    broker.topics.set_configs(name, configs)
}

fn null(name: &str) -> Refusal {
    Refusal::new(
        ResponseError::InvalidRequest,
        format!("Null value not supported for : {name}"),
    )
}

/// No setting may be changed twice in one request (`ConfigAdminManager.preprocess`).
fn each_once(
    operations: &[incremental_alter_configs_request::AlterableConfig],
) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    match operations.iter().find(|one| !seen.insert(&one.name)) {
        None => Ok(()),
        Some(twice) => Err(Refusal::new(
            ResponseError::InvalidRequest,
            format!(
                "Error due to duplicate config keys: {} is changed twice",
                twice.name
            ),
        )),
    }
}

/// What is set after the operations (`ConfigurationControlManager.incrementalAlterConfigResource`).
fn changed(
    current: &TopicConfigs,
    operations: &[incremental_alter_configs_request::AlterableConfig],
) -> Result<BTreeMap<String, String>, Refusal> {
    const SET: i8 = 0;
    const DELETE: i8 = 1;
    const APPEND: i8 = 2;
    const SUBTRACT: i8 = 3;
    let mut entries = current.set().clone();
    for operation in operations {
        let name = operation.name.to_string();
        if operation.config_operation == DELETE {
            entries.remove(&name);
            continue;
        }
        let value = operation.value.as_ref().ok_or_else(|| null(&name))?;
        let value = match operation.config_operation {
            SET => value.to_string(),
            APPEND => with_items(&items(&name, &entries)?, value, true),
            SUBTRACT => with_items(&items(&name, &entries)?, value, false),
            other => {
                return Err(Refusal::new(
                    ResponseError::InvalidRequest,
                    format!("Unknown alter configs operation {other} for {name}"),
                ));
            }
        };
        entries.insert(name, value);
    }
    Ok(entries)
}

/// A list's value, to which items can be added.
fn items(name: &str, entries: &BTreeMap<String, String>) -> Result<String, Refusal> {
    match find(name) {
        Some(key) if key.kind == Kind::List => {
            let set = entries.get(name).map(String::as_str);
            Ok(set.unwrap_or(key.default).to_owned())
        }
        Some(_) => Err(Refusal::new(
            ResponseError::InvalidConfig,
            format!("Can't append to or subtract from key {name} because its type is not LIST."),
        )),
        None => Err(Refusal::new(
            ResponseError::InvalidConfig,
            format!("Unknown topic config name: {name}"),
        )),
    }
}

fn with_items(current: &str, change: &str, add: bool) -> String {
    let change = list(change);
    let mut items = list(current);
    items.retain(|item| add || !change.contains(item));
    if add {
        let fresh: Vec<_> = change.into_iter().filter(|i| !items.contains(i)).collect();
        items.extend(fresh);
    }
    items.join(",")
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::incremental_alter_configs_request::AlterableConfig;

    use super::*;

    fn operation(name: &'static str, operation: i8, value: &'static str) -> AlterableConfig {
        AlterableConfig::default()
            .with_name(StrBytes::from_static_str(name))
            .with_config_operation(operation)
            .with_value(Some(StrBytes::from_static_str(value)))
    }

    #[test]
    fn operations_change_what_is_set_and_nothing_else() {
        let set = [("retention.ms", "5"), ("cleanup.policy", "compact")];
        let set = set.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let current = TopicConfigs::new(set).unwrap();
        let after = changed(
            &current,
            &[
                operation("retention.ms", 1, ""),
                operation("segment.ms", 0, "7"),
                operation("cleanup.policy", 2, "delete,compact"),
                operation("cleanup.policy", 3, "compact"),
            ],
        )
        .unwrap();
        let after: Vec<_> = after.into_iter().collect();
        let expected = [("cleanup.policy", "delete"), ("segment.ms", "7")];
        assert_eq!(after, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        let refused = changed(&current, &[operation("segment.ms", 2, "7")]).unwrap_err();
        assert_eq!(refused.error, ResponseError::InvalidConfig);
        let refused = changed(&current, &[operation("segment.ms", 9, "7")]).unwrap_err();
        assert_eq!(refused.error, ResponseError::InvalidRequest);
    }
}
