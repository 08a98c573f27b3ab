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
        let headers = record.headers.into_iter().filter(|(name, _)| !name.ends_with("runId"));
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
        topics.entry(record.topic.to_string()).or_default().push(Comparable {
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

/// Leaves out when records were made, and where in which binlog if `positions` is false.
fn without_times(record: &mut Comparable, positions: bool) {
    let Some(value) = &mut record.value else { return };
    for field in ["ts_ms", "ts_us", "ts_ns"] {
        assert!(value["payload"][field].is_i64(), "{field}");
        value["payload"][field] = Json::Null;
    }
    if !positions {
        value["payload"]["source"] = Json::Null;
    }
}

fn assert_same(scenario: &str, modes: &ValueModes, positions: bool) -> usize {
    let mut golden = golden(scenario);
    let prefix: &'static str = scenario.to_owned().leak();
    let mut ours = ours(&stream(prefix, modes));
    ours.retain(|topic, _| golden.contains_key(topic));
    let mut compared = 0;
    for (topic, golden) in &mut golden {
        let ours = ours.get_mut(topic).unwrap_or_else(|| panic!("{topic}: no records"));
        assert_eq!(ours.len(), golden.len(), "{topic}: number of records");
        for (number, (ours, golden)) in ours.iter_mut().zip(golden.iter_mut()).enumerate() {
            without_times(ours, positions);
            without_times(golden, positions);
            assert_fields(topic, number, ours, golden);
            compared += 1;
        }
    }
    compared
}

/// Says which field differs instead of printing two long records.
fn assert_fields(topic: &str, number: usize, ours: &Comparable, golden: &Comparable) {
    if ours == golden {
        return;
    }
    let mut differences = Vec::new();
    let null = Json::Null;
    let (key, value) = (ours.key.as_ref(), ours.value.as_ref());
    differ("key", key.unwrap_or(&null), golden.key.as_ref().unwrap_or(&null), &mut differences);
    differ("value", value.unwrap_or(&null), golden.value.as_ref().unwrap_or(&null), &mut differences);
    if ours.headers != golden.headers {
        differences.push(format!("headers: {:?} for {:?}", ours.headers, golden.headers));
    }
    panic!("{topic} record {number}, ours for Debezium's:\n{}", differences.join("\n"));
}

fn differ(path: &str, ours: &Json, golden: &Json, out: &mut Vec<String>) {
    match (ours, golden) {
        (Json::Object(left), Json::Object(right)) if left.len() == right.len() => {
            for (name, value) in left {
                let path = format!("{path}.{name}");
                differ(&path, value, right.get(name).unwrap_or(&Json::Null), out);
            }
        }
        (Json::Array(left), Json::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                differ(&format!("{path}[{index}]"), left, right, out);
            }
        }
        (left, right) if left == right => {}
        (left, right) => out.push(format!("{path}: {left} for {right}")),
    }
}

#[test]
fn default_modes() {
    assert_eq!(assert_same("a_raw", &ValueModes::default(), true), 112);
}

#[test]
fn decimals_as_strings_and_doubles() {
    let mode = |decimal| ValueModes { decimal, ..ValueModes::default() };
    assert!(assert_same("c_decimal_string", &mode(DecimalMode::String), false) > 30);
    assert!(assert_same("c_decimal_double", &mode(DecimalMode::Double), false) > 30);
}

#[test]
fn times_in_other_precisions() {
    let mode = |time| ValueModes { time, ..ValueModes::default() };
    assert!(assert_same("c_time_connect", &mode(TimeMode::Connect), false) > 30);
    assert!(assert_same("c_time_isostring", &mode(TimeMode::IsoString), false) > 30);
    assert!(assert_same("c_time_microseconds", &mode(TimeMode::Microseconds), false) > 30);
}

#[test]
fn binaries_as_text() {
    let mode = |binary| ValueModes { binary, ..ValueModes::default() };
    assert!(assert_same("c_binary_base64", &mode(BinaryMode::Base64), false) > 30);
    let url_safe = mode(BinaryMode::Base64UrlSafe);
    assert!(assert_same("c_binary_base64-url-safe", &url_safe, false) > 30);
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
    let is_update = |record: &&SourceRecord| record.record.value.as_struct().is_some_and(|value| {
        !value.get("before").unwrap().is_null()
            && (!value.get("after").unwrap().is_null() || !record.record.headers.is_empty())
    });
    assert!(records.len() < all.len());
    assert!(!records.is_empty());
    let updates = |records: &[SourceRecord]| {
        records.iter().filter(is_update).filter(|record| {
            record.record.value.as_struct().unwrap().get("op").unwrap().as_str() == Some("u")
        }).count()
    };
    assert_eq!(updates(&records), updates(&all));
}
