//! The records within a batch: building batches of our own and reading anybody's.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};

use super::batch::{
    self, BatchHeader, COMPRESSION_MASK, Compression, HEADER_SIZE, LEADER_EPOCH, LENGTH_END,
    NO_PRODUCER_ID,
};
use super::compression;
use super::error::BatchError;
use super::varint;

/// A record to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NewRecord {
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Option<Bytes>,
    pub(crate) headers: Vec<(Bytes, Option<Bytes>)>,
}

/// What the header of a batch of our own says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchOptions {
    /// Every record's timestamp.
    pub(crate) timestamp: i64,
    /// `batch::TRANSACTIONAL` and `batch::CONTROL`, without compression.
    pub(crate) attributes: i16,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) base_sequence: i32,
}

impl BatchOptions {
    /// A batch that has no producer.
    pub(crate) fn plain(timestamp: i64) -> Self {
        Self {
            timestamp,
            attributes: 0,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: -1,
            base_sequence: -1,
        }
    }
}

/// An uncompressed batch with the records, of base offset 0 until it is appended.
pub(crate) fn build_batch(records: &[NewRecord], options: &BatchOptions) -> BytesMut {
    let mut body = BytesMut::new();
    for (delta, record) in records.iter().enumerate() {
        let mut headers = BytesMut::new();
        varint::write(&mut headers, record.headers.len() as i64);
        for (name, value) in &record.headers {
            write_field(&mut headers, Some(name));
            write_field(&mut headers, value.as_deref());
        }
        let position = RecordPosition {
            offset_delta: delta as i64,
            timestamp_delta: 0,
        };
        write_record(
            &mut body,
            position,
            record.key.as_deref(),
            record.value.as_deref(),
            &headers,
        );
    }
    let header = BatchHeader {
        base_offset: 0,
        batch_length: 0,
        leader_epoch: LEADER_EPOCH,
        magic: 2,
        crc: 0,
        attributes: options.attributes & !COMPRESSION_MASK,
        last_offset_delta: records.len().saturating_sub(1) as i32,
        base_timestamp: options.timestamp,
        max_timestamp: options.timestamp,
        producer_id: options.producer_id,
        producer_epoch: options.producer_epoch,
        base_sequence: options.base_sequence,
        records_count: records.len() as i32,
    };
    assemble(&header, &body)
}

/// A whole batch of a header and its records as they are stored; length and checksum of the
/// header are computed.
pub(super) fn assemble(header: &BatchHeader, body: &[u8]) -> BytesMut {
    let mut out = BytesMut::with_capacity(HEADER_SIZE + body.len());
    out.put_i64(header.base_offset);
    out.put_i32((HEADER_SIZE - LENGTH_END + body.len()) as i32);
    out.put_i32(header.leader_epoch);
    out.put_i8(header.magic);
    out.put_u32(0);
    out.put_i16(header.attributes);
    out.put_i32(header.last_offset_delta);
    out.put_i64(header.base_timestamp);
    out.put_i64(header.max_timestamp);
    out.put_i64(header.producer_id);
    out.put_i16(header.producer_epoch);
    out.put_i32(header.base_sequence);
    out.put_i32(header.records_count);
    out.put_slice(body);
    batch::write_crc(&mut out);
    out
}

/// A record's place, relative to its batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordPosition {
    pub(super) offset_delta: i64,
    pub(super) timestamp_delta: i64,
}

/// Writes one record; `headers` are their count and themselves in the stored form.
pub(super) fn write_record(
    out: &mut impl BufMut,
    position: RecordPosition,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[u8],
) {
    let size = 1
        + varint::size(position.timestamp_delta)
        + varint::size(position.offset_delta)
        + field_size(key)
        + field_size(value)
        + headers.len();
    varint::write(out, size as i64);
    // The record's attributes: none are in use.
    out.put_i8(0);
    varint::write(out, position.timestamp_delta);
    varint::write(out, position.offset_delta);
    write_field(out, key);
    write_field(out, value);
    out.put_slice(headers);
}

fn field_size(field: Option<&[u8]>) -> usize {
    match field {
        Some(bytes) => varint::size(bytes.len() as i64) + bytes.len(),
        None => varint::size(-1),
    }
}

fn write_field(out: &mut impl BufMut, field: Option<&[u8]>) {
    match field {
        Some(bytes) => {
            varint::write(out, bytes.len() as i64);
            out.put_slice(bytes);
        }
        None => varint::write(out, -1),
    }
}

/// A record as it is in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) offset: i64,
    /// The batch's append time when that is what the topic keeps.
    pub(crate) timestamp: i64,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    /// The count of headers and the headers in their stored form.
    pub(crate) raw_headers: &'a [u8],
}

/// The records of one batch, decompressed.
#[derive(Debug)]
pub(crate) struct BatchRecords<'a> {
    header: BatchHeader,
    body: Cow<'a, [u8]>,
}

impl<'a> BatchRecords<'a> {
    /// Decompresses a whole batch's records; the checksum is not looked at.
    pub(crate) fn open(batch: &'a [u8]) -> Result<Self, BatchError> {
        let header = BatchHeader::parse(batch)?;
        let Some(stored) = batch.get(HEADER_SIZE..header.size()) else {
            return Err(BatchError::Truncated {
                needed: header.size(),
                left: batch.len(),
            });
        };
        // Compaction leaves empty batches whose attributes still tell a compression.
        let body = match header.compression()? {
            Compression::None => Cow::Borrowed(stored),
            _ if header.records_count == 0 => Cow::Borrowed(&[][..]),
            codec => Cow::Owned(compression::decompress(codec, stored)?),
        };
        Ok(Self { header, body })
    }

    pub(crate) fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The records in order. After an error nothing more comes.
    pub(crate) fn iter(&self) -> RecordIter<'_> {
        RecordIter {
            header: &self.header,
            rest: &self.body,
            next: 0,
            failed: false,
        }
    }
}

/// Iterates over a batch's records and checks that there are as many as its header says.
#[derive(Debug)]
pub(crate) struct RecordIter<'a> {
    header: &'a BatchHeader,
    rest: &'a [u8],
    next: usize,
    failed: bool,
}

impl<'a> Iterator for RecordIter<'a> {
    type Item = Result<Record<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let count = self.header.records_count as usize;
        if self.failed || (self.next == count && self.rest.is_empty()) {
            return None;
        }
        let read = if self.next == count {
            Err("there are bytes after the last record")
        } else {
            read_record(self.header, &mut self.rest)
        };
        let index = self.next;
        self.next += 1;
        self.failed = read.is_err();
        Some(read.map_err(|reason| BatchError::Record { index, reason }))
    }
}

fn read_record<'a>(header: &BatchHeader, rest: &mut &'a [u8]) -> Result<Record<'a>, &'static str> {
    let size = varint::read_i32(rest).ok_or("its size is not a number")?;
    let size = usize::try_from(size).map_err(|_| "its size is negative")?;
    let mut fields = rest.get(..size).ok_or("it is cut off")?;
    *rest = &rest[size..];
    fields = fields.get(1..).ok_or("it has no attributes")?;
    let timestamp_delta = varint::read_i64(&mut fields).ok_or("it has no timestamp")?;
    let offset_delta = varint::read_i32(&mut fields).ok_or("it has no offset")?;
    let key = read_field(&mut fields).ok_or("its key is cut off")?;
    let value = read_field(&mut fields).ok_or("its value is cut off")?;
    check_headers(fields)?;
    let timestamp = if header.is_log_append_time() {
        header.max_timestamp
    } else {
        header.base_timestamp.wrapping_add(timestamp_delta)
    };
    let offset = header.base_offset + i64::from(offset_delta);
    Ok(Record {
        offset,
        timestamp,
        key,
        value,
        raw_headers: fields,
    })
}

/// A length and so many bytes; a negative length is a null.
fn read_field<'a>(fields: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let Ok(size) = usize::try_from(varint::read_i32(fields)?) else {
        return Some(None);
    };
    let field = fields.get(..size)?;
    *fields = &fields[size..];
    Some(Some(field))
}

fn check_headers(mut fields: &[u8]) -> Result<(), &'static str> {
    let count = varint::read_i32(&mut fields).ok_or("it has no count of headers")?;
    if count < 0 {
        return Err("its count of headers is negative");
    }
    for _ in 0..count {
        let name = read_field(&mut fields).ok_or("a header's name is cut off")?;
        if name.is_none() {
            return Err("a header's name is null");
        }
        read_field(&mut fields).ok_or("a header's value is cut off")?;
    }
    if fields.is_empty() {
        Ok(())
    } else {
        Err("there are bytes after its headers")
    }
}
