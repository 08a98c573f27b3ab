//! Records that Kafka refuses.

use connectd_harness::{MySql, beside_others, wait_for_records};
use serde_json::json;

use super::{assert_names, patch, restart_task, running, topic, trace};
use crate::common::{mysql_source, value, worker};

#[tokio::test]
async fn a_row_bigger_than_the_producer_s_limit() {
    let _turn = beside_others().await;
    let mysql = MySql::plain();
    // The record of a table's structure is bigger than those of its rows.
    let limits = [
        ("producer.override.max.request.size", "2500"),
        ("include.schema.changes", "false"),
    ];
    let (worker, name) = running(&mysql, &limits).await;
    mysql
        .run(&format!(
            "INSERT INTO {name}.t VALUES (3, 'small'), (4, repeat('x', 2000)), (5, 'after');
             UPDATE {name}.t SET v = repeat('y', 2000) WHERE id = 4"
        ))
        .await;
    let text = trace(&worker, &name).await;
    assert_names(&text, &[&topic(&name), "max.request.size", "2500"]);
    patch(
        &worker,
        &name,
        &json!({"producer.override.max.request.size": "100000"}),
    )
    .await;
    restart_task(&worker, &name).await;
    let records = wait_for_records(&topic(&name), 6).await;
    let rows: Vec<i64> = records
        .iter()
        .filter_map(|record| value(record)["after"]["id"].as_i64())
        .collect();
    for id in 1..=5 {
        assert!(rows.contains(&id), "row {id} is missing: {rows:?}");
    }
    mysql.run(&format!("DROP DATABASE {name}")).await;
}

#[tokio::test]
async fn a_topic_name_that_kafka_refuses() {
    let _turn = beside_others().await;
    let (mysql, worker) = (MySql::plain(), worker().await);
    let name = super::database(&mysql).await;
    let router = [
        ("transforms", "route"),
        (
            "transforms.route.type",
            "org.apache.kafka.connect.transforms.RegexRouter",
        ),
        ("transforms.route.regex", "(.*)\\.t"),
        ("transforms.route.replacement", "$1 has blanks"),
    ];
    worker
        .rest
        .create(&mysql_source(&mysql, &name, &router))
        .await;
    let text = trace(&worker, &name).await;
    assert_names(&text, &[&format!("{name}.{name} has blanks")]);
    patch(
        &worker,
        &name,
        &json!({"transforms.route.replacement": "$1-good"}),
    )
    .await;
    restart_task(&worker, &name).await;
    wait_for_records(&format!("{name}.{name}-good"), 2).await;
    mysql.run(&format!("DROP DATABASE {name}")).await;
}
