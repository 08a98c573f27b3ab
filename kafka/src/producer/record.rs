//! What is sent.

use rdkafka::message::{Header, OwnedHeaders};

/// A record on its way to a topic. Key and value are copied into the producer's queue.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingRecord<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition, or none to let the partitioner choose by the key.
    pub partition: Option<i32>,
    /// Milliseconds since the epoch, or none for the time of sending.
    pub timestamp: Option<i64>,
    /// The key. None and empty differ.
    pub key: Option<&'a [u8]>,
    /// The value. None is a tombstone.
    pub value: Option<&'a [u8]>,
}

impl OutgoingRecord<'_> {
    /// Key and value together, as librdkafka counts a record against its limits.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len)
    }
}

/// For a record without headers.
pub const NO_HEADERS: [(&str, Option<&[u8]>); 0] = [];

/// librdkafka's own header list; nothing is allocated when there are none.
pub(super) fn native_headers<'h>(
    headers: impl IntoIterator<Item = (&'h str, Option<&'h [u8]>)>,
) -> Option<OwnedHeaders> {
    let mut headers = headers.into_iter();
    let first = headers.next()?;
    let list = OwnedHeaders::new_with_capacity(1 + headers.size_hint().0);
    let insert = |list: OwnedHeaders, (key, value): (&str, Option<&[u8]>)| {
        list.insert(Header { key, value })
    };
    Some(headers.fold(insert(list, first), insert))
}

/// Headers as librdkafka has them: made once for the many records that share them, so that each
/// record costs one copy.
#[derive(Debug)]
pub struct PreparedHeaders(Option<OwnedHeaders>);

impl PreparedHeaders {
    /// Prepares a list.
    pub fn new<'h>(headers: impl IntoIterator<Item = (&'h str, Option<&'h [u8]>)>) -> Self {
        Self(native_headers(headers))
    }

    pub(super) fn to_native(&self) -> Option<OwnedHeaders> {
        self.0.clone()
    }
}
