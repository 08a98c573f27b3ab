//! Scalars as Jackson writes them, and values without schemas.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_api::data::Value;
use connect_api::java::float;
use connect_api::java::to_string::append_integer;

use super::Failure;

/// For ASCII: 0 to stand as it is, the letter of a short escape, or `u`.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0A] = b'n';
    table[0x0C] = b'f';
    table[0x0D] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Appends `text` in quotes. No line break stands in it: a bulk request's lines
/// end where a document does.
pub(super) fn write_string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut plain_from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escape = ESCAPES[usize::from(byte)];
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(&bytes[plain_from..at]);
        plain_from = at + 1;
        if escape == b'u' {
            out.extend_from_slice(format!("\\u{byte:04X}").as_bytes());
        } else {
            out.extend_from_slice(&[b'\\', escape]);
        }
    }
    out.extend_from_slice(&bytes[plain_from..]);
    out.push(b'"');
}

/// Appends a scalar; false for collections and structs.
#[inline]
pub(super) fn write_scalar(out: &mut Vec<u8>, value: &Value) -> bool {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Int8(value) => append_integer(out, *value),
        Value::Int16(value) => append_integer(out, *value),
        Value::Int32(value) => append_integer(out, *value),
        Value::Int64(value) => append_integer(out, *value),
        Value::Float32(value) if value.is_finite() => float::write_f32(out, *value),
        Value::Float32(value) => quoted(out, |out| float::write_f32(out, *value)),
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
        Value::Array(_) | Value::Map(_) | Value::Struct(_) => return false,
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
