//! Converters: between Connect's values and the bytes in Kafka.

use async_trait::async_trait;
use bytes::Bytes;

use crate::Result;
use crate::data::{SchemaRef, Value};

/// What a conversion to bytes came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Converted {
    /// The bytes were appended.
    Bytes,
    /// The value is null in Kafka: a tombstone.
    Null,
    /// Nothing was appended: the converter must first ask a server (a schema
    /// registry). Await [`Converter::resolve`], then convert again.
    Pending,
}

/// Converts keys or values. One instance for each task and each of the two.
///
/// Caches what it derives from a schema by the schema's identity.
#[async_trait]
pub trait Converter: Send {
    /// Appends the bytes of `value` to `out`, for a record of `topic`.
    fn serialize(
        &mut self,
        topic: &str,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted>;

    /// The schema and value of `bytes` from a record of `topic`; none is a
    /// tombstone. An outer none: call again after [`resolve`](Self::resolve).
    fn deserialize(
        &mut self,
        topic: &str,
        bytes: Option<&Bytes>,
    ) -> Result<Option<(Option<SchemaRef>, Value)>>;

    /// Does the waiting that the last conversion asked for.
    async fn resolve(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Converts headers' values. One instance for each task.
pub trait HeaderConverter: Send {
    /// Appends the bytes of a header's value to `out`.
    fn serialize(
        &mut self,
        topic: &str,
        key: &str,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted>;

    /// The schema and value of a header's bytes.
    fn deserialize(
        &mut self,
        topic: &str,
        key: &str,
        bytes: Option<&Bytes>,
    ) -> Result<(Option<SchemaRef>, Value)>;
}
