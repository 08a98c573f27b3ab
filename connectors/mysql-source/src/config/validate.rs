//! Checks of a configuration in the original's words (`Field.Validator`).

use std::sync::LazyLock;

use connect_api::Props;
use connect_api::config::{Check, ConfigDef, ConfigType, ConfigValue, ConfigValueInfo, KeyDef};

use super::keys::{definition, events, history, reading, server};
use super::regex_list::RegexList;
use super::unsupported;

static DEFINITION: LazyLock<ConfigDef> = LazyLock::new(definition);

/// Keys whose values are lists of regular expressions.
const REGEX_LISTS: [&str; 10] = [
    reading::SNAPSHOT_INCLUDE_COLLECTION_LIST.name(),
    events::COLUMN_INCLUDE_LIST.name(),
    events::COLUMN_EXCLUDE_LIST.name(),
    events::TABLE_INCLUDE_LIST.name(),
    events::TABLE_EXCLUDE_LIST.name(),
    events::DATABASE_INCLUDE_LIST.name(),
    events::DATABASE_EXCLUDE_LIST.name(),
    events::GTID_SOURCE_INCLUDES.name(),
    events::COLUMN_PROPAGATE_SOURCE_TYPE.name(),
    events::DATATYPE_PROPAGATE_SOURCE_TYPE.name(),
];

/// Pairs of which only one may be given.
const EXCLUSIVE: [(&str, &str); 3] = [
    (
        events::DATABASE_INCLUDE_LIST.name(),
        events::DATABASE_EXCLUDE_LIST.name(),
    ),
    (
        events::TABLE_INCLUDE_LIST.name(),
        events::TABLE_EXCLUDE_LIST.name(),
    ),
    (
        events::COLUMN_INCLUDE_LIST.name(),
        events::COLUMN_EXCLUDE_LIST.name(),
    ),
];

/// Checks every key alone, then keys against each other.
pub fn validate(props: &Props) -> Vec<ConfigValueInfo> {
    DEFINITION
        .keys()
        .map(|key| {
            let text = DEFINITION.given(key, props);
            let (value, mut errors) = value_of(key, text);
            errors.extend(rules_between_keys(&key.name, props));
            ConfigValueInfo {
                name: key.name.to_string(),
                value: value.to_text().filter(|_| errors.is_empty()),
                recommended_values: key.recommended.clone(),
                errors: errors
                    .into_iter()
                    .map(|reason| invalid(&key.name, &reason))
                    .collect(),
                visible: key.name != history::SCHEMA_HISTORY.name()
                    && key.name != events::GTID_SOURCE_EXCLUDES.name(),
            }
        })
        .collect()
}

/// What the user wrote for `name`, or for an older name of it.
pub(crate) fn raw<'p>(props: &'p Props, name: &str) -> Option<&'p str> {
    if let Some(text) = props.get(name) {
        return Some(text);
    }
    DEFINITION
        .key(name)
        .and_then(|key| DEFINITION.given(key, props))
}

fn invalid(name: &str, reason: &str) -> String {
    format!("The '{name}' value is invalid: {reason}")
}

fn value_of(key: &KeyDef, text: Option<&str>) -> (ConfigValue, Vec<String>) {
    let value = match text {
        None => key.default.clone(),
        Some(text) => match key.kind.parse(&key.name, text) {
            Ok(value) => value,
            Err(_) => return (ConfigValue::Null, vec![wrong_type(key.kind).to_owned()]),
        },
    };
    let errors = match &key.check {
        _ if key.check.ensure_valid(&key.name, &value).is_ok() => Vec::new(),
        Check::OneOfAnyCase(_) => {
            vec![format!(
                "Value must be one of {}",
                key.recommended.join(", ")
            )]
        }
        Check::NonEmpty => vec!["A value is required".to_owned()],
        Check::AtLeast(0) => vec![format!("A non-negative {} is expected", number(key.kind))],
        Check::AtLeast(1) => vec![format!(
            "A positive, non-zero {} value is expected",
            number(key.kind)
        )],
        Check::Custom(check) => check(&value).err().into_iter().collect(),
        _ => vec![format!("{value} is not allowed")],
    };
    (value, errors)
}

fn number(kind: ConfigType) -> &'static str {
    match kind {
        ConfigType::Long => "long",
        _ => "integer",
    }
}

fn wrong_type(kind: ConfigType) -> &'static str {
    match kind {
        ConfigType::Boolean => "Either 'true' or 'false' is expected",
        ConfigType::Int => "An integer is expected",
        ConfigType::Long => "A long value is expected",
        ConfigType::Short => "A short value is expected",
        ConfigType::Double => "A double value is expected",
        _ => "A value of another type is expected",
    }
}

/// A number above zero, or nothing.
pub(crate) fn positive(value: &ConfigValue) -> Result<(), String> {
    match value {
        ConfigValue::Int(number) if *number <= 0 => {
            Err("A positive, non-zero integer value is expected".to_owned())
        }
        ConfigValue::Long(number) if *number <= 0 => {
            Err("A positive, non-zero long value is expected".to_owned())
        }
        _ => Ok(()),
    }
}

/// A number of zero or above, or nothing.
pub(crate) fn at_least_zero(value: &ConfigValue) -> Result<(), String> {
    match value {
        ConfigValue::Int(number) if *number < 0 => {
            Err("An non-negative integer is expected".to_owned())
        }
        _ => Ok(()),
    }
}

fn rules_between_keys(name: &str, props: &Props) -> Vec<String> {
    let mut errors = Vec::new();
    let given = raw(props, name);
    if let Some(text) = given.filter(|_| REGEX_LISTS.contains(&name)) {
        errors.extend(RegexList::parse(text).err());
    }
    let exclusive = EXCLUSIVE.iter().find(|(_, exclude)| *exclude == name);
    if let Some((include, _)) = exclusive.filter(|(include, _)| raw(props, include).is_some()) {
        errors.extend(given.map(|_| format!("\"{include}\" is already specified")));
    }
    if let Some(text) = given {
        errors.extend(unsupported::refusal(name, text));
    }
    errors.extend(rule_of(name, given, props));
    errors
}

fn rule_of(name: &str, given: Option<&str>, props: &Props) -> Option<String> {
    let is = |key: &str| name == key;
    if is(server::TOPIC_PREFIX.name()) || is(server::DATABASE_HOSTNAME.name()) {
        return bad_name(given?);
    }
    if is(reading::MAX_QUEUE_SIZE.name()) {
        return too_small_a_queue(props);
    }
    if is(events::GTID_SOURCE_EXCLUDES.name()) {
        return (given.is_some() && raw(props, events::GTID_SOURCE_INCLUDES.name()).is_some())
            .then(|| "Cannot specify GTID excludes when includes are provided.".to_owned());
    }
    if is(reading::TIME_PRECISION_MODE.name()) {
        return given?
            .eq_ignore_ascii_case("adaptive")
            .then(|| "The 'adaptive' time.precision.mode is no longer supported".to_owned());
    }
    if is(reading::SKIPPED_OPERATIONS.name()) {
        return bad_operations(given?);
    }
    if is(server::DATABASE_SERVER_ID.name()) {
        return given?
            .trim()
            .parse::<i64>()
            .is_ok_and(|id| id > i64::from(u32::MAX))
            .then(|| format!("a server id is at most {}", u32::MAX));
    }
    history_storage(name, given, props)
}

/// The history's own settings: `KafkaSchemaHistory` and `FileSchemaHistory`
/// check them when they start; here they are checked before.
fn history_storage(name: &str, given: Option<&str>, props: &Props) -> Option<String> {
    let class = raw(props, history::SCHEMA_HISTORY.name())
        .or_else(|| raw(props, "database.history"))
        .unwrap_or("KafkaSchemaHistory");
    let simple = class.rsplit('.').next().unwrap_or(class);
    let needed: &[&str] = match simple {
        "KafkaSchemaHistory" | "KafkaDatabaseHistory" => &[
            history::SCHEMA_HISTORY_KAFKA_TOPIC.name(),
            history::SCHEMA_HISTORY_KAFKA_BOOTSTRAP_SERVERS.name(),
        ],
        "FileSchemaHistory" | "FileDatabaseHistory" => {
            &[history::SCHEMA_HISTORY_FILE_FILENAME.name()]
        }
        _ if name == history::SCHEMA_HISTORY.name() => {
            return Some(format!(
                "{class} is not built in; known are io.debezium.storage.kafka.history.KafkaSchemaHistory and io.debezium.storage.file.history.FileSchemaHistory"
            ));
        }
        _ => &[],
    };
    (needed.contains(&name) && given.is_none_or(|text| text.trim().is_empty()))
        .then(|| "A value is required".to_owned())
}

fn bad_name(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
    (!text.trim().chars().all(allowed)).then(|| {
        format!(
            "{text} has invalid format (only the underscore, hyphen, dot and alphanumeric characters are allowed)"
        )
    })
}

fn too_small_a_queue(props: &Props) -> Option<String> {
    let number = |name: &str, default: i64| {
        raw(props, name)
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(default)
    };
    let queue = number(reading::MAX_QUEUE_SIZE.name(), 8192);
    let batch = number(reading::MAX_BATCH_SIZE.name(), 2048);
    if queue > 0 && queue <= batch {
        return Some("Must be larger than the maximum batch size".to_owned());
    }
    None
}

fn bad_operations(text: &str) -> Option<String> {
    let operations: Vec<&str> = text.split(',').map(str::trim).collect();
    if operations.len() > 1 && operations.contains(&"none") {
        return Some("'none' cannot be specified with other skipped operation types".to_owned());
    }
    let known = |operation: &&str| matches!(*operation, "c" | "u" | "d" | "t" | "r" | "none");
    (!operations.iter().all(known)).then(|| "Invalid operation".to_owned())
}
