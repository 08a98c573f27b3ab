//! Whose properties reach which client: a worker's and a connector's laid over each other.
//!
//! Connect's `Worker.baseProducerConfigs` and its siblings, with one difference: the connection
//! and security settings at the top level of the worker's file are inherited by the clients of
//! tasks too, where Connect wants them repeated under `producer.`, `consumer.` and `admin.`. What
//! is repeated there still wins.

use super::Props;

/// Prefix of a worker's settings for the producers of source tasks.
pub const PRODUCER_PREFIX: &str = "producer.";
/// Prefix of a worker's settings for the consumers of sink tasks.
pub const CONSUMER_PREFIX: &str = "consumer.";
/// Prefix of a worker's settings for the admin clients of tasks.
pub const ADMIN_PREFIX: &str = "admin.";
/// Prefix of a connector's own settings for its producers.
pub const PRODUCER_OVERRIDE_PREFIX: &str = "producer.override.";
/// Prefix of a connector's own settings for its consumers.
pub const CONSUMER_OVERRIDE_PREFIX: &str = "consumer.override.";
/// Prefix of a connector's own settings for its admin clients.
pub const ADMIN_OVERRIDE_PREFIX: &str = "admin.override.";

/// Top-level worker settings about reaching the cluster, which every client shares. The rest of
/// a worker's top level is the worker's own (its `session.timeout.ms` is its group's).
const SHARED: &[&str] = &[
    "bootstrap.servers",
    "client.dns.lookup",
    "client.rack",
    "connections.max.idle.ms",
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
    "send.buffer.bytes",
    "socket.connection.setup.timeout.ms",
];

fn is_shared(key: &str) -> bool {
    // `ssl.client.auth` is the REST listener's.
    SHARED.contains(&key)
        || key.starts_with("sasl.")
        || (key.starts_with("ssl.") && key != "ssl.client.auth")
}

fn shared(worker: &Props) -> Props {
    worker
        .iter()
        .filter(|(key, _)| is_shared(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn put(props: &mut Props, defaults: &[(&str, &str)]) {
    for (key, value) in defaults {
        props.insert((*key).to_owned(), (*value).to_owned());
    }
}

fn put_prefixed(props: &mut Props, from: &Props, prefix: &str) {
    for (key, value) in from.range(prefix.to_owned()..) {
        let Some(name) = key.strip_prefix(prefix) else {
            break;
        };
        if !name.is_empty() {
            props.insert(name.to_owned(), value.clone());
        }
    }
}

/// The producer of a storage topic: one request in flight and no idempotence, which old brokers
/// and narrow ACLs refuse (`KafkaBasedLog.createProducer`,
/// `KafkaConfigBackingStore.baseProducerProps`). Only a record that is awaited before the next is
/// sent keeps its place when the connection is lost: see [`source_task_producer`].
///
/// A worker that may lose its place in a group gives it a `delivery.timeout.ms` not longer than
/// its session. That holds also for a process that was stopped and wakes up (seen with SIGSTOP,
/// queue and connection full): no record that is older is sent.
#[must_use]
pub fn storage_producer(worker: &Props, client_id: &str) -> Props {
    let mut props = shared(worker);
    put(
        &mut props,
        &[
            ("client.id", client_id),
            ("acks", "all"),
            ("enable.idempotence", "false"),
            ("max.in.flight.requests.per.connection", "1"),
            ("delivery.timeout.ms", "120000"),
            ("linger.ms", "0"),
        ],
    );
    props
}

/// The consumer of a storage topic. It never joins the group whose name it carries: librdkafka
/// wants one, and the worker's own is one that the worker may use.
#[must_use]
pub fn storage_consumer(worker: &Props, client_id: &str) -> Props {
    let mut props = shared(worker);
    put(&mut props, &[("client.id", client_id)]);
    for key in ["group.id", "isolation.level"] {
        if let Some(value) = worker.get(key) {
            props.insert(key.to_owned(), value.clone());
        }
    }
    props
}

/// The worker's own admin client.
#[must_use]
pub fn worker_admin(worker: &Props, client_id: &str) -> Props {
    let mut props = shared(worker);
    put(&mut props, &[("client.id", client_id)]);
    props
}

/// An idempotent librdkafka has one request of a partition in flight, and its thread spins while
/// one is and the oldest record behind it is older than `linger.ms`
/// (`rd_kafka_toppar_producer_serve`). So requests are small enough to be answered by then, and no
/// more than the next one waits.
const BATCH_RECORDS: &str = "600";
const QUEUED_RECORDS: &str = "1200";

/// The producer of a source task: deliver or keep trying for ever, in order; then the worker's
/// `producer.*`, then the connector's `producer.override.*`.
///
/// No record is lost: `acks=all`, and neither retries nor `delivery.timeout.ms` run out in
/// practice. Order needs idempotence, which Connect's own default is without: librdkafka builds
/// the next request while one is in flight, and when the connection breaks it sends that one
/// first, also with `max.in.flight.requests.per.connection=1` (seen with a killed broker).
#[must_use]
pub fn source_task_producer(worker: &Props, connector: &Props, client_id: &str) -> Props {
    let mut props = shared(worker);
    put(
        &mut props,
        &[
            ("client.id", client_id),
            ("acks", "all"),
            ("delivery.timeout.ms", "2147483647"),
            ("max.block.ms", "9223372036854775807"),
            ("batch.num.messages", BATCH_RECORDS),
            ("queue.buffering.max.messages", QUEUED_RECORDS),
        ],
    );
    put_prefixed(&mut props, worker, PRODUCER_PREFIX);
    put_prefixed(&mut props, connector, PRODUCER_OVERRIDE_PREFIX);
    props
}

/// The consumer of a sink task: Connect's defaults, then the worker's `consumer.*`, then the
/// connector's `consumer.override.*`.
#[must_use]
pub fn sink_task_consumer(
    worker: &Props,
    connector: &Props,
    group_id: &str,
    client_id: &str,
) -> Props {
    let mut props = shared(worker);
    put(
        &mut props,
        &[
            ("group.id", group_id),
            ("client.id", client_id),
            ("enable.auto.commit", "false"),
            ("auto.offset.reset", "earliest"),
        ],
    );
    put_prefixed(&mut props, worker, CONSUMER_PREFIX);
    put_prefixed(&mut props, connector, CONSUMER_OVERRIDE_PREFIX);
    props
}

/// The admin client of a task: the worker's `admin.*`, then the connector's `admin.override.*`.
#[must_use]
pub fn task_admin(worker: &Props, connector: &Props, client_id: &str) -> Props {
    let mut props = shared(worker);
    put(&mut props, &[("client.id", client_id)]);
    put_prefixed(&mut props, worker, ADMIN_PREFIX);
    put_prefixed(&mut props, connector, ADMIN_OVERRIDE_PREFIX);
    props
}
