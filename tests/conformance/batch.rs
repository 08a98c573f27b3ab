//! Record batches (KIP-98, magic 2) made and read by hand: what the clients' libraries would not
//! send, and what they do not show.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde_json::{Value, json};

/// Bytes before the attributes: base offset, length, leader epoch, magic, checksum.
const BEFORE_CHECKED: usize = 21;

/// A record to be sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Option<Bytes>,
    pub(crate) headers: Vec<(&'static str, Option<&'static [u8]>)>,
    pub(crate) timestamp: i64,
}

/// A record with a value.
pub(crate) fn record(value: &str) -> Record {
    Record {
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        timestamp: 1_700_000_000_000,
        ..Record::default()
    }
}

/// A record with a key and a value.
pub(crate) fn keyed(key: &str, value: Option<&str>) -> Record {
    Record {
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        value: value.map(|value| Bytes::copy_from_slice(value.as_bytes())),
        timestamp: 1_700_000_000_000,
        ..Record::default()
    }
}

/// What a batch says beside its records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Producer {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
    pub(crate) sequence: i32,
    pub(crate) transactional: bool,
}

impl Producer {
    pub(crate) const NONE: Self = Self {
        id: -1,
        epoch: -1,
        sequence: -1,
        transactional: false,
    };
}

/// A batch without a producer.
pub(crate) fn plain(records: &[Record]) -> BytesMut {
    batch(records, Producer::NONE)
}

/// An uncompressed batch.
pub(crate) fn batch(records: &[Record], producer: Producer) -> BytesMut {
    let base = records.first().map_or(-1, |record| record.timestamp);
    let max = records.iter().map(|record| record.timestamp).max();
    let count = i32::try_from(records.len()).expect("few records");
    let mut checked = BytesMut::new();
    checked.put_i16(if producer.transactional { 0x10 } else { 0 });
    checked.put_i32(count - 1);
    checked.put_i64(base);
    checked.put_i64(max.unwrap_or(-1));
    checked.put_i64(producer.id);
    checked.put_i16(producer.epoch);
    checked.put_i32(producer.sequence);
    checked.put_i32(count);
    for (delta, record) in (0..).zip(records) {
        put_record(&mut checked, record, delta, record.timestamp - base);
    }
    let mut batch = BytesMut::new();
    batch.put_i64(0);
    let length = BEFORE_CHECKED - 12 + checked.len();
    batch.put_i32(i32::try_from(length).expect("a short batch"));
    batch.put_i32(-1);
    batch.put_i8(2);
    batch.put_u32(crc32c::crc32c(&checked));
    batch.put_slice(&checked);
    batch
}

fn put_record(to: &mut BytesMut, record: &Record, offset_delta: i64, timestamp_delta: i64) {
    let mut body = BytesMut::new();
    body.put_i8(0);
    put_varint(&mut body, timestamp_delta);
    put_varint(&mut body, offset_delta);
    put_optional(&mut body, record.key.as_deref());
    put_optional(&mut body, record.value.as_deref());
    put_varint(&mut body, length(record.headers.len()));
    for (name, value) in &record.headers {
        put_optional(&mut body, Some(name.as_bytes()));
        put_optional(&mut body, *value);
    }
    put_varint(to, length(body.len()));
    to.put_slice(&body);
}

fn put_optional(to: &mut BytesMut, bytes: Option<&[u8]>) {
    put_varint(to, bytes.map_or(-1, |bytes| length(bytes.len())));
    to.put_slice(bytes.unwrap_or_default());
}

fn length(length: usize) -> i64 {
    i64::try_from(length).expect("short")
}

fn put_varint(to: &mut BytesMut, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        to.put_u8((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    to.put_u8(rest as u8);
}

fn get_varint(from: &mut Bytes) -> i64 {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let byte = from.get_u8();
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
        }
        shift += 7;
    }
}

fn get_optional(from: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(get_varint(from)).ok()?;
    Some(from.split_to(length))
}

/// All batches, with their records where these are not compressed. The producer's id is not in
/// it: brokers count them from where they like.
pub(crate) fn read(mut batches: Bytes) -> Vec<Value> {
    let mut read = Vec::new();
    while batches.len() > BEFORE_CHECKED {
        let base_offset = batches.get_i64();
        let length = usize::try_from(batches.get_i32()).expect("a length");
        assert!(batches.len() >= length, "a batch is cut");
        read.push(read_batch(base_offset, batches.split_to(length)));
    }
    assert!(batches.is_empty(), "something follows the batches");
    read
}

fn read_batch(base_offset: i64, mut batch: Bytes) -> Value {
    let leader_epoch = batch.get_i32();
    let magic = batch.get_i8();
    let checksum = batch.get_u32();
    let right = crc32c::crc32c(&batch) == checksum;
    let attributes = batch.get_i16();
    let last_offset_delta = batch.get_i32();
    let base_timestamp = batch.get_i64();
    let max_timestamp = batch.get_i64();
    let has_producer = batch.get_i64() >= 0;
    let epoch = batch.get_i16();
    let sequence = batch.get_i32();
    let count = batch.get_i32();
    let compressed = attributes & 7 != 0;
    let records: Vec<Value> = if compressed {
        Vec::new()
    } else {
        (0..count)
            .map(|_| read_record(&mut batch, base_offset, base_timestamp))
            .collect()
    };
    json!({
        "offset": base_offset, "leader epoch": leader_epoch, "magic": magic, "checksum": right,
        "attributes": attributes, "last offset delta": last_offset_delta,
        "base timestamp": base_timestamp, "max timestamp": max_timestamp,
        "has producer": has_producer, "epoch": epoch, "sequence": sequence, "count": count,
        "records": records,
    })
}

fn read_record(from: &mut Bytes, base_offset: i64, base_timestamp: i64) -> Value {
    let _length = get_varint(from);
    let _attributes = from.get_i8();
    let timestamp = base_timestamp + get_varint(from);
    let offset = base_offset + get_varint(from);
    let key = get_optional(from);
    let value = get_optional(from);
    let headers: Vec<Value> = (0..get_varint(from))
        .map(|_| {
            let name = get_optional(from);
            json!([
                printable(name.as_ref()),
                printable(get_optional(from).as_ref())
            ])
        })
        .collect();
    json!({
        "offset": offset, "timestamp": timestamp, "key": printable(key.as_ref()),
        "value": printable(value.as_ref()), "headers": headers,
    })
}

/// Bytes as text, control characters escaped; long ones by their length.
pub(crate) fn printable(bytes: Option<&Bytes>) -> Option<String> {
    bytes.map(|bytes| match bytes.len() {
        0..=100 => bytes.escape_ascii().to_string(),
        length => format!("{length} bytes"),
    })
}

/// The values of all records in all batches.
pub(crate) fn values(batches: &[Value]) -> Vec<Value> {
    let records = batches
        .iter()
        .flat_map(|batch| batch["records"].as_array().unwrap());
    records.map(|record| record["value"].clone()).collect()
}
