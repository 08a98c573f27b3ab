//! `io.confluent.connect.avro.AvroConverter`: Avro with the id of its schema in
//! a schema registry (Confluent's wire format), byte for byte as the original.
//!
//! [`from_connect`] and [`encode`] write, [`to_connect`] and [`decode`] read; a
//! plan for each schema is made once, so that a record costs its values only.
//! The registry is asked in [`Converter::resolve`] alone; everything else reads
//! what is known already.
//!
//! Other than the original: a record whose subject does not have its schema is
//! read without a version; two different schemas of one name are refused when
//! writing; `use.latest.version` writes fields by name, not by place; recursive
//! types are refused, because Connect's schemas here cannot contain themselves.

mod anything;
mod apicurio;
mod binary;
mod cache;
mod client;
mod compat;
mod config;
mod decode;
mod defaults;
mod encode;
mod from_connect;
mod json;
mod names;
mod reading;
mod registry;
mod schema;
mod schema_parse;
mod schema_text;
mod subject;
mod tls;
mod to_connect;
mod unsupported;
mod writing;

use async_trait::async_trait;
use bytes::Bytes;
use connect_api::data::{SchemaRef, Value};
use connect_api::plugin::{Converted, Converter};
use connect_api::registry::{ConverterPlugin, PluginClass};
use connect_api::{Error, Result};

use self::client::Client;
use self::config::Options;
use self::reading::Reading;
use self::subject::Subject;
use self::writing::Writing;

/// The version of Confluent's Platform whose converter this is.
const VERSION: &str = "8.5.0";

pub(crate) const CONVERTER: ConverterPlugin = ConverterPlugin {
    name: PluginClass {
        class: "io.confluent.connect.avro.AvroConverter",
        other_classes: &[],
        version: VERSION,
    },
    config: config::config_def,
    create: |props, is_key| {
        let options = config::parse(props, is_key)?;
        Ok(Box::new(AvroConverter::new(options, is_key)?))
    },
};

pub(crate) const APICURIO_CONVERTER: ConverterPlugin = ConverterPlugin {
    name: PluginClass {
        class: "io.apicurio.registry.utils.converter.AvroConverter",
        other_classes: &[],
        version: "2.6.13.Final",
    },
    config: apicurio::config_def,
    create: |props, is_key| {
        let options = apicurio::parse(props)?;
        Ok(Box::new(AvroConverter::new(options, is_key)?))
    },
};

#[derive(Debug)]
struct AvroConverter {
    is_key: bool,
    options: Options,
    client: Client,
    writing: Writing,
    reading: Reading,
    wanted: Option<Wanted>,
}

/// What the registry must be asked for.
#[derive(Debug)]
enum Wanted {
    Writer { subject: String, text: String },
    Written { id: u32, subject: Subject },
}

impl AvroConverter {
    fn new(options: Options, is_key: bool) -> Result<Self> {
        Ok(Self {
            is_key,
            client: Client::new(options.client.clone())?,
            writing: Writing::new(&options),
            reading: Reading::new(&options),
            options,
            wanted: None,
        })
    }

    fn subject(&self, topic: &str) -> Subject {
        Subject {
            topic: topic.to_owned(),
            is_key: self.is_key,
            strategy: self.options.strategy,
        }
    }

    async fn ask(&mut self, wanted: &Wanted) -> Result<()> {
        match wanted {
            Wanted::Writer { subject, text } => {
                let answer = registry::writer(
                    &mut self.client,
                    subject,
                    text,
                    self.options.write_with,
                    self.options.normalize,
                )
                .await;
                self.writing.answered(subject, text, answer)
            }
            Wanted::Written { id, subject } => {
                let with_version = self.options.data.versions;
                let answer = registry::written(&mut self.client, subject, *id, with_version).await;
                self.reading
                    .answered(*id, &subject.topic, answer, &self.options.data)
            }
        }
    }
}

#[async_trait]
impl Converter for AvroConverter {
    fn serialize(
        &mut self,
        topic: &str,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        if value.is_null() {
            return match schema {
                Some(schema) if !schema.is_optional() => {
                    Err(Error::data("Found null value for non-optional schema")
                        .with("topic", topic))
                }
                _ => Ok(Converted::Null),
            };
        }
        let start = out.len();
        let subject = Subject {
            topic: String::new(),
            is_key: self.is_key,
            strategy: self.options.strategy,
        };
        let written = self
            .writing
            .write(topic, &subject, (schema, value), &self.options.data, out);
        match written {
            Ok(None) => Ok(Converted::Bytes),
            Ok(Some((subject, text))) => {
                self.wanted = Some(Wanted::Writer { subject, text });
                Ok(Converted::Pending)
            }
            Err(error) => {
                out.truncate(start);
                Err(error.while_doing(format!("Failed to serialize Avro data from topic {topic}")))
            }
        }
    }

    fn deserialize(
        &mut self,
        topic: &str,
        bytes: Option<&Bytes>,
    ) -> Result<Option<(Option<SchemaRef>, Value)>> {
        let Some(bytes) = bytes else {
            return Ok(Some((None, Value::Null)));
        };
        match self.reading.read(topic, bytes) {
            Ok(Ok(read)) => Ok(Some(read)),
            Ok(Err(id)) => {
                let subject = self.subject(topic);
                self.wanted = Some(Wanted::Written { id, subject });
                Ok(None)
            }
            Err(error) => Err(error.while_doing(format!(
                "Failed to deserialize data for topic {topic} to Avro"
            ))),
        }
    }

    async fn resolve(&mut self) -> Result<()> {
        let Some(wanted) = self.wanted.take() else {
            return Ok(());
        };
        self.ask(&wanted).await.map_err(|error| {
            error.while_doing(match &wanted {
                Wanted::Writer { subject, .. } => {
                    format!("Failed to serialize Avro data for subject {subject}")
                }
                Wanted::Written { subject, .. } => {
                    format!(
                        "Failed to deserialize data for topic {} to Avro",
                        subject.topic
                    )
                }
            })
        })
    }
}

#[cfg(test)]
mod tests;
