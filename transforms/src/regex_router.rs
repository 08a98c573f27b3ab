//! `org.apache.kafka.connect.transforms.RegexRouter`: another topic by a Java
//! regular expression that matches the whole of the old one.

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, ConfigValue, Key};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::regex::{JavaRegex, Replacement};
use connect_api::registry::{PluginClass, TransformationPlugin};
use connect_api::{Error, Props, Result};

use crate::CONNECT_VERSION;
use crate::topic_cache::TopicCache;

pub(crate) const PLUGIN: TransformationPlugin = TransformationPlugin {
    name: PluginClass {
        class: "org.apache.kafka.connect.transforms.RegexRouter",
        other_classes: &[],
        version: CONNECT_VERSION,
    },
    config: config_def,
    create: |props| Ok(Box::new(RegexRouter::new(props)?)),
};

const REGEX: Key<String> = Key::new("regex")
    .high()
    .check(Check::Custom(is_regex))
    .doc("A Java regular expression. A topic that it matches as a whole is renamed.");

const REPLACEMENT: Key<String> = Key::new("replacement").high().doc(
    "What the topic's first match becomes. $1 or ${name} stand for the expression's groups, \\$ \
     and \\\\ for the characters themselves.",
);

fn config_def() -> ConfigDef {
    ConfigDef::new().with(&REGEX).with(&REPLACEMENT)
}

/// The check of a setting that is a regular expression (`RegexValidator`).
pub(crate) fn is_regex(value: &ConfigValue) -> std::result::Result<(), String> {
    match value {
        ConfigValue::String(pattern) => match JavaRegex::new(pattern) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.message().to_owned()),
        },
        _ => Ok(()),
    }
}

#[derive(Debug)]
struct RegexRouter {
    regex: JavaRegex,
    replacement: Replacement,
    topics: TopicCache<Option<ByteString>>,
}

impl RegexRouter {
    fn new(props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        let regex = JavaRegex::new(&settings.get(&REGEX)?)?;
        let text = settings.get(&REPLACEMENT)?;
        let replacement = regex.replacement(&text).map_err(|error| {
            Error::config(format!(
                "Invalid value {text} for configuration {}: {}",
                REPLACEMENT.name(),
                error.message()
            ))
        })?;
        Ok(Self {
            regex,
            replacement,
            topics: TopicCache::new(),
        })
    }
}

impl Transformation for RegexRouter {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let (regex, replacement) = (&self.regex, &self.replacement);
        let topic = self.topics.get_or_make(&record.topic, |topic| {
            if !regex.matches(topic)? {
                return Ok(None);
            }
            let topic = regex.replace_first(topic, replacement)?;
            Ok(topic.map(ByteString::from))
        })?;
        if let Some(topic) = topic {
            record.topic = topic;
        }
        Ok(Outcome::Keep)
    }
}
