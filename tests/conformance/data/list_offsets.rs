//! ListOffsets.

use serde_json::{Map, Value, json};

use crate::batch::{plain, record};
use crate::compare::behaviours;
use crate::raw::{self, To, first};
use crate::target::Target;
use crate::wire::Wire;

behaviours![
    offsets_are_listed_in_every_version,
    offsets_are_found_by_time,
    an_empty_partition_has_offsets_too,
    what_is_not_there_has_no_offsets,
];

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;

/// Six records in two batches, with times that do not only rise.
async fn filled(wire: &mut Wire, target: &Target) -> String {
    let name = raw::create(target, 1, &[]).await;
    for times in [[100, 300, 200], [250, 500, 400]] {
        let records = times.map(|time| {
            let mut record = record("a");
            record.timestamp = 1_700_000_000_000 + time;
            record
        });
        raw::produce(wire, first(&name), plain(&records)).await;
    }
    name
}

async fn offsets_are_listed_in_every_version(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = filled(&mut wire, target).await;
    let mut observed = Map::new();
    for version in 1..=10 {
        for what in [
            LATEST,
            EARLIEST,
            MAX_TIMESTAMP,
            EARLIEST_LOCAL,
            LATEST_TIERED,
        ] {
            let seen = raw::list_offsets(&mut wire, version, &name, 0, what).await;
            observed.insert(format!("{what} {version}"), seen);
        }
    }
    observed.into()
}

async fn offsets_are_found_by_time(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = filled(&mut wire, target).await;
    let mut observed = Map::new();
    for time in [0, 100, 101, 200, 201, 300, 301, 400, 401, 500, 501] {
        let at = 1_700_000_000_000 + time;
        let seen = raw::list_offsets(&mut wire, 7, &name, 0, at).await;
        observed.insert(time.to_string(), seen);
    }
    for time in [0, 1, -6, -100] {
        let seen = raw::list_offsets(&mut wire, 7, &name, 0, time).await;
        observed.insert(format!("exactly {time}"), seen);
    }
    observed.into()
}

async fn an_empty_partition_has_offsets_too(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let mut observed = Map::new();
    for what in [
        LATEST,
        EARLIEST,
        MAX_TIMESTAMP,
        EARLIEST_LOCAL,
        0,
        1_700_000_000_000,
    ] {
        let seen = raw::list_offsets(&mut wire, 10, &name, 0, what).await;
        observed.insert(what.to_string(), seen);
    }
    observed.into()
}

async fn what_is_not_there_has_no_offsets(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[]).await;
    let unknown = target.unique("unknown");
    let mut observed = Map::new();
    for version in [1, 4, 7, 10] {
        for (case, topic, partition) in [("topic", &unknown, 0), ("partition", &name, 3)] {
            let to = To { topic, partition };
            let seen = raw::list_offsets_for(&mut wire, version, to, (LATEST, false)).await;
            observed.insert(format!("{case} {version}"), json!(seen));
        }
    }
    observed.into()
}
