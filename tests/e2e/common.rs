//! What several of these tests need.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use connectd_harness::{MySql, Record, Worker, WorkerOptions, bootstrap};
use serde_json::{Map, Value, json};

/// The worker under test, in a group of its own.
pub(crate) fn options() -> WorkerOptions {
    WorkerOptions::new(env!("CARGO_BIN_EXE_connectd"))
}

/// A worker under test.
pub(crate) async fn worker() -> Worker {
    Worker::start(options()).await
}

/// The text of a file of `config-examples/`.
pub(crate) fn example(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config-examples");
    std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The body of a POST: a MySQL source named `name` that captures the database of the same name,
/// with `more` on top of the usual settings.
pub(crate) fn mysql_source(mysql: &MySql, name: &str, more: &[(&str, &str)]) -> Value {
    let mut config = Map::new();
    let usual = [
        (
            "connector.class",
            "io.debezium.connector.mysql.MySqlConnector".to_owned(),
        ),
        ("tasks.max", "1".to_owned()),
        ("database.hostname", mysql.host.clone()),
        ("database.port", mysql.port.to_string()),
        ("database.user", "debezium".to_owned()),
        ("database.password", "dbz".to_owned()),
        ("database.server.id", server_id().to_string()),
        ("topic.prefix", name.to_owned()),
        ("database.include.list", name.to_owned()),
        (
            "schema.history.internal.kafka.bootstrap.servers",
            bootstrap(),
        ),
        (
            "schema.history.internal.kafka.topic",
            format!("history.{name}"),
        ),
        ("value.converter.schemas.enable", "false".to_owned()),
        ("key.converter.schemas.enable", "false".to_owned()),
        (
            "key.converter",
            "org.apache.kafka.connect.json.JsonConverter".to_owned(),
        ),
        (
            "value.converter",
            "org.apache.kafka.connect.json.JsonConverter".to_owned(),
        ),
    ];
    for (key, value) in usual {
        config.insert(key.to_owned(), value.into());
    }
    for (key, value) in more {
        config.insert((*key).to_owned(), (*value).into());
    }
    json!({ "name": name, "config": config })
}

/// A `database.server.id` that no other connector of this run has.
pub(crate) fn server_id() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(700_000);
    NEXT.fetch_add(1, Ordering::Relaxed) + std::process::id() % 1000 * 100
}

/// A record's value as JSON; null for a tombstone.
pub(crate) fn value(record: &Record) -> Value {
    parse(record.value.as_deref())
}

/// A record's key as JSON.
pub(crate) fn key(record: &Record) -> Value {
    parse(record.key.as_deref())
}

fn parse(bytes: Option<&[u8]>) -> Value {
    let Some(bytes) = bytes else {
        return Value::Null;
    };
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {}", String::from_utf8_lossy(bytes)))
}

/// The payload of a record's value with its schema.
pub(crate) fn payload(record: &Record) -> Value {
    value(record)["payload"].clone()
}
