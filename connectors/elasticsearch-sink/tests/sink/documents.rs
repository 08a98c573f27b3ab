//! Records become documents, under mappings of their schemas.

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Type, Value, logical};
use reqwest::Method;
use serde_json::json;

use crate::records::{json_record, record, structure, tombstone};
use crate::servers::{servers, unique};
use crate::task::{Task, connector, props};

fn sample() -> (SchemaRef, Value) {
    let micros = SchemaBuilder::new(Type::Int64).name("io.debezium.time.MicroTimestamp");
    let strings = SchemaBuilder::map(
        Schema::required(Type::String),
        Schema::required(Type::Int32),
    );
    structure(&[
        ("id", Schema::required(Type::Int32), Value::Int32(7)),
        (
            "name",
            Schema::optional(Type::String),
            Value::from("a \"name\"\n"),
        ),
        (
            "price",
            logical::decimal(2).build(),
            Value::Bytes(vec![1, 0].into()),
        ),
        (
            "at",
            logical::timestamp().build(),
            Value::Int64(1_577_836_800_000),
        ),
        (
            "micros",
            micros.build(),
            Value::Int64(1_577_836_800_000_000),
        ),
        (
            "blob",
            Schema::required(Type::Bytes),
            Value::Bytes(vec![0, 255].into()),
        ),
        ("none", Schema::optional(Type::Int64), Value::Null),
        (
            "map",
            strings.build(),
            Value::Map(vec![(Value::from("k"), Value::Int32(1))]),
        ),
    ])
}

#[tokio::test]
async fn schemas_make_mappings_and_keys_make_ids() {
    for server in servers() {
        let topic = unique("Sample");
        let index = topic.to_lowercase();
        let (schema, value) = sample();
        let mut task = Task::start(&server.url, &[]).await;
        task.write(&[record(&topic, 3, "key/1", Some(&schema), value)])
            .await;
        let expected = json!({
            "id": 7,
            "name": "a \"name\"\n",
            "price": 2.56,
            "at": 1_577_836_800_000_i64,
            "micros": 1_577_836_800_000_i64,
            "blob": "AP8=",
            "none": null,
            "map": {"k": 1},
        });
        let found = server.document(&index, "_doc", "key%2F1").await.unwrap();
        assert_eq!(found["_source"], expected, "{}", server.name);
        assert_eq!(found["_version"], 3);
        let mapping = server.mapping(&index, "_doc").await;
        let kinds = [
            ("id", "integer"),
            ("name", "text"),
            ("price", "double"),
            ("at", "date"),
            ("micros", "date"),
            ("blob", "binary"),
            ("none", "long"),
        ];
        for (field, kind) in kinds {
            assert_eq!(mapping["properties"][field]["type"], kind, "{field}");
        }
        assert_eq!(
            mapping["properties"]["name"]["fields"]["keyword"]["ignore_above"],
            256
        );
        server.delete(&index).await;
    }
}

#[tokio::test]
async fn the_settings_of_the_slides() {
    for server in servers() {
        let topic = unique("lisa18");
        let more = [
            ("key.ignore", "true"),
            ("schema.ignore", "true"),
            ("type.name", "type.name=kafkaconnect"),
        ];
        let mut task = Task::start(&server.url, &more).await;
        let value = json!({"rating_id": 2133, "stars": 1, "message": "worst. flight. ever."});
        task.write(&[
            json_record(&topic, 0, "", value.clone()),
            tombstone(&topic, 1, "ignored"),
            json_record(&topic, 2, "", value.clone()),
        ])
        .await;
        let id = format!("{topic}+0+2");
        let found = server.document(&topic, "type.name=kafkaconnect", &id).await;
        let found = found.unwrap_or_else(|| panic!("{}: no {id}", server.name));
        assert_eq!(found["_source"], value);
        assert_eq!(found["_version"], 1, "no external version");
        assert_eq!(server.count(&topic).await, 2);
        server.delete(&topic).await;
    }
}

#[tokio::test]
async fn templates_make_mappings_too() {
    for server in servers() {
        let topic = unique("templated");
        let dynamic = json!({"dynamic_templates": [
            {"dates": {"match": "EXTRACT_TS", "mapping": {"type": "date"}}},
        ]});
        let mappings = match server.has_types() {
            true => json!({ "kafkaconnect": dynamic }),
            false => dynamic,
        };
        let template = json!({ "index_patterns": [&topic], "mappings": mappings });
        let path = format!("_template/{topic}");
        server.ask(Method::PUT, &path, Some(template)).await;
        let mut task = Task::start(&server.url, &[("type.name", "kafkaconnect")]).await;
        let (schema, value) = structure(&[
            ("EXTRACT_TS", logical::timestamp().build(), Value::Int64(5)),
            ("n", Schema::required(Type::Int32), Value::Int32(5)),
        ]);
        task.write(&[record(&topic, 0, "a", Some(&schema), value)])
            .await;
        let mapping = server.mapping(&topic, "kafkaconnect").await;
        assert_eq!(mapping["properties"]["EXTRACT_TS"]["type"], "date");
        // The template's mapping is there before, so the schema makes none.
        assert_eq!(
            mapping["properties"]["n"]["type"], "long",
            "{}",
            server.name
        );
        server.ask(Method::DELETE, &path, None).await;
        server.delete(&topic).await;
    }
}

#[tokio::test]
async fn topics_are_mapped_to_indices_and_created_at_start() {
    for server in servers() {
        let (topic, index) = (unique("Topic"), unique("index"));
        let map = format!("{topic}:{index}");
        let more = [
            ("topic.index.map", &*map),
            ("auto.create.indices.at.start", "true"),
            ("schema.ignore", "true"),
        ];
        let mut task = Task::start(&server.url, &more).await;
        let first = json_record(&topic, 0, "a", json!({"n": 1}));
        task.open(std::slice::from_ref(&first.origin))
            .await
            .unwrap();
        server.ask(Method::HEAD, &index, None).await;
        task.write(&[first]).await;
        assert_eq!(server.source(&index, "a").await, json!({"n": 1}));
        server.delete(&index).await;
    }
}

#[tokio::test]
async fn tombstones_delete_what_is_there() {
    for server in servers() {
        let topic = unique("deleted");
        let more = [
            ("schema.ignore", "true"),
            ("behavior.on.null.values", "delete"),
        ];
        let mut task = Task::start(&server.url, &more).await;
        task.write(&[
            json_record(&topic, 0, "a", json!({"n": 1})),
            json_record(&topic, 1, "b", json!({"n": 1})),
            tombstone(&topic, 2, "a"),
            tombstone(&topic, 3, "never there"),
        ])
        .await;
        assert_eq!(server.document(&topic, "_doc", "a").await, None);
        assert_eq!(server.count(&topic).await, 1, "{}", server.name);
        server.delete(&topic).await;
    }
}

#[tokio::test]
async fn upserts_keep_the_other_fields_and_the_order() {
    for server in servers() {
        let topic = unique("upserted");
        let more = [
            ("schema.ignore", "true"),
            ("write.method", "upsert"),
            ("behavior.on.null.values", "delete"),
            ("batch.size", "1"),
        ];
        let mut task = Task::start(&server.url, &more).await;
        let mut records = vec![
            json_record(&topic, 0, "gone", json!({"n": 1})),
            tombstone(&topic, 1, "gone"),
            json_record(&topic, 2, "a", json!({"first": true})),
        ];
        records
            .extend((3..60).map(|offset| json_record(&topic, offset, "a", json!({"n": offset}))));
        task.write(&records).await;
        let found = server.source(&topic, "a").await;
        assert_eq!(found, json!({"first": true, "n": 59}), "{}", server.name);
        assert_eq!(server.document(&topic, "_doc", "gone").await, None);
        server.delete(&topic).await;
    }
}

#[tokio::test]
async fn elasticsearch_makes_ids_on_demand() {
    for server in servers() {
        let topic = unique("generated");
        let more = [("schema.ignore", "true"), ("use.autogenerated.ids", "true")];
        let mut task = Task::start(&server.url, &more).await;
        let again = json_record(&topic, 0, "a", json!({"n": 1}));
        task.write(&[again.clone(), again]).await;
        assert_eq!(server.count(&topic).await, 2);
        server.delete(&topic).await;
    }
}

#[tokio::test]
async fn data_streams_where_there_are_any() {
    for server in servers() {
        let topic = unique("stream").replace('-', "_");
        let more = [
            ("schema.ignore", "true"),
            ("data.stream.type", "logs"),
            ("data.stream.dataset", "connectd"),
            ("data.stream.timestamp.field", "none,at"),
        ];
        let settings = props(&server.url, &more);
        let started = Task::try_start(&settings, false).await;
        if matches!(server.name, "elasticsearch" | "elasticsearch-6.8") {
            let error = started.err().expect("no data streams").trace();
            assert!(error.contains("has no data streams"), "{error}");
            let mut values = connector().validate(&settings);
            connector().validate_outside(&settings, &mut values).await;
            let stream = values.iter().find(|value| value.name == "data.stream.type");
            assert_eq!(stream.unwrap().errors.len(), 1);
            continue;
        }
        let mut task = started.unwrap();
        let documents = [
            json_record(
                &topic,
                0,
                "a",
                json!({"n": 1, "at": "2021-05-14T11:11:22Z"}),
            ),
            json_record(
                &topic,
                1,
                "a",
                json!({"n": 2, "at": "2021-05-14T11:11:23Z"}),
            ),
        ];
        // The distribution under test lacks the module for them.
        if server.name.starts_with("elasticsearch") {
            let error = task.fail(&documents).await;
            assert!(
                error.contains("creating data stream logs-connectd-stream"),
                "{error}"
            );
            continue;
        }
        let name = format!("logs-connectd-{topic}");
        let template = json!({"index_patterns": [&name], "data_stream": {}, "priority": 500});
        let path = format!("_index_template/{topic}");
        server.ask(Method::PUT, &path, Some(template)).await;
        task.write(&documents).await;
        // Written again after a restart.
        let mut again = Task::try_start(&settings, false).await.unwrap();
        again
            .write(&[
                json_record(&topic, 0, "b", documents_value()),
                json_record(&topic, 2, "b", documents_value()),
            ])
            .await;
        let answer = server
            .ask(Method::POST, &format!("{name}/_refresh"), None)
            .await;
        assert_eq!(answer["_shards"]["failed"], 0);
        let found = server
            .ask(
                Method::GET,
                &format!("{name}/_search?sort=@timestamp"),
                None,
            )
            .await;
        let hits = found["hits"]["hits"].as_array().unwrap();
        assert!(hits.len() >= 2, "{found}");
        assert_eq!(hits[0]["_source"]["@timestamp"], "2021-05-14T11:11:22Z");
        server
            .ask(Method::DELETE, &format!("_data_stream/{name}"), None)
            .await;
        server.ask(Method::DELETE, &path, None).await;
    }
}

fn documents_value() -> serde_json::Value {
    json!({"n": 3, "at": "2021-05-14T11:11:24Z"})
}

#[tokio::test]
async fn compressed_requests_and_external_resources() {
    for server in servers() {
        let (topic, index) = (unique("external"), unique("resource"));
        server
            .create(&index, json!({"properties": {"n": {"type": "long"}}}))
            .await;
        let map = format!("{topic}:{index}");
        let more = [
            ("topics", &*topic),
            ("external.resource.usage", "index"),
            ("topic.to.external.resource.mapping", &*map),
            ("connection.compression", "true"),
        ];
        let settings = props(&server.url, &more);
        let mut values = connector().validate(&settings);
        connector().validate_outside(&settings, &mut values).await;
        assert!(
            values.iter().all(|value| value.errors.is_empty()),
            "{values:?}"
        );
        let mut task = Task::start(&server.url, &more).await;
        let (schema, value) = structure(&[("n", Schema::required(Type::Int64), Value::Int64(1))]);
        let records: Vec<_> = (0..300)
            .map(|offset| {
                record(
                    &topic,
                    offset,
                    &offset.to_string(),
                    Some(&schema),
                    value.clone(),
                )
            })
            .collect();
        task.write(&records).await;
        assert_eq!(server.count(&index).await, 300);
        assert_eq!(server.send(Method::HEAD, &topic, None).await.0, 404);
        server.delete(&index).await;
    }
}
