//! One value as another type, as Java converts it: what is too large loses its
//! upper bits, floats are cut off and kept within an integer's bounds.

use connect_api::data::{Schema, Type, Value, logical};
use connect_api::java::decimal::Decimal;
use connect_api::java::time::iso_text;
use connect_api::java::to_string::{append_scalar, logical_text, scale};
use connect_api::{Error, Result};

use super::spec::{TARGETS, type_names};
use crate::java_class::class_name;
use crate::numbers::{decimal_to_i64, parse_f32, parse_f64, parse_i64};
use crate::schemas::type_name;

/// `value` of `schema` as one of `target`'s type; null stays null.
pub(super) fn cast(schema: Option<&Schema>, value: Value, target: Type) -> Result<Value> {
    let kind = match schema {
        _ if value.is_null() => return Ok(value),
        Some(schema) => schema.kind(),
        None => value.kind().unwrap_or(Type::Struct),
    };
    if matches!(kind, Type::Array | Type::Map | Type::Struct) {
        return Err(Error::data(format!(
            "Cast transformation does not support casting from {}; supported types are [{}, BYTES]",
            type_name(kind),
            type_names(&TARGETS)
        )));
    }
    if target == Type::String {
        return Ok(as_text(schema, value));
    }
    let number = Number::of(schema, &value)?;
    number.as_type(target).ok_or_else(|| {
        let text = as_text(schema, value);
        Error::data(format!(
            "Value ({}) was out of range for requested data type",
            text.as_str().unwrap_or_default()
        ))
    })
}

fn as_text(schema: Option<&Schema>, value: Value) -> Value {
    if let Some(text) = logical_text(schema, &value, iso_text) {
        return Value::from(text);
    }
    if let Value::String(_) = value {
        return value;
    }
    let mut text = Vec::new();
    append_scalar(&mut text, &value);
    Value::from(String::from_utf8_lossy(&text).into_owned())
}

/// What is cast.
enum Number<'v> {
    Integer(i64),
    Float(f32),
    Double(f64),
    Decimal(Decimal),
    Text(&'v str),
    Boolean(bool),
}

impl<'v> Number<'v> {
    fn of(schema: Option<&Schema>, value: &'v Value) -> Result<Self> {
        Ok(match value {
            Value::Int8(value) => Self::Integer(i64::from(*value)),
            Value::Int16(value) => Self::Integer(i64::from(*value)),
            Value::Int32(value) => Self::Integer(i64::from(*value)),
            Value::Int64(value) => Self::Integer(*value),
            Value::Float32(value) => Self::Float(*value),
            Value::Float64(value) => Self::Double(*value),
            Value::Boolean(value) => Self::Boolean(*value),
            Value::String(text) => Self::Text(text),
            Value::Bytes(bytes) => match schema.filter(|schema| is_decimal(schema)) {
                Some(schema) => {
                    Self::Decimal(Decimal::from_unscaled(bytes, scale(schema).unwrap_or(0)))
                }
                None => return Err(unexpected(value)),
            },
            _ => return Err(unexpected(value)),
        })
    }

    /// None for a text that is no number of the type.
    #[expect(clippy::cast_possible_truncation, reason = "as in Java")]
    fn as_type(&self, target: Type) -> Option<Value> {
        Some(match target {
            Type::Int8 => Value::Int8(self.as_integer(i8::MIN.into(), i8::MAX.into())? as i8),
            Type::Int16 => Value::Int16(self.as_integer(i16::MIN.into(), i16::MAX.into())? as i16),
            Type::Int32 => Value::Int32(self.as_integer(i32::MIN.into(), i32::MAX.into())? as i32),
            Type::Int64 => Value::Int64(match self {
                Self::Float(value) => *value as i64,
                Self::Double(value) => *value as i64,
                _ => self.as_integer(i64::MIN, i64::MAX)?,
            }),
            Type::Float32 => Value::Float32(self.as_float()?),
            Type::Float64 => Value::Float64(self.as_double()?),
            Type::Boolean => Value::Boolean(self.as_boolean()),
            _ => return None,
        })
    }

    /// The integer whose lower bits count. Floats go through an int; a text
    /// must be within the bounds.
    #[expect(clippy::cast_possible_truncation, reason = "as in Java")]
    fn as_integer(&self, least: i64, most: i64) -> Option<i64> {
        Some(match self {
            Self::Integer(value) => *value,
            Self::Float(value) => i64::from(*value as i32),
            Self::Double(value) => i64::from(*value as i32),
            Self::Decimal(value) => decimal_to_i64(value),
            Self::Boolean(value) => i64::from(*value),
            Self::Text(text) => parse_i64(text).filter(|value| (least..=most).contains(value))?,
        })
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "as in Java"
    )]
    fn as_float(&self) -> Option<f32> {
        Some(match self {
            Self::Integer(value) => *value as f32,
            Self::Float(value) => *value,
            Self::Double(value) => *value as f32,
            Self::Decimal(value) => value.to_text().parse().ok()?,
            Self::Boolean(value) => f32::from(u8::from(*value)),
            Self::Text(text) => parse_f32(text)?,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "as in Java")]
    fn as_double(&self) -> Option<f64> {
        Some(match self {
            Self::Integer(value) => *value as f64,
            Self::Float(value) => f64::from(*value),
            Self::Double(value) => *value,
            Self::Decimal(value) => value.to_text().parse().ok()?,
            Self::Boolean(value) => f64::from(u8::from(*value)),
            Self::Text(text) => parse_f64(text)?,
        })
    }

    /// A number is true if its integer part is not 0.
    fn as_boolean(&self) -> bool {
        match self {
            Self::Integer(value) => *value != 0,
            Self::Float(value) => value.abs() >= 1.0,
            Self::Double(value) => value.abs() >= 1.0,
            Self::Decimal(value) => decimal_to_i64(value) != 0,
            Self::Boolean(value) => *value,
            Self::Text(text) => text.eq_ignore_ascii_case("true"),
        }
    }
}

fn is_decimal(schema: &Schema) -> bool {
    schema.name() == Some(logical::DECIMAL)
}

#[cold]
fn unexpected(value: &Value) -> Error {
    Error::data(format!(
        "Unexpected type in Cast transformation: class {}",
        class_name(None, value)
    ))
}
