//! The end of transactions: EndTxn, time-outs, and the markers.

use std::collections::HashMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{EndTxnRequest, EndTxnResponse, ProducerId};

use super::init::known_to;
use super::metadata::{Metadata, NO_EPOCH, NO_PRODUCER_ID, State, TopicPartition};
use super::{COORDINATOR_EPOCH, Transaction, Transactions, now_ms};
use crate::group::OFFSETS_TOPIC;
use crate::partition::ProduceError;

impl Transactions {
    /// Answers EndTxn, when the markers are written.
    pub(crate) fn end_txn(&self, version: i16, request: &EndTxnRequest) -> EndTxnResponse {
        let code = match self.end(request) {
            Ok(()) => 0,
            Err(error) => known_to(version >= 2, error).code(),
        };
        EndTxnResponse::default()
            .with_error_code(code)
            .with_producer_id(ProducerId(NO_PRODUCER_ID))
            .with_producer_epoch(NO_EPOCH)
    }

    /// `TransactionCoordinator.endTransactionWithTV1`, for a client.
    fn end(&self, request: &EndTxnRequest) -> Result<(), ResponseError> {
        let id: &str = &request.transactional_id;
        if id.is_empty() {
            return Err(ResponseError::InvalidRequest);
        }
        let mut known = self.lock();
        let current = &known
            .get(id)
            .ok_or(ResponseError::InvalidProducerIdMapping)?
            .metadata;
        if current.producer_id != request.producer_id.0 {
            return Err(ResponseError::InvalidProducerIdMapping);
        }
        if current.epoch != request.producer_epoch {
            return Err(ResponseError::ProducerFenced);
        }
        match (current.state, request.committed) {
            (State::Ongoing, commit) => {
                let next = current.prepared(commit, now_ms());
                self.save(&mut known, id, next)?;
            }
            // A repeated request.
            (State::CompleteCommit, true) | (State::CompleteAbort, false) => return Ok(()),
            (State::PrepareCommit, true) | (State::PrepareAbort, false) => {
                return Err(ResponseError::ConcurrentTransactions);
            }
            (state, commit) => {
                let end = if commit { "commit" } else { "abort" };
                tracing::warn!("transactional id {id} asked for {end} in state {state:?}");
                return Err(ResponseError::InvalidTxnState);
            }
        }
        // Claimed before the lock goes, so that the answer comes after the markers.
        let claimed = claim(&mut known, id);
        drop(known);
        if let Some(prepared) = claimed {
            self.finish(id, &prepared);
        }
        Ok(())
    }

    /// Aborts the transactions that have been open for too long, and fences their producers.
    pub(super) fn abort_timed_out(&self, now_ms: i64) {
        let mut late = Vec::new();
        let mut known = self.lock();
        for (id, transaction) in known.iter() {
            if transaction.metadata.is_timed_out(now_ms) {
                late.push((id.clone(), transaction.metadata.fenced(now_ms)));
            }
        }
        for (id, fenced) in late {
            tracing::info!(
                "the transaction of {id} has been open for more than {} ms: it is aborted",
                fenced.timeout_ms
            );
            // `append` has said what went wrong; the next call tries again. The markers follow in
            // `complete_prepared`.
            if self.save(&mut known, &id, fenced).is_err() {
                continue;
            }
        }
    }

    /// Writes the markers of all transactions whose outcome is decided.
    pub(super) fn complete_prepared(&self) {
        let prepared: Vec<String> = {
            let known = self.lock();
            let prepared = known
                .iter()
                .filter(|(_, known)| known.metadata.state.is_prepared());
            prepared.map(|(id, _)| id.clone()).collect()
        };
        for id in prepared {
            self.complete(&id);
        }
    }

    /// Writes the markers of a transaction whose outcome is decided, unless somebody does already.
    fn complete(&self, id: &str) {
        let claimed = claim(&mut self.lock(), id);
        if let Some(prepared) = claimed {
            self.finish(id, &prepared);
        }
    }

    /// Writes the markers of a transaction that has been claimed. While its state is prepared
    /// nobody changes it, and only one at a time writes its markers: a second marker that comes
    /// late would end the producer's next transaction.
    pub(super) fn finish(&self, id: &str, prepared: &Metadata) {
        let written = self.write_markers(id, prepared);
        let mut known = self.lock();
        if written {
            // Where this fails, `run_due` writes the markers again, which changes nothing.
            self.save(&mut known, id, prepared.completed(now_ms()))
                .unwrap_or_default();
        }
        if let Some(transaction) = known.get_mut(id) {
            transaction.completing = false;
        }
    }

    fn write_markers(&self, id: &str, prepared: &Metadata) -> bool {
        let commit = prepared.state == State::PrepareCommit;
        let mut all_written = true;
        for partition in &prepared.partitions {
            all_written &= self.write_marker(id, prepared, partition, commit);
        }
        let with_offsets = prepared
            .partitions
            .iter()
            .any(|(topic, _)| topic == OFFSETS_TOPIC);
        if all_written && with_offsets {
            self.groups.finish_transaction(prepared.producer_id, commit);
        }
        all_written
    }

    /// Writes one marker, and answers whether nothing is left to be done there
    /// (`TransactionMarkerRequestCompletionHandler`).
    fn write_marker(
        &self,
        id: &str,
        prepared: &Metadata,
        (topic, partition): &TopicPartition,
        commit: bool,
    ) -> bool {
        let Some(log) = self.topics.get(topic, *partition) else {
            tracing::info!("{topic}-{partition} is gone: the transaction of {id} ends without it");
            return true;
        };
        let (producer_id, epoch) = (prepared.producer_id, prepared.epoch);
        match log.write_marker(producer_id, epoch, commit, COORDINATOR_EPOCH) {
            Ok(_) => true,
            Err(
                error
                @ (ProduceError::InvalidProducerEpoch(_) | ProduceError::CoordinatorFenced(_)),
            ) => {
                tracing::warn!("the transaction of {id} ends without {topic}-{partition}: {error}");
                true
            }
            Err(error) => {
                tracing::error!(
                    "the end of the transaction of {id} cannot be written to {topic}-{partition}, \
                     it will be tried again: {error}"
                );
                false
            }
        }
    }
}

/// Takes it upon the caller to finish a transaction whose outcome is decided.
pub(super) fn claim(known: &mut HashMap<String, Transaction>, id: &str) -> Option<Metadata> {
    let transaction = known.get_mut(id)?;
    if !transaction.metadata.state.is_prepared() || transaction.completing {
        return None;
    }
    transaction.completing = true;
    Some(transaction.metadata.clone())
}
