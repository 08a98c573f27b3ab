//! Connect's data model: schemas, values and structs.
//!
//! A value is held in the representation of its schema's base type; a logical
//! type is a name on the schema (see [`logical`]). So a
//! `org.apache.kafka.connect.data.Decimal` is [`Value::Bytes`], the unscaled
//! big-endian two's complement, with the scale in the schema's parameters.

mod cache;
pub mod logical;
mod schema;
mod structs;
mod value;

pub use bytestring::ByteString;
pub use cache::SchemaCache;
pub use schema::{Field, Schema, SchemaBuilder, SchemaRef, Type};
pub use structs::Struct;
pub use value::Value;
