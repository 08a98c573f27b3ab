//! Whose time a record has.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::batch::{plain, record};
use crate::compare::behaviours;
use crate::raw::{self, first, from};
use crate::target::Target;
use crate::wire::Wire;

behaviours![
    the_producers_time_is_kept,
    the_brokers_time_replaces_the_producers,
    a_time_too_far_away_is_refused,
];

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.unwrap().as_millis()).unwrap()
}

async fn the_producers_time_is_kept(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[("message.timestamp.type", "CreateTime")]).await;
    let records = [5, 3, -1, 0].map(|time| {
        let mut record = record("a");
        record.timestamp = time;
        record
    });
    let produced = raw::produce(&mut wire, first(&name), plain(&records)).await;
    let fetched = raw::fetch(&mut wire, first(&name), from(0)).await;
    let consumed = crate::client::consume(target, &name, 4);
    json!({ "produced": produced, "fetched": fetched, "consumed": consumed })
}

/// Replaces times that are between `began` and now.
fn mask_times(value: &mut Value, began: i64) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| mask_times(value, began)),
        Value::Object(values) => values
            .values_mut()
            .for_each(|value| mask_times(value, began)),
        Value::Number(number) => {
            // The clock that a broker reads may be some milliseconds behind.
            let time = number.as_i64().unwrap_or_default();
            if (began - 50..=now() + 50).contains(&time) {
                *value = "now".into();
            }
        }
        _ => {}
    }
}

async fn the_brokers_time_replaces_the_producers(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let name = raw::create(target, 1, &[("message.timestamp.type", "LogAppendTime")]).await;
    let began = now();
    let batch = plain(&[record("a"), record("b")]);
    let mut observed = json!({
        "produced": raw::produce(&mut wire, first(&name), batch).await,
        "fetched": raw::fetch(&mut wire, first(&name), from(0)).await,
        "consumed": crate::client::consume(target, &name, 2),
        "before": raw::list_offsets(&mut wire, 7, &name, 0, began - 50).await,
        "after": raw::list_offsets(&mut wire, 7, &name, 0, now() + 1000).await,
        "highest": raw::list_offsets(&mut wire, 7, &name, 0, -3).await,
    });
    // Each record's own time is as it was sent: only the batch has the broker's.
    let records = observed["fetched"]["batches"][0]["records"].take();
    assert_eq!(records.as_array().map(Vec::len), Some(2));
    mask_times(&mut observed, began);
    observed
}

async fn a_time_too_far_away_is_refused(target: &Target) -> Value {
    let mut wire = Wire::open(target).await;
    let limits = [
        ("message.timestamp.before.max.ms", "3600000"),
        ("message.timestamp.after.max.ms", "3600000"),
    ];
    let name = raw::create(target, 1, &limits).await;
    let mut observed = serde_json::Map::new();
    for (case, minutes) in [
        ("before", -61),
        ("just before", -59),
        ("just after", 59),
        ("after", 61),
    ] {
        let mut far = record("far");
        far.timestamp = now() + minutes * 60_000;
        let mut near = record("near");
        near.timestamp = now();
        let batch = plain(&[near, far]);
        let seen = raw::produce(&mut wire, first(&name), batch).await;
        observed.insert(case.to_owned(), seen);
    }
    observed.into()
}
