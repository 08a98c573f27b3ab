//! A record's value as a document: JSON, written straight into a bulk request
//! by a plan that is made once for each schema.
//!
//! The rules are those of the original's `DataConverter` over Kafka's
//! `JsonConverter` without schemas.

mod json;
mod plan;
mod temporal;

#[cfg(test)]
mod tests;

use connect_api::data::{SchemaCache, SchemaRef, Value};
use connect_api::{Error, Result};

use json::write_schemaless;
pub(crate) use plan::decimal_to_f64;
use plan::{Plan, Style};
pub(crate) use temporal::Temporal;

/// How many schemas' plans are kept.
const PLANS: usize = 1000;

/// The field that a data stream's documents need.
const TIMESTAMP: &str = "@timestamp";

/// Why a value cannot become a document: the field, from the top, and the
/// reason.
#[derive(Debug)]
pub(crate) struct Failure {
    path: Vec<String>,
    reason: String,
}

impl Failure {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            reason: reason.into(),
        }
    }

    #[cold]
    fn in_field(mut self, name: &str) -> Self {
        self.path.push(name.to_owned());
        self
    }

    pub(crate) fn into_error(self) -> Error {
        if self.path.is_empty() {
            return Error::data(self.reason);
        }
        let path: Vec<String> = self.path.into_iter().rev().collect();
        Error::data(self.reason).with("field", path.join("."))
    }
}

/// Writes documents.
#[derive(Debug)]
pub(crate) struct DocumentWriter {
    /// Where schemas count: `DataConverter`'s form of values.
    mapped: Plans,
    /// Under `schema.ignore`: `JsonConverter`'s.
    plain: Plans,
}

#[derive(Debug)]
struct Plans {
    style: Style,
    cache: SchemaCache<Plan>,
}

impl DocumentWriter {
    pub(crate) fn new(compact_map_entries: bool) -> Self {
        let plans = |style| Plans {
            style,
            cache: SchemaCache::new(PLANS),
        };
        Self {
            mapped: plans(Style::Mapped {
                compact_map_entries,
            }),
            plain: plans(Style::Plain),
        }
    }

    /// Appends `value`, which is not null, as JSON. What was appended before a
    /// failure stays.
    pub(crate) fn write(
        &mut self,
        out: &mut Vec<u8>,
        schema: Option<&SchemaRef>,
        value: &Value,
        ignores_schema: bool,
    ) -> Result<()> {
        let Some(schema) = schema else {
            return write_schemaless(out, value).map_err(Failure::into_error);
        };
        let plan = self.plan(schema, ignores_schema)?;
        plan.write(out, value).map_err(Failure::into_error)
    }

    fn plan(&mut self, schema: &SchemaRef, ignores_schema: bool) -> Result<&mut Plan> {
        let plans = if ignores_schema {
            &mut self.plain
        } else {
            &mut self.mapped
        };
        let style = plans.style;
        plans.cache.get_or_make(schema, |schema| {
            Plan::new(schema, style).map_err(Failure::into_error)
        })
    }

    /// Adds `@timestamp` to the document that starts at `start`: the text of
    /// the first of `fields` that the value has, or `timestamp` if none is
    /// named (`maybeAddTimestamp`).
    pub(crate) fn add_timestamp(
        &mut self,
        out: &mut Vec<u8>,
        start: usize,
        source: &TimestampSource<'_>,
    ) -> Result<()> {
        let text = if source.fields.is_empty() {
            source
                .timestamp
                .map_or_else(|| "null".to_owned(), |millis| millis.to_string())
        } else {
            match self.field_text(source)? {
                Some(text) => text,
                None => return Ok(()),
            }
        };
        if has_field(source.value, TIMESTAMP) {
            return replace_timestamp(out, start, &text);
        }
        out.pop();
        if out.last() != Some(&b'{') {
            out.push(b',');
        }
        out.extend_from_slice(b"\"@timestamp\":");
        out.extend_from_slice(text.as_bytes());
        out.push(b'}');
        Ok(())
    }

    /// The JSON string of the first field that is there (Jackson's `asText`).
    fn field_text(&mut self, source: &TimestampSource<'_>) -> Result<Option<String>> {
        let mut has = source.fields.iter();
        let Some(name) = has.find(|name| has_field(source.value, name)) else {
            return Ok(None);
        };
        let mut json = Vec::new();
        match (source.schema, field(source.value, name)) {
            (_, None) => {}
            (Some(schema), Some(value)) => {
                let plan = self.plan(schema, source.ignores_schema)?;
                plan.write_field(&mut json, name, value)
                    .map_err(Failure::into_error)?;
            }
            (None, Some(value)) => {
                write_schemaless(&mut json, value).map_err(Failure::into_error)?;
            }
        }
        let json = String::from_utf8_lossy(&json).into_owned();
        Ok(Some(match json.as_bytes().first() {
            Some(b'"') => json,
            Some(b'{' | b'[') | None => "\"\"".to_owned(),
            Some(_) => format!("\"{json}\""),
        }))
    }
}

/// Where a data stream's document has its `@timestamp` from.
#[derive(Debug)]
pub(crate) struct TimestampSource<'r> {
    pub(crate) schema: Option<&'r SchemaRef>,
    pub(crate) value: &'r Value,
    pub(crate) ignores_schema: bool,
    pub(crate) timestamp: Option<i64>,
    pub(crate) fields: &'r [String],
}

/// True if a value becomes a JSON object; Elasticsearch takes nothing else.
pub(crate) fn is_object(value: &Value) -> bool {
    match value {
        Value::Struct(_) => true,
        Value::Map(entries) => entries
            .iter()
            .all(|(key, _)| matches!(key, Value::String(_))),
        _ => false,
    }
}

fn has_field(value: &Value, name: &str) -> bool {
    match value {
        Value::Struct(value) => value.schema().field(name).is_some(),
        other => field(other, name).is_some(),
    }
}

fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Struct(value) => value.get(name),
        Value::Map(entries) => {
            let mut entries = entries.iter();
            let found = entries.find(|(key, _)| key.as_str() == Some(name));
            found.map(|(_, value)| value)
        }
        _ => None,
    }
}

/// For the few documents that have the field already.
fn replace_timestamp(out: &mut Vec<u8>, start: usize, text: &str) -> Result<()> {
    let internal = |error| Error::internal("reading a document again").caused_by(error);
    let mut document: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&out[start..]).map_err(internal)?;
    let value = serde_json::from_str(text).map_err(internal)?;
    document.insert(TIMESTAMP.to_owned(), value);
    out.truncate(start);
    serde_json::to_writer(out, &document).map_err(internal)
}
