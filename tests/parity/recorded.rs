//! What the real ones wrote, as `import-golden` packed it.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connectd_harness::Record;
use flate2::read::GzDecoder;
use serde_json::{Map, Value};

/// One scenario: a connector's config, the SQL, and all records that came of them.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) config: Map<String, Value>,
    /// Run before the connector was created.
    pub(crate) sql_before: String,
    /// Run when its snapshot was done.
    pub(crate) sql_after: String,
    /// How many records each topic had after the snapshot.
    pub(crate) after_snapshot: BTreeMap<String, usize>,
    pub(crate) partitions: BTreeMap<String, usize>,
    pub(crate) topic_configs: Value,
    pub(crate) rest: Vec<Value>,
    pub(crate) topics: BTreeMap<String, Vec<Record>>,
    /// The connector's records in the config, offset and status topics.
    pub(crate) configs: Vec<Record>,
    pub(crate) offsets: Vec<Record>,
    pub(crate) statuses: Vec<Record>,
}

impl Scenario {
    pub(crate) fn load(name: &str) -> Self {
        let packed = load(name);
        let schemas: Vec<&str> = array(&packed["schemas"]).iter().map(text).collect();
        let records = |packed: &Value| -> Vec<Record> {
            let numbered = array(packed).iter().enumerate();
            numbered
                .map(|(offset, packed)| record(offset, packed, &schemas))
                .collect()
        };
        let topics = packed["topics"].as_object().expect("topics");
        let worker = &packed["worker"];
        Self {
            name: name.to_owned(),
            config: packed["config"].as_object().expect("a config").clone(),
            sql_before: text(&packed["sql_before"]).to_owned(),
            sql_after: text(&packed["sql_after"]).to_owned(),
            after_snapshot: counts(&packed["after_snapshot"]),
            partitions: counts(&packed["partitions"]),
            topic_configs: packed["topic_configs"].clone(),
            rest: array(&packed["rest"]).clone(),
            topics: topics
                .iter()
                .map(|(topic, packed)| (topic.clone(), records(packed)))
                .collect(),
            configs: records(&worker["configs"]),
            offsets: records(&worker["offsets"]),
            statuses: records(&worker["status"]),
        }
    }
}

/// A packed file's content.
pub(crate) fn load(name: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/parity/recorded");
    let path = folder.join(format!("{name}.json.gz"));
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut json = String::new();
    GzDecoder::new(&packed[..])
        .read_to_string(&mut json)
        .expect("gzip");
    serde_json::from_str(&json).expect("JSON")
}

fn array(value: &Value) -> &Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no array: {value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn counts(value: &Value) -> BTreeMap<String, usize> {
    serde_json::from_value(value.clone()).expect("counts")
}

fn record(offset: usize, packed: &Value, schemas: &[&str]) -> Record {
    let headers = array(&packed["headers"]).iter();
    Record {
        partition: i32::try_from(packed["partition"].as_i64().expect("a partition"))
            .expect("small"),
        offset: i64::try_from(offset).expect("small"),
        timestamp: None,
        key: bytes(&packed["key"], schemas),
        value: bytes(&packed["value"], schemas),
        headers: headers
            .map(|header| (text(&header[0]).to_owned(), bytes(&header[1], schemas)))
            .collect(),
    }
}

/// `null`, `{"t": text}`, `{"b": base64}`, or `{"s": schema's number, "p": payload}`.
fn bytes(packed: &Value, schemas: &[&str]) -> Option<Vec<u8>> {
    let packed = packed.as_object()?;
    if let Some(plain) = packed.get("t") {
        return Some(text(plain).as_bytes().to_vec());
    }
    if let Some(base64) = packed.get("b") {
        return Some(STANDARD.decode(text(base64)).expect("base64"));
    }
    let schema = usize::try_from(packed["s"].as_u64().expect("a number")).expect("small");
    let payload = text(&packed["p"]);
    Some(format!(r#"{{"schema":{},"payload":{payload}}}"#, schemas[schema]).into_bytes())
}
