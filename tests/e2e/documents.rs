//! The source connectors of the documents, as `config-examples/` has them: only hosts, ports and
//! a password are other ones here.

use std::collections::BTreeMap;

use connectd_harness::{
    Kafka, MySql, Record, Worker, alone, bootstrap, eventually, read_topic, wait_for_records,
};
use serde_json::{Value, json};

use crate::common::{example, key, payload, value, worker};

/// An example's body, with what must differ here replaced.
fn connector(file: &str, mysql: &MySql) -> Value {
    let mut body: Value = serde_json::from_str(&example(file)).expect("JSON");
    let config = body["config"].as_object_mut().expect("a config");
    let mut replace = |key: &str, value: String| {
        let replaced = config.insert(key.to_owned(), value.into());
        assert!(replaced.is_some(), "{file} has no {key}");
    };
    replace("database.hostname", mysql.host.clone());
    replace("database.port", mysql.port.to_string());
    replace("database.history.kafka.bootstrap.servers", bootstrap());
    if file == "test-order-connector.json" {
        replace("database.password", "debezium".to_owned());
    }
    body
}

/// A server with one database and a broker without the topics of an earlier run.
async fn prepare(database: &str, script: &str, prefixes: &[&str]) -> (MySql, Kafka) {
    let (mysql, kafka) = (MySql::plain(), Kafka::new());
    for prefix in prefixes {
        kafka.delete(&kafka.topics(prefix)).await;
    }
    mysql
        .run(&format!("DROP DATABASE IF EXISTS {database}"))
        .await;
    mysql.run(&example(script)).await;
    (mysql, kafka)
}

/// Posts to the path with a trailing slash, as the documents' curl does.
async fn post(worker: &Worker, body: &Value) {
    worker.rest.create(body).await;
    let name = body["name"].as_str().expect("a name");
    worker.rest.wait_for_task(name, "RUNNING").await;
}

fn by_key(records: &[Record]) -> BTreeMap<String, Value> {
    let last = records
        .iter()
        .map(|record| (key(record)["payload"].to_string(), payload(record)));
    last.collect()
}

#[tokio::test]
async fn bookstore() {
    let _alone = alone().await;
    let (mysql, _kafka) = prepare(
        "inventory",
        "sql/bookstore.sql",
        &["asgard", "dbhistory.demo"],
    )
    .await;
    let worker = worker().await;
    post(&worker, &connector("mysql-source-inventory.json", &mysql)).await;
    post(
        &worker,
        &connector("mysql-source-inventory-raw.json", &mysql),
    )
    .await;

    let books = wait_for_records("asgard.inventory.book", 5).await;
    let castle = &by_key(&books)[r#"{"bookId":"Fr7vCgAAQBAJ"}"#];
    let expected = json!({
        "bookId": "Fr7vCgAAQBAJ", "title": "Das Schloss", "authors": "Franz Kafka",
        "categories": "Authors, Austrian", "price": 1700, "published": -15737,
        "messagetopic": "asgard.inventory.book",
        "messagesource": "Debezium CDC from MySQL on asgard",
    });
    assert_eq!(*castle, expected);
    let customers = wait_for_records("asgard.inventory.customers", 3).await;
    let cordey = &by_key(&customers)[r#"{"id":85}"#];
    assert_eq!(cordey["city"], "Frankfurt am Main");
    assert_eq!(cordey["messagetopic"], "asgard.inventory.customers");
    let raw = wait_for_records("asgard.inventory.book-raw", 5).await;
    let envelope = &by_key(&raw)[r#"{"bookId":"Fr7vCgAAQBAJ"}"#];
    assert_eq!(envelope["op"], "r");
    assert_eq!(envelope["before"], Value::Null);
    assert_eq!(envelope["after"]["title"], "Das Schloss");
    assert_eq!(envelope["source"]["name"], "asgard");
    assert!(envelope["after"].get("messagetopic").is_none());

    bookstore_changes(&mysql).await;
    let running = worker.rest.get("/connectors").await;
    assert_eq!(running.as_array().expect("names").len(), 2);
}

async fn bookstore_changes(mysql: &MySql) {
    mysql
        .run(
            "INSERT INTO inventory.book VALUES ('new', 'New', NULL, NULL, 1, NULL);
             UPDATE inventory.book SET price = 2 WHERE bookId = 'new';
             DELETE FROM inventory.book WHERE bookId = 'new';
             UPDATE inventory.customers SET city = 'Wien' WHERE id = 1",
        )
        .await;
    let raw = wait_for_records("asgard.inventory.book-raw", 9).await;
    let values: Vec<Value> = raw[5..].iter().map(value).collect();
    let operations: Vec<&Value> = values.iter().map(|value| &value["payload"]["op"]).collect();
    assert_eq!(
        operations,
        [&json!("c"), &json!("u"), &json!("d"), &Value::Null]
    );
    assert_eq!(raw[8].value, None, "a tombstone after a delete");
    assert_eq!(values[1]["payload"]["before"]["price"], 1);
    assert_eq!(values[2]["payload"]["after"], Value::Null);
    // The old transform drops deletes and tombstones.
    let customers = wait_for_records("asgard.inventory.customers", 4).await;
    assert_eq!(payload(&customers[3])["city"], "Wien");
    let books = read_topic("asgard.inventory.book").await;
    assert_eq!(books.len(), 7, "insert and update, no delete");
    assert_eq!(payload(&books[6])["price"], 2);
    let changes = wait_for_records("asgard-raw", 1).await;
    assert!(
        changes
            .iter()
            .any(|change| payload(change)["ddl"].to_string().contains("`book`"))
    );
    let changes = wait_for_records("asgard", 1).await;
    assert!(
        changes
            .iter()
            .all(|change| payload(change)["messagetopic"] == "asgard")
    );
}

#[tokio::test]
async fn orders() {
    let _alone = alone().await;
    let (mysql, kafka) = prepare("wms", "sql/wms.sql", &["test.wms"]).await;
    kafka.delete(&["test".to_owned()]).await;
    mysql
        .run("DROP DATABASE IF EXISTS not_wms; CREATE DATABASE not_wms; CREATE TABLE not_wms.t (id INT PRIMARY KEY)")
        .await;
    let worker = worker().await;
    post(&worker, &connector("test-order-connector.json", &mysql)).await;

    let logistics = wait_for_records("test.wms.logistics_demo", 1).await;
    let row = payload(&logistics[0]);
    let expected = json!({
        "id": 2, "wmsrecord_id": "1", "item_type": null, "shipment_cost": "24.5",
        "created_at": 1_580_774_645_000_000_i64, "courier": "FETCHR", "order_id": "1",
    });
    assert_eq!(row["after"], expected);
    assert!(
        value(&logistics[0]).get("schema").is_some(),
        "JSON with schemas"
    );
    wait_for_records("test.wms.order_demo", 1).await;
    wait_for_records("test.wms.wms_demo", 1).await;

    mysql
        .run(
            "SET sql_mode='';
             INSERT INTO not_wms.t VALUES (1);
             INSERT INTO wms.logistics_demo VALUES (3,'1','0000-00-00 00:00:00.000000','1',NULL,'DHL','1');
             UPDATE wms.wms_demo SET courier = 'FETCHR' WHERE id = 1;
             DELETE FROM wms.order_demo WHERE id = 1",
        )
        .await;
    let orders = wait_for_records("test.wms.order_demo", 3).await;
    assert_eq!(payload(&orders[1])["op"], "d");
    assert_eq!(orders[2].value, None);
    let couriers = read_topic("test.wms.wms_demo").await;
    assert_eq!(payload(&couriers[1])["after"]["courier"], "FETCHR");
    let logistics = read_topic("test.wms.logistics_demo").await;
    assert_eq!(payload(&logistics[1])["after"]["item_type"], Value::Null);
    assert!(
        kafka.topics("test.not_wms").is_empty(),
        "only `wms` is captured"
    );
    mysql.run("DROP DATABASE not_wms").await;
}

#[tokio::test]
async fn bridge() {
    let _alone = alone().await;
    let (mysql, kafka) = prepare("orders", "sql/orders.sql", &["dc01", "debezium_dbhistory"]).await;
    let worker = worker().await;
    post(&worker, &connector("mysql-source-connector.json", &mysql)).await;

    let customers = wait_for_records("dc01_customers", 2).await;
    assert_eq!(
        customers[0].key.as_deref(),
        Some(&[0, 0, 0, 1][..]),
        "an integer as a key"
    );
    let expected = json!({
        "id": 1, "first_name": "Elvira", "last_name": "Rosario", "email": "elvira@example.com",
        "city": "Lisbon", "country": "Portugal", "sourcedc": "dc01",
    });
    assert_eq!(payload(&customers[0]), expected);
    let tables = [
        "customers",
        "products",
        "purchase_order_details",
        "purchase_orders",
        "sales_order_details",
        "sales_orders",
        "suppliers",
    ];
    let expected: Vec<String> = tables.iter().map(|table| format!("dc01_{table}")).collect();
    let all = async || {
        let mut found = kafka.topics("dc01");
        found.sort();
        (found == expected).then_some(())
    };
    eventually("one topic per table but dc01_out_of_stock_events", all).await;

    mysql
        .run(
            "INSERT INTO orders.dc01_out_of_stock_events VALUES (2, 1, 'x');
             UPDATE orders.customers SET city = 'Porto' WHERE id = 1;
             DELETE FROM orders.customers WHERE id = 2;
             INSERT INTO orders.sales_orders (order_date, customer_id) VALUES ('2020-05-20 10:10:00', 1);
             UPDATE orders.customers SET city = 'Faro' WHERE id = 1",
        )
        .await;
    let customers = wait_for_records("dc01_customers", 4).await;
    assert_eq!(payload(&customers[2])["city"], "Porto");
    assert_eq!(payload(&customers[3])["city"], "Faro");
    assert_eq!(customers[3].key.as_deref(), Some(&[0, 0, 0, 1][..]));
    let sales = read_topic("dc01_sales_orders").await;
    assert_eq!(sales.len(), 3);
    assert_eq!(payload(&sales[2])["order_date"], 1_589_969_400_000_i64);
    assert!(
        !kafka
            .topics("dc01")
            .iter()
            .any(|topic| topic.contains("out_of_stock"))
    );
}
