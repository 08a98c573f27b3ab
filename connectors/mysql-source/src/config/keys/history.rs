//! Keys of the schema history, in the order of the original.

use connect_api::config::{Check, ClassName, ConfigDef, Key, Width};

/// Where the schema history is kept: KafkaSchemaHistory or FileSchemaHistory.
pub const SCHEMA_HISTORY: Key<ClassName> = Key::new("schema.history.internal")
    .default("io.debezium.storage.kafka.history.KafkaSchemaHistory")
    .group("History Storage")
    .width(Width::Long)
    .display_name("Database schema history class")
    .aliases(&["database.history"])
    .doc("Where the schema history is kept: KafkaSchemaHistory or FileSchemaHistory.");

/// Skip DDL that cannot be parsed instead of failing.
pub const SCHEMA_HISTORY_SKIP_UNPARSEABLE_DDL: Key<bool> =
    Key::new("schema.history.internal.skip.unparseable.ddl")
        .default("false")
        .group("History Storage")
        .width(Width::Short)
        .display_name("Skip DDL statements that cannot be parsed")
        .aliases(&["database.history.skip.unparseable.ddl"])
        .doc("Skip DDL that cannot be parsed instead of failing.");

/// Keep only the DDL of captured tables.
pub const SCHEMA_HISTORY_STORE_ONLY_CAPTURED_TABLES_DDL: Key<bool> =
    Key::new("schema.history.internal.store.only.captured.tables.ddl")
        .default("false")
        .group("History Storage")
        .width(Width::Short)
        .display_name(
            "Store only DDL that modifies tables that are captured based on include/exclude lists",
        )
        .aliases(&[
            "database.history.store.only.captured.tables.ddl",
            "database.history.store.only.monitored.tables.ddl",
        ])
        .doc("Keep only the DDL of captured tables.");

/// Keep only the DDL of captured databases.
pub const SCHEMA_HISTORY_STORE_ONLY_CAPTURED_DATABASES_DDL: Key<bool> = Key::new("schema.history.internal.store.only.captured.databases.ddl")
    .default("false")
    .group("History Storage")
    .width(Width::Short)
    .display_name("Store only DDL that modifies tables of databases that are captured based on include/exclude lists")
    .doc("Keep only the DDL of captured databases.");

/// Topic of the schema history; one for each connector, with one partition and without compaction.
pub const SCHEMA_HISTORY_KAFKA_TOPIC: Key<Option<String>> = Key::new("schema.history.internal.kafka.topic")
    .default_null()
    .high()
    .group("History Storage")
    .width(Width::Long)
    .display_name("Database schema history topic name")
    .aliases(&["database.history.kafka.topic"])
    .doc("Topic of the schema history; one for each connector, with one partition and without compaction.");

/// Kafka cluster of the schema history topic.
pub const SCHEMA_HISTORY_KAFKA_BOOTSTRAP_SERVERS: Key<Option<String>> =
    Key::new("schema.history.internal.kafka.bootstrap.servers")
        .default_null()
        .high()
        .group("History Storage")
        .width(Width::Long)
        .display_name("Kafka broker addresses")
        .aliases(&["database.history.kafka.bootstrap.servers"])
        .doc("Kafka cluster of the schema history topic.");

/// How long to wait for more of the history, in milliseconds.
pub const SCHEMA_HISTORY_KAFKA_RECOVERY_POLL_INTERVAL_MS: Key<i32> =
    Key::new("schema.history.internal.kafka.recovery.poll.interval.ms")
        .default("100")
        .group("History Storage")
        .width(Width::Short)
        .display_name("Poll interval during recovery (ms)")
        .aliases(&["database.history.kafka.recovery.poll.interval.ms"])
        .doc("How long to wait for more of the history, in milliseconds.");

/// How often in a row the history may give nothing before its end.
pub const SCHEMA_HISTORY_KAFKA_RECOVERY_ATTEMPTS: Key<i32> =
    Key::new("schema.history.internal.kafka.recovery.attempts")
        .default("100")
        .group("History Storage")
        .width(Width::Short)
        .display_name("Max attempts to recovery")
        .aliases(&["database.history.kafka.recovery.attempts"])
        .doc("How often in a row the history may give nothing before its end.");

/// How long a question to the cluster may take, in milliseconds.
pub const SCHEMA_HISTORY_KAFKA_QUERY_TIMEOUT_MS: Key<i64> =
    Key::new("schema.history.internal.kafka.query.timeout.ms")
        .default("3000")
        .group("History Storage")
        .width(Width::Short)
        .display_name("Kafka admin client query timeout (ms)")
        .aliases(&["database.history.kafka.query.timeout.ms"])
        .doc("How long a question to the cluster may take, in milliseconds.");

/// How long the creation of the topic may take, in milliseconds.
pub const SCHEMA_HISTORY_KAFKA_CREATE_TIMEOUT_MS: Key<i64> =
    Key::new("schema.history.internal.kafka.create.timeout.ms")
        .default("30000")
        .group("History Storage")
        .width(Width::Short)
        .display_name("Kafka admin client create timeout (ms)")
        .aliases(&["database.history.kafka.create.timeout.ms"])
        .doc("How long the creation of the topic may take, in milliseconds.");

/// How many history records of a snapshot are sent together.
pub const SCHEMA_HISTORY_KAFKA_BUFFER_BATCH_SIZE: Key<i32> =
    Key::new("schema.history.internal.kafka.buffer.batch.size")
        .default("1024")
        .group("History Storage")
        .width(Width::Short)
        .display_name("Schema history buffer batch size")
        .doc("How many history records of a snapshot are sent together.");

/// File of the schema history.
pub const SCHEMA_HISTORY_FILE_FILENAME: Key<Option<String>> =
    Key::new("schema.history.internal.file.filename")
        .default_null()
        .high()
        .group("History Storage")
        .width(Width::Long)
        .display_name("Database schema history file path")
        .aliases(&["database.history.file.filename"])
        .doc("File of the schema history.");

/// Name of the history in logs.
pub const SCHEMA_HISTORY_NAME: Key<Option<String>> = Key::new("schema.history.internal.name")
    .default_null()
    .group("History Storage")
    .width(Width::Long)
    .display_name("Logical name for the database schema history")
    .aliases(&["database.history.name"])
    .doc("Name of the history in logs.");

/// Regular expressions for statements that are not DDL of interest.
pub const SCHEMA_HISTORY_DDL_FILTER: Key<Option<String>> =
    Key::new("schema.history.internal.ddl.filter")
        .default_null()
        .group("History Storage")
        .width(Width::Medium)
        .display_name("DDL filter")
        .aliases(&[
            "internal.schema.history.internal.ddl.filter",
            "database.history.ddl.filter",
        ])
        .doc("Regular expressions for statements that are not DDL of interest.");

/// Set by the original for its metrics.
pub const SCHEMA_HISTORY_CONNECTOR_CLASS: Key<Option<String>> =
    Key::new("schema.history.internal.connector.class")
        .default_null()
        .group("History Storage")
        .width(Width::Long)
        .display_name("The class of the connector")
        .doc("Set by the original for its metrics.");

/// Set by the original for its metrics.
pub const SCHEMA_HISTORY_CONNECTOR_ID: Key<Option<String>> =
    Key::new("schema.history.internal.connector.id")
        .default_null()
        .group("History Storage")
        .width(Width::Long)
        .display_name("The id of the connector")
        .doc("Set by the original for its metrics.");

/// Sharing of equal schema objects in the original.
pub const SCHEMA_HISTORY_MEMORY_OPTIMIZATION: Key<String> =
    Key::new("schema.history.internal.memory.optimization")
        .default("off")
        .check(Check::OneOfAnyCase(&["off", "on"]))
        .recommended(&["off", "on"])
        .group("History Storage")
        .width(Width::Short)
        .display_name("Memory optimization")
        .doc("Sharing of equal schema objects in the original.");

/// Rebuild structures from the DDL though the history has them.
pub const SCHEMA_HISTORY_PREFER_DDL: Key<bool> = Key::new("schema.history.internal.prefer.ddl")
    .default("false")
    .group("History Storage")
    .width(Width::Short)
    .display_name("Prefer DDL for schema recovery")
    .doc("Rebuild structures from the DDL though the history has them.");

/// Adds the keys to `definition`.
pub(super) fn add_to(definition: ConfigDef) -> ConfigDef {
    definition
        .with(&SCHEMA_HISTORY)
        .with(&SCHEMA_HISTORY_SKIP_UNPARSEABLE_DDL)
        .with(&SCHEMA_HISTORY_STORE_ONLY_CAPTURED_TABLES_DDL)
        .with(&SCHEMA_HISTORY_STORE_ONLY_CAPTURED_DATABASES_DDL)
        .with(&SCHEMA_HISTORY_KAFKA_TOPIC)
        .with(&SCHEMA_HISTORY_KAFKA_BOOTSTRAP_SERVERS)
        .with(&SCHEMA_HISTORY_KAFKA_RECOVERY_POLL_INTERVAL_MS)
        .with(&SCHEMA_HISTORY_KAFKA_RECOVERY_ATTEMPTS)
        .with(&SCHEMA_HISTORY_KAFKA_QUERY_TIMEOUT_MS)
        .with(&SCHEMA_HISTORY_KAFKA_CREATE_TIMEOUT_MS)
        .with(&SCHEMA_HISTORY_KAFKA_BUFFER_BATCH_SIZE)
        .with(&SCHEMA_HISTORY_FILE_FILENAME)
        .with(&SCHEMA_HISTORY_NAME)
        .with(&SCHEMA_HISTORY_DDL_FILTER)
        .with(&SCHEMA_HISTORY_CONNECTOR_CLASS)
        .with(&SCHEMA_HISTORY_CONNECTOR_ID)
        .with(&SCHEMA_HISTORY_MEMORY_OPTIMIZATION)
        .with(&SCHEMA_HISTORY_PREFER_DDL)
}
