//! From values to bytes: a task's three converters and their reused buffers.

use connect_api::data::ByteString;
use connect_api::plugin::{Converted, Converter, HeaderConverter};
use connect_api::record::{Headers, Record};
use connect_api::registry::Plugins;
use connect_api::{Props, Result};
use connect_kafka::producer::PreparedHeaders;

use crate::WorkerSettings;
use crate::connector_config::{self, Role};
use crate::task::tolerance::{Failure, Stage};

/// How many header lists are kept encoded: a source has few, and most records
/// share one.
const HEADER_LISTS: usize = 16;

/// A buffer that one large record has grown is given back beyond this.
const KEPT_BUFFER: usize = 1 << 20;

/// What came of encoding a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoded {
    /// The bytes are in the buffers.
    Ready,
    /// The key converter wants [`Encoder::resolve`] first.
    KeyPending,
    /// The value converter wants [`Encoder::resolve`] first.
    ValuePending,
}

/// Encodes records, one after the other, into its own buffers.
pub(super) struct Encoder {
    key: Side,
    value: Side,
    header: Box<dyn HeaderConverter>,
    header_class: String,
    header_lists: Vec<HeaderList>,
    /// Which of the lists is the present record's; none without headers.
    present: Option<usize>,
    replace_next: usize,
}

struct Side {
    converter: Box<dyn Converter>,
    class: String,
    stage: Stage,
    buffer: Vec<u8>,
    is_null: bool,
}

/// A record's headers, encoded. Holds the list, so that its address stays taken.
struct HeaderList {
    headers: Headers,
    topic: ByteString,
    prepared: PreparedHeaders,
}

impl Encoder {
    pub(super) fn build(
        plugins: &Plugins,
        worker: &WorkerSettings,
        connector: &Props,
    ) -> Result<Self> {
        let side = |role, stage| -> Result<Side> {
            Ok(Side {
                converter: connector_config::converter(role, plugins, worker, connector)?,
                class: connector_config::class_name(role, worker, connector),
                stage,
                buffer: Vec::new(),
                is_null: true,
            })
        };
        Ok(Self {
            key: side(Role::Key, Stage::KeyConverter)?,
            value: side(Role::Value, Stage::ValueConverter)?,
            header: connector_config::header_converter(plugins, worker, connector)?,
            header_class: connector_config::class_name(Role::Header, worker, connector),
            header_lists: Vec::new(),
            present: None,
            replace_next: 0,
        })
    }

    /// Encodes a record, in the original's order: headers, key, value.
    pub(super) fn encode(&mut self, record: &Record) -> Result<Encoded, Failure> {
        self.encode_headers(record)?;
        let (key, value) = (&mut self.key, &mut self.value);
        let done = key.encode(&record.topic, record.key_schema.as_ref(), &record.key)?;
        if done == Converted::Pending {
            return Ok(Encoded::KeyPending);
        }
        let done = value.encode(&record.topic, record.value_schema.as_ref(), &record.value)?;
        if done == Converted::Pending {
            return Ok(Encoded::ValuePending);
        }
        Ok(Encoded::Ready)
    }

    /// Does the waiting that a converter asked for.
    pub(super) async fn resolve(&mut self, pending: Encoded) -> Result<(), Failure> {
        let side = match pending {
            Encoded::KeyPending => &mut self.key,
            Encoded::ValuePending => &mut self.value,
            Encoded::Ready => return Ok(()),
        };
        let result = side.converter.resolve().await;
        result.map_err(|error| side.failure(error))
    }

    /// The key's bytes; none for null.
    pub(super) fn key(&self) -> Option<&[u8]> {
        self.key.bytes()
    }

    /// The value's bytes; none for null.
    pub(super) fn value(&self) -> Option<&[u8]> {
        self.value.bytes()
    }

    /// The headers; none without.
    pub(super) fn headers(&self) -> Option<&PreparedHeaders> {
        self.present.map(|index| &self.header_lists[index].prepared)
    }

    fn encode_headers(&mut self, record: &Record) -> Result<(), Failure> {
        self.present = None;
        if record.headers.is_empty() {
            return Ok(());
        }
        let identity = record.headers.identity();
        let known = self
            .header_lists
            .iter()
            .position(|list| list.headers.identity() == identity && list.topic == record.topic);
        let index = match known {
            Some(index) => index,
            None => self.add_headers(record)?,
        };
        self.present = Some(index);
        Ok(())
    }

    fn add_headers(&mut self, record: &Record) -> Result<usize, Failure> {
        let mut encoded = Vec::with_capacity(record.headers.len());
        for header in record.headers.iter() {
            let mut bytes = Vec::new();
            let schema = header.schema.as_ref();
            let converted = self
                .header
                .serialize(
                    &record.topic,
                    &header.key,
                    schema,
                    &header.value,
                    &mut bytes,
                )
                .map_err(|error| Failure {
                    stage: Stage::HeaderConverter,
                    class: self.header_class.clone(),
                    error: error.while_doing(format!("converting header {}", header.key)),
                })?;
            let value = (converted == Converted::Bytes).then_some(bytes);
            encoded.push((&*header.key, value));
        }
        let list = HeaderList {
            headers: record.headers.clone(),
            topic: record.topic.clone(),
            prepared: PreparedHeaders::new(
                encoded.iter().map(|(key, value)| (*key, value.as_deref())),
            ),
        };
        if self.header_lists.len() < HEADER_LISTS {
            self.header_lists.push(list);
            return Ok(self.header_lists.len() - 1);
        }
        let index = self.replace_next;
        self.replace_next = (index + 1) % HEADER_LISTS;
        self.header_lists[index] = list;
        Ok(index)
    }
}

impl Side {
    fn encode(
        &mut self,
        topic: &str,
        schema: Option<&connect_api::data::SchemaRef>,
        value: &connect_api::data::Value,
    ) -> Result<Converted, Failure> {
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_BUFFER);
        let converted = self
            .converter
            .serialize(topic, schema, value, &mut self.buffer)
            .map_err(|error| self.failure(error))?;
        self.is_null = converted != Converted::Bytes;
        Ok(converted)
    }

    fn bytes(&self) -> Option<&[u8]> {
        (!self.is_null).then_some(&self.buffer)
    }

    fn failure(&self, error: connect_api::Error) -> Failure {
        Failure {
            stage: self.stage,
            class: self.class.clone(),
            error,
        }
    }
}
