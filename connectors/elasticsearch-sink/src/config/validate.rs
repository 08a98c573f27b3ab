//! Keys against each other, in the original's words (`Validator`).

use std::collections::HashSet;

use connect_api::config::{ConfigValueInfo, Settings};
use connect_api::{Props, Result};

use super::keys::{self, definition};
use super::settings::{OnNull, Resources, WriteMethod, on_null, pairs, resources, write_method};
use super::ssl_keys;
use super::tls::{self, Tls};

/// Checks each key alone, then keys against each other. Pure.
pub(crate) fn validate(props: &Props) -> Vec<ConfigValueInfo> {
    let mut values = definition().validate(props);
    // Where keys are wrong alone there is no point in combinations.
    let Ok(settings) = definition().parse(props) else {
        return values;
    };
    let errors = match together(&settings) {
        Ok(errors) => errors,
        Err(error) => vec![(keys::CONNECTION_URL.name(), error.trace())],
    };
    for (key, text) in errors {
        if let Some(value) = values.iter_mut().find(|value| value.name == key) {
            value.errors.push(text);
        }
    }
    values
}

type Errors = Vec<(&'static str, String)>;

/// What is wrong in combination: key and reason.
pub(super) fn together(settings: &Settings) -> Result<Errors> {
    let mut errors = Errors::new();
    credentials(settings, &mut errors)?;
    external_resources(settings, &mut errors)?;
    data_streams(settings, &mut errors)?;
    ignored(settings, &mut errors)?;
    kerberos(settings, &mut errors)?;
    buffers(settings, &mut errors)?;
    proxy(settings, &mut errors)?;
    ssl(settings, &mut errors)?;
    index_map(settings, &mut errors)?;
    Ok(errors)
}

fn to_each(errors: &mut Errors, keys: &[&'static str], text: &str) {
    errors.extend(keys.iter().map(|&key| (key, text.to_owned())));
}

fn credentials(settings: &Settings, errors: &mut Errors) -> Result<()> {
    let (user, password) = (keys::CONNECTION_USERNAME, keys::CONNECTION_PASSWORD);
    let has_user = settings.get(&user)?.is_some();
    let has_password = settings.get(&password)?.is_some();
    if has_user != has_password {
        let text = format!(
            "Both '{}' and '{}' must be set.",
            user.name(),
            password.name()
        );
        to_each(errors, &[user.name(), password.name()], &text);
    }
    if has_user && settings.get(&keys::CONNECTION_API_KEY)?.is_some() {
        let api_key = keys::CONNECTION_API_KEY.name();
        let text = format!("Either '{}' or '{api_key}' can be set.", user.name());
        to_each(errors, &[user.name(), api_key], &text);
    }
    Ok(())
}

fn external_resources(settings: &Settings, errors: &mut Errors) -> Result<()> {
    let usage_key = keys::EXTERNAL_RESOURCE_USAGE.name();
    let mapping_key = keys::TOPIC_TO_EXTERNAL_RESOURCE_MAPPING.name();
    let usage = settings.get(&keys::EXTERNAL_RESOURCE_USAGE)?;
    let mapping = settings.get(&keys::TOPIC_TO_EXTERNAL_RESOURCE_MAPPING)?;
    let is_enabled = !usage.eq_ignore_ascii_case("DISABLED");
    if is_enabled == mapping.is_empty() {
        let text = format!(
            "Invalid configuration: {usage_key} and {mapping_key} must be configured together. \
             Either both must be set, or both must be empty."
        );
        to_each(errors, &[usage_key, mapping_key], &text);
        return Ok(());
    }
    if !is_enabled {
        return Ok(());
    }
    if let Some(text) = data_stream_is_set(settings, mapping_key)? {
        let (kind, dataset) = (
            keys::DATA_STREAM_TYPE.name(),
            keys::DATA_STREAM_DATASET.name(),
        );
        to_each(errors, &[mapping_key, kind, dataset], &text);
        return Ok(());
    }
    let mapped = match pairs(mapping_key, &mapping) {
        Ok(mapped) => mapped,
        Err(error) => {
            errors.push((mapping_key, error.message().to_owned()));
            return Ok(());
        }
    };
    let distinct: HashSet<&String> = mapped.values().collect();
    if distinct.len() < mapped.len() {
        let text = "Each resource must be mapped to exactly one topic.";
        errors.push((mapping_key, text.to_owned()));
    }
    let limit = settings.get(&keys::MAX_EXTERNAL_RESOURCE_MAPPINGS)?;
    if mapped.len() > usize::try_from(limit).unwrap_or(1) {
        let text = format!(
            "Too many topic-to-external-resource mappings are configured ({}). Maximum allowed \
             limit is {limit}.",
            mapped.len()
        );
        errors.push((mapping_key, text));
    }
    errors.extend(unmapped_topic(
        settings,
        &mapped.keys().collect(),
        mapping_key,
    ));
    Ok(())
}

fn data_stream_is_set(settings: &Settings, mapping_key: &str) -> Result<Option<String>> {
    let kind = settings.get(&keys::DATA_STREAM_TYPE)?;
    let dataset = settings.get(&keys::DATA_STREAM_DATASET)?;
    if kind.eq_ignore_ascii_case("NONE") && dataset.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "Resource mapping mode and data stream configs are mutually exclusive. When using \
         {mapping_key}, data stream configs ({}, {}) must not be set.",
        keys::DATA_STREAM_TYPE.name(),
        keys::DATA_STREAM_DATASET.name()
    )))
}

/// The first topic of `topics` without a resource, or resource without a topic.
fn unmapped_topic(
    settings: &Settings,
    mapped: &HashSet<&String>,
    mapping_key: &'static str,
) -> Option<(&'static str, String)> {
    let topics = settings.props().get("topics")?;
    let topics: Vec<&str> = topics.split(',').map(str::trim).collect();
    for topic in &topics {
        if !mapped.iter().any(|mapped| mapped == topic) {
            let text = format!(
                "Topic '{topic}' is not mapped to any resource. All configured topics must be \
                 mapped to a resource."
            );
            return Some((mapping_key, text));
        }
    }
    let unknown = mapped
        .iter()
        .find(|mapped| !topics.contains(&mapped.as_str()))?;
    let text = format!(
        "Topic '{unknown}' is mapped but not configured. All mapped topics must be configured \
         topics."
    );
    Some((mapping_key, text))
}

fn data_streams(settings: &Settings, errors: &mut Errors) -> Result<()> {
    let (kind, dataset) = (keys::DATA_STREAM_TYPE, keys::DATA_STREAM_DATASET);
    let is_none = settings.get(&kind)?.eq_ignore_ascii_case("NONE");
    if is_none != settings.get(&dataset)?.is_empty() {
        let text = format!(
            "Either both or neither '{}' and '{}' must be set.",
            dataset.name(),
            kind.name()
        );
        to_each(errors, &[kind.name(), dataset.name()], &text);
    }
    // What is wrong with the mapping is told already.
    let Ok(resources) = resources(settings) else {
        return Ok(());
    };
    if !resources.are_data_streams() {
        let timestamp = keys::DATA_STREAM_TIMESTAMP_FIELD;
        if !settings.get(&timestamp)?.is_empty() {
            let text = format!(
                "Mapping a field to the '@timestamp' field is only necessary when working with \
                 data streams. '{}' must not be set when not using data streams.",
                timestamp.name()
            );
            errors.push((timestamp.name(), text));
        }
        return Ok(());
    }
    if write_method(settings)? == WriteMethod::Upsert {
        let key = keys::WRITE_METHOD.name();
        let text = format!(
            "Upserts are not supported with data streams. {key} must not be UPSERT when using \
             data streams."
        );
        errors.push((key, text));
    }
    if on_null(settings)? == OnNull::Delete {
        let key = keys::BEHAVIOR_ON_NULL_VALUES.name();
        let text = format!(
            "Deletes are not supported with data streams. {key} must not be DELETE when using \
             data streams."
        );
        errors.push((key, text));
    }
    Ok(())
}

fn ignored(settings: &Settings, errors: &mut Errors) -> Result<()> {
    for (all, topics) in [
        (keys::KEY_IGNORE, keys::TOPIC_KEY_IGNORE),
        (keys::SCHEMA_IGNORE, keys::TOPIC_SCHEMA_IGNORE),
    ] {
        if settings.get(&all)? && !settings.get(&topics)?.is_empty() {
            let text = format!(
                "'{}' can not be set if '{}' is true.",
                topics.name(),
                all.name()
            );
            to_each(errors, &[all.name(), topics.name()], &text);
        }
    }
    Ok(())
}

fn kerberos(settings: &Settings, errors: &mut Errors) -> Result<()> {
    for key in [keys::KERBEROS_PRINCIPAL, keys::KERBEROS_KEYTAB_PATH] {
        if settings.get(&key)?.is_some() {
            let text = format!(
                "'{}' is not supported: Kerberos needs the JVM. Use '{}' and '{}', or '{}'.",
                key.name(),
                keys::CONNECTION_USERNAME.name(),
                keys::CONNECTION_PASSWORD.name(),
                keys::CONNECTION_API_KEY.name()
            );
            errors.push((key.name(), text));
        }
    }
    Ok(())
}

fn buffers(settings: &Settings, errors: &mut Errors) -> Result<()> {
    let (linger, flush) = (keys::LINGER_MS, keys::FLUSH_TIMEOUT_MS);
    let (linger_ms, flush_ms) = (settings.get(&linger)?, settings.get(&flush)?);
    if linger_ms > flush_ms {
        let text = format!(
            "'{}' ({linger_ms}) can not be larger than '{}' ({flush_ms}).",
            linger.name(),
            flush.name()
        );
        to_each(errors, &[linger.name(), flush.name()], &text);
    }
    let buffered = settings.get(&keys::MAX_BUFFERED_RECORDS)?;
    let batch = settings.get(&keys::BATCH_SIZE)?;
    let in_flight = settings.get(&keys::MAX_IN_FLIGHT_REQUESTS)?;
    if i64::from(buffered) < i64::from(batch) * i64::from(in_flight) {
        let names = [
            keys::MAX_BUFFERED_RECORDS.name(),
            keys::BATCH_SIZE.name(),
            keys::MAX_IN_FLIGHT_REQUESTS.name(),
        ];
        let text = format!(
            "'{}' ({buffered}) must be larger than or equal to '{}' ({batch}) x '{}' ({in_flight}).",
            names[0], names[1], names[2]
        );
        to_each(errors, &names, &text);
    }
    Ok(())
}

fn proxy(settings: &Settings, errors: &mut Errors) -> Result<()> {
    let host = keys::PROXY_HOST.name();
    let (user, password) = (keys::PROXY_USERNAME.name(), keys::PROXY_PASSWORD.name());
    let has_user = !settings.get(&keys::PROXY_USERNAME)?.is_empty();
    let has_password = settings.get(&keys::PROXY_PASSWORD)?.is_some();
    if settings.get(&keys::PROXY_HOST)?.is_empty() {
        for (key, is_set) in [(user, has_user), (password, has_password)] {
            if is_set {
                let text = format!("'{host}' must be set to use '{key}'.");
                to_each(errors, &[key, host], &text);
            }
        }
    } else if has_user != has_password {
        let text = format!("Either both or neither '{user}' and '{password}' can be set.");
        to_each(errors, &[user, password], &text);
    }
    Ok(())
}

fn ssl(settings: &Settings, errors: &mut Errors) -> Result<()> {
    let protocol = ssl_keys::SECURITY_PROTOCOL.name();
    let is_any_set = !settings.with_prefix(ssl_keys::PREFIX).is_empty();
    if !tls::is_enabled(settings)? {
        if is_any_set {
            errors.push((
                protocol,
                format!("'{protocol}' must be set to 'SSL' to use SSL configs."),
            ));
        }
        return Ok(());
    }
    if !is_any_set {
        let text = format!(
            "At least one SSL config must be present for SSL support, such as '{}'. Otherwise set \
             '{protocol}' to 'PLAINTEXT'.",
            ssl_keys::TRUSTSTORE_LOCATION.name()
        );
        errors.push((protocol, text));
    }
    if let Err(error) = Tls::from_settings(settings) {
        errors.push((protocol, error.message().to_owned()));
    }
    Ok(())
}

fn index_map(settings: &Settings, errors: &mut Errors) -> Result<()> {
    let key = keys::TOPIC_INDEX_MAP.name();
    let map = settings.get(&keys::TOPIC_INDEX_MAP)?;
    if let Err(error) = pairs(key, &map) {
        errors.push((key, error.message().to_owned()));
    }
    let is_set = !map.is_empty();
    if is_set && !matches!(resources(settings), Ok(Resources::Indices(_)) | Err(_)) {
        let text = format!(
            "'{key}' names indices; with data streams or external resources it must not be set."
        );
        errors.push((key, text));
    }
    Ok(())
}
