//! Worker settings from the environment, as the usual container images take
//! them: `CONNECT_FOO_BAR` is `foo.bar` (Confluent's and Debezium's images), and
//! Debezium's image has short names besides (`BOOTSTRAP_SERVERS`, …).

use connect_api::Props;

/// The short names of Debezium's Connect image, and the setting that each means.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("BOOTSTRAP_SERVERS", "bootstrap.servers"),
    ("GROUP_ID", "group.id"),
    ("CONFIG_STORAGE_TOPIC", "config.storage.topic"),
    ("OFFSET_STORAGE_TOPIC", "offset.storage.topic"),
    ("STATUS_STORAGE_TOPIC", "status.storage.topic"),
    ("KEY_CONVERTER", "key.converter"),
    ("VALUE_CONVERTER", "value.converter"),
    ("INTERNAL_KEY_CONVERTER", "internal.key.converter"),
    ("INTERNAL_VALUE_CONVERTER", "internal.value.converter"),
    ("ADVERTISED_HOST_NAME", "rest.advertised.host.name"),
    ("ADVERTISED_PORT", "rest.advertised.port"),
    ("REST_HOST_NAME", "rest.host.name"),
    ("REST_PORT", "rest.port"),
    ("OFFSET_FLUSH_INTERVAL_MS", "offset.flush.interval.ms"),
    ("OFFSET_FLUSH_TIMEOUT_MS", "offset.flush.timeout.ms"),
    ("SHUTDOWN_TIMEOUT", "task.shutdown.graceful.timeout.ms"),
];

/// Variables with the `CONNECT_` prefix that the images use for something else
/// than a worker setting: logging and the JVM.
const NOT_SETTINGS: &[&str] = &[
    "CONNECT_LOG4J_",
    "CONNECT_LOG4J2_",
    "CONNECT_JMX_",
    "CONNECT_KAFKA_",
];

/// The settings in `variables`. `CONNECT_*` wins over a short name. Empty
/// variables count as not set.
pub(crate) fn settings(variables: impl IntoIterator<Item = (String, String)>) -> Props {
    let mut short = Props::new();
    let mut long = Props::new();
    for (variable, value) in variables {
        if value.is_empty() {
            continue;
        }
        if let Some((_, setting)) = SHORT_NAMES.iter().find(|(name, _)| *name == variable) {
            short.insert((*setting).to_owned(), value);
        } else if let Some(setting) = prefixed(&variable) {
            long.insert(setting, value);
        }
    }
    short.extend(long);
    short
}

/// Confluent's rule: `_` is `.`, `__` is `-`, `___` is `_`.
fn prefixed(variable: &str) -> Option<String> {
    if NOT_SETTINGS
        .iter()
        .any(|prefix| variable.starts_with(prefix))
    {
        return None;
    }
    let name = variable
        .strip_prefix("CONNECT_")
        .filter(|name| !name.is_empty())?;
    Some(
        name.to_lowercase()
            .replace("___", "\0")
            .replace("__", "-")
            .replace('_', ".")
            .replace('\0', "_"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Vec<(String, String)> {
        settings(
            variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
        .into_iter()
        .collect()
    }

    #[test]
    fn both_images_names_are_read() {
        let settings = read(&[
            ("BOOTSTRAP_SERVERS", "kafka:9092"),
            ("CONNECT_KEY_CONVERTER_SCHEMAS_ENABLE", "false"),
            ("CONNECT_REST_ADVERTISED_HOST_NAME", "connect"),
            ("ADVERTISED_HOST_NAME", "other"),
            ("CONNECT_A___B__C", "1"),
            ("CONNECT_LOG4J_ROOT_LOGLEVEL", "INFO"),
            ("GROUP_ID", ""),
            ("HOME", "/root"),
        ]);
        let expected = [
            ("bootstrap.servers", "kafka:9092"),
            ("rest.advertised.host.name", "connect"),
            ("key.converter.schemas.enable", "false"),
            ("a_b-c", "1"),
        ];
        for (name, value) in expected {
            assert!(
                settings.contains(&(name.to_owned(), value.to_owned())),
                "{name}: {settings:?}"
            );
        }
        assert_eq!(settings.len(), expected.len());
    }
}
