//! CreatePartitions.

use kafka_protocol::messages::create_partitions_request::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};
use kafka_protocol::messages::{BrokerId, CreatePartitionsRequest};
use serde_json::{Map, Value, json};

use crate::batch::{plain, record};
use crate::compare::behaviours;
use crate::raw::{self, To, topic_name};
use crate::target::Target;
use crate::wire::{Wire, error};

behaviours![partitions_are_added, wrong_partitions_are_refused];

async fn grow(wire: &mut Wire, version: i16, topic: CreatePartitionsTopic, dry: bool) -> Value {
    let request = CreatePartitionsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(30_000)
        .with_validate_only(dry);
    let answer = wire.ask(version, &request).await;
    let one = &answer.results[0];
    json!([error(one.error_code), one.error_message.is_some()])
}

fn to(name: &str, count: i32) -> CreatePartitionsTopic {
    CreatePartitionsTopic::default()
        .with_name(topic_name(name))
        .with_count(count)
        .with_assignments(None)
}

async fn partitions_are_added(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let mut observed = Map::new();
    for version in 0..=3 {
        let count = i32::from(version) + 2;
        let seen = grow(&mut wire, version, to(&name, count), false).await;
        raw::wait_for_topic(&mut wire, &name, count).await;
        observed.insert(version.to_string(), seen);
    }
    let last = To {
        topic: &name,
        partition: 4,
    };
    let produced = raw::produce(&mut wire, last, plain(&[record("a")])).await;
    observed.insert("produced".to_owned(), produced);
    observed.into()
}

async fn wrong_partitions_are_refused(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 2, &[]).await;
    let assigned = |count: i32, brokers: &[i32]| {
        let assignments = brokers
            .iter()
            .map(|id| CreatePartitionsAssignment::default().with_broker_ids(vec![BrokerId(*id)]));
        to(&name, count).with_assignments(Some(assignments.collect()))
    };
    let cases = [
        ("as many", to(&name, 2), false),
        ("fewer", to(&name, 1), false),
        ("none", to(&name, 0), false),
        ("negative", to(&name, -1), false),
        ("an unknown topic", to(&target.unique("unknown"), 3), false),
        ("too few assignments", assigned(4, &[1]), false),
        ("too many assignments", assigned(3, &[1, 1]), false),
        ("an unknown broker", assigned(3, &[9]), false),
        ("validated only", to(&name, 5), true),
        ("right", assigned(3, &[1]), false),
    ];
    let mut observed = Map::new();
    for (case, topic, dry) in cases {
        let seen = grow(&mut wire, 3, topic, dry).await;
        observed.insert(case.to_owned(), seen);
    }
    raw::wait_for_topic(&mut wire, &name, 3).await;
    let described = raw::describe(&mut wire, raw::METADATA, &name).await;
    observed.insert("partitions".to_owned(), described.partitions.len().into());
    observed.into()
}
