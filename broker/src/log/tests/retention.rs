//! Deleting from the front.

use super::*;
use crate::log::LogError;

/// Ten segments of one record each, one second apart.
fn ten_segments(dir: &Path, config: LogConfig) -> Log {
    let mut log = Log::open(
        dir,
        LogConfig {
            segment_bytes: 1,
            ..config
        },
    )
    .expect("opens");
    for second in 0..10 {
        append(&mut log, &batch_of(1, 100, second * 1000));
    }
    log
}

#[test]
fn the_start_offset_moves_and_is_there_after_a_crash() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = Log::open(dir.path(), small_segments()).expect("opens");
    for _ in 0..50 {
        append(&mut log, &batch_of(2, 100, 1000));
    }
    let segments = segment_files(dir.path()).len();
    log.delete_before(55).expect("deletes");
    assert_eq!((log.start_offset(), log.end_offset()), (55, 100));
    assert!(matches!(
        log.read(54, 100, 1),
        Err(LogError::OffsetOutOfRange { .. })
    ));
    let read = log.read(55, 100, 1).expect("reads");
    assert_eq!(BatchHeader::parse(&read).expect("a batch").base_offset, 54);
    let left = segment_files(dir.path()).len();
    assert!(left < segments);

    drop(log);
    let mut log = Log::open(dir.path(), small_segments()).expect("opens");
    assert_eq!((log.start_offset(), log.end_offset()), (55, 100));
    log.delete_before(10).expect("does nothing");
    assert_eq!(log.start_offset(), 55);
    assert!(matches!(
        log.delete_before(101),
        Err(LogError::OffsetOutOfRange { .. })
    ));
    log.delete_before(100).expect("deletes");
    assert_eq!((log.start_offset(), log.end_offset()), (100, 100));
    append(&mut log, &batch_of(1, 10, 1000));
    drop(log);
    let log = Log::open(dir.path(), small_segments()).expect("opens");
    assert_eq!((log.start_offset(), log.end_offset()), (100, 101));
}

#[test]
fn segments_go_by_age() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = LogConfig {
        retention_ms: Some(5000),
        ..LogConfig::default()
    };
    let mut log = ten_segments(dir.path(), config);
    log.delete_old_segments(8000).expect("deletes");
    assert_eq!((log.start_offset(), log.end_offset()), (3, 10));
    log.delete_old_segments(100_000).expect("deletes");
    assert_eq!(
        (log.start_offset(), log.end_offset(), log.size()),
        (10, 10, 0)
    );
    assert_eq!(append(&mut log, &batch_of(1, 100, 100_000)), 10);
    drop(log);
    let log = Log::open(dir.path(), LogConfig::default()).expect("opens");
    assert_eq!((log.start_offset(), log.end_offset()), (10, 11));
}

#[test]
fn segments_go_by_size() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = ten_segments(dir.path(), LogConfig::default());
    let one = log.size() / 10;
    let retention_bytes = Some(one * 4 + 1);
    log.set_config(LogConfig {
        retention_bytes,
        ..LogConfig::default()
    });
    // As the real one: never below the limit.
    log.delete_old_segments(0).expect("deletes");
    assert_eq!((log.start_offset(), log.size()), (5, one * 5));
}

#[test]
fn only_the_delete_policy_deletes() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = LogConfig {
        retention_ms: Some(0),
        retention_bytes: Some(0),
        delete: false,
        ..LogConfig::default()
    };
    let mut log = ten_segments(dir.path(), config);
    log.delete_old_segments(100_000).expect("deletes");
    assert_eq!(log.start_offset(), 0);
}
