//! Values without a schema as JSON.

use connect_api::data::Value;

use super::plan::{write_base64, write_boolean, write_double, write_float, write_list};
use crate::failure::Failure;
use crate::java::json::write_string;
use crate::java::to_string::append_integer;

/// Appends `value` by what it is itself.
pub(super) fn write(out: &mut Vec<u8>, value: &Value) -> Result<(), Failure> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(value) => write_boolean(out, *value),
        Value::Int8(value) => append_integer(out, *value),
        Value::Int16(value) => append_integer(out, *value),
        Value::Int32(value) => append_integer(out, *value),
        Value::Int64(value) => append_integer(out, *value),
        Value::Float32(value) => write_float(out, *value),
        Value::Float64(value) => write_double(out, *value),
        Value::String(text) => write_string(out, text),
        Value::Bytes(bytes) => write_base64(out, bytes),
        Value::Array(items) => write_list(out, items, write)?,
        Value::Map(entries) => write_map(out, entries)?,
        Value::Struct(_) => {
            return Err(Failure::new(
                "Mismatching schema. A struct stands where the record has no schema",
            ));
        }
    }
    Ok(())
}

/// An object if all keys are strings, else an array of pairs.
fn write_map(out: &mut Vec<u8>, entries: &[(Value, Value)]) -> Result<(), Failure> {
    if entries.iter().any(|(key, _)| key.as_str().is_none()) {
        return write_list(out, entries, |out, (key, value)| {
            out.push(b'[');
            write(out, key)?;
            out.push(b',');
            write(out, value)?;
            out.push(b']');
            Ok(())
        });
    }
    out.push(b'{');
    for (position, (key, value)) in entries.iter().enumerate() {
        let name = key.as_str().unwrap_or_default();
        if position > 0 {
            out.push(b',');
        }
        write_string(out, name);
        out.push(b':');
        write(out, value).map_err(|failure| failure.in_field(name))?;
    }
    out.push(b'}');
    Ok(())
}
