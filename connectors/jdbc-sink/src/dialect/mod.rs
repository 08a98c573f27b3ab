//! What differs from one database to the next: names, column types, statements.

pub(crate) mod ddl;
pub(crate) mod dml;
pub(crate) mod mysql;
pub(crate) mod postgres;
pub(crate) mod sqlite;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use connect_api::{Error, Result};

use crate::config::Flavor;
use crate::fields::SinkField;
use crate::table::TableId;
use crate::values::form::Temporal;
use crate::values::{Kind, Unit};

/// A database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    Postgres,
    MySql,
    Sqlite,
}

impl Database {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Database::Postgres => "PostgreSQL",
            Database::MySql => "MySQL",
            Database::Sqlite => "SQLite",
        }
    }
}

/// When names are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    Always,
    Never,
    /// As if they were not (PostgreSQL folds them to lower case), but safe for
    /// any name: Debezium's `quote.identifiers=false`.
    Folded,
}

/// A database as a connector class sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) database: Database,
    pub(crate) flavor: Flavor,
    pub(crate) quoting: Quoting,
}

impl Dialect {
    pub(crate) fn new(database: Database, flavor: Flavor, quoting: Quoting) -> Self {
        Self {
            database,
            flavor,
            quoting,
        }
    }

    pub(crate) fn quote_character(&self) -> char {
        match self.database {
            Database::Postgres => '"',
            Database::MySql | Database::Sqlite => '`',
        }
    }

    /// A name in a statement.
    pub(crate) fn quote(&self, name: &str) -> String {
        if self.quoting == Quoting::Never {
            return name.to_owned();
        }
        let quote = self.quote_character();
        let name = self.folded(name).replace(quote, &format!("{quote}{quote}"));
        format!("{quote}{name}{quote}")
    }

    /// A name as the database keeps it.
    pub(crate) fn folded<'n>(&self, name: &'n str) -> Cow<'n, str> {
        if self.quoting == Quoting::Folded && self.database == Database::Postgres {
            Cow::Owned(name.to_lowercase())
        } else {
            Cow::Borrowed(name)
        }
    }

    /// A table's name in a statement.
    pub(crate) fn table(&self, id: &TableId) -> String {
        let parts: Vec<String> = id.parts().map(|part| self.quote(part)).collect();
        parts.join(".")
    }

    pub(crate) fn temporal(&self) -> Temporal {
        match self.database {
            Database::Sqlite => Temporal::Millis,
            Database::Postgres | Database::MySql => Temporal::Text,
        }
    }

    /// The type of a new column.
    pub(crate) fn column_type(&self, field: &SinkField) -> Result<String> {
        let name = match self.database {
            Database::Postgres => postgres::column_type(&field.kind, self.flavor, field),
            Database::MySql => mysql::column_type(&field.kind, self.flavor, field),
            Database::Sqlite => sqlite::column_type(&field.kind),
        };
        name.ok_or_else(|| {
            Error::data(format!(
                "{} ({}) type doesn't have a mapping to the SQL database column type",
                field.schema.name().unwrap_or("null"),
                field.schema.kind().name().to_uppercase()
            ))
            .with("field", &field.name)
            .with(
                "hint",
                "flatten nested records with the Flatten transformation, or leave the field out",
            )
        })
    }
}

/// The length or precision that Debezium propagates from the source's column.
fn source_length(field: &SinkField) -> Option<u32> {
    field
        .schema
        .parameter("__debezium.source.column.length")
        .and_then(|text| text.parse().ok())
}

/// The source column's type, if Debezium propagates it.
fn source_type(field: &SinkField) -> Option<&str> {
    field.schema.parameter("__debezium.source.column.type")
}

/// `(6)`: Debezium's precision of times, the source's if it is known.
fn time_precision(field: &SinkField, default: u32) -> u32 {
    field
        .schema
        .parameter("__debezium.source.column.scale")
        .and_then(|text| text.parse().ok())
        .or_else(|| source_length(field))
        .filter(|&precision| precision > 0 && precision <= 6)
        .unwrap_or(default)
}

/// Confluent's and Aiven's precision of Debezium's types, which those do not know.
fn unit_digits(kind: &Kind) -> u32 {
    match kind {
        Kind::Time { unit, .. } | Kind::Timestamp { unit, .. } => unit.digits(),
        Kind::TimestampText { .. } => Unit::Micros.digits(),
        _ => 6,
    }
}
