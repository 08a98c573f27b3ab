//! The records of `__transaction_state` (Kafka's `TransactionLog`): one for each change of a
//! transactional id, so that compaction keeps the last.

use std::collections::BTreeMap;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::metadata::{Metadata, NO_EPOCH, NO_PRODUCER_ID, State};

/// The topic's name.
pub(super) const STATE_TOPIC: &str = "__transaction_state";

/// Key and value are of version 0, which every broker reads.
const KEY_VERSION: i16 = 0;
const VALUE_VERSION: i16 = 0;
/// The first version with tagged fields (KIP-915), which a newer broker may have written.
const FLEXIBLE_VALUE_VERSION: i16 = 1;
/// Tags of version 1.
const PREVIOUS_PRODUCER_ID_TAG: u32 = 0;

/// What a record says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The transactional id is now like this.
    Changed(String, Metadata),
    /// The transactional id has been forgotten.
    Removed(String),
}

/// A record's key (`TransactionLogKey`).
pub(super) fn key(transactional_id: &str) -> Bytes {
    let mut key = BytesMut::with_capacity(4 + transactional_id.len());
    key.put_i16(KEY_VERSION);
    put_string(&mut key, transactional_id);
    key.freeze()
}

/// A record's value (`TransactionLogValue`).
pub(super) fn value(metadata: &Metadata) -> Bytes {
    let mut value = BytesMut::new();
    value.put_i16(VALUE_VERSION);
    value.put_i64(metadata.producer_id);
    value.put_i16(metadata.epoch);
    value.put_i32(metadata.timeout_ms);
    value.put_i8(metadata.state as i8);
    if metadata.state == State::Empty {
        value.put_i32(-1);
    } else {
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in &metadata.partitions {
            topics.entry(topic).or_default().push(*partition);
        }
        value.put_i32(topics.len() as i32);
        for (topic, partitions) in topics {
            put_string(&mut value, topic);
            value.put_i32(partitions.len() as i32);
            partitions
                .into_iter()
                .for_each(|partition| value.put_i32(partition));
        }
    }
    value.put_i64(metadata.update_ms);
    value.put_i64(metadata.start_ms);
    value.freeze()
}

/// Reads a record; none where it is of a version that is not known, or damaged.
pub(super) fn read(mut key: &[u8], value: Option<&[u8]>) -> Option<Entry> {
    if key.try_get_i16().ok()? != KEY_VERSION {
        return None;
    }
    let id = get_string(&mut key, false)?;
    match value {
        None => Some(Entry::Removed(id)),
        Some(value) => Some(Entry::Changed(id, read_value(value)?)),
    }
}

fn read_value(mut value: &[u8]) -> Option<Metadata> {
    let version = value.try_get_i16().ok()?;
    if !(VALUE_VERSION..=FLEXIBLE_VALUE_VERSION).contains(&version) {
        return None;
    }
    let flexible = version >= FLEXIBLE_VALUE_VERSION;
    let mut metadata = Metadata::new(value.try_get_i64().ok()?, 0, 0);
    metadata.previous_producer_id = NO_PRODUCER_ID;
    metadata.epoch = value.try_get_i16().ok()?;
    metadata.last_epoch = NO_EPOCH;
    metadata.timeout_ms = value.try_get_i32().ok()?;
    metadata.state = State::from_id(value.try_get_i8().ok()?)?;
    for _ in 0..get_length(&mut value, flexible)? {
        let topic = get_string(&mut value, flexible)?;
        for _ in 0..get_length(&mut value, flexible)? {
            metadata
                .partitions
                .insert((topic.clone(), value.try_get_i32().ok()?));
        }
        if flexible {
            skip_tagged(&mut value, |_, _| {})?;
        }
    }
    metadata.update_ms = value.try_get_i64().ok()?;
    metadata.start_ms = value.try_get_i64().ok()?;
    if flexible {
        skip_tagged(&mut value, |tag, mut field| {
            if tag == PREVIOUS_PRODUCER_ID_TAG
                && let Ok(id) = field.try_get_i64()
            {
                metadata.previous_producer_id = id;
            }
        })?;
    }
    Some(metadata)
}

fn put_string(out: &mut BytesMut, text: &str) {
    // What came as a protocol string has at most 32767 bytes.
    out.put_i16(text.len() as i16);
    out.put_slice(text.as_bytes());
}

fn get_string(from: &mut &[u8], flexible: bool) -> Option<String> {
    let length = if flexible {
        usize::try_from(get_varint(from)?).ok()?.checked_sub(1)?
    } else {
        usize::try_from(from.try_get_i16().ok()?).ok()?
    };
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest;
    String::from_utf8(text.to_vec()).ok()
}

/// An array's length; null has none.
fn get_length(from: &mut &[u8], flexible: bool) -> Option<u32> {
    if flexible {
        Some(get_varint(from)?.saturating_sub(1))
    } else {
        Some(u32::try_from(from.try_get_i32().ok()?).unwrap_or(0))
    }
}

fn skip_tagged(from: &mut &[u8], mut seen: impl FnMut(u32, &[u8])) -> Option<()> {
    for _ in 0..get_varint(from)? {
        let tag = get_varint(from)?;
        let size = usize::try_from(get_varint(from)?).ok()?;
        let (field, rest) = from.split_at_checked(size)?;
        seen(tag, field);
        *from = rest;
    }
    Some(())
}

fn get_varint(from: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = from.try_get_u8().ok()?;
        value |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> Metadata {
        let mut metadata = Metadata::new(4000, 60_000, 77);
        metadata.epoch = 3;
        metadata.state = State::Ongoing;
        metadata.start_ms = 70;
        for (topic, partition) in [("a", 0), ("a", 2), ("b", 1)] {
            metadata.partitions.insert((topic.to_owned(), partition));
        }
        metadata
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // TransactionLogKey.json and TransactionLogValue.json, version 0
    #[test]
    fn the_bytes_are_kafkas() {
        assert_eq!(hex(&key("id")), "00000002 6964".replace(' ', ""));
        let expected = "0000 0000000000000fa0 0003 0000ea60 01 00000002 \
                        000161 00000002 00000000 00000002 000162 00000001 00000001 \
                        000000000000004d 0000000000000046";
        assert_eq!(hex(&value(&metadata())), expected.replace(' ', ""));
        let empty = Metadata {
            epoch: 0,
            ..Metadata::new(1, 5, 6)
        };
        let expected = "0000 0000000000000001 0000 00000005 00 ffffffff 0000000000000006 \
                        ffffffffffffffff";
        assert_eq!(
            hex(&value(&empty)),
            expected.replace(' ', ""),
            "null, as Kafka writes it"
        );
    }

    #[test]
    fn what_is_written_is_read() {
        for state in 0..=5 {
            let mut metadata = metadata();
            metadata.state = State::from_id(state).expect("a state");
            if metadata.state == State::Empty {
                metadata.partitions.clear();
            }
            let read = read(&key("id"), Some(&value(&metadata)));
            assert_eq!(read, Some(Entry::Changed("id".to_owned(), metadata)));
        }
        assert_eq!(
            read(&key("id"), None),
            Some(Entry::Removed("id".to_owned()))
        );
    }

    // TransactionLogValue.json, version 1 (KIP-915): compact strings and arrays, tagged fields
    #[test]
    fn a_newer_brokers_record_is_read() {
        let mut value = BytesMut::new();
        value.put_slice(&[0, 1]);
        value.put_i64(4001);
        value.put_i16(0);
        value.put_i32(60_000);
        value.put_i8(4);
        value.put_slice(&[2, 2, b't', 3, 0, 0, 0, 7, 0, 0, 0, 9, 0]);
        value.put_i64(77);
        value.put_i64(70);
        value.put_slice(&[2, 0, 8, 0, 0, 0, 0, 0, 0, 0x0f, 0xa0, 2, 2, 0, 2]);
        let Some(Entry::Changed(_, read)) = read(&key("id"), Some(&value)) else {
            panic!("it is not read")
        };
        assert_eq!((read.producer_id, read.previous_producer_id), (4001, 4000));
        assert_eq!(read.state, State::CompleteCommit);
        let partitions: Vec<_> = read.partitions.into_iter().collect();
        assert_eq!(partitions, [("t".to_owned(), 7), ("t".to_owned(), 9)]);
    }

    // TransactionLog.read: UnknownKeyVersion, UnknownValueVersion
    #[test]
    fn unknown_versions_and_damage_are_nothing() {
        assert_eq!(read(&[0, 9, 0, 1, b'x'], None), None);
        assert_eq!(read(&key("id"), Some(&[0, 9])), None);
        let whole = value(&metadata());
        for length in 0..whole.len() {
            assert_eq!(
                read(&key("id"), Some(&whole[..length])),
                None,
                "cut at {length}"
            );
        }
    }
}
