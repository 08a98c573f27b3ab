//! DeleteRecords.

use kafka_protocol::messages::DeleteRecordsRequest;
use kafka_protocol::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use serde_json::{Map, Value, json};

use crate::batch::{plain, record};
use crate::compare::behaviours;
use crate::raw::{self, To, first, from};
use crate::target::Target;
use crate::wire::{Wire, error};

behaviours![
    records_are_deleted_before_an_offset,
    records_are_deleted_in_every_version,
    wrong_deletions_are_refused,
];

/// Deletes a partition's records before an offset.
pub(crate) async fn delete(wire: &mut Wire, version: i16, to: To<'_>, offset: i64) -> Value {
    let partition = DeleteRecordsPartition::default()
        .with_partition_index(to.partition)
        .with_offset(offset);
    let topic = DeleteRecordsTopic::default()
        .with_name(raw::topic_name(to.topic))
        .with_partitions(vec![partition]);
    let request = DeleteRecordsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(30_000);
    let answer = wire.ask(version, &request).await;
    let one = &answer.topics[0].partitions[0];
    json!([error(one.error_code), one.low_watermark])
}

async fn filled(wire: &mut Wire, target: &Target, configs: &[(&str, &str)]) -> String {
    let name = raw::create(target, 1, configs).await;
    for _ in 0..4 {
        let batch = plain(&["a", "b", "c"].map(|text| {
            let mut record = record(text);
            record.key = record.value.clone();
            record
        }));
        raw::produce(wire, first(&name), batch).await;
    }
    name
}

async fn records_are_deleted_before_an_offset(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = filled(&mut wire, target, &[]).await;
    let mut observed = Vec::new();
    for offset in [0, 4, 2, 6, 11, -1] {
        let deleted = delete(&mut wire, 2, first(&name), offset).await;
        let mut listed = Vec::new();
        for time in [-1, -2, -3, -4, 1_600_000_000_000] {
            listed.push(raw::list_offsets(&mut wire, 10, &name, 0, time).await);
        }
        let before = raw::fetch(&mut wire, first(&name), from(0)).await;
        let within = raw::fetch(&mut wire, first(&name), from(offset.max(0))).await;
        observed.push(json!([offset, deleted, listed, before, within]));
    }
    let produced = raw::produce(&mut wire, first(&name), plain(&[record("new")])).await;
    json!({ "steps": observed, "then": produced })
}

async fn records_are_deleted_in_every_version(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = filled(&mut wire, target, &[]).await;
    let mut observed = Map::new();
    for version in 0..=2 {
        let offset = i64::from(version) + 2;
        let seen = delete(&mut wire, version, first(&name), offset).await;
        observed.insert(version.to_string(), seen);
    }
    observed.into()
}

async fn wrong_deletions_are_refused(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = filled(&mut wire, target, &[]).await;
    let compacted = filled(&mut wire, target, &[("cleanup.policy", "compact")]).await;
    let both = filled(&mut wire, target, &[("cleanup.policy", "compact,delete")]).await;
    let unknown = target.unique("unknown");
    let partition = To {
        topic: &name,
        partition: 3,
    };
    let cases = [
        ("behind the end", first(&name), 13),
        ("negative", first(&name), -2),
        ("a topic", first(&unknown), 1),
        ("a partition", partition, 1),
        ("a compacted topic", first(&compacted), 1),
        ("a topic that is both", first(&both), 1),
    ];
    let mut observed = Map::new();
    for (case, to, offset) in cases {
        let seen = delete(&mut wire, 2, to, offset).await;
        observed.insert(case.to_owned(), seen);
    }
    observed.into()
}
