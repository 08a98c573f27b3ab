//! The common schema of the items of an array or a map (`Values.SchemaMerger`),
//! and values made to fit it.

use connect_api::data::{SchemaRef, Type, Value};

/// Collects the schemas of items.
#[derive(Debug, Default)]
pub(super) struct Common {
    schema: Option<SchemaRef>,
    incompatible: bool,
}

impl Common {
    /// Takes the schema of one more item; a null has none and fits any.
    pub(super) fn merge(&mut self, latest: Option<&SchemaRef>) {
        let Some(latest) = latest.filter(|_| !self.incompatible) else {
            return;
        };
        self.schema = match self.schema.take() {
            None => Some(latest.clone()),
            Some(previous) => merged(previous, latest),
        };
        self.incompatible = self.schema.is_none();
    }

    pub(super) fn schema(self) -> Option<SchemaRef> {
        self.schema
    }
}

/// The wider of two number types; of two schemas of one type the later.
fn merged(previous: SchemaRef, latest: &SchemaRef) -> Option<SchemaRef> {
    if previous.kind() == latest.kind() {
        return Some(latest.clone());
    }
    match (rank(previous.kind())?, rank(latest.kind())?) {
        (old, new) if old > new => Some(previous),
        _ => Some(latest.clone()),
    }
}

fn rank(kind: Type) -> Option<u8> {
    Some(match kind {
        Type::Int8 => 0,
        Type::Int16 => 1,
        Type::Int32 => 2,
        Type::Int64 => 3,
        Type::Float32 => 4,
        Type::Float64 => 5,
        _ => return None,
    })
}

/// `value` as one of `schema`'s type; none if that cannot be, as for a null.
pub(super) fn convert(value: Value, schema: &SchemaRef) -> Option<Value> {
    if value.kind()? == schema.kind() {
        return Some(value);
    }
    Some(match schema.kind() {
        Type::Int16 => Value::Int16(i16::try_from(value.as_i64()?).ok()?),
        Type::Int32 => Value::Int32(i32::try_from(value.as_i64()?).ok()?),
        Type::Int64 => Value::Int64(value.as_i64()?),
        Type::Float32 => Value::Float32(as_double(&value)? as f32),
        Type::Float64 => Value::Float64(as_double(&value)?),
        _ => return None,
    })
}

fn as_double(value: &Value) -> Option<f64> {
    match value {
        Value::Float32(value) => Some(f64::from(*value)),
        Value::Float64(value) => Some(*value),
        other => other.as_i64().map(|value| value as f64),
    }
}
