//! From records to Connect's values: what is known of each schema id.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use bytestring::ByteString;
use connect_api::data::{SchemaRef, Value};
use connect_api::{Error, ErrorKind, Result};

use super::anything;
use super::binary::Input;
use super::cache::Bounded;
use super::config::{DataOptions, Options};
use super::decode::Node;
use super::names;
use super::registry::Written;
use super::schema::Kind;
use super::to_connect::connect_schema;
use super::writing::MAGIC;
use crate::failure::Failure;

/// How long a refusal counts before the registry is asked again.
const REFUSAL_COUNTS: Duration = Duration::from_secs(5);

/// The magic byte and the id.
const HEADER: usize = 5;

/// A record of a schema id whose header names a schema by its GUID.
const GUID_MAGIC: u8 = 1;

type Read = (Option<SchemaRef>, Value);

#[derive(Debug)]
pub(super) struct Reading {
    plans: Bounded<(u32, ByteString), Answer>,
    /// The plan of the last record.
    last: Option<(u32, ByteString, Arc<Plan>)>,
}

#[derive(Debug)]
enum Answer {
    Plan(Arc<Plan>),
    Refused(ErrorKind, String, Instant),
}

/// How to read the records of a schema.
#[derive(Debug)]
enum Plan {
    Schema(SchemaRef, Node),
    /// Bytes that are a whole record, without their length.
    RawBytes(SchemaRef),
    Schemaless,
}

impl Reading {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            plans: Bounded::new(options.cache_size),
            last: None,
        }
    }

    /// The schema and value of a record, or the id that the registry must be
    /// asked about first.
    pub(super) fn read(&mut self, topic: &str, bytes: &Bytes) -> Result<Result<Read, u32>> {
        let id = schema_id(bytes)?;
        let is_last = self
            .last
            .as_ref()
            .is_some_and(|(last, last_topic, _)| *last == id && last_topic == topic);
        if !is_last {
            match self.plans.get(&(id, ByteString::from(topic))) {
                Some(Answer::Plan(plan)) => {
                    let plan = Arc::clone(plan);
                    self.last = Some((id, topic.into(), plan));
                }
                Some(Answer::Refused(kind, trace, until)) if Instant::now() < *until => {
                    return Err(Error::new(*kind, trace.clone()));
                }
                _ => return Ok(Err(id)),
            }
        }
        let Some((_, _, plan)) = &self.last else {
            return Err(Error::internal("a schema was forgotten at once"));
        };
        plan.read(bytes)
            .map(Ok)
            .map_err(|failure| failure.into_error().with("schema id", id))
    }

    /// Keeps the registry's answer. A refusal comes back, now and for a while.
    pub(super) fn answered(
        &mut self,
        id: u32,
        topic: &str,
        answer: Result<Written>,
        options: &DataOptions,
    ) -> Result<()> {
        let plan = answer.and_then(|written| {
            Plan::new(&written, options)
                .map_err(|failure| failure.into_error().with("schema id", id))
        });
        let key = (id, ByteString::from(topic));
        match plan {
            Ok(plan) => {
                let plan = Arc::new(plan);
                self.plans.insert(key, Answer::Plan(plan));
                Ok(())
            }
            Err(error) => {
                if !error.is_retriable() {
                    let until = Instant::now() + REFUSAL_COUNTS;
                    let refused = Answer::Refused(error.kind(), error.trace(), until);
                    self.plans.insert(key, refused);
                }
                Err(error)
            }
        }
    }
}

fn schema_id(bytes: &Bytes) -> Result<u32> {
    match **bytes {
        [MAGIC, a, b, c, d, ..] => Ok(u32::from_be_bytes([a, b, c, d])),
        [MAGIC, ..] => Err(Error::data(format!(
            "a record of {} bytes is too short for the id of its schema",
            bytes.len()
        ))),
        [GUID_MAGIC, ..] => Err(Error::data(
            "the record names its schema by a GUID in its headers, which is not supported: let its \
             producer use the PrefixSchemaIdSerializer",
        )),
        [] => Err(Error::data("Unknown magic byte! The record is empty")),
        [other, ..] => Err(Error::data(format!(
            "Unknown magic byte! The record begins with {other}, not with 0: it was not written by \
             an Avro serializer with a schema registry"
        ))),
    }
}

impl Plan {
    fn new(written: &Written, options: &DataOptions) -> Result<Self, Failure> {
        let avro = &written.schema;
        if avro.root_name().as_deref() == Some(names::ANYTHING) {
            return Ok(Plan::Schemaless);
        }
        let (schema, node) = connect_schema(avro, written.version, options)?;
        Ok(match avro.kind(avro.root) {
            Kind::Bytes if options.raw_bytes => Plan::RawBytes(schema),
            _ => Plan::Schema(schema, node),
        })
    }

    fn read(&self, bytes: &Bytes) -> Result<Read, Failure> {
        let mut input = Input::new(bytes, HEADER);
        Ok(match self {
            Plan::Schema(schema, node) => {
                let value = node.read(&mut input)?;
                (Some(SchemaRef::clone(schema)), value)
            }
            Plan::RawBytes(schema) => {
                let value = Value::Bytes(bytes.slice(HEADER..));
                (Some(SchemaRef::clone(schema)), value)
            }
            Plan::Schemaless => (None, anything::read(&mut input)?),
        })
    }
}
