//! Settings of the original that are known and not offered: refused where they
//! would change what is captured, else warned about by name.

use connect_api::Props;

use super::keys::definition;

/// What happens where a setting is given another value than those without effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// The configuration is refused.
    Refuse,
    /// A warning says that it has no effect.
    Warn,
}
use Answer::{Refuse, Warn};

/// (key, values that mean the same as leaving it out, what happens otherwise, why)
const KNOWN: &[(&str, &[&str], Answer, &str)] = &[
    // Signals, incremental snapshots, notifications.
    (
        "signal.data.collection",
        &[""],
        Refuse,
        "signals and incremental snapshots are not supported",
    ),
    (
        "signal.enabled.channels",
        &["", "source"],
        Refuse,
        "signals are not supported",
    ),
    (
        "signal.kafka.topic",
        &[""],
        Refuse,
        "signals are not supported",
    ),
    ("signal.file", &[""], Refuse, "signals are not supported"),
    (
        "notification.enabled.channels",
        &[""],
        Refuse,
        "notifications are not supported",
    ),
    (
        "read.only",
        &["false"],
        Warn,
        "it is about signals, which are not supported",
    ),
    // Extension points that need the JVM.
    (
        "converters",
        &[""],
        Refuse,
        "custom converters are not supported",
    ),
    (
        "post.processors",
        &[""],
        Refuse,
        "post processors are not supported",
    ),
    (
        "snapshot.query.mode",
        &["select_all"],
        Refuse,
        "custom snapshot queries are not supported; use snapshot.select.statement.overrides",
    ),
    (
        "queue.provider.type",
        &["memory"],
        Refuse,
        "only the queue in memory is supported",
    ),
    (
        "topic.naming.strategy",
        &[
            "io.debezium.schema.SchemaTopicNamingStrategy",
            "io.debezium.schema.DefaultTopicNamingStrategy",
        ],
        Refuse,
        "custom topic naming is not supported; use a RegexRouter or ByLogicalTableRouter transformation",
    ),
    (
        "sourceinfo.struct.maker",
        &["io.debezium.connector.mysql.MySqlSourceInfoStructMaker"],
        Refuse,
        "custom source blocks are not supported",
    ),
    (
        "transaction.metadata.factory",
        &["io.debezium.pipeline.txmetadata.DefaultTransactionMetadataFactory"],
        Refuse,
        "transaction metadata is not supported",
    ),
    (
        "provide.transaction.metadata",
        &["false"],
        Refuse,
        "transaction metadata is not supported",
    ),
    (
        "openlineage.integration.enabled",
        &["false"],
        Refuse,
        "OpenLineage is not supported",
    ),
    (
        "source.struct.version",
        &["v2"],
        Refuse,
        "only the present source block is written",
    ),
    // Row images are needed whole and transactions are read as the server commits them.
    (
        "binlog.buffer.size",
        &["0"],
        Warn,
        "the server writes only committed changes of transactional tables to the binlog",
    ),
    // Tuning of the original.
    (
        "snapshot.max.threads",
        &["1"],
        Warn,
        "the snapshot is read by one connection",
    ),
    (
        "snapshot.max.threads.multiplier",
        &["1"],
        Warn,
        "the snapshot is read by one connection",
    ),
    (
        "legacy.snapshot.max.threads",
        &["false"],
        Warn,
        "the snapshot is read by one connection",
    ),
    (
        "snapshot.fetch.size",
        &["", "0"],
        Warn,
        "rows are always streamed",
    ),
    (
        "query.fetch.size",
        &["", "0"],
        Warn,
        "rows are always streamed",
    ),
    (
        "min.row.count.to.stream.results",
        &["1000"],
        Warn,
        "rows are always streamed",
    ),
    (
        "database.server.id.offset",
        &["10000"],
        Warn,
        "the snapshot is read by one connection",
    ),
    (
        "database.jdbc.driver",
        &["com.mysql.cj.jdbc.Driver"],
        Warn,
        "there is no JDBC driver",
    ),
    (
        "database.protocol",
        &["jdbc:mysql"],
        Warn,
        "there is no JDBC driver",
    ),
    ("database.dbname", &[""], Warn, "use database.include.list"),
    (
        "schema.include.list",
        &[""],
        Warn,
        "MySQL has no schemas; use database.include.list",
    ),
    (
        "schema.exclude.list",
        &[""],
        Warn,
        "MySQL has no schemas; use database.exclude.list",
    ),
    (
        "schema.whitelist",
        &[""],
        Warn,
        "MySQL has no schemas; use database.include.list",
    ),
    (
        "schema.blacklist",
        &[""],
        Warn,
        "MySQL has no schemas; use database.exclude.list",
    ),
    (
        "use.nongraceful.disconnect",
        &["false"],
        Warn,
        "a dead connection is closed at once",
    ),
    (
        "ddl.parser.type",
        &["default"],
        Warn,
        "there is one parser, for all dialects",
    ),
    (
        "memory.management.schemas.class",
        &["io.debezium.relational.ConcurrentMapTableMappingStorage"],
        Warn,
        "structures are kept in memory",
    ),
    (
        "memory.management.tables.class",
        &["io.debezium.relational.ConcurrentMapTableMappingStorage"],
        Warn,
        "structures are kept in memory",
    ),
    (
        "schema.history.internal.memory.optimization",
        &["off"],
        Warn,
        "structures are shared anyway",
    ),
    (
        "internal.advanced.metrics.enable",
        &["false"],
        Warn,
        "metrics are the worker's",
    ),
    (
        "internal.offset.activity.monitor.interval.ms",
        &["0"],
        Warn,
        "metrics are the worker's",
    ),
    (
        "internal.custom.retriable.exception",
        &[""],
        Warn,
        "faults that may pass are known by their codes",
    ),
    (
        "internal.snapshot.scan.all.columns.force",
        &["false"],
        Warn,
        "structures are read by SHOW CREATE TABLE",
    ),
    (
        "statistics.metrics.enabled",
        &["true"],
        Warn,
        "metrics are the worker's",
    ),
    (
        "custom.metric.tags",
        &[""],
        Warn,
        "metrics are the worker's",
    ),
    (
        "executor.shutdown.timeout.ms",
        &["4000"],
        Warn,
        "inner tasks are stopped at once",
    ),
    (
        "topic.cache.size",
        &["10000"],
        Warn,
        "topic names are kept with their tables",
    ),
    (
        "topic.transaction",
        &["transaction"],
        Warn,
        "transaction metadata is not supported",
    ),
    (
        "incremental.snapshot.chunk.size",
        &["1024"],
        Warn,
        "incremental snapshots are not supported",
    ),
    (
        "incremental.snapshot.allow.schema.changes",
        &["false"],
        Warn,
        "incremental snapshots are not supported",
    ),
    (
        "incremental.snapshot.watermarking.strategy",
        &["insert_insert"],
        Warn,
        "incremental snapshots are not supported",
    ),
    // Settings that newer versions of the original dropped.
    (
        "snapshot.new.tables",
        &["off"],
        Refuse,
        "new tables are not read afterwards; start a connector of another name for them",
    ),
    (
        "gtid.new.channel.position",
        &["earliest"],
        Refuse,
        "a new GTID source is always read from its beginning",
    ),
    (
        "sanitize.field.names",
        &["false"],
        Refuse,
        "use field.name.adjustment.mode=avro",
    ),
    (
        "snapshot.minimal.locks",
        &["true"],
        Refuse,
        "use snapshot.locking.mode",
    ),
    // Declared, and read by nothing here.
    (
        "custom.sanitize.pattern",
        &[""],
        Warn,
        "configurations are not logged",
    ),
    (
        "database.ssl.truststore.password",
        &[""],
        Warn,
        "the certificates are read from PEM files, which have none",
    ),
    (
        "poll.interval.ms",
        &["500"],
        Warn,
        "records are handed over as they come",
    ),
    (
        "resolve.create.table.like.schema",
        &["false"],
        Warn,
        "a table that is not known is left out of CREATE TABLE … LIKE",
    ),
    (
        "schema.history.internal.connector.class",
        &[""],
        Warn,
        "the original sets it for itself",
    ),
    (
        "schema.history.internal.connector.id",
        &[""],
        Warn,
        "the original sets it for itself",
    ),
    (
        "schema.history.internal.kafka.buffer.batch.size",
        &["1024"],
        Warn,
        "each record of the history is acknowledged before the next step",
    ),
    (
        "schema.history.internal.kafka.create.timeout.ms",
        &["30000"],
        Warn,
        "the Kafka client's own time-outs hold",
    ),
    (
        "schema.history.internal.kafka.recovery.attempts",
        &["100"],
        Warn,
        "the topic is read to its end, however long that takes",
    ),
    (
        "schema.history.internal.kafka.recovery.poll.interval.ms",
        &["100"],
        Warn,
        "the topic is read to its end, however long that takes",
    ),
    (
        "snapshot.locking.mode.custom.name",
        &[""],
        Warn,
        "custom locking modes are not supported",
    ),
    (
        "snapshot.mode.custom.name",
        &[""],
        Warn,
        "custom snapshot modes are not supported",
    ),
    (
        "snapshot.query.mode.custom.name",
        &[""],
        Warn,
        "custom query modes are not supported",
    ),
    (
        "unavailable.value.placeholder",
        &["__debezium_unavailable_value"],
        Warn,
        "MySQL sends every value",
    ),
];

/// Values of enumerated keys that are known and not offered.
const VALUES: &[(&str, &str, &str)] = &[
    (
        "snapshot.mode",
        "custom",
        "custom snapshotters are not supported",
    ),
    (
        "snapshot.locking.mode",
        "custom",
        "custom locking is not supported; use minimal, extended or none",
    ),
    (
        "snapshot.locking.mode",
        "minimal_percona",
        "Percona's backup locks are not supported; use minimal",
    ),
    (
        "snapshot.locking.mode",
        "minimal_percona_no_table_locks",
        "Percona's backup locks are not supported; use minimal",
    ),
];

/// Prefixes of settings that would change what is captured.
const REFUSED_PREFIXES: &[(&str, &str)] = &[(
    "column.mask.hash",
    "hashed columns are not supported; use column.mask.with.N.chars or column.exclude.list",
)];

/// Prefixes of settings for what is not there.
const PREFIXES: &[(&str, &str)] = &[
    (
        "driver.",
        "it is a setting of the JDBC driver, and there is none",
    ),
    ("openlineage.integration.", "OpenLineage is not supported"),
    ("signal.", "signals are not supported"),
    ("notification.", "notifications are not supported"),
];

/// The reason why `value` of the key `name` is refused, if it is.
pub(crate) fn refusal(name: &str, value: &str) -> Option<String> {
    let value = value.trim();
    let known = KNOWN
        .iter()
        .find(|(key, harmless, answer, _)| {
            *key == name && *answer == Refuse && !is_one_of(harmless, value)
        })
        .map(|(_, _, _, why)| *why);
    let of_value = VALUES
        .iter()
        .find(|(key, refused, _)| *key == name && refused.eq_ignore_ascii_case(value))
        .map(|(_, _, why)| *why);
    known
        .or(of_value)
        .map(|why| format!("'{value}' is not supported: {why}"))
}

/// The keys of the original that are refused and that its definition lacks now.
pub(crate) fn refused_without_definition(props: &Props) -> Vec<String> {
    let definition = definition();
    props
        .iter()
        .filter(|(name, _)| !definition.knows(name))
        .filter_map(|(name, value)| {
            let of_prefix = REFUSED_PREFIXES
                .iter()
                .find(|(prefix, _)| name.starts_with(prefix))
                .map(|(_, why)| format!("it is not supported: {why}"));
            refusal(name, value)
                .or(of_prefix)
                .map(|reason| format!("The '{name}' value is invalid: {reason}"))
        })
        .collect()
}

/// A warning for each setting that has no effect.
pub fn warnings(props: &Props) -> Vec<String> {
    let definition = definition();
    let mut warnings = definition.deprecations(props);
    for (name, value) in props {
        let present = present_name(&definition, name);
        if let Some((_, _, _, why)) = KNOWN.iter().find(|(key, harmless, answer, _)| {
            *key == present && *answer == Warn && !is_one_of(harmless, value.trim())
        }) {
            warnings.push(format!("'{name}' has no effect: {why}"));
            continue;
        }
        if KNOWN.iter().any(|(key, ..)| *key == present) {
            continue;
        }
        let why = PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix));
        if let Some((_, why)) = why {
            if !is_default(&definition, name, value) {
                warnings.push(format!("'{name}' has no effect: {why}"));
            }
        } else if is_driver_parameter(&definition, name) {
            warnings.push(format!(
                "'{name}' has no effect: it is passed to the JDBC driver by the original, and there is none"
            ));
        }
    }
    warnings
}

fn is_one_of(values: &[&str], value: &str) -> bool {
    values.iter().any(|known| known.eq_ignore_ascii_case(value))
}

fn is_default(definition: &connect_api::config::ConfigDef, name: &str, value: &str) -> bool {
    definition
        .key(name)
        .is_some_and(|key| key.default.to_text().unwrap_or_default() == value.trim())
}

/// The present name of a setting that may be given by an older one.
fn present_name<'n>(definition: &'n connect_api::config::ConfigDef, name: &'n str) -> &'n str {
    let renamed = definition
        .keys()
        .find(|key| key.aliases.iter().any(|alias| *alias == name));
    renamed.map_or(name, |key| &*key.name)
}

/// `database.*` that no key is: the original hands them to its driver.
fn is_driver_parameter(definition: &connect_api::config::ConfigDef, name: &str) -> bool {
    name.starts_with("database.")
        && !name.starts_with("database.history.")
        && !definition.knows(name)
}

#[cfg(test)]
#[path = "unsupported_tests.rs"]
mod tests;
