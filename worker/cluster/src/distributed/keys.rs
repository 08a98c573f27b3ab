//! The keys of a distributed worker (`DistributedConfig`).

use connect_api::Props;
use connect_api::config::{Check, ConfigDef, ConfigValue, Key};

use crate::internal_request::MacAlgorithm;

/// The group of workers.
pub const GROUP_ID: Key<String> = Key::new("group.id").high().doc(
    "A unique string that identifies the Connect cluster group this worker belongs to. It must not be the name of a consumer group.",
);
/// How long a worker may be silent.
pub const SESSION_TIMEOUT: Key<i32> = Key::new("session.timeout.ms")
    .default("10000")
    .high()
    .doc("The timeout used to detect worker failures: a worker that sent no heartbeat for so long is removed from the group.");
/// How long workers have to rejoin.
pub const REBALANCE_TIMEOUT: Key<i32> = Key::new("rebalance.timeout.ms")
    .default("60000")
    .high()
    .doc("The maximum allowed time for each worker to join the group once a rebalance has begun.");
/// How often a worker says that it is there.
pub const HEARTBEAT_INTERVAL: Key<i32> = Key::new("heartbeat.interval.ms")
    .default("3000")
    .high()
    .doc("The expected time between heartbeats to the group coordinator.");
/// Exactly-once delivery of sources (KIP-618).
pub const EXACTLY_ONCE_SOURCE_SUPPORT: Key<String> = Key::new("exactly.once.source.support")
    .default("disabled")
    .check(Check::Custom(exactly_once))
    .high()
    .doc("Whether to enable exactly-once support for source connectors. Only 'disabled' is supported.");
/// The worker's name in the brokers' logs.
pub const CLIENT_ID: Key<String> = Key::new("client.id")
    .default("")
    .doc("An id string to pass to the server when making requests.");
/// How long to wait for the others' configuration.
pub const WORKER_SYNC_TIMEOUT: Key<i32> = Key::new("worker.sync.timeout.ms")
    .default("3000")
    .medium()
    .doc("How long a worker that is out of sync with the others waits to catch up before it leaves the group.");
/// How long to stay away after that.
pub const WORKER_UNSYNC_BACKOFF: Key<i32> = Key::new("worker.unsync.backoff.ms")
    .default("300000")
    .medium()
    .doc("How long a worker that did not catch up stays out of the group.");
/// Whether storage topics are created.
pub const INTERNAL_TOPICS_CREATION: Key<bool> =
    Key::new("internal.topics.automatic.creation.enable")
        .default("true")
        .medium()
        .doc("Whether the topics for configurations, offsets and statuses are created when they are missing.");
/// The offsets topic.
pub const OFFSET_TOPIC: Key<String> = Key::new("offset.storage.topic")
    .check(Check::NonEmpty)
    .high()
    .doc("The name of the Kafka topic where source connector offsets are stored.");
/// Partitions of the offsets topic.
pub const OFFSET_PARTITIONS: Key<i32> = Key::new("offset.storage.partitions")
    .default("25")
    .check(Check::Custom(partitions))
    .doc("The number of partitions used when creating the offset storage topic.");
/// Replicas of the offsets topic.
pub const OFFSET_REPLICATION: Key<i16> = Key::new("offset.storage.replication.factor")
    .default("3")
    .check(Check::Custom(replication))
    .doc("Replication factor used when creating the offset storage topic.");
/// The config topic.
pub const CONFIG_TOPIC: Key<String> = Key::new("config.storage.topic")
    .check(Check::NonEmpty)
    .high()
    .doc("The name of the Kafka topic where connector configurations are stored.");
/// Replicas of the config topic.
pub const CONFIG_REPLICATION: Key<i16> = Key::new("config.storage.replication.factor")
    .default("3")
    .check(Check::Custom(replication))
    .doc("Replication factor used when creating the configuration storage topic.");
/// The status topic.
pub const STATUS_TOPIC: Key<String> = Key::new("status.storage.topic")
    .check(Check::NonEmpty)
    .high()
    .doc("The name of the Kafka topic where connector and task status are stored.");
/// Partitions of the status topic.
pub const STATUS_PARTITIONS: Key<i32> = Key::new("status.storage.partitions")
    .default("5")
    .check(Check::Custom(partitions))
    .doc("The number of partitions used when creating the status storage topic.");
/// Replicas of the status topic.
pub const STATUS_REPLICATION: Key<i16> = Key::new("status.storage.replication.factor")
    .default("3")
    .check(Check::Custom(replication))
    .doc("Replication factor used when creating the status storage topic.");
/// How workers share work.
pub const CONNECT_PROTOCOL: Key<String> = Key::new("connect.protocol")
    .default("sessioned")
    .check(Check::OneOfAnyCase(&["eager", "compatible", "sessioned"]))
    .doc("Compatibility mode for the group protocol.");
/// How long a lost worker's tasks wait for it.
pub const SCHEDULED_REBALANCE_MAX_DELAY: Key<i32> =
    Key::new("scheduled.rebalance.max.delay.ms")
        .default("300000")
        .check(Check::Between(0, i32::MAX as i64))
        .doc("The maximum delay that is scheduled in order to wait for the return of one or more departed workers before rebalancing.");
/// How long a key for requests between workers is used.
pub const INTER_WORKER_KEY_TTL: Key<i32> = Key::new("inter.worker.key.ttl.ms")
    .default("3600000")
    .check(Check::Between(0, i32::MAX as i64))
    .doc("The TTL of generated session keys used for internal request validation.");
/// What such keys are for.
pub const INTER_WORKER_KEY_ALGORITHM: Key<String> =
    Key::new("inter.worker.key.generation.algorithm")
        .default("HmacSHA256")
        .check(Check::OneOf(MacAlgorithm::NAMES))
        .doc("The algorithm to use for generating internal request keys.");
/// How long such keys are.
pub const INTER_WORKER_KEY_SIZE: Key<Option<i32>> = Key::new("inter.worker.key.size")
    .default_null()
    .doc("The size of the key to use for signing internal requests, in bits.");
/// How requests between workers are signed.
pub const INTER_WORKER_SIGNATURE: Key<String> = Key::new("inter.worker.signature.algorithm")
    .default("HmacSHA256")
    .check(Check::OneOf(MacAlgorithm::NAMES))
    .doc("The algorithm used to sign internal requests.");
/// Which signatures are taken.
pub const INTER_WORKER_VERIFICATION: Key<Vec<String>> =
    Key::new("inter.worker.verification.algorithms")
        .default("HmacSHA256")
        .check(Check::OneOf(MacAlgorithm::NAMES))
        .doc("A list of permitted algorithms for verifying internal requests.");

/// Settings of Kafka clients that a worker may have at its top level: known,
/// and judged by the clients.
const CLIENT_SETTINGS: &[&str] = &[
    "bootstrap.resolve.timeout.ms",
    "client.rack",
    "connections.max.idle.ms",
    "metadata.cluster.check.enable",
    "metadata.max.age.ms",
    "metadata.recovery.rebootstrap.trigger.ms",
    "metadata.recovery.strategy",
    "receive.buffer.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "request.timeout.ms",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
    "security.protocol",
    "security.providers",
    "send.buffer.bytes",
    "socket.connection.setup.timeout.max.ms",
    "socket.connection.setup.timeout.ms",
];

const PREFIXES: &[&str] = &[
    "config.storage.",
    "offset.storage.",
    "status.storage.",
    "config.providers",
    "sasl.",
    "ssl.",
];

/// The keys of a distributed worker, without those of Kafka clients.
pub fn distributed_config() -> ConfigDef {
    ConfigDef::new()
        .with(&GROUP_ID)
        .with(&SESSION_TIMEOUT)
        .with(&REBALANCE_TIMEOUT)
        .with(&HEARTBEAT_INTERVAL)
        .with(&EXACTLY_ONCE_SOURCE_SUPPORT)
        .with(&CLIENT_ID)
        .with(&WORKER_SYNC_TIMEOUT)
        .with(&WORKER_UNSYNC_BACKOFF)
        .with(&INTERNAL_TOPICS_CREATION)
        .with(&OFFSET_TOPIC)
        .with(&OFFSET_PARTITIONS)
        .with(&OFFSET_REPLICATION)
        .with(&CONFIG_TOPIC)
        .with(&CONFIG_REPLICATION)
        .with(&STATUS_TOPIC)
        .with(&STATUS_PARTITIONS)
        .with(&STATUS_REPLICATION)
        .with(&CONNECT_PROTOCOL)
        .with(&SCHEDULED_REBALANCE_MAX_DELAY)
        .with(&INTER_WORKER_KEY_TTL)
        .with(&INTER_WORKER_KEY_ALGORITHM)
        .with(&INTER_WORKER_KEY_SIZE)
        .with(&INTER_WORKER_SIGNATURE)
        .with(&INTER_WORKER_VERIFICATION)
}

/// True if a setting belongs to this room or to the Kafka clients at a
/// worker's top level. The binary warns about what no room knows.
pub fn knows(name: &str) -> bool {
    CLIENT_SETTINGS.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || distributed_config().knows(name)
}

/// Warnings by name about settings that are taken and have no effect.
pub fn warnings(props: &Props) -> Vec<String> {
    let unsync = WORKER_UNSYNC_BACKOFF.name();
    let is_set = props.contains_key(unsync);
    let warning = format!(
        "'{unsync}' has no effect: a worker that cannot read the newest configurations stays in \
         the group, starts nothing, and tries again every second"
    );
    is_set.then_some(warning).into_iter().collect()
}

fn partitions(value: &ConfigValue) -> Result<(), String> {
    match value {
        ConfigValue::Int(count) if *count == -1 || *count > 0 => Ok(()),
        _ => Err(
            "Number of partitions must be positive, or -1 to use the broker's default".to_owned(),
        ),
    }
}

fn replication(value: &ConfigValue) -> Result<(), String> {
    match value {
        ConfigValue::Short(count) if *count == -1 || *count > 0 => Ok(()),
        _ => {
            Err("Replication factor must be positive, or -1 to use the broker's default".to_owned())
        }
    }
}

fn exactly_once(value: &ConfigValue) -> Result<(), String> {
    match value {
        ConfigValue::String(text) if text.eq_ignore_ascii_case("disabled") => Ok(()),
        ConfigValue::String(text)
            if ["preparing", "enabled"]
                .iter()
                .any(|known| text.eq_ignore_ascii_case(known)) =>
        {
            Err("exactly-once delivery of sources is not supported; set it to disabled".to_owned())
        }
        _ => Err("String must be one of: disabled, preparing, enabled".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(
            super::distributed_config().check_defaults(),
            Vec::<String>::new()
        );
    }
}
