//! Kafka's predicates: `TopicNameMatches`, `HasHeaderKey`, `RecordIsTombstone`.

use connect_api::config::{Check, ConfigDef, ConfigValue, Key};
use connect_api::plugin::Predicate;
use connect_api::record::Record;
use connect_api::regex::JavaRegex;
use connect_api::registry::{PluginClass, PredicatePlugin};
use connect_api::{Props, Result};

use crate::CONNECT_VERSION;
use crate::regex_router::is_regex;
use crate::topic_cache::TopicCache;

pub(crate) const PLUGINS: [PredicatePlugin; 3] = [
    PredicatePlugin {
        name: name("org.apache.kafka.connect.transforms.predicates.HasHeaderKey"),
        config: header_config,
        create: |props| Ok(Box::new(HasHeaderKey::new(props)?)),
    },
    PredicatePlugin {
        name: name("org.apache.kafka.connect.transforms.predicates.RecordIsTombstone"),
        config: ConfigDef::new,
        create: |_| Ok(Box::new(RecordIsTombstone)),
    },
    PredicatePlugin {
        name: name("org.apache.kafka.connect.transforms.predicates.TopicNameMatches"),
        config: topic_config,
        create: |props| Ok(Box::new(TopicNameMatches::new(props)?)),
    },
];

const fn name(class: &'static str) -> PluginClass {
    PluginClass {
        class,
        other_classes: &[],
        version: CONNECT_VERSION,
    }
}

const NAME: Key<String> = Key::new("name")
    .medium()
    .check(Check::NonEmpty)
    .doc("The header's name.");

const PATTERN: Key<String> = Key::new("pattern")
    .medium()
    .check(Check::Custom(is_pattern))
    .doc("A Java regular expression that must match the whole of the topic's name.");

fn is_pattern(value: &ConfigValue) -> std::result::Result<(), String> {
    match value {
        ConfigValue::String(pattern) if pattern.is_empty() => {
            Err("String must be non-empty".to_owned())
        }
        value => is_regex(value),
    }
}

fn header_config() -> ConfigDef {
    ConfigDef::new().with(&NAME)
}

fn topic_config() -> ConfigDef {
    ConfigDef::new().with(&PATTERN)
}

/// True for records with at least one header of the name.
#[derive(Debug)]
struct HasHeaderKey {
    name: String,
}

impl HasHeaderKey {
    fn new(props: &Props) -> Result<Self> {
        let name = header_config().parse(props)?.get(&NAME)?;
        Ok(Self { name })
    }
}

impl Predicate for HasHeaderKey {
    fn test(&mut self, record: &Record) -> Result<bool> {
        Ok(record
            .headers
            .iter()
            .any(|header| *header.key == *self.name))
    }
}

/// True for records whose value is null.
#[derive(Debug)]
struct RecordIsTombstone;

impl Predicate for RecordIsTombstone {
    fn test(&mut self, record: &Record) -> Result<bool> {
        Ok(record.value.is_null())
    }
}

/// True for records whose topic's whole name matches.
#[derive(Debug)]
struct TopicNameMatches {
    pattern: JavaRegex,
    topics: TopicCache<bool>,
}

impl TopicNameMatches {
    fn new(props: &Props) -> Result<Self> {
        let pattern = topic_config().parse(props)?.get(&PATTERN)?;
        Ok(Self {
            pattern: JavaRegex::new(&pattern)?,
            topics: TopicCache::new(),
        })
    }
}

impl Predicate for TopicNameMatches {
    fn test(&mut self, record: &Record) -> Result<bool> {
        let pattern = &self.pattern;
        self.topics
            .get_or_make(&record.topic, |topic| pattern.matches(topic))
    }
}
