//! Scalars as Jackson writes them, and values without schemas. No line break
//! stands in a document: a bulk request's lines end where documents do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_api::data::Value;
use connect_api::java::float;
use connect_api::java::json::write_string;
use connect_api::java::to_string::append_scalar;

use super::Failure;

/// Appends a scalar; false for collections and structs.
#[inline]
pub(super) fn write_scalar(out: &mut Vec<u8>, value: &Value) -> bool {
    match value {
        Value::Float32(value) if !value.is_finite() => {
            quoted(out, |out| float::write_f32(out, *value));
        }
        Value::Float64(value) => write_double(out, *value),
        Value::String(text) => write_string(out, text),
        Value::Bytes(bytes) => quoted(out, |out| {
            let start = out.len();
            let length = base64::encoded_len(bytes.len(), true).unwrap_or(0);
            out.resize(start + length, 0);
            // The room is exactly what was computed for these bytes.
            if STANDARD.encode_slice(bytes, &mut out[start..]).is_err() {
                out.truncate(start);
            }
        }),
        // Null, booleans and finite numbers are the same as Java's text.
        other => return append_scalar(out, other),
    }
    true
}

/// A number; one that is not finite in quotes, as Jackson writes it.
pub(super) fn write_double(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        float::write_f64(out, value);
    } else {
        quoted(out, |out| float::write_f64(out, value));
    }
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

/// Appends the items of a JSON list or object with commas between them.
pub(super) fn write_list<T>(
    out: &mut Vec<u8>,
    brackets: [u8; 2],
    items: &[T],
    mut write: impl FnMut(&mut Vec<u8>, &T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    out.push(brackets[0]);
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write(out, item)?;
    }
    out.push(brackets[1]);
    Ok(())
}

/// Appends a value by what it is itself: a map is an object if all its keys are
/// strings, a list of pairs otherwise.
pub(super) fn write_schemaless(out: &mut Vec<u8>, value: &Value) -> Result<(), Failure> {
    if write_scalar(out, value) {
        return Ok(());
    }
    match value {
        Value::Array(items) => write_list(out, *b"[]", items, write_schemaless),
        Value::Map(entries) if super::is_object(value) => {
            write_list(out, *b"{}", entries, |out, (key, value)| {
                let key = key.as_str().unwrap_or_default();
                write_string(out, key);
                out.push(b':');
                write_schemaless(out, value).map_err(|failure| failure.in_field(key))
            })
        }
        Value::Map(entries) => write_list(out, *b"[]", entries, |out, (key, value)| {
            out.push(b'[');
            write_schemaless(out, key)?;
            out.push(b',');
            write_schemaless(out, value)?;
            out.push(b']');
            Ok(())
        }),
        Value::Struct(value) => {
            let fields: Vec<_> = value.schema().fields().iter().zip(value.values()).collect();
            write_list(out, *b"{}", &fields, |out, (field, value)| {
                write_string(out, &field.name);
                out.push(b':');
                write_schemaless(out, value).map_err(|failure| failure.in_field(&field.name))
            })
        }
        other => Err(Failure::new(format!("{other:?} cannot be written as JSON"))),
    }
}
