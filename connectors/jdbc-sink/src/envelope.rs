//! What a record asks for: a row as it is, or Debezium's envelope around it.

use connect_api::data::{SchemaRef, Struct, Type, Value};
use connect_api::record::SinkRecord;
use connect_api::{Error, Result};

use crate::config::{Flavor, PkMode, SinkSettings};
use crate::plan::Op;

/// What a record asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action<'r> {
    /// Nothing: it is counted as done.
    Skip(&'static str),
    /// A row is written or deleted.
    Row {
        op: Op,
        /// The schema of the row's fields: none where only the key counts.
        schema: Option<&'r SchemaRef>,
        body: Option<&'r Struct>,
        /// An envelope's `source`.
        source: Option<&'r Struct>,
    },
    /// The table is emptied.
    Truncate { source: Option<&'r Struct> },
}

/// What `record` asks for; an error if its shape does not fit the settings.
pub(crate) fn action<'r>(settings: &SinkSettings, record: &'r SinkRecord) -> Result<Action<'r>> {
    let value = &record.record.value;
    let Some(schema) = &record.record.value_schema else {
        return tombstone(settings, record);
    };
    if schema
        .name()
        .is_some_and(|name| name.contains("SchemaChangeValue"))
    {
        return Ok(Action::Skip("schema change events are not rows"));
    }
    match value {
        Value::Null => tombstone(settings, record),
        Value::Struct(body) if is_envelope(body.schema()) => envelope(settings, record, body),
        _ => {
            require_value(settings, record)?;
            if needs_key(settings) {
                require_key(settings, record)?;
            }
            let body = value.as_struct();
            Ok(Action::Row {
                op: Op::Upsert,
                schema: Some(body.map_or(schema, Struct::schema)),
                body,
                source: None,
            })
        }
    }
}

/// `Envelope.isEnvelopeSchema`, or a struct without a name but with its fields.
fn is_envelope(schema: &SchemaRef) -> bool {
    let named = match schema.name() {
        Some(name) => name.ends_with(".Envelope"),
        None => schema.field("source").is_some(),
    };
    named && schema.field("op").is_some() && schema.field("after").is_some()
}

fn envelope<'r>(
    settings: &SinkSettings,
    record: &'r SinkRecord,
    value: &'r Struct,
) -> Result<Action<'r>> {
    let source = value.get("source").and_then(Value::as_struct);
    let part = |name: &str| {
        let schema = value.schema().field(name).map(|field| &field.schema);
        (schema, value.get(name).and_then(Value::as_struct))
    };
    match value.get("op").and_then(Value::as_str) {
        Some("c" | "r" | "u") => {
            if needs_key(settings) {
                require_key(settings, record)?;
            }
            let (schema, body) = part("after");
            if body.is_none() {
                return Err(at_record("the envelope has no 'after'", record));
            }
            Ok(Action::Row {
                op: Op::Upsert,
                schema: body.map(Struct::schema).or(schema),
                body,
                source,
            })
        }
        Some("d") if !settings.delete_enabled => {
            Ok(Action::Skip("deletes are not enabled (delete.enabled)"))
        }
        Some("d") if settings.pk_mode == PkMode::RecordValue => {
            let (schema, body) = part("before");
            if body.is_none() {
                let text =
                    "the envelope of a delete has no 'before', which pk.mode record_value needs";
                return Err(at_record(text, record));
            }
            Ok(Action::Row {
                op: Op::Delete,
                schema: body.map(Struct::schema).or(schema),
                body,
                source,
            })
        }
        Some("d") => {
            if settings.pk_mode == PkMode::RecordKey {
                require_key(settings, record)?;
            }
            Ok(Action::Row {
                op: Op::Delete,
                schema: None,
                body: None,
                source,
            })
        }
        Some("t") if settings.truncate_enabled => Ok(Action::Truncate { source }),
        Some("t") => Ok(Action::Skip("truncates are not enabled (truncate.enabled)")),
        Some("m") => Ok(Action::Skip("messages are not rows")),
        other => Err(at_record(
            &format!(
                "the envelope's operation {} is not one of c, r, u, d, t, m",
                other.unwrap_or("null")
            ),
            record,
        )),
    }
}

fn tombstone<'r>(settings: &SinkSettings, record: &'r SinkRecord) -> Result<Action<'r>> {
    if settings.flavor == Flavor::Debezium {
        if record.record.value_schema.is_none() && !record.record.value.is_null() {
            require_value(settings, record)?;
        }
        if !settings.delete_enabled {
            return Ok(Action::Skip("deletes are not enabled (delete.enabled)"));
        }
        if matches!(settings.pk_mode, PkMode::RecordValue | PkMode::RecordHeader) {
            return Ok(Action::Skip("a tombstone has no such key"));
        }
    }
    if !settings.delete_enabled || !record.record.value.is_null() {
        require_value(settings, record)?;
    }
    require_key(settings, record)?;
    Ok(Action::Row {
        op: Op::Delete,
        schema: None,
        body: None,
        source: None,
    })
}

/// `RecordValidator`: deletes need a key from every record.
fn needs_key(settings: &SinkSettings) -> bool {
    settings.pk_mode == PkMode::RecordKey
}

fn require_value(settings: &SinkSettings, record: &SinkRecord) -> Result<()> {
    let schema = record.record.value_schema.as_ref();
    let takes = matches!(
        schema.map(|schema| schema.kind()),
        Some(Type::Struct | Type::String)
    );
    if takes && !record.record.value.is_null() {
        return Ok(());
    }
    Err(Error::data(format!(
        "Sink connector '{}' is configured with 'delete.enabled={}' and 'pk.mode={}' and therefore requires records \
         with a non-null Struct or String value and non-null Struct or String schema, but found record at \
         (topic='{}',partition={},offset={},timestamp={}) with a {} value and {} value schema.",
        settings.connector,
        settings.delete_enabled,
        settings.pk_mode.name(),
        record.record.topic,
        record.origin.partition,
        record.offset,
        timestamp(record),
        type_name(&record.record.value),
        schema_name(schema),
    )))
}

fn require_key(settings: &SinkSettings, record: &SinkRecord) -> Result<()> {
    let schema = record.record.key_schema.as_ref();
    let takes = schema.is_some_and(|schema| !matches!(schema.kind(), Type::Array | Type::Map));
    if takes && !record.record.key.is_null() {
        return Ok(());
    }
    Err(Error::data(format!(
        "Sink connector '{}' is configured with 'delete.enabled={}' and 'pk.mode={}' and therefore requires records \
         with a non-null key and non-null Struct or primitive key schema, but found record at \
         (topic='{}',partition={},offset={},timestamp={}) with a {} key and {} key schema.",
        settings.connector,
        settings.delete_enabled,
        settings.pk_mode.name(),
        record.record.topic,
        record.origin.partition,
        record.offset,
        timestamp(record),
        type_name(&record.record.key),
        schema_name(schema),
    )))
}

fn timestamp(record: &SinkRecord) -> String {
    record
        .record
        .timestamp
        .map_or_else(|| "null".to_owned(), |millis| millis.to_string())
}

/// The simple name of the value's Java class.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Boolean(_) => "Boolean",
        Value::Int8(_) => "Byte",
        Value::Int16(_) => "Short",
        Value::Int32(_) => "Integer",
        Value::Int64(_) => "Long",
        Value::Float32(_) => "Float",
        Value::Float64(_) => "Double",
        Value::String(_) => "String",
        Value::Bytes(_) => "byte[]",
        Value::Array(_) => "ArrayList",
        Value::Map(_) => "HashMap",
        Value::Struct(_) => "Struct",
    }
}

fn schema_name(schema: Option<&SchemaRef>) -> &'static str {
    match schema.map(|schema| schema.kind()) {
        None => "null",
        Some(Type::Struct) => "Struct",
        Some(kind) => kind.name(),
    }
}

/// An error of one record.
pub(crate) fn at_record(message: &str, record: &SinkRecord) -> Error {
    Error::data(message)
        .with("topic", &record.origin.topic)
        .with("partition", record.origin.partition)
        .with("offset", record.offset)
}
