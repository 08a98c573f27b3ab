//! `org.apache.kafka.connect.json.JsonConverter`: JSON with or without its
//! schema, byte for byte as the original writes it through Jackson.
//!
//! Reading differs from the original where that would lose data without a
//! word: a JSON value of another type than its schema's, a number out of its
//! type's range, a decimal with more digits than its scale, and text after the
//! value are errors here; `NaN` and the infinities read back.

mod config;
mod decode;
mod entries;
mod plan;
pub(crate) mod reader;
mod schema_parse;
mod schema_text;
mod schemaless;

use bytes::Bytes;
use connect_api::data::{SchemaCache, SchemaRef, Value};
use connect_api::plugin::Converted;
use connect_api::registry::{ConverterPlugin, HeaderConverterPlugin, PluginClass};
use connect_api::{Error, Result};
use indexmap::IndexMap;

use self::decode::Decoder;
use self::plan::Plan;
pub(crate) use self::plan::type_name;
use self::reader::{Kind, Reader};
use crate::VERSION;
use crate::config::type_of;
use crate::convert::{Both, Convert};
use crate::failure::Failure;

const NAME: PluginClass = PluginClass {
    class: "org.apache.kafka.connect.json.JsonConverter",
    other_classes: &[],
    version: VERSION,
};

pub(crate) const CONVERTER: ConverterPlugin = ConverterPlugin {
    name: NAME,
    config: config::config_def,
    create: |props, is_key| {
        let options = config::parse(props, type_of(is_key))?;
        Ok(Box::new(Both(JsonConverter::new(options)?)))
    },
};

pub(crate) const HEADER_CONVERTER: HeaderConverterPlugin = HeaderConverterPlugin {
    name: NAME,
    config: config::config_def,
    create: |props| {
        let options = config::parse(props, "header")?;
        Ok(Box::new(Both(JsonConverter::new(options)?)))
    },
};

/// The parsed settings.
#[derive(Debug, Clone)]
struct Options {
    schemas_enable: bool,
    cache_size: usize,
    schema_content: Option<String>,
    numeric_decimals: bool,
    replace_null_with_default: bool,
}

#[derive(Debug)]
struct JsonConverter {
    options: Options,
    plans: SchemaCache<Plan>,
    /// Schemas by their JSON text; the oldest goes first.
    schemas: IndexMap<Box<str>, Option<SchemaRef>>,
    /// What stood before the last record's payload, and the schema in it.
    last_envelope: (String, Option<SchemaRef>),
    /// The schema of `schema.content`.
    fixed_schema: Option<SchemaRef>,
}

impl JsonConverter {
    fn new(options: Options) -> Result<Self> {
        let fixed_schema = match &options.schema_content {
            Some(content) => schema_parse::parse(content).map_err(|failure| {
                Error::config(format!(
                    "Invalid value {content} for configuration schema.content: not a schema"
                ))
                .caused_by(failure.into_error())
            })?,
            None => None,
        };
        Ok(Self {
            plans: SchemaCache::new(options.cache_size),
            schemas: IndexMap::new(),
            last_envelope: (String::new(), None),
            fixed_schema,
            options,
        })
    }

    fn read_text(&mut self, text: &str) -> Result<(Option<SchemaRef>, Value), Failure> {
        let mut reader = Reader::new(text);
        let is_empty = reader.is_at_end();
        let read = match (self.options.schemas_enable, &self.fixed_schema) {
            (false, _) if is_empty => return Ok((None, Value::Null)),
            (true, _) if is_empty => return Err(no_envelope()),
            (false, _) => (None, decode::schemaless(&mut reader)?),
            (true, Some(schema)) => {
                let schema = schema.clone();
                let value = self.decoder().value(&mut reader, &schema)?;
                (Some(schema), value)
            }
            (true, None) => self.read_envelope(&mut reader)?,
        };
        if reader.is_at_end() {
            Ok(read)
        } else {
            Err(reader.unexpected("the end"))
        }
    }

    fn read_envelope(
        &mut self,
        reader: &mut Reader<'_>,
    ) -> Result<(Option<SchemaRef>, Value), Failure> {
        if let Some(read) = self.read_known_envelope(reader) {
            return Ok(read);
        }
        if reader.kind()? != Kind::Object {
            return Err(no_envelope());
        }
        let mut schema: Option<Option<SchemaRef>> = None;
        let mut payload = None;
        // Only if the payload stands before the schema.
        let mut payload_text = None;
        reader.object(|reader, name| {
            match (&*name, &schema) {
                ("schema", _) => schema = Some(self.schema_of(reader.skip()?)?),
                ("payload", Some(schema)) => {
                    self.last_envelope = (reader.text_before().to_owned(), schema.clone());
                    payload = Some(self.payload(reader, schema.as_ref())?);
                }
                ("payload", None) => payload_text = Some(reader.skip()?),
                _ => return Err(no_envelope()),
            }
            Ok(())
        })?;
        let Some(schema) = schema else {
            return Err(no_envelope());
        };
        if let Some(text) = payload_text {
            payload = Some(self.payload(&mut Reader::new(text), schema.as_ref())?);
        }
        payload.map(|value| (schema, value)).ok_or_else(no_envelope)
    }

    /// Reads an envelope that starts as the last one did, so that its schema
    /// need not be read again; none, and nothing read, if there is anything
    /// unexpected.
    fn read_known_envelope(&self, reader: &mut Reader<'_>) -> Option<(Option<SchemaRef>, Value)> {
        let (known, schema) = &self.last_envelope;
        let mut after = reader.after_text(known)?;
        let value = self.payload(&mut after, schema.as_ref()).ok()?;
        if !after.take_close() {
            return None;
        }
        *reader = after;
        Some((schema.clone(), value))
    }

    fn payload(
        &self,
        reader: &mut Reader<'_>,
        schema: Option<&SchemaRef>,
    ) -> Result<Value, Failure> {
        match schema {
            Some(schema) => self.decoder().value(reader, schema),
            None => decode::schemaless(reader),
        }
    }

    fn schema_of(&mut self, text: &str) -> Result<Option<SchemaRef>, Failure> {
        if let Some(schema) = self.schemas.get(text) {
            return Ok(schema.clone());
        }
        let schema = schema_parse::parse(text)?;
        if self.schemas.len() >= self.options.cache_size.max(1) {
            self.schemas.shift_remove_index(0);
        }
        self.schemas.insert(text.into(), schema.clone());
        Ok(schema)
    }

    fn decoder(&self) -> Decoder {
        Decoder {
            replace_null_with_default: self.options.replace_null_with_default,
        }
    }
}

fn write_schemaless(out: &mut Vec<u8>, value: &Value, envelope: bool) -> Result<(), Failure> {
    if !envelope {
        return schemaless::write(out, value);
    }
    out.extend_from_slice(b"{\"schema\":null,\"payload\":");
    schemaless::write(out, value)?;
    out.push(b'}');
    Ok(())
}

#[cold]
fn no_envelope() -> Failure {
    Failure::new(
        "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not \
         contain additional fields. If you are trying to deserialize plain JSON data, set \
         schemas.enable=false in your converter configuration.",
    )
}

impl Convert for JsonConverter {
    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        let start = out.len();
        let written = match schema {
            None if value.is_null() => return Ok(Converted::Null),
            None => write_schemaless(out, value, self.options.schemas_enable),
            Some(schema) => {
                let options = &self.options;
                let plan = self.plans.get_or_make(schema, |schema| {
                    Plan::new(schema, options).map_err(Failure::into_error)
                })?;
                plan.write(out, value)
            }
        };
        match written {
            Ok(()) => Ok(Converted::Bytes),
            Err(failure) => {
                out.truncate(start);
                Err(failure.into_error())
            }
        }
    }

    fn read(&mut self, bytes: Option<&Bytes>) -> Result<(Option<SchemaRef>, Value)> {
        let Some(bytes) = bytes else {
            return Ok((None, Value::Null));
        };
        let text = std::str::from_utf8(bytes).map_err(|error| {
            Error::data("Converting byte[] to Kafka Connect data failed due to serialization error")
                .caused_by(error)
        })?;
        self.read_text(text).map_err(Failure::into_error)
    }
}

#[cfg(test)]
mod tests;
