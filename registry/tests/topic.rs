//! The registry on a real topic: what it writes is what Confluent's wrote for the same requests,
//! and it is all there after a restart.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::Read as _;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use connect_kafka::admin::{Admin, NewTopic};
use connect_kafka::log::{LogEntry, LogWriter, read_all};
use connect_kafka::settings::worker;
use connect_kafka::{ClientKind, ClientSettings, Props};
use connect_registry::{Registry, RegistrySettings, StartError};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

fn bootstrap() -> String {
    std::env::var("KAFKA_BOOTSTRAP").unwrap_or_else(|_| {
        panic!("KAFKA_BOOTSTRAP is not set: start a broker with `tests/services/up kafka` and export what it prints")
    })
}

/// A topic name that no other run uses.
fn topic(name: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!("registry-{name}-{}", now.as_micros())
}

fn settings(topic: &str) -> RegistrySettings {
    RegistrySettings {
        topic: topic.to_owned(),
        ..RegistrySettings::new("127.0.0.1:0", bootstrap())
    }
}

fn client(kind: ClientKind, props: impl FnOnce(&Props, &str) -> Props) -> ClientSettings {
    let worker = Props::from([("bootstrap.servers".to_owned(), bootstrap())]);
    ClientSettings::from_props(kind, &props(&worker, "registry-tests")).unwrap()
}

fn admin() -> Admin {
    Admin::new(&client(ClientKind::Admin, worker::worker_admin)).unwrap()
}

/// The lines of a golden file.
fn golden(compressed: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(compressed)
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn ask(registry: &Registry, step: &Value) -> (StatusCode, String) {
    let text = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
    let url = format!("http://{}{}", registry.address(), text("path"));
    let method = Method::from_bytes(text("method").as_bytes()).unwrap();
    static CLIENT: LazyLock<Client> = LazyLock::new(Client::new);
    let mut request = CLIENT.request(method, url).body(text("body"));
    let media_type = json!("application/vnd.schemaregistry.v1+json");
    let media_type = step["headers"].get("Content-Type").unwrap_or(&media_type);
    request = request.header("Content-Type", media_type.as_str().unwrap());
    let response = request.send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

async fn get(registry: &Registry, path: &str) -> String {
    ask(registry, &json!({"method": "GET", "path": path}))
        .await
        .1
}

/// Keys and values of a topic, but for the records that only find its end.
async fn records(topic: &str) -> Vec<(String, Option<String>)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut records = Vec::new();
    let consumer = client(ClientKind::Consumer, worker::storage_consumer);
    read_all(&admin(), &consumer, topic, |record| {
        records.push((text(record.key.unwrap()), record.value.map(text)));
    })
    .await
    .unwrap();
    records.retain(|(key, _)| !key.contains("NOOP"));
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topic_has_what_confluents_registry_writes() {
    let topic = topic("same");
    let registry = Registry::start(settings(&topic)).await.unwrap();
    for step in golden(include_bytes!("golden/tour.jsonl.gz")) {
        ask(&registry, &step).await;
    }
    let theirs: Vec<(String, Option<String>)> = golden(include_bytes!("golden/topic.jsonl.gz"))
        .into_iter()
        .map(|record| serde_json::from_value(record).unwrap())
        .filter(|(key, _): &(String, Option<String>)| !key.contains("NOOP"))
        .collect();
    assert!(theirs.len() > 200, "{}", theirs.len());
    let ours = records(&topic).await;
    for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(ours, theirs, "record {index}");
    }
    assert_eq!(ours.len(), theirs.len());
    let configs = admin().topic_configs(&topic).await.unwrap().unwrap();
    assert!(format!("{configs:?}").contains("compact"), "{configs:?}");

    let paths = [
        "/schemas?deleted=true",
        "/config/vns",
        "/mode",
        "/schemas/ids/5001",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(get(&registry, path).await);
    }
    registry.stop().await;
    let registry = Registry::start(settings(&topic)).await.unwrap();
    for (path, before) in paths.into_iter().zip(before) {
        assert_eq!(get(&registry, path).await, before, "{path}");
    }
    registry.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_registry_writes_is_seen() {
    let topic = topic("follow");
    let registry = Registry::start(settings(&topic)).await.unwrap();
    let producer = client(ClientKind::Producer, worker::storage_producer);
    let writer = LogWriter::new(&producer).unwrap();
    let entries: &[(&str, &str)] = &[
        (r#"{"keytype":"NOOP","magic":0}"#, ""),
        ("not a key", "not a value"),
        (
            r#"{"keytype":"SCHEMA","subject":"s","version":1,"magic":0}"#,
            r#"{"subject":"s","version":1,"id":41,"schema":"\"int\"","deleted":false}"#,
        ),
        (
            r#"{"keytype":"SCHEMA","subject":"broken","version":1,"magic":1}"#,
            "{",
        ),
        (
            r#"{"keytype":"CONFIG","subject":null,"magic":0}"#,
            r#"{"compatibilityLevel":"FULL","alias":"kept"}"#,
        ),
        (
            r#"{"keytype":"CONTEXT","tenant":"default","context":".c"}"#,
            r#"{"tenant":"default","context":".c"}"#,
        ),
    ];
    for (key, value) in entries {
        let entry = LogEntry {
            key: Some(key.as_bytes()),
            value: Some(value.as_bytes()).filter(|value| !value.is_empty()),
            partition: None,
        };
        writer.send(&topic, entry).await.unwrap();
    }
    // A write reads what others wrote first, so the next id is the one after theirs.
    let step = json!({
        "method": "POST",
        "path": "/subjects/t/versions",
        "body": r#"{"schema":"\"string\""}"#,
    });
    let (status, answer) = ask(&registry, &step).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(answer.starts_with(r#"{"id":42,"version":1,"#), "{answer}");
    assert_eq!(
        get(&registry, "/config").await,
        r#"{"compatibilityLevel":"FULL","alias":"kept"}"#
    );
    assert_eq!(get(&registry, "/subjects").await, r#"["s","t"]"#);
    registry.stop().await;
}

/// The schemas of two registries, once each has read what the other wrote last.
async fn schemas_of_both(one: &Registry, other: &Registry, count: usize) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let texts = [get(one, "/schemas").await, get(other, "/schemas").await];
        let schemas: Vec<Value> = serde_json::from_str(&texts[0]).unwrap();
        if schemas.len() == count && texts[0] == texts[1] {
            return schemas;
        }
        assert!(Instant::now() < deadline, "{texts:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_registries_on_one_topic_do_not_share_an_id() {
    let topic = topic("two");
    let one = Registry::start(settings(&topic)).await.unwrap();
    let other = Registry::start(settings(&topic)).await.unwrap();
    for number in 0..20 {
        let step = |name: &str| {
            let schema = format!(r#"{{"type":"string","from":"{name}{number}"}}"#);
            json!({
                "method": "POST",
                "path": format!("/subjects/{name}{number}/versions"),
                "body": json!({"schema": schema}).to_string(),
            })
        };
        let (one_step, other_step) = (step("one"), step("other"));
        let (one_answer, other_answer) =
            tokio::join!(ask(&one, &one_step), ask(&other, &other_step));
        for (status, answer) in [one_answer, other_answer] {
            assert_eq!(status, StatusCode::OK, "{answer}");
        }
    }
    let schemas = schemas_of_both(&one, &other, 40).await;
    let mut ids: Vec<&Value> = schemas.iter().map(|schema| &schema["id"]).collect();
    ids.sort_by_key(|id| id.as_i64());
    ids.dedup();
    assert_eq!(ids.len(), 40, "{schemas:?}");
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_of_several_partitions_is_refused() {
    let topic = topic("wide");
    let new = NewTopic::new(&topic, 2, -1).compacted();
    admin().create_topic(&new).await.unwrap();
    let error = Registry::start(settings(&topic)).await.unwrap_err();
    assert!(
        matches!(error, StartError::Partitions { count: 2, .. }),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let settings = RegistrySettings {
        listen: listen.clone(),
        ..settings("unused")
    };
    let error = Registry::start(settings).await.unwrap_err();
    assert!(error.to_string().contains(&listen), "{error}");
}

/// What the official Python client asks for before it writes to a topic (2.16).
#[tokio::test]
async fn there_are_no_associations_and_none_can_be_made() {
    let registry = Registry::start(settings(&topic("associations")))
        .await
        .unwrap();
    let path = "/associations/resources/-/books?resourceType=topic&associationType=value&offset=0&limit=-1";
    assert_eq!(get(&registry, path).await, "[]");
    let step = json!({"method": "POST", "path": "/associations", "body": "{}"});
    let (status, answer) = ask(&registry, &step).await;
    assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{answer}");
    assert!(answer.contains("associations"), "{answer}");
    registry.stop().await;
}
