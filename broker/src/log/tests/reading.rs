//! Appending, reading, searching by time, rolling.

use super::*;
use crate::log::batch::LOG_APPEND_TIME;
use crate::log::{Flush, LogError};

#[test]
fn a_batch_is_stored_as_sent_but_for_its_offset_and_leader_epoch() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), LogConfig::default()).expect("opens");
    let mut sent = batch_of(3, 10, 1000);
    // A producer's batch says offset 0 and leader epoch -1.
    sent[12..16].copy_from_slice(&(-1_i32).to_be_bytes());
    assert_eq!(append(&mut log, &sent), 0);
    assert_eq!(append(&mut log, &sent), 3);
    assert_eq!(log.end_offset(), 6);
    let stored = log.read(3, 6, 1 << 20).expect("reads");
    assert_eq!(stored[..8], 3_i64.to_be_bytes());
    assert_eq!(stored[12..16], 0_i32.to_be_bytes());
    assert_eq!(stored[8..12], sent[8..12]);
    assert_eq!(stored[16..], sent[16..]);
}

#[test]
fn a_read_has_whole_batches_from_the_one_with_the_offset() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), LogConfig::default()).expect("opens");
    let batch = batch_of(10, 50, 1000);
    for _ in 0..5 {
        append(&mut log, &batch);
    }
    let offsets = |from, below, max| {
        let read = log.read(from, below, max).expect("reads");
        let split = split_batches(&read).expect("whole batches");
        split
            .iter()
            .map(|(_, header)| header.base_offset)
            .collect::<Vec<_>>()
    };
    assert_eq!(offsets(0, 50, 1 << 20), [0, 10, 20, 30, 40]);
    assert_eq!(offsets(19, 50, 1 << 20), [10, 20, 30, 40]);
    assert_eq!(offsets(0, 50, 1), [0], "at least one");
    assert_eq!(offsets(0, 50, batch.len() * 2 + 5), [0, 10]);
    assert_eq!(offsets(0, 30, 1 << 20), [0, 10, 20]);
    assert_eq!(offsets(30, 30, 1 << 20), [0; 0]);
    assert_eq!(offsets(50, 50, 1 << 20), [0; 0]);
    for outside in [-1, 51] {
        let refused = log.read(outside, 50, 1);
        assert!(matches!(
            refused,
            Err(LogError::OffsetOutOfRange {
                start: 0,
                end: 50,
                ..
            })
        ));
    }
}

#[test]
fn every_offset_is_found_in_small_segments_before_and_after_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), small_segments()).expect("opens");
    for index in 0..60 {
        append(&mut log, &batch_of(1 + index % 4, 20 + index * 3, 1000));
    }
    let end = log.end_offset();
    let check = |log: &Log| {
        for offset in 0..end {
            let read = log.read(offset, end, 1).expect("reads");
            let header = BatchHeader::parse(&read).expect("a batch");
            assert!(header.base_offset <= offset && offset <= header.last_offset());
        }
    };
    assert!(segment_files(dir.path()).len() > 5);
    check(&log);
    let all = read_all(&log);
    log.close().expect("closes");
    for _ in 0..2 {
        let log = Log::open(dir.path(), small_segments()).expect("opens");
        assert_eq!((log.start_offset(), log.end_offset()), (0, end));
        check(&log);
        assert_eq!(read_all(&log), all);
    }
}

#[test]
fn the_indexes_have_the_real_form() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = LogConfig {
        index_interval_bytes: 0,
        ..LogConfig::default()
    };
    let mut log = Log::open(dir.path(), config).expect("opens");
    let batch = batch_of(2, 10, 1000);
    for timestamp in [1000, 3000, 2000] {
        append(&mut log, &batch_of(2, 10, timestamp));
    }
    log.close().expect("closes");
    // `OffsetIndex`: last offset and position of a batch that comes more than the interval after
    // the last entry's; `TimeIndex`: greatest timestamp so far and its batch's last offset.
    let mut offsets = Vec::new();
    for (offset, position) in [(3_u32, batch.len()), (5, batch.len() * 2)] {
        offsets.extend(offset.to_be_bytes());
        offsets.extend((position as u32).to_be_bytes());
    }
    let read = |name: &str| std::fs::read(dir.path().join(name)).expect("reads");
    assert_eq!(read("00000000000000000000.index"), offsets);
    let mut times = 3000_i64.to_be_bytes().to_vec();
    times.extend(3_u32.to_be_bytes());
    assert_eq!(read("00000000000000000000.timeindex"), times);
}

#[test]
fn records_are_found_by_time() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), small_segments()).expect("opens");
    assert_eq!(log.offset_for_time(0).expect("searches"), None);
    assert_eq!(log.max_timestamp().expect("searches"), None);
    for timestamp in 1..=100 {
        append(&mut log, &batch_of(1, 50, timestamp * 10));
    }
    append(&mut log, &batch_of(2, 50, 500));
    let check = |log: &Log| {
        for ms in 0..=1000_i64 {
            let offset = (ms - 1).div_euclid(10).max(0);
            let found = log.offset_for_time(ms).expect("searches");
            assert_eq!(found, Some((offset, (offset + 1) * 10)), "{ms}");
        }
        assert_eq!(log.offset_for_time(1001).expect("searches"), None);
        assert_eq!(log.max_timestamp().expect("searches"), Some((99, 1000)));
    };
    check(&log);
    log.close().expect("closes");
    let mut log = Log::open(dir.path(), small_segments()).expect("opens");
    check(&log);
    log.delete_before(42).expect("deletes");
    assert_eq!(log.offset_for_time(0).expect("searches"), Some((42, 430)));
}

#[test]
fn the_time_of_the_broker_is_every_records_time() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), LogConfig::default()).expect("opens");
    let mut batch = batch_of(3, 10, 1000);
    let header = batch::set_log_append_time(&mut batch, 7000).expect("a batch");
    assert_eq!(header.attributes, LOG_APPEND_TIME);
    append(&mut log, &batch);
    assert_eq!(
        log.offset_for_time(5000).expect("searches"),
        Some((0, 7000))
    );
    assert_eq!(log.max_timestamp().expect("searches"), Some((0, 7000)));
    let times: Vec<i64> = rows(&read_all(&log)).iter().map(|row| row.1).collect();
    assert_eq!(times, [7000; 3]);
}

#[test]
fn a_segment_is_full_by_size_and_by_age() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = LogConfig {
        segment_bytes: 300,
        segment_ms: 1000,
        ..LogConfig::default()
    };
    let mut log = Log::open(dir.path(), config).expect("opens");
    let sizes = [
        (200, 0),
        (10, 0),
        (10, 900),
        (10, 1000),
        (10, 1001),
        (500, 1001),
        (10, 1001),
    ];
    for (size, timestamp) in sizes {
        append(&mut log, &batch_of(1, size, timestamp));
    }
    // The second does not fit; the fifth is later than a second after the segment's first; the
    // sixth is larger than a segment and gets its own.
    let files = segment_files(dir.path());
    let bases: Vec<&str> = files.iter().map(|name| &name[19..20]).collect();
    assert_eq!(bases, ["0", "1", "4", "5", "6"]);
}

#[test]
fn headers_come_with_the_bytes_of_markers() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), LogConfig::default()).expect("opens");
    append(&mut log, &batch_of(3, 10, 1000));
    let options = BatchOptions {
        attributes: batch::CONTROL,
        ..BatchOptions::plain(2000)
    };
    append(&mut log, &build_batch(&[record("k", None)], &options));
    append(&mut log, &batch_of(1, 10, 1000));
    let mut seen = Vec::new();
    log.headers_from(1, |header, bytes| {
        seen.push((header.base_offset, bytes.len()))
    })
    .expect("reads");
    let marker = log.read(3, 4, 1).expect("reads").len();
    assert_eq!(seen, [(0, 0), (3, marker), (4, 0)]);
    seen.clear();
    log.headers_from(4, |header, bytes| {
        seen.push((header.base_offset, bytes.len()))
    })
    .expect("reads");
    assert_eq!(seen, [(4, 0)]);
}

#[test]
fn records_are_flushed_by_number() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = LogConfig {
        flush: Flush::EveryMessages(3),
        ..LogConfig::default()
    };
    let mut log = Log::open(dir.path(), config).expect("opens");
    append(&mut log, &batch_of(2, 10, 1000));
    assert_eq!((log.checkpoint.recovery, log.active().synced), (0, false));
    append(&mut log, &batch_of(2, 10, 1000));
    assert_eq!((log.checkpoint.recovery, log.active().synced), (4, true));
    append(&mut log, &batch_of(2, 10, 1000));
    assert_eq!((log.checkpoint.recovery, log.active().synced), (4, false));
}

#[test]
fn records_are_flushed_by_age() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = LogConfig {
        flush: Flush::EveryMs(20),
        ..LogConfig::default()
    };
    let mut log = Log::open(dir.path(), config).expect("opens");
    append(&mut log, &batch_of(2, 10, 1000));
    assert!(!log.active().synced);
    std::thread::sleep(std::time::Duration::from_millis(25));
    log.flush_if_due().expect("flushes");
    assert_eq!((log.checkpoint.recovery, log.active().synced), (2, true));
}

#[test]
fn a_batch_whose_header_is_not_its_own_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), LogConfig::default()).expect("opens");
    let mut batch = batch_of(1, 10, 1000);
    let header = BatchHeader::parse(&batch).expect("a batch");
    batch.extend_from_slice(b"more");
    assert!(matches!(
        log.append(&mut batch, &header),
        Err(LogError::Append { .. })
    ));
    assert_eq!((log.end_offset(), log.size()), (0, 0));
}
