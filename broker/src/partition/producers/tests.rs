//! Each rule with the class or test of Kafka that has it.

use super::*;
use crate::log::batch::TRANSACTIONAL;

const PRODUCER: i64 = 4000;

/// A batch of `count` records.
fn batch(epoch: i16, sequence: i32, count: i32, base_offset: i64) -> BatchHeader {
    BatchHeader {
        base_offset,
        batch_length: 100,
        leader_epoch: 0,
        magic: 2,
        crc: 0,
        attributes: 0,
        last_offset_delta: count - 1,
        base_timestamp: 1000,
        max_timestamp: 1000,
        producer_id: PRODUCER,
        producer_epoch: epoch,
        base_sequence: sequence,
        records_count: count,
    }
}

fn transactional(epoch: i16, sequence: i32, count: i32, base_offset: i64) -> BatchHeader {
    BatchHeader {
        attributes: TRANSACTIONAL,
        ..batch(epoch, sequence, count, base_offset)
    }
}

fn marker_batch(producer_id: i64, epoch: i16, base_offset: i64) -> BatchHeader {
    BatchHeader {
        producer_id,
        ..batch(epoch, -1, 1, base_offset)
    }
}

const COMMIT: Marker = Marker {
    commit: true,
    coordinator_epoch: 0,
};
const ABORT: Marker = Marker {
    commit: false,
    coordinator_epoch: 0,
};

fn producers(appended: &[BatchHeader]) -> Producers {
    let mut producers = Producers::default();
    for batch in appended {
        producers
            .check(batch, Origin::Client)
            .expect("a good batch");
        producers.appended(batch);
    }
    producers
}

#[track_caller]
fn assert_out_of_order(producers: &Producers, batch: &BatchHeader) {
    let error = producers.check(batch, Origin::Client).expect_err("refused");
    assert!(
        matches!(error, ProduceError::OutOfOrderSequence(_)),
        "{error:?}"
    );
}

#[track_caller]
fn assert_old_epoch(producers: &Producers, batch: &BatchHeader) {
    let error = producers.check(batch, Origin::Client).expect_err("refused");
    assert!(
        matches!(error, ProduceError::InvalidProducerEpoch(_)),
        "{error:?}"
    );
}

// ProducerStateManagerTest.testBasicIdMapping
#[test]
fn sequences_follow_one_another_under_an_epoch() {
    let producers = producers(&[batch(0, 0, 1, 0), batch(0, 1, 1, 1)]);
    assert_out_of_order(&producers, &batch(0, 3, 1, 2));
    assert_out_of_order(&producers, &batch(0, 1, 1, 2));
    producers
        .check(&batch(0, 2, 1, 2), Origin::Client)
        .expect("the next one");
    producers
        .check(&batch(1, 0, 1, 2), Origin::Client)
        .expect("a new epoch begins with 0");
    assert_out_of_order(&producers, &batch(1, 1, 1, 2));
}

// ProducerStateManagerTest.testNoValidationOnFirstEntryWhenLoadingLog, and
// ProducerAppendInfo.checkSequence: NO_PRODUCER_EPOCH (no UNKNOWN_PRODUCER_ID any more)
#[test]
fn a_producer_of_which_nothing_is_known_begins_anywhere() {
    let producers = producers(&[batch(5, 16, 1, 0)]);
    producers
        .check(&batch(5, 17, 1, 1), Origin::Client)
        .expect("the next one");
    assert_out_of_order(&producers, &batch(5, 16, 1, 1));
}

// ProducerStateManagerTest.testProducerSequenceWrapAround
#[test]
fn after_the_highest_sequence_comes_0() {
    let producers = producers(&[batch(15, i32::MAX, 1, 0), batch(15, 0, 10, 1)]);
    producers
        .check(&batch(15, 10, 1, 11), Origin::Client)
        .expect("the next one");
}

// ProducerStateManagerTest.testProducerSequenceWithWrapAroundBatchRecord
#[test]
fn a_batch_may_lie_across_the_highest_sequence() {
    let producers = producers(&[batch(15, i32::MAX - 9, 20, 0)]);
    producers
        .check(&batch(15, 10, 1, 20), Origin::Client)
        .expect("the next one");
    let repeated = producers
        .duplicate(&batch(15, i32::MAX - 9, 20, 0))
        .expect("known");
    assert_eq!(repeated.first_offset, 0);
}

// UnifiedLogTest.testDuplicateAppends
#[test]
fn a_repeated_batch_has_its_first_offset() {
    let appended: Vec<_> = (0..6)
        .map(|n| batch(0, n * 2, 2, 100 + i64::from(n) * 2))
        .collect();
    let producers = producers(&appended);
    for known in &appended[1..] {
        let again = BatchHeader {
            base_offset: 0,
            ..*known
        };
        let duplicate = producers.duplicate(&again).expect("one of the last five");
        assert_eq!(
            duplicate,
            Duplicate {
                first_offset: known.base_offset,
                timestamp: 1000
            }
        );
    }
    assert_eq!(producers.duplicate(&appended[0]), None);
    assert_out_of_order(&producers, &appended[0]);
    let shorter = batch(0, 10, 1, 0);
    assert_eq!(producers.duplicate(&shorter), None);
    assert_out_of_order(&producers, &shorter);
}

// ProducerStateManagerTest.testBasicIdMapping, UnifiedLogTest.testOldProducerEpoch
#[test]
fn an_older_epoch_is_refused() {
    let producers = producers(&[batch(3, 0, 1, 0)]);
    assert_old_epoch(&producers, &batch(2, 0, 1, 1));
    let error = producers
        .begins_transaction(&transactional(2, 0, 1, 1))
        .expect_err("refused");
    assert!(
        matches!(error, ProduceError::InvalidProducerEpoch(_)),
        "{error:?}"
    );
    let error = producers
        .check(&batch(2, -1, 1, 1), Origin::Coordinator)
        .expect_err("refused");
    assert!(
        matches!(error, ProduceError::InvalidProducerEpoch(_)),
        "{error:?}"
    );
}

// ProducerStateManagerTest.testSequenceNotValidatedForGroupMetadataTopic
#[test]
fn a_coordinators_records_have_no_sequences() {
    let mut producers = Producers::default();
    for offset in 0..3 {
        let offsets = transactional(0, -1, 1, offset);
        producers
            .check(&offsets, Origin::Coordinator)
            .expect("no sequence is checked");
        producers.appended(&offsets);
    }
    assert_eq!(producers.first_unstable_offset(), Some(0));
}

// ProducerStateManagerTest.testTxnFirstOffsetMetadataCached, testMarkerAfterBatch...,
// testLastStableOffsetCompletedTxn
#[test]
fn the_first_open_transaction_bounds_what_is_stable() {
    let other = |batch: BatchHeader| BatchHeader {
        producer_id: 4001,
        ..batch
    };
    let mut producers = producers(&[
        transactional(0, 0, 5, 0),
        other(transactional(0, 0, 5, 5)),
        transactional(0, 5, 5, 10),
    ]);
    assert_eq!(producers.first_unstable_offset(), Some(0));
    let aborted = producers
        .ended(&marker_batch(PRODUCER, 0, 15), ABORT)
        .expect("an abort");
    let expected = AbortedTransaction {
        producer_id: PRODUCER,
        first_offset: 0,
        last_offset: 15,
        last_stable_offset: 5,
    };
    assert_eq!(aborted, expected);
    assert_eq!(producers.first_unstable_offset(), Some(5));
    assert_eq!(producers.ended(&marker_batch(4001, 0, 16), COMMIT), None);
    assert_eq!(producers.first_unstable_offset(), None);
}

// ProducerStateManagerTest.testNonTransactionalAppendWithOngoingTransaction
#[test]
fn an_open_transaction_takes_transactional_records_only() {
    let producers = producers(&[transactional(0, 0, 1, 0)]);
    let error = producers
        .check(&batch(0, 1, 1, 1), Origin::Client)
        .expect_err("refused");
    assert!(
        matches!(error, ProduceError::InvalidTransactionState(_)),
        "{error:?}"
    );
}

// UnifiedLogTest.testTransactionIsOngoingAndVerificationGuard...
#[test]
fn the_first_batch_of_a_transaction_has_to_be_verified() {
    let mut producers = Producers::default();
    let begins = |producers: &Producers, batch: &BatchHeader| {
        producers
            .begins_transaction(batch)
            .expect("a current epoch")
    };
    assert!(!begins(&producers, &batch(0, 0, 1, 0)));
    assert!(begins(&producers, &transactional(0, 0, 1, 0)));
    producers.appended(&transactional(0, 0, 1, 0));
    assert!(!begins(&producers, &transactional(0, 1, 1, 1)));
    assert!(
        begins(&producers, &transactional(1, 0, 1, 1)),
        "of another epoch"
    );
    producers.ended(&marker_batch(PRODUCER, 0, 1), COMMIT);
    assert!(
        begins(&producers, &transactional(0, 1, 1, 2)),
        "the next transaction"
    );
}

// ProducerStateManagerTest.testControlRecordBumpsProducerEpoch
#[test]
fn a_marker_with_a_new_epoch_fences_and_begins_sequences_anew() {
    let mut producers = producers(&[transactional(0, 0, 5, 0)]);
    producers
        .check_marker(PRODUCER, 1, ABORT)
        .expect("a later epoch");
    producers.ended(&marker_batch(PRODUCER, 1, 5), ABORT);
    assert_old_epoch(&producers, &batch(0, 5, 1, 6));
    producers
        .check(&batch(1, 0, 1, 6), Origin::Client)
        .expect("from 0 on");
    assert_out_of_order(&producers, &batch(1, 5, 1, 6));
}

// ProducerAppendInfo.appendEndTxnMarker: a marker of the same epoch leaves the sequences
#[test]
fn sequences_go_on_after_a_transaction() {
    let mut producers = producers(&[transactional(0, 0, 5, 0)]);
    producers.ended(&marker_batch(PRODUCER, 0, 5), COMMIT);
    producers
        .check(&transactional(0, 5, 1, 6), Origin::Client)
        .expect("the next one");
    assert!(producers.duplicate(&transactional(0, 0, 5, 0)).is_some());
}

// ProducerStateManagerTest.testOldEpochForControlRecord, testCoordinatorFencing
#[test]
fn an_old_marker_is_refused() {
    let mut producers = Producers::default();
    producers
        .check_marker(PRODUCER, 0, COMMIT)
        .expect("nothing is known of the producer");
    producers.ended(
        &marker_batch(PRODUCER, 5, 0),
        Marker {
            commit: true,
            coordinator_epoch: 2,
        },
    );
    let error = producers
        .check_marker(PRODUCER, 4, COMMIT)
        .expect_err("refused");
    assert!(
        matches!(error, ProduceError::InvalidProducerEpoch(_)),
        "{error:?}"
    );
    let older = Marker {
        commit: true,
        coordinator_epoch: 1,
    };
    let error = producers
        .check_marker(PRODUCER, 5, older)
        .expect_err("refused");
    assert!(
        matches!(error, ProduceError::CoordinatorFenced(_)),
        "{error:?}"
    );
}

// ProducerStateManagerTest.testAppendEmptyControlBatch..., CompletedTxn only for non-empty ones
#[test]
fn a_marker_without_records_aborts_nothing() {
    let mut producers = Producers::default();
    assert_eq!(producers.ended(&marker_batch(PRODUCER, 0, 0), ABORT), None);
    producers
        .check(&batch(0, 0, 1, 1), Origin::Client)
        .expect("the first records");
}

// ProducerStateManagerTest.testProducersWithOngoingTransactionsDontExpire, testPidExpirationTimeout
#[test]
fn silent_producers_are_forgotten_unless_a_transaction_is_open() {
    let other = BatchHeader {
        producer_id: 4001,
        ..transactional(0, 0, 1, 1)
    };
    let mut producers = producers(&[batch(0, 0, 1, 0), other]);
    // The records' time is long ago.
    let now = 1_700_000_000_000;
    producers.expire(now);
    producers.expire(now + PRODUCER_EXPIRATION_MS - 1);
    assert_eq!(producers.entries().len(), 2);
    producers.expire(now + PRODUCER_EXPIRATION_MS);
    let left: Vec<i64> = producers.entries().map(|(id, _)| id).collect();
    assert_eq!(left, [4001]);
    producers
        .check(&batch(0, 9, 1, 2), Origin::Client)
        .expect("it begins anywhere");
}

#[test]
fn a_producer_is_not_forgotten_while_it_writes() {
    let now = 1_700_000_000_000;
    let mut producers = producers(&[batch(0, 0, 1, 0)]);
    for hours in (0..100).step_by(23) {
        producers.expire(now + hours * 3_600_000);
        producers.appended(&batch(0, 0, 1, hours));
    }
    assert_eq!(producers.entries().len(), 1);
}

// ProducerStateManagerTest.testRemoveExpiredPidsOnReload
#[test]
fn after_a_start_the_time_of_the_records_counts() {
    let now = 1_700_000_000_000;
    let late = BatchHeader {
        producer_id: 4001,
        max_timestamp: now - 1000,
        ..batch(0, 0, 1, 1)
    };
    let mut producers = producers(&[batch(0, 0, 1, 0), late]);
    producers.recovered(now);
    let left: Vec<i64> = producers.entries().map(|(id, _)| id).collect();
    assert_eq!(left, [4001]);
    producers.expire(now - 1000 + PRODUCER_EXPIRATION_MS);
    assert_eq!(producers.entries().len(), 0);
}
