//! Logical types that Java's Avro knows and finds valid (`LogicalTypes.fromSchemaIgnoreInvalid`).
//! A normalized schema has their properties first.

use serde_json::Value;

use super::{Kind, Node, Primitive};

/// The name of a node's logical type, with precision and scale of a decimal.
pub(super) struct Logical<'n> {
    pub(super) name: &'n str,
    pub(super) decimal: Option<(i32, i32)>,
}

pub(super) fn of(node: &Node) -> Option<Logical<'_>> {
    let name = property(node, "logicalType")?.as_str()?;
    if name == "decimal" {
        let decimal = decimal(node)?;
        return Some(Logical {
            name,
            decimal: Some(decimal),
        });
    }
    let is_valid = match name {
        "big-decimal" => is(node, Primitive::Bytes),
        "uuid" => is(node, Primitive::String) || fixed_size(node) == Some(16),
        "duration" => fixed_size(node) == Some(12),
        "date" | "time-millis" => is(node, Primitive::Int),
        "time-micros"
        | "timestamp-millis"
        | "timestamp-micros"
        | "timestamp-nanos"
        | "local-timestamp-millis"
        | "local-timestamp-micros"
        | "local-timestamp-nanos" => is(node, Primitive::Long),
        _ => false,
    };
    is_valid.then_some(Logical {
        name,
        decimal: None,
    })
}

fn decimal(node: &Node) -> Option<(i32, i32)> {
    let integer = |name: &str| -> Option<Option<i32>> {
        match property(node, name) {
            None => Some(None),
            Some(value) => Some(Some(i32::try_from(value.as_i64()?).ok()?)),
        }
    };
    let precision = integer("precision")??;
    let scale = integer("scale")?.unwrap_or(0);
    let most = match (fixed_size(node), is(node, Primitive::Bytes)) {
        (Some(size), _) => largest_precision(size),
        (None, true) => i64::from(i32::MAX),
        (None, false) => return None,
    };
    let fits = precision > 0 && i64::from(precision) <= most && (0..=precision).contains(&scale);
    fits.then_some((precision, scale))
}

/// How many digits `size` bytes hold.
fn largest_precision(size: i32) -> i64 {
    let bits = 8.0 * f64::from(size) - 1.0;
    #[expect(clippy::cast_possible_truncation, reason = "a fixed's size in digits")]
    let digits = (bits * 2_f64.log10()).floor() as i64;
    digits
}

fn property<'n>(node: &'n Node, name: &str) -> Option<&'n Value> {
    node.properties
        .iter()
        .find(|(other, _)| other == name)
        .map(|(_, value)| value)
}

fn is(node: &Node, primitive: Primitive) -> bool {
    matches!(node.kind, Kind::Primitive(other) if other == primitive)
}

fn fixed_size(node: &Node) -> Option<i32> {
    match node.kind {
        Kind::Fixed { size, .. } => Some(size),
        _ => None,
    }
}
