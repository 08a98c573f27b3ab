//! The keys that sources have beyond the common ones
//! (`SourceConnectorConfig.java`).

use connect_api::config::{Check, ConfigDef, Key, Width};

use super::common::{common_config, with_orders};

/// The groups of topics that are created with settings of their own (KIP-158).
pub(super) const TOPIC_CREATION_GROUPS: Key<Vec<String>> = Key::new("topic.creation.groups")
    .default("")
    .check(Check::Custom(super::checks::unique_aliases))
    .group("Topic Creation")
    .width(Width::Long)
    .display_name("Topic Creation Groups")
    .doc("Groups of configurations for topics created by source connectors");

/// Whether the connector must deliver exactly once (KIP-618).
pub(super) const EXACTLY_ONCE_SUPPORT: Key<String> = Key::new("exactly.once.support")
    .default("requested")
    .check(Check::OneOfAnyCase(&["requested", "required"]))
    .medium()
    .group("Exactly Once Support")
    .width(Width::Short)
    .display_name("Exactly once support")
    .doc(
        "Permitted values are requested, required. If set to \"required\", forces a preflight \
         check for the connector to ensure that it can provide exactly-once semantics with \
         the given configuration. Some connectors may be capable of providing exactly-once \
         semantics but not signal to Connect that they support this; in that case, \
         documentation for the connector should be consulted carefully before creating it, \
         and the value for this property should be set to \"requested\". Additionally, if the \
         value is set to \"required\" but the worker that performs preflight validation does \
         not have exactly-once support enabled for source connectors, requests to create or \
         validate the connector will fail.",
    );

/// What ends a transaction when delivering exactly once.
pub(super) const TRANSACTION_BOUNDARY: Key<String> = Key::new("transaction.boundary")
    .default("poll")
    .check(Check::OneOfAnyCase(&["poll", "interval", "connector"]))
    .medium()
    .group("Exactly Once Support")
    .width(Width::Short)
    .display_name("Transaction Boundary")
    .doc(
        "Permitted values are: poll, interval, connector. If set to 'poll', a new producer \
         transaction will be started and committed for every batch of records that each task \
         from this connector provides to Connect. If set to 'connector', relies on \
         connector-defined transaction boundaries; note that not all connectors are capable \
         of defining their own transaction boundaries, and in that case, attempts to \
         instantiate a connector with this value will fail. Finally, if set to 'interval', \
         commits transactions only after a user-defined time interval has passed.",
    );

/// The time between transactions when delivering exactly once.
pub(super) const TRANSACTION_BOUNDARY_INTERVAL: Key<Option<i64>> =
    Key::new("transaction.boundary.interval.ms")
        .default_null()
        .check(Check::Custom(super::checks::null_or_not_negative))
        .group("Exactly Once Support")
        .width(Width::Short)
        .display_name("Transaction boundary interval")
        .doc(
            "If 'transaction.boundary' is set to 'interval', determines the interval for \
         producer transaction commits by connector tasks. If unset, defaults to the value of \
         the worker-level 'offset.flush.interval.ms' property. It has no effect if a \
         different transaction.boundary is specified.",
        );

/// An offsets topic of the connector's own.
pub(super) const OFFSETS_TOPIC: Key<Option<String>> = Key::new("offsets.storage.topic")
    .default_null()
    .check(Check::Custom(super::checks::null_or_not_empty))
    .group("offsets.topic")
    .width(Width::Long)
    .display_name("Offsets topic")
    .doc(
        "The name of a separate offsets topic to use for this connector. If empty or not \
         specified, the worker’s global offsets topic name will be used. If specified, the \
         offsets topic will be created if it does not already exist on the Kafka cluster \
         targeted by this connector (which may be different from the one used for the \
         worker's global offsets topic if the bootstrap.servers property of the connector's \
         producer has been overridden from the worker's). Only applicable in distributed \
         mode; in standalone mode, setting this property will have no effect.",
    );

/// The keys that every source has, in order.
pub fn source_config() -> ConfigDef {
    let mut keys = common_config();
    let own = ConfigDef::new()
        .with(&TOPIC_CREATION_GROUPS)
        .with(&EXACTLY_ONCE_SUPPORT)
        .with(&TRANSACTION_BOUNDARY)
        .with(&TRANSACTION_BOUNDARY_INTERVAL)
        .with(&OFFSETS_TOPIC);
    keys.extend(&with_orders(
        &own,
        &[
            (EXACTLY_ONCE_SUPPORT.name(), 2),
            (TRANSACTION_BOUNDARY.name(), 3),
            (TRANSACTION_BOUNDARY_INTERVAL.name(), 4),
        ],
    ));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_fit_their_checks() {
        assert!(source_config().check_defaults().is_empty());
    }
}
