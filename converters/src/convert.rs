//! One implementation for keys, values and headers: most of Connect's
//! converters are all three.

use bytes::Bytes;
use connect_api::Result;
use connect_api::data::{SchemaRef, Value};
use connect_api::plugin::{Converted, Converter, HeaderConverter};

/// A conversion that needs neither topic nor header name, and never waits.
pub(crate) trait Convert: Send {
    /// See [`Converter::serialize`].
    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted>;

    /// See [`Converter::deserialize`].
    fn read(&mut self, bytes: Option<&Bytes>) -> Result<(Option<SchemaRef>, Value)>;
}

/// Makes a converter and a header converter of a conversion.
pub(crate) struct Both<C>(pub(crate) C);

impl<C: Convert> Converter for Both<C> {
    fn serialize(
        &mut self,
        _topic: &str,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        self.0.write(schema, value, out)
    }

    fn deserialize(
        &mut self,
        _topic: &str,
        bytes: Option<&Bytes>,
    ) -> Result<Option<(Option<SchemaRef>, Value)>> {
        self.0.read(bytes).map(Some)
    }
}

impl<C: Convert> HeaderConverter for Both<C> {
    fn serialize(
        &mut self,
        _topic: &str,
        _key: &str,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        self.0.write(schema, value, out)
    }

    fn deserialize(
        &mut self,
        _topic: &str,
        _key: &str,
        bytes: Option<&Bytes>,
    ) -> Result<(Option<SchemaRef>, Value)> {
        self.0.read(bytes)
    }
}
