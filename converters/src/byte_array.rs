//! `org.apache.kafka.connect.converters.ByteArrayConverter`: bytes as they are.

use std::sync::LazyLock;

use bytes::Bytes;
use connect_api::data::{Schema, SchemaRef, Type, Value, logical};
use connect_api::plugin::Converted;
use connect_api::registry::{ConverterPlugin, HeaderConverterPlugin, PluginClass};
use connect_api::{Error, Result};

use crate::VERSION;
use crate::config::type_only;
use crate::convert::{Both, Convert};
use crate::json::type_name;

const NAME: PluginClass = PluginClass {
    class: "org.apache.kafka.connect.converters.ByteArrayConverter",
    other_classes: &["io.confluent.connect.replicator.util.ByteArrayConverter"],
    version: VERSION,
};

pub(crate) const CONVERTER: ConverterPlugin = ConverterPlugin {
    name: NAME,
    config: type_only,
    create: |_, _| Ok(Box::new(Both(ByteArrayConverter))),
};

pub(crate) const HEADER_CONVERTER: HeaderConverterPlugin = HeaderConverterPlugin {
    name: NAME,
    config: type_only,
    create: |_| Ok(Box::new(Both(ByteArrayConverter))),
};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Schema::optional(Type::Bytes));

struct ByteArrayConverter;

impl Convert for ByteArrayConverter {
    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        if let Some(schema) = schema.filter(|schema| schema.kind() != Type::Bytes) {
            return Err(Error::data(format!(
                "Invalid schema type for ByteArrayConverter: {}",
                type_name(schema.kind())
            )));
        }
        match value {
            Value::Null => Ok(Converted::Null),
            Value::Bytes(_)
                if schema.and_then(|schema| schema.name()) == Some(logical::DECIMAL) =>
            {
                Err(incompatible("Decimal"))
            }
            Value::Bytes(bytes) => {
                out.extend_from_slice(bytes);
                Ok(Converted::Bytes)
            }
            other => Err(incompatible(
                &other.kind().map(type_name).unwrap_or_default(),
            )),
        }
    }

    fn read(&mut self, bytes: Option<&Bytes>) -> Result<(Option<SchemaRef>, Value)> {
        let value = bytes.map_or(Value::Null, |bytes| Value::Bytes(bytes.clone()));
        Ok((Some(SCHEMA.clone()), value))
    }
}

#[cold]
fn incompatible(kind: &str) -> Error {
    Error::data(format!(
        "ByteArrayConverter is not compatible with objects of type {kind}"
    ))
}
