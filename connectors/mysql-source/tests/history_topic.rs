//! A task whose schema history is a Kafka topic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by them"
)]

mod common;

use common::{Pipeline, Server, run};

#[tokio::test]
async fn structures_are_recovered_from_the_topic() {
    let kafka = std::env::var("KAFKA_BOOTSTRAP").unwrap_or_else(|_| {
        panic!("KAFKA_BOOTSTRAP is not set: start the servers with `tests/services/up kafka mysql` and set what it prints")
    });
    let server = Server::plain();
    let mut admin = server.fresh_database("it_topic").await;
    run(
        &mut admin,
        "CREATE TABLE a (id INT PRIMARY KEY);
        INSERT INTO a VALUES (1);",
    )
    .await;
    let mut pipeline = Pipeline::new(&server, "it_topic");
    let topic = format!("mysql-source-it-history-{}", uuid::Uuid::new_v4());
    pipeline.set(
        "schema.history.internal",
        "io.debezium.storage.kafka.history.KafkaSchemaHistory",
    );
    pipeline.set("schema.history.internal.kafka.bootstrap.servers", &kafka);
    pipeline.set("schema.history.internal.kafka.topic", &topic);
    pipeline.set(
        "schema.history.internal.store.only.captured.databases.ddl",
        "true",
    );
    let mut task = pipeline.start().await;
    task.rows(1).await;
    run(
        &mut admin,
        "ALTER TABLE a ADD COLUMN v INT DEFAULT 7;
        INSERT INTO a(id) VALUES (2);",
    )
    .await;
    assert_eq!(task.rows(2).await[1].after["v"], 7);
    task.commit_all();
    task.stop().await;
    run(&mut admin, "INSERT INTO a VALUES (3,8);").await;
    let mut task = pipeline.start().await;
    assert_eq!(task.rows(1).await[0].after["v"], 8);
    task.stop().await;

    // The topic is gone, the offset is not.
    pipeline.set(
        "schema.history.internal.kafka.topic",
        &format!("{topic}-lost"),
    );
    let error = match pipeline.try_start().await {
        Ok(_) => panic!("a missing history is not noticed"),
        Err(error) => error.trace(),
    };
    assert!(
        error.contains("The db history topic or its content is fully or partially missing"),
        "{error}"
    );
}
