//! What the coordinator knows of one transactional id, and how it may change: Kafka's
//! `TransactionMetadata` and `TransactionState`, for transactions before V2.
//!
//! Every change is prepared as a new value, written to the log, and only then put in place of the
//! old one, all under one lock; so there is no pending state as in the original.

use std::collections::BTreeSet;

use kafka_protocol::ResponseError;

/// No producer id.
pub(super) const NO_PRODUCER_ID: i64 = -1;
/// No producer epoch yet.
pub(super) const NO_EPOCH: i16 = -1;

/// Where a transaction stands. The numbers are those in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Empty = 0,
    Ongoing = 1,
    PrepareCommit = 2,
    PrepareAbort = 3,
    CompleteCommit = 4,
    CompleteAbort = 5,
}

impl State {
    /// The state of that number; `Dead` and `PrepareEpochFence` are never written.
    pub(super) fn from_id(id: i8) -> Option<Self> {
        [
            Self::Empty,
            Self::Ongoing,
            Self::PrepareCommit,
            Self::PrepareAbort,
            Self::CompleteCommit,
            Self::CompleteAbort,
        ]
        .into_iter()
        .find(|state| *state as i8 == id)
    }

    /// Whether the outcome is decided and the markers are being written.
    pub(super) fn is_prepared(self) -> bool {
        matches!(self, Self::PrepareCommit | Self::PrepareAbort)
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(self) -> bool {
        matches!(
            self,
            Self::Empty | Self::CompleteCommit | Self::CompleteAbort
        )
    }
}

/// A partition of a topic, by name.
pub(super) type TopicPartition = (String, i32);

/// A producer id with its epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProducerIdAndEpoch {
    pub(super) id: i64,
    pub(super) epoch: i16,
}

/// What is known of a transactional id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) producer_id: i64,
    /// The producer id before this one.
    pub(super) previous_producer_id: i64,
    pub(super) epoch: i16,
    /// The epoch before this one, if the same producer asked for this one: then a repeated request
    /// can be told from another producer's (KIP-360). It is not kept in the log.
    pub(super) last_epoch: i16,
    pub(super) timeout_ms: i32,
    pub(super) state: State,
    pub(super) partitions: BTreeSet<TopicPartition>,
    pub(super) start_ms: i64,
    pub(super) update_ms: i64,
}

impl Metadata {
    /// A transactional id that has just been seen for the first time.
    pub(super) fn new(producer_id: i64, timeout_ms: i32, now_ms: i64) -> Self {
        Self {
            producer_id,
            previous_producer_id: NO_PRODUCER_ID,
            epoch: NO_EPOCH,
            last_epoch: NO_EPOCH,
            timeout_ms,
            state: State::Empty,
            partitions: BTreeSet::new(),
            start_ms: -1,
            update_ms: now_ms,
        }
    }

    /// Whether the epoch is the last that a client may have: one more is kept for fencing.
    pub(super) fn is_epoch_exhausted(&self) -> bool {
        epoch_exhausted(self.epoch)
    }

    /// Whether a producer that says who it is may go on (`prepareInitProducerIdTransit`).
    pub(super) fn may_continue(&self, expected: ProducerIdAndEpoch) -> bool {
        self.epoch == NO_EPOCH
            || expected.id == self.producer_id
            || (expected.id == self.previous_producer_id && epoch_exhausted(expected.epoch))
    }

    /// For InitProducerId: the next epoch (`prepareIncrementProducerEpoch`).
    pub(super) fn next_epoch(
        &self,
        timeout_ms: i32,
        expected: Option<i16>,
        now_ms: i64,
    ) -> Result<Self, ResponseError> {
        let (epoch, last_epoch) = match expected {
            None => (self.epoch + 1, NO_EPOCH),
            Some(expected) if self.epoch == NO_EPOCH || expected == self.epoch => {
                (self.epoch + 1, self.epoch)
            }
            Some(expected) if expected == self.last_epoch => (self.epoch, self.last_epoch),
            Some(_) => return Err(ResponseError::ProducerFenced),
        };
        Ok(self.emptied(self.producer_id, (epoch, last_epoch), timeout_ms, now_ms))
    }

    /// For InitProducerId with all epochs used up: another producer id
    /// (`prepareProducerIdRotation`).
    pub(super) fn next_producer_id(
        &self,
        producer_id: i64,
        timeout_ms: i32,
        keep_last_epoch: bool,
        now_ms: i64,
    ) -> Self {
        let last_epoch = if keep_last_epoch {
            self.epoch
        } else {
            NO_EPOCH
        };
        self.emptied(producer_id, (0, last_epoch), timeout_ms, now_ms)
    }

    fn emptied(
        &self,
        producer_id: i64,
        (epoch, last_epoch): (i16, i16),
        timeout_ms: i32,
        now_ms: i64,
    ) -> Self {
        Self {
            producer_id,
            previous_producer_id: self.producer_id,
            epoch,
            last_epoch,
            timeout_ms,
            state: State::Empty,
            partitions: BTreeSet::new(),
            start_ms: -1,
            update_ms: now_ms,
        }
    }

    /// With more partitions; the first ones begin the transaction (`prepareAddPartitions`).
    pub(super) fn with_partitions(&self, added: &BTreeSet<TopicPartition>, now_ms: i64) -> Self {
        let start_ms = if self.state.is_idle() {
            now_ms
        } else {
            self.start_ms
        };
        Self {
            previous_producer_id: self.producer_id,
            state: State::Ongoing,
            partitions: self.partitions.union(added).cloned().collect(),
            start_ms,
            update_ms: now_ms,
            ..self.clone()
        }
    }

    /// With the outcome decided (`prepareAbortOrCommit`).
    pub(super) fn prepared(&self, commit: bool, now_ms: i64) -> Self {
        Self {
            previous_producer_id: self.producer_id,
            state: if commit {
                State::PrepareCommit
            } else {
                State::PrepareAbort
            },
            update_ms: now_ms,
            ..self.clone()
        }
    }

    /// To be aborted, with its producer fenced by an epoch that nobody is told of
    /// (`prepareFenceProducerEpoch`, and what `endTransactionWithTV1` makes of it).
    pub(super) fn fenced(&self, now_ms: i64) -> Self {
        Self {
            epoch: self.epoch.saturating_add(1),
            last_epoch: NO_EPOCH,
            ..self.prepared(false, now_ms)
        }
    }

    /// With all markers written (`prepareComplete`).
    pub(super) fn completed(&self, now_ms: i64) -> Self {
        let state = match self.state {
            State::PrepareCommit => State::CompleteCommit,
            _ => State::CompleteAbort,
        };
        Self {
            previous_producer_id: self.producer_id,
            state,
            partitions: BTreeSet::new(),
            update_ms: now_ms,
            ..self.clone()
        }
    }

    /// Whether the transaction has been open for too long. One without a limit is a two-phase
    /// commit's, which we do not begin but may find in a log (`timedOutTransactions`).
    pub(super) fn is_timed_out(&self, now_ms: i64) -> bool {
        self.state == State::Ongoing
            && self.timeout_ms != i32::MAX
            && self.start_ms.saturating_add(i64::from(self.timeout_ms)) < now_ms
    }
}

/// `TransactionMetadata.isEpochExhausted`
fn epoch_exhausted(epoch: i16) -> bool {
    epoch >= i16::MAX - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_epoch(epoch: i16, last_epoch: i16) -> Metadata {
        Metadata {
            epoch,
            last_epoch,
            ..Metadata::new(4000, 60_000, 1)
        }
    }

    fn partitions(ids: &[i32]) -> BTreeSet<TopicPartition> {
        ids.iter().map(|id| ("t".to_owned(), *id)).collect()
    }

    // TransactionMetadataTest.testInitializeEpoch, testNormalEpochBump
    #[test]
    fn every_init_has_the_next_epoch() {
        let first = at_epoch(NO_EPOCH, NO_EPOCH)
            .next_epoch(5, None, 2)
            .expect("new");
        assert_eq!(
            (first.epoch, first.last_epoch, first.timeout_ms),
            (0, NO_EPOCH, 5)
        );
        let next = at_epoch(735, 730).next_epoch(5, None, 2).expect("another");
        assert_eq!((next.epoch, next.last_epoch), (736, NO_EPOCH));
        assert_eq!(
            (next.producer_id, next.state, next.update_ms),
            (4000, State::Empty, 2)
        );
    }

    // TransactionMetadataTest.testNormalEpochBumpWithLastProducerEpoch and the retries after it
    #[test]
    fn a_producer_that_says_its_epoch_goes_on_and_may_repeat_itself() {
        let bumped = at_epoch(735, NO_EPOCH)
            .next_epoch(5, Some(735), 2)
            .expect("current epoch");
        assert_eq!((bumped.epoch, bumped.last_epoch), (736, 735));
        let repeated = bumped
            .next_epoch(5, Some(735), 3)
            .expect("a repeated request");
        assert_eq!((repeated.epoch, repeated.last_epoch), (736, 735));
        let fenced = at_epoch(735, NO_EPOCH).next_epoch(5, Some(734), 2);
        assert_eq!(fenced, Err(ResponseError::ProducerFenced));
    }

    // TransactionMetadataTest.testAttemptedEpochBumpWithNewlyCreatedMetadata
    #[test]
    fn an_unknown_transactional_id_begins_with_epoch_0_whatever_is_expected() {
        let next = at_epoch(NO_EPOCH, NO_EPOCH)
            .next_epoch(5, Some(735), 2)
            .expect("new");
        assert_eq!((next.epoch, next.last_epoch), (0, NO_EPOCH));
    }

    // TransactionMetadataTest.testRotateProducerIdInOngoingState's counterpart, testRotateProducerId
    #[test]
    fn another_producer_id_begins_with_epoch_0_and_knows_the_one_before() {
        let exhausted = at_epoch(i16::MAX - 1, 3);
        assert!(exhausted.is_epoch_exhausted() && !at_epoch(i16::MAX - 2, 0).is_epoch_exhausted());
        let next = exhausted.next_producer_id(4001, 5, true, 2);
        assert_eq!((next.producer_id, next.epoch), (4001, 0));
        assert_eq!(
            (next.previous_producer_id, next.last_epoch),
            (4000, i16::MAX - 1)
        );
        assert_eq!(
            exhausted.next_producer_id(4001, 5, false, 2).last_epoch,
            NO_EPOCH
        );
        // prepareInitProducerIdTransit.isValidProducerId, third case: a repeated request
        assert!(next.may_continue(ProducerIdAndEpoch {
            id: 4000,
            epoch: i16::MAX - 1
        }));
        assert!(!next.may_continue(ProducerIdAndEpoch { id: 4000, epoch: 5 }));
        assert!(!next.may_continue(ProducerIdAndEpoch {
            id: 3999,
            epoch: i16::MAX - 1
        }));
    }

    // TransactionMetadataTest.testTransitFromEmptyToOngoing and following
    #[test]
    fn a_transaction_runs_from_its_first_partition_to_its_markers() {
        let ongoing = at_epoch(3, NO_EPOCH).with_partitions(&partitions(&[0]), 10);
        let more = ongoing.with_partitions(&partitions(&[1, 2]), 20);
        assert_eq!(
            (more.state, more.start_ms, more.update_ms),
            (State::Ongoing, 10, 20)
        );
        assert_eq!(more.partitions, partitions(&[0, 1, 2]));
        let prepared = more.prepared(true, 30);
        assert_eq!(
            (prepared.state, prepared.partitions.len()),
            (State::PrepareCommit, 3)
        );
        let completed = prepared.completed(40);
        assert_eq!(
            (completed.state, completed.partitions.len()),
            (State::CompleteCommit, 0)
        );
        assert_eq!((completed.start_ms, completed.epoch), (10, 3));
        let again = completed.with_partitions(&partitions(&[0]), 50);
        assert_eq!((again.start_ms, again.partitions.len()), (50, 1));
        assert_eq!(
            more.prepared(false, 30).completed(40).state,
            State::CompleteAbort
        );
    }

    // TransactionMetadataTest.testFenceProducerAfterEpochsExhausted
    #[test]
    fn fencing_bumps_the_epoch_and_aborts() {
        let ongoing = at_epoch(i16::MAX - 1, 2).with_partitions(&partitions(&[0]), 10);
        let fenced = ongoing.fenced(20);
        assert_eq!((fenced.epoch, fenced.last_epoch), (i16::MAX, NO_EPOCH));
        assert_eq!(
            (fenced.state, fenced.partitions.len()),
            (State::PrepareAbort, 1)
        );
        assert!(
            fenced.completed(30).is_epoch_exhausted(),
            "the next init needs another id"
        );
    }

    // TransactionStateManager.timedOutTransactions
    #[test]
    fn only_an_ongoing_transaction_times_out_and_only_after_its_time() {
        let ongoing = at_epoch(0, NO_EPOCH).with_partitions(&partitions(&[0]), 10);
        assert!(!ongoing.is_timed_out(60_010));
        assert!(ongoing.is_timed_out(60_011));
        assert!(!ongoing.prepared(true, 11).is_timed_out(60_011));
        let endless = Metadata {
            timeout_ms: i32::MAX,
            ..ongoing
        };
        assert!(!endless.is_timed_out(i64::MAX));
    }
}
