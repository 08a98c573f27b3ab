//! Values: what a record's key, value, headers and fields hold.

use bytes::Bytes;
use bytestring::ByteString;

use super::{Struct, Type};

/// A value in the representation of its schema's base type.
///
/// Cloning strings and bytes counts a reference; it copies nothing.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Value {
    #[default]
    Null,
    Boolean(bool),
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    Float32(f32),
    Float64(f64),
    String(ByteString),
    Bytes(Bytes),
    Array(Vec<Value>),
    /// Entries in their order; with a schema, or of a schemaless object.
    Map(Vec<(Value, Value)>),
    Struct(Struct),
}

impl Value {
    /// True for [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The struct, if it is one.
    pub fn as_struct(&self) -> Option<&Struct> {
        match self {
            Value::Struct(value) => Some(value),
            _ => None,
        }
    }

    /// Any of the four integer types, widened.
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Value::Int8(value) => Some(value.into()),
            Value::Int16(value) => Some(value.into()),
            Value::Int32(value) => Some(value.into()),
            Value::Int64(value) => Some(value),
            _ => None,
        }
    }

    /// The base type that this value has by itself; none for null.
    pub fn kind(&self) -> Option<Type> {
        Some(match self {
            Value::Null => return None,
            Value::Boolean(_) => Type::Boolean,
            Value::Int8(_) => Type::Int8,
            Value::Int16(_) => Type::Int16,
            Value::Int32(_) => Type::Int32,
            Value::Int64(_) => Type::Int64,
            Value::Float32(_) => Type::Float32,
            Value::Float64(_) => Type::Float64,
            Value::String(_) => Type::String,
            Value::Bytes(_) => Type::Bytes,
            Value::Array(_) => Type::Array,
            Value::Map(_) => Type::Map,
            Value::Struct(_) => Type::Struct,
        })
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Value::String(ByteString::from_static(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(text.into())
    }
}

impl From<ByteString> for Value {
    fn from(text: ByteString) -> Self {
        Value::String(text)
    }
}

impl From<Struct> for Value {
    fn from(value: Struct) -> Self {
        Value::Struct(value)
    }
}
