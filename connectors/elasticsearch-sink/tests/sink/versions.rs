//! Versions: records that are written again, and topics that were made again.

use std::time::Duration;

use connect_api::data::Value;
use serde_json::json;

use crate::records::{json_record, tombstone};
use crate::servers::{server, servers, unique};
use crate::task::Task;

#[tokio::test]
async fn records_that_are_written_again_change_nothing() {
    for server in servers() {
        let topic = unique("again");
        let mut task = Task::start(&server.url, &[("schema.ignore", "true")]).await;
        let records: Vec<_> = (0..10)
            .map(|offset| json_record(&topic, offset, "a", json!({"n": offset})))
            .collect();
        task.write(&records).await;
        task.write(&records[..5]).await;
        let found = server.document(&topic, "_doc", "a").await.unwrap();
        assert_eq!(
            (&found["_source"]["n"], &found["_version"]),
            (&json!(9), &json!(9))
        );
        assert_eq!(task.reported(), []);
        task.stop().await;
        server.delete(&topic).await;
    }
}

/// The offsets of a topic that was made again start anew, below the versions
/// of the old one's documents.
#[tokio::test]
async fn a_topic_that_was_made_again_is_named() {
    let server = server();
    let topic = unique("made-again");
    let more = [("schema.ignore", "true")];
    let mut old = Task::start(&server.url, &more).await;
    old.write(&[json_record(
        &topic,
        1000,
        "a",
        json!({"of": "the old topic"}),
    )])
    .await;
    for tolerates in [true, false] {
        let settings = crate::task::props(&server.url, &more);
        let mut new = Task::try_start(&settings, tolerates).await.unwrap();
        new.write(&[
            json_record(&topic, 0, "a", json!({"of": "the new topic"})),
            json_record(&topic, 1, "b", json!({"of": "the new topic"})),
        ])
        .await;
        assert_eq!(
            new.reported(),
            [],
            "it may still be on its way to the version"
        );
        // Nothing more comes: the partition has come to its end.
        tokio::time::sleep(Duration::from_millis(5100)).await;
        new.put(&[]).await.unwrap();
        new.write(&[json_record(&topic, 2, "a", json!({"of": "the new topic"}))])
            .await;
        let reported = new.reported();
        assert_eq!(reported.len(), 1, "{reported:?}");
        let (offset, why) = &reported[0];
        assert_eq!(*offset, 2);
        assert!(
            why.contains("has version 1000, above this record's 2: the topic was probably deleted and made again"),
            "{why}"
        );
    }
    assert_eq!(server.source(&topic, "b").await["of"], "the new topic");
    server.delete(&topic).await;
}

#[tokio::test]
async fn versions_come_from_a_header() {
    let server = server();
    let topic = unique("header");
    let more = [
        ("schema.ignore", "true"),
        ("external.version.header", "version"),
        ("behavior.on.null.values", "delete"),
    ];
    let mut task = Task::tolerant(&server.url, &more).await;
    let with = |offset, version: i64, n: i64| {
        let mut record = json_record(&topic, offset, "a", json!({ "n": n }));
        record
            .record
            .headers
            .add("version", None, Value::Int64(version));
        record
    };
    let mut deleted = tombstone(&topic, 2, "a");
    deleted
        .record
        .headers
        .add("version", None, Value::from("5"));
    task.write(&[
        with(0, 100, 1),
        with(1, 99, 2),
        deleted,
        json_record(&topic, 3, "b", json!({"n": 1})),
    ])
    .await;
    let found = server.document(&topic, "_doc", "a").await.unwrap();
    assert_eq!(
        (&found["_source"]["n"], &found["_version"]),
        (&json!(1), &json!(100))
    );
    let reported = task.reported();
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert!(
        reported[0].1.contains("no header 'version'"),
        "{reported:?}"
    );
    server.delete(&topic).await;
}
