//! Connect's logical types (`org.apache.kafka.connect.data.*`): names,
//! parameters, and builders. Values stay in the base type's representation.

use super::{SchemaBuilder, Type};

/// Unscaled big-endian two's complement in bytes; scale in [`DECIMAL_SCALE`].
pub const DECIMAL: &str = "org.apache.kafka.connect.data.Decimal";
/// The parameter of [`DECIMAL`] that holds its scale.
pub const DECIMAL_SCALE: &str = "scale";
/// Days since 1970-01-01 in an int32.
pub const DATE: &str = "org.apache.kafka.connect.data.Date";
/// Milliseconds since midnight in an int32.
pub const TIME: &str = "org.apache.kafka.connect.data.Time";
/// Milliseconds since 1970-01-01T00:00:00Z in an int64.
pub const TIMESTAMP: &str = "org.apache.kafka.connect.data.Timestamp";

/// A required `Decimal` of `scale`.
pub fn decimal(scale: i32) -> SchemaBuilder {
    SchemaBuilder::new(Type::Bytes)
        .name(DECIMAL)
        .version(1)
        .parameter(DECIMAL_SCALE, scale.to_string())
}

/// A required `Date`.
pub fn date() -> SchemaBuilder {
    SchemaBuilder::new(Type::Int32).name(DATE).version(1)
}

/// A required `Time`.
pub fn time() -> SchemaBuilder {
    SchemaBuilder::new(Type::Int32).name(TIME).version(1)
}

/// A required `Timestamp`.
pub fn timestamp() -> SchemaBuilder {
    SchemaBuilder::new(Type::Int64).name(TIMESTAMP).version(1)
}
