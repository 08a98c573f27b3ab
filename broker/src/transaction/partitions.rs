//! What a transaction is about: AddPartitionsToTxn, AddOffsetsToTxn, TxnOffsetCommit, and the
//! question of a produce request whether its partition has been added.

use std::collections::{BTreeSet, HashMap};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse, TxnOffsetCommitRequest, TxnOffsetCommitResponse,
};

use super::init::known_to;
use super::metadata::{ProducerIdAndEpoch, State, TopicPartition};
use super::{Transaction, Transactions, now_ms};
use crate::group::OFFSETS_TOPIC;

impl Transactions {
    /// Answers AddPartitionsToTxn as clients send it, up to version 3.
    pub(crate) fn add_partitions(
        &self,
        version: i16,
        request: &AddPartitionsToTxnRequest,
    ) -> AddPartitionsToTxnResponse {
        let mut asked = BTreeSet::new();
        for topic in &request.v3_and_below_topics {
            asked.extend(
                topic
                    .partitions
                    .iter()
                    .map(|id| (topic.name.to_string(), *id)),
            );
        }
        let unknown: BTreeSet<TopicPartition> = asked
            .iter()
            .filter(|(topic, partition)| self.topics.get(topic, *partition).is_none())
            .cloned()
            .collect();
        if !unknown.is_empty() {
            return added(request, |partition| {
                if unknown.contains(partition) {
                    ResponseError::UnknownTopicOrPartition.code()
                } else {
                    ResponseError::OperationNotAttempted.code()
                }
            });
        }
        let producer = ProducerIdAndEpoch {
            id: request.v3_and_below_producer_id.0,
            epoch: request.v3_and_below_producer_epoch,
        };
        let code = match self.add(&request.v3_and_below_transactional_id, producer, &asked) {
            Ok(()) => 0,
            Err(error) => known_to(version >= 2, error).code(),
        };
        added(request, |_| code)
    }

    /// Answers AddOffsetsToTxn: the group's partition of the offsets is added.
    pub(crate) fn add_offsets(
        &self,
        version: i16,
        request: &AddOffsetsToTxnRequest,
    ) -> AddOffsetsToTxnResponse {
        let partition = self.groups.offsets_partition(&request.group_id);
        let asked = BTreeSet::from([(OFFSETS_TOPIC.to_owned(), partition)]);
        let producer = ProducerIdAndEpoch {
            id: request.producer_id.0,
            epoch: request.producer_epoch,
        };
        let code = match self.add(&request.transactional_id, producer, &asked) {
            Ok(()) => 0,
            Err(error) => known_to(version >= 2, error).code(),
        };
        AddOffsetsToTxnResponse::default().with_error_code(code)
    }

    /// `TransactionCoordinator.handleAddPartitionsToTransaction`
    fn add(
        &self,
        id: &str,
        producer: ProducerIdAndEpoch,
        asked: &BTreeSet<TopicPartition>,
    ) -> Result<(), ResponseError> {
        if id.is_empty() {
            return Err(ResponseError::InvalidRequest);
        }
        let mut known = self.lock();
        let current = &current(&known, id, producer)?.metadata;
        if current.state == State::Ongoing && current.partitions.is_superset(asked) {
            return Ok(());
        }
        let next = current.with_partitions(asked, now_ms());
        self.save(&mut known, id, next)
    }

    /// Answers TxnOffsetCommit. The transaction cannot end between the question whether the
    /// group's partition has been added and the writing of the offsets, since its state is locked.
    pub(crate) fn txn_offset_commit(
        &self,
        version: i16,
        request: TxnOffsetCommitRequest,
    ) -> TxnOffsetCommitResponse {
        let partition = (
            OFFSETS_TOPIC.to_owned(),
            self.groups.offsets_partition(&request.group_id),
        );
        let producer = ProducerIdAndEpoch {
            id: request.producer_id.0,
            epoch: request.producer_epoch,
        };
        let known = self.lock();
        match verified(&known, &request.transactional_id, producer, &partition) {
            Ok(()) => self.groups.commit_transactional(version, request),
            Err(error) => refused(&request, error),
        }
    }

    /// Whether a transaction has a partition, as a produce request asks before the first batch of
    /// the transaction is appended (KIP-890). Clients that know TRANSACTION_ABORTABLE
    /// (`abortable`, Produce above version 10) hear it.
    pub(crate) fn verify(
        &self,
        transactional_id: &str,
        producer_id: i64,
        epoch: i16,
        (topic, partition): (&str, i32),
        abortable: bool,
    ) -> Result<(), ResponseError> {
        let producer = ProducerIdAndEpoch {
            id: producer_id,
            epoch,
        };
        let partition = (topic.to_owned(), partition);
        let verified = verified(&self.lock(), transactional_id, producer, &partition);
        verified.map_err(|error| match error {
            ResponseError::InvalidTxnState if abortable => ResponseError::TransactionAbortable,
            other => other,
        })
    }
}

/// The transaction of a producer that may change it.
fn current<'a>(
    known: &'a HashMap<String, Transaction>,
    id: &str,
    producer: ProducerIdAndEpoch,
) -> Result<&'a Transaction, ResponseError> {
    let transaction = known
        .get(id)
        .ok_or(ResponseError::InvalidProducerIdMapping)?;
    let metadata = &transaction.metadata;
    if metadata.producer_id != producer.id {
        return Err(ResponseError::InvalidProducerIdMapping);
    }
    if metadata.epoch != producer.epoch {
        return Err(ResponseError::ProducerFenced);
    }
    if metadata.state.is_prepared() {
        return Err(ResponseError::ConcurrentTransactions);
    }
    Ok(transaction)
}

/// `TransactionCoordinator.handleVerifyPartitionsInTransaction`, with the errors as producers
/// expect them (`AddPartitionsToTxnManager`).
fn verified(
    known: &HashMap<String, Transaction>,
    id: &str,
    producer: ProducerIdAndEpoch,
    partition: &TopicPartition,
) -> Result<(), ResponseError> {
    if id.is_empty() {
        return Err(ResponseError::InvalidRequest);
    }
    let transaction = current(known, id, producer).map_err(|error| known_to(false, error))?;
    if transaction.metadata.partitions.contains(partition) {
        Ok(())
    } else {
        Err(ResponseError::InvalidTxnState)
    }
}

fn added(
    request: &AddPartitionsToTxnRequest,
    code: impl Fn(&TopicPartition) -> i16,
) -> AddPartitionsToTxnResponse {
    let topics = request.v3_and_below_topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            AddPartitionsToTxnPartitionResult::default()
                .with_partition_index(*partition)
                .with_partition_error_code(code(&(topic.name.to_string(), *partition)))
        });
        AddPartitionsToTxnTopicResult::default()
            .with_name(topic.name.clone())
            .with_results_by_partition(partitions.collect())
    });
    AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(topics.collect())
}

fn refused(request: &TxnOffsetCommitRequest, error: ResponseError) -> TxnOffsetCommitResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            TxnOffsetCommitResponsePartition::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(error.code())
        });
        TxnOffsetCommitResponseTopic::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    TxnOffsetCommitResponse::default().with_topics(topics.collect())
}
