//! Transactions, request by request (KIP-98 and what came after it).

use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest, GroupId,
    InitProducerIdRequest, ProduceRequest, ProducerId, TransactionalId, TxnOffsetCommitRequest,
};
use serde_json::{Map, Value, json};
use std::time::Duration;

use crate::batch::{Producer, batch, plain, record};
use crate::compare::behaviours;
use crate::groups::offsets::fetch_offset;
use crate::raw::{self, Fetch, first, from, in_transaction, produce_request, produced};
use crate::target::Target;
use crate::wire::{Wire, error, text};

behaviours![
    a_transaction_is_committed,
    a_transaction_is_aborted,
    open_transactions_hold_the_stable_offset_back,
    aborted_transactions_are_listed,
    a_new_producer_of_the_same_id_ends_the_old_ones_transaction,
    a_new_producer_fences_the_old_one,
    what_is_out_of_turn_is_refused,
    a_partition_has_to_be_added,
    an_epoch_is_raised_by_its_producer,
    offsets_are_part_of_a_transaction,
    a_transaction_ends_by_itself,
    settings_of_a_transaction_are_checked,
    transactions_are_ended_in_every_version,
];

/// A transactional producer, by hand.
pub(crate) struct Transactional {
    wire: Wire,
    pub(crate) id: String,
    pub(crate) producer: i64,
    pub(crate) epoch: i16,
    sequence: i32,
}

impl Transactional {
    pub(crate) async fn new(target: &Target) -> Self {
        Self::of(target, target.unique("transactional")).await
    }

    /// One that has asked for its producer id.
    pub(crate) async fn of(target: &Target, id: String) -> Self {
        let mut wire = Wire::open(target).await;
        raw::wait_for_coordinator(&mut wire, &id, 1).await;
        let mut new = Self {
            wire,
            id,
            producer: -1,
            epoch: -1,
            sequence: 0,
        };
        assert_eq!(new.init(60_000).await["error"], "none");
        new
    }

    /// Goes on with another connection.
    pub(crate) async fn reconnect(&mut self, target: &Target) {
        self.wire = Wire::open(target).await;
        raw::wait_for_coordinator(&mut self.wire, &self.id, 1).await;
    }

    async fn init(&mut self, timeout: i32) -> Value {
        loop {
            let request = InitProducerIdRequest::default()
                .with_transactional_id(Some(TransactionalId(text(&self.id))))
                .with_transaction_timeout_ms(timeout)
                .with_producer_id(ProducerId(self.producer))
                .with_producer_epoch(self.epoch);
            let answer = self.wire.ask(4, &request).await;
            if raw::wants_patience(answer.error_code) {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            let same = answer.producer_id.0 == self.producer;
            if answer.error_code == 0 {
                self.producer = answer.producer_id.0;
                self.epoch = answer.producer_epoch;
                self.sequence = 0;
            }
            return json!({ "error": error(answer.error_code), "same": same, "epoch": answer.producer_epoch });
        }
    }

    pub(crate) async fn add(&mut self, topic: &str, partition: i32) -> String {
        loop {
            let topics = vec![
                AddPartitionsToTxnTopic::default()
                    .with_name(raw::topic_name(topic))
                    .with_partitions(vec![partition]),
            ];
            let request = AddPartitionsToTxnRequest::default()
                .with_v3_and_below_transactional_id(TransactionalId(text(&self.id)))
                .with_v3_and_below_producer_id(ProducerId(self.producer))
                .with_v3_and_below_producer_epoch(self.epoch)
                .with_v3_and_below_topics(topics);
            let answer = self.wire.ask(3, &request).await;
            let result = &answer.results_by_topic_v3_and_below[0].results_by_partition[0];
            if !raw::wants_patience(result.partition_error_code) {
                return error(result.partition_error_code);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn send(&mut self, topic: &str, values: &[&str]) -> Value {
        let producer = Producer {
            id: self.producer,
            epoch: self.epoch,
            sequence: self.sequence,
            transactional: true,
        };
        let records: Vec<_> = values.iter().map(|value| record(value)).collect();
        let batch = batch(&records, producer);
        let request = in_transaction(produce_request(first(topic), -1, batch), &self.id);
        let answer = self
            .wire
            .ask::<ProduceRequest>(raw::PRODUCE, &request)
            .await;
        let answer = &answer.responses[0].partition_responses[0];
        if answer.error_code == 0 {
            self.sequence += i32::try_from(values.len()).unwrap();
        }
        produced(answer)
    }

    pub(crate) async fn end(&mut self, commit: bool) -> String {
        self.end_in(3, commit).await
    }

    async fn end_in(&mut self, version: i16, commit: bool) -> String {
        loop {
            let request = EndTxnRequest::default()
                .with_transactional_id(TransactionalId(text(&self.id)))
                .with_producer_id(ProducerId(self.producer))
                .with_producer_epoch(self.epoch)
                .with_committed(commit);
            let answer = self.wire.ask(version, &request).await;
            if !raw::wants_patience(answer.error_code) {
                return error(answer.error_code);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn add_offsets(&mut self, group: &str) -> String {
        loop {
            let request = AddOffsetsToTxnRequest::default()
                .with_transactional_id(TransactionalId(text(&self.id)))
                .with_producer_id(ProducerId(self.producer))
                .with_producer_epoch(self.epoch)
                .with_group_id(GroupId(text(group)));
            let answer = self.wire.ask(3, &request).await;
            if !raw::wants_patience(answer.error_code) {
                return error(answer.error_code);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn commit_offset(&mut self, group: &str, topic: &str, offset: i64) -> String {
        self.commit_offset_of(group, topic, offset, ("", -1)).await
    }

    async fn commit_offset_of(
        &mut self,
        group: &str,
        topic: &str,
        offset: i64,
        (member, generation): (&str, i32),
    ) -> String {
        let partition = TxnOffsetCommitRequestPartition::default()
            .with_partition_index(0)
            .with_committed_offset(offset)
            .with_committed_metadata(Some(text("note")));
        let topic = TxnOffsetCommitRequestTopic::default()
            .with_name(raw::topic_name(topic))
            .with_partitions(vec![partition]);
        let request = TxnOffsetCommitRequest::default()
            .with_transactional_id(TransactionalId(text(&self.id)))
            .with_group_id(GroupId(text(group)))
            .with_producer_id(ProducerId(self.producer))
            .with_producer_epoch(self.epoch)
            .with_member_id(text(member))
            .with_generation_id(generation)
            .with_topics(vec![topic]);
        loop {
            let answer = self.wire.ask(3, &request).await;
            let code = answer.topics[0].partitions[0].error_code;
            if !raw::wants_patience(code) {
                return error(code);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the last transaction's markers are written: the next one's first request asks
    /// for patience until then.
    pub(crate) async fn wait_for_markers(&mut self, topic: &str, end: i64) {
        for _ in 0..500 {
            let found = raw::list_offsets(&mut self.wire, raw::LIST_OFFSETS, topic, 0, -1).await;
            if found["offset"].as_i64() >= Some(end) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no marker before {end}");
    }

    pub(crate) async fn fetch(&mut self, topic: &str, committed: bool) -> Value {
        let what = Fetch {
            committed,
            ..from(0)
        };
        without_marker_times(raw::fetch(&mut self.wire, first(topic), what).await)
    }
}

/// Markers have the coordinator's time.
pub(crate) fn without_marker_times(mut fetched: Value) -> Value {
    for batch in fetched["batches"].as_array_mut().into_iter().flatten() {
        if batch["attributes"]
            .as_i64()
            .is_some_and(|bits| bits & 0x20 != 0)
        {
            for time in ["base timestamp", "max timestamp"] {
                batch[time] = (batch[time].as_i64() > Some(1_700_000_000_000)).into();
            }
            batch["records"][0]["timestamp"] = Value::Null;
        }
    }
    fetched
}

async fn a_transaction_is_committed(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut producer = Transactional::new(target).await;
    let added = producer.add(&name, 0).await;
    let one = producer.send(&name, &["a", "b"]).await;
    let two = producer.send(&name, &["c"]).await;
    let before = [
        producer.fetch(&name, true).await,
        producer.fetch(&name, false).await,
    ];
    let ended = producer.end(true).await;
    producer.wait_for_markers(&name, 4).await;
    json!({
        "added": added, "sent": [one, two], "before": before, "ended": ended,
        "again": producer.end(true).await, "otherwise": producer.end(false).await,
        "committed": producer.fetch(&name, true).await,
        "uncommitted": producer.fetch(&name, false).await,
    })
}

async fn a_transaction_is_aborted(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut producer = Transactional::new(target).await;
    producer.add(&name, 0).await;
    producer.send(&name, &["a", "b"]).await;
    let ended = producer.end(false).await;
    producer.wait_for_markers(&name, 3).await;
    json!({
        "ended": ended, "again": producer.end(false).await,
        "committed": producer.fetch(&name, true).await,
        "uncommitted": producer.fetch(&name, false).await,
    })
}

async fn open_transactions_hold_the_stable_offset_back(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut wire = Wire::open(target).await;
    let mut one = Transactional::new(target).await;
    let mut two = Transactional::new(target).await;
    raw::produce(&mut wire, first(&name), plain(&[record("plain")])).await;
    one.add(&name, 0).await;
    two.add(&name, 0).await;
    one.send(&name, &["one"]).await;
    two.send(&name, &["two"]).await;
    raw::produce(&mut wire, first(&name), plain(&[record("plain")])).await;
    let mut observed = Vec::new();
    for step in 0..3 {
        let listed = raw::list_offsets_for(&mut wire, 7, first(&name), (-1, true)).await;
        let all = raw::list_offsets_for(&mut wire, 7, first(&name), (-1, false)).await;
        observed.push(json!([listed, all, one.fetch(&name, true).await]));
        match step {
            0 => {
                two.end(true).await;
                two.wait_for_markers(&name, 5).await;
            }
            _ => {
                one.end(true).await;
                one.wait_for_markers(&name, 6).await;
            }
        }
    }
    json!({ "steps": observed })
}

async fn aborted_transactions_are_listed(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut producer = Transactional::new(target).await;
    let mut end = 0;
    for commit in [false, true, false, false, true] {
        producer.add(&name, 0).await;
        producer.send(&name, &["a"]).await;
        producer.send(&name, &["b"]).await;
        producer.end(commit).await;
        end += 3;
        producer.wait_for_markers(&name, end).await;
    }
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    for offset in [0, 2, 3, 5, 6, 8, 9, 11, 14] {
        let what = Fetch {
            committed: true,
            ..from(offset)
        };
        let seen = raw::fetch(&mut wire, first(&name), what).await;
        observed.insert(
            offset.to_string(),
            json!([seen["aborted"], seen["last stable offset"]]),
        );
    }
    observed.into()
}

async fn a_new_producer_of_the_same_id_ends_the_old_ones_transaction(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut old = Transactional::new(target).await;
    old.add(&name, 0).await;
    old.send(&name, &["a"]).await;
    let mut new = Transactional::of(target, old.id.clone()).await;
    let epochs = json!([old.epoch, new.epoch, old.producer == new.producer]);
    json!({
        "epochs": epochs, "left": without_epochs(new.fetch(&name, true).await),
        "added": new.add(&name, 0).await, "sent": new.send(&name, &["b"]).await,
        "ended": new.end(true).await,
    })
}

/// The epoch of a marker that fences depends on the version of the protocol of transactions.
fn without_epochs(mut fetched: Value) -> Value {
    for batch in fetched["batches"].as_array_mut().into_iter().flatten() {
        batch["epoch"] = Value::Null;
    }
    fetched
}

async fn a_new_producer_fences_the_old_one(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut old = Transactional::new(target).await;
    old.add(&name, 0).await;
    old.send(&name, &["a"]).await;
    let mut new = Transactional::of(target, old.id.clone()).await;
    let in_transaction = json!([
        old.send(&name, &["b"]).await,
        old.add(&name, 0).await,
        old.end(true).await,
        old.end(false).await,
    ]);
    new.add(&name, 0).await;
    new.send(&name, &["c"]).await;
    let beside = json!([
        old.send(&name, &["b"]).await,
        old.add_offsets("group").await,
        old.end(true).await,
        old.init(60_000).await["error"],
    ]);
    json!({ "before": in_transaction, "beside": beside, "new": new.end(true).await })
}

async fn what_is_out_of_turn_is_refused(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut producer = Transactional::new(target).await;
    let nothing_begun = [producer.end(true).await, producer.end(false).await];
    let (id, epoch) = (producer.producer, producer.epoch);
    producer.producer += 1_000_000;
    let another = [producer.add(&name, 0).await, producer.end(true).await];
    producer.producer = id;
    producer.epoch += 1;
    let later = [producer.add(&name, 0).await, producer.end(true).await];
    producer.epoch = epoch;
    producer.id = target.unique("never-seen");
    let unknown = [producer.add(&name, 0).await, producer.end(true).await];
    json!({
        "nothing begun": nothing_begun, "another producer": another, "a later epoch": later,
        "an unknown id": unknown,
    })
}

async fn a_partition_has_to_be_added(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let other = raw::create(target, 2, &[]).await;
    let mut producer = Transactional::new(target).await;
    let without = producer.send(&name, &["a"]).await;
    let unknown = target.unique("unknown");
    let nowhere = [
        producer.add(&unknown, 0).await,
        producer.add(&other, 5).await,
    ];
    producer.add(&other, 1).await;
    let another = producer.send(&name, &["a"]).await;
    let added = producer.add(&name, 0).await;
    let twice = producer.add(&name, 0).await;
    json!({
        "without": without, "nowhere": nowhere, "another": another, "added": [added, twice],
        "sent": producer.send(&name, &["a"]).await, "ended": producer.end(true).await,
    })
}

async fn an_epoch_is_raised_by_its_producer(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut producer = Transactional::new(target).await;
    let mut observed = Vec::new();
    for _ in 0..3 {
        observed.push(producer.init(60_000).await);
    }
    producer.add(&name, 0).await;
    let sent = producer.send(&name, &["a"]).await;
    json!({ "asked": observed, "sent": sent, "ended": producer.end(true).await })
}

async fn offsets_are_part_of_a_transaction(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let group = target.unique("group");
    let mut wire = Wire::open(target).await;
    raw::wait_for_coordinator(&mut wire, &group, 0).await;
    let mut producer = Transactional::new(target).await;
    let mut observed = Vec::new();
    for (offset, commit) in [(5, true), (9, false), (7, true)] {
        let added = producer.add_offsets(&group).await;
        let staged = producer.commit_offset(&group, &name, offset).await;
        let before = [
            fetch_offset(&mut wire, &group, &name, false).await,
            fetch_offset(&mut wire, &group, &name, true).await,
        ];
        let ended = producer.end(commit).await;
        let mut after = fetch_offset(&mut wire, &group, &name, true).await;
        while after["error"] != "none" {
            tokio::time::sleep(Duration::from_millis(20)).await;
            after = fetch_offset(&mut wire, &group, &name, true).await;
        }
        observed.push(json!([added, staged, before, ended, after]));
    }
    producer.add_offsets(&group).await;
    let stranger = producer
        .commit_offset_of(&group, &name, 3, ("stranger", 1))
        .await;
    let aborted = producer.end(false).await;
    json!({ "steps": observed, "a stranger": stranger, "aborted": aborted })
}

async fn a_transaction_ends_by_itself(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut producer = Transactional::new(target).await;
    producer.init(1000).await;
    producer.add(&name, 0).await;
    producer.send(&name, &["a"]).await;
    // Kafka looks for such ones every ten seconds.
    producer.wait_for_markers(&name, 2).await;
    json!({
        "left": without_epochs(producer.fetch(&name, true).await),
        "send": producer.send(&name, &["b"]).await["error"],
        "end": producer.end(true).await,
    })
}

async fn settings_of_a_transaction_are_checked(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    let cases = [
        ("a time too long", target.unique("id"), 900_001),
        ("the longest time", target.unique("id"), 900_000),
        ("no time", target.unique("id"), 0),
        ("a negative time", target.unique("id"), -1),
        ("no id", String::new(), 60_000),
    ];
    for (case, id, timeout) in cases {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(TransactionalId(text(&id))))
            .with_transaction_timeout_ms(timeout);
        raw::wait_for_coordinator(&mut wire, "any", 1).await;
        let mut answer = wire.ask(4, &request).await;
        while raw::wants_patience(answer.error_code) {
            tokio::time::sleep(Duration::from_millis(20)).await;
            answer = wire.ask(4, &request).await;
        }
        observed.insert(case.to_owned(), error(answer.error_code).into());
    }
    observed.into()
}

async fn transactions_are_ended_in_every_version(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut producer = Transactional::new(target).await;
    let mut observed = Map::new();
    for version in 0..=4 {
        producer.add(&name, 0).await;
        producer.send(&name, &["a"]).await;
        let seen = producer.end_in(version, version % 2 == 0).await;
        producer
            .wait_for_markers(&name, (i64::from(version) + 1) * 2)
            .await;
        observed.insert(version.to_string(), seen.into());
    }
    observed.insert("left".to_owned(), producer.fetch(&name, true).await);
    observed.into()
}
