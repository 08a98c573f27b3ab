use kafka_protocol::messages::TxnOffsetCommitRequest;
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};

use super::*;
use crate::group::OFFSETS_TOPIC;

const PRODUCER: i64 = 4711;

fn commit_in_transaction(fixture: &Fixture, offset: i64) -> Option<ResponseError> {
    let partition = TxnOffsetCommitRequestPartition::default()
        .with_partition_index(0)
        .with_committed_offset(offset);
    let topic = TxnOffsetCommitRequestTopic::default()
        .with_name(topic_name(TOPIC))
        .with_partitions(vec![partition]);
    let request = TxnOffsetCommitRequest::default()
        .with_group_id(group_id("group"))
        .with_producer_id(PRODUCER.into())
        .with_producer_epoch(0)
        .with_generation_id(-1)
        .with_topics(vec![topic]);
    let response = fixture.groups.commit_transactional(3, request);
    ResponseError::try_from_code(response.topics[0].partitions[0].error_code)
}

fn end_in_log(fixture: &Fixture, commit: bool) {
    let partition = fixture.groups.offsets_partition("group");
    let partition = fixture.topics.get(OFFSETS_TOPIC, partition).unwrap();
    partition.write_marker(PRODUCER, 0, commit, 0).unwrap();
}

// OffsetMetadataManager.fetchOffsets with requireStable, replayEndTransactionMarker
#[tokio::test]
async fn offsets_of_a_transaction_count_when_it_has_committed() {
    let fixture = Fixture::new();
    fixture.commit("group", 0, 1);
    assert_eq!(commit_in_transaction(&fixture, 2), None);
    let unstable = Some(ResponseError::UnstableOffsetCommit);
    assert_eq!(fixture.fetch("group", 0, true), (-1, unstable));
    assert_eq!(fixture.fetch("group", 0, false), (1, None));
    end_in_log(&fixture, true);
    fixture.groups.finish_transaction(PRODUCER, true);
    assert_eq!(fixture.fetch("group", 0, true), (2, None));
    let fixture = fixture.reopened();
    assert_eq!(fixture.fetch("group", 0, true), (2, None));
}

// replayEndTransactionMarker with TransactionResult.ABORT
#[tokio::test]
async fn offsets_of_a_transaction_that_is_aborted_never_count() {
    let fixture = Fixture::new();
    fixture.commit("group", 0, 1);
    commit_in_transaction(&fixture, 2);
    end_in_log(&fixture, false);
    fixture.groups.finish_transaction(PRODUCER, false);
    assert_eq!(fixture.fetch("group", 0, true), (1, None));
    let fixture = fixture.reopened();
    assert_eq!(fixture.fetch("group", 0, true), (1, None));
}

// OffsetMetadataManager.replay of a transactional record without its end
#[tokio::test]
async fn an_open_transaction_is_still_open_after_a_restart() {
    let fixture = Fixture::new();
    commit_in_transaction(&fixture, 2);
    let fixture = fixture.reopened();
    let unstable = Some(ResponseError::UnstableOffsetCommit);
    assert_eq!(fixture.fetch("group", 0, true), (-1, unstable));
    fixture.groups.finish_transaction(PRODUCER, true);
    assert_eq!(fixture.fetch("group", 0, true), (2, None));
}

// replayEndTransactionMarker: "We always keep the most recent committed offset"
#[tokio::test]
async fn a_plain_commit_that_is_later_counts_more() {
    let fixture = Fixture::new();
    commit_in_transaction(&fixture, 2);
    fixture.commit("group", 0, 3);
    fixture.groups.finish_transaction(PRODUCER, true);
    assert_eq!(fixture.fetch("group", 0, true), (3, None));
}

// OffsetMetadataManager.replay of a tombstone: pending offsets go too
#[tokio::test]
async fn what_is_deleted_meanwhile_does_not_come_back() {
    let fixture = Fixture::new();
    commit_in_transaction(&fixture, 2);
    fixture.groups.topics_deleted(&[TOPIC.to_owned()]);
    fixture.groups.finish_transaction(PRODUCER, true);
    assert_eq!(fixture.fetch("group", 0, true), (-1, None));
}

// ProducerAppendInfo.checkProducerEpoch for coordinators' appends
#[tokio::test]
async fn a_producer_that_was_fenced_commits_nothing() {
    let fixture = Fixture::new();
    let partition = fixture.groups.offsets_partition("group");
    let partition = fixture.topics.get(OFFSETS_TOPIC, partition).unwrap();
    partition.write_marker(PRODUCER, 5, false, 0).unwrap();
    let error = commit_in_transaction(&fixture, 2);
    assert_eq!(error, Some(ResponseError::InvalidProducerEpoch));
    assert_eq!(fixture.fetch("group", 0, true), (-1, None));
}
