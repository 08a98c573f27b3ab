//! What is there after an orderly restart.

use connectd_harness::alone;
use serde_json::{Value, json};

use crate::admin::configs;
use crate::batch::{Producer, batch, plain, record};
use crate::compare::check;
use crate::data::{delete_records, idempotence, transactions::Transactional};
use crate::groups::member::Member;
use crate::groups::offsets::{commit_offset, fetch_offset};
use crate::raw::{self, first, from};
use crate::target::Target;
use crate::wire::Wire;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_broker_has_everything() {
    let _turn = alone().await;
    let mut observed = Vec::new();
    let targets = [Target::real(), Target::alone()];
    for target in &targets {
        let filled = Filled::new(target).await;
        target.restart();
        observed.push(filled.observe(target).await);
    }
    check(&targets[0], &observed[0], &targets[1], &observed[1]);
}

/// What was there before.
struct Filled {
    topic: String,
    id: uuid::Uuid,
    deleted: String,
    group: String,
    member: Member,
    open: Transactional,
    producer: i64,
    before: Value,
}

impl Filled {
    async fn new(target: &Target) -> Self {
        let mut wire = Wire::open(target).await;
        let topic = raw::create(target, 2, &[("retention.ms", "-1")]).await;
        let deleted = raw::create(target, 1, &[]).await;
        raw::produce(&mut wire, first(&deleted), plain(&[record("gone")])).await;
        raw::delete(&mut wire, &deleted).await;
        for value in ["a", "b", "c"] {
            raw::produce(
                &mut wire,
                first(&topic),
                plain(&[record(value), record(value)]),
            )
            .await;
        }
        delete_records::delete(&mut wire, 2, first(&topic), 3).await;
        let producer = idempotence::new_id(&mut wire).await;
        idempotence::send(&mut wire, &topic, producer, 0, 0).await;
        let mut aborted = Transactional::new(target).await;
        aborted.add(&topic, 0).await;
        aborted.send(&topic, &["aborted"]).await;
        aborted.end(false).await;
        aborted.wait_for_markers(&topic, 10).await;
        let mut open = Transactional::new(target).await;
        open.add(&topic, 0).await;
        open.send(&topic, &["open"]).await;
        let group = target.unique("group");
        raw::wait_for_coordinator(&mut wire, &group, 0).await;
        commit_offset(&mut wire, &group, &topic, 4).await;
        open.add_offsets(&group).await;
        open.commit_offset(&group, &topic, 9).await;
        let mut member = Member::new(target, &target.unique("members")).await;
        member.join().await;
        let own = member.id.clone();
        member.sync(&[(&own, "mine")]).await;
        Self {
            id: raw::describe(&mut wire, raw::METADATA, &topic)
                .await
                .topic_id,
            before: logs(&mut wire, &topic).await,
            topic,
            deleted,
            group,
            member,
            open,
            producer,
        }
    }

    async fn observe(mut self, target: &Target) -> Value {
        let mut wire = Wire::open(target).await;
        raw::wait_for_topic(&mut wire, &self.topic, 2).await;
        raw::wait_for_coordinator(&mut wire, &self.group, 0).await;
        self.open.reconnect(target).await;
        self.member.wire = Wire::open(target).await;
        let after = logs(&mut wire, &self.topic).await;
        let described = raw::describe(&mut wire, raw::METADATA, &self.topic).await;
        let gone = raw::describe(&mut wire, raw::METADATA, &self.deleted).await;
        let repeated = idempotence::send(&mut wire, &self.topic, self.producer, 0, 0).await;
        let next = idempotence::send(&mut wire, &self.topic, self.producer, 0, 2).await;
        let gap = idempotence::send(&mut wire, &self.topic, self.producer, 0, 9).await;
        let offset = self.offset(&mut wire, false).await;
        let sent = self.open.send(&self.topic, &["after"]).await;
        let ended = self.open.end(true).await;
        self.open.wait_for_markers(&self.topic, 15).await;
        let committed = self.offset(&mut wire, true).await;
        let mut second = Transactional::of(target, self.open.id.clone()).await;
        second.add(&self.topic, 0).await;
        let plain = batch(&[record("end")], Producer::NONE);
        json!({
            "same id": described.topic_id == self.id, "partitions": described.partitions.len(),
            "gone": crate::wire::error(gone.error_code),
            "retention": configs::described(&mut wire, 2, &self.topic, &["retention.ms"]).await,
            "unchanged": after == self.before, "logs": after,
            "repeated": repeated, "next": next, "gap": gap,
            "offset": offset, "sent": sent, "ended": ended, "committed": committed,
            "heartbeat": self.member.heartbeat().await, "again": self.member.sync(&[]).await,
            "epoch": second.epoch - self.open.epoch, "same": second.producer == self.open.producer,
            "another": idempotence::new_id(&mut wire).await > self.producer,
            "end": raw::produce(&mut wire, first(&self.topic), plain).await,
        })
    }

    /// The group's offset, as soon as the coordinator has read its log, and where only a stable
    /// one counts, the transaction has ended.
    async fn offset(&self, wire: &mut Wire, stable: bool) -> Value {
        loop {
            let found = fetch_offset(wire, &self.group, &self.topic, stable).await;
            let errors = [&found["group"], &found["error"]];
            let patience = [
                "CoordinatorLoadInProgress",
                "NotCoordinator",
                "UnstableOffsetCommit",
            ];
            if !errors
                .iter()
                .any(|error| patience.iter().any(|one| *error == one))
            {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

async fn logs(wire: &mut Wire, topic: &str) -> Value {
    let committed = raw::Fetch {
        committed: true,
        ..from(3)
    };
    let fetched = raw::fetch(wire, first(topic), committed).await;
    let all = raw::fetch(wire, first(topic), from(3)).await;
    let mut listed = Vec::new();
    // Not the highest time, which is a marker's. Kafka counts its leaders, of which each start
    // makes another one.
    for (partition, time) in [(0, -1), (0, -2), (0, 1_700_000_000_000), (1, -1)] {
        let mut found = raw::list_offsets(wire, 7, topic, partition, time).await;
        found["leader epoch"].take();
        listed.push(found);
    }
    let aborted = fetched["aborted"].clone();
    json!({
        "all": crate::data::transactions::without_marker_times(all), "listed": listed,
        "aborted": aborted, "stable": fetched["last stable offset"],
    })
}
