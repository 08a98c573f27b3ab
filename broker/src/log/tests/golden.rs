//! Batches that Kafka 4.3.1's own classes have written (`golden/Golden.java`).

use super::*;
use crate::log::batch::Compression;
use crate::log::cleaner::rewrite::{emptied, rebuilt};
use crate::log::records::Record;

const IDEMPOTENT: &[u8] = include_bytes!("golden/idempotent.batch");
const LOG_APPEND_TIME: &[u8] = include_bytes!("golden/log-append-time.batch");
/// The filter's time and how long it keeps tombstones.
const HORIZON: i64 = 50_000 + 86_400_000;

#[test]
fn every_compression_is_read() {
    let batches: [(Compression, &[u8]); 4] = [
        (Compression::Gzip, include_bytes!("golden/gzip.batch")),
        (Compression::Snappy, include_bytes!("golden/snappy.batch")),
        (Compression::Lz4, include_bytes!("golden/lz4.batch")),
        (Compression::Zstd, include_bytes!("golden/zstd.batch")),
    ];
    let large = "0123456789".repeat(8_000).into_bytes();
    let expected: Vec<Row> = vec![
        (7, 1000, Some(b"a".to_vec()), Some(b"first".to_vec())),
        (8, 3000, Some(b"b".to_vec()), None),
        (9, 2000, None, Some(large)),
    ];
    for (codec, batch) in batches {
        let header = split_batches(batch).expect("a batch")[0].1;
        assert_eq!(header.compression(), Ok(codec));
        assert_eq!((header.base_offset, header.max_timestamp), (7, 3000));
        assert_eq!(rows(batch), expected, "{codec:?}");
    }
}

#[test]
fn the_header_and_its_flags_are_read() {
    let batches = split_batches(IDEMPOTENT).expect("a batch");
    let [(range, header)] = &batches[..] else {
        panic!("one batch");
    };
    assert_eq!(*range, 0..IDEMPOTENT.len());
    assert_eq!(header.size(), IDEMPOTENT.len());
    assert_eq!((header.producer_id, header.producer_epoch), (4711, 3));
    assert_eq!((header.base_sequence, header.last_offset()), (20, 9));
    assert_eq!((header.records_count, header.leader_epoch), (3, 0));
    assert!(header.has_producer() && !header.is_transactional() && !header.is_control());
    assert!(!header.is_log_append_time() && header.delete_horizon().is_none());

    let header = split_batches(LOG_APPEND_TIME).expect("a batch")[0].1;
    assert!(header.is_log_append_time() && !header.has_producer());
    let times: Vec<i64> = rows(LOG_APPEND_TIME).iter().map(|row| row.1).collect();
    assert_eq!(times, [header.max_timestamp; 3]);
}

#[test]
fn our_batches_are_the_real_ones() {
    let records: Vec<NewRecord> = BatchRecords::open(IDEMPOTENT)
        .expect("a batch")
        .iter()
        .map(|read| {
            let read = read.expect("a record");
            NewRecord {
                key: read.key.map(Bytes::copy_from_slice),
                value: read.value.map(Bytes::copy_from_slice),
                headers: Vec::new(),
            }
        })
        .collect();
    // Of one time and without headers, which the real batch has in its last record only.
    let options = BatchOptions {
        producer_id: 4711,
        producer_epoch: 3,
        base_sequence: 20,
        ..BatchOptions::plain(1000)
    };
    let mut built = build_batch(&records[..1], &options);
    batch::set_offset(&mut built, 7);
    let first_record = &IDEMPOTENT[batch::HEADER_SIZE..][..13];
    assert_eq!(&built[batch::HEADER_SIZE..], first_record);
    assert_eq!(built[..8], IDEMPOTENT[..8]);
    assert_eq!(built[43..57], IDEMPOTENT[43..57]);
}

/// What a compaction makes of a batch of which the records from an offset on stay.
fn kept(stored: &[u8], from: i64, horizon: Option<i64>) -> Vec<u8> {
    let records = BatchRecords::open(stored).expect("a batch");
    let kept: Vec<Record<'_>> = records
        .iter()
        .map(|read| read.expect("a record"))
        .filter(|r| r.offset >= from)
        .collect();
    rebuilt(records.header(), &kept, horizon).expect("rebuilds")
}

#[test]
fn a_batch_is_cleaned_as_the_real_one() {
    let expected: &[u8] = include_bytes!("golden/idempotent-cleaned.batch");
    assert_eq!(kept(IDEMPOTENT, 8, Some(HORIZON)), expected);
    let expected: &[u8] = include_bytes!("golden/idempotent-without-tombstone.batch");
    assert_eq!(kept(IDEMPOTENT, 9, None), expected);
    let expected: &[u8] = include_bytes!("golden/log-append-time-cleaned.batch");
    assert_eq!(kept(LOG_APPEND_TIME, 8, Some(HORIZON)), expected);
    let expected: &[u8] = include_bytes!("golden/idempotent-emptied.batch");
    let header = BatchHeader::parse(IDEMPOTENT).expect("a batch");
    assert_eq!(emptied(&header), expected);
    assert!(rows(expected).is_empty());
}
