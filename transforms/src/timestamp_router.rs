//! `org.apache.kafka.connect.transforms.TimestampRouter`: a topic with the
//! record's timestamp in its name.

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, ConfigValue, Key};
use connect_api::plugin::{Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::TransformationPlugin;
use connect_api::{Error, Props, Result};

use crate::date_format::DateFormat;
use crate::keys::plugin;

pub(crate) const PLUGIN: TransformationPlugin = plugin(
    "org.apache.kafka.connect.transforms.TimestampRouter",
    config_def,
    |props| Ok(Box::new(TimestampRouter::new(props)?)),
);

const TOPIC_FORMAT: Key<String> = Key::new("topic.format")
    .default("${topic}-${timestamp}")
    .high()
    .doc("The new topic. ${topic} stands for the old one, ${timestamp} for the timestamp's text.");

const TIMESTAMP_FORMAT: Key<String> = Key::new("timestamp.format")
    .default("yyyyMMdd")
    .high()
    .check(Check::Custom(is_pattern))
    .doc("The timestamp's text, in UTC: a pattern of Java's SimpleDateFormat.");

fn config_def() -> ConfigDef {
    ConfigDef::new().with(&TOPIC_FORMAT).with(&TIMESTAMP_FORMAT)
}

fn is_pattern(value: &ConfigValue) -> std::result::Result<(), String> {
    match value {
        ConfigValue::String(pattern) => DateFormat::new(pattern).map(drop),
        _ => Ok(()),
    }
}

#[derive(Debug)]
struct TimestampRouter {
    topic_format: String,
    timestamp_format: DateFormat,
    /// The last topic and timestamp, and what they became: records that follow
    /// each other mostly have the same.
    last: Option<(ByteString, String, ByteString)>,
    text: String,
}

impl TimestampRouter {
    fn new(props: &Props) -> Result<Self> {
        let settings = config_def().parse(props)?;
        let pattern = settings.get(&TIMESTAMP_FORMAT)?;
        Ok(Self {
            topic_format: settings.get(&TOPIC_FORMAT)?,
            timestamp_format: DateFormat::new(&pattern).map_err(Error::config)?,
            last: None,
            text: String::new(),
        })
    }

    fn route(&mut self, topic: &ByteString) -> ByteString {
        if let Some((last_topic, last_text, routed)) = &self.last
            && last_topic == topic
            && *last_text == self.text
        {
            return routed.clone();
        }
        let routed = self
            .topic_format
            .replace("${topic}", topic)
            .replace("${timestamp}", &self.text);
        let routed = ByteString::from(routed);
        self.last = Some((topic.clone(), self.text.clone(), routed.clone()));
        routed
    }
}

impl Transformation for TimestampRouter {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        let Some(timestamp) = record.timestamp else {
            return Err(Error::data(format!(
                "Timestamp missing on record: it is of the topic '{}'",
                record.topic
            )));
        };
        self.text.clear();
        self.timestamp_format.format(timestamp, &mut self.text);
        record.topic = self.route(&record.topic);
        Ok(Outcome::Keep)
    }
}
