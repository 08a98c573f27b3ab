//! DeleteTopics.

use connectd_harness::eventually;
use kafka_protocol::messages::DeleteTopicsRequest;
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::batch::{plain, record};
use crate::compare::behaviours;
use crate::raw::{self, first, from, topic_name};
use crate::target::Target;
use crate::wire::{Wire, error};

behaviours![
    topics_are_deleted_by_name_in_every_version,
    topics_are_deleted_by_id,
    a_topic_that_was_deleted_is_gone,
    a_topic_of_the_same_name_begins_anew,
];

async fn delete(wire: &mut Wire, version: i16, name: &str) -> Value {
    let mut request = DeleteTopicsRequest::default().with_timeout_ms(30_000);
    if version < 6 {
        request.topic_names = vec![topic_name(name)];
    } else {
        request.topics = vec![DeleteTopicState::default().with_name(Some(topic_name(name)))];
    }
    let answer = wire.ask(version, &request).await;
    let one = &answer.responses[0];
    json!([
        one.name.as_ref().map(|name| name.to_string()),
        error(one.error_code),
        one.topic_id.is_nil()
    ])
}

async fn delete_by_id(wire: &mut Wire, id: Uuid) -> Value {
    let topic = DeleteTopicState::default()
        .with_name(None)
        .with_topic_id(id);
    let request = DeleteTopicsRequest::default()
        .with_timeout_ms(30_000)
        .with_topics(vec![topic]);
    let answer = wire.ask(6, &request).await;
    let one = &answer.responses[0];
    json!([
        one.name.as_ref().map(|name| name.to_string()),
        error(one.error_code),
        one.topic_id == id
    ])
}

async fn wait_until_gone(wire: &mut Wire, name: &str) {
    eventually("a topic gone", async || {
        let found = raw::describe(wire, raw::METADATA, name).await;
        (error(found.error_code) == "UnknownTopicOrPartition").then_some(())
    })
    .await;
}

async fn topics_are_deleted_by_name_in_every_version(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let mut observed = Map::new();
    for version in 1..=6 {
        let name = raw::create(target, 1, &[]).await;
        let seen = json!({
            "there": delete(&mut wire, version, &name).await,
            "not there": delete(&mut wire, version, &target.unique("unknown")).await,
            "no name at all": delete(&mut wire, version, "?/").await,
        });
        observed.insert(version.to_string(), without_counter(&seen));
    }
    observed.into()
}

/// Without the names, which have another number each time.
fn without_counter(seen: &Value) -> Value {
    let mut seen = seen.clone();
    for one in seen
        .as_object_mut()
        .into_iter()
        .flat_map(|seen| seen.values_mut())
    {
        one[0] = one[0].is_string().into();
    }
    seen
}

async fn topics_are_deleted_by_id(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let id = raw::describe(&mut wire, raw::METADATA, &name)
        .await
        .topic_id;
    let deleted = delete_by_id(&mut wire, id).await;
    wait_until_gone(&mut wire, &name).await;
    json!({
        "deleted": deleted, "again": delete_by_id(&mut wire, id).await,
        "unknown": delete_by_id(&mut wire, Uuid::from_u128(42)).await,
        "none": delete_by_id(&mut wire, Uuid::nil()).await,
    })
}

async fn a_topic_that_was_deleted_is_gone(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    raw::produce(&mut wire, first(&name), plain(&[record("a")])).await;
    delete(&mut wire, 6, &name).await;
    wait_until_gone(&mut wire, &name).await;
    json!({
        "produce": raw::produce(&mut wire, first(&name), plain(&[record("a")])).await,
        "fetch": raw::fetch(&mut wire, first(&name), from(0)).await,
        "list": raw::list_offsets(&mut wire, 10, &name, 0, -1).await,
    })
}

async fn a_topic_of_the_same_name_begins_anew(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[("retention.ms", "1234567")]).await;
    let id = raw::describe(&mut wire, raw::METADATA, &name)
        .await
        .topic_id;
    raw::produce(&mut wire, first(&name), plain(&[record("a")])).await;
    delete(&mut wire, 6, &name).await;
    wait_until_gone(&mut wire, &name).await;
    raw::create_named(&mut wire, &name, 2, &[]).await;
    let described = raw::describe(&mut wire, raw::METADATA, &name).await;
    json!({
        "another id": id != described.topic_id, "partitions": described.partitions.len(),
        "end": raw::list_offsets(&mut wire, 10, &name, 0, -1).await,
        "retention": super::configs::described(&mut wire, 2, &name, &["retention.ms"]).await,
        "produced": raw::produce(&mut wire, first(&name), plain(&[record("b")])).await,
    })
}
