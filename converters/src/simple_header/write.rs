//! Values as text (`Values.convertToString`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_api::data::{Schema, Struct, Value};

use crate::java::time::iso_text;
use crate::java::to_string::{append_scalar, logical_text};

/// Appends the text of `value`; strings and bytes inside of another value are
/// in quotes.
pub(super) fn append(out: &mut Vec<u8>, schema: Option<&Schema>, value: &Value, embedded: bool) {
    if let Some(text) = logical_text(schema, value, iso_text) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    match value {
        Value::String(text) if embedded => append_quoted(out, text),
        Value::Bytes(bytes) if embedded => append_quoted(out, &STANDARD.encode(bytes)),
        Value::Array(items) => {
            let item_schema = schema
                .and_then(Schema::value_schema)
                .map(|schema| &**schema);
            out.push(b'[');
            for (position, item) in items.iter().enumerate() {
                separate(out, position);
                append(out, item_schema, item, true);
            }
            out.push(b']');
        }
        Value::Map(entries) => {
            let key_schema = schema.and_then(Schema::key_schema).map(|schema| &**schema);
            let value_schema = schema
                .and_then(Schema::value_schema)
                .map(|schema| &**schema);
            out.push(b'{');
            for (position, (key, value)) in entries.iter().enumerate() {
                separate(out, position);
                append(out, key_schema, key, true);
                out.push(b':');
                append(out, value_schema, value, true);
            }
            out.push(b'}');
        }
        Value::Struct(value) => append_struct(out, value),
        scalar => {
            append_scalar(out, scalar);
        }
    }
}

/// A null field that has a default is written as the default.
fn append_struct(out: &mut Vec<u8>, value: &Struct) {
    out.push(b'{');
    for (field, value) in value.schema().fields().iter().zip(value.values()) {
        separate(out, field.index);
        append_quoted(out, &field.name);
        out.push(b':');
        let value = match field.schema.default_value() {
            Some(default) if value.is_null() => default,
            _ => value,
        };
        append(out, Some(&field.schema), value, true);
    }
    out.push(b'}');
}

fn separate(out: &mut Vec<u8>, position: usize) {
    if position > 0 {
        out.push(b',');
    }
}

fn append_quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}
