//! The documents' pipelines as wholes: MySQL, Kafka, what a small producer writes in the place of KSQL
//! or a Streams application, and Elasticsearch or MySQL again. The connectors are those of
//! `config-examples/`; only hosts, ports and a password are other ones here.

use std::collections::BTreeMap;

use connectd_harness::{
    AvroWriter, Kafka, MySql, NewRecord, Registry, Rest, Worker, alone, bootstrap, eventually,
    produce, variable, wait_for_records,
};
use serde_json::{Value, json};

use crate::common::{example, options, payload, worker};

/// An example's body, with what must differ here replaced.
fn connector(file: &str, replaced: &[(&str, String)]) -> Value {
    let mut body: Value = serde_json::from_str(&example(file)).expect("JSON");
    let config = body["config"].as_object_mut().expect("a config");
    for (key, value) in replaced {
        let old = config.insert((*key).to_owned(), value.clone().into());
        assert!(old.is_some(), "{file} has no {key}");
    }
    body
}

fn mysql_source(file: &str, mysql: &MySql, password: &str) -> Value {
    let replaced = [
        ("database.hostname", mysql.host.clone()),
        ("database.port", mysql.port.to_string()),
        ("database.password", password.to_owned()),
        ("database.history.kafka.bootstrap.servers", bootstrap()),
    ];
    connector(file, &replaced)
}

async fn post(worker: &Worker, body: &Value) {
    worker.rest.create(body).await;
    let name = body["name"].as_str().expect("a name");
    worker.rest.wait_for_task(name, "RUNNING").await;
}

/// A worker whose converters are Avro's, as those of the documents.
async fn avro_worker() -> Worker {
    let registry = Registry::url();
    let avro = "io.confluent.connect.avro.AvroConverter";
    let options = options()
        .with("key.converter", avro)
        .with("value.converter", avro)
        .with("key.converter.schema.registry.url", &registry)
        .with("value.converter.schema.registry.url", &registry);
    Worker::start(options).await
}

/// A MySQL with these scripts' databases, and a broker without the topics of an earlier run.
async fn prepare(databases: &[&str], scripts: &[&str], prefixes: &[&str]) -> MySql {
    let (mysql, kafka) = (MySql::plain(), Kafka::new());
    for prefix in prefixes {
        kafka.delete(&kafka.topics(prefix)).await;
    }
    for database in databases {
        let drop = format!("DROP DATABASE IF EXISTS {database}");
        mysql.run(&drop).await;
    }
    for script in scripts {
        mysql.run(script).await;
    }
    mysql
}

/// An Elasticsearch without these indices.
async fn elasticsearch(url: &str, indices: &[&str]) -> Rest {
    let elasticsearch = Rest::new(variable(url));
    for index in indices {
        elasticsearch
            .send("DELETE", &format!("/{index}"), None)
            .await;
    }
    elasticsearch
}

/// The documents of an index by id, once there are `count`.
async fn documents(elasticsearch: &Rest, index: &str, count: usize) -> BTreeMap<String, Value> {
    let what = format!("{count} documents in {index}");
    eventually(&what, async || {
        let refresh = format!("/{index}/_refresh");
        elasticsearch.try_send("POST", &refresh, None).await?;
        let search = format!("/{index}/_search?size=1000");
        let answer = elasticsearch.try_send("GET", &search, None).await?;
        let found = answer.json();
        let hits = found["hits"]["hits"].as_array()?;
        let document =
            |hit: &Value| Some((hit["_id"].as_str()?.to_owned(), hit["_source"].clone()));
        let documents: Option<BTreeMap<String, Value>> = hits.iter().map(document).collect();
        documents.filter(|documents| documents.len() == count)
    })
    .await
}

/// What KSQL's `CREATE STREAM Purchase_enriched` writes: every field may be null.
async fn purchase_enriched(purchases: &[(&str, i64, &str, &str)]) {
    let text = json!(["null", "string"]);
    let field = |name: &str, kind: &Value| json!({"name": name, "type": kind, "default": null});
    let schema = json!({
        "type": "record", "name": "KsqlDataSourceSchema", "namespace": "io.confluent.ksql.avro_schemas",
        "fields": [
            field("PURCHASEID", &text), field("TOTALAMOUNT", &json!(["null", "int"])),
            field("FULL_NAME", &text), field("EMAIL", &text), field("CITY", &text),
            field("COUNTRY", &text),
        ],
    });
    let writer = AvroWriter::register("PURCHASE_ENRICHED-value", &schema).await;
    let records = purchases.iter().map(|&(purchase, amount, name, city)| {
        let value = json!({
            "PURCHASEID": purchase, "TOTALAMOUNT": amount, "FULL_NAME": name, "CITY": city,
        });
        let record = NewRecord::value(writer.value(&value));
        record.key(purchase).timestamp(TIME)
    });
    produce("PURCHASE_ENRICHED", records).await;
}

/// What the document's `PaymentsOutstandingStreamsApp` writes.
async fn outstanding_amount() {
    let purchase = json!({
        "type": "record", "name": "Purchase", "namespace": "ch.ipt.handson.model", "fields": [
            {"name": "purchaseId", "type": "string"}, {"name": "customerId", "type": "int"},
            {"name": "bookIds", "type": {"type": "array", "items": "string"}},
            {"name": "packet", "type": ["null", "string"]},
            {"name": "totalAmount", "type": "int"},
        ],
    });
    let schema = json!({
        "type": "record", "name": "OutstandingPayments", "namespace": "ch.ipt.handson.model", "fields": [
            {"name": "amountOutstanding", "type": "int"},
            {"name": "outstandingPaymentPurchases", "type": {"type": "array", "items": purchase}},
        ],
    });
    let writer = AvroWriter::register("outstanding-amount-value", &schema).await;
    let value = json!({
        "amountOutstanding": 28_901,
        "outstandingPaymentPurchases": [{
            "purchaseId": "60a7ba13", "customerId": 52, "bookIds": ["2tTdnAEACAAJ", "zBskDwAAQBAJ"],
            "packet": null, "totalAmount": 28_901,
        }],
    });
    let record = NewRecord::value(writer.value(&value));
    produce("outstanding-amount", [record.key("fixed").timestamp(TIME)]).await;
}

/// 2018-05-17T20:09:42Z, and what `EXTRACT_TS` is of it.
const TIME: i64 = 1_526_587_782_000;

/// The bookstore: the tables in Avro, and the enriched streams in Elasticsearch 6 under the document's
/// own index template.
#[tokio::test]
async fn bookstore() {
    let _alone = alone().await;
    let prefixes = [
        "asgard",
        "dbhistory.demo",
        "PURCHASE_ENRICHED",
        "outstanding-amount",
    ];
    let mysql = prepare(&["inventory"], &[&example("sql/bookstore.sql")], &prefixes).await;
    let indices = ["purchase_enriched", "outstanding-amount"];
    let elasticsearch = elasticsearch("ELASTICSEARCH_6_8_URL", &indices).await;
    let template = example("elasticsearch/kafkaconnect-template.json");
    let answer = elasticsearch
        .send("PUT", "/_template/kafkaconnect/", Some(&template))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);

    let (sources, sinks) = (avro_worker().await, avro_worker().await);
    post(
        &sources,
        &mysql_source("mysql-source-inventory.json", &mysql, "dbz"),
    )
    .await;
    let books = wait_for_records("asgard.inventory.book", 5).await;
    let registry = Registry::new();
    let (_, book) = registry
        .read(books[0].value.as_deref().expect("a value"))
        .await;
    assert_eq!(book["messagesource"], "Debezium CDC from MySQL on asgard");
    wait_for_records("asgard.inventory.customers", 3).await;

    purchase_enriched(&[
        ("60a7ba13", 28_901, "Cordey Targett", "Frankfurt am Main"),
        ("f5d4e42f", 1_500, "Jürgen Müller", "Düsseldorf"),
    ])
    .await;
    outstanding_amount().await;
    let url = variable("ELASTICSEARCH_6_8_URL");
    let sink = connector(
        "es_sink_PURCHASE_ENRICHED.json",
        &[("connection.url", url.clone())],
    );
    post(&sinks, &sink).await;
    let registry = Registry::url();
    let replaced = [
        ("connection.url", url),
        ("value.converter.schema.registry.url", registry),
    ];
    post(
        &sinks,
        &connector("outstanding_payments_elastic.json", &replaced),
    )
    .await;
    bookstore_documents(&elasticsearch).await;
    bookstore_statuses(&sinks.rest).await;
}

async fn bookstore_documents(elasticsearch: &Rest) {
    let purchases = documents(elasticsearch, "purchase_enriched", 2).await;
    let expected = json!({
        "PURCHASEID": "60a7ba13", "TOTALAMOUNT": 28901, "FULL_NAME": "Cordey Targett",
        "EMAIL": null, "CITY": "Frankfurt am Main", "COUNTRY": null, "EXTRACT_TS": TIME,
    });
    assert_eq!(purchases["PURCHASE_ENRICHED+0+0"], expected);
    assert_eq!(purchases["PURCHASE_ENRICHED+0+1"]["CITY"], "Düsseldorf");
    let payments = documents(elasticsearch, "outstanding-amount", 1).await;
    let payment = &payments["outstanding-amount+0+0"];
    assert_eq!(payment["amountOutstanding"], 28_901);
    let purchase = &payment["outstandingPaymentPurchases"][0];
    assert_eq!(purchase["bookIds"], json!(["2tTdnAEACAAJ", "zBskDwAAQBAJ"]));
    for index in ["purchase_enriched", "outstanding-amount"] {
        let mapping = elasticsearch.get(&format!("/{index}/_mapping")).await;
        let types = mapping[index]["mappings"].as_object().expect("mappings");
        let dates = types
            .values()
            .filter(|kind| kind["properties"]["EXTRACT_TS"]["type"] == "date");
        assert_eq!(dates.count(), 1, "{mapping}");
        let count = elasticsearch
            .get(&format!("/{index}/_count?q=EXTRACT_TS:2018-05-17"))
            .await;
        assert_ne!(count["count"], 0, "{index} by its date");
    }
}

/// As the document asks for them.
async fn bookstore_statuses(sinks: &Rest) {
    let names = sinks.get("/connectors").await;
    let mut names: Vec<&str> = names
        .as_array()
        .expect("names")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["es_sink_PURCHASE_ENRICHED", "outstanding_payments_elastic"]
    );
    let path = "/connectors/outstanding_payments_elastic/tasks/0/status";
    let status = sinks.get(path).await;
    assert_eq!(
        (&status["state"], &status["id"]),
        (&json!("RUNNING"), &json!(0))
    );
}

/// Stands for the document's Streams application: joins the last rows of the three tables by order.
async fn aggregate(rows: usize) -> Value {
    let mut report = json!({});
    for (table, fields) in [
        ("wms_demo", &["item_type", "item_qty", "courier"][..]),
        ("order_demo", &["order_description", "order_value"][..]),
        ("logistics_demo", &["shipment_cost"][..]),
    ] {
        let records = wait_for_records(&format!("test.wms.{table}"), rows).await;
        let row = payload(records.last().expect("a record"))["after"].clone();
        assert_eq!(row["order_id"], "1", "{row}");
        for field in fields {
            report[*field] = row[*field].clone();
        }
    }
    report["order_id"] = "1".into();
    let record = NewRecord::value(report.to_string()).key("1");
    produce("latestoutboundreport_es", [record]).await;
    report
}

/// Orders: three tables, joined, are one document in Elasticsearch 7.5.1, which follows their changes.
#[tokio::test]
async fn orders() {
    let _alone = alone().await;
    let prefixes = ["test.wms", "latestoutboundreport_es"];
    let mysql = prepare(&["wms"], &[&example("sql/wms.sql")], &prefixes).await;
    Kafka::new().delete(&["test".to_owned()]).await;
    let elasticsearch = elasticsearch("ELASTICSEARCH_URL", &["latestoutboundreport_es"]).await;
    let worker = worker().await;
    post(
        &worker,
        &mysql_source("test-order-connector.json", &mysql, "debezium"),
    )
    .await;
    let report = aggregate(1).await;
    assert_eq!(report["item_qty"], "2");
    let replaced = [("connection.url", variable("ELASTICSEARCH_URL"))];
    post(&worker, &connector("orders-report-elastic.json", &replaced)).await;
    let found = documents(&elasticsearch, "latestoutboundreport_es", 1).await;
    assert_eq!(found["1"], report);

    mysql
        .run(
            "UPDATE wms.wms_demo SET item_qty = '3' WHERE id = 1;
             UPDATE wms.order_demo SET order_description = 'Apple Iphone X Black-256 GB' WHERE id = 1;
             UPDATE wms.logistics_demo SET shipment_cost = '30' WHERE id = 2",
        )
        .await;
    let report = aggregate(2).await;
    assert_eq!(report["item_qty"], "3");
    let updated = async || {
        let found = documents(&elasticsearch, "latestoutboundreport_es", 1).await;
        (found["1"] == report).then_some(())
    };
    eventually("the report with the new quantity", updated).await;
}

/// Slides: JSON without schemas, whatever is in it.
#[tokio::test]
async fn slides() {
    let _alone = alone().await;
    prepare(&[], &[], &["lisa18"]).await;
    let elasticsearch = elasticsearch("ELASTICSEARCH_URL", &["lisa18"]).await;
    let rating = json!({
        "rating_id": 2133, "user_id": 9, "stars": 1, "route_id": 7219,
        "rating_time": 1_519_402_815_063_i64, "channel": "web",
        "message": "worst. flight. ever. #neveragain",
    });
    let customer = json!({
        "uid": 3, "name": "Neha", "locale": "en_US", "address_city": "Palo Alto", "elite": "P",
    });
    let records = [&rating, &customer].map(|value| NewRecord::value(value.to_string()));
    produce("lisa18", records).await;
    let worker = worker().await;
    let replaced = [("connection.url", variable("ELASTICSEARCH_URL"))];
    post(&worker, &connector("es_sink_jfokus19.json", &replaced)).await;
    let found = documents(&elasticsearch, "lisa18", 2).await;
    assert_eq!(found["lisa18+0+0"], rating);
    assert_eq!(found["lisa18+0+1"], customer);
}

/// The class as the slides spell it is refused with the right name.
#[tokio::test]
async fn the_slides_misspelt_class_is_corrected() {
    let _alone = alone().await;
    let worker = worker().await;
    let mut body = connector("es_sink_jfokus19.json", &[]);
    let right = "io.confluent.connect.elasticsearch.ElasticsearchSinkConnector";
    body["config"]["connector.class"] = right.replacen("io.", "to.", 1).into();
    let answer = worker
        .rest
        .send("POST", "/connectors", Some(&body.to_string()))
        .await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert!(answer.text.contains(right), "{}", answer.text);
}

/// Bridge: events in Avro become rows of a table that the sink makes.
#[tokio::test]
async fn bridge() {
    let _alone = alone().await;
    let topic = "dc01_out_of_stock_events";
    let make =
        "CREATE DATABASE orders CHARACTER SET utf8mb4; GRANT ALL ON orders.* TO 'mysqluser'@'%'";
    let mysql = prepare(&["orders"], &[make], &[topic]).await;
    let long = json!(["null", "long"]);
    let field = |name: &str| json!({"name": name, "type": long, "default": null});
    let schema = json!({
        "type": "record", "name": "KsqlDataSourceSchema", "namespace": "io.confluent.ksql.avro_schemas",
        "fields": [field("PRODUCT_ID"), field("QUANTITY_TO_PURCHASE")],
    });
    let writer = AvroWriter::register(&format!("{topic}-value"), &schema).await;
    let events = [(28, 97), (28, 86), (4, 154), (5, 88)];
    let records = events.map(|(product, quantity)| {
        let value = json!({"PRODUCT_ID": product, "QUANTITY_TO_PURCHASE": quantity});
        NewRecord::value(writer.value(&value)).key(product.to_string())
    });
    produce(topic, records).await;

    let worker = avro_worker().await;
    let url = format!("jdbc:mysql://{}:{}/orders", mysql.host, mysql.port);
    post(
        &worker,
        &connector("jdbc-mysql-sink.json", &[("connection.url", url)]),
    )
    .await;
    let query =
        format!("SELECT PRODUCT_ID, QUANTITY_TO_PURCHASE FROM orders.{topic} ORDER BY 1, 2");
    let made = format!("SELECT 1 FROM information_schema.tables WHERE table_name = '{topic}'");
    let expected = vec![(4, 154), (5, 88), (28, 86), (28, 97)];
    let arrived = async || {
        if mysql.rows(&made).await.is_empty() {
            return None;
        }
        let rows = mysql.rows(&query).await.into_iter();
        let rows: Vec<(i64, i64)> = rows.map(mysql_async::from_row).collect();
        (rows == expected).then_some(())
    };
    eventually(&format!("{expected:?} in orders.{topic}"), arrived).await;
}
