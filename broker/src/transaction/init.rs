//! InitProducerId: a producer gets an id and an epoch, and whoever had the transactional id before
//! is fenced.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

use super::end::claim;
use super::metadata::{Metadata, NO_EPOCH, NO_PRODUCER_ID, ProducerIdAndEpoch, State};
use super::{Transactions, millis, now_ms};

impl Transactions {
    /// Answers InitProducerId.
    pub(crate) fn init_producer_id(
        &self,
        version: i16,
        request: &InitProducerIdRequest,
    ) -> InitProducerIdResponse {
        let response = InitProducerIdResponse::default();
        match self.init(request) {
            Ok(producer) => response
                .with_producer_id(ProducerId(producer.id))
                .with_producer_epoch(producer.epoch),
            Err(error) => response
                .with_error_code(known_to(version >= 4, error).code())
                .with_producer_id(ProducerId(NO_PRODUCER_ID))
                .with_producer_epoch(NO_EPOCH),
        }
    }

    fn init(&self, request: &InitProducerIdRequest) -> Result<ProducerIdAndEpoch, ResponseError> {
        let expected = match (request.producer_id.0, request.producer_epoch) {
            (NO_PRODUCER_ID, NO_EPOCH) => None,
            (NO_PRODUCER_ID, _) | (_, NO_EPOCH) => return Err(ResponseError::InvalidRequest),
            (id, epoch) => Some(ProducerIdAndEpoch { id, epoch }),
        };
        let Some(id) = &request.transactional_id else {
            return Ok(ProducerIdAndEpoch {
                id: self.next_producer_id()?,
                epoch: 0,
            });
        };
        if id.is_empty() {
            return Err(ResponseError::InvalidRequest);
        }
        let timeout_ms = request.transaction_timeout_ms;
        if timeout_ms <= 0 || i64::from(timeout_ms) > millis(self.settings.max_timeout) {
            return Err(ResponseError::InvalidTransactionTimeout);
        }
        self.init_transactional(id, timeout_ms, expected)
    }

    /// `TransactionCoordinator.handleInitProducerId` with a transactional id.
    fn init_transactional(
        &self,
        id: &str,
        timeout_ms: i32,
        expected: Option<ProducerIdAndEpoch>,
    ) -> Result<ProducerIdAndEpoch, ResponseError> {
        // Before the lock: a change of topics may be waiting for a produce request that is waiting
        // for this lock.
        self.create_state_topic()?;
        let now_ms = now_ms();
        let mut known = self.lock();
        let current = match known.get(id) {
            Some(transaction) => transaction.metadata.clone(),
            None => Metadata::new(self.next_producer_id()?, timeout_ms, now_ms),
        };
        if expected.is_some_and(|expected| !current.may_continue(expected)) {
            return Err(ResponseError::ProducerFenced);
        }
        let next = match current.state {
            State::PrepareAbort | State::PrepareCommit => {
                return Err(ResponseError::ConcurrentTransactions);
            }
            State::Ongoing => {
                // The producer asks again, and gets an epoch above the one that aborts.
                self.save(&mut known, id, current.fenced(now_ms))?;
                let claimed = claim(&mut known, id);
                drop(known);
                if let Some(prepared) = claimed {
                    self.finish(id, &prepared);
                }
                return Err(ResponseError::ConcurrentTransactions);
            }
            State::Empty | State::CompleteAbort | State::CompleteCommit => {
                let same_epoch = expected.is_none_or(|expected| expected.epoch == current.epoch);
                if current.is_epoch_exhausted() && same_epoch {
                    let new = self.next_producer_id()?;
                    current.next_producer_id(new, timeout_ms, expected.is_some(), now_ms)
                } else {
                    let expected = expected.map(|expected| expected.epoch);
                    current.next_epoch(timeout_ms, expected, now_ms)?
                }
            }
        };
        let producer = ProducerIdAndEpoch {
            id: next.producer_id,
            epoch: next.epoch,
        };
        self.save(&mut known, id, next)?;
        Ok(producer)
    }

    fn next_producer_id(&self) -> Result<i64, ResponseError> {
        self.producer_ids.next().map_err(|error| {
            tracing::error!("no producer id can be given out: {error}");
            ResponseError::CoordinatorNotAvailable
        })
    }
}

/// The error as a client understands it: older ones do not know PRODUCER_FENCED.
pub(super) fn known_to(new_enough: bool, error: ResponseError) -> ResponseError {
    match error {
        ResponseError::ProducerFenced if !new_enough => ResponseError::InvalidProducerEpoch,
        other => other,
    }
}
