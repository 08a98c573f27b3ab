//! The keys that sinks have beyond the common ones
//! (`SinkConnectorConfig.java`).

use connect_api::config::{Check, ConfigDef, ConfigValue, ConfigValueInfo, Key, Width};
use connect_api::regex::JavaRegex;
use connect_api::{Error, Props, Result};

use super::common::{common_config, with_orders};

/// The topics that are consumed.
pub const TOPICS: Key<Vec<String>> = Key::new("topics")
    .default("")
    .check(Check::Custom(without_duplicates))
    .high()
    .group("Common")
    .width(Width::Long)
    .display_name("Topics")
    .doc("List of topics to consume, separated by commas");

/// Which topics are consumed, by their names.
pub const TOPICS_REGEX: Key<String> = Key::new("topics.regex")
    .default("")
    .check(Check::Custom(regex))
    .high()
    .group("Common")
    .width(Width::Long)
    .display_name("Topics regex")
    .doc(
        "Regular expression giving topics to consume. Under the hood, the regex is compiled to \
         a <code>java.util.regex.Pattern</code>. Only one of topics or topics.regex should be \
         specified.",
    );

/// Where records go that cannot be handled.
pub(super) const DLQ_TOPIC: Key<String> = Key::new("errors.deadletterqueue.topic.name")
    .default("")
    .medium()
    .group("Error Handling")
    .width(Width::Medium)
    .display_name("Dead Letter Queue Topic Name")
    .doc(
        "The name of the topic to be used as the dead letter queue (DLQ) for messages that \
         result in an error when processed by this sink connector, or its transformations or \
         converters. The topic name is blank by default, which means that no messages are to be \
         recorded in the DLQ.",
    );

/// The dead letter queue's replication factor where it is created.
pub(super) const DLQ_REPLICATION_FACTOR: Key<i16> =
    Key::new("errors.deadletterqueue.topic.replication.factor")
        .default("3")
        .medium()
        .group("Error Handling")
        .width(Width::Medium)
        .display_name("Dead Letter Queue Topic Replication Factor")
        .doc(
            "Replication factor used to create the dead letter queue topic when it doesn't \
             already exist.",
        );

/// Whether a dead letter says what was wrong with it.
pub(super) const DLQ_CONTEXT_HEADERS: Key<bool> =
    Key::new("errors.deadletterqueue.context.headers.enable")
        .default("false")
        .medium()
        .group("Error Handling")
        .width(Width::Medium)
        .display_name("Enable Error Context Headers")
        .doc(
            "If true, add headers containing error context to the messages written to the dead \
             letter queue. To avoid clashing with headers from the original record, all error \
             context header keys, all error context header keys will start with \
             <code>__connect.errors.</code>",
        );

/// The keys that every sink has, in order.
pub fn sink_config() -> ConfigDef {
    let mut keys = common_config();
    let own = ConfigDef::new()
        .with(&TOPICS)
        .with(&TOPICS_REGEX)
        .with(&DLQ_TOPIC)
        .with(&DLQ_REPLICATION_FACTOR)
        .with(&DLQ_CONTEXT_HEADERS);
    keys.extend(&with_orders(
        &own,
        &[
            (TOPICS.name(), 4),
            (TOPICS_REGEX.name(), 4),
            (DLQ_TOPIC.name(), 6),
            (DLQ_REPLICATION_FACTOR.name(), 7),
            (DLQ_CONTEXT_HEADERS.name(), 8),
        ],
    ));
    keys
}

/// What a sink's task reads.
#[derive(Debug, Clone)]
pub(crate) enum Subscription {
    /// These topics.
    Topics(Vec<String>),
    /// All topics whose whole name matches.
    Regex(Box<JavaRegex>),
}

/// Where a sink's records go that cannot be handled.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetterSettings {
    pub(crate) topic: String,
    pub(crate) replication_factor: i16,
    pub(crate) context_headers: bool,
}

/// The settings of a sink that running its tasks needs.
#[derive(Debug, Clone)]
pub(crate) struct SinkSettings {
    pub(crate) subscription: Subscription,
    /// None without a dead letter queue.
    pub(crate) dead_letters: Option<DeadLetterSettings>,
}

impl SinkSettings {
    /// Parses the settings of a valid sink; of another, what is wrong first.
    pub(crate) fn parse(props: &Props) -> Result<Self> {
        let settings = sink_config().parse(props)?;
        let mut values = sink_config().validate(props);
        check(&mut values, props);
        if let Some(problem) = values.iter().flat_map(|value| &value.errors).next() {
            return Err(Error::config(problem.clone()));
        }
        let regex = settings.get(&TOPICS_REGEX)?;
        let subscription = if regex.trim().is_empty() {
            Subscription::Topics(topics(props))
        } else {
            Subscription::Regex(Box::new(JavaRegex::new(&regex)?))
        };
        let topic = settings.get(&DLQ_TOPIC)?;
        let dead_letters = DeadLetterSettings {
            topic,
            replication_factor: settings.get(&DLQ_REPLICATION_FACTOR)?,
            context_headers: settings.get(&DLQ_CONTEXT_HEADERS)?,
        };
        Ok(Self {
            subscription,
            dead_letters: (!dead_letters.topic.is_empty()).then_some(dead_letters),
        })
    }
}

/// True if the sink has a dead letter queue.
pub(super) fn has_dead_letters(props: &Props) -> bool {
    !given(props, DLQ_TOPIC.name()).is_empty()
}

/// `SinkConnectorConfig.validate`: the keys against each other.
pub(super) fn check(values: &mut [ConfigValueInfo], props: &Props) {
    let (topics_given, regex) = (
        given(props, TOPICS.name()),
        given(props, TOPICS_REGEX.name()),
    );
    let both = [TOPICS.name(), TOPICS_REGEX.name()];
    if !topics_given.is_empty() && !regex.is_empty() {
        add(
            values,
            &both,
            "topics and topics.regex are mutually exclusive options, but both are set.",
        );
    }
    if topics_given.is_empty() && regex.is_empty() {
        add(
            values,
            &both,
            "Must configure one of topics or topics.regex",
        );
    }
    let dead_letters = given(props, DLQ_TOPIC.name());
    if dead_letters.is_empty() {
        return;
    }
    let topics = topics(props);
    if topics.iter().any(|topic| topic == dead_letters) {
        let problem = format!(
            "The DLQ topic '{dead_letters}' may not be included in the list of topics \
             ('topics=[{}]') consumed by the connector",
            topics.join(", ")
        );
        add(values, &both[..1], &problem);
    }
    // A malformed one has its error already.
    let matches = |regex: JavaRegex| regex.matches(dead_letters).unwrap_or(false);
    if !regex.is_empty() && JavaRegex::new(regex).is_ok_and(matches) {
        let problem = format!(
            "The DLQ topic '{dead_letters}' may not be matched by the regex for the topics \
             ('topics.regex={regex}') consumed by the connector"
        );
        add(values, &both[1..], &problem);
    }
}

fn add(values: &mut [ConfigValueInfo], names: &[&str], problem: &str) {
    for name in names {
        if let Some(value) = super::value_mut(values, name) {
            value.errors.push(problem.to_owned());
        }
    }
}

fn given<'p>(props: &'p Props, name: &str) -> &'p str {
    props.get(name).map_or("", |value| value.trim())
}

/// `SinkConnectorConfig.parseTopicsList`: each once.
fn topics(props: &Props) -> Vec<String> {
    let mut topics: Vec<String> = Vec::new();
    for topic in given(props, TOPICS.name()).split(',').map(str::trim) {
        if !topic.is_empty() && !topics.iter().any(|known| known == topic) {
            topics.push(topic.to_owned());
        }
    }
    topics
}

/// `ConfigDef.ValidList.anyNonDuplicateValues`.
fn without_duplicates(value: &ConfigValue) -> Result<(), String> {
    let ConfigValue::List(items) = value else {
        return Ok(());
    };
    let duplicated = items
        .iter()
        .enumerate()
        .any(|(position, item)| items[..position].contains(item));
    if duplicated {
        return Err("Configuration 'topics' values must not be duplicated.".to_owned());
    }
    if items.iter().any(String::is_empty) {
        return Err("Configuration 'topics' values must not be empty.".to_owned());
    }
    Ok(())
}

fn regex(value: &ConfigValue) -> Result<(), String> {
    match value {
        ConfigValue::String(pattern) => JavaRegex::new(pattern)
            .map(|_| ())
            .map_err(|error| error.message().to_owned()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(pairs: &[(&str, &str)]) -> Props {
        [("name", "s"), ("connector.class", "c")]
            .iter()
            .chain(pairs)
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn defaults_fit_their_checks() {
        assert!(sink_config().check_defaults().is_empty());
    }

    #[test]
    fn a_list_or_a_regex_is_read() {
        let settings = SinkSettings::parse(&props(&[("topics", " a, b ,a")]));
        assert!(
            settings
                .unwrap_err()
                .message()
                .contains("must not be duplicated")
        );
        let settings = SinkSettings::parse(&props(&[("topics", " a, b ")])).unwrap();
        assert!(settings.dead_letters.is_none());
        match settings.subscription {
            Subscription::Topics(topics) => assert_eq!(topics, ["a", "b"]),
            other => panic!("{other:?}"),
        }
        let regex = props(&[
            ("topics.regex", "es_.*"),
            ("errors.deadletterqueue.topic.name", "dlq"),
        ]);
        let settings = SinkSettings::parse(&regex).unwrap();
        assert_eq!(settings.dead_letters.unwrap().replication_factor, 3);
        match settings.subscription {
            Subscription::Regex(regex) => assert!(regex.matches("es_x").unwrap()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_dead_letter_queue_is_not_consumed() {
        for (given, expected) in [
            (
                props(&[
                    ("topics", "a,b"),
                    ("errors.deadletterqueue.topic.name", "b"),
                ]),
                "The DLQ topic 'b' may not be included in the list of topics ('topics=[a, b]') \
                 consumed by the connector",
            ),
            (
                props(&[
                    ("topics.regex", "a.*"),
                    ("errors.deadletterqueue.topic.name", "ab"),
                ]),
                "The DLQ topic 'ab' may not be matched by the regex for the topics \
                 ('topics.regex=a.*') consumed by the connector",
            ),
        ] {
            assert_eq!(SinkSettings::parse(&given).unwrap_err().message(), expected);
        }
    }
}
