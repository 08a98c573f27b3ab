//! A record batch of magic 2 as it is on the wire and on the disk (`DefaultRecordBatch`).

use std::ops::Range;

use bytes::{Buf, BufMut};

use super::error::BatchError;

/// Size of a batch without records (`RECORD_BATCH_OVERHEAD`).
pub(crate) const HEADER_SIZE: usize = 61;
/// Bytes before and with the batch's length, which the length does not count (`LOG_OVERHEAD`).
pub(crate) const LENGTH_END: usize = 12;
/// Where the bytes begin that the checksum covers.
pub(crate) const ATTRIBUTES_AT: usize = 21;
const LEADER_EPOCH_AT: usize = 12;
const CRC_AT: usize = 17;
const MAX_TIMESTAMP_AT: usize = 35;

/// The leader epoch of every batch: one node never elects another leader.
pub(crate) const LEADER_EPOCH: i32 = 0;
/// Marks a batch without a producer (`RecordBatch.NO_PRODUCER_ID`).
pub(crate) const NO_PRODUCER_ID: i64 = -1;
/// Marks a batch without a timestamp (`RecordBatch.NO_TIMESTAMP`).
pub(crate) const NO_TIMESTAMP: i64 = -1;

pub(crate) const COMPRESSION_MASK: i16 = 0x07;
pub(crate) const LOG_APPEND_TIME: i16 = 0x08;
pub(crate) const TRANSACTIONAL: i16 = 0x10;
pub(crate) const CONTROL: i16 = 0x20;
/// The base timestamp is the time from which on the batch's tombstones may go (KIP-534).
pub(crate) const DELETE_HORIZON: i16 = 0x40;

/// How a batch's records are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Compression {
    /// The name as in `compression.type`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// The header of a record batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    pub(crate) base_offset: i64,
    /// Bytes after this field, so 12 fewer than the batch has.
    pub(crate) batch_length: i32,
    pub(crate) leader_epoch: i32,
    pub(crate) magic: i8,
    pub(crate) crc: u32,
    pub(crate) attributes: i16,
    pub(crate) last_offset_delta: i32,
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: i64,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) base_sequence: i32,
    pub(crate) records_count: i32,
}

impl BatchHeader {
    /// Reads the header at the start of `bytes` and checks what can be checked without the records.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        if bytes.len() < HEADER_SIZE {
            return Err(BatchError::Truncated {
                needed: HEADER_SIZE,
                left: bytes.len(),
            });
        }
        let mut rest = bytes;
        let header = Self {
            base_offset: rest.get_i64(),
            batch_length: rest.get_i32(),
            leader_epoch: rest.get_i32(),
            magic: rest.get_i8(),
            crc: rest.get_u32(),
            attributes: rest.get_i16(),
            last_offset_delta: rest.get_i32(),
            base_timestamp: rest.get_i64(),
            max_timestamp: rest.get_i64(),
            producer_id: rest.get_i64(),
            producer_epoch: rest.get_i16(),
            base_sequence: rest.get_i32(),
            records_count: rest.get_i32(),
        };
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<(), BatchError> {
        if self.magic != 2 {
            return Err(BatchError::Magic(self.magic));
        }
        if self.batch_length < (HEADER_SIZE - LENGTH_END) as i32 {
            return Err(BatchError::Length(self.batch_length));
        }
        let last_offset_fits = self.base_offset.checked_add(i64::from(i32::MAX)).is_some();
        if self.base_offset < 0 || !last_offset_fits || self.last_offset_delta < 0 {
            return Err(BatchError::Header(format!(
                "base offset {}, last offset delta {}",
                self.base_offset, self.last_offset_delta
            )));
        }
        if self.records_count < 0 {
            return Err(BatchError::Header(format!(
                "{} records",
                self.records_count
            )));
        }
        Ok(())
    }

    /// The whole batch's size in bytes.
    pub(crate) fn size(&self) -> usize {
        // `check` has refused negative lengths.
        LENGTH_END + usize::try_from(self.batch_length).unwrap_or(0)
    }

    /// The last record's offset, also where compaction has removed the record.
    pub(crate) fn last_offset(&self) -> i64 {
        self.base_offset + i64::from(self.last_offset_delta)
    }

    /// The offset after the batch.
    pub(crate) fn next_offset(&self) -> i64 {
        self.last_offset() + 1
    }

    pub(crate) fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    pub(crate) fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    /// The batch is an idempotent or transactional producer's.
    pub(crate) fn has_producer(&self) -> bool {
        self.producer_id > NO_PRODUCER_ID
    }

    /// The records' time is the broker's, kept as the batch's maximum timestamp.
    pub(crate) fn is_log_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME != 0
    }

    /// The time from which on compaction may remove the batch's tombstones (KIP-534).
    pub(crate) fn delete_horizon(&self) -> Option<i64> {
        (self.attributes & DELETE_HORIZON != 0).then_some(self.base_timestamp)
    }

    pub(crate) fn compression(&self) -> Result<Compression, BatchError> {
        match self.attributes & COMPRESSION_MASK {
            0 => Ok(Compression::None),
            1 => Ok(Compression::Gzip),
            2 => Ok(Compression::Snappy),
            3 => Ok(Compression::Lz4),
            4 => Ok(Compression::Zstd),
            unknown => Err(BatchError::Compression(unknown)),
        }
    }
}

/// Checks the checksum of one whole batch.
pub(crate) fn verify_crc(header: &BatchHeader, batch: &[u8]) -> Result<(), BatchError> {
    let computed = crc32c::crc32c(&batch[ATTRIBUTES_AT..]);
    if computed == header.crc {
        Ok(())
    } else {
        Err(BatchError::Crc {
            stored: header.crc,
            computed,
        })
    }
}

/// Splits a Produce request's records into batches and checks length, magic and checksum of each.
pub(crate) fn split_batches(
    records: &[u8],
) -> Result<Vec<(Range<usize>, BatchHeader)>, BatchError> {
    let mut batches = Vec::with_capacity(1);
    let mut start = 0;
    while start < records.len() {
        let rest = &records[start..];
        let header = header_of_any_magic(rest)?;
        let size = header.size();
        if size > rest.len() {
            return Err(BatchError::Truncated {
                needed: size,
                left: rest.len(),
            });
        }
        verify_crc(&header, &rest[..size])?;
        batches.push((start..start + size, header));
        start += size;
    }
    Ok(batches)
}

/// As `BatchHeader::parse`, but tells an old format's short message from a truncated batch.
fn header_of_any_magic(bytes: &[u8]) -> Result<BatchHeader, BatchError> {
    const MAGIC_AT: usize = 16;
    match bytes.get(MAGIC_AT) {
        Some(&magic) if magic != 2 => Err(BatchError::Magic(i8::from_be_bytes([magic]))),
        _ => BatchHeader::parse(bytes),
    }
}

/// Writes the offset and leader epoch that the broker gives a batch; the checksum covers neither.
pub(crate) fn set_offset(batch: &mut [u8], base_offset: i64) {
    (&mut batch[..8]).put_i64(base_offset);
    (&mut batch[LEADER_EPOCH_AT..LEADER_EPOCH_AT + 4]).put_i32(LEADER_EPOCH);
}

/// Stamps a whole batch with the broker's time (`message.timestamp.type=LogAppendTime`) and
/// answers its header as it is now.
pub(crate) fn set_log_append_time(batch: &mut [u8], ms: i64) -> Result<BatchHeader, BatchError> {
    let attributes = BatchHeader::parse(batch)?.attributes | LOG_APPEND_TIME;
    (&mut batch[ATTRIBUTES_AT..ATTRIBUTES_AT + 2]).put_i16(attributes);
    (&mut batch[MAX_TIMESTAMP_AT..MAX_TIMESTAMP_AT + 8]).put_i64(ms);
    write_crc(batch);
    BatchHeader::parse(batch)
}

/// Computes a whole batch's checksum and writes it into the header.
pub(crate) fn write_crc(batch: &mut [u8]) {
    let crc = crc32c::crc32c(&batch[ATTRIBUTES_AT..]);
    (&mut batch[CRC_AT..CRC_AT + 4]).put_u32(crc);
}
