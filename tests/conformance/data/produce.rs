//! Produce.

use bytes::BytesMut;
use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::batch::{Record, keyed, plain, record};
use crate::compare::behaviours;
use crate::raw::{self, To, first, from, produce_request, produced};
use crate::target::Target;
use crate::wire::Wire;

behaviours![
    a_batch_is_kept_as_it_was_sent,
    batches_are_produced_in_every_version,
    without_acks_there_is_no_answer,
    acks_are_one_of_three,
    batches_are_produced_by_the_topics_id,
    what_is_nowhere_cannot_be_produced_to,
    broken_batches_are_refused,
    one_broken_batch_does_not_keep_the_others_back,
    the_size_of_a_batch_is_limited,
    large_messages_arrive,
    a_compacted_topic_wants_keys,
];

async fn a_batch_is_kept_as_it_was_sent(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let mut with_headers = record("headers");
    with_headers.headers = vec![
        ("a", Some(b"1")),
        ("a", Some(b"2")),
        ("b", None),
        ("", Some(b"")),
        ("a", Some(b"1")),
    ];
    let mut late = record("late");
    late.timestamp -= 1000;
    let empty = Record {
        key: Some(bytes::Bytes::new()),
        timestamp: 0,
        ..Record::default()
    };
    let batch = plain(&[
        keyed("key", Some("value")),
        with_headers,
        keyed("key", None),
        late,
        empty,
    ]);
    let one = raw::produce(&mut wire, first(&name), batch).await;
    let two = raw::produce(&mut wire, first(&name), plain(&[record("x")])).await;
    json!({ "one": one, "two": two, "fetched": raw::fetch(&mut wire, first(&name), from(0)).await })
}

async fn batches_are_produced_in_every_version(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let mut observed = Map::new();
    for version in 3..=12 {
        let request = produce_request(first(&name), 1, plain(&[record("a"), record("b")]));
        let answer = wire.ask(version, &request).await;
        let answer = &answer.responses[0];
        let same = answer.name.0.as_str() == name;
        let seen = json!([same, produced(&answer.partition_responses[0])]);
        observed.insert(version.to_string(), seen);
    }
    observed.into()
}

async fn without_acks_there_is_no_answer(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    for value in ["a", "b", "c"] {
        let request = produce_request(first(&name), 0, plain(&[record(value)]));
        wire.say(9, &request).await;
    }
    // Requests are numbered, so an answer in between would be noticed.
    json!({ "fetched": raw::fetch(&mut wire, first(&name), from(0)).await })
}

async fn acks_are_one_of_three(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let mut observed = Map::new();
    for acks in [-1, 1, 2, -2, 100] {
        let request = produce_request(first(&name), acks, plain(&[record("a")]));
        let answer = wire.ask(9, &request).await;
        let seen = produced(&answer.responses[0].partition_responses[0]);
        observed.insert(acks.to_string(), seen);
    }
    observed.into()
}

async fn batches_are_produced_by_the_topics_id(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let id = raw::describe(&mut wire, raw::METADATA, &name)
        .await
        .topic_id;
    let mut by_id = async |id: Uuid| {
        let mut request = produce_request(first(&name), -1, plain(&[record("a")]));
        request.topic_data[0].topic_id = id;
        let answer = wire.ask(13, &request).await;
        let answer = &answer.responses[0];
        json!([
            answer.topic_id == id,
            produced(&answer.partition_responses[0])
        ])
    };
    json!({ "there": by_id(id).await, "not there": by_id(Uuid::from_u128(42)).await })
}

async fn what_is_nowhere_cannot_be_produced_to(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let unknown = target.unique("unknown");
    let cases = [
        ("topic", first(&unknown)),
        ("name", first("a/b")),
        (
            "partition",
            To {
                topic: &name,
                partition: 1,
            },
        ),
        (
            "negative",
            To {
                topic: &name,
                partition: -1,
            },
        ),
    ];
    let mut observed = Map::new();
    for (case, to) in cases {
        let seen = raw::produce(&mut wire, to, plain(&[record("a")])).await;
        observed.insert(case.to_owned(), seen);
    }
    observed.into()
}

/// What is wrong with a batch, by its bytes.
fn broken() -> Vec<(&'static str, BytesMut)> {
    let good = || plain(&[record("a"), record("b")]);
    let mut value = good();
    let last = value.len() - 2;
    value[last] ^= 1;
    let mut magic = good();
    magic[16] = 3;
    let mut shorter = good();
    shorter.truncate(shorter.len() - 5);
    let mut two = good();
    two.extend_from_slice(&good());
    let mut count = good();
    count[60] = 1;
    let checksum = crc32c::crc32c(&count[21..]).to_be_bytes();
    count[17..21].copy_from_slice(&checksum);
    let mut control = good();
    control[22] |= 0x20;
    let checksum = crc32c::crc32c(&control[21..]).to_be_bytes();
    control[17..21].copy_from_slice(&checksum);
    vec![
        ("a wrong checksum", value),
        ("a format to come", magic),
        ("the end is missing", shorter),
        ("two batches", two),
        ("fewer records than it says", count),
        ("a control batch", control),
        ("no records", plain(&[])),
        ("nothing", BytesMut::new()),
    ]
}

async fn broken_batches_are_refused(target: &Target) -> Value {
    let name = raw::create(target, 1, &[]).await;
    let mut observed = Map::new();
    for (case, batch) in broken() {
        let mut wire = Wire::open(target).await;
        let seen = raw::produce(&mut wire, first(&name), batch).await;
        // Whether it is the record or the message that is wrong depends on who looks first.
        let seen = match seen["error"].as_str() {
            Some("CorruptMessage" | "InvalidRecord") => json!("refused"),
            _ => seen,
        };
        observed.insert(case.to_owned(), seen);
    }
    let mut wire = Wire::open(target).await;
    let good = raw::produce(&mut wire, first(&name), plain(&[record("good")])).await;
    observed.insert("good".to_owned(), good);
    observed.into()
}

async fn one_broken_batch_does_not_keep_the_others_back(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 3, &[]).await;
    let (_, broken) = broken().remove(0);
    let partitions = [plain(&[record("a")]), broken, plain(&[record("c")])];
    let partitions = (0..).zip(partitions).map(|(index, batch)| {
        PartitionProduceData::default()
            .with_index(index)
            .with_records(Some(batch.freeze()))
    });
    let topic = TopicProduceData::default()
        .with_name(raw::topic_name(&name))
        .with_partition_data(partitions.collect());
    let request = ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(30_000)
        .with_topic_data(vec![topic]);
    let answer = wire.ask(9, &request).await;
    let mut seen: Vec<Value> = (answer.responses[0].partition_responses.iter())
        .map(|partition| json!([partition.index, produced(partition)]))
        .collect();
    seen.sort_by_key(|seen| seen[0].as_i64());
    json!({ "partitions": seen })
}

async fn the_size_of_a_batch_is_limited(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[("max.message.bytes", "1000")]).await;
    let overhead = plain(&[record(&"x".repeat(900))]).len() - 900;
    let mut observed = Map::new();
    for size in [1000, 1001, 5000] {
        let batch = plain(&[record(&"x".repeat(size - overhead))]);
        assert_eq!(batch.len(), size);
        let seen = raw::produce(&mut wire, first(&name), batch).await;
        observed.insert(size.to_string(), seen);
    }
    observed.into()
}

async fn large_messages_arrive(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let mut produced = Vec::new();
    for size in [900_000, 1_048_588 - 100, 1_048_588] {
        let value: String = ('a'..='z').cycle().take(size).collect();
        produced.push(raw::produce(&mut wire, first(&name), plain(&[record(&value)])).await);
    }
    let fetched = raw::fetch(&mut wire, first(&name), from(0)).await;
    json!({ "produced": produced, "fetched": fetched })
}

async fn a_compacted_topic_wants_keys(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[("cleanup.policy", "compact")]).await;
    let without = plain(&[keyed("k", Some("v")), record("a"), record("b")]);
    json!({
        "without": raw::produce(&mut wire, first(&name), without).await,
        "with": raw::produce(&mut wire, first(&name), plain(&[keyed("k", Some("v"))])).await,
    })
}
