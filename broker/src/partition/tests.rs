//! Partitions on a real folder.

use kafka_protocol::ResponseError;

use super::*;
use crate::log::batch::TRANSACTIONAL;
use crate::log::{BatchOptions, BatchRecords, NewRecord, build_batch};

const PRODUCER: i64 = 4000;

/// Records are kept whatever time they say they are of.
fn config() -> LogConfig {
    LogConfig {
        retention_ms: None,
        ..LogConfig::default()
    }
}

fn open(dir: &Path) -> Partition {
    Partition::open(dir, config(), PartitionSettings::default()).expect("opening")
}

fn record(value: &str) -> NewRecord {
    let key = Some(Bytes::from_static(b"key"));
    NewRecord {
        key,
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        headers: Vec::new(),
    }
}

fn plain(values: &[&str]) -> Bytes {
    let records: Vec<_> = values.iter().map(|value| record(value)).collect();
    build_batch(&records, &BatchOptions::plain(now_ms())).freeze()
}

fn batch(producer_id: i64, epoch: i16, sequence: i32, attributes: i16) -> Bytes {
    let options = BatchOptions {
        timestamp: now_ms(),
        attributes,
        producer_id,
        producer_epoch: epoch,
        base_sequence: sequence,
    };
    build_batch(&[record("a"), record("b")], &options).freeze()
}

fn idempotent(sequence: i32) -> Bytes {
    batch(PRODUCER, 0, sequence, 0)
}

fn transactional(producer_id: i64, sequence: i32) -> Bytes {
    batch(producer_id, 0, sequence, TRANSACTIONAL)
}

fn produce_transactional(partition: &Partition, producer_id: i64, sequence: i32) -> i64 {
    let produced = partition.produce_in(transactional(producer_id, sequence), |_, _| Ok(()));
    produced.expect("produced").base_offset
}

#[track_caller]
fn refused(result: Result<Produced, ProduceError>) -> ResponseError {
    result.expect_err("it should be refused").code()
}

fn values(records: &[u8]) -> Vec<String> {
    let mut values = Vec::new();
    for (range, header) in crate::log::split_batches(records).expect("batches") {
        if header.is_control() {
            values.push("marker".to_owned());
            continue;
        }
        for record in BatchRecords::open(&records[range]).expect("a batch").iter() {
            let value = record.expect("a record").value.unwrap_or_default();
            values.push(String::from_utf8_lossy(value).into_owned());
        }
    }
    values
}

#[test]
fn what_is_produced_is_fetched() {
    let dir = tempfile::tempdir().expect("a folder");
    let partition = open(dir.path());
    let first = partition.produce(plain(&["a", "b"])).expect("produced");
    assert_eq!(
        first,
        Produced {
            base_offset: 0,
            log_append_time: -1,
            log_start_offset: 0
        }
    );
    assert_eq!(
        partition
            .produce(plain(&["c"]))
            .expect("produced")
            .base_offset,
        2
    );
    let fetched = partition.fetch(0, 1 << 20, false).expect("fetched");
    assert_eq!(values(&fetched.records), ["a", "b", "c"]);
    assert_eq!((fetched.high_watermark, fetched.last_stable_offset), (3, 3));
    assert!(
        partition
            .fetch(3, 1 << 20, false)
            .expect("the end")
            .records
            .is_empty()
    );
    for offset in [-1, 4] {
        let error = partition
            .fetch(offset, 1 << 20, false)
            .expect_err("out of range");
        assert_eq!(error.code(), ResponseError::OffsetOutOfRange);
    }
}

#[tokio::test]
async fn a_waiting_reader_is_woken_by_records_and_by_markers() {
    let dir = tempfile::tempdir().expect("a folder");
    let partition = open(dir.path());
    let mut appended = partition.appended();
    partition.produce(plain(&["a"])).expect("produced");
    appended.changed().await.expect("the partition is there");
    assert_eq!(*appended.borrow_and_update(), 1);
    partition
        .write_marker(PRODUCER, 0, true, 0)
        .expect("a marker");
    appended.changed().await.expect("the partition is there");
    assert_eq!(*appended.borrow_and_update(), 2);
}

// LogValidator.setMaxTimestamp with LOG_APPEND_TIME; a repeated batch has its first time
#[test]
fn the_brokers_time_replaces_the_records_where_the_topic_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = PartitionSettings {
        log_append_time: true,
        ..PartitionSettings::default()
    };
    let partition = Partition::open(dir.path(), config(), settings).expect("opening");
    let before = now_ms();
    let first = partition.produce(idempotent(0)).expect("produced");
    assert!((before..=now_ms()).contains(&first.log_append_time));
    let fetched = partition.fetch(0, 1 << 20, false).expect("fetched");
    let batches = crate::log::split_batches(&fetched.records).expect("a good checksum");
    assert!(batches[0].1.is_log_append_time());
    assert_eq!(batches[0].1.max_timestamp, first.log_append_time);
    assert_eq!(
        partition.produce(idempotent(0)).expect("a repeated one"),
        first
    );
}

// UnifiedLogTest.testDuplicateAppends, ProducerAppendInfo.checkSequence, checkProducerEpoch
#[test]
fn idempotent_batches_are_there_once_and_in_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let partition = open(dir.path());
    for sequence in [0, 2, 4] {
        let produced = partition.produce(idempotent(sequence)).expect("produced");
        assert_eq!(produced.base_offset, i64::from(sequence));
    }
    assert_eq!(
        partition
            .produce(idempotent(2))
            .expect("a repeated one")
            .base_offset,
        2
    );
    assert_eq!(partition.end_offset(), 6);
    let again = partition.produce(idempotent(4)).expect("a repeated one");
    assert!(again.log_append_time > 0, "UnifiedLog answers its own time");
    let code = refused(partition.produce(idempotent(8)));
    assert_eq!(code, ResponseError::OutOfOrderSequenceNumber);
    partition
        .produce(batch(PRODUCER, 1, 0, 0))
        .expect("a new epoch");
    let code = refused(partition.produce(idempotent(6)));
    assert_eq!(code, ResponseError::InvalidProducerEpoch);
    assert_eq!(partition.end_offset(), 8);
}

// ProduceRequest.validateRecords, UnifiedLog.analyzeAndValidateRecords, LogValidator.validateBatch
#[test]
fn records_that_break_the_rules_are_refused_with_kafkas_errors() {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = PartitionSettings {
        max_message_bytes: 300,
        ..PartitionSettings::default()
    };
    let partition = Partition::open(dir.path(), config(), settings).expect("opening");
    let produce = |records: Vec<u8>| refused(partition.produce(Bytes::from(records)));
    let good = plain(&["a", "b"]).to_vec();

    assert_eq!(produce(Vec::new()), ResponseError::InvalidRecord);
    assert_eq!(
        produce([good.clone(), good.clone()].concat()),
        ResponseError::InvalidRecord
    );
    assert_eq!(
        produce(good[..good.len() - 1].to_vec()),
        ResponseError::CorruptMessage
    );
    let mut damaged = good.clone();
    *damaged.last_mut().expect("a byte") ^= 1;
    assert_eq!(produce(damaged), ResponseError::CorruptMessage);
    let mut old = good.clone();
    old[16] = 1;
    assert_eq!(produce(old), ResponseError::InvalidRecord);
    let mut elsewhere = good.clone();
    elsewhere[7] = 5;
    assert_eq!(produce(elsewhere), ResponseError::InvalidRecord);
    let large = "x".repeat(300);
    assert_eq!(
        produce(plain(&[&large]).to_vec()),
        ResponseError::MessageTooLarge
    );

    let changed = |at: usize, byte: u8| {
        let mut batch = good.clone();
        batch[at] = byte;
        crate::log::batch::write_crc(&mut batch);
        batch
    };
    assert_eq!(
        produce(changed(60, 3)),
        ResponseError::InvalidRecord,
        "three records, not two"
    );
    assert_eq!(
        produce(changed(26, 2)),
        ResponseError::InvalidRecord,
        "three offsets"
    );
    assert_eq!(
        produce(changed(22, 0x20)),
        ResponseError::InvalidRecord,
        "a control batch"
    );
    assert_eq!(
        produce(changed(22, 0x10)),
        ResponseError::InvalidRecord,
        "without a producer"
    );
    assert_eq!(
        produce(idempotent(-1).to_vec()),
        ResponseError::InvalidRecord
    );
    assert_eq!(partition.end_offset(), 0);
}

// LogValidator.validateTimestamp, DefaultRecordBatch.setMaxTimestamp
#[test]
fn the_header_says_the_latest_timestamp_whatever_the_producer_wrote() {
    for (settings, refused_there) in [
        (PartitionSettings::default(), false),
        (
            PartitionSettings {
                log_append_time: true,
                ..PartitionSettings::default()
            },
            true,
        ),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let partition = Partition::open(dir.path(), config(), settings).expect("opening");
        let mut batch = plain(&["a"]).to_vec();
        batch[22] |= 0x08;
        crate::log::batch::write_crc(&mut batch);
        let produced = partition.produce(Bytes::from(batch));
        if refused_there {
            assert_eq!(refused(produced), ResponseError::InvalidTimestamp);
            continue;
        }
        produced.expect("the type is changed");
        let mut batch = plain(&["b"]).to_vec();
        batch[35..43].copy_from_slice(&i64::MIN.to_be_bytes());
        crate::log::batch::write_crc(&mut batch);
        partition.produce(Bytes::from(batch)).expect("produced");
        let fetched = partition.fetch(0, 1 << 20, false).expect("fetched");
        let batches = crate::log::split_batches(&fetched.records).expect("good checksums");
        assert_eq!(batches.len(), 2);
        for (_, header) in batches {
            assert!(!header.is_log_append_time());
            assert_eq!(header.max_timestamp, header.base_timestamp);
        }
    }
}

proptest::proptest! {
    /// Nothing that comes as records makes a partition panic, and only whole batches get in.
    #[test]
    fn any_bytes_are_refused_or_appended(
        changes in proptest::collection::vec((0_usize..200, proptest::num::u8::ANY), 0..6),
        length in 0_usize..200,
        with_crc in proptest::bool::ANY,
    ) {
        let dir = tempfile::tempdir().expect("a folder");
        let partition = open(dir.path());
        let mut bytes = batch(PRODUCER, 0, 0, TRANSACTIONAL).to_vec();
        for (at, byte) in changes {
            if let Some(changed) = bytes.get_mut(at) {
                *changed = byte;
            }
        }
        if length < 100 {
            bytes.truncate(length);
        }
        if with_crc && bytes.len() > 61 {
            crate::log::batch::write_crc(&mut bytes);
        }
        let produced = partition.produce_in(Bytes::from(bytes), |_, _| Ok(()));
        partition.clean(now_ms()).expect("cleaned");
        let fetched = partition.fetch(0, 1 << 20, false).expect("fetched");
        proptest::prop_assert_eq!(fetched.records.is_empty(), produced.is_err());
        crate::log::split_batches(&fetched.records).expect("whole batches");
        drop(partition);
        open(dir.path());
    }
}

// log.retention.check.interval.ms is longer than log.cleaner.backoff.ms: what is written with an old
// time can be read for a while.
#[test]
fn old_records_go_by_retention_and_not_by_compaction() {
    let dir = tempfile::tempdir().expect("a folder");
    let short = LogConfig {
        retention_ms: Some(1000),
        ..config()
    };
    let partition =
        Partition::open(dir.path(), short, PartitionSettings::default()).expect("opening");
    let old = batch(PRODUCER, 0, 0, 0);
    let produced = partition.produce_in(old, |_, _| Ok(()));
    produced.expect("produced");
    let far = now_ms() + 1_000_000_000;
    let is_there = || {
        let fetched = partition.fetch(0, 1 << 20, false);
        fetched.is_ok_and(|fetched| !fetched.records.is_empty())
    };
    partition.clean(far).expect("cleaned");
    assert!(is_there());
    partition.retain(far).expect("retained");
    assert!(!is_there());
}

// LogValidator.validateKey, validateTimestamp
#[test]
fn a_compacted_topic_needs_keys_and_timestamps_have_a_range() {
    let dir = tempfile::tempdir().expect("a folder");
    let compacted = LogConfig {
        compact: true,
        ..config()
    };
    let partition =
        Partition::open(dir.path(), compacted, PartitionSettings::default()).expect("opening");
    let keyless = NewRecord {
        key: None,
        ..record("a")
    };
    let options = BatchOptions::plain(now_ms());
    let records = build_batch(&[record("a"), keyless], &options).freeze();
    let error = partition.produce(records).expect_err("refused");
    assert_eq!(error.code(), ResponseError::InvalidRecord);
    assert_eq!(
        error
            .record_errors()
            .iter()
            .map(|error| error.index)
            .collect::<Vec<_>>(),
        [1]
    );

    let ahead = BatchOptions::plain(now_ms() + 3_700_000);
    let error = partition
        .produce(build_batch(&[record("a")], &ahead).freeze())
        .expect_err("ahead");
    assert_eq!(error.code(), ResponseError::InvalidTimestamp);
    let past = BatchOptions::plain(0);
    partition
        .produce(build_batch(&[record("a")], &past).freeze())
        .expect("any age");
}

// UnifiedLog.analyzeAndValidateProducerState and ReplicaManager.handleProduceAppend (KIP-890)
#[test]
fn a_transactional_batch_needs_a_transaction() {
    let dir = tempfile::tempdir().expect("a folder");
    let partition = open(dir.path());
    let code = refused(partition.produce(transactional(PRODUCER, 0)));
    assert_eq!(code, ResponseError::InvalidTxnState);
    for (answer, expected) in [
        (
            ResponseError::ConcurrentTransactions,
            ResponseError::NotEnoughReplicas,
        ),
        (
            ResponseError::InvalidProducerIdMapping,
            ResponseError::InvalidProducerIdMapping,
        ),
    ] {
        let produced = partition.produce_in(transactional(PRODUCER, 0), |producer_id, epoch| {
            assert_eq!((producer_id, epoch), (PRODUCER, 0));
            Err(answer)
        });
        assert_eq!(refused(produced), expected);
    }
    produce_transactional(&partition, PRODUCER, 0);
    partition
        .produce(transactional(PRODUCER, 2))
        .expect("the transaction is open");
}

// UnifiedLogTest.testLastStableOffset..., FetchIsolation.TXN_COMMITTED, TransactionIndexTest
#[test]
fn committed_reads_stop_at_the_first_open_transaction_and_name_the_aborted_ones() {
    let dir = tempfile::tempdir().expect("a folder");
    let partition = open(dir.path());
    produce_transactional(&partition, 1, 0);
    produce_transactional(&partition, 2, 0);
    partition.produce(plain(&["c"])).expect("produced");
    let committed = |from| partition.fetch(from, 1 << 20, true).expect("fetched");
    let none = committed(0);
    assert!(none.records.is_empty() && none.aborted.is_empty());
    assert_eq!((none.high_watermark, none.last_stable_offset), (5, 0));
    assert_eq!(partition.fetch(0, 1 << 20, false).expect("all").aborted, []);

    partition.write_marker(1, 0, false, 0).expect("an abort");
    let first = committed(0);
    assert_eq!(values(&first.records), ["a", "b"]);
    assert_eq!(
        (first.last_stable_offset, &first.aborted[..]),
        (2, &[(1, 0)][..])
    );

    partition.write_marker(2, 0, true, 0).expect("a commit");
    let all = committed(0);
    assert_eq!(
        values(&all.records),
        ["a", "b", "a", "b", "c", "marker", "marker"]
    );
    assert_eq!(
        (all.last_stable_offset, &all.aborted[..]),
        (7, &[(1, 0)][..])
    );
    assert_eq!(committed(2).aborted, [(1, 0)], "its marker is still ahead");
    assert_eq!(committed(6).aborted, [], "its marker is behind");
    assert_eq!(partition.last_stable_offset(), 7);
}

#[test]
fn the_producers_state_is_there_again_after_a_crash_and_after_a_stop() {
    for orderly in [false, true] {
        let dir = tempfile::tempdir().expect("a folder");
        let partition = open(dir.path());
        partition.produce(idempotent(0)).expect("produced");
        produce_transactional(&partition, 1, 0);
        partition.write_marker(1, 0, false, 3).expect("an abort");
        produce_transactional(&partition, 2, 0);
        partition.produce(idempotent(2)).expect("produced");
        if orderly {
            partition.close().expect("closing");
        }
        drop(partition);

        let partition = open(dir.path());
        assert_eq!(partition.last_stable_offset(), 5, "the open transaction");
        let committed = partition.fetch(0, 1 << 20, true).expect("fetched");
        assert_eq!(committed.aborted, [(1, 2)]);
        assert_eq!(
            partition
                .produce(idempotent(2))
                .expect("a repeated one")
                .base_offset,
            7
        );
        let code = refused(partition.produce(idempotent(6)));
        assert_eq!(code, ResponseError::OutOfOrderSequenceNumber);
        let error = partition
            .write_marker(1, 0, true, 2)
            .expect_err("an old coordinator");
        assert_eq!(error.code(), ResponseError::TransactionCoordinatorFenced);
        partition.write_marker(2, 0, true, 3).expect("a commit");
        assert_eq!(partition.last_stable_offset(), partition.end_offset());
    }
}

// UnifiedLog.maybeIncrementLogStartOffset: deleted transactions are not told of
#[test]
fn deleted_records_take_their_transactions_along() {
    let dir = tempfile::tempdir().expect("a folder");
    let partition = open(dir.path());
    produce_transactional(&partition, 1, 0);
    partition.write_marker(1, 0, false, 0).expect("an abort");
    produce_transactional(&partition, 2, 0);
    partition.delete_before(4).expect("deleting");
    assert_eq!(partition.log_start_offset(), 4);
    assert_eq!(
        partition.last_stable_offset(),
        4,
        "within the open transaction"
    );
    partition.write_marker(2, 0, true, 0).expect("a commit");
    let fetched = partition.fetch(4, 1 << 20, true).expect("fetched");
    assert_eq!(
        (fetched.log_start_offset, &fetched.aborted[..]),
        (4, &[][..])
    );
}

// AppendOrigin.COORDINATOR
#[test]
fn a_coordinators_batch_opens_a_transaction_without_sequences() {
    let dir = tempfile::tempdir().expect("a folder");
    let partition = open(dir.path());
    let offsets = || BytesMut::from(batch(PRODUCER, 1, -1, TRANSACTIONAL));
    assert_eq!(partition.append_own(offsets()).expect("appended"), 0);
    assert_eq!(partition.append_own(offsets()).expect("appended"), 2);
    assert_eq!(partition.last_stable_offset(), 0);
    let older = BytesMut::from(batch(PRODUCER, 0, -1, TRANSACTIONAL));
    let error = partition.append_own(older).expect_err("an old epoch");
    assert_eq!(error.code(), ResponseError::InvalidProducerEpoch);
    let own = build_batch(&[record("a")], &BatchOptions::plain(now_ms()));
    assert_eq!(
        partition.append_own(own).expect("no producer").to_owned(),
        4
    );
}
