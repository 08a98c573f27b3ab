//! What compaction keeps and what goes.

use std::collections::HashMap;

use super::*;
use crate::log::batch::{CONTROL, Compression, TRANSACTIONAL};
use crate::log::{CleanBounds, LastRecord, compression, records};

pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Every batch fills a segment, so that all but the last can be cleaned.
pub(super) fn compacted() -> LogConfig {
    LogConfig {
        segment_bytes: 1,
        compact: true,
        delete: false,
        min_cleanable_ratio: 0.0,
        delete_retention_ms: DAY_MS,
        ..LogConfig::default()
    }
}

/// Cleans as the owner does; segments may be merged into larger ones.
pub(super) fn clean(log: &mut Log, now_ms: i64, bounds: CleanBounds) {
    let config = log.config.clone();
    log.set_config(LogConfig {
        segment_bytes: 1 << 20,
        ..config.clone()
    });
    let plan = log.plan_clean(now_ms, &bounds).expect("plans");
    let cleaned = plan.run().expect("cleans");
    log.finish_clean(cleaned).expect("finishes");
    log.set_config(config);
}

fn clean_all(log: &mut Log, now_ms: i64) {
    let bounds = CleanBounds {
        last_stable: log.end_offset(),
        ..CleanBounds::default()
    };
    clean(log, now_ms, bounds);
}

fn put(log: &mut Log, key: &str, value: Option<&str>) -> i64 {
    append(
        log,
        &build_batch(&[record(key, value)], &BatchOptions::plain(1000)),
    )
}

pub(super) fn of_producer(producer_id: i64, attributes: i16) -> BatchOptions {
    BatchOptions {
        attributes,
        producer_id,
        producer_epoch: 0,
        ..BatchOptions::plain(1000)
    }
}

fn put_transactional(log: &mut Log, producer_id: i64, key: &str, value: &str) -> i64 {
    let options = of_producer(producer_id, TRANSACTIONAL);
    append(log, &build_batch(&[record(key, Some(value))], &options))
}

pub(super) fn end_transaction(log: &mut Log, producer_id: i64, commit: bool) -> i64 {
    let options = of_producer(producer_id, TRANSACTIONAL | CONTROL);
    let marker = NewRecord {
        key: Some(Bytes::copy_from_slice(&[0, 0, 0, u8::from(commit)])),
        value: Some(Bytes::from_static(&[0; 6])),
        headers: Vec::new(),
    };
    append(log, &build_batch(&[marker], &options))
}

/// Offset, key and value of every record that is not a marker.
pub(super) fn contents(log: &Log) -> Vec<(i64, String, Option<String>)> {
    let all = read_all(log);
    let data: Vec<u8> = split_batches(&all)
        .expect("whole batches")
        .into_iter()
        .filter(|(_, header)| !header.is_control())
        .flat_map(|(range, _)| all[range].to_vec())
        .collect();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    rows(&data)
        .into_iter()
        .map(|(offset, _, key, value)| (offset, key.map(text).unwrap_or_default(), value.map(text)))
        .collect()
}

fn offsets(log: &Log) -> Vec<i64> {
    contents(log)
        .into_iter()
        .map(|(offset, ..)| offset)
        .collect()
}

/// Offsets of all batches, markers and empty ones too, and their records.
fn batches(log: &Log) -> Vec<(i64, i32)> {
    let mut found = Vec::new();
    log.headers_from(0, |header, _| {
        found.push((header.base_offset, header.records_count))
    })
    .expect("reads");
    found
}

#[test]
fn the_last_value_of_every_key_stays_at_its_offset() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), compacted()).expect("opens");
    for (key, value) in [
        ("a", "1"),
        ("b", "2"),
        ("a", "3"),
        ("c", "4"),
        ("a", "5"),
        ("b", "6"),
    ] {
        put(&mut log, key, Some(value));
    }
    let size = log.size();
    clean_all(&mut log, 0);
    let row = |offset, key: &str, value: &str| (offset, key.to_string(), Some(value.to_string()));
    // The active segment, with b's last value, is not cleaned and not looked at.
    let expected = [
        row(1, "b", "2"),
        row(3, "c", "4"),
        row(4, "a", "5"),
        row(5, "b", "6"),
    ];
    assert_eq!(contents(&log), expected);
    assert_eq!(segment_files(dir.path()).len(), 2);
    assert!(log.size() < size);
    // An offset that is gone leads to the next one that is there.
    let read = log.read(2, 6, 1).expect("reads");
    assert_eq!(BatchHeader::parse(&read).expect("a batch").base_offset, 3);

    put(&mut log, "d", Some("7"));
    clean_all(&mut log, 0);
    assert_eq!(offsets(&log), [3, 4, 5, 6]);
    drop(log);
    // After a crash the gaps are not taken for damage.
    let log = Log::open(dir.path(), compacted()).expect("opens");
    assert_eq!((offsets(&log), log.end_offset()), (vec![3, 4, 5, 6], 7));
}

#[test]
fn a_log_is_cleaned_when_enough_of_it_is_dirty() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = LogConfig {
        min_cleanable_ratio: 0.5,
        ..compacted()
    };
    let mut log = Log::open(dir.path(), config).expect("opens");
    for key in ["a", "b", "c", "d", "d"] {
        put(&mut log, key, Some("value"));
    }
    clean_all(&mut log, 0);
    assert_eq!(log.checkpoint.dirty, 4);
    for _ in 0..4 {
        put(&mut log, "d", Some("value"));
    }
    // Four segments are clean and four dirty: half is not more than half.
    clean_all(&mut log, 0);
    assert_eq!(offsets(&log), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    put(&mut log, "d", Some("value"));
    clean_all(&mut log, 0);
    assert_eq!(offsets(&log), [0, 1, 2, 8, 9]);
}

#[test]
fn young_records_are_safe() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = LogConfig {
        min_compaction_lag_ms: 500,
        ..compacted()
    };
    let mut log = Log::open(dir.path(), config).expect("opens");
    for timestamp in [1000, 1100, 2000, 2100, 2200] {
        let options = BatchOptions::plain(timestamp);
        append(&mut log, &build_batch(&[record("a", Some("v"))], &options));
    }
    clean_all(&mut log, 2499);
    assert_eq!(offsets(&log), [1, 2, 3, 4]);
    clean_all(&mut log, 2500);
    assert_eq!(offsets(&log), [2, 3, 4]);
}

#[test]
fn a_tombstone_stays_for_its_time_and_then_goes() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), compacted()).expect("opens");
    put(&mut log, "a", Some("1"));
    put(&mut log, "a", None);
    put(&mut log, "b", Some("2"));
    put(&mut log, "b", Some("3"));
    clean_all(&mut log, 50_000);
    assert_eq!(offsets(&log), [1, 2, 3]);
    // Its record's own time is still there, though the batch's base time is the horizon now.
    let read = log.read(1, 2, 1).expect("reads");
    let header = BatchHeader::parse(&read).expect("a batch");
    let horizon = 50_000 + DAY_MS as i64;
    assert_eq!(header.delete_horizon(), Some(horizon));
    assert_eq!(rows(&read)[0].1, 1000);

    clean_all(&mut log, horizon - 1);
    assert_eq!(offsets(&log), [1, 2, 3]);
    drop(log);
    let mut log = Log::open(dir.path(), compacted()).expect("opens");
    clean_all(&mut log, horizon);
    assert_eq!(offsets(&log), [2, 3]);
    assert_eq!(log.checkpoint.horizon, None);
}

#[test]
fn records_without_a_key_go() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), compacted()).expect("opens");
    append(&mut log, &batch_of(2, 10, 1000));
    put(&mut log, "a", Some("1"));
    put(&mut log, "a", Some("2"));
    clean_all(&mut log, 0);
    assert_eq!(offsets(&log), [2, 3]);
}

#[test]
fn a_batch_keeps_its_compression_its_times_and_its_last_offset() {
    for codec in [
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let mut log = Log::open(dir.path(), compacted()).expect("opens");
        let value = "value ".repeat(50);
        let new = ["a", "b", "c"].map(|key| record(key, Some(&value)));
        append(
            &mut log,
            &packed(&build_batch(&new, &BatchOptions::plain(1234)), codec),
        );
        put(&mut log, "a", Some("other"));
        put(&mut log, "c", Some("other"));
        put(&mut log, "z", Some("active"));
        clean_all(&mut log, 0);
        assert_eq!(offsets(&log), [1, 3, 4, 5]);
        let read = log.read(0, 3, 1).expect("reads");
        let header = BatchHeader::parse(&read).expect("a batch");
        assert_eq!(header.compression(), Ok(codec));
        assert_eq!((header.base_offset, header.last_offset()), (0, 2));
        assert_eq!((header.max_timestamp, header.records_count), (1234, 1));
        assert_eq!(
            rows(&read),
            [(1, 1234, Some(b"b".to_vec()), Some(value.into_bytes()))]
        );
    }
}

/// The batch as a producer compresses it.
pub(super) fn packed(batch: &BytesMut, codec: Compression) -> BytesMut {
    let header = BatchHeader::parse(batch).expect("a batch");
    let body = compression::compress(codec, &batch[batch::HEADER_SIZE..]).expect("compresses");
    let header = BatchHeader {
        attributes: header.attributes | codec as i16,
        ..header
    };
    records::assemble(&header, &body)
}

#[test]
fn aborted_records_go_and_their_marker_after_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), compacted()).expect("opens");
    put(&mut log, "a", Some("good"));
    put_transactional(&mut log, 7, "a", "aborted");
    put_transactional(&mut log, 8, "b", "committed");
    end_transaction(&mut log, 7, false);
    end_transaction(&mut log, 8, true);
    put(&mut log, "z", Some("active"));
    clean_all(&mut log, 50_000);
    assert_eq!(batches(&log), [(0, 1), (2, 1), (3, 1), (4, 1), (5, 1)]);

    // Nothing is left of the aborted transaction: from now on its marker has a time to go.
    put(&mut log, "z", Some("active"));
    clean_all(&mut log, 60_000);
    let horizon = 60_000 + DAY_MS as i64;
    assert_eq!(log.checkpoint.horizon, Some(horizon));
    clean_all(&mut log, horizon);
    assert_eq!(batches(&log), [(0, 1), (2, 1), (4, 1), (5, 1), (6, 1)]);
}

#[test]
fn a_marker_in_the_active_segment_counts() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), compacted()).expect("opens");
    put(&mut log, "a", Some("good"));
    put_transactional(&mut log, 7, "a", "aborted");
    put(&mut log, "b", Some("1"));
    end_transaction(&mut log, 7, false);
    clean_all(&mut log, 0);
    assert_eq!(offsets(&log), [0, 2]);
}

#[test]
fn an_open_transaction_is_not_passed() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), compacted()).expect("opens");
    put(&mut log, "a", Some("1"));
    put(&mut log, "a", Some("2"));
    let first = put_transactional(&mut log, 7, "a", "open");
    put(&mut log, "a", Some("3"));
    put(&mut log, "a", Some("4"));
    clean(
        &mut log,
        0,
        CleanBounds {
            last_stable: first,
            ..CleanBounds::default()
        },
    );
    assert_eq!(offsets(&log), [1, 2, 3, 4]);
}

#[test]
fn the_last_batch_of_an_active_producer_stays_empty() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), compacted()).expect("opens");
    let options = BatchOptions {
        base_sequence: 40,
        ..of_producer(7, 0)
    };
    append(
        &mut log,
        &build_batch(&[record("a", Some("1")), record("a", Some("2"))], &options),
    );
    append(
        &mut log,
        &build_batch(&[record("a", Some("1")), record("a", Some("2"))], &options),
    );
    put(&mut log, "a", Some("3"));
    put(&mut log, "z", Some("active"));
    let last = LastRecord {
        last_data_offset: Some(3),
        epoch: 0,
    };
    let bounds = CleanBounds {
        last_stable: log.end_offset(),
        producers: HashMap::from([(7, last)]),
    };
    clean(&mut log, 0, bounds);
    assert_eq!(batches(&log), [(2, 0), (4, 1), (5, 1)]);
    let read = log.read(2, 4, 1).expect("reads");
    let header = BatchHeader::parse(&read).expect("a batch");
    assert_eq!(
        (
            header.producer_id,
            header.base_sequence,
            header.last_offset()
        ),
        (7, 40, 3)
    );
    // It goes when the producer has expired.
    put(&mut log, "z", Some("active"));
    clean_all(&mut log, 0);
    assert_eq!(batches(&log), [(4, 1), (5, 1), (6, 1)]);
}

#[test]
fn a_crash_between_the_swaps_steps_is_made_good() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), compacted()).expect("opens");
    for value in ["1", "2", "3", "4"] {
        put(&mut log, "a", Some(value));
    }
    let before: Vec<_> = segment_files(dir.path())
        .into_iter()
        .map(|name| {
            (
                dir.path().join(&name),
                std::fs::read(dir.path().join(name)).expect("reads"),
            )
        })
        .collect();
    clean_all(&mut log, 0);
    let expected = contents(&log);
    drop(log);
    // As after the commit: the result has its name, the segments it replaces are all there.
    let cleaned = dir.path().join("00000000000000000000.log");
    let swap = dir
        .path()
        .join("00000000000000000000-00000000000000000003.swap");
    std::fs::rename(&cleaned, &swap).expect("renames");
    for (path, bytes) in &before {
        std::fs::write(path, bytes).expect("writes");
    }
    // And one that was not complete.
    let half = dir.path().join("00000000000000000003.cleaned");
    std::fs::write(&half, b"half").expect("writes");
    let log = Log::open(dir.path(), compacted()).expect("opens");
    assert_eq!((contents(&log), log.end_offset()), (expected, 4));
    assert!(!half.exists() && !swap.exists());
}

#[test]
fn what_is_deleted_during_a_cleaning_stays_deleted() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), compacted()).expect("opens");
    for value in ["1", "2", "3", "4"] {
        put(&mut log, "a", Some(value));
    }
    let bounds = CleanBounds {
        last_stable: 4,
        ..CleanBounds::default()
    };
    let plan = log.plan_clean(0, &bounds).expect("plans");
    let cleaned = plan.run().expect("cleans");
    log.delete_before(2).expect("deletes");
    log.finish_clean(cleaned).expect("finishes");
    assert_eq!((log.start_offset(), offsets(&log)), (2, vec![2, 3]));
    assert_eq!(segment_files(dir.path()).len(), 2);
}
