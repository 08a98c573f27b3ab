//! Which settings the topics of a source are created with: `topic.creation.*`
//! (KIP-158, `SourceConnectorConfig`, `TopicCreationConfig`).

use std::collections::BTreeMap;

use connect_api::config::{
    Check, ConfigDef, ConfigInfo, ConfigValue, ConfigValueInfo, Key, KeyDef, Settings, Width,
};
use connect_api::regex::JavaRegex;
use connect_api::{Error, Props, Result};

use super::aliases::aliases;
use super::source::TOPIC_CREATION_GROUPS;

const PREFIX: &str = "topic.creation.";
const DEFAULT_GROUP: &str = "default";

const INCLUDE: Key<Vec<String>> = Key::new("include")
    .default("")
    .check(Check::Custom(regexes))
    .width(Width::Long)
    .doc("Regular expressions of topic names that are created with the settings of this group.");
const EXCLUDE: Key<Vec<String>> = Key::new("exclude")
    .default("")
    .check(Check::Custom(regexes))
    .width(Width::Long)
    .doc("Regular expressions of topic names that are not created with the settings of this group, even if they are included.");
const REPLICATION_FACTOR: Key<i16> = Key::new("replication.factor")
    .check(Check::Custom(replication_factor))
    .width(Width::Long)
    .doc("The replication factor of new topics of this group; -1 for the broker's default. Required for the group 'default', whose value the other groups take over.");
const PARTITIONS: Key<i32> = Key::new("partitions")
    .check(Check::Custom(partitions))
    .width(Width::Long)
    .doc("The number of partitions of new topics of this group; -1 for the broker's default. Required for the group 'default', whose value the other groups take over.");

/// True if the connector says anything about its topics.
pub(super) fn is_used(props: &Props) -> bool {
    props.keys().any(|name| name.starts_with(PREFIX))
}

/// The settings of one group of topics.
#[derive(Debug, Clone)]
pub(crate) struct TopicGroup {
    /// Its name; `default` stands last and takes every topic.
    pub(crate) name: String,
    include: Vec<JavaRegex>,
    exclude: Vec<JavaRegex>,
    /// -1 for the broker's default.
    pub(crate) replication_factor: i16,
    /// -1 for the broker's default.
    pub(crate) partitions: i32,
    /// Settings of the topics themselves (`cleanup.policy`).
    pub(crate) configs: BTreeMap<String, String>,
}

impl TopicGroup {
    /// The whole name must match, as with Java's `Pattern.matches`.
    fn takes(&self, topic: &str) -> bool {
        let any = |patterns: &[JavaRegex]| {
            patterns
                .iter()
                .any(|pattern| pattern.matches(topic).unwrap_or(false))
        };
        self.name == DEFAULT_GROUP || any(&self.include) && !any(&self.exclude)
    }
}

/// How a connector's topics are created.
#[derive(Debug, Clone)]
pub(crate) struct TopicCreation {
    groups: Vec<TopicGroup>,
}

impl TopicCreation {
    /// Reads a connector's groups; none if it says nothing about its topics.
    pub(crate) fn parse(props: &Props) -> Result<Option<Self>> {
        if !is_used(props) {
            return Ok(None);
        }
        let settings = definition(props).parse(props)?;
        let mut groups = Vec::new();
        for name in named_groups(props)
            .iter()
            .map(String::as_str)
            .chain([DEFAULT_GROUP])
        {
            groups.push(group(name, props, &settings)?);
        }
        Ok(Some(Self { groups }))
    }

    /// The group whose settings a new topic gets: the first that takes it.
    pub(crate) fn group_of(&self, topic: &str) -> Option<&TopicGroup> {
        self.groups.iter().find(|group| group.takes(topic))
    }
}

/// Rows for the errors in a connector's `topic.creation.*`. The original finds
/// them only when the connector starts, so rows without errors are not shown.
pub(super) fn validate(props: &Props) -> Vec<ConfigInfo> {
    if !is_used(props) {
        return Vec::new();
    }
    let keys = definition(props);
    let wrong: Vec<ConfigValueInfo> = keys
        .validate(props)
        .into_iter()
        .filter(|value| !value.errors.is_empty())
        .collect();
    keys.infos(wrong)
}

/// The groups that the user named. `default` is always there.
fn named_groups(props: &Props) -> Vec<String> {
    let mut groups = aliases(props, TOPIC_CREATION_GROUPS.name());
    groups.retain(|name| name != DEFAULT_GROUP);
    groups
}

fn definition(props: &Props) -> ConfigDef {
    let mut keys = ConfigDef::new();
    let prefix = format!("{PREFIX}{DEFAULT_GROUP}.");
    let required = ConfigDef::new().with(&REPLICATION_FACTOR).with(&PARTITIONS);
    keys.embed(&prefix, DEFAULT_GROUP, 1, &required);
    for name in named_groups(props) {
        let mut own = ConfigDef::new().with(&INCLUDE).with(&EXCLUDE);
        for (key, default) in [
            (KeyDef::from(&REPLICATION_FACTOR), ConfigValue::Short(-1)),
            (KeyDef::from(&PARTITIONS), ConfigValue::Int(-1)),
        ] {
            own.add(KeyDef {
                required: false,
                default: inherited(&key, props).unwrap_or(default),
                ..key
            });
        }
        let group = format!("Topic Creation: {name}");
        keys.embed(&format!("{PREFIX}{name}."), &group, 1, &own);
    }
    keys
}

/// What the group `default` says, if that can be read.
fn inherited(key: &KeyDef, props: &Props) -> Option<ConfigValue> {
    let name = format!("{PREFIX}{DEFAULT_GROUP}.{}", key.name);
    key.kind.parse(&name, props.get(&name)?).ok()
}

fn group(name: &str, props: &Props, settings: &Settings) -> Result<TopicGroup> {
    let prefix = format!("{PREFIX}{name}.");
    let number = |key: &str| -> Result<i64> {
        let name = format!("{prefix}{key}");
        settings
            .value(&name)
            .and_then(|value| match value {
                ConfigValue::Short(number) => Some(i64::from(*number)),
                ConfigValue::Int(number) => Some(i64::from(*number)),
                _ => None,
            })
            .ok_or_else(|| Error::internal(format!("setting '{name}' has no number")))
    };
    let patterns = |key: &str| -> Result<Vec<JavaRegex>> {
        let name = format!("{prefix}{key}");
        match settings.value(&name) {
            Some(ConfigValue::List(patterns)) => patterns
                .iter()
                .map(|pattern| JavaRegex::new(pattern))
                .collect(),
            _ => Ok(Vec::new()),
        }
    };
    let own = [
        INCLUDE.name(),
        EXCLUDE.name(),
        REPLICATION_FACTOR.name(),
        PARTITIONS.name(),
    ];
    Ok(TopicGroup {
        name: name.to_owned(),
        include: patterns(INCLUDE.name())?,
        exclude: patterns(EXCLUDE.name())?,
        replication_factor: i16::try_from(number(REPLICATION_FACTOR.name())?).unwrap_or(-1),
        partitions: i32::try_from(number(PARTITIONS.name())?).unwrap_or(-1),
        configs: super::with_prefix(props, &prefix)
            .filter(|(key, _)| !own.contains(key))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    })
}

fn regexes(value: &ConfigValue) -> std::result::Result<(), String> {
    let ConfigValue::List(patterns) = value else {
        return Ok(());
    };
    let wrong = patterns
        .iter()
        .find_map(|pattern| JavaRegex::new(pattern).err());
    match wrong {
        Some(error) => Err(format!("Syntax error in regular expression: {error}")),
        None => Ok(()),
    }
}

fn replication_factor(value: &ConfigValue) -> std::result::Result<(), String> {
    match value {
        ConfigValue::Short(factor) if *factor != -1 && *factor < 1 => Err(
            "Replication factor must be positive and not larger than the number of brokers in \
             the Kafka cluster, or -1 to use the broker's default"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

fn partitions(value: &ConfigValue) -> std::result::Result<(), String> {
    match value {
        ConfigValue::Int(number) if *number != -1 && *number < 1 => Err(
            "Number of partitions must be positive, or -1 to use the broker's default".to_owned(),
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(pairs: &[(&str, &str)]) -> Props {
        pairs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn a_connector_that_says_nothing_creates_nothing() {
        assert!(TopicCreation::parse(&Props::new()).unwrap().is_none());
    }

    /// The example of KIP-158, in short.
    #[test]
    fn groups_take_topics_in_order_and_inherit_from_default() {
        let creation = TopicCreation::parse(&props(&[
            ("topic.creation.groups", "inorder, compacted, default"),
            ("topic.creation.default.replication.factor", "3"),
            ("topic.creation.default.partitions", "5"),
            ("topic.creation.inorder.include", "status,orders.*"),
            ("topic.creation.inorder.partitions", "1"),
            ("topic.creation.compacted.include", ".*"),
            ("topic.creation.compacted.exclude", "x\\..*"),
            ("topic.creation.compacted.cleanup.policy", "compact"),
        ]))
        .unwrap()
        .unwrap();
        let of = |topic: &str| {
            let group = creation.group_of(topic).unwrap();
            (
                group.name.as_str(),
                group.partitions,
                group.replication_factor,
            )
        };
        assert_eq!(of("orders-1"), ("inorder", 1, 3));
        // The whole name must match.
        assert_eq!(of("my-status"), ("compacted", 5, 3));
        assert_eq!(of("x.y"), ("default", 5, 3));
        let compacted = creation.group_of("t").unwrap();
        assert_eq!(
            compacted.configs,
            BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())])
        );
    }

    #[test]
    fn the_default_group_must_say_how_many() {
        let error = TopicCreation::parse(&props(&[
            ("topic.creation.groups", "g"),
            ("topic.creation.g.include", "("),
        ]))
        .unwrap_err();
        for part in [
            "\"topic.creation.default.replication.factor\"",
            "\"topic.creation.default.partitions\"",
            "topic.creation.g.include: Syntax error in regular expression",
        ] {
            assert!(error.message().contains(part), "{part}: {error}");
        }
    }
}
