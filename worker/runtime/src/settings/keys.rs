//! The worker's keys that connectors and tasks depend on (`WorkerConfig.java`),
//! without those of the REST server and of distributed mode.

use connect_api::config::{Check, ClassName, ConfigDef, ConfigValue, Key};

/// Where the Kafka cluster is.
pub(super) const BOOTSTRAP_SERVERS: Key<Vec<String>> = Key::new("bootstrap.servers")
    .high()
    .check(Check::Custom(not_empty_without_duplicates))
    .doc("A list of host:port pairs of Kafka brokers, from which the client learns all others.");

/// How the clients resolve a broker's name.
pub(super) const CLIENT_DNS_LOOKUP: Key<String> = Key::new("client.dns.lookup")
    .default("use_all_dns_ips")
    .medium()
    .check(Check::OneOf(&[
        "use_all_dns_ips",
        "resolve_canonical_bootstrap_servers_only",
    ]))
    .doc("How the client uses the addresses that a broker's name resolves to.");

/// The converter of keys for connectors that name none.
pub(super) const KEY_CONVERTER: Key<ClassName> = Key::new("key.converter")
    .high()
    .doc("The class that converts keys between Connect's form and Kafka's bytes, for connectors that name none.");

/// The version of the key converter.
pub(super) const KEY_CONVERTER_VERSION: Key<Option<String>> =
    Key::new("key.converter.plugin.version")
        .default_null()
        .doc("Version of the key converter.");

/// The converter of values for connectors that name none.
pub(super) const VALUE_CONVERTER: Key<ClassName> = Key::new("value.converter")
    .high()
    .doc("The class that converts values between Connect's form and Kafka's bytes, for connectors that name none.");

/// The version of the value converter.
pub(super) const VALUE_CONVERTER_VERSION: Key<Option<String>> =
    Key::new("value.converter.plugin.version")
        .default_null()
        .doc("Version of the value converter.");

/// The converter of headers for connectors that name none.
pub(super) const HEADER_CONVERTER: Key<ClassName> = Key::new("header.converter")
    .default("org.apache.kafka.connect.storage.SimpleHeaderConverter")
    .doc("The class that converts headers between Connect's form and Kafka's bytes, for connectors that name none.");

/// The version of the header converter.
pub(super) const HEADER_CONVERTER_VERSION: Key<Option<String>> =
    Key::new("header.converter.plugin.version")
        .default_null()
        .doc("Version of the header converter.");

/// How long tasks may take to stop.
pub(super) const TASK_SHUTDOWN_GRACEFUL_TIMEOUT: Key<i64> = Key::new("task.shutdown.graceful.timeout.ms")
    .default("5000")
    .check(Check::AtLeast(0))
    .doc("How many milliseconds the tasks may take to stop, all together; after that they are abandoned.");

/// How long one call of a connector or task may last. Ours.
pub(super) const TASK_STUCK_TIMEOUT: Key<i64> = Key::new("task.stuck.timeout.ms")
    .default("300000")
    .check(Check::AtLeast(0))
    .doc("How many milliseconds a connector or task may be in one call of its plugin, or in one batch's way to or from Kafka, before its status and the log tell that it makes no progress; 0 to never tell.");

/// How often source tasks store their offsets.
pub(super) const OFFSET_FLUSH_INTERVAL: Key<i64> = Key::new("offset.flush.interval.ms")
    .default("60000")
    .check(Check::AtLeast(0))
    .doc("How many milliseconds lie between two attempts of a source task to store its offsets.");

/// How long storing offsets may take before that is logged.
pub(super) const OFFSET_FLUSH_TIMEOUT: Key<i64> = Key::new("offset.flush.timeout.ms")
    .default("5000")
    .check(Check::AtLeast(0))
    .doc("How many milliseconds storing the offsets of a task may take before it counts as failed and is tried again later.");

/// Which client settings connectors may override.
pub(super) const CLIENT_OVERRIDE_POLICY: Key<String> = Key::new("connector.client.config.override.policy")
    .default("All")
    .medium()
    .doc("Which client settings connectors may override: All, None, Principal, or Allowlist (see connector.client.config.override.allowlist).");

/// What the policy `Allowlist` allows (KIP-1188).
pub(super) const CLIENT_OVERRIDE_ALLOWLIST: Key<Vec<String>> =
    Key::new("connector.client.config.override.allowlist")
        .default("")
        .medium()
        .doc("The client settings that connectors may override under the policy Allowlist.");

/// Whether topics are created by `topic.creation.*` (KIP-158).
pub(super) const TOPIC_CREATION_ENABLE: Key<bool> = Key::new("topic.creation.enable")
    .default("true")
    .doc("Whether source tasks create their topics by the connector's topic.creation.* settings.");

/// Whether the topics of connectors are kept track of.
pub(super) const TOPIC_TRACKING_ENABLE: Key<bool> = Key::new("topic.tracking.enable")
    .default("true")
    .doc("Whether to keep track of the topics that each connector uses.");

/// Whether REST may reset the topics of connectors.
pub(super) const TOPIC_TRACKING_ALLOW_RESET: Key<bool> = Key::new("topic.tracking.allow.reset")
    .default("true")
    .doc("Whether a user may reset a connector's set of topics.");

/// The keys of a worker that this crate reads. `cluster` and `rest` have more.
pub fn worker_config() -> ConfigDef {
    ConfigDef::new()
        .with(&BOOTSTRAP_SERVERS)
        .with(&CLIENT_DNS_LOOKUP)
        .with(&KEY_CONVERTER)
        .with(&KEY_CONVERTER_VERSION)
        .with(&VALUE_CONVERTER)
        .with(&VALUE_CONVERTER_VERSION)
        .with(&TASK_SHUTDOWN_GRACEFUL_TIMEOUT)
        .with(&TASK_STUCK_TIMEOUT)
        .with(&OFFSET_FLUSH_INTERVAL)
        .with(&OFFSET_FLUSH_TIMEOUT)
        .with(&HEADER_CONVERTER)
        .with(&HEADER_CONVERTER_VERSION)
        .with(&CLIENT_OVERRIDE_POLICY)
        .with(&CLIENT_OVERRIDE_ALLOWLIST)
        .with(&TOPIC_CREATION_ENABLE)
        .with(&TOPIC_TRACKING_ENABLE)
        .with(&TOPIC_TRACKING_ALLOW_RESET)
}

fn not_empty_without_duplicates(value: &ConfigValue) -> Result<(), String> {
    let ConfigValue::List(items) = value else {
        return Ok(());
    };
    if items.is_empty() {
        return Err("Configuration 'bootstrap.servers' must not be empty.".to_owned());
    }
    let duplicated = items
        .iter()
        .enumerate()
        .any(|(position, item)| items[..position].contains(item));
    if duplicated {
        return Err("Configuration 'bootstrap.servers' values must not be duplicated.".to_owned());
    }
    Ok(())
}

/// Settings of a JVM worker that mean nothing here, with the reason to tell.
pub(super) const WITHOUT_EFFECT: &[(&str, &str)] = &[
    (
        "plugin.path",
        "all plugins are built in; no folder is searched for others",
    ),
    (
        "plugin.discovery",
        "all plugins are built in; none are discovered",
    ),
    (
        "internal.key.converter",
        "it was removed in Kafka 3.0; the storage topics always hold JSON without schemas",
    ),
    (
        "internal.value.converter",
        "it was removed in Kafka 3.0; the storage topics always hold JSON without schemas",
    ),
    ("metric.reporters", "Java metric reporters cannot be loaded"),
    ("metrics.sample.window.ms", "there are no Java metrics"),
    ("metrics.num.samples", "there are no Java metrics"),
    ("metrics.recording.level", "there are no Java metrics"),
    ("metrics.context.", "there are no Java metrics"),
    ("auto.include.jmx.reporter", "there are no Java metrics"),
];
