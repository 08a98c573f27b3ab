//! What Elasticsearch refuses, by the policies, with its own words.

use connect_api::data::{Schema, Type, Value};
use serde_json::json;

use crate::records::{json_record, record, structure, tombstone};
use crate::servers::{Server, server, servers, unique};
use crate::task::{Task, connector, props};

async fn index_of_numbers(server: &Server) -> String {
    let index = unique("refused");
    let numbers = json!({"properties": {"n": {"type": "integer"}}});
    server.create(&index, numbers).await;
    index
}

#[tokio::test]
async fn mapping_conflicts_go_where_errors_are_tolerated() {
    for server in servers() {
        let index = index_of_numbers(&server).await;
        let records = [
            json_record(&index, 0, "a", json!({"n": 1})),
            json_record(&index, 1, "b", json!({"n": "no number"})),
            json_record(&index, 2, "c", json!({"n": 3})),
        ];
        let more = [("schema.ignore", "true")];
        let mut task = Task::tolerant(&server.url, &more).await;
        task.write(&records).await;
        assert_eq!(server.count(&index).await, 2, "{}", server.name);
        let reported = task.reported();
        assert_eq!(reported.len(), 1, "{reported:?}");
        let (offset, why) = &reported[0];
        assert_eq!(*offset, 1);
        for part in [
            "_parsing_exception: ",
            "failed to parse field [n] of type [integer]",
            "For input string: \"no number\"",
            &format!("topic: {index}, partition: 0, offset: 1"),
        ] {
            assert!(why.contains(part), "{}: {why}", server.name);
        }
        let mut strict = Task::start(&server.url, &more).await;
        let error = strict.fail(&records).await;
        assert!(error.contains("failed to parse field [n]"), "{error}");
        server.delete(&index).await;
    }
}

#[tokio::test]
async fn malformed_documents_by_policy() {
    for server in servers() {
        let index = index_of_numbers(&server).await;
        let records = [
            json_record(&index, 0, "a", json!({"n": "no number"})),
            record(&index, 1, "b", None, Value::from("a text")),
            json_record(&index, 2, "c", json!({"n": 3})),
        ];
        for policy in ["ignore", "warn"] {
            let more = [
                ("schema.ignore", "true"),
                ("behavior.on.malformed.documents", policy),
            ];
            let mut task = Task::start(&server.url, &more).await;
            task.write(&records).await;
            let offsets: Vec<i64> = task.reported().iter().map(|(offset, _)| *offset).collect();
            assert_eq!(offsets, [1, 0], "{}", server.name);
        }
        assert_eq!(server.count(&index).await, 1);
        let mut task = Task::start(&server.url, &[("schema.ignore", "true")]).await;
        let error = task.fail(&records[1..2]).await;
        assert!(error.contains("the value is of type string"), "{error}");
        server.delete(&index).await;
    }
}

#[tokio::test]
async fn an_index_that_is_read_only_or_full_of_fields() {
    for server in servers() {
        let index = index_of_numbers(&server).await;
        let more = [
            ("schema.ignore", "true"),
            ("max.retries", "1"),
            ("retry.backoff.ms", "10"),
        ];
        server
            .set(&index, json!({"index.mapping.total_fields.limit": 3}))
            .await;
        let mut task = Task::tolerant(&server.url, &more).await;
        let many = json!({"n": 1, "a": 1, "b": 2, "c": 3, "d": 4});
        task.write(&[
            json_record(&index, 0, "a", many),
            json_record(&index, 1, "b", json!({"n": 1})),
        ])
        .await;
        server
            .set(&index, json!({"index.blocks.read_only": true}))
            .await;
        task.write(&[json_record(&index, 2, "c", json!({"n": 1}))])
            .await;
        let reported = task.reported();
        assert_eq!(reported.len(), 2, "{reported:?}");
        assert!(
            reported[0].1.contains("Limit of total fields [3]"),
            "{reported:?}"
        );
        assert!(
            reported[1].1.contains("index read-only (api)"),
            "{reported:?}"
        );
        let mut strict = Task::start(&server.url, &more).await;
        let error = strict
            .fail(&[json_record(&index, 3, "d", json!({"n": 1}))])
            .await;
        assert!(error.contains("index read-only (api)"), "{error}");
        assert!(error.contains("offset: 3"), "{error}");
        server.delete(&index).await;
    }
}

#[tokio::test]
async fn records_that_cannot_become_documents() {
    let server = server();
    let topic = unique("invalid");
    let (schema, value) = structure(&[("n", Schema::required(Type::Int32), Value::Int32(1))]);
    let (_, hole) = structure(&[("n", Schema::required(Type::Int32), Value::Null)]);
    let mut without_key = record(&topic, 1, "", Some(&schema), value.clone());
    without_key.record.key = Value::Null;
    let records = [
        record(&topic, 0, "a", Some(&schema), value.clone()),
        without_key,
        record(&topic, 2, &"x".repeat(513), Some(&schema), value),
        record(&topic, 3, "c", Some(&schema), hole),
        tombstone(&topic, 4, "a"),
    ];
    let mut task = Task::tolerant(&server.url, &[]).await;
    task.write(&records).await;
    let reported = task.reported();
    let parts = [
        (1, "Key is used as document id and can not be null"),
        (2, "the key is 513 bytes long"),
        (3, "null value for field that is required"),
        (4, "'behavior.on.null.values' from 'FAIL' to 'IGNORE'"),
    ];
    assert_eq!(reported.len(), parts.len(), "{reported:?}");
    for ((offset, why), (expected, part)) in reported.iter().zip(parts) {
        assert_eq!(*offset, expected);
        assert!(why.contains(part), "{why}");
        assert!(
            why.contains(&format!("topic: {topic}, partition: 0, offset: {offset}")),
            "{why}"
        );
    }
    assert!(reported[2].1.contains("(field: n"), "{reported:?}");

    let mut strict = Task::start(&server.url, &[]).await;
    let error = strict.fail(&records[1..2]).await;
    assert!(error.contains("can not be null"), "{error}");
    let mut dropping = Task::start(&server.url, &[("drop.invalid.message", "true")]).await;
    dropping.write(&records).await;
    assert_eq!(server.count(&topic).await, 1);
    server.delete(&topic).await;
}

#[tokio::test]
async fn a_record_without_a_schema_makes_no_mapping() {
    let server = server();
    let topic = unique("schemaless");
    let mut task = Task::tolerant(&server.url, &[]).await;
    let schemaless = json_record(&topic, 0, "a", json!({"n": 1}));
    let (schema, value) = structure(&[("n", Schema::required(Type::Int32), Value::Int32(1))]);
    task.write(&[
        schemaless.clone(),
        record(&topic, 1, "b", Some(&schema), value),
        json_record(&topic, 2, "c", json!({"n": 1})),
    ])
    .await;
    let reported = task.reported();
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert!(
        reported[0]
            .1
            .contains("Cannot infer mapping without schema"),
        "{reported:?}"
    );
    // Once the index has a mapping, it is none of the record's business.
    assert_eq!(server.count(&topic).await, 2);
    server.delete(&topic).await;
}

#[tokio::test]
async fn a_name_that_no_index_can_have() {
    let server = server();
    let more = [
        ("schema.ignore", "true"),
        ("topic.index.map", "t:Upper#Case"),
    ];
    let mut task = Task::start(&server.url, &more).await;
    let error = task
        .fail(&[json_record("t", 0, "a", json!({"n": 1}))])
        .await;
    assert!(error.contains("creating index Upper#Case"), "{error}");
    assert!(error.contains("invalid_index_name_exception"), "{error}");
}

#[tokio::test]
async fn what_is_no_elasticsearch() {
    let dead = "http://127.0.0.1:1";
    let settings = props(dead, &[("max.retries", "1"), ("retry.backoff.ms", "1")]);
    let error = Task::try_start(&settings, false).await.err().unwrap();
    assert!(error.is_retriable());
    let trace = error.trace();
    assert!(
        trace.contains("no node of Elasticsearch answers: http://127.0.0.1:1"),
        "{trace}"
    );
    assert!(trace.contains("onnection refused"), "{trace}");

    let mut values = connector().validate(&settings);
    connector().validate_outside(&settings, &mut values).await;
    let url = values
        .iter()
        .find(|value| value.name == "connection.url")
        .unwrap();
    assert_eq!(url.errors.len(), 1);
    assert!(
        url.errors[0].starts_with("Could not connect to Elasticsearch."),
        "{:?}",
        url.errors
    );
}
