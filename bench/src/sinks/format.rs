//! The form of the records in the topic.

use connect_kafka::admin::NewTopic;
use connectd_harness::{Kafka, NewRecord, Registry, Rest, produce, unique};
use serde_json::{Value, json};

use super::rows::Row;
use crate::workers::Engine;

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON with schemas.
    Json,
    /// Avro with a schema registry.
    Avro,
}

impl Format {
    /// Those that `BENCH_FORMATS` names; all if it is not set.
    pub(crate) fn asked_for() -> Vec<Self> {
        let names = std::env::var("BENCH_FORMATS").unwrap_or_else(|_| "json avro".to_owned());
        let formats = names.split_whitespace().map(|name| match name {
            "json" => Self::Json,
            "avro" => Self::Avro,
            other => panic!("BENCH_FORMATS: {other} is not known; known are json, avro"),
        });
        formats.collect()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Avro => "Avro",
        }
    }

    /// Makes a topic of rows; its name.
    pub(crate) async fn topic(self, rows: u64) -> String {
        let topic = unique("bench_rows");
        Kafka::new().create(&NewTopic::new(&topic, 1, 1)).await;
        match self {
            Self::Json => fill(&topic, rows, |row| row.connect_json().into_bytes()).await,
            Self::Avro => {
                let id = register(&topic).await;
                fill(&topic, rows, |row| row.avro(id)).await;
            }
        }
        topic
    }

    /// The settings of the converter. The JVM's Avro converter is Apicurio's: Confluent's is not in Maven's
    /// central repository.
    pub(crate) fn converter(self, engine: Engine) -> Value {
        match (self, engine) {
            (Self::Json, _) => json!({
                "value.converter": "org.apache.kafka.connect.json.JsonConverter",
                "value.converter.schemas.enable": "true",
            }),
            (Self::Avro, Engine::Connectd) => json!({
                "value.converter": "io.confluent.connect.avro.AvroConverter",
                "value.converter.schema.registry.url": Registry::url(),
            }),
            (Self::Avro, Engine::Jvm) => json!({
                "value.converter": "io.apicurio.registry.utils.converter.AvroConverter",
                "value.converter.apicurio.registry.url": apicurio_url(),
                "value.converter.apicurio.registry.headers.enabled": "false",
                "value.converter.apicurio.registry.as-confluent": "true",
                "value.converter.apicurio.registry.use-id": "contentId",
            }),
        }
    }
}

/// Apicurio's own REST API, beside its Confluent-compatible one.
fn apicurio_url() -> String {
    let url = Registry::url();
    let server = url.strip_suffix("/apis/ccompat/v7");
    let server = server.unwrap_or_else(|| panic!("{url} is not that of an Apicurio Registry"));
    format!("{server}/apis/registry/v2")
}

async fn fill(topic: &str, rows: u64, value: impl Fn(&Row) -> Vec<u8>) {
    let records = (0..rows).map(|id| {
        let row = Row::new(id);
        NewRecord::value(value(&row)).key(row.key())
    });
    produce(topic, records).await;
}

/// Registers the rows' schema; its id.
async fn register(topic: &str) -> u32 {
    let path = format!("/subjects/{topic}-value/versions");
    let body = json!({"schema": Row::avro_schema().to_string()}).to_string();
    let registry = Rest::new(Registry::url());
    let answer = registry.send("POST", &path, Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = answer.json()["id"].as_u64().expect("an id");
    u32::try_from(id).expect("a small number")
}
