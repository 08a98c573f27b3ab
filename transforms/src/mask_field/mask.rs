//! What a masked value becomes.

use bytes::Bytes;
use connect_api::data::{Schema, Type, Value, logical};
use connect_api::java::decimal::Decimal;
use connect_api::java::to_string::scale;

use crate::java_class::class_name;
use crate::numbers::{decimal_to_f64, decimal_to_i64};

type Mask = std::result::Result<Value, String>;

/// The mask of a field that is not null.
pub(super) fn of_schema(schema: &Schema, replacement: Option<&str>) -> Mask {
    let example = example(schema.kind());
    match replacement {
        None if example_class(schema, &example) == "java.math.BigDecimal" => {
            Ok(Value::Bytes(Bytes::from_static(&[0])))
        }
        None if is_unmaskable(&example) => Err(format!(
            "Cannot mask value of type: class {}",
            example_class(schema, &example)
        )),
        None => Ok(example),
        Some(text) => match example_class(schema, &example) {
            "java.math.BigDecimal" => decimal(schema, text),
            "java.util.Date" => Err(no_replacement("java.util.Date")),
            _ => replaced(&example, text),
        },
    }
}

/// The mask of a value without a schema.
pub(super) fn schemaless(value: &Value, replacement: Option<&str>) -> Mask {
    match (value.kind(), replacement) {
        (None, _) => Ok(Value::Null),
        (Some(_), Some(text)) => replaced(value, text),
        (Some(kind), None) => {
            if is_unmaskable(value) {
                return Err(format!(
                    "Cannot mask value of type: class {}",
                    class_name(None, value)
                ));
            }
            Ok(example(kind))
        }
    }
}

fn is_unmaskable(value: &Value) -> bool {
    matches!(value, Value::Bytes(_) | Value::Struct(_) | Value::Null)
}

fn example_class(schema: &Schema, example: &Value) -> &'static str {
    match schema.kind() {
        Type::Struct => "org.apache.kafka.connect.data.Struct",
        _ => class_name(Some(schema), example),
    }
}

/// A type's empty value; null for a struct, which has none.
fn example(kind: Type) -> Value {
    match kind {
        Type::Int8 => Value::Int8(0),
        Type::Int16 => Value::Int16(0),
        Type::Int32 => Value::Int32(0),
        Type::Int64 => Value::Int64(0),
        Type::Float32 => Value::Float32(0.0),
        Type::Float64 => Value::Float64(0.0),
        Type::Boolean => Value::Boolean(false),
        Type::String => Value::from(""),
        Type::Bytes => Value::Bytes(Bytes::new()),
        Type::Array => Value::Array(Vec::new()),
        Type::Map => Value::Map(Vec::new()),
        Type::Struct => Value::Null,
    }
}

/// `text` as a value of the type of `value` (`Values.convertTo…`).
fn replaced(value: &Value, text: &str) -> Mask {
    if let Value::String(_) = value {
        return Ok(Value::from(text.to_owned()));
    }
    let number = || {
        Decimal::parse(text)
            .ok_or_else(|| format!("Unable to convert {text} (class java.lang.String) to a number"))
    };
    // Numbers that are too large lose their upper bits, as in Java.
    #[expect(clippy::cast_possible_truncation, reason = "as in Java")]
    Ok(match value {
        Value::Int8(_) => Value::Int8(decimal_to_i64(&number()?) as i8),
        Value::Int16(_) => Value::Int16(decimal_to_i64(&number()?) as i16),
        Value::Int32(_) => Value::Int32(decimal_to_i64(&number()?) as i32),
        Value::Int64(_) => Value::Int64(decimal_to_i64(&number()?)),
        Value::Float32(_) => Value::Float32(decimal_to_f64(&number()?) as f32),
        Value::Float64(_) => Value::Float64(decimal_to_f64(&number()?)),
        Value::Null => return Err(no_replacement("org.apache.kafka.connect.data.Struct")),
        other => return Err(no_replacement(class_name(None, other))),
    })
}

/// The original leaves the replacement's own scale, with which no converter
/// takes it.
fn decimal(schema: &Schema, text: &str) -> Mask {
    let number = Decimal::parse(text)
        .ok_or_else(|| format!("Unable to convert {text} (class java.lang.String) to number"))?;
    let scaled = scale(schema).and_then(|scale| number.with_scale(scale));
    scaled
        .map(|number| Value::Bytes(Bytes::from(number.to_unscaled())))
        .ok_or_else(|| {
            format!(
                "{text} does not fit the scale {} of a {}",
                schema.parameter(logical::DECIMAL_SCALE).unwrap_or("null"),
                logical::DECIMAL
            )
        })
}

fn no_replacement(class: &str) -> String {
    format!("Cannot mask value of type class {class} with custom replacement.")
}
