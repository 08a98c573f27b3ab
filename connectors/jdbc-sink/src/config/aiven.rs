//! The keys of Aiven's sink (6.11).

use connect_api::config::{Check, ConfigDef, ConfigValue, Key, KeyDef, Width};
use connect_api::{Props, Result};

use super::confluent::{
    AUTO_CREATE, AUTO_EVOLVE, BATCH_SIZE, DELETE, DIALECT, INSERT_MODE, MAX_RETRIES, PASSWORD,
    PK_FIELDS, PK_MODE, RETRY_BACKOFF, TABLE_FORMAT, TIMEZONE, URL, USER, WHITELIST, names_filter,
    zone_of,
};
use super::extensions::{AUTO_WIDEN, EXACTLY_ONCE, OFFSETS_TABLE, TRUNCATE, with_extensions};
use super::{Flavor, InsertMode, PkMode, SinkSettings, connector_name, millis, number};
use crate::dialect::Quoting;
use crate::table::TableKind;
use crate::values::Unit;
use crate::values::encode::Style;
use crate::values::temporal::Calendar;

const DATABASE: &str = "Database";
const MAPPING: &str = "Data Mapping";

const QUOTE: Key<bool> = Key::new("sql.quote.identifiers")
    .default("true")
    .group(DATABASE)
    .width(Width::Short)
    .display_name("Quote SQL Identifiers")
    .doc(
        "Whether to delimit (in most databases, quote with double quotes) identifiers (e.g., table names and column \
         names) in SQL statements.",
    );
const NORMALIZE: Key<bool> = Key::new("table.name.normalize")
    .default("false")
    .medium()
    .group(MAPPING)
    .width(Width::Long)
    .display_name("Table Name Normalize")
    .doc(
        "Whether or not to normalize destination table names for topics. When set to ``true``, the alphanumeric \
         characters (``a-z A-Z 0-9``) and ``_`` remain as is, others (like ``.``) are replaced with ``_``.",
    );
const TOPIC_TABLES: Key<Option<Vec<String>>> = Key::new("topics.to.tables.mapping")
    .default_null()
    .check(Check::Custom(|value| match value {
        ConfigValue::List(pairs) if pairs.iter().any(|pair| split_pair(pair).is_none()) => {
            Err("Invalid topics to tables mapping".to_owned())
        }
        _ => Ok(()),
    }))
    .medium()
    .group(MAPPING)
    .width(Width::Long)
    .display_name("Topics To Tables Mapping")
    .doc(
        "Kafka topics to database tables mapping. Comma-separated list of topic to table mapping in the format: \
         topic_name:table_name. If the destination table found in the mapping, then it would override generated one \
         defined in table.name.format.",
    );

fn split_pair(pair: &str) -> Option<(String, String)> {
    let (topic, table) = pair.split_once(':')?;
    let filled = !topic.is_empty() && !table.is_empty();
    filled.then(|| (topic.to_owned(), table.to_owned()))
}

pub(super) fn config_def() -> ConfigDef {
    let mut def = ConfigDef::new();
    for mut key in [
        KeyDef::from(&URL),
        KeyDef::from(&USER),
        KeyDef::from(&PASSWORD),
        KeyDef::from(&TIMEZONE),
        KeyDef::from(&DIALECT),
    ] {
        key.group = Some(DATABASE.into());
        def.add(key);
    }
    // Only Confluent's class recommends values for it.
    let mut pk_mode = KeyDef::from(&PK_MODE);
    pk_mode.recommended.clear();
    let mut def = def
        .with(&QUOTE)
        .with(&INSERT_MODE)
        .with(&BATCH_SIZE)
        .with(&DELETE)
        .with(&TABLE_FORMAT)
        .with(&NORMALIZE)
        .with(&TOPIC_TABLES);
    def.add(pk_mode);
    let def = def
        .with(&PK_FIELDS)
        .with(&WHITELIST)
        .with(&AUTO_CREATE)
        .with(&AUTO_EVOLVE)
        .with(&MAX_RETRIES)
        .with(&RETRY_BACKOFF);
    with_extensions(def.with(&TRUNCATE))
}

pub(super) fn parse(props: &Props) -> Result<SinkSettings> {
    let settings = config_def().parse(props)?;
    let zone = zone_of(&settings.get(&TIMEZONE)?)?;
    let pairs = settings.get(&TOPIC_TABLES)?.unwrap_or_default();
    let insert_mode = InsertMode::parse(&settings.get(&INSERT_MODE)?);
    Ok(SinkSettings {
        flavor: Flavor::Aiven,
        connector: connector_name(props),
        url: settings.get(&URL)?,
        user: settings.get(&USER)?,
        password: settings.get(&PASSWORD)?,
        driver: Vec::new(),
        dialect_name: settings.get(&DIALECT)?,
        // The original's `CachedConnectionProvider` has these as constants.
        connection_attempts: 3,
        connection_backoff: millis(10_000),
        insert_mode,
        batch_size: number(settings.get(&BATCH_SIZE)?) as usize,
        duplicates: insert_mode.duplicates(),
        delete_enabled: settings.get(&DELETE)?,
        truncate_enabled: settings.get(&TRUNCATE)?,
        table_types: vec![
            TableKind::Table,
            TableKind::PartitionedTable,
            TableKind::View,
        ],
        replace_null_with_default: true,
        table_format: settings.get(&TABLE_FORMAT)?,
        topic_tables: pairs.iter().filter_map(|pair| split_pair(pair)).collect(),
        table_normalize: settings.get(&NORMALIZE)?,
        pk_mode: PkMode::parse(&settings.get(&PK_MODE)?),
        pk_fields: settings.get(&PK_FIELDS)?,
        fields: names_filter(settings.get(&WHITELIST)?),
        style: Style {
            connect_zone: zone.clone(),
            date_zone: zone.clone(),
            zone,
            calendar: Calendar::Legacy,
        },
        timestamp_fields: Vec::new(),
        timestamp_unit: Unit::Micros,
        string_column: "record_value".to_owned(),
        auto_create: settings.get(&AUTO_CREATE)?,
        auto_evolve: settings.get(&AUTO_EVOLVE)?,
        auto_widen: settings.get(&AUTO_WIDEN)?,
        quoting: if settings.get(&QUOTE)? {
            Quoting::Always
        } else {
            Quoting::Never
        },
        max_retries: number(settings.get(&MAX_RETRIES)?),
        retry_backoff: millis(settings.get(&RETRY_BACKOFF)?.into()),
        exactly_once: settings.get(&EXACTLY_ONCE)?,
        offsets_table: settings.get(&OFFSETS_TABLE)?,
    })
}
