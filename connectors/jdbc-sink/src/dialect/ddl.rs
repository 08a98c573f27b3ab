//! CREATE TABLE and ALTER TABLE, in the originals' texts.

use connect_api::Result;
use connect_api::data::{Type, Value};

use super::{Database, Dialect};
use crate::config::Flavor;
use crate::fields::SinkField;
use crate::table::TableId;
use crate::values::encode::{Style, append_hex};
use crate::values::temporal::{
    DateStyle, Eras, Moment, append_date, append_time, append_timestamp,
};
use crate::values::{Kind, Zone, decimal};

impl Dialect {
    /// The statement that makes a table of `fields`; keys first for Debezium.
    pub(crate) fn create_table(
        &self,
        table: &TableId,
        fields: &[&SinkField],
        style: &Style,
    ) -> Result<String> {
        let debezium = self.flavor == Flavor::Debezium;
        let (lead, separator, last) = if debezium {
            ("", ", ", ", ")
        } else {
            ("\n", ",", ",\n")
        };
        let mut sql = format!("CREATE TABLE {} (", self.table(table));
        for (position, field) in fields.iter().enumerate() {
            if position > 0 {
                sql.push_str(separator);
            }
            sql.push_str(lead);
            sql.push_str(&self.column_spec(field, style)?);
        }
        let keys: Vec<String> = fields
            .iter()
            .filter(|field| field.is_key)
            .map(|field| self.quote(&field.name))
            .collect();
        if !keys.is_empty() {
            sql.push_str(&format!("{last}PRIMARY KEY({})", keys.join(",")));
        }
        sql.push(')');
        Ok(sql)
    }

    /// The statements that add `fields` to a table.
    pub(crate) fn alter_table(
        &self,
        table: &TableId,
        fields: &[&SinkField],
        style: &Style,
    ) -> Result<Vec<String>> {
        let name = self.table(table);
        let mut specs = Vec::new();
        for field in fields {
            specs.push(format!("ADD {}", self.column_spec(field, style)?));
        }
        if self.database == Database::Sqlite {
            return Ok(specs
                .into_iter()
                .map(|spec| format!("ALTER TABLE {name} {spec}"))
                .collect());
        }
        let sql = if let [one] = specs.as_slice() {
            format!("ALTER TABLE {name} {one}")
        } else {
            format!("ALTER TABLE {name} \n{}", specs.join(",\n"))
        };
        Ok(vec![sql])
    }

    /// The statement that gives a column another type.
    pub(crate) fn widen_column(
        &self,
        table: &TableId,
        column: &str,
        new_type: &str,
        nullable: bool,
    ) -> Option<String> {
        let (table, column) = (self.table(table), self.quote(column));
        match self.database {
            Database::Postgres => Some(format!(
                "ALTER TABLE {table} ALTER COLUMN {column} TYPE {new_type}"
            )),
            Database::MySql => {
                let null = if nullable { "NULL" } else { "NOT NULL" };
                Some(format!(
                    "ALTER TABLE {table} MODIFY COLUMN {column} {new_type} {null}"
                ))
            }
            // SQLite's types do not limit values.
            Database::Sqlite => None,
        }
    }

    fn column_spec(&self, field: &SinkField, style: &Style) -> Result<String> {
        let kind = self.column_type(field)?;
        let mut spec = format!("{} {kind}", self.quote(&field.name));
        let default = field
            .schema
            .default_value()
            .filter(|_| self.takes_default(&kind))
            .and_then(|value| self.default_text(field, value, style));
        if let Some(default) = &default {
            spec.push_str(" DEFAULT ");
            spec.push_str(default);
        }
        // Where MySQL takes no default, null stands for it: the original's statement fails.
        let lost = default.is_none() && field.schema.default_value().is_some() && !field.is_key;
        let null = match (self.flavor, &default) {
            // Debezium states it after the default too.
            (Flavor::Debezium, _) | (_, None) => {
                if field.is_optional() || (lost && self.flavor != Flavor::Debezium) {
                    " NULL"
                } else {
                    " NOT NULL"
                }
            }
            (_, Some(_)) => "",
        };
        spec.push_str(null);
        Ok(spec)
    }

    /// MySQL has no defaults for texts and blobs.
    fn takes_default(&self, column_type: &str) -> bool {
        let lower = column_type.to_ascii_lowercase();
        self.database != Database::MySql
            || !["text", "blob", "json"]
                .iter()
                .any(|kind| lower.ends_with(kind))
    }

    /// A default as SQL has it; none where there is no way to write it.
    fn default_text(&self, field: &SinkField, value: &Value, style: &Style) -> Option<String> {
        let eras = if self.database == Database::Postgres {
            Eras::Bc
        } else {
            Eras::Signed
        };
        let dates = DateStyle::iso(eras);
        let mut out = Vec::new();
        match (&field.kind, value) {
            (Kind::Decimal { scale, .. }, Value::Bytes(unscaled)) => {
                decimal::append(&mut out, unscaled, *scale);
            }
            (Kind::Date { .. }, value) => {
                out.push(b'\'');
                append_date(&mut out, value.as_i64()?, dates);
                out.push(b'\'');
            }
            (Kind::Time { unit, .. }, value) => {
                out.push(b'\'');
                let nanos = value.as_i64()?.checked_mul(unit.nanos())?;
                append_time(&mut out, nanos, unit.digits());
                out.push(b'\'');
            }
            (Kind::Timestamp { unit, connect }, value) if field.schema.name().is_some() => {
                let zone = if *connect {
                    &style.connect_zone
                } else {
                    &Zone::UTC
                };
                let per_second = 1_000_000_000 / unit.nanos();
                let number = value.as_i64()?;
                let nanos = (number.rem_euclid(per_second) * unit.nanos()) as u32;
                let seconds = number.div_euclid(per_second);
                out.push(b'\'');
                let moment = Moment {
                    seconds,
                    nanos,
                    digits: unit.digits(),
                };
                append_timestamp(&mut out, moment, zone, dates);
                out.push(b'\'');
            }
            (_, Value::Boolean(value)) => {
                out.extend_from_slice(self.boolean_text(*value).as_bytes())
            }
            (_, Value::Float32(value)) => out.extend_from_slice(value.to_string().as_bytes()),
            (_, Value::Float64(value)) => out.extend_from_slice(value.to_string().as_bytes()),
            (Kind::Bytes, Value::Bytes(bytes)) => self.binary_text(&mut out, bytes),
            (Kind::ZonedTimestamp | Kind::ZonedTime, _) if self.database == Database::MySql => {
                return None;
            }
            (_, Value::String(text)) => {
                let text = if self.database == Database::MySql {
                    text.replace('\\', "\\\\")
                } else {
                    text.to_string()
                };
                out.extend_from_slice(format!("'{}'", text.replace('\'', "''")).as_bytes());
            }
            (_, value) if field.schema.kind() != Type::Bytes => {
                out.extend_from_slice(value.as_i64()?.to_string().as_bytes());
            }
            _ => return None,
        }
        String::from_utf8(out).ok()
    }

    fn boolean_text(&self, value: bool) -> &'static str {
        match (self.database, value) {
            (Database::Postgres, true) => "TRUE",
            (Database::Postgres, false) => "FALSE",
            (_, true) => "1",
            (_, false) => "0",
        }
    }

    fn binary_text(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        out.extend_from_slice(if self.database == Database::Postgres {
            b"'\\x"
        } else {
            b"x'"
        });
        append_hex(out, bytes);
        out.push(b'\'');
    }
}
