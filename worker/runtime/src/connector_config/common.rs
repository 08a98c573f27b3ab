//! The keys that every connector has (`ConnectorConfig.java`). Names, order,
//! groups and documentation are those of Connect 4.3.1: clients show them.

use connect_api::config::{Check, ClassName, ConfigDef, Key, Width};

/// The connector's name.
pub const NAME: Key<String> = Key::new("name")
    .check(Check::Custom(super::checks::name))
    .high()
    .group("Common")
    .width(Width::Medium)
    .display_name("Connector name")
    .doc("Globally unique name to use for this connector.");

/// The connector's class or alias.
pub const CONNECTOR_CLASS: Key<String> = Key::new("connector.class")
    .high()
    .group("Common")
    .width(Width::Long)
    .display_name("Connector class")
    .doc(
        "Name or alias of the class for this connector. Must be a subclass of \
         org.apache.kafka.connect.connector.Connector. If the connector is \
         org.apache.kafka.connect.file.FileStreamSinkConnector, you can either specify this \
         full name,  or use \"FileStreamSink\" or \"FileStreamSinkConnector\" to make the \
         configuration a bit shorter",
    );

/// The version of the connector that is asked for (KIP-891).
pub(super) const CONNECTOR_VERSION: Key<Option<String>> = Key::new("connector.plugin.version")
    .default_null()
    .medium()
    .group("Common")
    .width(Width::Medium)
    .display_name("Connector version")
    .doc("Version of the connector.");

/// How many tasks the connector may have.
pub const TASKS_MAX: Key<i32> = Key::new("tasks.max")
    .default("1")
    .check(Check::AtLeast(1))
    .high()
    .group("Common")
    .width(Width::Short)
    .display_name("Tasks max")
    .doc("Maximum number of tasks to use for this connector.");

/// Whether a connector that plans more tasks fails (KIP-1004).
pub(super) const TASKS_MAX_ENFORCE: Key<bool> = Key::new("tasks.max.enforce")
    .default("true")
    .group("Common")
    .width(Width::Short)
    .display_name("Enforce tasks max")
    .doc(
        "(Deprecated) Whether to enforce that the tasks.max property is respected by the \
         connector. By default, connectors that generate too many tasks will fail, and \
         existing sets of tasks that exceed the tasks.max property will also be failed. If \
         this property is set to false, then connectors will be allowed to generate more \
         than the maximum number of tasks, and existing sets of tasks that exceed the \
         tasks.max property will be allowed to run. This property is deprecated and will be \
         removed in an upcoming major release.",
    );

/// The converter of keys.
pub(super) const KEY_CONVERTER: Key<Option<ClassName>> = Key::new("key.converter")
    .default_null()
    .group("Common")
    .width(Width::Short)
    .display_name("Key converter class")
    .doc(
        "Converter class used to convert between Kafka Connect format and the serialized \
         form that is written to Kafka. This controls the format of the keys in messages \
         written to or read from Kafka, and since this is independent of connectors it \
         allows any connector to work with any serialization format. Examples of common \
         formats include JSON and Avro.",
    );

/// The version of the key converter.
pub(super) const KEY_CONVERTER_VERSION: Key<Option<String>> =
    Key::new("key.converter.plugin.version")
        .default_null()
        .group("Common")
        .width(Width::Short)
        .display_name("Key converter version")
        .doc("Version of the key converter.");

/// The converter of values.
pub(super) const VALUE_CONVERTER: Key<Option<ClassName>> = Key::new("value.converter")
    .default_null()
    .group("Common")
    .width(Width::Short)
    .display_name("Value converter class")
    .doc(
        "Converter class used to convert between Kafka Connect format and the serialized \
         form that is written to Kafka. This controls the format of the values in messages \
         written to or read from Kafka, and since this is independent of connectors it \
         allows any connector to work with any serialization format. Examples of common \
         formats include JSON and Avro.",
    );

/// The version of the value converter.
pub(super) const VALUE_CONVERTER_VERSION: Key<Option<String>> =
    Key::new("value.converter.plugin.version")
        .default_null()
        .group("Common")
        .width(Width::Short)
        .display_name("Value converter version")
        .doc("Version of the value converter.");

/// The converter of headers.
pub(super) const HEADER_CONVERTER: Key<Option<ClassName>> = Key::new("header.converter")
    .default_null()
    .group("Common")
    .width(Width::Short)
    .display_name("Header converter class")
    .doc(
        "HeaderConverter class used to convert between Kafka Connect format and the \
         serialized form that is written to Kafka. This controls the format of the header \
         values in messages written to or read from Kafka, and since this is independent of \
         connectors it allows any connector to work with any serialization format. Examples \
         of common formats include JSON and Avro. By default, the SimpleHeaderConverter is \
         used to serialize header values to strings and deserialize them by inferring the \
         schemas.",
    );

/// The version of the header converter.
pub(super) const HEADER_CONVERTER_VERSION: Key<Option<String>> =
    Key::new("header.converter.plugin.version")
        .default_null()
        .group("Common")
        .width(Width::Short)
        .display_name("Header converter version")
        .doc("Version of the header converter.");

/// The aliases of the transformations, in order.
pub const TRANSFORMS: Key<Vec<String>> = Key::new("transforms")
    .default("")
    .check(Check::Custom(super::checks::unique_aliases))
    .group("Transforms")
    .width(Width::Long)
    .display_name("Transforms")
    .doc("Aliases for the transformations to be applied to records.");

/// The aliases of the predicates.
pub const PREDICATES: Key<Vec<String>> = Key::new("predicates")
    .default("")
    .check(Check::Custom(super::checks::unique_aliases))
    .group("Predicates")
    .width(Width::Long)
    .display_name("Predicates")
    .doc("Aliases for the predicates used by transformations.");

/// What to do when a config provider has a new value.
pub(super) const CONFIG_RELOAD_ACTION: Key<String> = Key::new("config.action.reload")
    .default("restart")
    .check(Check::OneOf(&["none", "restart"]))
    .group("Common")
    .width(Width::Medium)
    .display_name("Reload Action")
    .doc(
        "The action that Connect should take on the connector when changes in external \
         configuration providers result in a change in the connector's configuration \
         properties. A value of 'none' indicates that Connect will do nothing. A value of \
         'restart' indicates that Connect should restart/reload the connector with the \
         updated configuration properties.The restart may actually be scheduled in the \
         future if the external configuration provider indicates that a configuration value \
         will expire in the future.",
    );

/// How long a failed operation is tried again.
pub(super) const ERRORS_RETRY_TIMEOUT: Key<i64> = Key::new("errors.retry.timeout")
    .default("0")
    .medium()
    .group("Error Handling")
    .width(Width::Medium)
    .display_name("Retry Timeout for Errors")
    .doc(
        "The maximum duration in milliseconds that a failed operation will be reattempted. \
         The default is 0, which means no retries will be attempted. Use -1 for infinite \
         retries.",
    );

/// The longest pause between two tries.
pub(super) const ERRORS_RETRY_MAX_DELAY: Key<i64> = Key::new("errors.retry.delay.max.ms")
    .default("60000")
    .medium()
    .group("Error Handling")
    .width(Width::Medium)
    .display_name("Maximum Delay Between Retries for Errors")
    .doc(
        "The maximum duration in milliseconds between consecutive retry attempts. Jitter \
         will be added to the delay once this limit is reached to prevent thundering herd \
         issues.",
    );

/// Whether a record that cannot be handled is skipped.
pub(super) const ERRORS_TOLERANCE: Key<String> = Key::new("errors.tolerance")
    .default("none")
    .check(Check::OneOf(&["none", "all"]))
    .medium()
    .group("Error Handling")
    .width(Width::Short)
    .display_name("Error Tolerance")
    .doc(
        "Behavior for tolerating errors during connector operation. 'none' is the default \
         value and signals that any error will result in an immediate connector task \
         failure; 'all' changes the behavior to skip over problematic records.",
    );

/// Whether tolerated errors are logged.
pub(super) const ERRORS_LOG_ENABLE: Key<bool> = Key::new("errors.log.enable")
    .default("false")
    .medium()
    .group("Error Handling")
    .width(Width::Short)
    .display_name("Log Errors")
    .doc(
        "If true, write each error and the details of the failed operation and problematic \
         record to the Connect application log. This is 'false' by default, so that only \
         errors that are not tolerated are reported.",
    );

/// Whether the record is part of that log line.
pub(super) const ERRORS_LOG_INCLUDE_MESSAGES: Key<bool> = Key::new("errors.log.include.messages")
    .default("false")
    .medium()
    .group("Error Handling")
    .width(Width::Short)
    .display_name("Log Error Details")
    .doc(
        "Whether to include in the log the Connect record that resulted in a failure. For \
         sink records, the topic, partition, offset, and timestamp will be logged. For \
         source records, the key and value (and their schemas), all headers, and the \
         timestamp, Kafka topic, Kafka partition, source partition, and source offset will \
         be logged. This is 'false' by default, which will prevent record keys, values, and \
         headers from being written to log files.",
    );

/// The keys that every connector has, in order.
pub(super) fn common_config() -> ConfigDef {
    let keys = ConfigDef::new()
        .with(&NAME)
        .with(&CONNECTOR_CLASS)
        .with(&CONNECTOR_VERSION)
        .with(&TASKS_MAX)
        .with(&TASKS_MAX_ENFORCE)
        .with(&KEY_CONVERTER)
        .with(&KEY_CONVERTER_VERSION)
        .with(&VALUE_CONVERTER)
        .with(&VALUE_CONVERTER_VERSION)
        .with(&HEADER_CONVERTER)
        .with(&HEADER_CONVERTER_VERSION)
        .with(&TRANSFORMS)
        .with(&PREDICATES)
        .with(&CONFIG_RELOAD_ACTION)
        .with(&ERRORS_RETRY_TIMEOUT)
        .with(&ERRORS_RETRY_MAX_DELAY)
        .with(&ERRORS_TOLERANCE)
        .with(&ERRORS_LOG_ENABLE)
        .with(&ERRORS_LOG_INCLUDE_MESSAGES);
    // The original counts one order through the groups Common, Transforms and Predicates.
    with_orders(
        &keys,
        &[
            (TRANSFORMS.name(), 12),
            (PREDICATES.name(), 13),
            (CONFIG_RELOAD_ACTION.name(), 14),
        ],
    )
}

/// The same keys, some with another order in their group.
pub(super) fn with_orders(keys: &ConfigDef, orders: &[(&str, i32)]) -> ConfigDef {
    let mut ordered = ConfigDef::new();
    for key in keys.keys() {
        let mut key = key.clone();
        if let Some((_, order)) = orders.iter().find(|(name, _)| *name == key.name) {
            key.order_in_group = *order;
        }
        ordered.add(key);
    }
    ordered
}
