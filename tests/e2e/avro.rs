//! Records in Avro, with a real schema registry; read by a reader that is not ours.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connectd_harness::{
    Kafka, MySql, Record, Registry, Worker, WorkerOptions, alone, bootstrap, eventually, read_avro,
    read_topic, start, stop, unique, variable, wait_for_records,
};
use serde_json::{Value, json};

use crate::common::{example, mysql_source, options};

const AVRO: &str = "io.confluent.connect.avro.AvroConverter";

/// A worker whose default converters are Avro, as the bookstore's is.
fn avro_options() -> WorkerOptions {
    let url = Registry::url();
    options()
        .with("key.converter", AVRO)
        .with("key.converter.schema.registry.url", &url)
        .with("value.converter", AVRO)
        .with("value.converter.schema.registry.url", &url)
}

/// The settings with which a connector names the converters itself.
fn avro_settings(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let url = Registry::url();
    let mut settings = Vec::new();
    for side in ["key", "value"] {
        settings.push((format!("{side}.converter"), AVRO.to_owned()));
        settings.push((format!("{side}.converter.schema.registry.url"), url.clone()));
        for (name, value) in more {
            settings.push((format!("{side}.converter.{name}"), (*value).to_owned()));
        }
    }
    settings
}

/// A MySQL source in Avro that captures the database `name`.
fn source(mysql: &MySql, name: &str, more: &[(&str, &str)]) -> Value {
    let mut body = mysql_source(mysql, name, &[]);
    let config = body["config"].as_object_mut().expect("a config");
    config.retain(|key, _| !key.contains(".converter"));
    for (key, value) in avro_settings(&[]) {
        config.insert(key, value.into());
    }
    for (key, value) in more {
        config.insert((*key).to_owned(), (*value).into());
    }
    body
}

async fn values(registry: &Registry, records: &[Record]) -> Vec<Value> {
    let mut values = Vec::new();
    for record in records {
        values.push(match &record.value {
            Some(value) => registry.read(value).await.1,
            None => Value::Null,
        });
    }
    values
}

async fn keys(registry: &Registry, records: &[Record]) -> Vec<Value> {
    let mut keys = Vec::new();
    for record in records {
        keys.push(registry.read(record.key.as_ref().expect("a key")).await.1);
    }
    keys
}

#[tokio::test]
async fn bookstore() {
    let _alone = alone().await;
    let (mysql, kafka, registry) = (MySql::plain(), Kafka::new(), Registry::new());
    for prefix in ["asgard", "dbhistory.demo"] {
        kafka.delete(&kafka.topics(prefix)).await;
    }
    registry.delete("asgard").await;
    // The document's connector captures every database, and not all names are Avro's.
    mysql.drop_databases().await;
    mysql.run(&example("sql/bookstore.sql")).await;
    let worker = Worker::start(avro_options()).await;
    let mut body: Value =
        serde_json::from_str(&example("mysql-source-inventory.json")).expect("JSON");
    let config = body["config"].as_object_mut().expect("a config");
    config.insert("database.hostname".to_owned(), mysql.host.clone().into());
    config.insert("database.port".to_owned(), mysql.port.to_string().into());
    let servers = "database.history.kafka.bootstrap.servers";
    config.insert(servers.to_owned(), bootstrap().into());
    worker.rest.create(&body).await;
    let name = body["name"].as_str().expect("a name");
    worker.rest.wait_for_task(name, "RUNNING").await;

    let books = wait_for_records("asgard.inventory.book", 5).await;
    let keys = keys(&registry, &books).await;
    let place = keys.iter().position(|key| key["bookId"] == "Fr7vCgAAQBAJ");
    let castle = &books[place.expect("the book")];
    let (schema, castle_value) = registry.read(castle.value.as_ref().expect("a value")).await;
    let expected = json!({
        "bookId": "Fr7vCgAAQBAJ", "title": "Das Schloss", "authors": "Franz Kafka",
        "categories": "Authors, Austrian", "price": 1700, "published": -15737,
        "messagetopic": "asgard.inventory.book",
        "messagesource": "Debezium CDC from MySQL on asgard",
    });
    assert_eq!(castle_value, expected);
    assert_eq!(schema, BOOK, "what the registry has");
    let (key_schema, _) = registry.read(castle.key.as_ref().expect("a key")).await;
    assert_eq!(
        key_schema,
        r#"{"type":"record","name":"Key","namespace":"asgard.inventory.book","fields":[{"name":"bookId","type":"string"}],"connect.name":"asgard.inventory.book.Key"}"#
    );
    let customers = wait_for_records("asgard.inventory.customers", 3).await;
    let customers = values(&registry, &customers).await;
    assert!(customers.iter().any(|c| c["city"] == "Frankfurt am Main"));
    let subjects = registry.subjects("asgard.inventory.book").await;
    assert_eq!(
        subjects,
        ["asgard.inventory.book-key", "asgard.inventory.book-value"]
    );

    mysql
        .run("UPDATE inventory.customers SET city = 'Wien' WHERE id = 1")
        .await;
    let customers = wait_for_records("asgard.inventory.customers", 4).await;
    assert_eq!(values(&registry, &customers[3..]).await[0]["city"], "Wien");
    assert!(
        !read_topic("asgard").await.is_empty(),
        "schema changes in Avro"
    );
}

/// `AvroData`'s text of what Debezium's and InsertField's schemas are here.
const BOOK: &str = concat!(
    r#"{"type":"record","name":"Value","namespace":"asgard.inventory.book","fields":["#,
    r#"{"name":"bookId","type":"string"},{"name":"title","type":"string"},"#,
    r#"{"name":"authors","type":["null","string"],"default":null},"#,
    r#"{"name":"categories","type":["null","string"],"default":null},"#,
    r#"{"name":"price","type":"int"},"#,
    r#"{"name":"published","type":["null",{"type":"int","connect.version":1,"#,
    r#""connect.name":"io.debezium.time.Date"}],"default":null},"#,
    r#"{"name":"messagetopic","type":["null","string"],"default":null},"#,
    r#"{"name":"messagesource","type":["null","string"],"default":null}],"#,
    r#""connect.name":"asgard.inventory.book.Value"}"#
);

/// What the JVM's worker 4.3.1 wrote with Debezium 3.6.1 and Apicurio's Avro converter 2.6.13.
fn recorded() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e/avro.json.gz");
    let mut json = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).expect("the file"))
        .read_to_string(&mut json)
        .expect("gzip");
    serde_json::from_str(&json).expect("JSON")
}

/// The recorded connector, with Apicurio's own settings, on this run's servers.
fn recorded_connector(recorded: &Value, mysql: &MySql) -> Value {
    let mut config = recorded["config"].clone();
    let own_api = Registry::url().replace("/apis/ccompat/v7", "/apis/registry/v2");
    for (key, value) in config.as_object_mut().expect("a config") {
        let replaced = match &**key {
            "database.hostname" => mysql.host.clone(),
            "database.port" => mysql.port.to_string(),
            "schema.history.internal.kafka.bootstrap.servers" => bootstrap(),
            key if key.ends_with(".apicurio.registry.url") => own_api.clone(),
            _ => continue,
        };
        *value = replaced.into();
    }
    json!({ "name": "c_avro_apicurio", "config": config })
}

fn counts(value: &Value) -> BTreeMap<String, usize> {
    serde_json::from_value(value.clone()).expect("counts")
}

#[tokio::test]
async fn schemas_and_records_are_those_of_the_jvm_worker() {
    let _alone = alone().await;
    let (mysql, kafka, registry) = (MySql::plain(), Kafka::new(), Registry::new());
    let recorded = recorded();
    for prefix in ["c_avro_apicurio", "schemahistory.c_avro_apicurio"] {
        kafka.delete(&kafka.topics(prefix)).await;
    }
    registry.delete("c_avro_apicurio").await;
    mysql.drop_databases().await;
    mysql
        .run(recorded["sql_before"].as_str().expect("SQL"))
        .await;
    let worker = Worker::start(options()).await;
    worker
        .rest
        .create(&recorded_connector(&recorded, &mysql))
        .await;
    for (topic, count) in counts(&recorded["after_snapshot"]) {
        wait_for_records(&topic, count).await;
    }
    mysql
        .run(recorded["sql_after"].as_str().expect("SQL"))
        .await;

    let mut differences = Vec::new();
    for (topic, expected) in recorded["topics"].as_object().expect("topics") {
        let expected = expected.as_array().expect("records");
        let found = wait_for_records(topic, expected.len()).await;
        assert_eq!(found.len(), expected.len(), "{topic}");
        for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
            let sides = [(&found.key, &expected[0]), (&found.value, &expected[1])];
            for (bytes, expected) in sides {
                let found = match bytes {
                    Some(bytes) => masked(registry.read(bytes).await),
                    None => Value::Null,
                };
                let expected = recorded_side(&recorded, expected);
                let (found, expected) = (comparable(topic, found), comparable(topic, expected));
                if found != expected {
                    differences.push(format!("{topic}, {place}:\n  {found}\n  {expected}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    // The recorded registry had some schemas more, of an earlier run.
    let used = used_schemas(&recorded);
    let mut expected: Value = recorded["subjects"].clone();
    let subjects = expected.as_object_mut().expect("subjects");
    subjects.retain(|_, schemas| {
        let schemas = schemas.as_array_mut().expect("schemas");
        schemas.retain(|schema| used.contains(schema));
        !schemas.is_empty()
    });
    let mut found = serde_json::Map::new();
    for subject in registry.subjects("c_avro_apicurio.").await {
        let schemas = registry.schemas(&subject).await;
        found.insert(subject, schemas.into());
    }
    assert_eq!(Value::Object(found), expected);
}

/// The schemas of the recorded records.
fn used_schemas(recorded: &Value) -> Vec<Value> {
    let topics = recorded["topics"].as_object().expect("topics").values();
    let records = topics.flat_map(|records| records.as_array().expect("records"));
    let sides = records.flat_map(|record| record.as_array().expect("key and value"));
    let ids = sides.filter_map(|side| side["id"].as_u64());
    ids.map(|id| recorded["schemas"][id.to_string()].clone())
        .collect()
}

fn recorded_side(recorded: &Value, side: &Value) -> Value {
    let Some(id) = side["id"].as_u64() else {
        return Value::Null;
    };
    let schema = recorded["schemas"][id.to_string()]
        .as_str()
        .expect("a schema");
    let bytes = STANDARD
        .decode(side["bytes"].as_str().expect("bytes"))
        .expect("base64");
    masked((schema.to_owned(), read_avro(schema, &bytes)))
}

/// Without years and dates of the year 0, which the original's snapshot takes for 2000 and 2001:
/// tests/parity/accepted.rs has the difference, and why.
fn comparable(topic: &str, mut record: Value) -> Value {
    if topic.ends_with(".zero_dates")
        && let Some(row) = record["value"]["after"].as_object_mut()
    {
        let of_year_0 = ["y", "y_nn", "d_nn", "dt", "dt_nn", "dt6", "dt6_nn"];
        row.retain(|name, _| !of_year_0.contains(&&**name));
    }
    record
}

/// Without what depends on the server, the clock and the run.
fn masked((schema, mut value): (String, Value)) -> Value {
    let hide = |value: &mut Value, names: &[&str]| {
        for name in names {
            if let Some(field) = value.get_mut(*name).filter(|field| !field.is_null()) {
                *field = json!("masked");
            }
        }
    };
    hide(&mut value, &["ts_ms", "ts_us", "ts_ns"]);
    if let Some(source) = value.get_mut("source") {
        let of_the_run = [
            "ts_ms",
            "ts_us",
            "ts_ns",
            "file",
            "pos",
            "server_id",
            "thread",
            "gtid",
        ];
        hide(source, &of_the_run);
    }
    // Columns that take the server's time.
    for side in ["before", "after"] {
        if let Some(row) = value.get_mut(side) {
            hide(row, &["updated", "d_dt_now", "d_ts_now"]);
        }
    }
    json!({ "schema": schema, "value": value })
}

#[tokio::test]
async fn an_incompatible_schema_fails_with_the_registrys_words() {
    let _alone = alone().await;
    let mysql = MySql::plain();
    let name = unique("avro_refused");
    mysql
        .run(&format!(
            "CREATE DATABASE {name}; USE {name};
             CREATE TABLE t (id INT PRIMARY KEY, a INT); INSERT INTO t VALUES (1, 2)"
        ))
        .await;
    let worker = Worker::start(options()).await;
    worker.rest.create(&source(&mysql, &name, &[])).await;
    let topic = format!("{name}.{name}.t");
    wait_for_records(&topic, 1).await;
    mysql
        .run(&format!(
            "USE {name}; ALTER TABLE t ADD COLUMN b INT NOT NULL; INSERT INTO t VALUES (2, 3, 4)"
        ))
        .await;
    let status = worker.rest.wait_for_task(&name, "FAILED").await;
    let trace = status["tasks"][0]["trace"].as_str().expect("a trace");
    // The one is Apicurio's, the other Confluent's.
    let words = match &*variable("SCHEMA_REGISTRY_SERVICE") {
        "schema-registry" => "Incompatible artifact",
        _ => "Schema being registered is incompatible with an earlier schema for subject",
    };
    for words in [
        "Tolerance exceeded in error handler",
        &format!("Error registering Avro schema for subject {topic}-value"),
        words,
        "error code: 409",
    ] {
        assert!(trace.contains(words), "{words} is not in: {trace}");
    }
    mysql.run(&format!("DROP DATABASE {name}")).await;
}

#[tokio::test]
async fn a_registry_that_is_down_is_waited_for() {
    let _alone = alone().await;
    let (mysql, kafka) = (MySql::plain(), Kafka::new());
    let name = unique("avro_down");
    mysql
        .run(&format!(
            "CREATE DATABASE {name}; USE {name};
             CREATE TABLE t (id INT PRIMARY KEY, a INT); INSERT INTO t VALUES (1, 2)"
        ))
        .await;
    let worker = Worker::start(options()).await;
    stop("schema-registry");
    let more = [
        ("errors.retry.timeout", "120000"),
        ("errors.retry.delay.max.ms", "1000"),
    ];
    worker.rest.create(&source(&mysql, &name, &more)).await;
    eventually("a request that nobody answers", async || {
        worker.log().contains("does not answer").then_some(())
    })
    .await;
    worker.rest.wait_for_task(&name, "RUNNING").await;
    let topic = format!("{name}.{name}.t");
    assert_eq!(kafka.count(&topic).await, 0);
    start("schema-registry");
    let records = wait_for_records(&topic, 1).await;
    let value = &values(&Registry::new(), &records).await[0];
    assert_eq!(value["after"], json!({"id": 1, "a": 2}));
    mysql.run(&format!("DROP DATABASE {name}")).await;
}
