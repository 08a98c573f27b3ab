//! Records: what flows from a source task through transformations and
//! converters to Kafka, and the reverse.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::data::{SchemaRef, Value};

/// A source partition or a source offset as its JSON object. The order of the
/// names is the order on the wire: a plugin gives the one that its JVM original
/// writes, so that both find each other's offsets.
pub type OffsetMap = serde_json::Map<String, serde_json::Value>;

/// A record's header: a name, and a value with its schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The header's name; several headers may have one name.
    pub key: ByteString,
    /// The value's schema, if it has one.
    pub schema: Option<SchemaRef>,
    /// The value.
    pub value: Value,
}

/// A record's headers in order. Shared: records with the same headers hold the
/// same list, so what is derived from it can be cached by [`Headers::identity`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Headers(Arc<Vec<Header>>);

impl Headers {
    /// Adds a header at the end, copying the list if it is shared.
    pub fn add(&mut self, key: impl Into<ByteString>, schema: Option<SchemaRef>, value: Value) {
        Arc::make_mut(&mut self.0).push(Header {
            key: key.into(),
            schema,
            value,
        });
    }

    /// Takes away all headers for which `keep` says no.
    pub fn retain(&mut self, keep: impl FnMut(&Header) -> bool) {
        Arc::make_mut(&mut self.0).retain(keep);
    }

    /// The last header called `key`.
    pub fn last(&self, key: &str) -> Option<&Header> {
        self.0.iter().rev().find(|header| header.key == key)
    }

    /// The address of the shared list: the same for records that share it.
    /// A cache by it must hold a clone, so that the address stays taken.
    pub fn identity(&self) -> *const () {
        Arc::as_ptr(&self.0).cast()
    }
}

impl std::ops::Deref for Headers {
    type Target = [Header];

    fn deref(&self) -> &[Header] {
        &self.0
    }
}

impl FromIterator<Header> for Headers {
    fn from_iter<I: IntoIterator<Item = Header>>(headers: I) -> Self {
        Self(Arc::new(headers.into_iter().collect()))
    }
}

/// What transformations and converters see of a record, from a source or for
/// a sink. Transformations change it in place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// The topic that it goes to or came from.
    pub topic: ByteString,
    /// The Kafka partition; none lets the partitioner choose by the key.
    pub partition: Option<i32>,
    /// The key's schema; none for schemaless data.
    pub key_schema: Option<SchemaRef>,
    /// The key.
    pub key: Value,
    /// The value's schema; none for schemaless data.
    pub value_schema: Option<SchemaRef>,
    /// The value; null is a tombstone.
    pub value: Value,
    /// Milliseconds since the epoch; none lets the producer take the present.
    pub timestamp: Option<i64>,
    /// The headers.
    pub headers: Headers,
    /// The Kafka offset: of a sink's record only.
    pub kafka_offset: Option<i64>,
}

/// Where in its source a record stands, cheap to make for each record.
///
/// The map that is stored is made from it only when offsets are committed.
#[derive(Clone)]
pub enum SourceOffset {
    /// The map itself.
    Map(Arc<OffsetMap>),
    /// A shared position and what distinguishes this record from others at it,
    /// such as the row's number in its event.
    Position(Arc<dyn SourcePosition>, u64),
}

/// A position that many records share; see [`SourceOffset::Position`].
pub trait SourcePosition: Send + Sync {
    /// The offset to store for the record with `detail`.
    fn offset(&self, detail: u64) -> OffsetMap;
}

impl SourceOffset {
    /// The map to store.
    pub fn to_map(&self) -> OffsetMap {
        match self {
            SourceOffset::Map(map) => OffsetMap::clone(map),
            SourceOffset::Position(position, detail) => position.offset(*detail),
        }
    }
}

impl fmt::Debug for SourceOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceOffset").field(&self.to_map()).finish()
    }
}

/// A record from a source task.
#[derive(Debug, Clone)]
pub struct SourceRecord {
    /// The record.
    pub record: Record,
    /// Which part of the source it came from, such as `{"server":"dbserver1"}`.
    /// Shared by all records of the partition, and compared by pointer first.
    pub source_partition: Arc<OffsetMap>,
    /// Where to go on after it.
    pub source_offset: SourceOffset,
}

/// A partition of a Kafka topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// The topic.
    pub topic: ByteString,
    /// The partition's number.
    pub partition: i32,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// What a record's timestamp means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampType {
    /// The record has none.
    None,
    /// The producer set it.
    CreateTime,
    /// The broker set it.
    LogAppendTime,
}

/// A record as it stood in Kafka, before conversion.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawRecord {
    /// The key's bytes.
    pub key: Option<Bytes>,
    /// The value's bytes; none is a tombstone.
    pub value: Option<Bytes>,
    /// The headers' names and bytes, in order.
    pub headers: Vec<(ByteString, Option<Bytes>)>,
    /// Its timestamp, before transformations.
    pub timestamp: Option<i64>,
}

/// A record for a sink task.
#[derive(Debug, Clone)]
pub struct SinkRecord {
    /// The record after transformations: they may have changed its topic and
    /// partition.
    pub record: Record,
    /// The partition that it was consumed from. What is committed goes by it.
    pub origin: TopicPartition,
    /// Its offset there.
    pub offset: i64,
    /// What `record.timestamp` means.
    pub timestamp_type: TimestampType,
    /// The record's bytes, where the runtime needs them for a dead letter
    /// queue or the log; not for plugins.
    pub raw: Option<Arc<RawRecord>>,
}
