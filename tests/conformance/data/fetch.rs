//! Fetch.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::batch::{plain, record, values};
use crate::compare::behaviours;
use crate::raw::{self, Fetch, To, fetch_request, fetched, first, from};
use crate::target::Target;
use crate::wire::{Wire, error};

behaviours![
    records_are_fetched_in_every_version,
    records_are_fetched_by_the_topics_id,
    what_is_not_there_cannot_be_fetched,
    a_fetch_waits_for_records,
    a_fetch_ends_when_records_arrive,
    a_fetch_is_limited_but_gives_one_batch,
    a_fetch_within_a_batch_gives_all_of_it,
];

async fn three_batches(wire: &mut Wire, target: &Target) -> String {
    let name = raw::create(target, 1, &[]).await;
    for values in [["a", "b", "c"], ["d", "e", "f"], ["g", "h", "i"]] {
        let batch = plain(&values.map(record));
        let produced = raw::produce(wire, first(&name), batch).await;
        assert_eq!(produced["error"], "none");
    }
    name
}

async fn records_are_fetched_in_every_version(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = three_batches(&mut wire, target).await;
    let mut observed = Map::new();
    for version in 4..=12 {
        let mut answer = wire
            .ask(version, &fetch_request(first(&name), from(3)))
            .await;
        let seen = fetched(&answer.responses.remove(0).partitions[0]);
        observed.insert(version.to_string(), json!([error(answer.error_code), seen]));
    }
    observed.into()
}

async fn records_are_fetched_by_the_topics_id(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = three_batches(&mut wire, target).await;
    let id = raw::describe(&mut wire, raw::METADATA, &name)
        .await
        .topic_id;
    let mut observed = Map::new();
    for version in 13..=17 {
        for (case, id) in [("there", id), ("not there", Uuid::from_u128(42))] {
            let mut request = fetch_request(first(&name), from(3));
            request.topics[0].topic_id = id;
            let mut answer = wire.ask(version, &request).await;
            let topic = answer.responses.remove(0);
            let seen = json!([
                error(answer.error_code),
                topic.topic_id == id,
                fetched(&topic.partitions[0])
            ]);
            observed.insert(format!("{case} {version}"), seen);
        }
    }
    observed.into()
}

async fn what_is_not_there_cannot_be_fetched(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = three_batches(&mut wire, target).await;
    let unknown = target.unique("unknown");
    let partition = To {
        topic: &name,
        partition: 5,
    };
    let epoch = |leader_epoch| Fetch {
        leader_epoch,
        ..from(0)
    };
    let cases = [
        ("a topic", first(&unknown), from(0)),
        ("a partition", partition, from(0)),
        ("the end", first(&name), from(9)),
        ("behind the end", first(&name), from(10)),
        ("far behind the end", first(&name), from(1_000_000)),
        ("a negative offset", first(&name), from(-1)),
        ("the epoch", first(&name), epoch(0)),
        ("an epoch to come", first(&name), epoch(5)),
    ];
    let mut observed = Map::new();
    for (case, to, what) in cases {
        let seen = raw::fetch(&mut wire, to, what).await;
        let seen = json!([
            seen["error"],
            seen["high watermark"],
            seen["last stable offset"],
            seen["start"],
            seen["batches"].as_array().map(Vec::len)
        ]);
        observed.insert(case.to_owned(), seen);
    }
    observed.into()
}

async fn a_fetch_waits_for_records(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = three_batches(&mut wire, target).await;
    let mut observed = Map::new();
    let cases = [
        ("at the end", 9, 1),
        ("before the end", 0, 1),
        ("more than there is", 0, 1_000_000),
        ("nothing asked for", 9, 0),
    ];
    for (case, offset, min_bytes) in cases {
        let what = Fetch {
            max_wait_ms: 1000,
            min_bytes,
            ..from(offset)
        };
        let began = Instant::now();
        let seen = raw::fetch(&mut wire, first(&name), what).await;
        let waited = began.elapsed() >= Duration::from_millis(900);
        observed.insert(
            case.to_owned(),
            json!([waited, values(seen["batches"].as_array().unwrap())]),
        );
    }
    observed.into()
}

async fn a_fetch_ends_when_records_arrive(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let mut other = Wire::open(target).await;
    let name = three_batches(&mut wire, target).await;
    let what = Fetch {
        max_wait_ms: 30_000,
        ..from(9)
    };
    let request = fetch_request(first(&name), what);
    let began = Instant::now();
    wire.say(raw::FETCH, &request).await;
    let silent = wire.is_silent(Duration::from_millis(300)).await;
    raw::produce(&mut other, first(&name), plain(&[record("new")])).await;
    let answer = wire
        .hear::<kafka_protocol::messages::FetchRequest>(raw::FETCH)
        .await;
    let early = began.elapsed() < Duration::from_secs(20);
    let mut seen = fetched(&answer.responses[0].partitions[0]);
    // Kafka notes both before it reads, so that they may be those from before the record that it
    // then finds (`Partition.readRecords`).
    for mark in ["high watermark", "last stable offset"] {
        seen[mark] = json!(matches!(seen[mark].as_i64(), Some(9 | 10)));
    }
    let after = raw::fetch(&mut wire, first(&name), from(10)).await;
    json!({ "waited": silent, "early": early, "seen": seen, "after": after })
}

async fn a_fetch_is_limited_but_gives_one_batch(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = three_batches(&mut wire, target).await;
    let batch = i32::try_from(plain(&["a", "b", "c"].map(record)).len()).unwrap();
    let mut observed = Map::new();
    for max_bytes in [1, batch, 2 * batch, 2 * batch + 1, 3 * batch] {
        let what = Fetch {
            max_bytes,
            ..from(0)
        };
        // Older Kafkas cut the last batch where the limit is; clients have to expect that.
        let answer = wire
            .ask(raw::FETCH, &fetch_request(first(&name), what))
            .await;
        let records = answer.responses[0].partitions[0]
            .records
            .clone()
            .unwrap_or_default();
        let whole = records.len() / usize::try_from(batch).unwrap();
        observed.insert(max_bytes.to_string(), json!(whole));
    }
    observed.into()
}

async fn a_fetch_within_a_batch_gives_all_of_it(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = three_batches(&mut wire, target).await;
    let mut observed = Map::new();
    for offset in 0..9 {
        let seen = raw::fetch(&mut wire, first(&name), from(offset)).await;
        let offsets = seen["batches"].as_array().unwrap().iter();
        let offsets: Vec<&Value> = offsets.map(|batch| &batch["offset"]).collect();
        observed.insert(offset.to_string(), json!(offsets));
    }
    observed.into()
}
