//! Record batches of magic 2, made by hand so that they can be made wrong.

use std::io::Write as _;

use bytes::BufMut as _;

/// Where the checksum is and what it covers, and where the records begin.
const CRC_AT: usize = 17;
const COVERED: usize = 21;
const RECORDS_AT: usize = 61;

/// The compressions, by their number in the attributes.
pub(crate) const CODECS: [i16; 5] = [0, 1, 2, 3, 4];

/// A whole batch of records `value` at `time`, compressed.
pub(crate) fn batch(codec: i16, time: i64, values: &[Vec<u8>]) -> Vec<u8> {
    batch_of(codec, time, values.len() as i32, &records(values))
}

/// A batch that says it has so many records, of which these are the bytes before compression.
pub(crate) fn batch_of(codec: i16, time: i64, count: i32, records: &[u8]) -> Vec<u8> {
    let mut batch = Vec::new();
    batch.put_i64(0);
    batch.put_i32(0);
    batch.put_i32(-1);
    batch.put_i8(2);
    batch.put_u32(0);
    batch.put_i16(codec);
    batch.put_i32(count - 1);
    batch.put_i64(time);
    batch.put_i64(time);
    batch.put_i64(-1);
    batch.put_i16(-1);
    batch.put_i32(-1);
    batch.put_i32(count);
    batch.extend(compress(codec, records));
    seal(&mut batch);
    batch
}

/// Puts the right length and the right checksum over whatever the batch has.
pub(crate) fn seal(batch: &mut [u8]) {
    if batch.len() < RECORDS_AT {
        return;
    }
    let length = batch.len() as i32 - 12;
    batch[8..12].copy_from_slice(&length.to_be_bytes());
    let crc = crc32c::crc32c(&batch[COVERED..]);
    batch[CRC_AT..COVERED].copy_from_slice(&crc.to_be_bytes());
}

/// The records of a batch in their place in it, without what is before them.
pub(crate) fn stored_records(batch: &mut Vec<u8>) -> Vec<u8> {
    batch.split_off(RECORDS_AT)
}

/// The batches that are whole and have their checksum, from the first on: base offset and bytes.
pub(crate) fn whole_batches(mut bytes: &[u8]) -> Vec<(i64, Vec<u8>)> {
    let mut batches = Vec::new();
    while let Some(header) = bytes.first_chunk::<RECORDS_AT>() {
        let number = |at: usize| {
            let bytes = header[at..at + 4].try_into().expect("four bytes");
            i32::from_be_bytes(bytes)
        };
        let size = usize::try_from(number(8)).map_or(0, |length| length + 12);
        let Some(batch) = bytes.get(..size).filter(|_| size >= RECORDS_AT) else {
            break;
        };
        if crc32c::crc32c(&batch[COVERED..]) != number(CRC_AT) as u32 {
            break;
        }
        let offset = i64::from_be_bytes(batch[..8].try_into().expect("eight bytes"));
        batches.push((offset, batch.to_vec()));
        bytes = &bytes[size..];
    }
    batches
}

/// The offset after a whole batch.
pub(crate) fn next_offset((base, batch): &(i64, Vec<u8>)) -> i64 {
    let delta = i32::from_be_bytes(batch[23..27].try_into().expect("four bytes"));
    base + i64::from(delta) + 1
}

/// Records without headers, each with the start of its value as its key.
pub(crate) fn records(values: &[Vec<u8>]) -> Vec<u8> {
    let mut records = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let mut record = vec![0];
        varint(&mut record, 0);
        varint(&mut record, index as i64);
        let key = &value[..value.len().min(2)];
        varint(&mut record, key.len() as i64);
        record.extend(key);
        varint(&mut record, value.len() as i64);
        record.extend(value);
        varint(&mut record, 0);
        varint(&mut records, record.len() as i64);
        records.extend(record);
    }
    records
}

fn varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn compress(codec: i16, records: &[u8]) -> Vec<u8> {
    match codec {
        0 => records.to_vec(),
        1 => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(records).expect("compresses");
            encoder.finish().expect("compresses")
        }
        2 => snap::raw::Encoder::new()
            .compress_vec(records)
            .expect("compresses"),
        3 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(records).expect("compresses");
            encoder.finish().expect("compresses")
        }
        _ => zstd::stream::encode_all(records, 1).expect("compresses"),
    }
}
