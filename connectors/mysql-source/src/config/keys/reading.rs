//! Keys of streaming, values and the queue, and the order of all keys of the
//! group, as in the original.

use connect_api::config::{Check, ClassName, ConfigDef, Key, Width};

pub use super::snapshots::*;

/// What to do with an event that cannot be processed: fail, warn (log and skip it), or skip it quietly.
pub const EVENT_PROCESSING_FAILURE_HANDLING_MODE: Key<String> = Key::new("event.processing.failure.handling.mode")
    .default("fail")
    .check(Check::OneOfAnyCase(&["warn", "fail", "ignore", "skip"]))
    .recommended(&["warn", "fail", "ignore", "skip"])
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Event deserialization failure handling")
    .doc("What to do with an event that cannot be processed: fail, warn (log and skip it), or skip it quietly.");

/// How many records one poll returns at most.
pub const MAX_BATCH_SIZE: Key<i32> = Key::new("max.batch.size")
    .default("2048")
    .check(Check::AtLeast(1))
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Change event batch size")
    .doc("How many records one poll returns at most.");

/// How many records may wait between the reader and Kafka Connect; more than max.batch.size.
pub const MAX_QUEUE_SIZE: Key<i32> = Key::new("max.queue.size")
    .default("8192")
    .check(Check::AtLeast(1))
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Change event buffer size")
    .doc(
        "How many records may wait between the reader and Kafka Connect; more than max.batch.size.",
    );

/// How long to wait for new events, in milliseconds.
pub const POLL_INTERVAL_MS: Key<i64> = Key::new("poll.interval.ms")
    .default("500")
    .check(Check::AtLeast(1))
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Poll interval (ms)")
    .doc("How long to wait for new events, in milliseconds.");

/// How many bytes of records may wait between the reader and Kafka Connect; 0 means that only their number counts.
pub const MAX_QUEUE_SIZE_IN_BYTES: Key<i64> = Key::new("max.queue.size.in.bytes")
    .default("0")
    .check(Check::AtLeast(0))
    .medium()
    .group("Connector")
    .width(Width::Long)
    .display_name("Change event buffer size in bytes")
    .doc("How many bytes of records may wait between the reader and Kafka Connect; 0 means that only their number counts.");

/// Adds transaction boundaries and counters to events.
pub const PROVIDE_TRANSACTION_METADATA: Key<bool> = Key::new("provide.transaction.metadata")
    .default("false")
    .group("Connector")
    .width(Width::Short)
    .display_name("Store transaction metadata information in a dedicated topic.")
    .doc("Adds transaction boundaries and counters to events.");

/// Operations that are not streamed: c, u, d, t, or none.
pub const SKIPPED_OPERATIONS: Key<Vec<String>> = Key::new("skipped.operations")
    .default("t")
    .group("Connector")
    .width(Width::Short)
    .display_name("Skipped Operations")
    .doc("Operations that are not streamed: c, u, d, t, or none.");

/// How long to wait before the source is opened again after a fault that may pass, in milliseconds.
pub const RETRIABLE_RESTART_CONNECTOR_WAIT_MS: Key<i64> = Key::new("retriable.restart.connector.wait.ms")
    .default("10000")
    .check(Check::AtLeast(1))
    .group("Connector")
    .width(Width::Medium)
    .display_name("Retriable restart wait (ms)")
    .doc("How long to wait before the source is opened again after a fault that may pass, in milliseconds.");

/// Rows fetched at once; here rows are always streamed.
pub const QUERY_FETCH_SIZE: Key<i32> = Key::new("query.fetch.size")
    .default("0")
    .check(Check::AtLeast(0))
    .medium()
    .group("Connector")
    .width(Width::Medium)
    .display_name("Query fetch size")
    .doc("Rows fetched at once; here rows are always streamed.");

/// How often in a row to retry after a lost connection: -1 without limit, 0 never.
pub const ERRORS_MAX_RETRIES: Key<i32> = Key::new("errors.max.retries")
    .default("-1")
    .group("Connector")
    .width(Width::Medium)
    .display_name("The maximum number of retries")
    .doc("How often in a row to retry after a lost connection: -1 without limit, 0 never.");

/// Check at the start that the offset is still in the binlog.
pub const INTERNAL_LOG_POSITION_CHECK_ENABLE: Key<bool> =
    Key::new("internal.log.position.check.enable")
        .default("true")
        .medium()
        .group("Connector")
        .width(Width::Medium)
        .display_name("Enable/Disable log position check")
        .doc("Check at the start that the offset is still in the binlog.");

/// More metrics of the original.
pub const INTERNAL_ADVANCED_METRICS_ENABLE: Key<bool> =
    Key::new("internal.advanced.metrics.enable")
        .default("false")
        .medium()
        .group("Connector")
        .width(Width::Medium)
        .display_name("Enable/Disable advance metrics")
        .doc("More metrics of the original.");

/// How long the check of the connection may take, in milliseconds.
pub const CONNECTION_VALIDATION_TIMEOUT_MS: Key<i64> = Key::new("connection.validation.timeout.ms")
    .default("60000")
    .check(Check::AtLeast(1))
    .group("Connector")
    .width(Width::Short)
    .display_name("Connection validation timeout (ms)")
    .doc("How long the check of the connection may take, in milliseconds.");

/// How long stopping may take, in milliseconds.
pub const EXECUTOR_SHUTDOWN_TIMEOUT_MS: Key<i64> = Key::new("executor.shutdown.timeout.ms")
    .default("4000")
    .check(Check::AtLeast(1))
    .medium()
    .group("Connector")
    .width(Width::Medium)
    .display_name("Executor shutdown timeout (ms)")
    .doc("How long stopping may take, in milliseconds.");

/// Lineage events of the original.
pub const OPENLINEAGE_INTEGRATION_ENABLED: Key<bool> = Key::new("openlineage.integration.enabled")
    .default("false")
    .group("Connector")
    .width(Width::Short)
    .display_name("Enables OpenLineage integration")
    .doc("Lineage events of the original.");

/// File with the OpenLineage configuration.
pub const OPENLINEAGE_INTEGRATION_CONFIG_FILE_PATH: Key<String> =
    Key::new("openlineage.integration.config.file.path")
        .default("./openlineage.yml")
        .group("Connector")
        .width(Width::Long)
        .display_name("Path to OpenLineage file configuration")
        .doc("File with the OpenLineage configuration.");

/// Namespace of the lineage job.
pub const OPENLINEAGE_INTEGRATION_JOB_NAMESPACE: Key<Option<String>> =
    Key::new("openlineage.integration.job.namespace")
        .default_null()
        .group("Connector")
        .width(Width::Long)
        .display_name("Namespace used for Debezium job")
        .doc("Namespace of the lineage job.");

/// Description of the lineage job.
pub const OPENLINEAGE_INTEGRATION_JOB_DESCRIPTION: Key<String> =
    Key::new("openlineage.integration.job.description")
        .default("Debezium change data capture job")
        .group("Connector")
        .width(Width::Long)
        .display_name("Description used for Debezium job")
        .doc("Description of the lineage job.");

/// Tags of the lineage job.
pub const OPENLINEAGE_INTEGRATION_JOB_TAGS: Key<Option<Vec<String>>> =
    Key::new("openlineage.integration.job.tags")
        .default_null()
        .group("Connector")
        .width(Width::Long)
        .display_name("Debezium job tags")
        .doc("Tags of the lineage job.");

/// Owners of the lineage job.
pub const OPENLINEAGE_INTEGRATION_JOB_OWNERS: Key<Option<Vec<String>>> =
    Key::new("openlineage.integration.job.owners")
        .default_null()
        .group("Connector")
        .width(Width::Long)
        .display_name("Debezium job owners")
        .doc("Owners of the lineage job.");

/// Kafka's address in lineage events.
pub const OPENLINEAGE_INTEGRATION_DATASET_KAFKA_BOOTSTRAP_SERVERS: Key<Option<String>> =
    Key::new("openlineage.integration.dataset.kafka.bootstrap.servers")
        .default_null()
        .group("Connector")
        .width(Width::Long)
        .display_name("Kafka bootstrap server used in Kafka Connect deployment")
        .doc("Kafka's address in lineage events.");

/// Adds the __debezium.context headers to each record.
pub const EXTENDED_HEADERS_ENABLED: Key<bool> = Key::new("extended.headers.enabled")
    .default("true")
    .group("Connector")
    .width(Width::Short)
    .display_name("Enable/Disable extended headers")
    .doc("Adds the __debezium.context headers to each record.");

/// How many tables may be captured; 0 means without limit.
pub const GUARDRAIL_COLLECTIONS_MAX: Key<i32> = Key::new("guardrail.collections.max")
    .default("0")
    .check(Check::AtLeast(0))
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Maximum number of collections or tables")
    .doc("How many tables may be captured; 0 means without limit.");

/// What to do above guardrail.collections.max: warn or fail.
pub const GUARDRAIL_COLLECTIONS_LIMIT_ACTION: Key<String> =
    Key::new("guardrail.collections.limit.action")
        .default("warn")
        .check(Check::OneOfAnyCase(&["warn", "fail"]))
        .recommended(&["warn", "fail"])
        .medium()
        .group("Connector")
        .width(Width::Short)
        .display_name("Guardrail collections limit action")
        .doc("What to do above guardrail.collections.max: warn or fail.");

/// Regular expression for settings whose values the original masks in its log.
pub const CUSTOM_SANITIZE_PATTERN: Key<String> = Key::new("custom.sanitize.pattern")
    .default(".*secret$|.*password$|.*sasl\\.jaas\\.config$|.*basic\\.auth\\.user\\.info|.*registry\\.auth\\.client-secret|.*credentials\\.json$|.*connectionstring$|.*connection\\.string$")
    .group("Connector")
    .width(Width::Long)
    .display_name("Custom pattern for masking sensitive configuration")
    .doc("Regular expression for settings whose values the original masks in its log.");

/// Latency statistics of the original.
pub const STATISTICS_METRICS_ENABLED: Key<bool> = Key::new("statistics.metrics.enabled")
    .default("true")
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Enable collecting statistics metrics like latencies")
    .doc("Latency statistics of the original.");

/// DECIMAL and NUMERIC as precise (Connect's Decimal), string or double.
pub const DECIMAL_HANDLING_MODE: Key<String> = Key::new("decimal.handling.mode")
    .default("precise")
    .check(Check::OneOfAnyCase(&["string", "double", "precise"]))
    .recommended(&["string", "double", "precise"])
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Decimal Handling")
    .doc("DECIMAL and NUMERIC as precise (Connect's Decimal), string or double.");

/// Storage class of the original.
pub const MEMORY_MANAGEMENT_SCHEMAS_CLASS: Key<ClassName> =
    Key::new("memory.management.schemas.class")
        .default("io.debezium.relational.ConcurrentMapTableMappingStorage")
        .group("Connector")
        .width(Width::Long)
        .display_name("Schema storage class")
        .doc("Storage class of the original.");

/// Storage class of the original.
pub const MEMORY_MANAGEMENT_TABLES_CLASS: Key<ClassName> =
    Key::new("memory.management.tables.class")
        .default("io.debezium.relational.ConcurrentMapTableMappingStorage")
        .group("Connector")
        .width(Width::Long)
        .display_name("Table storage class")
        .doc("Storage class of the original.");

/// How long connecting may take, in milliseconds.
pub const CONNECT_TIMEOUT_MS: Key<i32> = Key::new("connect.timeout.ms")
    .default("30000")
    .check(Check::AtLeast(1))
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Connection Timeout (ms)")
    .doc("How long connecting may take, in milliseconds.");

/// Ask the server for heartbeats, so that a dead binlog connection is noticed.
pub const CONNECT_KEEP_ALIVE: Key<bool> = Key::new("connect.keep.alive")
    .default("true")
    .group("Connector")
    .width(Width::Short)
    .display_name("Keep connection alive (true/false)")
    .doc("Ask the server for heartbeats, so that a dead binlog connection is noticed.");

/// How long the binlog connection may be silent, in milliseconds.
pub const CONNECT_KEEP_ALIVE_INTERVAL_MS: Key<i64> = Key::new("connect.keep.alive.interval.ms")
    .default("60000")
    .check(Check::AtLeast(1))
    .group("Connector")
    .width(Width::Short)
    .display_name("Keep alive interval (ms)")
    .doc("How long the binlog connection may be silent, in milliseconds.");

/// How the original closes its socket; without effect here.
pub const USE_NONGRACEFUL_DISCONNECT: Key<bool> = Key::new("use.nongraceful.disconnect")
    .default("false")
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Use Non-graceful Disconnect")
    .doc("How the original closes its socket; without effect here.");

/// net_write_timeout of the binlog session in seconds; 0 leaves the server's.
pub const BINLOG_NET_WRITE_TIMEOUT: Key<i64> = Key::new("binlog.net.write.timeout")
    .default("0")
    .check(Check::AtLeast(0))
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Binlog Net Write Timeout")
    .doc("net_write_timeout of the binlog session in seconds; 0 leaves the server's.");

/// net_read_timeout of the binlog session in seconds; 0 leaves the server's.
pub const BINLOG_NET_READ_TIMEOUT: Key<i64> = Key::new("binlog.net.read.timeout")
    .default("0")
    .check(Check::AtLeast(0))
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Binlog Net Read Timeout")
    .doc("net_read_timeout of the binlog session in seconds; 0 leaves the server's.");

/// BIGINT UNSIGNED as long or precise (Connect's Decimal).
pub const BIGINT_UNSIGNED_HANDLING_MODE: Key<String> = Key::new("bigint.unsigned.handling.mode")
    .default("long")
    .check(Check::OneOfAnyCase(&["precise", "long"]))
    .recommended(&["precise", "long"])
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("The mode for handling bigint-unsigned values")
    .doc("BIGINT UNSIGNED as long or precise (Connect's Decimal).");

/// How dates and times are represented.
pub const TIME_PRECISION_MODE: Key<String> = Key::new("time.precision.mode")
    .default("adaptive_time_microseconds")
    .check(Check::OneOfAnyCase(&[
        "adaptive",
        "adaptive_time_microseconds",
        "isostring",
        "microseconds",
        "nanoseconds",
        "connect",
    ]))
    .recommended(&[
        "adaptive",
        "adaptive_time_microseconds",
        "isostring",
        "microseconds",
        "nanoseconds",
        "connect",
    ])
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("The time precision mode to be used")
    .doc("How dates and times are represented.");

/// Years written with two digits mean 1970 to 2069.
pub const ENABLE_TIME_ADJUSTER: Key<bool> = Key::new("enable.time.adjuster")
    .default("true")
    .group("Connector")
    .width(Width::Short)
    .display_name("Enable Time Adjuster")
    .doc("Years written with two digits mean 1970 to 2069.");

/// How names of schemas are adjusted: none, avro or avro_unicode.
pub const SCHEMA_NAME_ADJUSTMENT_MODE: Key<String> = Key::new("schema.name.adjustment.mode")
    .default("none")
    .check(Check::OneOfAnyCase(&["none", "avro_unicode", "avro"]))
    .recommended(&["none", "avro_unicode", "avro"])
    .group("Connector")
    .width(Width::Medium)
    .display_name("Schema Name Adjustment")
    .doc("How names of schemas are adjusted: none, avro or avro_unicode.");

/// From how many rows on the original streams a table; here all are streamed.
pub const MIN_ROW_COUNT_TO_STREAM_RESULTS: Key<i32> = Key::new("min.row.count.to.stream.results")
    .default("1000")
    .check(Check::AtLeast(0))
    .group("Connector")
    .width(Width::Medium)
    .display_name("Stream result set of size")
    .doc("From how many rows on the original streams a table; here all are streamed.");

/// Grammar of the original's DDL parser; ours reads both.
pub const DDL_PARSER_TYPE: Key<String> = Key::new("ddl.parser.type")
    .default("default")
    .check(Check::OneOfAnyCase(&["default", "legacy"]))
    .recommended(&["default", "legacy"])
    .group("Connector")
    .width(Width::Short)
    .display_name("DDL Parser Type")
    .doc("Grammar of the original's DDL parser; ours reads both.");

/// How long records are gathered between two polls, in milliseconds.
pub const POLL_DISPATCH_INTERVAL_MS: Key<i64> = Key::new("poll.dispatch.interval.ms")
    .default("0")
    .check(Check::AtLeast(0))
    .group("Connector")
    .width(Width::Medium)
    .display_name("Poll dispatch interval (ms)")
    .doc("How long records are gathered between two polls, in milliseconds.");

/// Kind of queue between reader and Kafka Connect: memory.
pub const QUEUE_PROVIDER_TYPE: Key<String> = Key::new("queue.provider.type")
    .default("memory")
    .group("Connector")
    .width(Width::Short)
    .display_name("Queue provider")
    .doc("Kind of queue between reader and Kafka Connect: memory.");

/// What to do with a value that does not fit its schema: fail, warn (null and a warning), or skip (null).
pub const EVENT_CONVERTING_FAILURE_HANDLING_MODE: Key<String> = Key::new("event.converting.failure.handling.mode")
    .default("warn")
    .check(Check::OneOfAnyCase(&["fail", "warn", "skip"]))
    .recommended(&["fail", "warn", "skip"])
    .medium()
    .group("Connector")
    .width(Width::Medium)
    .display_name("Event converting failure handling mode")
    .doc("What to do with a value that does not fit its schema: fail, warn (null and a warning), or skip (null).");

/// BLOB, BINARY and VARBINARY as bytes, base64, base64-url-safe or hex.
pub const BINARY_HANDLING_MODE: Key<String> = Key::new("binary.handling.mode")
    .default("bytes")
    .check(Check::OneOfAnyCase(&[
        "bytes",
        "base64",
        "base64-url-safe",
        "hex",
    ]))
    .recommended(&["bytes", "base64", "base64-url-safe", "hex"])
    .group("Connector")
    .width(Width::Short)
    .display_name("Binary Handling")
    .doc("BLOB, BINARY and VARBINARY as bytes, base64, base64-url-safe or hex.");

/// How field names are adjusted: none, avro or avro_unicode.
pub const FIELD_NAME_ADJUSTMENT_MODE: Key<String> = Key::new("field.name.adjustment.mode")
    .default("none")
    .check(Check::OneOfAnyCase(&["none", "avro", "avro_unicode"]))
    .recommended(&["none", "avro", "avro_unicode"])
    .group("Connector")
    .width(Width::Medium)
    .display_name("Field Name Adjustment")
    .doc("How field names are adjusted: none, avro or avro_unicode.");

/// Read the structure of a table that is not known from the server when CREATE TABLE ... LIKE names it.
pub const RESOLVE_CREATE_TABLE_LIKE_SCHEMA: Key<bool> = Key::new("resolve.create.table.like.schema")
    .default("false")
    .group("Connector")
    .width(Width::Short)
    .display_name("Resolve CREATE TABLE ... LIKE")
    .doc("Read the structure of a table that is not known from the server when CREATE TABLE ... LIKE names it.");

/// Signals without a signal table.
pub const READ_ONLY: Key<bool> = Key::new("read.only")
    .default("false")
    .group("Connector")
    .width(Width::Short)
    .display_name("Read only connection")
    .doc("Signals without a signal table.");

/// Updates that change no captured column are not sent.
pub const SKIP_MESSAGES_WITHOUT_CHANGE: Key<bool> = Key::new("skip.messages.without.change")
    .default("false")
    .group("Connector")
    .width(Width::Short)
    .display_name("Skip messages without change")
    .doc("Updates that change no captured column are not sent.");

/// What stands for a value that the binlog does not have.
pub const UNAVAILABLE_VALUE_PLACEHOLDER: Key<String> = Key::new("unavailable.value.placeholder")
    .default("__debezium_unavailable_value")
    .group("Connector")
    .width(Width::Medium)
    .display_name("Unavailable value placeholder")
    .doc("What stands for a value that the binlog does not have.");

/// Adds the keys to `definition`.
pub(super) fn add_to(definition: ConfigDef) -> ConfigDef {
    definition
        .with(&EVENT_PROCESSING_FAILURE_HANDLING_MODE)
        .with(&MAX_BATCH_SIZE)
        .with(&MAX_QUEUE_SIZE)
        .with(&POLL_INTERVAL_MS)
        .with(&MAX_QUEUE_SIZE_IN_BYTES)
        .with(&PROVIDE_TRANSACTION_METADATA)
        .with(&SKIPPED_OPERATIONS)
        .with(&SNAPSHOT_DELAY_MS)
        .with(&STREAMING_DELAY_MS)
        .with(&SNAPSHOT_INCLUDE_COLLECTION_LIST)
        .with(&SNAPSHOT_FETCH_SIZE)
        .with(&SNAPSHOT_MAX_THREADS)
        .with(&SNAPSHOT_MAX_THREADS_MULTIPLIER)
        .with(&LEGACY_SNAPSHOT_MAX_THREADS)
        .with(&SNAPSHOT_MODE_CUSTOM_NAME)
        .with(&SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_DATA)
        .with(&SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_SCHEMA)
        .with(&SNAPSHOT_MODE_CONFIGURATION_BASED_START_STREAM)
        .with(&SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_ON_SCHEMA_ERROR)
        .with(&SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_ON_DATA_ERROR)
        .with(&RETRIABLE_RESTART_CONNECTOR_WAIT_MS)
        .with(&QUERY_FETCH_SIZE)
        .with(&ERRORS_MAX_RETRIES)
        .with(&INCREMENTAL_SNAPSHOT_WATERMARKING_STRATEGY)
        .with(&INTERNAL_LOG_POSITION_CHECK_ENABLE)
        .with(&INTERNAL_ADVANCED_METRICS_ENABLE)
        .with(&CONNECTION_VALIDATION_TIMEOUT_MS)
        .with(&EXECUTOR_SHUTDOWN_TIMEOUT_MS)
        .with(&OPENLINEAGE_INTEGRATION_ENABLED)
        .with(&OPENLINEAGE_INTEGRATION_CONFIG_FILE_PATH)
        .with(&OPENLINEAGE_INTEGRATION_JOB_NAMESPACE)
        .with(&OPENLINEAGE_INTEGRATION_JOB_DESCRIPTION)
        .with(&OPENLINEAGE_INTEGRATION_JOB_TAGS)
        .with(&OPENLINEAGE_INTEGRATION_JOB_OWNERS)
        .with(&OPENLINEAGE_INTEGRATION_DATASET_KAFKA_BOOTSTRAP_SERVERS)
        .with(&EXTENDED_HEADERS_ENABLED)
        .with(&GUARDRAIL_COLLECTIONS_MAX)
        .with(&GUARDRAIL_COLLECTIONS_LIMIT_ACTION)
        .with(&CUSTOM_SANITIZE_PATTERN)
        .with(&STATISTICS_METRICS_ENABLED)
        .with(&DECIMAL_HANDLING_MODE)
        .with(&SNAPSHOT_LOCK_TIMEOUT_MS)
        .with(&MEMORY_MANAGEMENT_SCHEMAS_CLASS)
        .with(&MEMORY_MANAGEMENT_TABLES_CLASS)
        .with(&CONNECT_TIMEOUT_MS)
        .with(&CONNECT_KEEP_ALIVE)
        .with(&CONNECT_KEEP_ALIVE_INTERVAL_MS)
        .with(&USE_NONGRACEFUL_DISCONNECT)
        .with(&BINLOG_NET_WRITE_TIMEOUT)
        .with(&BINLOG_NET_READ_TIMEOUT)
        .with(&SNAPSHOT_MODE)
        .with(&SNAPSHOT_QUERY_MODE)
        .with(&SNAPSHOT_QUERY_MODE_CUSTOM_NAME)
        .with(&BIGINT_UNSIGNED_HANDLING_MODE)
        .with(&TIME_PRECISION_MODE)
        .with(&ENABLE_TIME_ADJUSTER)
        .with(&SCHEMA_NAME_ADJUSTMENT_MODE)
        .with(&MIN_ROW_COUNT_TO_STREAM_RESULTS)
        .with(&INCREMENTAL_SNAPSHOT_CHUNK_SIZE)
        .with(&INCREMENTAL_SNAPSHOT_ALLOW_SCHEMA_CHANGES)
        .with(&SNAPSHOT_LOCKING_MODE)
        .with(&DDL_PARSER_TYPE)
        .with(&POLL_DISPATCH_INTERVAL_MS)
        .with(&QUEUE_PROVIDER_TYPE)
        .with(&EVENT_CONVERTING_FAILURE_HANDLING_MODE)
        .with(&BINARY_HANDLING_MODE)
        .with(&FIELD_NAME_ADJUSTMENT_MODE)
        .with(&RESOLVE_CREATE_TABLE_LIKE_SCHEMA)
        .with(&READ_ONLY)
        .with(&SKIP_MESSAGES_WITHOUT_CHANGE)
        .with(&UNAVAILABLE_VALUE_PLACEHOLDER)
        .with(&SNAPSHOT_LOCKING_MODE_CUSTOM_NAME)
}
