//! The table of a record.

use connect_api::data::{Struct, Value};
use connect_api::{Error, Result};

use crate::config::{Flavor, SinkSettings};
use crate::dialect::{Database, Dialect, Quoting};
use crate::table::TableId;

/// The name of the table that records of `topic` go to; `source` is the
/// envelope's, for `${source.…}`.
pub(crate) fn table_name(
    settings: &SinkSettings,
    topic: &str,
    source: Option<&Struct>,
) -> Result<String> {
    if !settings.topic_tables.is_empty() {
        let mapped = settings.topic_tables.iter().find(|(from, _)| from == topic);
        return mapped.map(|(_, table)| table.clone()).ok_or_else(|| {
            let pairs: Vec<String> = settings
                .topic_tables
                .iter()
                .map(|(topic, table)| format!("{topic}->{table}"))
                .collect();
            Error::config(format!(
                "Destination table for the topic: '{topic}' couldn't be found in the topics to tables mapping: '{}' \
                 and couldn't be generated for the format string '{}'",
                pairs.join(","),
                settings.table_format
            ))
        });
    }
    let topic_part = if settings.flavor == Flavor::Debezium {
        topic.replace('.', "_")
    } else {
        topic.to_owned()
    };
    let mut name = settings
        .table_format
        .trim()
        .replace("${topic}", &topic_part);
    if name.contains("${source.") {
        name = with_source(&name, source)?;
    }
    if settings.table_normalize {
        let keep = |c: char| c.is_ascii_alphanumeric() || c == '_';
        name = name
            .chars()
            .map(|c| if keep(c) { c } else { '_' })
            .collect();
    }
    if name.is_empty() {
        return Err(Error::config(format!(
            "Destination table name for topic '{topic}' is empty using the format string '{}'",
            settings.table_format
        )));
    }
    Ok(name)
}

/// Puts fields of `source` in for `${source.field}`.
fn with_source(format: &str, source: Option<&Struct>) -> Result<String> {
    let mut result = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("${source.") {
        let (field, after) = after.split_once('}').ok_or_else(|| {
            Error::config(format!("'{format}' has a ${{source. without closing brace"))
        })?;
        let value = source
            .and_then(|source| source.get(field))
            .and_then(Value::as_str)
            .ok_or_else(|| {
                Error::data(format!(
                    "'{format}' needs the field '{field}' of an envelope's 'source', which the record does not have"
                ))
            })?;
        result.push_str(before);
        result.push_str(value);
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

/// A table's name, split and folded as the database keeps it.
pub(crate) fn table_id(dialect: &Dialect, name: &str) -> Result<TableId> {
    let mut id = TableId::parse(name, dialect.quote_character())?;
    if dialect.database == Database::Postgres {
        if dialect.quoting == Quoting::Never {
            // `PostgreSqlDatabaseDialect.parseTableIdentifier`.
            id.table = id.table.to_lowercase();
        }
        id.table = cut(id.table);
        if dialect.quoting == Quoting::Folded {
            id.table = id.table.to_lowercase();
            id.schema = id.schema.map(|schema| schema.to_lowercase());
        }
    }
    if dialect.database == Database::MySql && id.catalog.is_some() {
        return Err(Error::config(format!(
            "table name '{name}' has three parts, and MySQL's have at most two (database.table): set \
             'table.name.format', or rename topics with the RegexRouter transformation"
        )));
    }
    Ok(id)
}

/// PostgreSQL's names have at most 63 bytes.
fn cut(name: String) -> String {
    const LONGEST: usize = 63;
    if name.len() <= LONGEST {
        return name;
    }
    let end = (0..=LONGEST)
        .rev()
        .find(|&end| name.is_char_boundary(end))
        .unwrap_or(0);
    name[..end].to_owned()
}
