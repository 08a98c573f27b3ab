//! Compaction: the last record of each key stays, at its offset.

use std::time::Duration;

use connectd_harness::eventually_within;
use serde_json::{Value, json};

use crate::batch::{keyed, plain};
use crate::compare::behaviours;
use crate::raw::{self, first, from};
use crate::target::Target;
use crate::wire::Wire;

behaviours![the_last_record_of_each_key_stays];

/// Kafka's cleaner looks for work every 15 seconds.
const LIMIT: Duration = Duration::from_secs(180);

/// What is left: offsets, keys, values.
async fn left(wire: &mut Wire, topic: &str) -> Vec<Value> {
    let fetched = raw::fetch(wire, first(topic), from(0)).await;
    let batches = fetched["batches"].as_array().expect("batches").clone();
    assert_eq!(fetched["error"], "none");
    let records = batches
        .iter()
        .flat_map(|batch| batch["records"].as_array().unwrap().clone());
    records
        .map(|record| json!([record["offset"], record["key"], record["value"]]))
        .collect()
}

async fn the_last_record_of_each_key_stays(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let settings = [
        ("cleanup.policy", "compact"),
        ("segment.ms", "500"),
        ("min.cleanable.dirty.ratio", "0.01"),
        ("delete.retention.ms", "100"),
    ];
    let topic = raw::create(target, 1, &settings).await;
    let write = async |wire: &mut Wire, key: &str, value: Option<&str>| {
        let mut record = keyed(key, value);
        record.timestamp = now();
        let produced = raw::produce(wire, first(&topic), plain(&[record])).await;
        assert_eq!(produced["error"], "none");
    };
    for round in 0..5 {
        for key in ["a", "b", "c", "d"] {
            write(&mut wire, key, Some(&format!("{key}{round}"))).await;
        }
    }
    write(&mut wire, "b", None).await;
    // A segment is closed by the first record after its time, and only closed ones are compacted.
    let mut count = 21;
    let after = eventually_within(LIMIT, "a compacted topic without tombstones", async || {
        tokio::time::sleep(Duration::from_secs(1)).await;
        write(&mut wire, "z", Some("roll")).await;
        count += 1;
        let left = left(&mut wire, &topic).await;
        let done = left.iter().filter(|record| record[1] != "z").count() == 3;
        done.then_some(left)
    });
    let mut after = after.await;
    after.retain(|record| record[1] != "z");
    let end = raw::list_offsets(&mut wire, 7, &topic, 0, -1).await;
    let start = raw::list_offsets(&mut wire, 7, &topic, 0, -2).await;
    json!({ "left": after, "every offset was given": end["offset"] == count, "start": start["offset"] })
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.unwrap().as_millis()).unwrap()
}
