//! Offsets that are committed in a transaction (KIP-98;
//! `OffsetMetadataManager.commitTransactionalOffset`, `replayEndTransactionMarker`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::txn_offset_commit_request::TxnOffsetCommitRequestTopic;
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::{TxnOffsetCommitRequest, TxnOffsetCommitResponse};

use super::Groups;
use super::classic::Committer;
use super::commit::{Commit, CommitLine};
use super::membership::code;
use super::store::Producer;

impl Groups {
    /// Commits positions that count when the transaction does. The transaction coordinator has
    /// seen to it that the producer has such a transaction, and the group's partition of the
    /// offsets topic is part of it.
    pub(crate) fn commit_transactional(
        &self,
        _version: i16,
        request: TxnOffsetCommitRequest,
    ) -> TxnOffsetCommitResponse {
        let commit = Commit {
            group: &request.group_id,
            by: Committer {
                member_id: &request.member_id,
                instance_id: request.group_instance_id.as_ref(),
                generation: request.generation_id,
                transactional: true,
            },
            without_group: ResponseError::IllegalGeneration,
            expires_at: None,
            producer: Some(Producer {
                id: request.producer_id.0,
                epoch: request.producer_epoch,
            }),
        };
        let lines = lines(&request.topics);
        let outcomes = match request.group_id.is_empty() {
            true => vec![Err(ResponseError::InvalidGroupId); lines.len()],
            false => self.commit_lines(&commit, lines),
        };
        let mut outcomes = outcomes.into_iter();
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                TxnOffsetCommitResponsePartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(code(outcomes.next().unwrap_or(Ok(()))))
            });
            TxnOffsetCommitResponseTopic::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        TxnOffsetCommitResponse::default().with_topics(topics.collect())
    }

    /// A transaction has ended, and its markers are written.
    pub(crate) fn finish_transaction(&self, producer_id: i64, committed: bool) {
        self.lock().offsets.finish(producer_id, committed);
    }
}

fn lines(topics: &[TxnOffsetCommitRequestTopic]) -> Vec<CommitLine> {
    let of_topic = |topic: &TxnOffsetCommitRequestTopic| {
        let name = topic.name.0.clone();
        let partitions = topic.partitions.iter().map(move |partition| CommitLine {
            topic: name.clone(),
            partition: partition.partition_index,
            offset: partition.committed_offset,
            leader_epoch: partition.committed_leader_epoch,
            metadata: partition.committed_metadata.clone(),
        });
        partitions.collect::<Vec<_>>()
    };
    topics.iter().flat_map(of_topic).collect()
}
