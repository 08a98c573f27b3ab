//! A document's id and version, of its record.

use connect_api::data::{Schema, Type, Value};
use connect_api::java::to_string::{append, append_integer};
use connect_api::record::SinkRecord;
use connect_api::{Error, Result};

/// Elasticsearch takes no longer ids (`IndexRequest`).
const LONGEST_ID: usize = 512;

/// `topic+partition+offset`.
pub(super) fn id_by_offset(record: &SinkRecord, id: &mut String) {
    let partition = record.record.partition.unwrap_or(record.origin.partition);
    id.clear();
    id.push_str(&record.record.topic);
    id.push('+');
    push_integer(id, i64::from(partition));
    id.push('+');
    push_integer(id, record.offset);
}

fn push_integer(id: &mut String, value: i64) {
    let mut digits = Vec::with_capacity(20);
    append_integer(&mut digits, value);
    // Digits are ASCII.
    id.extend(digits.iter().map(|&digit| char::from(digit)));
}

/// The key as an id (`DataConverter.convertKey`).
pub(super) fn id_by_key(record: &SinkRecord, id: &mut String) -> Result<()> {
    let key = &record.record.key;
    let schema = record.record.key_schema.as_deref();
    let kind = schema.map(Schema::kind).or(key.kind());
    id.clear();
    match key {
        Value::Null => {
            return Err(Error::data(
                "Key is used as document id and can not be null. Set key.ignore=true to make ids \
                 of topic, partition and offset",
            ));
        }
        Value::String(text) if text.is_empty() => {
            return Err(Error::data(
                "Key is used as document id and can not be empty.",
            ));
        }
        Value::String(text) => id.push_str(text),
        other => match other.as_i64() {
            Some(number) => push_integer(id, number),
            None => return Err(unfit(kind.unwrap_or(Type::Struct))),
        },
    }
    if id.len() > LONGEST_ID {
        return Err(Error::data(format!(
            "the key is {} bytes long; a document's id has at most {LONGEST_ID}",
            id.len()
        )));
    }
    Ok(())
}

fn unfit(kind: Type) -> Error {
    let advice = match kind {
        Type::Struct | Type::Map => {
            ". Take a field of it by the transformation org.apache.kafka.connect.transforms.ExtractField$Key"
        }
        _ => "",
    };
    Error::data(format!(
        "{} is not supported as the document id.{advice}",
        kind.name().to_uppercase()
    ))
}

/// The number in the header called `name`.
pub(super) fn version_of_header(record: &SinkRecord, name: &str) -> Result<i64> {
    let Some(header) = record.record.headers.last(name) else {
        return Err(Error::data(format!(
            "the record has no header '{name}', which external.version.header names"
        )));
    };
    let mut text = Vec::new();
    append(&mut text, header.schema.as_deref(), &header.value);
    let number = std::str::from_utf8(&text).ok().map(str::trim);
    number.and_then(|text| text.parse().ok()).ok_or_else(|| {
        Error::data(format!(
            "the value of header '{name}' (external.version.header) is no number: {}",
            String::from_utf8_lossy(&text)
        ))
    })
}

#[cfg(test)]
mod tests {
    use connect_api::data::SchemaBuilder;
    use connect_api::record::{Header, Headers};

    use super::*;
    use crate::bulk::test_record as record;

    fn id_of(schema: Option<Type>, key: Value) -> std::result::Result<String, String> {
        let mut record = record(7);
        record.record.key_schema = schema.map(|kind| SchemaBuilder::new(kind).build());
        record.record.key = key;
        let mut id = "before".to_owned();
        id_by_key(&record, &mut id)
            .map(|()| id)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn keys_become_ids() {
        let cases = [
            (Some(Type::Int8), Value::Int8(-7), "-7"),
            (Some(Type::Int64), Value::Int64(1 << 40), "1099511627776"),
            (Some(Type::String), Value::from("key"), "key"),
            (None, Value::from("key"), "key"),
            (None, Value::Int64(12), "12"),
        ];
        for (schema, key, expected) in cases {
            assert_eq!(id_of(schema, key), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn other_keys_are_refused() {
        let long = "x".repeat(513);
        let cases = [
            (Some(Type::String), Value::Null, "can not be null"),
            (Some(Type::String), Value::from(""), "can not be empty"),
            (Some(Type::Boolean), Value::Boolean(true), "BOOLEAN is not"),
            (Some(Type::Float64), Value::Float64(1.0), "FLOAT64 is not"),
            (None, Value::Map(Vec::new()), "ExtractField$Key"),
            (None, Value::from(long), "513 bytes"),
        ];
        for (schema, key, expected) in cases {
            let error = id_of(schema, key).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn ids_of_offsets_and_versions_of_headers() {
        let mut record = record(7);
        let mut id = String::new();
        id_by_offset(&record, &mut id);
        assert_eq!(id, "t+0+7");
        let mut headers = Headers::default();
        for value in [Value::Int64(1), Value::from(" 42 ")] {
            headers.add("version", None, value);
        }
        let header = Header {
            key: "bad".into(),
            schema: None,
            value: Value::from("x"),
        };
        headers.add(header.key, header.schema, header.value);
        record.record.headers = headers;
        assert_eq!(version_of_header(&record, "version").unwrap(), 42);
        let error = version_of_header(&record, "bad").unwrap_err();
        assert!(error.message().contains("no number: x"), "{error}");
        assert!(version_of_header(&record, "none").is_err());
    }
}
