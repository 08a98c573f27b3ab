//! The producers of one partition and their open transactions (Kafka's `ProducerStateManager`,
//! with the checks of its `ProducerAppendInfo`).

use std::collections::{BTreeMap, HashMap};

use super::entry::{AppendedBatch, NO_EPOCH, NO_SEQUENCE, ProducerEntry, sequence_after};
use super::error::ProduceError;
use crate::log::BatchHeader;

/// How long a producer is remembered after its last batch: `producer.id.expiration.ms`'s default.
const PRODUCER_EXPIRATION_MS: i64 = 86_400_000;

/// Where a batch comes from, which says what is checked (`AppendOrigin`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A produce request.
    Client,
    /// A coordinator: no sequences.
    Coordinator,
}

/// A batch that had been appended before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duplicate {
    /// The first offset that it got then.
    pub(super) first_offset: i64,
    /// Its timestamp.
    pub(super) timestamp: i64,
}

/// An end of a transaction, as the control record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marker {
    pub(super) commit: bool,
    pub(super) coordinator_epoch: i32,
}

/// A transaction that ended with an abort (`AbortedTxn`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AbortedTransaction {
    pub(super) producer_id: i64,
    pub(super) first_offset: i64,
    /// The marker's offset.
    pub(super) last_offset: i64,
    /// The last stable offset once this one had ended.
    pub(super) last_stable_offset: i64,
}

/// All producers of a partition.
#[derive(Debug, Default)]
pub(super) struct Producers {
    entries: HashMap<i64, ProducerEntry>,
    /// Open transactions: first offset, producer id.
    open: BTreeMap<i64, i64>,
}

impl Producers {
    /// Takes over what a snapshot has of a producer.
    pub(super) fn load(&mut self, producer_id: i64, entry: ProducerEntry) {
        if let Some(start) = entry.transaction_start {
            self.open.insert(start, producer_id);
        }
        self.entries.insert(producer_id, entry);
    }

    /// Every producer.
    pub(super) fn entries(&self) -> impl ExactSizeIterator<Item = (i64, &ProducerEntry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    /// The first offset that belongs to an open transaction.
    pub(super) fn first_unstable_offset(&self) -> Option<i64> {
        self.open.keys().next().copied()
    }

    /// Whether the producer has a transaction open here under this epoch
    /// (`UnifiedLog.hasOngoingTransaction`).
    fn has_open_transaction(&self, producer_id: i64, epoch: i16) -> bool {
        let entry = self.entries.get(&producer_id);
        entry.is_some_and(|entry| entry.transaction_start.is_some() && entry.epoch == epoch)
    }

    /// The same batch as it was appended before, if it is among the producer's last five.
    pub(super) fn duplicate(&self, batch: &BatchHeader) -> Option<Duplicate> {
        let entry = self.entries.get(&batch.producer_id)?;
        let known = entry.duplicate(
            batch.producer_epoch,
            batch.base_sequence,
            last_sequence(batch),
        )?;
        Some(Duplicate {
            first_offset: known.first_offset(),
            timestamp: known.timestamp,
        })
    }

    /// Whether the coordinator has to be asked before the batch is appended: it begins a
    /// transaction here (`UnifiedLog.analyzeAndValidateProducerState`, KIP-890).
    pub(super) fn begins_transaction(&self, batch: &BatchHeader) -> Result<bool, ProduceError> {
        if batch.producer_id < 0
            || !batch.is_transactional()
            || self.has_open_transaction(batch.producer_id, batch.producer_epoch)
        {
            return Ok(false);
        }
        check_epoch(batch, self.entries.get(&batch.producer_id))?;
        Ok(true)
    }

    /// Checks a batch of records against its producer's state, which it does not change
    /// (`ProducerAppendInfo.appendDataBatch`).
    pub(super) fn check(&self, batch: &BatchHeader, origin: Origin) -> Result<(), ProduceError> {
        let Some(entry) = self.entries.get(&batch.producer_id) else {
            return Ok(());
        };
        check_epoch(batch, Some(entry))?;
        if origin == Origin::Client {
            check_sequence(batch, entry)?;
        }
        if entry.transaction_start.is_some() && !batch.is_transactional() {
            return Err(ProduceError::InvalidTransactionState(format!(
                "producer {} has a transaction open in this partition: expected a transactional \
                 write",
                batch.producer_id
            )));
        }
        Ok(())
    }

    /// Takes note of a batch of records that has been appended.
    pub(super) fn appended(&mut self, batch: &BatchHeader) {
        if batch.producer_id < 0 {
            return;
        }
        let entry = self
            .entries
            .entry(batch.producer_id)
            .or_insert_with(ProducerEntry::new);
        let appended = AppendedBatch {
            last_sequence: last_sequence(batch),
            last_offset: batch.base_offset + i64::from(batch.last_offset_delta),
            offset_delta: batch.last_offset_delta,
            timestamp: batch.max_timestamp,
        };
        entry.add_batch(batch.producer_epoch, appended);
        if batch.is_transactional() && entry.transaction_start.is_none() {
            entry.transaction_start = Some(batch.base_offset);
            self.open.insert(batch.base_offset, batch.producer_id);
        }
    }

    /// Checks a marker (`ProducerAppendInfo.appendEndTxnMarker`, transactions before V2).
    pub(super) fn check_marker(
        &self,
        producer_id: i64,
        epoch: i16,
        marker: Marker,
    ) -> Result<(), ProduceError> {
        let Some(entry) = self.entries.get(&producer_id) else {
            return Ok(());
        };
        if epoch < entry.epoch {
            return Err(old_epoch(producer_id, epoch, entry.epoch));
        }
        if entry.coordinator_epoch > marker.coordinator_epoch {
            return Err(ProduceError::CoordinatorFenced(format!(
                "the marker of producer {producer_id} comes from a coordinator of epoch {}, the \
                 last seen is {}",
                marker.coordinator_epoch, entry.coordinator_epoch
            )));
        }
        Ok(())
    }

    /// Takes note of a marker that has been appended, and answers the transaction if it aborted one.
    pub(super) fn ended(
        &mut self,
        batch: &BatchHeader,
        marker: Marker,
    ) -> Option<AbortedTransaction> {
        let (producer_id, offset) = (batch.producer_id, batch.base_offset);
        let entry = self
            .entries
            .entry(producer_id)
            .or_insert_with(ProducerEntry::new);
        let first_offset = entry.end_transaction(
            batch.producer_epoch,
            marker.coordinator_epoch,
            batch.max_timestamp,
        )?;
        self.open.remove(&first_offset);
        let last_stable_offset = self.first_unstable_offset().unwrap_or(offset + 1);
        (!marker.commit).then_some(AbortedTransaction {
            producer_id,
            first_offset,
            last_offset: offset,
            last_stable_offset,
        })
    }

    /// Forgets the producers that have been silent for a day and have no transaction open. Kafka
    /// goes by the time of their records (`ProducerStateManager.removeExpiredProducers`), so it
    /// forgets one that writes old ones while it does, and takes from it again what it has.
    pub(super) fn expire(&mut self, now_ms: i64) {
        self.entries.retain(|_, entry| {
            let heard_ms = *entry.heard_ms.get_or_insert(now_ms);
            entry.transaction_start.is_some()
                || now_ms.saturating_sub(heard_ms) < PRODUCER_EXPIRATION_MS
        });
    }

    /// After a start, when nothing but the time of its records tells when a producer was heard of
    /// last, those are forgotten that Kafka forgets.
    pub(super) fn recovered(&mut self, now_ms: i64) {
        for entry in self.entries.values_mut() {
            entry.heard_ms = Some(entry.last_timestamp.min(now_ms));
        }
        self.expire(now_ms);
    }
}

/// The sequence of the batch's last record.
fn last_sequence(batch: &BatchHeader) -> i32 {
    if batch.base_sequence == NO_SEQUENCE {
        return NO_SEQUENCE;
    }
    sequence_after(batch.base_sequence, batch.last_offset_delta)
}

fn old_epoch(producer_id: i64, epoch: i16, current: i16) -> ProduceError {
    ProduceError::InvalidProducerEpoch(format!(
        "epoch {epoch} of producer {producer_id} is older than its last seen epoch {current}"
    ))
}

fn check_epoch(batch: &BatchHeader, entry: Option<&ProducerEntry>) -> Result<(), ProduceError> {
    match entry {
        Some(entry) if batch.producer_epoch < entry.epoch => Err(old_epoch(
            batch.producer_id,
            batch.producer_epoch,
            entry.epoch,
        )),
        _ => Ok(()),
    }
}

/// `ProducerAppendInfo.checkSequence`. A producer of which nothing is known may begin anywhere: its
/// earlier records may have been deleted (so UNKNOWN_PRODUCER_ID is not used any more).
fn check_sequence(batch: &BatchHeader, entry: &ProducerEntry) -> Result<(), ProduceError> {
    if entry.epoch == NO_EPOCH {
        return Ok(());
    }
    let (id, first) = (batch.producer_id, batch.base_sequence);
    if batch.producer_epoch != entry.epoch {
        if first == 0 {
            return Ok(());
        }
        return Err(ProduceError::OutOfOrderSequence(format!(
            "invalid sequence number for new epoch of producer {id}: {} (request epoch), {first} \
             (seq. number), {} (current producer epoch)",
            batch.producer_epoch, entry.epoch
        )));
    }
    let last = entry.last_sequence();
    let follows = i64::from(first) == i64::from(last) + 1 || (first == 0 && last == i32::MAX);
    if follows {
        return Ok(());
    }
    Err(ProduceError::OutOfOrderSequence(format!(
        "out of order sequence number for producer {id}: {first} (incoming seq. number), {last} \
         (current end sequence number)"
    )))
}

#[cfg(test)]
mod tests;
