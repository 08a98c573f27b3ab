use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::Value;

macro_rules! data {
    ($name:literal) => {
        include_bytes!(concat!("data/", $name))
    };
}

/// The binlog of scenario a_raw.
pub(crate) fn binlog() -> Vec<u8> {
    unpack(data!("a_raw.binlog.gz"))
}

/// The schema history of scenario a_raw, a record a line.
pub(crate) fn history() -> String {
    text(data!("a_raw.history.jsonl.gz"))
}

/// Rows as MySQL gave them in a `SELECT`, a table a line.
pub(crate) fn rows() -> Vec<Value> {
    lines(&text(data!("rows.jsonl.gz")))
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A record as it is in Kafka.
#[derive(Debug, Clone)]
pub(crate) struct GoldenRecord {
    pub(crate) topic: String,
    pub(crate) partition: i64,
    pub(crate) key: Option<Value>,
    pub(crate) value: Option<Value>,
    pub(crate) headers: Vec<(String, String)>,
}

/// The records of a scenario, topic by topic.
pub(crate) fn records(scenario: &str) -> Vec<GoldenRecord> {
    let packed: &[u8] = match scenario {
        "a_raw" => data!("a_raw.records.jsonl.gz"),
        "c_binary_base64" => data!("c_binary_base64.records.jsonl.gz"),
        "c_binary_base64-url-safe" => data!("c_binary_base64-url-safe.records.jsonl.gz"),
        "c_decimal_double" => data!("c_decimal_double.records.jsonl.gz"),
        "c_decimal_string" => data!("c_decimal_string.records.jsonl.gz"),
        "c_time_connect" => data!("c_time_connect.records.jsonl.gz"),
        "c_time_isostring" => data!("c_time_isostring.records.jsonl.gz"),
        "c_time_microseconds" => data!("c_time_microseconds.records.jsonl.gz"),
        other => panic!("no scenario {other}"),
    };
    lines(&text(packed)).iter().map(golden_record).collect()
}

fn golden_record(line: &Value) -> GoldenRecord {
    let parsed = |field: &str| {
        line[field]
            .as_str()
            .map(|text| serde_json::from_str(text).unwrap())
    };
    let header = |header: &Value| {
        (
            header[0].as_str().unwrap().to_owned(),
            header[1].as_str().unwrap().to_owned(),
        )
    };
    GoldenRecord {
        topic: line["topic"].as_str().unwrap().to_owned(),
        partition: line["partition"].as_i64().unwrap(),
        key: parsed("key"),
        value: parsed("value"),
        headers: line["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(header)
            .collect(),
    }
}

fn text(packed: &[u8]) -> String {
    String::from_utf8(unpack(packed)).unwrap()
}

fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}
