//! DescribeConfigs, AlterConfigs, IncrementalAlterConfigs.

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::{
    AlterConfigsRequest, DescribeConfigsRequest, IncrementalAlterConfigsRequest,
    alter_configs_request, incremental_alter_configs_request,
};
use serde_json::{Map, Value, json};

use crate::compare::behaviours;
use crate::raw;
use crate::target::Target;
use crate::wire::{Wire, error, text};

behaviours![
    a_topics_settings_are_described,
    settings_are_described_in_every_version,
    what_cannot_be_described_is_refused,
    settings_are_altered_one_by_one,
    wrong_alterations_are_refused,
    settings_are_altered_all_at_once,
];

/// A topic's settings whose defaults do not depend on the broker's.
pub(super) const COMPARED: [&str; 20] = [
    "cleanup.policy",
    "compression.type",
    "delete.retention.ms",
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "index.interval.bytes",
    "max.compaction.lag.ms",
    "max.message.bytes",
    "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms",
    "message.timestamp.type",
    "min.cleanable.dirty.ratio",
    "min.compaction.lag.ms",
    "preallocate",
    "retention.bytes",
    "retention.ms",
    "segment.jitter.ms",
    "segment.ms",
    "unclean.leader.election.enable",
];

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

async fn describe(wire: &mut Wire, version: i16, of: (i8, &str), keys: Option<&[&str]>) -> Value {
    let keys = keys.map(|keys| keys.iter().map(|key| text(key)).collect());
    let resource = DescribeConfigsResource::default()
        .with_resource_type(of.0)
        .with_resource_name(text(of.1))
        .with_configuration_keys(keys);
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let answer = wire.ask(version, &request).await;
    let one = &answer.results[0];
    let configs: Map<String, Value> = (one.configs.iter())
        .filter(|config| COMPARED.contains(&config.name.as_str()))
        .map(|config| {
            let value = config.value.as_ref().map(ToString::to_string);
            let seen = json!([
                value,
                config.config_source,
                config.read_only,
                config.is_sensitive,
                config.config_type
            ]);
            (config.name.to_string(), seen)
        })
        .collect();
    json!({
        "error": error(one.error_code), "type": one.resource_type,
        "name": one.resource_name.as_str(), "configs": configs,
    })
}

/// Some settings of a resource.
pub(crate) async fn described(wire: &mut Wire, kind: i8, name: &str, keys: &[&str]) -> Value {
    describe(wire, 4, (kind, name), Some(keys)).await
}

async fn a_topics_settings_are_described(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let settings = [
        ("retention.ms", "3600000"),
        ("cleanup.policy", "compact,delete"),
    ];
    let name = raw::create(target, 1, &settings).await;
    let keys = [
        "retention.ms",
        "cleanup.policy",
        "flush.ms",
        "no.such.thing",
    ];
    json!({
        "all": describe(&mut wire, 4, (TOPIC, &name), None).await,
        "some": describe(&mut wire, 4, (TOPIC, &name), Some(&keys)).await,
        "none": describe(&mut wire, 4, (TOPIC, &name), Some(&[])).await,
    })
}

async fn settings_are_described_in_every_version(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[("retention.ms", "3600000")]).await;
    let mut observed = Map::new();
    for version in 1..=4 {
        let seen = describe(
            &mut wire,
            version,
            (TOPIC, &name),
            Some(&["retention.ms", "flush.ms"]),
        )
        .await;
        observed.insert(version.to_string(), seen);
    }
    observed.into()
}

async fn what_cannot_be_described_is_refused(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let unknown = target.unique("unknown");
    let mut error_of = async |kind: i8, name: &str| {
        describe(&mut wire, 4, (kind, name), Some(&["retention.ms"])).await["error"].clone()
    };
    json!({
        "an unknown topic": error_of(TOPIC, &unknown).await,
        "a wrong name": error_of(TOPIC, "a/b").await,
        "this broker": error_of(BROKER, "1").await,
        "another broker": error_of(BROKER, "9").await,
        "no broker": error_of(BROKER, "x").await,
    })
}

/// Operations of KIP-339.
const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

/// A setting, an operation, and its value.
type Change<'a> = (&'a str, i8, Option<&'a str>);

async fn alter(wire: &mut Wire, of: (i8, &str), changes: &[Change<'_>], dry: bool) -> String {
    let configs = changes.iter().map(|(name, operation, value)| {
        incremental_alter_configs_request::AlterableConfig::default()
            .with_name(text(name))
            .with_config_operation(*operation)
            .with_value(value.map(text))
    });
    let resource = incremental_alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(of.0)
        .with_resource_name(text(of.1))
        .with_configs(configs.collect());
    let request = IncrementalAlterConfigsRequest::default()
        .with_resources(vec![resource])
        .with_validate_only(dry);
    error(wire.ask(1, &request).await.responses[0].error_code)
}

/// Waits until the broker sees a change, which may be a moment after it has been answered: it sees
/// changes in their order.
async fn settle(target: &Target) {
    raw::create(target, 1, &[]).await;
}

async fn settings_are_altered_one_by_one(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[("retention.ms", "3600000")]).await;
    let keys = ["retention.ms", "cleanup.policy", "max.message.bytes"];
    let steps: [&[Change<'_>]; 5] = [
        &[
            ("max.message.bytes", SET, Some("5000")),
            ("retention.ms", SET, Some("1")),
        ],
        &[("cleanup.policy", APPEND, Some("compact"))],
        &[("cleanup.policy", SUBTRACT, Some("delete"))],
        &[("retention.ms", DELETE, None), ("flush.ms", DELETE, None)],
        &[],
    ];
    let mut observed = Vec::new();
    for changes in steps {
        let answer = alter(&mut wire, (TOPIC, &name), changes, false).await;
        settle(target).await;
        observed.push(json!([
            answer,
            describe(&mut wire, 4, (TOPIC, &name), Some(&keys)).await
        ]));
    }
    json!({ "steps": observed })
}

async fn wrong_alterations_are_refused(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let unknown = target.unique("unknown");
    let mut observed = Map::new();
    let cases: [(&str, &str, &[Change<'_>], bool); 8] = [
        (
            "an unknown topic",
            &unknown,
            &[("retention.ms", SET, Some("1"))],
            false,
        ),
        (
            "an unknown setting",
            &name,
            &[("no.such.thing", SET, Some("1"))],
            false,
        ),
        (
            "a wrong value",
            &name,
            &[("retention.ms", SET, Some("soon"))],
            false,
        ),
        (
            "a value of the wrong range",
            &name,
            &[("max.message.bytes", SET, Some("-5"))],
            false,
        ),
        ("no value", &name, &[("retention.ms", SET, None)], false),
        (
            "appending to no list",
            &name,
            &[("retention.ms", APPEND, Some("1"))],
            false,
        ),
        (
            "twice",
            &name,
            &[
                ("retention.ms", SET, Some("1")),
                ("retention.ms", DELETE, None),
            ],
            false,
        ),
        (
            "validated only",
            &name,
            &[("retention.ms", SET, Some("77"))],
            true,
        ),
    ];
    for (case, topic, changes, dry) in cases {
        let answer = alter(&mut wire, (TOPIC, topic), changes, dry).await;
        observed.insert(case.to_owned(), answer.into());
    }
    settle(target).await;
    let after = describe(&mut wire, 4, (TOPIC, &name), Some(&["retention.ms"])).await;
    observed.insert("after".to_owned(), after);
    observed.into()
}

async fn settings_are_altered_all_at_once(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[("retention.ms", "3600000")]).await;
    let mut observed = Map::new();
    for version in 0..=2 {
        let mut set = async |key: &str, value: &str| {
            let config = alter_configs_request::AlterableConfig::default()
                .with_name(text(key))
                .with_value(Some(text(value)));
            let resource = alter_configs_request::AlterConfigsResource::default()
                .with_resource_type(TOPIC)
                .with_resource_name(text(&name))
                .with_configs(vec![config]);
            let request = AlterConfigsRequest::default().with_resources(vec![resource]);
            error(wire.ask(version, &request).await.responses[0].error_code)
        };
        let answers = json!([
            set("flush.ms", &format!("100{version}")).await,
            set("flush.ms", "x").await,
            set("no.such.thing", "1").await,
        ]);
        settle(target).await;
        let keys = ["retention.ms", "flush.ms"];
        let after = describe(&mut wire, 4, (TOPIC, &name), Some(&keys)).await;
        observed.insert(version.to_string(), json!([answers, after]));
    }
    observed.into()
}
