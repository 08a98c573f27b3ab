//! What a partition knows of one producer (Kafka's `ProducerStateEntry`).

use std::collections::VecDeque;

/// Batches of each producer that are remembered, so that a repeated one is answered as the first
/// time: a producer has at most five requests in flight (`ProducerStateEntry.NUM_BATCHES_TO_RETAIN`).
const BATCHES_RETAINED: usize = 5;

/// The epoch of a producer that has none yet (`RecordBatch.NO_PRODUCER_EPOCH`).
pub(super) const NO_EPOCH: i16 = -1;
/// The sequence of a producer that has written nothing (`RecordBatch.NO_SEQUENCE`).
pub(super) const NO_SEQUENCE: i32 = -1;

/// A batch that has been appended (`BatchMetadata`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AppendedBatch {
    pub(super) last_sequence: i32,
    pub(super) last_offset: i64,
    pub(super) offset_delta: i32,
    pub(super) timestamp: i64,
}

impl AppendedBatch {
    pub(super) fn first_sequence(&self) -> i32 {
        sequence_before(self.last_sequence, self.offset_delta)
    }

    pub(super) fn first_offset(&self) -> i64 {
        self.last_offset - i64::from(self.offset_delta)
    }
}

/// One producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProducerEntry {
    pub(super) epoch: i16,
    pub(super) coordinator_epoch: i32,
    pub(super) last_timestamp: i64,
    /// When it was last heard of, by this node's clock; `None` for since that was last asked.
    pub(super) heard_ms: Option<i64>,
    /// The first offset of its open transaction.
    pub(super) transaction_start: Option<i64>,
    pub(super) batches: VecDeque<AppendedBatch>,
}

impl ProducerEntry {
    /// A producer of which nothing is known.
    pub(super) fn new() -> Self {
        Self {
            epoch: NO_EPOCH,
            coordinator_epoch: -1,
            last_timestamp: -1,
            heard_ms: None,
            transaction_start: None,
            batches: VecDeque::new(),
        }
    }

    /// The sequence of its last record under its current epoch.
    pub(super) fn last_sequence(&self) -> i32 {
        self.batches
            .back()
            .map_or(NO_SEQUENCE, |batch| batch.last_sequence)
    }

    /// The remembered batch with just these sequences, if the epoch is the same.
    pub(super) fn duplicate(&self, epoch: i16, first: i32, last: i32) -> Option<AppendedBatch> {
        if epoch != self.epoch {
            return None;
        }
        let same =
            |batch: &&AppendedBatch| batch.first_sequence() == first && batch.last_sequence == last;
        self.batches.iter().find(same).copied()
    }

    /// Remembers a batch. A new epoch makes the batches of the old one forgotten.
    pub(super) fn add_batch(&mut self, epoch: i16, batch: AppendedBatch) {
        self.move_to_epoch(epoch);
        if self.batches.len() == BATCHES_RETAINED {
            self.batches.pop_front();
        }
        self.batches.push_back(batch);
        self.last_timestamp = batch.timestamp;
        self.heard_ms = None;
    }

    /// Ends the open transaction, if any, and answers where it began.
    pub(super) fn end_transaction(
        &mut self,
        epoch: i16,
        coordinator_epoch: i32,
        timestamp: i64,
    ) -> Option<i64> {
        self.move_to_epoch(epoch);
        self.coordinator_epoch = coordinator_epoch;
        self.last_timestamp = timestamp;
        self.heard_ms = None;
        self.transaction_start.take()
    }

    fn move_to_epoch(&mut self, epoch: i16) {
        if self.epoch != epoch {
            self.batches.clear();
            self.epoch = epoch;
        }
    }
}

/// The sequence of the last of `1 + delta` records: after the highest comes 0
/// (`DefaultRecordBatch.incrementSequence`).
pub(super) fn sequence_after(sequence: i32, delta: i32) -> i32 {
    if sequence > i32::MAX - delta {
        delta - (i32::MAX - sequence) - 1
    } else {
        sequence + delta
    }
}

/// The sequence of the first of `1 + delta` records (`DefaultRecordBatch.decrementSequence`).
fn sequence_before(sequence: i32, delta: i32) -> i32 {
    if sequence < delta {
        i32::MAX - (delta - sequence) + 1
    } else {
        sequence - delta
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(last_sequence: i32, last_offset: i64, offset_delta: i32) -> AppendedBatch {
        AppendedBatch {
            last_sequence,
            last_offset,
            offset_delta,
            timestamp: 7,
        }
    }

    // DefaultRecordBatch.incrementSequence and decrementSequence
    #[test]
    fn sequences_wrap_to_zero() {
        assert_eq!(sequence_after(i32::MAX, 1), 0);
        assert_eq!(sequence_after(i32::MAX - 2, 4), 1);
        assert_eq!(sequence_after(10, 4), 14);
        assert_eq!(sequence_before(0, 1), i32::MAX);
        assert_eq!(sequence_before(1, 4), i32::MAX - 2);
        assert_eq!(sequence_before(14, 4), 10);
    }

    // ProducerStateEntry.findDuplicateBatch, NUM_BATCHES_TO_RETAIN
    #[test]
    fn the_last_five_batches_are_known_again() {
        let mut entry = ProducerEntry::new();
        for number in 0..6 {
            entry.add_batch(3, batch(number * 10 + 9, i64::from(number) * 10 + 109, 9));
        }
        assert_eq!(
            entry.duplicate(3, 0, 9),
            None,
            "the sixth pushed the first out"
        );
        let found = entry
            .duplicate(3, 10, 19)
            .expect("the second is remembered");
        assert_eq!(found.first_offset(), 110);
        assert_eq!(entry.duplicate(3, 10, 18), None, "the whole range counts");
        assert_eq!(entry.duplicate(4, 10, 19), None, "the epoch counts");
        assert_eq!(entry.last_sequence(), 59);
    }

    // ProducerStateEntry.maybeUpdateProducerEpoch
    #[test]
    fn a_new_epoch_forgets_the_batches_of_the_old_one() {
        let mut entry = ProducerEntry::new();
        entry.add_batch(0, batch(9, 9, 9));
        entry.transaction_start = Some(0);
        assert_eq!(entry.end_transaction(1, 5, 70), Some(0));
        assert_eq!(entry.last_sequence(), NO_SEQUENCE);
        assert_eq!(
            (entry.epoch, entry.coordinator_epoch, entry.last_timestamp),
            (1, 5, 70)
        );
        entry.add_batch(1, batch(0, 11, 0));
        assert_eq!(entry.end_transaction(1, 5, 71), None);
        assert_eq!(entry.last_sequence(), 0, "the same epoch keeps them");
    }
}
