use connect_api::record::OffsetMap;
use serde_json::{Map, Value};

use super::document::{write_compact, write_pretty};
use super::table_change_json::{table_change_from_json, table_change_to_json};
use crate::tables::TableChange;

/// One record of the history (`io.debezium.relational.history.HistoryRecord`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryRecord {
    /// The connector's source partition.
    pub source: OffsetMap,
    /// The connector's offset right behind the statement.
    pub position: OffsetMap,
    /// When the statement was seen, in milliseconds of the epoch. Debezium 1.x has none.
    pub ts_ms: Option<i64>,
    /// The database that the statement is about.
    pub database_name: Option<String>,
    /// Never set for MySQL.
    pub schema_name: Option<String>,
    /// The statement.
    pub ddl: Option<String>,
    /// What the statement did to which tables. Debezium 1.0 has none.
    pub table_changes: Option<Vec<TableChange>>,
}

impl HistoryRecord {
    /// The form of Kafka's records: Jackson's pretty one.
    pub fn to_pretty_json(&self) -> String {
        write_pretty(&self.to_json())
    }

    /// The form of a line in a file.
    pub fn to_compact_json(&self) -> String {
        write_compact(&self.to_json())
    }

    /// Reads a record of any version of Debezium; none when it has no source or no position,
    /// which Debezium skips as invalid.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn from_json(text: &str) -> Result<Option<Self>, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Value::Object(mut fields) = document else {
            return Err("not a JSON object".to_owned());
        };
        let (Some(source), Some(position)) = (fields.remove("source"), fields.remove("position"))
        else {
            return Ok(None);
        };
        let (Value::Object(source), Value::Object(position)) = (source, position) else {
            return Err("source and position are not both objects".to_owned());
        };
        let table_changes = match fields.remove("tableChanges") {
            None | Some(Value::Null) => None,
            Some(Value::Array(changes)) => Some(
                changes
                    .iter()
                    .map(table_change_from_json)
                    .collect::<Result<_, _>>()?,
            ),
            Some(_) => return Err("tableChanges is not an array".to_owned()),
        };
        Ok(Some(Self {
            source,
            position,
            ts_ms: fields.get("ts_ms").and_then(Value::as_i64),
            database_name: text_field(&mut fields, "databaseName"),
            schema_name: text_field(&mut fields, "schemaName"),
            ddl: text_field(&mut fields, "ddl"),
            table_changes,
        }))
    }

    /// Whether the record's source is this one.
    pub fn is_of_source(&self, source: &OffsetMap) -> bool {
        self.source == *source
    }

    fn to_json(&self) -> Value {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        put("source", Some(Value::Object(self.source.clone())));
        put("position", Some(Value::Object(self.position.clone())));
        put("ts_ms", self.ts_ms.map(Value::from));
        put("databaseName", self.database_name.clone().map(Value::from));
        put("schemaName", self.schema_name.clone().map(Value::from));
        put("ddl", self.ddl.clone().map(Value::from));
        let changes = self.table_changes.as_ref();
        put(
            "tableChanges",
            changes.map(|all| all.iter().map(table_change_to_json).collect()),
        );
        Value::Object(fields)
    }
}

fn text_field(fields: &mut OffsetMap, name: &str) -> Option<String> {
    match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}
