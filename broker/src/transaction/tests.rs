//! The coordinator with real topics and groups in a folder. Each rule with the test of Kafka's
//! `TransactionCoordinatorTest` that has it.

mod concurrent;

use std::path::Path;

use bytes::Bytes;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest, GroupId,
    InitProducerIdRequest, ProducerId, TopicName, TransactionalId, TxnOffsetCommitRequest,
};
use kafka_protocol::protocol::StrBytes;

use super::metadata::State;
use super::*;
use crate::group::{GroupSettings, OFFSETS_TOPIC};
use crate::log::batch::TRANSACTIONAL;
use crate::topics::TopicConfigs;

const ID: &str = "orders";

struct Broker {
    topics: Arc<Topics>,
    transactions: Arc<Transactions>,
}

/// A producer as it knows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Producer {
    id: i64,
    epoch: i16,
}

impl Broker {
    fn open(dir: &Path) -> Self {
        let topics = Arc::new(Topics::open(dir).expect("opening the topics"));
        let groups = Groups::open(Arc::clone(&topics), GroupSettings::default()).expect("groups");
        let settings = TransactionSettings {
            data: dir.to_path_buf(),
            max_timeout: Duration::from_secs(900),
            transactional_id_expiration: Duration::from_secs(3600),
            state_partitions: 2,
        };
        let transactions =
            Transactions::open(settings, Arc::clone(&topics), groups).expect("the coordinator");
        Self {
            topics,
            transactions,
        }
    }

    /// With a topic `t` of two partitions.
    fn with_topic(dir: &Path) -> Self {
        let broker = Self::open(dir);
        let configs = TopicConfigs::new([]).expect("no settings");
        broker
            .topics
            .create("t", 2, configs)
            .expect("creating the topic");
        broker
    }

    fn init_as(&self, expected: Option<Producer>) -> Result<Producer, i16> {
        let expected = expected.unwrap_or(Producer { id: -1, epoch: -1 });
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(transactional_id()))
            .with_transaction_timeout_ms(60_000)
            .with_producer_id(ProducerId(expected.id))
            .with_producer_epoch(expected.epoch);
        let response = self.transactions.init_producer_id(4, &request);
        match response.error_code {
            0 => Ok(Producer {
                id: response.producer_id.0,
                epoch: response.producer_epoch,
            }),
            code => Err(code),
        }
    }

    fn init(&self) -> Producer {
        self.init_as(None).expect("a producer id")
    }

    fn add(&self, producer: Producer, partitions: &[i32]) -> i16 {
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(TopicName(StrBytes::from_static_str("t")))
            .with_partitions(partitions.to_vec());
        let request = AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(transactional_id())
            .with_v3_and_below_producer_id(ProducerId(producer.id))
            .with_v3_and_below_producer_epoch(producer.epoch)
            .with_v3_and_below_topics(vec![topic]);
        let response = self.transactions.add_partitions(3, &request);
        let results = &response.results_by_topic_v3_and_below[0].results_by_partition;
        assert_eq!(results.len(), partitions.len());
        results[0].partition_error_code
    }

    fn end(&self, producer: Producer, commit: bool) -> i16 {
        let request = EndTxnRequest::default()
            .with_transactional_id(transactional_id())
            .with_producer_id(ProducerId(producer.id))
            .with_producer_epoch(producer.epoch)
            .with_committed(commit);
        self.transactions.end_txn(4, &request).error_code
    }

    fn produce(&self, producer: Producer, partition: i32, sequence: i32) -> Result<i64, i16> {
        let options = BatchOptions {
            timestamp: now_ms(),
            attributes: TRANSACTIONAL,
            producer_id: producer.id,
            producer_epoch: producer.epoch,
            base_sequence: sequence,
        };
        let record = NewRecord {
            value: Some(Bytes::from_static(b"v")),
            ..NewRecord::default()
        };
        let records = build_batch(&[record], &options).freeze();
        let log = self.topics.get("t", partition).expect("the partition");
        let produced = log.produce_in(records, |id, epoch| {
            self.transactions
                .verify(ID, id, epoch, ("t", partition), true)
        });
        produced
            .map(|produced| produced.base_offset)
            .map_err(|error| error.code().code())
    }

    fn state(&self) -> State {
        self.transactions.lock()[ID].metadata.state
    }

    /// End, last stable offset, and aborted transactions of a partition.
    fn partition(&self, partition: i32) -> (i64, i64, Vec<(i64, i64)>) {
        let log = self.topics.get("t", partition).expect("the partition");
        let fetched = log.fetch(0, 1 << 20, true).expect("fetched");
        (
            log.end_offset(),
            fetched.last_stable_offset,
            fetched.aborted,
        )
    }
}

fn transactional_id() -> TransactionalId {
    TransactionalId(StrBytes::from_static_str(ID))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

const OK: i16 = 0;
const FENCED: i16 = ResponseError::ProducerFenced.code();
const CONCURRENT: i16 = ResponseError::ConcurrentTransactions.code();
const INVALID_STATE: i16 = ResponseError::InvalidTxnState.code();
const INVALID_MAPPING: i16 = ResponseError::InvalidProducerIdMapping.code();

// shouldAcceptInitPidAndReturnNextPidWhenTransactionalIdIsNull
#[tokio::test]
async fn without_a_transactional_id_everybody_gets_an_id_of_their_own() {
    let dir = folder();
    let broker = Broker::open(dir.path());
    let anonymous = InitProducerIdRequest::default().with_transactional_id(None);
    for expected in [0, 1] {
        let response = broker.transactions.init_producer_id(4, &anonymous);
        assert_eq!((response.error_code, response.producer_id.0), (0, expected));
        assert_eq!(response.producer_epoch, 0);
    }
    assert!(
        broker.topics.topic(STATE_TOPIC).is_none(),
        "it is created when it is needed"
    );
}

// shouldReturnInvalidRequestWhenTransactionalIdIsEmpty, and the time-outs of
// shouldRespondWithInvalidTransactionTimeout...
#[tokio::test]
async fn an_init_that_makes_no_sense_is_refused() {
    let dir = folder();
    let broker = Broker::open(dir.path());
    let code = |request: InitProducerIdRequest| {
        let response = broker.transactions.init_producer_id(4, &request);
        assert_eq!((response.producer_id.0, response.producer_epoch), (-1, -1));
        response.error_code
    };
    let named = || InitProducerIdRequest::default().with_transactional_id(Some(transactional_id()));
    let empty = TransactionalId(StrBytes::from_static_str(""));
    let empty = named()
        .with_transactional_id(Some(empty))
        .with_transaction_timeout_ms(1);
    assert_eq!(code(empty), ResponseError::InvalidRequest.code());
    for timeout in [0, -1, 900_001] {
        let late = named().with_transaction_timeout_ms(timeout);
        assert_eq!(code(late), ResponseError::InvalidTransactionTimeout.code());
    }
    let half = named()
        .with_transaction_timeout_ms(1)
        .with_producer_id(ProducerId(5));
    assert_eq!(code(half), ResponseError::InvalidRequest.code());
}

// shouldGenerateNewProducerIdIfNoStateAndNoProducerIdAndEpochProvided, testFenceProducer...
#[tokio::test]
async fn every_init_fences_the_one_before() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let first = broker.init();
    assert_eq!(first.epoch, 0);
    let second = broker.init();
    assert_eq!(
        second,
        Producer {
            id: first.id,
            epoch: 1
        }
    );
    assert_eq!(broker.add(first, &[0]), FENCED);
    assert_eq!(broker.init_as(Some(first)), Err(FENCED), "KIP-360");
    let old = InitProducerIdRequest::default()
        .with_transactional_id(Some(transactional_id()))
        .with_transaction_timeout_ms(1)
        .with_producer_id(ProducerId(first.id))
        .with_producer_epoch(0);
    let code = broker.transactions.init_producer_id(3, &old).error_code;
    assert_eq!(
        code,
        ResponseError::InvalidProducerEpoch.code(),
        "as older clients know it"
    );
    assert_eq!(broker.add(second, &[0]), OK);
}

// shouldAbortTransactionOnHandleInitPidWhenExistingTransactionInOngoingState
#[tokio::test]
async fn an_init_aborts_what_its_predecessor_left_open() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let first = broker.init();
    assert_eq!(broker.add(first, &[0]), OK);
    assert_eq!(broker.produce(first, 0, 0), Ok(0));
    assert_eq!(broker.init_as(None), Err(CONCURRENT));
    assert_eq!(broker.partition(0), (2, 2, vec![(first.id, 0)]));
    assert_eq!(broker.state(), State::CompleteAbort);
    assert_eq!(broker.init().epoch, 2, "epoch 1 was for the abort");
    assert_eq!(broker.end(first, true), FENCED);
    let code = broker.produce(first, 0, 1);
    assert_eq!(code, Err(ResponseError::InvalidProducerEpoch.code()));
}

// shouldReturnInvalidPidMappingOnEndTxnWhenPidDosentMatchMapped and its neighbours
#[tokio::test]
async fn nobody_ends_or_changes_anothers_transaction() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let nobody = Producer { id: 7, epoch: 0 };
    assert_eq!(broker.add(nobody, &[0]), INVALID_MAPPING);
    assert_eq!(broker.end(nobody, true), INVALID_MAPPING);
    let producer = broker.init();
    let other = Producer {
        id: producer.id + 1,
        ..producer
    };
    let newer = Producer {
        epoch: producer.epoch + 1,
        ..producer
    };
    assert_eq!(broker.add(other, &[0]), INVALID_MAPPING);
    assert_eq!(broker.add(newer, &[0]), FENCED);
    assert_eq!(broker.end(other, true), INVALID_MAPPING);
    assert_eq!(broker.end(newer, true), FENCED);
    let response = broker.transactions.end_txn(1, &EndTxnRequest::default());
    assert_eq!(response.error_code, ResponseError::InvalidRequest.code());
}

// KafkaApis.handleAddPartitionsToTxnRequest: all or nothing
#[tokio::test]
async fn one_unknown_partition_keeps_the_others_out() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let producer = broker.init();
    let request = |partitions: Vec<i32>| {
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(TopicName(StrBytes::from_static_str("t")))
            .with_partitions(partitions);
        AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(transactional_id())
            .with_v3_and_below_producer_id(ProducerId(producer.id))
            .with_v3_and_below_topics(vec![topic])
    };
    let response = broker.transactions.add_partitions(3, &request(vec![0, 9]));
    let results = &response.results_by_topic_v3_and_below[0].results_by_partition;
    let codes: Vec<i16> = results
        .iter()
        .map(|result| result.partition_error_code)
        .collect();
    let expected = [
        ResponseError::OperationNotAttempted,
        ResponseError::UnknownTopicOrPartition,
    ];
    assert_eq!(codes, expected.map(|error| error.code()));
    assert_eq!(broker.state(), State::Empty);
}

// testTransitionToCompleteCommit..., shouldReturnOkOnEndTxnWhenStatusIsCompleteCommitAndResultIsCommit
#[tokio::test]
async fn a_commit_ends_the_transaction_on_every_partition() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let producer = broker.init();
    assert_eq!(
        broker.end(producer, true),
        INVALID_STATE,
        "nothing was begun"
    );
    assert_eq!(broker.end(producer, false), INVALID_STATE);
    assert_eq!(broker.add(producer, &[0, 1]), OK);
    assert_eq!(broker.produce(producer, 0, 0), Ok(0));
    assert_eq!(broker.partition(0), (1, 0, vec![]));
    assert_eq!(broker.end(producer, true), OK);
    assert_eq!(broker.state(), State::CompleteCommit);
    assert_eq!(broker.partition(0), (2, 2, vec![]));
    assert_eq!(
        broker.partition(1),
        (1, 1, vec![]),
        "a marker without records"
    );
    assert_eq!(broker.end(producer, true), OK, "a repeated request");
    assert_eq!(broker.end(producer, false), INVALID_STATE);
    assert_eq!(broker.partition(0).0, 2, "writes nothing more");

    assert_eq!(broker.add(producer, &[0]), OK);
    assert_eq!(broker.produce(producer, 0, 1), Ok(2));
    assert_eq!(broker.end(producer, false), OK);
    assert_eq!(broker.partition(0), (4, 4, vec![(producer.id, 2)]));
    assert_eq!(broker.end(producer, false), OK);
    assert_eq!(broker.end(producer, true), INVALID_STATE);
}

// handleVerifyPartitionsInTransaction, AddPartitionsToTxnManager
#[tokio::test]
async fn records_are_taken_for_partitions_of_the_transaction_only() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let producer = broker.init();
    let abortable = Err(ResponseError::TransactionAbortable.code());
    assert_eq!(broker.produce(producer, 0, 0), abortable);
    assert_eq!(broker.add(producer, &[0]), OK);
    assert_eq!(broker.produce(producer, 1, 0), abortable);
    let verify = |id: &str, producer: Producer, abortable| {
        let partition = ("t", 1);
        broker
            .transactions
            .verify(id, producer.id, producer.epoch, partition, abortable)
    };
    assert_eq!(
        verify(ID, producer, false),
        Err(ResponseError::InvalidTxnState)
    );
    assert_eq!(
        verify("other", producer, true),
        Err(ResponseError::InvalidProducerIdMapping)
    );
    let newer = Producer {
        epoch: 1,
        ..producer
    };
    assert_eq!(
        verify(ID, newer, true),
        Err(ResponseError::InvalidProducerEpoch)
    );
    assert_eq!(broker.produce(producer, 0, 0), Ok(0));
    assert_eq!(broker.end(producer, true), OK);
    assert_eq!(
        broker.produce(producer, 0, 1),
        abortable,
        "the transaction has ended"
    );
}

// shouldAbortExpiredTransactionsInOngoingStateAndBumpEpoch
#[tokio::test]
async fn a_transaction_that_is_open_for_too_long_is_aborted_and_its_producer_fenced() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let producer = broker.init();
    assert_eq!(broker.add(producer, &[0]), OK);
    assert_eq!(broker.produce(producer, 0, 0), Ok(0));
    broker.transactions.run_due();
    assert_eq!(broker.state(), State::Ongoing);
    broker.transactions.run_due_at(now_ms() + 60_001);
    assert_eq!(broker.state(), State::CompleteAbort);
    assert_eq!(broker.partition(0), (2, 2, vec![(producer.id, 0)]));
    assert_eq!(broker.end(producer, true), FENCED);
    assert_eq!(broker.add(producer, &[0]), FENCED);
    assert_eq!(broker.init().epoch, 2);
}

// TransactionStateManagerTest.shouldRemoveEmptyTransactionalIds..., shouldRemoveCompleteCommmit...
#[tokio::test]
async fn an_id_out_of_use_is_forgotten_but_not_one_with_a_transaction() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let producer = broker.init();
    assert_eq!(broker.add(producer, &[0]), OK);
    // Below the transaction's own time-out, which is of this many ms.
    broker.transactions.forget_unused(now_ms() + 3_600_000);
    assert_eq!(broker.state(), State::Ongoing);
    assert_eq!(broker.end(producer, true), OK);
    broker.transactions.forget_unused(now_ms() + 3_599_000);
    assert_eq!(broker.state(), State::CompleteCommit);
    broker.transactions.forget_unused(now_ms() + 3_600_000);
    assert_eq!(broker.add(producer, &[0]), INVALID_MAPPING);
    drop(broker);
    let broker = Broker::open(dir.path());
    assert_eq!(
        broker.add(producer, &[0]),
        INVALID_MAPPING,
        "nor is it there after a start"
    );
    let next = broker.init();
    assert!(next.id > producer.id && next.epoch == 0, "{next:?}");
}

// TransactionStateManagerTest.testLoadAndRemoveTransactionsForPartition
#[tokio::test]
async fn an_open_transaction_goes_on_after_a_restart() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let producer = broker.init();
    assert_eq!(broker.add(producer, &[0]), OK);
    assert_eq!(broker.produce(producer, 0, 0), Ok(0));
    drop(broker);
    let broker = Broker::open(dir.path());
    assert_eq!(broker.produce(producer, 0, 1), Ok(1));
    assert_eq!(broker.partition(0), (2, 0, vec![]));
    assert_eq!(broker.end(producer, true), OK);
    assert_eq!(broker.partition(0), (3, 3, vec![]));
}

// TransactionStateManagerTest.shouldWriteTxnMarkersForTransactionInPreparedCommitState, ...AbortState
#[tokio::test]
async fn a_decided_transaction_is_ended_at_the_next_start() {
    for (commit, expected) in [(true, State::CompleteCommit), (false, State::CompleteAbort)] {
        let dir = folder();
        let broker = Broker::with_topic(dir.path());
        let producer = broker.init();
        assert_eq!(broker.add(producer, &[0, 1]), OK);
        assert_eq!(broker.produce(producer, 0, 0), Ok(0));
        {
            // As if it had stopped before the markers.
            let mut known = broker.transactions.lock();
            let prepared = known[ID].metadata.prepared(commit, now_ms());
            broker
                .transactions
                .save(&mut known, ID, prepared)
                .expect("written");
        }
        assert_eq!(broker.add(producer, &[0]), CONCURRENT);
        assert_eq!(broker.end(producer, commit), CONCURRENT);
        assert_eq!(broker.end(producer, !commit), INVALID_STATE);
        assert_eq!(broker.init_as(None), Err(CONCURRENT));
        drop(broker);
        let broker = Broker::open(dir.path());
        assert_eq!(broker.state(), expected);
        let aborted = if commit {
            vec![]
        } else {
            vec![(producer.id, 0)]
        };
        assert_eq!(broker.partition(0), (2, 2, aborted));
        assert_eq!(broker.partition(1), (1, 1, vec![]));
    }
}

// TransactionMarkerChannelManager: a deleted topic is not waited for
#[tokio::test]
async fn a_deleted_topic_does_not_keep_a_transaction_from_ending() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let producer = broker.init();
    assert_eq!(broker.add(producer, &[0]), OK);
    broker.topics.delete("t").expect("deleting");
    assert_eq!(broker.end(producer, true), OK);
    assert_eq!(broker.state(), State::CompleteCommit);
}

// KafkaApis.handleAddOffsetsToTxnRequest, handleTxnOffsetCommitRequest
#[tokio::test]
async fn offsets_are_part_of_the_transaction_once_they_are_added() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let producer = broker.init();
    let group = GroupId(StrBytes::from_static_str("readers"));
    let commit = || {
        let partition = TxnOffsetCommitRequestPartition::default().with_committed_offset(42);
        let topic = TxnOffsetCommitRequestTopic::default()
            .with_name(TopicName(StrBytes::from_static_str("t")))
            .with_partitions(vec![partition]);
        let request = TxnOffsetCommitRequest::default()
            .with_transactional_id(transactional_id())
            .with_group_id(group.clone())
            .with_producer_id(ProducerId(producer.id))
            .with_producer_epoch(producer.epoch)
            .with_generation_id(-1)
            .with_topics(vec![topic]);
        broker.transactions.txn_offset_commit(3, request).topics[0].partitions[0].error_code
    };
    assert_eq!(commit(), INVALID_STATE);
    let request = AddOffsetsToTxnRequest::default()
        .with_transactional_id(transactional_id())
        .with_producer_id(ProducerId(producer.id))
        .with_producer_epoch(producer.epoch)
        .with_group_id(group.clone());
    assert_eq!(broker.transactions.add_offsets(3, &request).error_code, OK);
    assert_eq!(commit(), OK);
    let partition = broker.transactions.groups.offsets_partition("readers");
    let offsets = broker
        .topics
        .get(OFFSETS_TOPIC, partition)
        .expect("the offsets' partition");
    assert_eq!(
        offsets.last_stable_offset() + 1,
        offsets.end_offset(),
        "pending"
    );
    assert_eq!(broker.end(producer, true), OK);
    assert_eq!(offsets.last_stable_offset(), offsets.end_offset());
    assert_eq!(commit(), INVALID_STATE, "the transaction has ended");
}

// TransactionMetadata.isProducerEpochExhausted, prepareInitProducerIdTransit
#[tokio::test]
async fn after_the_last_epoch_comes_another_producer_id() {
    let dir = folder();
    let broker = Broker::with_topic(dir.path());
    let first = broker.init();
    {
        let mut known = broker.transactions.lock();
        let metadata = Metadata {
            epoch: i16::MAX - 1,
            ..known[ID].metadata.clone()
        };
        broker
            .transactions
            .save(&mut known, ID, metadata)
            .expect("written");
    }
    let last = Producer {
        epoch: i16::MAX - 1,
        ..first
    };
    let next = broker.init_as(Some(last)).expect("another id");
    assert!(next.id > first.id && next.epoch == 0, "{next:?}");
    assert_eq!(broker.init_as(Some(last)), Ok(next), "a repeated request");
}

// String.hashCode
#[test]
fn the_hash_is_javas() {
    assert_eq!(java_hash(""), 0);
    assert_eq!(java_hash("hello"), 99_162_322);
    assert_eq!(java_hash("polygenelubricants"), i32::MIN);
}
