//! From bytes to values: a task's three converters.

use connect_api::plugin::{Converter, HeaderConverter};
use connect_api::record::{Header, Headers, Record};
use connect_api::registry::Plugins;
use connect_api::{Error, Props, Result};
use connect_kafka::consumer::ConsumedRecord;

use crate::WorkerSettings;
use crate::connector_config::{self, Role};
use crate::task::tolerance::{Failure, Stage};

/// What came of decoding a record.
pub(super) enum Decoded {
    /// The record, as it goes to the transformations.
    Record(Record),
    /// The converter of keys or of values wants [`Decoder::resolve`] first.
    Pending(Role),
}

/// Decodes records.
pub(super) struct Decoder {
    key: Side,
    value: Side,
    header: Box<dyn HeaderConverter>,
    header_class: String,
}

struct Side {
    converter: Box<dyn Converter>,
    class: String,
    stage: Stage,
}

impl Side {
    fn failure(&self, error: Error) -> Failure {
        Failure {
            stage: self.stage,
            class: self.class.clone(),
            error,
        }
    }
}

impl Decoder {
    pub(super) fn build(
        plugins: &Plugins,
        worker: &WorkerSettings,
        connector: &Props,
    ) -> Result<Self> {
        let class =
            |role: Role| connector_config::converter_class(role, plugins, worker, connector);
        let side = |role, stage| -> Result<Side> {
            Ok(Side {
                converter: connector_config::converter(role, plugins, worker, connector)?,
                class: class(role),
                stage,
            })
        };
        Ok(Self {
            key: side(Role::Key, Stage::KeyConverter)?,
            value: side(Role::Value, Stage::ValueConverter)?,
            header: connector_config::header_converter(plugins, worker, connector)?,
            header_class: class(Role::Header),
        })
    }

    /// Decodes a record, in the original's order: key, value, headers.
    pub(super) fn decode(&mut self, consumed: &ConsumedRecord) -> Result<Decoded, Failure> {
        let topic = &consumed.partition.topic;
        let (key, value) = (&mut self.key, &mut self.value);
        let decoded = key.converter.deserialize(topic, consumed.key.as_ref());
        let Some((key_schema, key)) = decoded.map_err(|error| key.failure(error))? else {
            return Ok(Decoded::Pending(Role::Key));
        };
        let decoded = value.converter.deserialize(topic, consumed.value.as_ref());
        let Some((value_schema, value)) = decoded.map_err(|error| value.failure(error))? else {
            return Ok(Decoded::Pending(Role::Value));
        };
        Ok(Decoded::Record(Record {
            topic: topic.clone(),
            partition: Some(consumed.partition.partition),
            key_schema,
            key,
            value_schema,
            value,
            timestamp: self.timestamp(consumed)?,
            headers: self.headers(consumed)?,
            kafka_offset: Some(consumed.offset),
        }))
    }

    /// Does the waiting that a converter asked for.
    pub(super) async fn resolve(&mut self, role: Role) -> Result<(), Failure> {
        let side = match role {
            Role::Key => &mut self.key,
            Role::Value | Role::Header => &mut self.value,
        };
        let result = side.converter.resolve().await;
        result.map_err(|error| side.failure(error))
    }

    fn headers(&mut self, consumed: &ConsumedRecord) -> Result<Headers, Failure> {
        if consumed.headers.is_empty() {
            return Ok(Headers::default());
        }
        let topic = &consumed.partition.topic;
        let mut headers = Vec::with_capacity(consumed.headers.len());
        for (key, bytes) in &consumed.headers {
            let decoded = self.header.deserialize(topic, key, bytes.as_ref());
            let (schema, value) = decoded.map_err(|error| Failure {
                stage: Stage::HeaderConverter,
                class: self.header_class.clone(),
                error,
            })?;
            headers.push(Header {
                key: key.clone(),
                schema,
                value,
            });
        }
        Ok(headers.into_iter().collect())
    }

    /// `ConnectUtils.checkAndConvertTimestamp`: -1 means none.
    fn timestamp(&self, consumed: &ConsumedRecord) -> Result<Option<i64>, Failure> {
        match consumed.timestamp {
            Some(at) if at < -1 => Err(self
                .value
                .failure(Error::data(format!("Invalid record timestamp {at}")))),
            Some(-1) | None => Ok(None),
            at => Ok(at),
        }
    }
}
