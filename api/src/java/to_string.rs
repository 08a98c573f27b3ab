//! `toString` of Connect's data objects, as `StringConverter` writes them.
//!
//! Two texts of the JVM depend on the process and are not copied: a date is
//! written in UTC, whatever the process's time zone, and bytes are written in
//! Base64 where Java shows an array's address.

use crate::data::{Schema, Struct, Value, logical};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::decimal::Decimal;
use super::{float, time};

/// Appends the text of `value`.
pub fn append(out: &mut Vec<u8>, schema: Option<&Schema>, value: &Value) {
    if let Some(text) = logical_text(schema, value, time::date_to_string) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    if append_scalar(out, value) {
        return;
    }
    match value {
        Value::Array(items) => {
            let item_schema = schema.and_then(Schema::value_schema);
            out.push(b'[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.extend_from_slice(b", ");
                }
                append(out, item_schema.map(|schema| &**schema), item);
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
                if position > 0 {
                    out.extend_from_slice(b", ");
                }
                append(out, key_schema, key);
                out.push(b'=');
                append(out, value_schema, value);
            }
            out.push(b'}');
        }
        Value::Struct(value) => append_struct(out, value),
        _ => {}
    }
}

/// `Struct.toString`: fields that are null are left out.
fn append_struct(out: &mut Vec<u8>, value: &Struct) {
    out.extend_from_slice(b"Struct{");
    let mut is_first = true;
    for (field, value) in value.schema().fields().iter().zip(value.values()) {
        if value.is_null() {
            continue;
        }
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        out.extend_from_slice(field.name.as_bytes());
        out.push(b'=');
        append(out, Some(&field.schema), value);
    }
    out.push(b'}');
}

/// Appends a value that is neither collection nor struct; false for those.
#[inline]
pub fn append_scalar(out: &mut Vec<u8>, value: &Value) -> bool {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Int8(value) => append_integer(out, *value),
        Value::Int16(value) => append_integer(out, *value),
        Value::Int32(value) => append_integer(out, *value),
        Value::Int64(value) => append_integer(out, *value),
        Value::Float32(value) => float::write_f32(out, *value),
        Value::Float64(value) => float::write_f64(out, *value),
        Value::String(text) => out.extend_from_slice(text.as_bytes()),
        Value::Bytes(bytes) => out.extend_from_slice(STANDARD.encode(bytes).as_bytes()),
        Value::Array(_) | Value::Map(_) | Value::Struct(_) => return false,
    }
    true
}

/// Appends an integer.
pub fn append_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The text of a value of a logical type, with `date` for its three dates.
pub fn logical_text(
    schema: Option<&Schema>,
    value: &Value,
    date: fn(i64) -> String,
) -> Option<String> {
    let schema = schema?;
    match (schema.name()?, value) {
        (logical::DECIMAL, Value::Bytes(bytes)) => {
            Some(Decimal::from_unscaled(bytes, scale(schema)?).to_text())
        }
        (logical::DATE, Value::Int32(days)) => Some(date(i64::from(*days) * 86_400_000)),
        (logical::TIME, Value::Int32(millis)) => Some(date(i64::from(*millis))),
        (logical::TIMESTAMP, Value::Int64(millis)) => Some(date(*millis)),
        _ => None,
    }
}

/// The scale of a `Decimal` schema, if it is a number.
pub fn scale(schema: &Schema) -> Option<i32> {
    schema.parameter(logical::DECIMAL_SCALE)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::data::{SchemaBuilder, Type};
    use bytes::Bytes;

    use super::*;

    fn text(schema: Option<&Schema>, value: &Value) -> String {
        let mut out = Vec::new();
        append(&mut out, schema, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn structs_leave_out_nulls() {
        let inner = SchemaBuilder::structure()
            .field("price", logical::decimal(2).build())
            .field("at", logical::timestamp().build())
            .build();
        let outer = SchemaBuilder::structure()
            .field("id", Schema::required(Type::Int32))
            .field("name", Schema::optional(Type::String))
            .field("inner", inner.clone())
            .build();
        let inner = Struct::from_values(
            inner,
            vec![Value::Bytes(Bytes::from_static(&[0, 156])), Value::Int64(0)],
        )
        .unwrap();
        let value = Struct::from_values(outer, vec![Value::Int32(7), Value::Null, inner.into()]);
        assert_eq!(
            text(None, &value.unwrap().into()),
            "Struct{id=7,inner=Struct{price=1.56,at=Thu Jan 01 00:00:00 UTC 1970}}"
        );
    }

    #[test]
    fn collections_are_those_of_java_util() {
        let list = Value::Array(vec![Value::Int64(1), "a".into(), Value::Null]);
        assert_eq!(text(None, &list), "[1, a, null]");
        let map = Value::Map(vec![
            ("a".into(), Value::Float64(1.0)),
            ("b".into(), Value::Boolean(true)),
        ]);
        assert_eq!(text(None, &map), "{a=1.0, b=true}");
    }
}
