//! `org.apache.kafka.connect.storage.SimpleHeaderConverter`: text whose type is
//! guessed when it is read (`org.apache.kafka.connect.data.Values`).

mod merge;
mod parse;
mod tokens;
mod write;

use bytes::Bytes;
use connect_api::config::ConfigDef;
use connect_api::data::{Schema, SchemaRef, Type, Value};
use connect_api::plugin::Converted;
use connect_api::registry::{HeaderConverterPlugin, PluginClass};
use connect_api::{Error, Result};

use crate::VERSION;
use crate::convert::{Both, Convert};

pub(crate) const HEADER_CONVERTER: HeaderConverterPlugin = HeaderConverterPlugin {
    name: PluginClass {
        class: "org.apache.kafka.connect.storage.SimpleHeaderConverter",
        other_classes: &[],
        version: VERSION,
    },
    config: ConfigDef::new,
    create: |_| Ok(Box::new(Both(SimpleHeaderConverter))),
};

struct SimpleHeaderConverter;

impl Convert for SimpleHeaderConverter {
    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        match value {
            Value::Null => return Ok(Converted::Null),
            Value::String(text) => out.extend_from_slice(text.as_bytes()),
            value => write::append(out, schema.map(|schema| &**schema), value, false),
        }
        Ok(Converted::Bytes)
    }

    fn read(&mut self, bytes: Option<&Bytes>) -> Result<(Option<SchemaRef>, Value)> {
        let Some(bytes) = bytes else {
            return Ok((None, Value::Null));
        };
        let text = String::from_utf8_lossy(bytes);
        match parse::parse(&text) {
            Ok(parsed) => Ok(parsed),
            // Nothing but nesting without end comes here: the original's stack
            // overflows and it takes the bytes.
            Err(parse::TooDeep) => {
                let error = Error::data("the header's value is nested too deeply to be parsed");
                tracing::warn!(%error, "taking the header's bytes as they are");
                Ok((
                    Some(Schema::required(Type::Bytes)),
                    Value::Bytes(bytes.clone()),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests;
