use std::collections::BTreeMap;

use connect_api::record::{Header, SourceRecord};
use connect_mysql_source::envelope::{EnvelopeSettings, SkippedOperations};
use connect_mysql_source::values::{BinaryMode, DecimalMode, TimeMode, ValueModes};
use serde_json::{Value as Json, json};

use crate::binlog::{Stream, stream};
use crate::data::{self, GoldenRecord};
use crate::json;

/// What of a record is compared.
#[derive(Debug, PartialEq)]
struct Comparable {
    key: Option<Json>,
    value: Option<Json>,
    headers: Vec<(String, String)>,
}

fn is_streamed(record: &GoldenRecord) -> bool {
    match &record.value {
        None => true,
        Some(value) => value["payload"]["source"]["snapshot"] == "false",
    }
}

/// The streamed records of the golden scenario by topic.
fn golden(scenario: &str) -> BTreeMap<String, Vec<Comparable>> {
    let mut topics: BTreeMap<String, Vec<Comparable>> = BTreeMap::new();
    let records = data::records(scenario).into_iter().filter(is_streamed);
    for record in records.filter(|record| record.topic.contains(".inventory.")) {
        let headers = record
            .headers
            .into_iter()
            .filter(|(name, _)| !name.ends_with("runId"));
        let mut value = record.value;
        if let Some(value) = &mut value {
            correct_known_differences(value);
        }
        topics.entry(record.topic).or_default().push(Comparable {
            key: record.key,
            value,
            headers: headers.collect(),
        });
    }
    topics
}

/// Where we deliberately write something else than Debezium: see docs/compatibility.md.
fn correct_known_differences(value: &mut Json) {
    for image in ["before", "after"] {
        let row = &mut value["payload"][image];
        for (column, debezium, ours) in [("y", 1900, 0), ("y_nn", 1900, 0)] {
            if row[column] == debezium {
                row[column] = json!(ours);
            }
        }
    }
}

fn ours(records: &[SourceRecord]) -> BTreeMap<String, Vec<Comparable>> {
    let mut topics: BTreeMap<String, Vec<Comparable>> = BTreeMap::new();
    for SourceRecord { record, .. } in records {
        topics
            .entry(record.topic.to_string())
            .or_default()
            .push(Comparable {
                key: json::with_schema(record.key_schema.as_ref(), &record.key),
                value: json::with_schema(record.value_schema.as_ref(), &record.value),
                headers: record.headers.iter().filter_map(header).collect(),
            });
    }
    topics
}

fn header(header: &Header) -> Option<(String, String)> {
    if header.key.ends_with("runId") {
        return None;
    }
    let text = match header.value.as_str() {
        Some(text) => text.to_owned(),
        None => json::payload(header.schema.as_ref().unwrap(), &header.value).to_string(),
    };
    Some((header.key.to_string(), text))
}

/// The header converter has its own form of logical types, which is not compared here.
fn without_keys(headers: &mut [(String, String)]) {
    for (name, value) in headers {
        if name.ends_with("newkey") || name.ends_with("oldkey") {
            value.clear();
        }
    }
}

/// Leaves out when records were made, and where in which binlog if `positions` is false.
fn without_times(record: &mut Comparable, positions: bool) {
    let Some(value) = &mut record.value else {
        return;
    };
    for field in ["ts_ms", "ts_us", "ts_ns"] {
        assert!(value["payload"][field].is_i64(), "{field}");
        value["payload"][field] = Json::Null;
    }
    if !positions {
        value["payload"]["source"] = Json::Null;
    }
}

fn compare(what: &str, ours: &Comparable, golden: &Comparable) {
    json::assert_same(
        &format!("{what}: key"),
        ours.key.as_ref(),
        golden.key.as_ref(),
    );
    json::assert_same(
        &format!("{what}: value"),
        ours.value.as_ref(),
        golden.value.as_ref(),
    );
    assert_eq!(ours.headers, golden.headers, "{what}: headers");
}

fn assert_same(scenario: &str, modes: &ValueModes, positions: bool) -> usize {
    let mut golden = golden(scenario);
    let prefix: &'static str = scenario.to_owned().leak();
    let mut ours = ours(&stream(prefix, modes));
    ours.retain(|topic, _| golden.contains_key(topic));
    let mut compared = 0;
    for (topic, golden) in &mut golden {
        let ours = ours
            .get_mut(topic)
            .unwrap_or_else(|| panic!("{topic}: no records"));
        assert_eq!(ours.len(), golden.len(), "{topic}: number of records");
        for (number, (ours, golden)) in ours.iter_mut().zip(golden.iter_mut()).enumerate() {
            without_times(ours, positions);
            without_times(golden, positions);
            if modes.time == TimeMode::Connect {
                without_keys(&mut ours.headers);
                without_keys(&mut golden.headers);
            }
            compare(&format!("{topic} record {number}"), ours, golden);
            compared += 1;
        }
    }
    compared
}

#[test]
fn default_modes() {
    assert_eq!(assert_same("a_raw", &ValueModes::default(), true), 87);
}

#[test]
fn decimals_as_strings_and_doubles() {
    let mode = |decimal| ValueModes {
        decimal,
        ..ValueModes::default()
    };
    assert_eq!(
        assert_same("c_decimal_string", &mode(DecimalMode::String), false),
        30
    );
    assert_eq!(
        assert_same("c_decimal_double", &mode(DecimalMode::Double), false),
        30
    );
}

#[test]
fn times_in_other_precisions() {
    let mode = |time| ValueModes {
        time,
        ..ValueModes::default()
    };
    assert_eq!(
        assert_same("c_time_connect", &mode(TimeMode::Connect), false),
        30
    );
    assert_eq!(
        assert_same("c_time_isostring", &mode(TimeMode::IsoString), false),
        30
    );
    assert_eq!(
        assert_same("c_time_microseconds", &mode(TimeMode::Microseconds), false),
        30
    );
}

#[test]
fn binaries_as_text() {
    let mode = |binary| ValueModes {
        binary,
        ..ValueModes::default()
    };
    assert_eq!(
        assert_same("c_binary_base64", &mode(BinaryMode::Base64), false),
        30
    );
    let url_safe = mode(BinaryMode::Base64UrlSafe);
    assert_eq!(
        assert_same("c_binary_base64-url-safe", &url_safe, false),
        30
    );
}

#[test]
fn skipped_operations_leave_the_others() {
    let modes = ValueModes::default();
    let settings = EnvelopeSettings {
        skipped_operations: SkippedOperations::parse("c,d").unwrap(),
        ..EnvelopeSettings::new("a_raw")
    };
    let records = Stream::new("a_raw", &modes, settings).run(&data::binlog());
    let all = stream("a_raw", &modes);
    let is_update = |record: &&SourceRecord| {
        record.record.value.as_struct().is_some_and(|value| {
            !value.get("before").unwrap().is_null()
                && (!value.get("after").unwrap().is_null() || !record.record.headers.is_empty())
        })
    };
    assert!(records.len() < all.len());
    assert!(!records.is_empty());
    let updates = |records: &[SourceRecord]| {
        records
            .iter()
            .filter(is_update)
            .filter(|record| {
                record
                    .record
                    .value
                    .as_struct()
                    .unwrap()
                    .get("op")
                    .unwrap()
                    .as_str()
                    == Some("u")
            })
            .count()
    };
    assert_eq!(updates(&records), updates(&all));
}
