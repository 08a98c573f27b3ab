//! The Java classes of Connect's values: what the originals' errors name, and
//! what people search for.

use connect_api::data::{Schema, Value, logical};

/// The class that the JVM has for `value`.
pub(crate) fn class_name(schema: Option<&Schema>, value: &Value) -> &'static str {
    if let Some(name) = schema.and_then(Schema::name) {
        match (name, value) {
            (logical::DECIMAL, Value::Bytes(_)) => return "java.math.BigDecimal",
            (logical::DATE | logical::TIME, Value::Int32(_))
            | (logical::TIMESTAMP, Value::Int64(_)) => return "java.util.Date",
            _ => {}
        }
    }
    match value {
        Value::Null => "null",
        Value::Boolean(_) => "java.lang.Boolean",
        Value::Int8(_) => "java.lang.Byte",
        Value::Int16(_) => "java.lang.Short",
        Value::Int32(_) => "java.lang.Integer",
        Value::Int64(_) => "java.lang.Long",
        Value::Float32(_) => "java.lang.Float",
        Value::Float64(_) => "java.lang.Double",
        Value::String(_) => "java.lang.String",
        Value::Bytes(_) => "[B",
        Value::Array(_) => "java.util.ArrayList",
        Value::Map(_) => "java.util.HashMap",
        Value::Struct(_) => "org.apache.kafka.connect.data.Struct",
    }
}
