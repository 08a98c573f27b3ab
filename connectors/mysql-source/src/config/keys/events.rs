//! Keys of which events there are and what they look like, in the order of the original.

use connect_api::config::{Check, ClassName, ConfigDef, Key, Width};

/// Custom converters.
pub const CONVERTERS: Key<Option<String>> = Key::new("converters")
    .default_null()
    .group("Events")
    .width(Width::Medium)
    .display_name("List of prefixes defining custom values converters.")
    .doc("Custom converters.");

/// Post processors.
pub const POST_PROCESSORS: Key<Option<String>> = Key::new("post.processors")
    .default_null()
    .group("Events")
    .width(Width::Medium)
    .display_name("List of change event post processors.")
    .doc("Post processors.");

/// A delete is followed by a tombstone.
pub const TOMBSTONES_ON_DELETE: Key<bool> = Key::new("tombstones.on.delete")
    .default("true")
    .medium()
    .group("Events")
    .width(Width::Short)
    .display_name("Change the behaviour of Debezium with regards to delete operations")
    .doc("A delete is followed by a tombstone.");

/// How often a heartbeat record is sent, in milliseconds; 0 means never.
pub const HEARTBEAT_INTERVAL_MS: Key<i32> = Key::new("heartbeat.interval.ms")
    .default("0")
    .check(Check::AtLeast(0))
    .medium()
    .group("Events")
    .width(Width::Medium)
    .display_name("Connector heartbeat interval (milli-seconds)")
    .doc("How often a heartbeat record is sent, in milliseconds; 0 means never.");

/// Older name of topic.heartbeat.prefix.
pub const HEARTBEAT_TOPICS_PREFIX: Key<String> = Key::new("heartbeat.topics.prefix")
    .default("__debezium-heartbeat")
    .group("Events")
    .width(Width::Medium)
    .display_name("A prefix used for naming of heartbeat topics")
    .doc("Older name of topic.heartbeat.prefix.");

/// Table for signals.
pub const SIGNAL_DATA_COLLECTION: Key<Option<Vec<String>>> = Key::new("signal.data.collection")
    .default_null()
    .medium()
    .group("Events")
    .width(Width::Medium)
    .display_name("Signaling data collection")
    .doc("Table for signals.");

/// How often signals are looked for.
pub const SIGNAL_POLL_INTERVAL_MS: Key<i64> = Key::new("signal.poll.interval.ms")
    .default("5000")
    .medium()
    .group("Events")
    .width(Width::Short)
    .display_name("Signal processor poll interval")
    .doc("How often signals are looked for.");

/// Channels of signals.
pub const SIGNAL_ENABLED_CHANNELS: Key<Vec<String>> = Key::new("signal.enabled.channels")
    .default("source")
    .medium()
    .group("Events")
    .width(Width::Long)
    .display_name("Enabled channels names")
    .doc("Channels of signals.");

/// How topics are named: DefaultTopicNamingStrategy or SchemaTopicNamingStrategy.
pub const TOPIC_NAMING_STRATEGY: Key<ClassName> = Key::new("topic.naming.strategy")
    .default("io.debezium.schema.SchemaTopicNamingStrategy")
    .medium()
    .group("Events")
    .width(Width::Medium)
    .display_name("Topic naming strategy class")
    .doc("How topics are named: DefaultTopicNamingStrategy or SchemaTopicNamingStrategy.");

/// Channels of notifications.
pub const NOTIFICATION_ENABLED_CHANNELS: Key<Option<Vec<String>>> =
    Key::new("notification.enabled.channels")
        .default_null()
        .medium()
        .group("Events")
        .width(Width::Long)
        .display_name("Enabled notification channels names")
        .doc("Channels of notifications.");

/// Topic of notifications.
pub const NOTIFICATION_SINK_TOPIC_NAME: Key<Option<String>> =
    Key::new("notification.sink.topic.name")
        .default_null()
        .high()
        .group("Events")
        .width(Width::Long)
        .display_name("Notification topic name")
        .doc("Topic of notifications.");

/// Factory of transaction metadata.
pub const TRANSACTION_METADATA_FACTORY: Key<ClassName> = Key::new("transaction.metadata.factory")
    .default("io.debezium.pipeline.txmetadata.DefaultTransactionMetadataFactory")
    .group("Events")
    .width(Width::Medium)
    .display_name("Factory class to create transaction context & transaction struct maker classes")
    .doc("Factory of transaction metadata.");

/// Tags of the original's metrics.
pub const CUSTOM_METRIC_TAGS: Key<Option<Vec<String>>> = Key::new("custom.metric.tags")
    .default_null()
    .group("Events")
    .width(Width::Medium)
    .display_name("Customize metric tags")
    .doc("Tags of the original's metrics.");

/// Regular expressions for the columns (database.table.column) that events have; all otherwise.
pub const COLUMN_INCLUDE_LIST: Key<Option<Vec<String>>> = Key::new("column.include.list")
    .default_null()
    .medium()
    .group("Events")
    .width(Width::Long)
    .display_name("Include Columns")
    .aliases(&["column.whitelist"])
    .doc("Regular expressions for the columns (database.table.column) that events have; all otherwise.");

/// Regular expressions for the columns (database.table.column) that events lack.
pub const COLUMN_EXCLUDE_LIST: Key<Option<Vec<String>>> = Key::new("column.exclude.list")
    .default_null()
    .medium()
    .group("Events")
    .width(Width::Long)
    .display_name("Exclude Columns")
    .aliases(&["column.blacklist"])
    .doc("Regular expressions for the columns (database.table.column) that events lack.");

/// Regular expressions for the tables (database.table) to capture; all otherwise.
pub const TABLE_INCLUDE_LIST: Key<Option<Vec<String>>> = Key::new("table.include.list")
    .default_null()
    .high()
    .group("Events")
    .width(Width::Long)
    .display_name("Include Tables")
    .aliases(&["table.whitelist"])
    .doc("Regular expressions for the tables (database.table) to capture; all otherwise.");

/// Regular expressions for the tables (database.table) not to capture.
pub const TABLE_EXCLUDE_LIST: Key<Option<Vec<String>>> = Key::new("table.exclude.list")
    .default_null()
    .medium()
    .group("Events")
    .width(Width::Long)
    .display_name("Exclude Tables")
    .aliases(&["table.blacklist"])
    .doc("Regular expressions for the tables (database.table) not to capture.");

/// Key columns by table: regular expression for the table, a colon, columns; several separated by semicolons.
pub const MESSAGE_KEY_COLUMNS: Key<Option<String>> = Key::new("message.key.columns")
    .default_null()
    .medium()
    .group("Events")
    .width(Width::Long)
    .display_name("Columns PK mapping")
    .doc("Key columns by table: regular expression for the table, a colon, columns; several separated by semicolons.");

/// Tables whose snapshot uses the SELECT given under snapshot.select.statement.overrides.<database>.<table>.
pub const SNAPSHOT_SELECT_STATEMENT_OVERRIDES: Key<Option<String>> = Key::new("snapshot.select.statement.overrides")
    .default_null()
    .medium()
    .group("Events")
    .width(Width::Long)
    .display_name("List of tables where the default select statement used during snapshotting should be overridden.")
    .doc("Tables whose snapshot uses the SELECT given under snapshot.select.statement.overrides.<database>.<table>.");

/// Columns whose values are replaced by their salted hash.
pub const COLUMN_MASK_HASH: Key<Option<String>> =
    Key::new("column.mask.hash.([^.]+).with.salt.(.+)")
        .default_null()
        .medium()
        .group("Events")
        .width(Width::Long)
        .display_name("Mask Columns Using Hash and Salt")
        .doc("Columns whose values are replaced by their salted hash.");

/// Columns whose values are replaced by so many asterisks.
pub const COLUMN_MASK_WITH_CHARS: Key<Option<String>> = Key::new("column.mask.with.(d+).chars")
    .default_null()
    .medium()
    .group("Events")
    .display_name("Mask Columns With n Asterisks")
    .doc("Columns whose values are replaced by so many asterisks.");

/// Columns whose values are cut to so many characters.
pub const COLUMN_TRUNCATE_TO_CHARS: Key<Option<i32>> = Key::new("column.truncate.to.(d+).chars")
    .default_null()
    .medium()
    .group("Events")
    .display_name("Truncate Columns To n Characters")
    .doc("Columns whose values are cut to so many characters.");

/// Schema changes are sent to the topic named like topic.prefix.
pub const INCLUDE_SCHEMA_CHANGES: Key<bool> = Key::new("include.schema.changes")
    .default("true")
    .medium()
    .group("Events")
    .width(Width::Short)
    .display_name("Include database schema changes")
    .doc("Schema changes are sent to the topic named like topic.prefix.");

/// Comments of tables and columns are kept.
pub const INCLUDE_SCHEMA_COMMENTS: Key<bool> = Key::new("include.schema.comments")
    .default("false")
    .medium()
    .group("Events")
    .width(Width::Short)
    .display_name("Include Table and Column Comments")
    .doc("Comments of tables and columns are kept.");

/// Columns whose schema has the original type as parameters.
pub const COLUMN_PROPAGATE_SOURCE_TYPE: Key<Option<Vec<String>>> =
    Key::new("column.propagate.source.type")
        .default_null()
        .medium()
        .group("Events")
        .display_name("Propagate Source Types by Columns")
        .doc("Columns whose schema has the original type as parameters.");

/// Data types whose columns' schema has the original type as parameters.
pub const DATATYPE_PROPAGATE_SOURCE_TYPE: Key<Option<Vec<String>>> =
    Key::new("datatype.propagate.source.type")
        .default_null()
        .medium()
        .group("Events")
        .display_name("Propagate Source Types by Data Type")
        .doc("Data types whose columns' schema has the original type as parameters.");

/// Older way of reading columns.
pub const INTERNAL_SNAPSHOT_SCAN_ALL_COLUMNS_FORCE: Key<bool> =
    Key::new("internal.snapshot.scan.all.columns.force")
        .default("false")
        .group("Events")
        .width(Width::Short)
        .display_name("Snapshot force scan all columns of all tables")
        .doc("Older way of reading columns.");

/// Order of tables in the snapshot by their estimated rows: disabled, ascending, descending.
pub const SNAPSHOT_TABLES_ORDER_BY_ROW_COUNT: Key<String> = Key::new(
    "snapshot.tables.order.by.row.count",
)
.default("disabled")
.check(Check::OneOfAnyCase(&[
    "disabled",
    "ascending",
    "descending",
]))
.recommended(&["disabled", "ascending", "descending"])
.medium()
.group("Events")
.display_name("Initial snapshot tables order by row count")
.doc("Order of tables in the snapshot by their estimated rows: disabled, ascending, descending.");

/// A statement run with every heartbeat.
pub const HEARTBEAT_ACTION_QUERY: Key<Option<String>> = Key::new("heartbeat.action.query")
    .default_null()
    .group("Events")
    .width(Width::Medium)
    .display_name("An optional query to execute with every heartbeat")
    .doc("A statement run with every heartbeat.");

/// The statement that caused a change is in source.query; needs binlog_rows_query_log_events.
pub const INCLUDE_QUERY: Key<bool> = Key::new("include.query")
    .default("false")
    .medium()
    .group("Events")
    .width(Width::Short)
    .display_name("Include original SQL query with in change events")
    .doc("The statement that caused a change is in source.query; needs binlog_rows_query_log_events.");

/// Tables of mysql, performance_schema, sys and information_schema are not captured.
pub const TABLE_IGNORE_BUILTIN: Key<bool> = Key::new("table.ignore.builtin")
    .default("true")
    .group("Events")
    .width(Width::Short)
    .display_name("Ignore system databases")
    .dependents(&["database.include.list"])
    .doc("Tables of mysql, performance_schema, sys and information_schema are not captured.");

/// Regular expressions for the databases to capture; all otherwise.
pub const DATABASE_INCLUDE_LIST: Key<Option<Vec<String>>> = Key::new("database.include.list")
    .default_null()
    .high()
    .group("Events")
    .width(Width::Long)
    .display_name("Include Databases")
    .aliases(&["database.whitelist"])
    .dependents(&["table.include.list"])
    .doc("Regular expressions for the databases to capture; all otherwise.");

/// Regular expressions for the databases not to capture.
pub const DATABASE_EXCLUDE_LIST: Key<Option<Vec<String>>> = Key::new("database.exclude.list")
    .default_null()
    .medium()
    .group("Events")
    .width(Width::Long)
    .display_name("Exclude Databases")
    .aliases(&["database.blacklist"])
    .doc("Regular expressions for the databases not to capture.");

/// Look-ahead buffer of the original for rolled back transactions.
pub const BINLOG_BUFFER_SIZE: Key<i32> = Key::new("binlog.buffer.size")
    .default("0")
    .check(Check::AtLeast(0))
    .medium()
    .group("Events")
    .width(Width::Medium)
    .display_name("Binlog reader buffer size")
    .doc("Look-ahead buffer of the original for rolled back transactions.");

/// Older name of event.processing.failure.handling.mode.
pub const EVENT_DESERIALIZATION_FAILURE_HANDLING_MODE: Key<String> =
    Key::new("event.deserialization.failure.handling.mode")
        .default("fail")
        .check(Check::OneOfAnyCase(&["warn", "fail", "ignore", "skip"]))
        .recommended(&["warn", "fail", "ignore", "skip"])
        .medium()
        .group("Events")
        .width(Width::Short)
        .display_name("Event deserialization failure handling")
        .doc("Older name of event.processing.failure.handling.mode.");

/// What to do with a change of a table whose structure is not known: fail, warn, or skip.
pub const INCONSISTENT_SCHEMA_HANDLING_MODE: Key<String> = Key::new(
    "inconsistent.schema.handling.mode",
)
.default("fail")
.check(Check::OneOfAnyCase(&["warn", "fail", "ignore", "skip"]))
.recommended(&["warn", "fail", "ignore", "skip"])
.medium()
.group("Events")
.width(Width::Short)
.display_name("Inconsistent schema failure handling")
.doc("What to do with a change of a table whose structure is not known: fail, warn, or skip.");

/// Changes from GTID sources that are not included are not sent.
pub const GTID_SOURCE_FILTER_DML_EVENTS: Key<bool> = Key::new("gtid.source.filter.dml.events")
    .default("true")
    .medium()
    .group("Events")
    .width(Width::Short)
    .display_name("Filter DML events")
    .doc("Changes from GTID sources that are not included are not sent.");

/// Go on by file and position though the offset has GTIDs.
pub const GTID_IGNORE_ON_RECOVERY: Key<bool> = Key::new("gtid.ignore.on.recovery")
    .default("false")
    .group("Events")
    .width(Width::Short)
    .display_name("Ignore GTID on recovery")
    .doc("Go on by file and position though the offset has GTIDs.");

/// Regular expressions for the source UUIDs whose GTIDs count for the starting position.
pub const GTID_SOURCE_INCLUDES: Key<Option<Vec<String>>> = Key::new("gtid.source.includes")
    .default_null()
    .high()
    .group("Events")
    .width(Width::Long)
    .display_name("Include GTID sources")
    .dependents(&["table.include.list"])
    .doc("Regular expressions for the source UUIDs whose GTIDs count for the starting position.");

/// Regular expressions for the source UUIDs whose GTIDs do not count for the starting position.
pub const GTID_SOURCE_EXCLUDES: Key<Option<String>> = Key::new("gtid.source.excludes")
    .default_null()
    .medium()
    .group("Events")
    .width(Width::Long)
    .display_name("Exclude GTID sources")
    .doc("Regular expressions for the source UUIDs whose GTIDs do not count for the starting position.");

/// Maker of the source block.
pub const SOURCEINFO_STRUCT_MAKER: Key<ClassName> = Key::new("sourceinfo.struct.maker")
    .default("io.debezium.connector.mysql.MySqlSourceInfoStructMaker")
    .group("Events")
    .width(Width::Medium)
    .display_name("Source info struct maker class")
    .doc("Maker of the source block.");

/// What stands between the parts of a topic's name.
pub const TOPIC_DELIMITER: Key<String> = Key::new("topic.delimiter")
    .default(".")
    .group("Events")
    .width(Width::Medium)
    .display_name("Topic delimiter")
    .doc("What stands between the parts of a topic's name.");

/// First part of the name of the heartbeat topic.
pub const TOPIC_HEARTBEAT_PREFIX: Key<String> = Key::new("topic.heartbeat.prefix")
    .default("__debezium-heartbeat")
    .group("Events")
    .width(Width::Medium)
    .display_name("Heartbeat topic prefix")
    .doc("First part of the name of the heartbeat topic.");

/// Last part of the name of the transaction topic.
pub const TOPIC_TRANSACTION: Key<String> = Key::new("topic.transaction")
    .default("transaction")
    .group("Events")
    .width(Width::Medium)
    .display_name("Transaction topic")
    .doc("Last part of the name of the transaction topic.");

/// Cache of the original.
pub const TOPIC_CACHE_SIZE: Key<i32> = Key::new("topic.cache.size")
    .default("10000")
    .group("Events")
    .width(Width::Medium)
    .display_name("Topic cache size")
    .doc("Cache of the original.");

/// Retries of signal windows.
pub const SIGNAL_EMIT_FAILURE_MAX_RETRIES: Key<i32> = Key::new("signal.emit.failure.max.retries")
    .default("0")
    .group("Events")
    .width(Width::Medium)
    .display_name("Signal retries")
    .doc("Retries of signal windows.");

/// Pause between retries of signal windows.
pub const SIGNAL_EMIT_FAILURE_BACKOFF_MS: Key<i64> = Key::new("signal.emit.failure.backoff.ms")
    .default("10000")
    .group("Events")
    .width(Width::Medium)
    .display_name("Signal back-off")
    .doc("Pause between retries of signal windows.");

/// File for signals.
pub const SIGNAL_FILE: Key<Option<String>> = Key::new("signal.file")
    .default_null()
    .group("Events")
    .width(Width::Medium)
    .display_name("Signal file")
    .doc("File for signals.");

/// Topic for signals.
pub const SIGNAL_KAFKA_TOPIC: Key<Option<String>> = Key::new("signal.kafka.topic")
    .default_null()
    .group("Events")
    .width(Width::Medium)
    .display_name("Signal topic")
    .doc("Topic for signals.");

/// Kafka cluster of the signal topic.
pub const SIGNAL_KAFKA_BOOTSTRAP_SERVERS: Key<Option<String>> =
    Key::new("signal.kafka.bootstrap.servers")
        .default_null()
        .group("Events")
        .width(Width::Medium)
        .display_name("Signal topic's brokers")
        .doc("Kafka cluster of the signal topic.");

/// How long to wait for signals.
pub const SIGNAL_KAFKA_POLL_TIMEOUT_MS: Key<i32> = Key::new("signal.kafka.poll.timeout.ms")
    .default("0")
    .group("Events")
    .width(Width::Medium)
    .display_name("Signal topic poll timeout")
    .doc("How long to wait for signals.");

/// Consumer group of the signal topic.
pub const SIGNAL_KAFKA_GROUPID: Key<String> = Key::new("signal.kafka.groupId")
    .default("kafka-signal")
    .group("Events")
    .width(Width::Medium)
    .display_name("Signal consumer group")
    .doc("Consumer group of the signal topic.");

/// Watch of the original for offsets that stand still.
pub const INTERNAL_OFFSET_ACTIVITY_MONITOR_INTERVAL_MS: Key<i64> =
    Key::new("internal.offset.activity.monitor.interval.ms")
        .default("0")
        .group("Events")
        .width(Width::Medium)
        .display_name("Offset activity monitor interval")
        .doc("Watch of the original for offsets that stand still.");

/// Errors that the original retries.
pub const INTERNAL_CUSTOM_RETRIABLE_EXCEPTION: Key<Option<String>> =
    Key::new("internal.custom.retriable.exception")
        .default_null()
        .group("Events")
        .width(Width::Medium)
        .display_name("Custom retriable exception")
        .doc("Errors that the original retries.");

/// Adds the keys to `definition`.
pub(super) fn add_to(definition: ConfigDef) -> ConfigDef {
    definition
        .with(&CONVERTERS)
        .with(&POST_PROCESSORS)
        .with(&TOMBSTONES_ON_DELETE)
        .with(&HEARTBEAT_INTERVAL_MS)
        .with(&HEARTBEAT_TOPICS_PREFIX)
        .with(&SIGNAL_DATA_COLLECTION)
        .with(&SIGNAL_POLL_INTERVAL_MS)
        .with(&SIGNAL_ENABLED_CHANNELS)
        .with(&TOPIC_NAMING_STRATEGY)
        .with(&NOTIFICATION_ENABLED_CHANNELS)
        .with(&NOTIFICATION_SINK_TOPIC_NAME)
        .with(&TRANSACTION_METADATA_FACTORY)
        .with(&CUSTOM_METRIC_TAGS)
        .with(&COLUMN_INCLUDE_LIST)
        .with(&COLUMN_EXCLUDE_LIST)
        .with(&TABLE_INCLUDE_LIST)
        .with(&TABLE_EXCLUDE_LIST)
        .with(&MESSAGE_KEY_COLUMNS)
        .with(&SNAPSHOT_SELECT_STATEMENT_OVERRIDES)
        .with(&COLUMN_MASK_HASH)
        .with(&COLUMN_MASK_WITH_CHARS)
        .with(&COLUMN_TRUNCATE_TO_CHARS)
        .with(&INCLUDE_SCHEMA_CHANGES)
        .with(&INCLUDE_SCHEMA_COMMENTS)
        .with(&COLUMN_PROPAGATE_SOURCE_TYPE)
        .with(&DATATYPE_PROPAGATE_SOURCE_TYPE)
        .with(&INTERNAL_SNAPSHOT_SCAN_ALL_COLUMNS_FORCE)
        .with(&SNAPSHOT_TABLES_ORDER_BY_ROW_COUNT)
        .with(&HEARTBEAT_ACTION_QUERY)
        .with(&INCLUDE_QUERY)
        .with(&TABLE_IGNORE_BUILTIN)
        .with(&DATABASE_INCLUDE_LIST)
        .with(&DATABASE_EXCLUDE_LIST)
        .with(&BINLOG_BUFFER_SIZE)
        .with(&EVENT_DESERIALIZATION_FAILURE_HANDLING_MODE)
        .with(&INCONSISTENT_SCHEMA_HANDLING_MODE)
        .with(&GTID_SOURCE_FILTER_DML_EVENTS)
        .with(&GTID_IGNORE_ON_RECOVERY)
        .with(&GTID_SOURCE_INCLUDES)
        .with(&GTID_SOURCE_EXCLUDES)
        .with(&SOURCEINFO_STRUCT_MAKER)
        .with(&TOPIC_DELIMITER)
        .with(&TOPIC_HEARTBEAT_PREFIX)
        .with(&TOPIC_TRANSACTION)
        .with(&TOPIC_CACHE_SIZE)
        .with(&SIGNAL_EMIT_FAILURE_MAX_RETRIES)
        .with(&SIGNAL_EMIT_FAILURE_BACKOFF_MS)
        .with(&SIGNAL_FILE)
        .with(&SIGNAL_KAFKA_TOPIC)
        .with(&SIGNAL_KAFKA_BOOTSTRAP_SERVERS)
        .with(&SIGNAL_KAFKA_POLL_TIMEOUT_MS)
        .with(&SIGNAL_KAFKA_GROUPID)
        .with(&INTERNAL_OFFSET_ACTIVITY_MONITOR_INTERVAL_MS)
        .with(&INTERNAL_CUSTOM_RETRIABLE_EXCEPTION)
}
