//! The keys of Confluent's sink (10.9), in its words: clients show them.

use connect_api::config::{Check, ClassName, ConfigDef, Key, Secret, Width};
use connect_api::{Error, Props, Result};

use super::extensions::{AUTO_WIDEN, EXACTLY_ONCE, OFFSETS_TABLE, TRUNCATE, ZONE, with_extensions};
use super::{
    FieldFilter, Flavor, InsertMode, PkMode, SinkSettings, connector_name, millis, number,
};
use crate::dialect::Quoting;
use crate::table::TableKind;
use crate::values::encode::Style;
use crate::values::temporal::Calendar;
use crate::values::{Unit, Zone};

const CONNECTION: &str = "Connection";
const WRITES: &str = "Writes";
const MAPPING: &str = "Data Mapping";
const DDL: &str = "DDL Support";
const DML: &str = "DML Support";
const RETRIES: &str = "Retries";

pub(super) const URL: Key<String> = Key::new("connection.url")
    .high()
    .group(CONNECTION)
    .width(Width::Long)
    .display_name("JDBC URL")
    .doc(
        "JDBC connection URL.\nFor example: ``jdbc:postgresql://localhost/db_name``, \
         ``jdbc:mysql://localhost/db_name``, ``jdbc:sqlite:/path/to/file``",
    );
pub(super) const USER: Key<Option<String>> = Key::new("connection.user")
    .default_null()
    .high()
    .group(CONNECTION)
    .width(Width::Medium)
    .display_name("JDBC User")
    .doc("JDBC connection user.");
pub(super) const PASSWORD: Key<Option<Secret>> = Key::new("connection.password")
    .default_null()
    .high()
    .group(CONNECTION)
    .width(Width::Medium)
    .display_name("JDBC Password")
    .doc("JDBC connection password.");
const DEFAULT_PROVIDER: &str = "io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider";
const PROVIDER: Key<ClassName> = Key::new("jdbc.credentials.provider.class")
    .default(DEFAULT_PROVIDER)
    .check(Check::Custom(|value| match value {
        connect_api::config::ConfigValue::Class(name) if name != DEFAULT_PROVIDER => Err(format!(
            "credentials providers are Java classes, which cannot be loaded here; only {DEFAULT_PROVIDER} is built in"
        )),
        _ => Ok(()),
    }))
    .group(CONNECTION)
    .width(Width::Long)
    .display_name("JDBC Credentials Provider Class")
    .doc("Credentials provider to use for authentication to database.");
pub(super) const DIALECT: Key<String> = Key::new("dialect.name")
    .default("")
    .check(Check::OneOf(&[
        "",
        "PostgreSqlDatabaseDialect",
        "MySqlDatabaseDialect",
        "SqliteDatabaseDialect",
    ]))
    .recommended(&[
        "",
        "PostgreSqlDatabaseDialect",
        "MySqlDatabaseDialect",
        "SqliteDatabaseDialect",
    ])
    .width(Width::Long)
    .display_name("Database Dialect")
    .doc(
        "The name of the database dialect that should be used for this connector. By default this is empty, and the \
         connector automatically determines the dialect based upon the JDBC connection URL. Use this if you want to \
         override that behavior and use a specific dialect.",
    );
const ATTEMPTS: Key<i32> = Key::new("connection.attempts")
    .default("3")
    .check(Check::AtLeast(1))
    .group(CONNECTION)
    .width(Width::Short)
    .display_name("JDBC connection attempts")
    .doc("Maximum number of attempts to retrieve a valid JDBC connection. Must be a positive integer.");
const BACKOFF: Key<i64> = Key::new("connection.backoff.ms")
    .default("10000")
    .group(CONNECTION)
    .width(Width::Short)
    .display_name("JDBC connection backoff in milliseconds")
    .doc("Backoff time in milliseconds between connection attempts.");
pub(super) const INSERT_MODE: Key<String> = Key::new("insert.mode")
    .default("insert")
    .check(Check::OneOf(&[
        "insert", "upsert", "update", "INSERT", "UPSERT", "UPDATE",
    ]))
    .high()
    .group(WRITES)
    .width(Width::Medium)
    .display_name("Insert Mode")
    .doc(
        "The insertion mode to use. Supported modes are:\n``insert``\n    Use standard SQL ``INSERT`` \
         statements.\n``upsert``\n    Use the appropriate upsert semantics for the target database if it is supported \
         by the connector, e.g. ``INSERT OR IGNORE``.\n``update``\n    Use the appropriate update semantics for the \
         target database if it is supported by the connector, e.g. ``UPDATE``.",
    );
pub(super) const BATCH_SIZE: Key<i32> = Key::new("batch.size")
    .default("3000")
    .check(Check::AtLeast(0))
    .medium()
    .group(WRITES)
    .width(Width::Short)
    .display_name("Batch Size")
    .doc(
        "Specifies how many records to attempt to batch together for insertion into the destination table, when \
         possible.",
    );
pub(super) const DELETE: Key<bool> = Key::new("delete.enabled")
    .default("false")
    .medium()
    .group(WRITES)
    .width(Width::Short)
    .display_name("Enable deletes")
    .doc("Whether to treat ``null`` record values as deletes. Requires ``pk.mode`` to be ``record_key``.");
const TABLE_TYPES: Key<Vec<String>> = Key::new("table.types")
    .default("TABLE")
    .check(Check::Custom(|value| match value {
        connect_api::config::ConfigValue::List(names) if names.is_empty() => Err(
            "At least one value must be specified. Valid values are: [table, partitioned table, view]"
                .to_owned(),
        ),
        connect_api::config::ConfigValue::List(names) => {
            match names.iter().find(|name| TableKind::parse(name).is_none()) {
                Some(name) => Err(format!(
                    "'{name}' is not a table type: use TABLE, PARTITIONED TABLE or VIEW"
                )),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }))
    .recommended(&["table", "partitioned table", "view"])
    .group(WRITES)
    .width(Width::Medium)
    .display_name("Table Types")
    .doc(
        "The comma-separated types of database tables to which the sink connector can write. By default this is \
         ``TABLE``, but any combination of ``TABLE``, ``PARTITIONED TABLE`` and ``VIEW`` is allowed. Not all databases \
         support writing to views, and when they do the sink connector will fail if the view definition does not \
         match the records' schemas (regardless of ``auto.evolve``).",
    );
const REPLACE_NULL: Key<bool> = Key::new("replace.null.with.default")
    .default("true")
    .group(WRITES)
    .width(Width::Medium)
    .display_name("Replace null value with default value")
    .doc("Whether to replace ``null`` value with default value");
pub(super) const TABLE_FORMAT: Key<String> = Key::new("table.name.format")
    .default("${topic}")
    .check(Check::NonEmpty)
    .medium()
    .group(MAPPING)
    .width(Width::Long)
    .display_name("Table Name Format")
    .doc(
        "A format string for the destination table name, which may contain '${topic}' as a placeholder for the \
         originating topic name.\nFor example, ``kafka_${topic}`` for the topic 'orders' will map to the table name \
         'kafka_orders'.",
    );
pub(super) const PK_MODE: Key<String> = Key::new("pk.mode")
    .default("none")
    .check(Check::OneOf(&[
        "none",
        "kafka",
        "record_key",
        "record_value",
        "NONE",
        "KAFKA",
        "RECORD_KEY",
        "RECORD_VALUE",
    ]))
    .recommended(&["none", "kafka", "record_key", "record_value"])
    .high()
    .group(MAPPING)
    .width(Width::Medium)
    .display_name("Primary Key Mode")
    .doc(
        "The primary key mode, also refer to ``pk.fields`` documentation for interplay. Supported modes \
         are:\n``none``\n    No keys utilized.\n``kafka``\n    Kafka coordinates are used as the PK.\n``record_key``\n \
            Field(s) from the record key are used, which may be a primitive or a struct.\n``record_value``\n    \
         Field(s) from the record value are used, which must be a struct.",
    );
pub(super) const PK_FIELDS: Key<Vec<String>> = Key::new("pk.fields")
    .default("")
    .medium()
    .group(MAPPING)
    .width(Width::Long)
    .display_name("Primary Key Fields")
    .doc(
        "List of comma-separated primary key field names. The runtime interpretation of this config depends on the \
         ``pk.mode``:\n``none``\n    Ignored as no fields are used as primary key in this mode.\n``kafka``\n    Must be \
         a trio representing the Kafka coordinates, defaults to \
         ``__connect_topic,__connect_partition,__connect_offset`` if empty.\n``record_key``\n    If empty, all fields \
         from the key struct will be used, otherwise used to extract the desired fields - for primitive key only a \
         single field name must be configured.\n``record_value``\n    If empty, all fields from the value struct will \
         be used, otherwise used to extract the desired fields.",
    );
pub(super) const WHITELIST: Key<Vec<String>> = Key::new("fields.whitelist")
    .default("")
    .medium()
    .group(MAPPING)
    .width(Width::Long)
    .display_name("Fields Whitelist")
    .doc(
        "List of comma-separated record value field names. If empty, all fields from the record value are utilized, \
         otherwise used to filter to the desired fields.\nNote that ``pk.fields`` is applied independently in the \
         context of which field(s) form the primary key columns in the destination database, while this configuration \
         is applicable for the other columns.",
    );
pub(super) const TIMEZONE: Key<String> = Key::new("db.timezone")
    .default("UTC")
    .check(ZONE)
    .medium()
    .group(MAPPING)
    .width(Width::Medium)
    .display_name("DB Time Zone")
    .doc(
        "Name of the JDBC timezone that should be used in the connector when inserting time-based values. Defaults to \
         UTC.",
    );
const DATE_TIMEZONE: Key<String> = Key::new("date.timezone")
    .default("DB_TIMEZONE")
    .check(Check::OneOfAnyCase(&["db_timezone", "utc"]))
    .recommended(&["db_timezone", "utc"])
    .group(MAPPING)
    .width(Width::Medium)
    .display_name("Time Zone used for Date")
    .doc(
        "Name of the JDBC timezone that should be used in the connector when inserting DATE type values. Defaults to \
         DB_TIMEZONE that uses the timezone set for db.timzeone configuration (to maintain backward compatibility). It \
         is recommended to set this to UTC to avoid conversion for DATE type values.",
    );
const TIMESTAMP_FIELDS: Key<Vec<String>> = Key::new("timestamp.fields.list")
    .default("")
    .medium()
    .group(MAPPING)
    .width(Width::Medium)
    .display_name("Timestamp Fields Whitelist")
    .doc(
        "List of comma-separated record value timestamp field names that should be converted to timestamps. These \
         fields will be converted based on precision mode specified in timestamp.precision.mode(microseconds or \
         nanoseconds). The timestamp fields included here should be Long or String type and nested fields are not \
         supported.",
    );
const PRECISION: Key<String> = Key::new("timestamp.precision.mode")
    .default("MICROSECONDS")
    .check(Check::OneOfAnyCase(&["microseconds", "nanoseconds"]))
    .recommended(&["microseconds", "nanoseconds"])
    .group(MAPPING)
    .width(Width::Medium)
    .display_name("Sink Timestamp Precision mode")
    .doc(
        "Convert the Timestamp with precision. If set to microseconds, the timestamp will be converted to microsecond \
         precision. If set to nanoseconds the timestamp will be converted to nanoseconds precision.",
    );
const CALENDAR: Key<String> = Key::new("date.calendar.system")
    .default("LEGACY")
    .check(Check::OneOf(&["LEGACY", "PROLEPTIC_GREGORIAN"]))
    .group(MAPPING)
    .width(Width::Medium)
    .display_name("Date Calendar System")
    .doc(
        "Conversion of time since epoch value in kafka topic record to DATE or TIMESTAMP depends on the calendar used \
         to interpret it. If LEGACY is used, it will use the hybrid Gregorian/Julian calendar which was the default in \
         the older java date time APIs. However, if 'PROLEPTIC_GREGORIAN' is used, then it will use the proleptic \
         gregorian calendar which extends the Gregorian rules backward indefinitely and does not apply the 1582 \
         cutover.",
    );
const STRING_COLUMN: Key<String> = Key::new("string.output.value.column.name")
    .default("record_value")
    .check(Check::NonEmpty)
    .group(MAPPING)
    .width(Width::Medium)
    .display_name("String Value Column Name")
    .doc(
        "When the Kafka record value uses the String schema (e.g. records produced with StringConverter), the \
         connector writes the value into a single column with this name.",
    );
pub(super) const AUTO_CREATE: Key<bool> = Key::new("auto.create")
    .default("false")
    .medium()
    .group(DDL)
    .width(Width::Short)
    .display_name("Auto-Create")
    .doc(
        "Whether to automatically create the destination table based on record schema if it is found to be missing by \
         issuing ``CREATE``.",
    );
pub(super) const AUTO_EVOLVE: Key<bool> = Key::new("auto.evolve")
    .default("false")
    .medium()
    .group(DDL)
    .width(Width::Short)
    .display_name("Auto-Evolve")
    .doc(
        "Whether to automatically add columns in the table schema when found to be missing relative to the record \
         schema by issuing ``ALTER``.",
    );
const QUOTE: Key<String> = Key::new("quote.sql.identifiers")
    .default("ALWAYS")
    .check(Check::OneOfAnyCase(&["always", "never"]))
    .recommended(&["always", "never"])
    .medium()
    .group(DDL)
    .width(Width::Medium)
    .display_name("Quote Identifiers")
    .doc(
        "When to quote table names, column names, and other identifiers in SQL statements. For backward compatibility, \
         the default is ``always``.",
    );
const HOLDLOCK: Key<bool> = Key::new("mssql.use.merge.holdlock")
    .default("true")
    .group(DML)
    .width(Width::Medium)
    .display_name("SQL Server - Use HOLDLOCK in MERGE")
    .doc(
        "Whether to use HOLDLOCK when performing a MERGE INTO upsert statement. Note that it is only applicable to SQL \
         Server.",
    );
pub(super) const MAX_RETRIES: Key<i32> = Key::new("max.retries")
    .default("10")
    .check(Check::AtLeast(0))
    .medium()
    .group(RETRIES)
    .width(Width::Short)
    .display_name("Maximum Retries")
    .doc("The maximum number of times to retry on errors before failing the task.");
pub(super) const RETRY_BACKOFF: Key<i32> = Key::new("retry.backoff.ms")
    .default("3000")
    .check(Check::AtLeast(0))
    .medium()
    .group(RETRIES)
    .width(Width::Short)
    .display_name("Retry Backoff (millis)")
    .doc("The time in milliseconds to wait following an error before a retry attempt is made.");

pub(super) fn config_def() -> ConfigDef {
    let mut dialect = connect_api::config::KeyDef::from(&DIALECT);
    dialect.group = Some(CONNECTION.into());
    let mut def = ConfigDef::new()
        .with(&URL)
        .with(&USER)
        .with(&PASSWORD)
        .with(&PROVIDER);
    def.add(dialect);
    let def = def
        .with(&ATTEMPTS)
        .with(&BACKOFF)
        .with(&INSERT_MODE)
        .with(&BATCH_SIZE)
        .with(&DELETE)
        .with(&TABLE_TYPES)
        .with(&REPLACE_NULL)
        .with(&TABLE_FORMAT)
        .with(&PK_MODE)
        .with(&PK_FIELDS)
        .with(&WHITELIST)
        .with(&TIMEZONE)
        .with(&DATE_TIMEZONE)
        .with(&TIMESTAMP_FIELDS)
        .with(&PRECISION)
        .with(&CALENDAR)
        .with(&STRING_COLUMN)
        .with(&AUTO_CREATE)
        .with(&AUTO_EVOLVE)
        .with(&QUOTE)
        .with(&HOLDLOCK)
        .with(&MAX_RETRIES)
        .with(&RETRY_BACKOFF);
    with_extensions(def.with(&TRUNCATE))
}

pub(super) fn parse(props: &Props) -> Result<SinkSettings> {
    let settings = config_def().parse(props)?;
    let pk_mode = PkMode::parse(&settings.get(&PK_MODE)?);
    let delete_enabled = settings.get(&DELETE)?;
    if delete_enabled && pk_mode != PkMode::RecordKey {
        return Err(Error::config(
            "Primary key mode must be 'record_key' when delete support is enabled",
        ));
    }
    let zone = zone_of(&settings.get(&TIMEZONE)?)?;
    let date_zone = if settings.get(&DATE_TIMEZONE)?.eq_ignore_ascii_case("utc") {
        Zone::UTC
    } else {
        zone.clone()
    };
    let never = settings.get(&QUOTE)?.eq_ignore_ascii_case("never");
    let legacy = settings.get(&CALENDAR)? == "LEGACY";
    let nanos = settings
        .get(&PRECISION)?
        .eq_ignore_ascii_case("nanoseconds");
    let insert_mode = InsertMode::parse(&settings.get(&INSERT_MODE)?);
    Ok(SinkSettings {
        flavor: Flavor::Confluent,
        connector: connector_name(props),
        url: settings.get(&URL)?,
        user: settings.get(&USER)?,
        password: settings.get(&PASSWORD)?,
        driver: driver_properties(props),
        dialect_name: settings.get(&DIALECT)?,
        connection_attempts: number(settings.get(&ATTEMPTS)?),
        connection_backoff: millis(settings.get(&BACKOFF)?),
        insert_mode,
        batch_size: number(settings.get(&BATCH_SIZE)?) as usize,
        duplicates: insert_mode.duplicates(),
        delete_enabled,
        truncate_enabled: settings.get(&TRUNCATE)?,
        table_types: settings
            .get(&TABLE_TYPES)?
            .iter()
            .filter_map(|name| TableKind::parse(name))
            .collect(),
        replace_null_with_default: settings.get(&REPLACE_NULL)?,
        table_format: settings.get(&TABLE_FORMAT)?,
        topic_tables: Vec::new(),
        table_normalize: false,
        pk_mode,
        pk_fields: settings.get(&PK_FIELDS)?,
        fields: names_filter(settings.get(&WHITELIST)?),
        style: Style {
            connect_zone: zone.clone(),
            zone,
            date_zone,
            calendar: if legacy {
                Calendar::Legacy
            } else {
                Calendar::Proleptic
            },
        },
        timestamp_fields: settings.get(&TIMESTAMP_FIELDS)?,
        timestamp_unit: if nanos { Unit::Nanos } else { Unit::Micros },
        string_column: settings.get(&STRING_COLUMN)?,
        auto_create: settings.get(&AUTO_CREATE)?,
        auto_evolve: settings.get(&AUTO_EVOLVE)?,
        auto_widen: settings.get(&AUTO_WIDEN)?,
        quoting: if never {
            Quoting::Never
        } else {
            Quoting::Always
        },
        max_retries: number(settings.get(&MAX_RETRIES)?),
        retry_backoff: millis(settings.get(&RETRY_BACKOFF)?.into()),
        exactly_once: settings.get(&EXACTLY_ONCE)?,
        offsets_table: settings.get(&OFFSETS_TABLE)?,
    })
}

/// What begins with `connection.` and is no key is the driver's
/// (`GenericDatabaseDialect.addConnectionProperties`).
fn driver_properties(props: &Props) -> Vec<(String, String)> {
    let def = config_def();
    props
        .iter()
        .filter(|(name, _)| !def.knows(name))
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("connection.")?;
            Some((name.to_owned(), value.clone()))
        })
        .collect()
}

pub(super) fn names_filter(names: Vec<String>) -> FieldFilter {
    if names.is_empty() {
        FieldFilter::All
    } else {
        FieldFilter::Names(names)
    }
}

pub(super) fn zone_of(name: &str) -> Result<Zone> {
    Zone::parse(name).ok_or_else(|| Error::config(format!("time zone '{name}' is not known")))
}
