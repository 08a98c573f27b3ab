//! Whether a default fits its field (`Schema.isValidDefault`).

use serde_json::Value;

use super::{AvroError, AvroSchema, DEEPEST, Kind, NodeId, Primitive, json, text};

pub(super) fn check(
    schema: &AvroSchema,
    field: &str,
    id: NodeId,
    default: &Value,
) -> Result<(), AvroError> {
    if fits(schema, id, Some(default), DEEPEST) {
        return Ok(());
    }
    Err(AvroError::new(format!(
        "Invalid default for field {field}: {} not a {}",
        json::text(default),
        text::write_node(schema, id)
    )))
}

/// `left` ends the default of a type within itself, which has no end.
fn fits(schema: &AvroSchema, id: NodeId, value: Option<&Value>, left: usize) -> bool {
    let (Some(value), Some(left)) = (value, left.checked_sub(1)) else {
        return false;
    };
    match &schema.node(id).kind {
        Kind::Primitive(primitive) => fits_primitive(*primitive, value),
        Kind::Enum { .. } | Kind::Fixed { .. } => value.is_string(),
        Kind::Array(items) => value.as_array().is_some_and(|list| {
            list.iter()
                .all(|item| fits(schema, *items, Some(item), left))
        }),
        Kind::Map(values) => value.as_object().is_some_and(|map| {
            map.values()
                .all(|item| fits(schema, *values, Some(item), left))
        }),
        Kind::Union(branches) => branches
            .iter()
            .any(|branch| fits(schema, *branch, Some(value), left)),
        Kind::Record { fields, .. } => value.as_object().is_some_and(|members| {
            fields.iter().all(|field| {
                let given = members.get(&field.name).or(field.default.as_ref());
                fits(schema, field.schema, given, left)
            })
        }),
        // Not defined yet: Java sees a record without fields.
        Kind::Unresolved(_) => value.is_object(),
    }
}

fn fits_primitive(primitive: Primitive, value: &Value) -> bool {
    match primitive {
        Primitive::Null => value.is_null(),
        Primitive::Boolean => value.is_boolean(),
        Primitive::Int => value
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        Primitive::Long => value.as_i64().is_some(),
        Primitive::Float | Primitive::Double => value.is_number(),
        Primitive::Bytes | Primitive::String => value.is_string(),
    }
}
