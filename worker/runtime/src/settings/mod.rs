//! The worker's settings, as far as connectors and tasks depend on them.

mod keys;
mod override_policy;

use std::time::Duration;

use connect_api::{Error, Props, Result};

pub use keys::worker_config;
use keys::{
    BOOTSTRAP_SERVERS, CLIENT_OVERRIDE_ALLOWLIST, CLIENT_OVERRIDE_POLICY, HEADER_CONVERTER,
    KEY_CONVERTER, OFFSET_FLUSH_INTERVAL, OFFSET_FLUSH_TIMEOUT, TASK_SHUTDOWN_GRACEFUL_TIMEOUT,
    TASK_STUCK_TIMEOUT, TOPIC_CREATION_ENABLE, TOPIC_TRACKING_ALLOW_RESET, TOPIC_TRACKING_ENABLE,
    VALUE_CONVERTER,
};
pub use override_policy::OverridePolicy;

/// A worker's settings, parsed by [`worker_config`].
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// `bootstrap.servers`, joined by commas.
    pub bootstrap_servers: String,
    /// `key.converter`.
    pub key_converter: String,
    /// `value.converter`.
    pub value_converter: String,
    /// `header.converter`.
    pub header_converter: String,
    /// `task.shutdown.graceful.timeout.ms`.
    pub task_shutdown_graceful_timeout: Duration,
    /// `task.stuck.timeout.ms`; none where nobody is told.
    pub task_stuck_timeout: Option<Duration>,
    /// `offset.flush.interval.ms`.
    pub offset_flush_interval: Duration,
    /// `offset.flush.timeout.ms`.
    pub offset_flush_timeout: Duration,
    /// `connector.client.config.override.policy`.
    pub client_override_policy: OverridePolicy,
    /// `topic.creation.enable`.
    pub topic_creation_enable: bool,
    /// `topic.tracking.enable`.
    pub topic_tracking_enable: bool,
    /// `topic.tracking.allow.reset`.
    pub topic_tracking_allow_reset: bool,
    /// Everything as the user gave it: client settings (`producer.*`) and the
    /// converters' own are taken from here.
    pub props: Props,
}

impl WorkerSettings {
    /// Parses a worker's configuration; all errors at once.
    pub fn parse(props: &Props) -> Result<Self> {
        let settings = worker_config().parse(props)?;
        let milliseconds = |key| -> Result<Duration> {
            let value: i64 = settings.get(key)?;
            Ok(Duration::from_millis(value.unsigned_abs()))
        };
        let allowlist = settings.get(&CLIENT_OVERRIDE_ALLOWLIST)?;
        Ok(Self {
            bootstrap_servers: settings.get(&BOOTSTRAP_SERVERS)?.join(","),
            key_converter: settings.get(&KEY_CONVERTER)?.0,
            value_converter: settings.get(&VALUE_CONVERTER)?.0,
            header_converter: settings.get(&HEADER_CONVERTER)?.0,
            task_shutdown_graceful_timeout: milliseconds(&TASK_SHUTDOWN_GRACEFUL_TIMEOUT)?,
            task_stuck_timeout: Some(milliseconds(&TASK_STUCK_TIMEOUT)?)
                .filter(|timeout| !timeout.is_zero()),
            offset_flush_interval: milliseconds(&OFFSET_FLUSH_INTERVAL)?,
            offset_flush_timeout: milliseconds(&OFFSET_FLUSH_TIMEOUT)?,
            client_override_policy: OverridePolicy::parse(
                &settings.get(&CLIENT_OVERRIDE_POLICY)?,
                allowlist,
            )?,
            topic_creation_enable: settings.get(&TOPIC_CREATION_ENABLE)?,
            topic_tracking_enable: settings.get(&TOPIC_TRACKING_ENABLE)?,
            topic_tracking_allow_reset: settings.get(&TOPIC_TRACKING_ALLOW_RESET)?,
            props: props.clone(),
        })
    }

    /// Warnings by name about settings that are known and have no effect here.
    pub fn warnings(props: &Props) -> Vec<String> {
        let mut warnings = Vec::new();
        for name in props.keys() {
            if let Some((_, reason)) = keys::WITHOUT_EFFECT
                .iter()
                .find(|(known, _)| names_setting(name, known))
            {
                warnings.push(format!("'{name}' has no effect: {reason}"));
            }
            if name.ends_with("interceptor.classes") {
                warnings.push(format!(
                    "'{name}' has no effect: Java interceptors cannot be loaded"
                ));
            }
        }
        warnings
    }
}

/// True if `name` is `known`, or a setting below it (`internal.key.converter.x`).
fn names_setting(name: &str, known: &str) -> bool {
    name.strip_prefix(known)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || known.ends_with('.'))
}

/// A setting that is wrong in the worker's own configuration.
pub(crate) fn invalid_setting(name: &str, value: &str, reason: &str) -> Error {
    Error::config(format!(
        "Invalid value {value} for configuration {name}: {reason}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(pairs: &[(&str, &str)]) -> Props {
        let required = [
            ("bootstrap.servers", "a:1, b:2"),
            ("key.converter", "K"),
            ("value.converter", "V"),
        ];
        required
            .iter()
            .chain(pairs)
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn defaults_fit_their_checks_and_are_the_original_s() {
        assert!(worker_config().check_defaults().is_empty());
        let settings = WorkerSettings::parse(&props(&[])).unwrap();
        assert_eq!(settings.bootstrap_servers, "a:1,b:2");
        assert_eq!(settings.offset_flush_interval, Duration::from_secs(60));
        assert_eq!(settings.offset_flush_timeout, Duration::from_secs(5));
        assert_eq!(
            settings.task_shutdown_graceful_timeout,
            Duration::from_secs(5)
        );
        assert_eq!(settings.client_override_policy, OverridePolicy::All);
        assert!(settings.topic_creation_enable && settings.topic_tracking_enable);
        assert_eq!(
            settings.header_converter,
            "org.apache.kafka.connect.storage.SimpleHeaderConverter"
        );
    }

    #[test]
    fn all_that_is_missing_or_wrong_is_told_at_once() {
        let given = Props::from_iter([
            ("offset.flush.interval.ms".to_owned(), "often".to_owned()),
            ("bootstrap.servers".to_owned(), "a:1,a:1".to_owned()),
        ]);
        let error = WorkerSettings::parse(&given).unwrap_err();
        for part in [
            "'bootstrap.servers' values must not be duplicated",
            "\"key.converter\"",
            "\"value.converter\"",
            "offset.flush.interval.ms",
        ] {
            assert!(error.message().contains(part), "{part}: {error}");
        }
        let policy = [("connector.client.config.override.policy", "Some")];
        let error = WorkerSettings::parse(&props(&policy)).unwrap_err();
        assert!(error.message().contains("Some"), "{error}");
    }

    #[test]
    fn settings_without_effect_are_warned_about_by_name() {
        let warnings = WorkerSettings::warnings(&props(&[
            ("plugin.path", "/usr/share/java"),
            ("internal.key.converter.schemas.enable", "false"),
            ("producer.interceptor.classes", "a.B"),
            ("metrics.context.x", "y"),
            ("offset.flush.timeout.ms", "1"),
        ]));
        let names = [
            "'plugin.path'",
            "'internal.key.converter.schemas.enable'",
            "'producer.interceptor.classes'",
            "'metrics.context.x'",
        ];
        assert_eq!(warnings.len(), names.len(), "{warnings:?}");
        for (warning, name) in warnings.iter().zip(names) {
            assert!(warning.starts_with(name), "{warning}");
        }
    }
}
