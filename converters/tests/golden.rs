//! Every schema that a JVM Connect 4.3.1 (and 2.4.1) wrote with Debezium's
//! MySQL connector, with a few values each: read and written again, the bytes
//! must be the same.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use connect_api::Props;
use connect_api::plugin::{Converted, Converter};

fn records(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(file);
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text.lines().map(str::to_owned).collect()
}

fn converter(settings: &[(&str, &str)]) -> Box<dyn Converter> {
    let props: Props = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let plugins = connect_converters::converters();
    let json = plugins
        .iter()
        .find(|plugin| plugin.name.class == "org.apache.kafka.connect.json.JsonConverter")
        .unwrap();
    (json.create)(&props, false).unwrap()
}

/// Reads and writes each record; returns how many there were.
fn round_trip(file: &str, settings: &[(&str, &str)]) -> usize {
    // The original replaced nulls when it wrote: what is null now was null then.
    let mut reader = converter(&[settings, &[("replace.null.with.default", "false")]].concat());
    let mut writer = converter(settings);
    let records = records(file);
    for record in &records {
        let bytes = Bytes::from(record.clone());
        let (schema, value) = reader
            .deserialize("topic", Some(&bytes))
            .unwrap_or_else(|error| panic!("{}: {record}", error.trace()))
            .unwrap();
        let mut out = Vec::new();
        let written = writer
            .serialize("topic", schema.as_ref(), &value, &mut out)
            .unwrap_or_else(|error| panic!("{}: {record}", error.trace()));
        assert_eq!(written, Converted::Bytes);
        let written = String::from_utf8(out).unwrap();
        if written != *record {
            let same = written
                .bytes()
                .zip(record.bytes())
                .take_while(|(left, right)| left == right)
                .count();
            let around = |text: &str| {
                let from = same.saturating_sub(80);
                String::from_utf8_lossy(&text.as_bytes()[from..(same + 40).min(text.len())])
                    .into_owned()
            };
            panic!(
                "expected …{}… but wrote …{}…",
                around(record),
                around(&written)
            );
        }
    }
    records.len()
}

#[test]
fn with_schemas() {
    assert_eq!(round_trip("with-schemas.jsonl.gz", &[]), 547);
}

#[test]
fn decimals_as_numbers() {
    assert_eq!(
        round_trip("decimal-numeric.jsonl.gz", &[("decimal.format", "NUMERIC")]),
        40
    );
}

#[test]
fn without_schemas() {
    assert_eq!(
        round_trip("schemaless.jsonl.gz", &[("schemas.enable", "false")]),
        213
    );
}
