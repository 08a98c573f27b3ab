//! The schema history in a topic of a real broker, whose address is in `KAFKA_BOOTSTRAP`
//! (`tests/services/up kafka` starts one).
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why and fails"
)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connect_kafka::admin::{Admin, NewTopic};
use connect_kafka::{ClientKind, ClientSettings, Props};
use connect_mysql_source::schema_history::{
    HistoryRecord, KafkaSchemaHistory, SchemaHistoryError, SchemaHistoryStore,
};

fn bootstrap() -> String {
    std::env::var("KAFKA_BOOTSTRAP")
        .expect("KAFKA_BOOTSTRAP names a broker: eval \"$(tests/services/up kafka)\"")
}

fn topic(test: &str) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    format!("schema-history-{test}-{now}")
}

fn history(topic: &str) -> KafkaSchemaHistory {
    let props = Props::new();
    let timeout = Duration::from_secs(30);
    KafkaSchemaHistory::new(
        topic,
        &bootstrap(),
        "history-test",
        (&props, &props),
        timeout,
    )
    .unwrap()
}

fn admin() -> Admin {
    let props = Props::from([("bootstrap.servers".to_owned(), bootstrap())]);
    Admin::new(&ClientSettings::from_props(ClientKind::Admin, &props).unwrap()).unwrap()
}

fn record(number: usize) -> HistoryRecord {
    let position = format!(r#"{{"file":"mysql-bin.000001","pos":{number}}}"#);
    HistoryRecord {
        source: serde_json::from_str(r#"{"server":"dbserver1"}"#).unwrap(),
        position: serde_json::from_str(&position).unwrap(),
        ts_ms: Some(1_700_000_000_000),
        database_name: Some("inventory".into()),
        ddl: Some(format!("CREATE TABLE `t{number}` (\n  id INT -- é\n)")),
        table_changes: Some(Vec::new()),
        ..HistoryRecord::default()
    }
}

async fn all(history: &KafkaSchemaHistory) -> Vec<HistoryRecord> {
    let mut records = Vec::new();
    history
        .read_all(&mut |record| {
            records.push(record);
            Ok(())
        })
        .await
        .unwrap();
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_stored_and_read_in_order() {
    let topic = topic("order");
    let history = history(&topic);
    assert!(!history.storage_exists().await.unwrap());
    assert!(!history.exists().await.unwrap());
    history.initialize_storage().await.unwrap();
    history.initialize_storage().await.unwrap();
    while !history.storage_exists().await.unwrap() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!history.exists().await.unwrap(), "it has no records yet");
    assert_eq!(all(&history).await, []);

    let admin = admin();
    let configs = admin.topic_configs(&topic).await.unwrap().unwrap();
    // What the topic that Debezium 3.6.1 makes has.
    assert_eq!(configs.get("cleanup.policy"), Some("delete"));
    assert_eq!(configs.get("retention.ms"), Some("9223372036854775807"));
    assert_eq!(configs.get("retention.bytes"), Some("-1"));
    assert_eq!(
        admin
            .describe_topic(&topic)
            .await
            .unwrap()
            .unwrap()
            .partitions,
        [0]
    );

    let records: Vec<HistoryRecord> = (0..3000).map(record).collect();
    history.store(&records[..1]).await.unwrap();
    history.store(&records[1..]).await.unwrap();
    assert!(history.exists().await.unwrap());
    assert!(all(&history).await == records);
    admin.delete_topic(&topic).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_visitor_comes_back() {
    let topic = topic("error");
    let history = history(&topic);
    history.initialize_storage().await.unwrap();
    history.store(&[record(1), record(2)]).await.unwrap();
    let mut seen = 0;
    let error = history
        .read_all(&mut |_| {
            seen += 1;
            Err(SchemaHistoryError::Unreadable {
                place: "here".into(),
                reason: "why".into(),
            })
        })
        .await
        .unwrap_err();
    assert_eq!((seen, error.is_retriable()), (1, false));
    admin().delete_topic(&topic).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_cannot_hold_a_history_are_refused() {
    let admin = admin();
    for (test, new, reason) in [
        (
            "compacted",
            NewTopic::new("", 1, 1).compacted(),
            "its cleanup.policy is compact",
        ),
        ("partitions", NewTopic::new("", 2, 1), "it has 2 partitions"),
    ] {
        let topic = topic(test);
        admin
            .create_topic(&NewTopic {
                name: topic.clone(),
                ..new
            })
            .await
            .unwrap();
        let history = history(&topic);
        // Not every answer of the broker knows a new topic at once.
        while !history.storage_exists().await.unwrap() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let error = history.exists().await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        admin.delete_topic(&topic).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_topic_is_named() {
    let topic = topic("missing");
    let error = history(&topic).read_all(&mut |_| Ok(())).await.unwrap_err();
    assert!(error.to_string().contains(&topic), "{error}");
}
