//! The keys of Debezium's sink (3.5).

use connect_api::config::{Check, ClassName, ConfigDef, ConfigValue, Key, Secret, Width};
use connect_api::regex::JavaRegex;
use connect_api::{Props, Result};

use super::confluent::zone_of;
use super::extensions::{AUTO_WIDEN, EXACTLY_ONCE, OFFSETS_TABLE, ZONE, with_extensions};
use super::{
    FieldFilter, Flavor, InsertMode, PkMode, SinkSettings, connector_name, millis, number,
};
use crate::buffer::Duplicates;
use crate::dialect::Quoting;
use crate::table::TableKind;
use crate::values::encode::Style;
use crate::values::temporal::Calendar;
use crate::values::{Unit, Zone};

const CONNECTION: &str = "Connection";
const CONNECTOR: &str = "Connector";
const ADVANCED: &str = "Connector Advanced";

const URL: Key<String> = Key::new("connection.url")
    .high()
    .group(CONNECTION)
    .width(Width::Long)
    .display_name("Hostname")
    .doc("Valid JDBC URL");
const USER: Key<String> = Key::new("connection.username")
    .high()
    .group(CONNECTION)
    .width(Width::Short)
    .display_name("User")
    .doc("Name of the database user to be used when connecting to the connection.");
const PASSWORD: Key<Option<Secret>> = Key::new("connection.password")
    .default_null()
    .high()
    .group(CONNECTION)
    .width(Width::Short)
    .display_name("Password")
    .doc("Password of the database user to be used when connecting to the connection.");
pub(super) const POOL_MIN: Key<i32> = Key::new("connection.pool.min_size")
    .default("5")
    .group(CONNECTION)
    .display_name("Connection pool minimum size")
    .doc("Minimum number of connection in the connection pool");
pub(super) const POOL_MAX: Key<i32> = Key::new("connection.pool.max_size")
    .default("32")
    .group(CONNECTION)
    .display_name("Connection pool maximum size")
    .doc("Maximum number of connection in the connection pool");
pub(super) const POOL_TIMEOUT: Key<i64> = Key::new("connection.pool.timeout")
    .default("1800")
    .group(CONNECTION)
    .display_name("Connection pool timeout")
    .doc("Connection pool timeout");
const INSERT_MODE: Key<String> = Key::new("insert.mode")
    .default("insert")
    .check(Check::OneOfAnyCase(&["insert", "upsert", "update"]))
    .recommended(&["insert", "upsert", "update"])
    .group(CONNECTOR)
    .display_name("The insertion mode to use")
    .doc(
        "The insertion mode to use. 'insert' - the default mode, uses standard SQL insert statements; 'upsert' - uses \
         upsert semantics for the database if its supported and requires setting primary.key.mode and \
         primary.key.fields;'update' - uses update semantics for the database if its supported.",
    );
pub(super) const DELETE: Key<bool> = Key::new("delete.enabled")
    .default("false")
    .group(CONNECTOR)
    .display_name("Controls whether records can be deleted by the connector")
    .doc("Whether to treat `null` record values as deletes. Requires primary.key.mode to be `record.key`.");
const TRUNCATE: Key<bool> = Key::new("truncate.enabled")
    .default("false")
    .group(CONNECTOR)
    .display_name("Controls whether tables can be truncated by the connector")
    .doc("Whether to process debezium event `t` as truncate statement.");
const FORMAT: Key<String> = Key::new("collection.name.format")
    .default("${topic}")
    .aliases(&["table.name.format"])
    .medium()
    .group(CONNECTOR)
    .display_name("A format string for the collection name")
    .doc(
        "A format string for the table, which may contain '${topic}' as a placeholder for the original topic name.",
    );
pub(super) const PK_MODE: Key<String> = Key::new("primary.key.mode")
    .default("none")
    .check(Check::OneOfAnyCase(PK_MODES))
    .recommended(PK_MODES)
    .high()
    .group(CONNECTOR)
    .display_name("Primary key mode")
    .doc("The primary key mode.");
const PK_MODES: &[&str] = &[
    "none",
    "kafka",
    "record_key",
    "record_value",
    "record_header",
];
const PK_FIELDS: Key<Option<Vec<String>>> = Key::new("primary.key.fields")
    .default_null()
    .group(CONNECTOR)
    .display_name("Comma-separated list of primary key field names")
    .doc(
        "A comma-separated list of primary key field names. This is interpreted differently depending on \
         primary.key.mode.",
    );
const EVOLUTION: Key<String> = Key::new("schema.evolution")
    .default("none")
    .check(Check::OneOfAnyCase(&["none", "basic"]))
    .recommended(&["none", "basic"])
    .group(CONNECTOR)
    .display_name("Controls how schema evolution is handled by the sink connector")
    .doc("Controls how schema evolution is handled by the sink connector");
const QUOTE: Key<bool> = Key::new("quote.identifiers")
    .default("false")
    .group(CONNECTOR)
    .display_name("Controls whether table, column, or other identifiers are quoted")
    .doc(
        "When enabled, table, column, and other identifiers are quoted based on the database dialect. When disabled, \
         only explicit cases where the dialect requires quoting will be used, such as names starting with an \
         underscore.",
    );
const NAMING: Key<ClassName> = Key::new("collection.naming.strategy")
    .default(DEFAULT_NAMING)
    .aliases(&["table.naming.strategy"])
    .check(Check::Custom(|value| only(value, DEFAULT_NAMINGS)))
    .group(CONNECTOR)
    .display_name("CollectionNamingStrategy class")
    .doc("Name of the strategy class that defines the collection name from the topic name.");
const DEFAULT_NAMING: &str = "io.debezium.sink.naming.DefaultCollectionNamingStrategy";
const DEFAULT_NAMINGS: &[&str] = &[
    DEFAULT_NAMING,
    "io.debezium.connector.jdbc.naming.DefaultTableNamingStrategy",
];
const COLUMN_NAMING: Key<ClassName> = Key::new("column.naming.strategy")
    .default(DEFAULT_COLUMN_NAMING)
    .check(Check::Custom(|value| only(value, &[DEFAULT_COLUMN_NAMING])))
    .group(CONNECTOR)
    .display_name("Name of the strategy class that implements the ColumnNamingStrategy interface")
    .doc("Name of the strategy class that implements the ColumnNamingStrategy interface.");
const DEFAULT_COLUMN_NAMING: &str = "io.debezium.connector.jdbc.naming.DefaultColumnNamingStrategy";
const TIMEZONE: Key<String> = Key::new("use.time.zone")
    .default("UTC")
    .aliases(&["database.time_zone"])
    .check(ZONE)
    .group(CONNECTOR)
    .display_name("The timezone used when inserting temporal values.")
    .doc("The timezone used when inserting temporal values. Defaults to UTC.");
pub(super) const POSTGIS: Key<String> = Key::new("dialect.postgres.postgis.schema")
    .default("public")
    .group(CONNECTOR)
    .display_name("Name of the schema where postgis extension is installed")
    .doc("Name of the schema where postgis extension is installed. Default is public");
pub(super) const UNNEST: Key<bool> = Key::new("dialect.postgres.unnest.insert.enabled")
    .default("false")
    .group(CONNECTOR)
    .display_name("Enable UNNEST-based batch inserts for PostgreSQL")
    .doc("When enabled, uses PostgreSQL UNNEST() for batch inserts. Here batches always are single statements.");
pub(super) const IDENTITY: Key<bool> = Key::new("dialect.sqlserver.identity.insert")
    .default("false")
    .group(CONNECTOR)
    .display_name("Allowing to insert explicit value for identity column in table for SQLSERVER.")
    .doc("Allowing to insert explicit value for identity column in table for SQLSERVER.");
const BATCH_SIZE: Key<i32> = Key::new("batch.size")
    .default("500")
    .check(Check::AtLeast(0))
    .medium()
    .group(CONNECTOR)
    .display_name("Specifies how many records to attempt to batch together into the destination table, when possible.")
    .doc(
        "Specifies how many records to attempt to batch together into the destination table, when possible. You can \
         also configure the connector’s underlying consumer’s max.poll.records using \
         consumer.override.max.poll.records in the connector configuration.",
    );
const REDUCTION: Key<bool> = Key::new("use.reduction.buffer")
    .default("false")
    .medium()
    .group(CONNECTOR)
    .display_name("Specifies whether to use the reduction buffer.")
    .doc(
        "A reduction buffer consolidates the execution of SQL statements by primary key to reduce the SQL load on the \
         target database. Here only insert.mode=insert differs by it: the others reduce by keyed.message.batch.mode.",
    );
const KEYED_BATCHES: Key<String> = Key::new("keyed.message.batch.mode")
    .default("deduplication")
    .check(Check::OneOfAnyCase(&["deduplication", "passthrough"]))
    .recommended(&["deduplication", "passthrough"])
    .medium()
    .group(CONNECTOR)
    .display_name("Keyed message batch mode")
    .doc(
        "Controls how keyed records are batched. 'deduplication' (default) deduplicates records by key within a batch \
         (last-write-wins). 'passthrough' preserves all events and splits batches at duplicate-key boundaries.",
    );
pub(super) const INCLUDE: Key<Option<Vec<String>>> = Key::new("field.include.list")
    .default_null()
    .check(REGEXES)
    .medium()
    .group(CONNECTOR)
    .display_name("Include Fields")
    .doc(
        "A comma-separated list of regular expressions matching fully-qualified names of fields that should be \
         included in change events. The field names must be delimited by the format <topic>:<field> ",
    );
pub(super) const EXCLUDE: Key<Option<Vec<String>>> = Key::new("field.exclude.list")
    .default_null()
    .check(REGEXES)
    .medium()
    .group(CONNECTOR)
    .display_name("Exclude Fields")
    .doc(
        "A comma-separated list of regular expressions matching fully-qualified names of fields that should be \
         excluded from change events. The field names must be delimited by the format <topic>:<field> ",
    );
const REGEXES: Check = Check::Custom(|value| match value {
    ConfigValue::List(patterns) => patterns.iter().try_for_each(|pattern| {
        JavaRegex::new(pattern)
            .map(|_| ())
            .map_err(|error| error.to_string())
    }),
    _ => Ok(()),
});
const RETRIES: Key<i32> = Key::new("flush.max.retries")
    .default("5")
    .check(Check::AtLeast(0))
    .group(ADVANCED)
    .display_name("Max retry count")
    .doc(
        "Max retry count when fail to flush. In case of retriable exceptions, the flush will be retried for the \
         defined max retry count. Default is 5.",
    );
const RETRY_DELAY: Key<i64> = Key::new("flush.retry.delay.ms")
    .default("1000")
    .check(Check::AtLeast(0))
    .group(ADVANCED)
    .display_name("Delay to retry flush")
    .doc("Delay to retry when fail to flush");
pub(super) const RESTART: Key<bool> = Key::new("connection.restart.on.errors")
    .default("false")
    .group(ADVANCED)
    .display_name("Restart connection on errors")
    .doc(
        "Specifies whether the connector should attempt to restart the connection automatically upon \
         connection-related errors. Here it always does.",
    );

/// A key whose value names a Java class: only the default is built in.
fn only(value: &ConfigValue, known: &[&str]) -> std::result::Result<(), String> {
    match value {
        ConfigValue::Class(name) if !known.contains(&name.as_str()) => Err(format!(
            "Java classes cannot be loaded here; only {} is built in (the RegexRouter transformation renames topics, \
             ReplaceField fields)",
            known[0]
        )),
        _ => Ok(()),
    }
}

pub(super) fn config_def() -> ConfigDef {
    with_extensions(
        ConfigDef::new()
            .with(&URL)
            .with(&USER)
            .with(&PASSWORD)
            .with(&POOL_MIN)
            .with(&POOL_MAX)
            .with(&POOL_TIMEOUT)
            .with(&INSERT_MODE)
            .with(&DELETE)
            .with(&TRUNCATE)
            .with(&FORMAT)
            .with(&PK_MODE)
            .with(&PK_FIELDS)
            .with(&EVOLUTION)
            .with(&QUOTE)
            .with(&NAMING)
            .with(&COLUMN_NAMING)
            .with(&TIMEZONE)
            .with(&POSTGIS)
            .with(&UNNEST)
            .with(&IDENTITY)
            .with(&BATCH_SIZE)
            .with(&REDUCTION)
            .with(&KEYED_BATCHES)
            .with(&INCLUDE)
            .with(&EXCLUDE)
            .with(&RETRIES)
            .with(&RETRY_DELAY)
            .with(&RESTART),
    )
}

pub(super) fn parse(props: &Props) -> Result<SinkSettings> {
    let settings = config_def().parse(props)?;
    let patterns = |list: Option<Vec<String>>| -> Result<Vec<JavaRegex>> {
        list.unwrap_or_default()
            .iter()
            .map(|pattern| JavaRegex::new(pattern))
            .collect()
    };
    let included = patterns(settings.get(&INCLUDE)?)?;
    let excluded = patterns(settings.get(&EXCLUDE)?)?;
    let fields = match (included.is_empty(), excluded.is_empty()) {
        (true, true) => FieldFilter::All,
        (false, _) => FieldFilter::Matching {
            patterns: included,
            include: true,
        },
        (true, false) => FieldFilter::Matching {
            patterns: excluded,
            include: false,
        },
    };
    let evolves = settings.get(&EVOLUTION)?.eq_ignore_ascii_case("basic");
    let insert_mode = InsertMode::parse(&settings.get(&INSERT_MODE)?);
    let passes = settings
        .get(&KEYED_BATCHES)?
        .eq_ignore_ascii_case("passthrough");
    let duplicates = match insert_mode.duplicates() {
        Duplicates::LastOnly if passes => Duplicates::Split,
        Duplicates::Kept if settings.get(&REDUCTION)? => Duplicates::LastOnly,
        other => other,
    };
    Ok(SinkSettings {
        flavor: Flavor::Debezium,
        connector: connector_name(props),
        url: settings.get(&URL)?,
        user: Some(settings.get(&USER)?),
        password: settings.get(&PASSWORD)?,
        driver: Vec::new(),
        dialect_name: String::new(),
        connection_attempts: 1,
        connection_backoff: millis(0),
        insert_mode,
        batch_size: number(settings.get(&BATCH_SIZE)?) as usize,
        duplicates,
        delete_enabled: settings.get(&DELETE)?,
        truncate_enabled: settings.get(&TRUNCATE)?,
        table_types: vec![TableKind::Table, TableKind::PartitionedTable],
        replace_null_with_default: false,
        table_format: settings.get(&FORMAT)?,
        topic_tables: Vec::new(),
        table_normalize: false,
        pk_mode: PkMode::parse(&settings.get(&PK_MODE)?),
        pk_fields: settings.get(&PK_FIELDS)?.unwrap_or_default(),
        fields,
        // Debezium reads Connect's and its own timestamps as local ones.
        style: Style {
            zone: zone_of(&settings.get(&TIMEZONE)?)?,
            date_zone: Zone::UTC,
            connect_zone: Zone::UTC,
            calendar: Calendar::Proleptic,
        },
        timestamp_fields: Vec::new(),
        timestamp_unit: Unit::Micros,
        string_column: "record_value".to_owned(),
        auto_create: evolves,
        auto_evolve: evolves,
        auto_widen: settings.get(&AUTO_WIDEN)?,
        quoting: if settings.get(&QUOTE)? {
            Quoting::Always
        } else {
            Quoting::Folded
        },
        max_retries: number(settings.get(&RETRIES)?),
        retry_backoff: millis(settings.get(&RETRY_DELAY)?),
        exactly_once: settings.get(&EXACTLY_ONCE)?,
        offsets_table: settings.get(&OFFSETS_TABLE)?,
    })
}
