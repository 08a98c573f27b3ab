//! Keys of snapshots.

use connect_api::config::{Check, Key, Width};

use crate::config::validate::at_least_zero;

/// How long to wait before the snapshot, in milliseconds.
pub const SNAPSHOT_DELAY_MS: Key<i64> = Key::new("snapshot.delay.ms")
    .default("0")
    .check(Check::AtLeast(0))
    .group("Connector")
    .width(Width::Medium)
    .display_name("Snapshot Delay (milliseconds)")
    .doc("How long to wait before the snapshot, in milliseconds.");

/// How long to wait between the snapshot and streaming, in milliseconds.
pub const STREAMING_DELAY_MS: Key<i64> = Key::new("streaming.delay.ms")
    .default("0")
    .check(Check::AtLeast(0))
    .group("Connector")
    .width(Width::Medium)
    .display_name("Streaming Delay (milliseconds)")
    .doc("How long to wait between the snapshot and streaming, in milliseconds.");

/// Regular expressions for the tables whose rows are in the snapshot; all captured tables otherwise.
pub const SNAPSHOT_INCLUDE_COLLECTION_LIST: Key<Option<Vec<String>>> = Key::new("snapshot.include.collection.list")
    .default_null()
    .medium()
    .group("Connector")
    .width(Width::Long)
    .display_name("Snapshot mode include data collection")
    .aliases(&["snapshot.include.list"])
    .doc("Regular expressions for the tables whose rows are in the snapshot; all captured tables otherwise.");

/// Rows that the original fetches at once in a snapshot; here rows are always streamed.
pub const SNAPSHOT_FETCH_SIZE: Key<Option<i32>> = Key::new("snapshot.fetch.size")
    .default_null()
    .check(Check::Custom(at_least_zero))
    .medium()
    .group("Connector")
    .width(Width::Medium)
    .display_name("Snapshot fetch size")
    .doc("Rows that the original fetches at once in a snapshot; here rows are always streamed.");

/// Threads of the snapshot; one here.
pub const SNAPSHOT_MAX_THREADS: Key<i32> = Key::new("snapshot.max.threads")
    .default("1")
    .check(Check::AtLeast(1))
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Snapshot maximum threads")
    .doc("Threads of the snapshot; one here.");

/// Chunks of a parallel snapshot.
pub const SNAPSHOT_MAX_THREADS_MULTIPLIER: Key<i32> = Key::new("snapshot.max.threads.multiplier")
    .default("1")
    .check(Check::AtLeast(1))
    .medium()
    .group("Connector")
    .width(Width::Short)
    .display_name("Snapshot maximum thread multiplier")
    .doc("Chunks of a parallel snapshot.");

/// Older form of parallel snapshots.
pub const LEGACY_SNAPSHOT_MAX_THREADS: Key<bool> = Key::new("legacy.snapshot.max.threads")
    .default("false")
    .group("Connector")
    .width(Width::Short)
    .display_name("Enforces using a single thread per table regardless of table size")
    .aliases(&["internal.legacy.snapshot.max.threads"])
    .doc("Older form of parallel snapshots.");

/// Name of a custom snapshotter.
pub const SNAPSHOT_MODE_CUSTOM_NAME: Key<Option<String>> = Key::new("snapshot.mode.custom.name")
    .default_null()
    .medium()
    .group("Connector")
    .width(Width::Medium)
    .display_name("Snapshot Mode Custom Name")
    .doc("Name of a custom snapshotter.");

/// With snapshot.mode configuration_based: take the rows.
pub const SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_DATA: Key<bool> =
    Key::new("snapshot.mode.configuration.based.snapshot.data")
        .default("false")
        .medium()
        .group("Connector")
        .width(Width::Medium)
        .display_name("Snapshot mode property based snapshot data")
        .doc("With snapshot.mode configuration_based: take the rows.");

/// With snapshot.mode configuration_based: take the table structures.
pub const SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_SCHEMA: Key<bool> =
    Key::new("snapshot.mode.configuration.based.snapshot.schema")
        .default("false")
        .medium()
        .group("Connector")
        .width(Width::Medium)
        .display_name("Snapshot mode property based snapshot schema")
        .doc("With snapshot.mode configuration_based: take the table structures.");

/// With snapshot.mode configuration_based: stream after the snapshot.
pub const SNAPSHOT_MODE_CONFIGURATION_BASED_START_STREAM: Key<bool> =
    Key::new("snapshot.mode.configuration.based.start.stream")
        .default("false")
        .medium()
        .group("Connector")
        .width(Width::Medium)
        .display_name("Snapshot mode property based start stream")
        .doc("With snapshot.mode configuration_based: stream after the snapshot.");

/// With snapshot.mode configuration_based: take the structures when the schema history is gone.
pub const SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_ON_SCHEMA_ERROR: Key<bool> = Key::new(
    "snapshot.mode.configuration.based.snapshot.on.schema.error",
)
.default("false")
.medium()
.group("Connector")
.width(Width::Medium)
.display_name("Snapshot mode property based snapshot on schema error")
.doc(
    "With snapshot.mode configuration_based: take the structures when the schema history is gone.",
);

/// With snapshot.mode configuration_based: take a snapshot when the offset is no longer in the binlog.
pub const SNAPSHOT_MODE_CONFIGURATION_BASED_SNAPSHOT_ON_DATA_ERROR: Key<bool> = Key::new("snapshot.mode.configuration.based.snapshot.on.data.error")
    .default("false")
    .medium()
    .group("Connector")
    .width(Width::Medium)
    .display_name("Snapshot mode property based snapshot on data error")
    .doc("With snapshot.mode configuration_based: take a snapshot when the offset is no longer in the binlog.");

/// Watermarks of incremental snapshots.
pub const INCREMENTAL_SNAPSHOT_WATERMARKING_STRATEGY: Key<String> =
    Key::new("incremental.snapshot.watermarking.strategy")
        .default("INSERT_INSERT")
        .check(Check::OneOfAnyCase(&["insert_delete", "insert_insert"]))
        .recommended(&["insert_delete", "insert_insert"])
        .group("Connector")
        .width(Width::Medium)
        .display_name("Incremental snapshot watermarking strategy")
        .doc("Watermarks of incremental snapshots.");

/// How long to wait for the read lock, in milliseconds.
pub const SNAPSHOT_LOCK_TIMEOUT_MS: Key<i64> = Key::new("snapshot.lock.timeout.ms")
    .default("10000")
    .medium()
    .group("Connector")
    .width(Width::Long)
    .display_name("Snapshot lock timeout (ms)")
    .doc("How long to wait for the read lock, in milliseconds.");

/// When to take a snapshot: initial (without offset), always, initial_only (and no streaming), no_data (structures only), when_needed (also when the offset is gone), recovery (rebuild the schema history), never, configuration_based.
pub const SNAPSHOT_MODE: Key<String> = Key::new("snapshot.mode")
    .default("initial")
    .check(Check::OneOfAnyCase(&["always", "initial_only", "configuration_based", "when_needed", "initial", "custom", "no_data", "recovery", "schema_only", "schema_only_recovery", "never"]))
    .recommended(&["always", "initial_only", "configuration_based", "when_needed", "initial", "custom", "no_data", "recovery"])
    .group("Connector")
    .width(Width::Short)
    .display_name("Snapshot mode")
    .doc("When to take a snapshot: initial (without offset), always, initial_only (and no streaming), no_data (structures only), when_needed (also when the offset is gone), recovery (rebuild the schema history), never, configuration_based.");

/// How rows are selected: select_all.
pub const SNAPSHOT_QUERY_MODE: Key<String> = Key::new("snapshot.query.mode")
    .default("select_all")
    .check(Check::OneOfAnyCase(&["custom", "select_all"]))
    .recommended(&["custom", "select_all"])
    .group("Connector")
    .width(Width::Short)
    .display_name("Snapshot query mode")
    .doc("How rows are selected: select_all.");

/// Name of a custom snapshot query.
pub const SNAPSHOT_QUERY_MODE_CUSTOM_NAME: Key<Option<String>> =
    Key::new("snapshot.query.mode.custom.name")
        .default_null()
        .medium()
        .group("Connector")
        .width(Width::Medium)
        .display_name("Snapshot Query Mode Custom Name")
        .doc("Name of a custom snapshot query.");

/// Rows in a chunk of an incremental snapshot.
pub const INCREMENTAL_SNAPSHOT_CHUNK_SIZE: Key<i32> = Key::new("incremental.snapshot.chunk.size")
    .default("1024")
    .check(Check::AtLeast(1))
    .medium()
    .group("Connector")
    .width(Width::Medium)
    .display_name("Incremental snapshot chunk size")
    .doc("Rows in a chunk of an incremental snapshot.");

/// Schema changes during an incremental snapshot.
pub const INCREMENTAL_SNAPSHOT_ALLOW_SCHEMA_CHANGES: Key<bool> =
    Key::new("incremental.snapshot.allow.schema.changes")
        .default("false")
        .group("Connector")
        .width(Width::Short)
        .display_name("Allow schema changes during incremental snapshot if supported.")
        .doc("Schema changes during an incremental snapshot.");

/// minimal: writes are blocked until the structures are read; extended: until all rows are read; none: not at all.
pub const SNAPSHOT_LOCKING_MODE: Key<String> = Key::new("snapshot.locking.mode")
    .default("minimal")
    .check(Check::OneOfAnyCase(&["minimal", "minimal_percona", "custom", "none", "minimal_percona_no_table_locks", "extended"]))
    .recommended(&["minimal", "minimal_percona", "custom", "none", "minimal_percona_no_table_locks", "extended"])
    .group("Connector")
    .width(Width::Short)
    .display_name("Snapshot locking mode")
    .doc("minimal: writes are blocked until the structures are read; extended: until all rows are read; none: not at all.");

/// Name of a custom locking mode.
pub const SNAPSHOT_LOCKING_MODE_CUSTOM_NAME: Key<Option<String>> =
    Key::new("snapshot.locking.mode.custom.name")
        .default_null()
        .medium()
        .group("Connector")
        .width(Width::Medium)
        .display_name("Snapshot Locking Mode Custom Name")
        .doc("Name of a custom locking mode.");
