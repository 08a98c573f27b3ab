//! Records kept in one piece of memory, in the order they came.

use rdkafka::message::OwnedHeaders;

use super::record::OutgoingRecord;

/// A buffer that grew beyond this many times what it last held gives memory back.
const SPARE: usize = 4;

/// A queue of copies of records: filled as a whole, then emptied as a whole.
#[derive(Debug, Default)]
pub(super) struct HeldRecords {
    entries: Vec<Entry>,
    /// The first of `entries` that is still here, and where its bytes begin.
    next: usize,
    at: usize,
    bytes: Vec<u8>,
    /// The topics of `entries`, each once.
    topics: Vec<String>,
}

#[derive(Debug)]
struct Entry {
    token: u64,
    timestamp: Option<i64>,
    topic: usize,
    key: Option<usize>,
    value: Option<usize>,
    partition: Option<i32>,
    headers: Option<OwnedHeaders>,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.key.unwrap_or(0) + self.value.unwrap_or(0)
    }
}

impl HeldRecords {
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.next
    }

    /// Keys and values of all that was filled in.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn push(
        &mut self,
        record: &OutgoingRecord<'_>,
        headers: Option<OwnedHeaders>,
        token: u64,
    ) {
        let mut keep = |part: Option<&[u8]>| {
            part.map(|part| {
                self.bytes.extend_from_slice(part);
                part.len()
            })
        };
        let (key, value) = (keep(record.key), keep(record.value));
        let topic = self.topic(record.topic);
        self.entries.push(Entry {
            token,
            timestamp: record.timestamp,
            topic,
            key,
            value,
            partition: record.partition,
            headers,
        });
    }

    /// Records of one topic come together, and there are few topics in one buffer.
    fn topic(&mut self, name: &str) -> usize {
        let known = self.topics.iter().rposition(|topic| topic == name);
        known.unwrap_or_else(|| {
            self.topics.push(name.to_owned());
            self.topics.len() - 1
        })
    }

    /// The oldest record, which stays.
    pub(super) fn first(&self) -> Option<(OutgoingRecord<'_>, u64)> {
        let entry = self.entries.get(self.next)?;
        let (key, rest) = self.bytes[self.at..].split_at(entry.key.unwrap_or(0));
        let record = OutgoingRecord {
            topic: &self.topics[entry.topic],
            partition: entry.partition,
            timestamp: entry.timestamp,
            key: entry.key.map(|_| key),
            value: entry.value.map(|length| &rest[..length]),
        };
        Some((record, entry.token))
    }

    /// A copy of the oldest record's headers.
    pub(super) fn first_headers(&self) -> Option<OwnedHeaders> {
        self.entries.get(self.next)?.headers.clone()
    }

    /// Forgets the oldest record.
    pub(super) fn drop_first(&mut self) {
        if let Some(entry) = self.entries.get(self.next) {
            self.at += entry.bytes();
            self.next += 1;
        }
        if self.next == self.entries.len() {
            self.reset();
        }
    }

    fn reset(&mut self) {
        let (records, bytes) = (self.entries.len(), self.bytes.len());
        self.entries.clear();
        self.bytes.clear();
        self.topics.clear();
        (self.next, self.at) = (0, 0);
        if self.bytes.capacity() / SPARE > bytes {
            self.bytes.shrink_to(bytes);
            self.entries.shrink_to(records);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were_and_in_order() {
        let record = |topic, key, value| OutgoingRecord {
            topic,
            partition: Some(3),
            timestamp: None,
            key,
            value,
        };
        let records = [
            record("a", Some(b"k".as_slice()), Some(b"value".as_slice())),
            record("b", None, Some(b"")),
            record("a", Some(b""), None),
            record("a", None, None),
        ];
        let mut held = HeldRecords::default();
        // Twice: a buffer is used again.
        for _ in 0..2 {
            for (token, record) in records.iter().enumerate() {
                held.push(record, None, token as u64);
            }
            assert_eq!((held.len(), held.bytes()), (4, 6));
            for (token, expected) in records.iter().enumerate() {
                let (found, found_token) = held.first().unwrap();
                assert_eq!(found_token, token as u64);
                assert_eq!(format!("{found:?}"), format!("{expected:?}"));
                held.drop_first();
            }
            assert!(held.is_empty() && held.first().is_none());
            assert_eq!(held.bytes(), 0);
        }
    }
}
