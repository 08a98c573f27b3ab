//! What a JVM worker (Connect 4.3.1 with Debezium 3.6.1, and 2.4.1 with 1.0.0)
//! wrote with these transformations, against what they make here of the events
//! that it wrote without, for the same SQL: topic by topic, byte for byte.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use connect_api::Props;
use connect_api::data::Value;
use connect_api::plugin::{Converted, Converter, HeaderConverter, Outcome, Transformation};
use connect_api::record::Record;
use connect_api::registry::Plugins;

fn plugins() -> Plugins {
    Plugins {
        transformations: connect_transforms::transformations(),
        converters: connect_converters::converters(),
        header_converters: connect_converters::header_converters(),
        ..Plugins::default()
    }
}

fn props(settings: &[(&str, &str)]) -> Props {
    settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn transformation(class: &str, settings: &[(&str, &str)]) -> Box<dyn Transformation> {
    (plugins().transformation(class).unwrap().create)(&props(settings)).unwrap()
}

/// A record as it was in Kafka. Debezium's context headers are left out: they
/// are the source's.
#[derive(Debug, Clone, PartialEq)]
struct Stored {
    topic: String,
    key: Option<String>,
    value: Option<String>,
    headers: Vec<(String, String)>,
}

/// The records of a scenario by topic, with the scenario's name taken out.
fn stored(scenario: &str) -> BTreeMap<String, Vec<Stored>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let file = std::fs::File::open(data.join(format!("{scenario}.jsonl.gz"))).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    let mut topics: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text =
            |value: &serde_json::Value| value.as_str().map(|text| text.replace(scenario, "server"));
        let headers = line["headers"].as_array().unwrap().iter();
        let record = Stored {
            topic: text(&line["topic"]).unwrap(),
            key: text(&line["key"]),
            value: text(&line["value"]),
            headers: headers
                .map(|header| (text(&header[0]).unwrap(), text(&header[1]).unwrap()))
                .filter(|(name, _)| !name.starts_with("__debezium.context."))
                .collect(),
        };
        topics.entry(record.topic.clone()).or_default().push(record);
    }
    topics
}

/// The converters and transformations of one scenario.
struct Chain {
    json: Box<dyn Converter>,
    /// Keeps nulls that have a default as they are.
    reader: Box<dyn Converter>,
    headers: Box<dyn HeaderConverter>,
    transformations: Vec<Box<dyn Transformation>>,
}

impl Chain {
    fn new(transformations: Vec<Box<dyn Transformation>>) -> Self {
        let plugins = plugins();
        let json = plugins.converter("JsonConverter").unwrap().create;
        let headers = plugins.header_converter("SimpleHeaderConverter").unwrap();
        Self {
            json: json(&Props::new(), false).unwrap(),
            reader: json(&props(&[("replace.null.with.default", "false")]), false).unwrap(),
            headers: (headers.create)(&Props::new()).unwrap(),
            transformations,
        }
    }

    fn read(&mut self, text: Option<&String>) -> (Option<connect_api::data::SchemaRef>, Value) {
        let bytes = text.map(|text| Bytes::from(text.clone()));
        self.reader
            .deserialize("t", bytes.as_ref())
            .unwrap()
            .unwrap()
    }

    fn write(
        &mut self,
        schema: Option<&connect_api::data::SchemaRef>,
        value: &Value,
    ) -> Option<String> {
        let mut out = Vec::new();
        match self.json.serialize("t", schema, value, &mut out).unwrap() {
            Converted::Null => None,
            _ => Some(String::from_utf8(out).unwrap()),
        }
    }

    /// The record as it would be in Kafka; none if it is dropped.
    fn apply(&mut self, stored: &Stored) -> Option<Stored> {
        let (key_schema, key) = self.read(stored.key.as_ref());
        let (value_schema, value) = self.read(stored.value.as_ref());
        let mut record = Record {
            topic: stored.topic.clone().into(),
            key_schema,
            key,
            value_schema,
            value,
            ..Record::default()
        };
        for transformation in &mut self.transformations {
            if transformation.apply(&mut record).unwrap() == Outcome::Drop {
                return None;
            }
        }
        let mut headers = stored.headers.clone();
        for header in record.headers.iter() {
            let mut out = Vec::new();
            self.headers
                .serialize(
                    "t",
                    &header.key,
                    header.schema.as_ref(),
                    &header.value,
                    &mut out,
                )
                .unwrap();
            headers.push((header.key.to_string(), String::from_utf8(out).unwrap()));
        }
        Some(Stored {
            topic: record.topic.to_string(),
            key: self.write(record.key_schema.as_ref(), &record.key),
            value: self.write(record.value_schema.as_ref(), &record.value),
            headers,
        })
    }
}

/// Compares what the chain makes of `raw` with `expected` for each topic of
/// that; returns how many records were the same.
fn compare(
    raw: &str,
    expected: &str,
    transformations: Vec<Box<dyn Transformation>>,
    same: fn(&Stored, &Stored) -> bool,
) -> usize {
    let mut chain = Chain::new(transformations);
    let raw = stored(raw);
    let mut compared = 0;
    for (topic, expected) in stored(expected) {
        let found: Vec<Stored> = raw[&topic]
            .iter()
            .filter_map(|record| chain.apply(record))
            .collect();
        for (found, expected) in found.iter().zip(&expected) {
            assert!(same(found, expected), "{topic}:\n{found:#?}\n{expected:#?}");
        }
        assert_eq!(found.len(), expected.len(), "{topic}");
        compared += found.len();
    }
    compared
}

const UNWRAP: &str = "io.debezium.transforms.ExtractNewRecordState";
const INSERT: &str = "org.apache.kafka.connect.transforms.InsertField$Value";

/// Every type; deletes become nulls with a schema, which InsertField leaves.
#[test]
fn unwrap_and_insert_fields() {
    let transformations = vec![
        transformation(UNWRAP, &[]),
        transformation(INSERT, &[("timestamp.field", "kafka_ts")]),
        transformation(
            INSERT,
            &[("static.field", "origin"), ("static.value", "mysql")],
        ),
    ];
    let compared = compare(
        "a_raw",
        "b_unwrap_insertfield",
        transformations,
        |found, expected| found == expected,
    );
    assert_eq!(compared, 112);
}

#[test]
fn unwrap_and_drop_deletes() {
    let transformations = vec![transformation(
        UNWRAP,
        &[("delete.tombstone.handling.mode", "drop")],
    )];
    let compared = compare(
        "a_raw",
        "b_unwrap_drop",
        transformations,
        |found, expected| found == expected,
    );
    assert_eq!(compared, 37);
}

/// The two runs differ in the time and the position of their binlogs.
#[test]
fn unwrap_and_rewrite_deletes() {
    let settings = [
        ("delete.tombstone.handling.mode", "rewrite"),
        ("add.fields", "op,table,source.ts_ms,db"),
        ("add.headers", "op,source.pos"),
    ];
    let transformations = vec![transformation(UNWRAP, &settings)];
    let compared = compare(
        "a_raw",
        "b_unwrap_rewrite",
        transformations,
        |found, expected| {
            let without_position = |record: &Stored| {
                let mut headers = record.headers.clone();
                let position = headers
                    .iter_mut()
                    .find(|(name, _)| name == "__source_pos")
                    .unwrap();
                assert!(position.1.parse::<u64>().is_ok());
                position.1.clear();
                headers
            };
            found.topic == expected.topic
                && found.key == expected.key
                && without_time(found) == without_time(expected)
                && without_position(found) == without_position(expected)
        },
    );
    assert_eq!(compared, 44);
}

/// The value's text without the digits of `__source_ts_ms`.
fn without_time(record: &Stored) -> String {
    let text = record.value.clone().unwrap();
    let (before, after) = text.rsplit_once("\"__source_ts_ms\":").unwrap();
    let after = after.trim_start_matches(|char: char| char.is_ascii_digit());
    format!("{before}{after}")
}

/// 1.0's events under 1.0's class name: deletes and tombstones go, the row's
/// schema stays optional; schema changes pass.
#[test]
fn unwrap_under_its_old_name() {
    let class = "io.debezium.transforms.UnwrapFromEnvelope";
    for (expected, count) in [("f_old_unwrap_from_envelope", 83), ("f_old_unwrap", 150)] {
        let transformations = vec![transformation(class, &[])];
        let compared = compare("f_old_raw", expected, transformations, |found, expected| {
            without_run(found) == without_run(expected)
        });
        assert_eq!(compared, count);
    }
}

/// Schema changes are not transformed: of those only that they pass is compared.
fn without_run(record: &Stored) -> Stored {
    let mut record = record.clone();
    if record.topic == "server" {
        record.value = None;
    }
    record
}
