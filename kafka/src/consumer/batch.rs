//! Records out of librdkafka's memory: copied once, into one buffer for the whole batch.

use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;
use rdkafka::Timestamp;
use rdkafka::message::{BorrowedMessage, Headers, Message};

use super::Partition;

/// A batch is full at either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// So many records.
    pub records: usize,
    /// So many bytes of keys, values and headers; the last record may exceed it.
    pub bytes: usize,
}

/// Who set a record's timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampKind {
    /// Nobody.
    None,
    /// The producer.
    CreateTime,
    /// The broker.
    LogAppendTime,
}

/// A record as it stands in Kafka. Its bytes are slices of its batch's buffer.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsumedRecord {
    /// Where it was read.
    pub partition: Partition,
    /// Its offset there.
    pub offset: i64,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value; none is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers.
    pub headers: Vec<(ByteString, Option<Bytes>)>,
    /// Milliseconds since the epoch; none where there is none.
    pub timestamp: Option<i64>,
    /// Who set it.
    pub timestamp_kind: TimestampKind,
}

/// A field's place in the buffer, which is not shared before the batch is whole.
type Span = Option<Range<usize>>;

/// A record whose bytes are in the buffer.
struct Entry {
    /// Which of the batch's partitions.
    partition: usize,
    offset: i64,
    key: Span,
    value: Span,
    /// How many of the batch's headers are its own.
    headers: usize,
    timestamp: Timestamp,
}

/// Records on their way out of the consumer. Reused for one batch after the other.
pub struct Batch {
    limits: BatchLimits,
    buffer: Vec<u8>,
    partitions: Vec<Partition>,
    entries: Vec<Entry>,
    headers: Vec<(Range<usize>, Span)>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("records", &self.entries.len())
            .field("bytes", &self.buffer.len())
            .finish_non_exhaustive()
    }
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new(limits: BatchLimits) -> Self {
        Self {
            limits,
            buffer: Vec::new(),
            partitions: Vec::new(),
            entries: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// How many records are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether no more goes in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() >= self.limits.records || self.buffer.len() >= self.limits.bytes
    }

    pub(super) fn push(&mut self, message: &BorrowedMessage<'_>) {
        let partition = self.partition(message.topic(), message.partition());
        let key = self.span(message.key());
        let value = self.span(message.payload());
        let mut headers = 0;
        if let Some(all) = message.headers() {
            for header in all.iter() {
                let name = self.copy(header.key.as_bytes());
                let value = self.span(header.value);
                self.headers.push((name, value));
                headers += 1;
            }
        }
        self.entries.push(Entry {
            partition,
            offset: message.offset(),
            key,
            value,
            headers,
            timestamp: message.timestamp(),
        });
    }

    /// The batch's number of a partition. Records mostly come in runs of one.
    fn partition(&mut self, topic: &str, partition: i32) -> usize {
        let is_it = |known: &Partition| known.partition == partition && &*known.topic == topic;
        let last = self.entries.last().map(|entry| entry.partition);
        if let Some(last) = last.filter(|last| is_it(&self.partitions[*last])) {
            return last;
        }
        if let Some(found) = self.partitions.iter().position(is_it) {
            return found;
        }
        self.partitions.push(Partition {
            topic: ByteString::from(topic),
            partition,
        });
        self.partitions.len() - 1
    }

    fn span(&mut self, bytes: Option<&[u8]>) -> Span {
        bytes.map(|bytes| self.copy(bytes))
    }

    fn copy(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        start..self.buffer.len()
    }

    /// How many bytes of keys, values and headers are in it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Hands over the records in the order they came, and is empty after.
    pub fn take(&mut self) -> Taken {
        // The next batch will be about as large, and is not to be moved for its last record.
        let next = Vec::with_capacity(self.buffer.len() / 8 * 9);
        let buffer = Bytes::from(std::mem::replace(&mut self.buffer, next));
        let next = Vec::with_capacity(self.entries.len());
        Taken {
            buffer,
            is_gone: vec![false; self.partitions.len()],
            partitions: std::mem::take(&mut self.partitions),
            entries: std::mem::replace(&mut self.entries, next).into_iter(),
            headers: std::mem::take(&mut self.headers).into_iter(),
        }
    }

    /// Drops the records of these partitions.
    pub fn forget(&mut self, partitions: &[Partition]) {
        if !self
            .partitions
            .iter()
            .any(|known| partitions.contains(known))
        {
            return;
        }
        let mut headers = std::mem::take(&mut self.headers).into_iter();
        let entries = std::mem::take(&mut self.entries);
        for entry in entries {
            let own: Vec<_> = headers.by_ref().take(entry.headers).collect();
            if !partitions.contains(&self.partitions[entry.partition]) {
                self.headers.extend(own);
                self.entries.push(entry);
            }
        }
    }
}

/// The records of a batch, on their way out of it.
pub struct Taken {
    buffer: Bytes,
    partitions: Vec<Partition>,
    /// Of the partitions, those whose records are left out.
    is_gone: Vec<bool>,
    entries: std::vec::IntoIter<Entry>,
    headers: std::vec::IntoIter<(Range<usize>, Span)>,
}

impl Taken {
    /// Leaves out the records of these partitions that are still to come.
    pub fn forget(&mut self, partitions: &[Partition]) {
        for (known, is_gone) in self.partitions.iter().zip(&mut self.is_gone) {
            *is_gone |= partitions.contains(known);
        }
    }

    /// The entry with its headers.
    fn record(&mut self, entry: Entry) -> ConsumedRecord {
        let buffer = &self.buffer;
        let slice = |span: Span| span.map(|range| buffer.slice(range));
        let name = |range| ByteString::try_from(buffer.slice(range)).unwrap_or_default();
        let (timestamp, timestamp_kind) = match entry.timestamp {
            Timestamp::NotAvailable => (None, TimestampKind::None),
            Timestamp::CreateTime(at) => (Some(at), TimestampKind::CreateTime),
            Timestamp::LogAppendTime(at) => (Some(at), TimestampKind::LogAppendTime),
        };
        let headers = self.headers.by_ref().take(entry.headers);
        ConsumedRecord {
            partition: self.partitions[entry.partition].clone(),
            offset: entry.offset,
            key: slice(entry.key),
            value: slice(entry.value),
            headers: headers
                .map(|(key, value)| (name(key), slice(value)))
                .collect(),
            timestamp,
            timestamp_kind,
        }
    }
}

impl Iterator for Taken {
    type Item = ConsumedRecord;

    fn next(&mut self) -> Option<ConsumedRecord> {
        loop {
            let entry = self.entries.next()?;
            if !self.is_gone[entry.partition] {
                return Some(self.record(entry));
            }
            self.headers.by_ref().take(entry.headers).for_each(drop);
        }
    }
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Taken")
            .field("records", &self.entries.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(records: &[(&str, i32, i64, &str)]) -> Batch {
        let limits = BatchLimits {
            records: 3,
            bytes: 1000,
        };
        let mut batch = Batch::new(limits);
        for (topic, partition, offset, text) in records {
            let partition = batch.partition(topic, *partition);
            let value = batch.span(Some(text.as_bytes()));
            let name = batch.copy(b"h");
            batch.headers.push((name, None));
            batch.entries.push(Entry {
                partition,
                offset: *offset,
                key: None,
                value,
                headers: 1,
                timestamp: Timestamp::CreateTime(7),
            });
        }
        batch
    }

    #[test]
    fn records_come_out_as_they_went_in_and_share_one_buffer() {
        let mut batch = batch(&[("a", 0, 5, "one"), ("b", 0, 9, ""), ("a", 0, 6, "two")]);
        assert!(batch.is_full());
        assert_eq!(batch.partitions.len(), 2);
        let records: Vec<ConsumedRecord> = batch.take().collect();
        let seen: Vec<(String, i64, &[u8])> = records
            .iter()
            .map(|it| {
                (
                    it.partition.to_string(),
                    it.offset,
                    &**it.value.as_ref().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("a-0".to_owned(), 5, &b"one"[..]),
                ("b-0".to_owned(), 9, b""),
                ("a-0".to_owned(), 6, b"two"),
            ]
        );
        assert_eq!(records[0].headers, [(ByteString::from("h"), None)]);
        assert_eq!(records[0].timestamp, Some(7));
        assert!(batch.is_empty() && !batch.is_full());
        assert_eq!(batch.take().count(), 0);
    }

    #[test]
    fn a_partition_that_goes_takes_its_records_with_it() {
        let mut batch = batch(&[("a", 0, 5, "one"), ("b", 0, 9, "x"), ("a", 1, 6, "two")]);
        let gone = Partition {
            topic: "a".into(),
            partition: 0,
        };
        batch.forget(&[gone]);
        let offsets: Vec<i64> = batch.take().map(|it| it.offset).collect();
        assert_eq!(offsets, [9, 6]);
    }

    #[test]
    fn a_partition_that_goes_while_its_records_are_handed_over_is_left_out() {
        let mut batch = batch(&[("a", 0, 5, "one"), ("b", 0, 9, "x"), ("a", 0, 6, "two")]);
        let mut taken = batch.take();
        assert_eq!(taken.next().map(|it| it.offset), Some(5));
        taken.forget(&[Partition {
            topic: "a".into(),
            partition: 0,
        }]);
        let rest: Vec<ConsumedRecord> = taken.collect();
        assert_eq!(rest.len(), 1);
        assert_eq!(rest[0].offset, 9);
        assert_eq!(rest[0].headers, [(ByteString::from("h"), None)]);
    }
}
