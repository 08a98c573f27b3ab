//! Tables replicated from MySQL to PostgreSQL: the source's raw envelopes, straight into the JDBC sink, by the
//! keys of each of the three classes, under random changes and DDL.

use std::time::Duration;

use connectd_harness::{
    Kafka, MySql, NewRecord, Postgres, Worker, alone, beside_others, eventually, produce, start,
    stop,
};
use serde_json::{Map, Value, json};

use crate::common::{mysql_source, worker};

/// How many changes are made, and how often the structure changes between.
const CHANGES: u64 = 300;

/// A small generator (xorshift), so that a failure can be had again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

type Settings = Vec<(&'static str, &'static str)>;

/// The sinks: a short name, the class, and its settings beyond the usual ones.
fn classes() -> [(&'static str, &'static str, Settings); 3] {
    let confluent = vec![
        ("connection.user", "postgres"),
        ("pk.mode", "record_key"),
        ("auto.create", "true"),
        ("auto.evolve", "true"),
        ("table.name.format", "${topic}"),
    ];
    let debezium = vec![
        ("connection.username", "postgres"),
        ("primary.key.mode", "record_key"),
        ("schema.evolution", "basic"),
    ];
    [
        (
            "confluent",
            "io.confluent.connect.jdbc.JdbcSinkConnector",
            confluent.clone(),
        ),
        (
            "aiven",
            "io.aiven.connect.jdbc.JdbcSinkConnector",
            confluent,
        ),
        (
            "debezium",
            "io.debezium.connector.jdbc.JdbcSinkConnector",
            debezium,
        ),
    ]
}

fn sink(name: &str, class: &str, source: &str, target: &Postgres, more: &[(&str, &str)]) -> Value {
    let mut config = Map::new();
    let url = target.jdbc_url();
    let regex = format!("{source}[.]{source}[.](.*)");
    let usual = [
        ("connector.class", class),
        ("tasks.max", "1"),
        ("topics.regex", &regex),
        ("connection.url", &url),
        ("connection.password", &target.password),
        ("insert.mode", "upsert"),
        ("delete.enabled", "true"),
        ("truncate.enabled", "true"),
        (
            "key.converter",
            "org.apache.kafka.connect.json.JsonConverter",
        ),
        (
            "value.converter",
            "org.apache.kafka.connect.json.JsonConverter",
        ),
        ("consumer.override.metadata.max.age.ms", "1000"),
        ("transforms", "table"),
        (
            "transforms.table.type",
            "org.apache.kafka.connect.transforms.RegexRouter",
        ),
        ("transforms.table.regex", &regex),
        ("transforms.table.replacement", "$1"),
    ];
    for (key, value) in usual.iter().chain(more) {
        config.insert((*key).to_owned(), (*value).into());
    }
    json!({ "name": name, "config": config })
}

const TABLES: &str = "
    CREATE TABLE customers (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80) NOT NULL, email VARCHAR(80),
        balance DECIMAL(12,2) NOT NULL DEFAULT 0, active BOOLEAN, born DATE, seen DATETIME(6), touched TIMESTAMP(3) NULL);
    CREATE TABLE orders (customer INT NOT NULL, number BIGINT NOT NULL, note TEXT, data VARBINARY(40), doc JSON,
        kind ENUM('a','b','c'), price DOUBLE, PRIMARY KEY (customer, number))";

/// One random change, as a statement.
fn change(random: &mut Random) -> String {
    let customer = random.below(30) + 1;
    let number = random.below(8);
    let amount = random.below(1_000_000);
    match random.below(10) {
        0..=2 => format!(
            "INSERT INTO customers (id, name, email, balance, active, born, seen, touched) VALUES ({customer}, 'näme {amount}', \
             NULL, {amount} / 100, {}, '19{:02}-02-03', '2021-01-01 10:11:12.{:06}', '2022-03-04 05:06:07.089') \
             ON DUPLICATE KEY UPDATE name = VALUES(name), email = 'e{amount}\"\\\\x'",
            amount % 2,
            amount % 100,
            amount % 1_000_000
        ),
        3..=5 => format!(
            "INSERT INTO orders (customer, number, note, data, doc, kind, price) VALUES ({customer}, {number}, \
             'line\\n\\ttab {amount}', x'00ff5c{:02x}', '{{\"n\": {amount}}}', 'b', {amount} / 7) \
             ON DUPLICATE KEY UPDATE note = NULL, price = price + 1, kind = 'c'",
            amount % 256
        ),
        6 => format!(
            "UPDATE customers SET balance = balance - 1.05, active = NULL WHERE id <= {customer}"
        ),
        7 => format!("DELETE FROM orders WHERE customer = {customer}"),
        8 => {
            format!("UPDATE IGNORE customers SET id = id + 100 WHERE id = {customer} AND id < 100")
        }
        _ => format!(
            "DELETE FROM customers WHERE id = {customer} OR id = {}",
            customer + 100
        ),
    }
}

/// Changes of structure, one for each quarter.
const STRUCTURE: &[&str] = &[
    "ALTER TABLE customers ADD COLUMN city VARCHAR(40), ADD COLUMN score SMALLINT NOT NULL DEFAULT 7",
    "ALTER TABLE orders ADD COLUMN paid TINYINT, ADD COLUMN ratio FLOAT",
    "UPDATE customers SET city = CONCAT('city ', id), score = id",
];

async fn make_changes(mysql: &MySql, database: &str) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut script = format!("USE {database};");
    for number in 0..CHANGES {
        if number % 60 == 50
            && let Some(statement) = STRUCTURE.get(number as usize / 60)
        {
            script.push_str(statement);
            script.push(';');
        }
        script.push_str(&change(&mut random));
        script.push(';');
        if number % 60 == 59 {
            mysql.run(&script).await;
            script = format!("USE {database};");
        }
    }
    mysql.run(&script).await;
}

/// Queries whose rows both databases must give alike: MySQL's form, PostgreSQL's form.
const CUSTOMERS: (&str, &str) = (
    "SELECT CONCAT_WS('|', id, name, IFNULL(email, '-'), balance, IFNULL(active + 0, '-'), IFNULL(born, '-'), \
     IFNULL(seen, '-'), IFNULL(UNIX_TIMESTAMP(touched), '-'), IFNULL(city, '-'), score) FROM customers ORDER BY id",
    "SELECT concat_ws('|', id, name, coalesce(email, '-'), balance, coalesce(active::text, '-'), coalesce(born::text, \
     '-'), coalesce(to_char(seen, 'YYYY-MM-DD HH24:MI:SS.US'), '-'), coalesce(round(extract(epoch FROM touched), 3)::text, \
     '-'), coalesce(city, '-'), score) FROM customers ORDER BY id",
);
const ORDERS: (&str, &str) = (
    "SELECT CONCAT_WS('|', customer, number, IFNULL(HEX(note), '-'), HEX(data), doc, kind, CAST(price AS DECIMAL(20,3)), \
     IFNULL(paid, '-')) FROM orders ORDER BY customer, number",
    "SELECT concat_ws('|', customer, number, coalesce(upper(encode(convert_to(note, 'UTF8'), 'hex')), '-'), \
     upper(encode(data, 'hex')), doc::jsonb, kind, round(price::numeric, 3), coalesce(paid::text, '-')) FROM orders ORDER BY \
     customer, number",
);

async fn mysql_rows(mysql: &MySql, database: &str, query: &str) -> Vec<String> {
    use mysql_async::prelude::Queryable;
    let mut connection = mysql.connect().await;
    connection
        .query_drop(format!("USE {database}"))
        .await
        .expect("the database is there");
    connection
        .query_drop("SET time_zone = '+00:00'")
        .await
        .expect("UTC is known");
    let rows: Vec<Option<String>> = connection.query(query).await.expect(query);
    rows.into_iter().map(|row| row.expect("no null")).collect()
}

async fn same_rows(mysql: &MySql, database: &str, target: &Postgres, queries: (&str, &str)) {
    let expected = mysql_rows(mysql, database, queries.0).await;
    assert!(!expected.is_empty(), "nothing to compare");
    let expected: Vec<[&str; 1]> = expected.iter().map(|row| [row.as_str()]).collect();
    let expected: Vec<&[&str]> = expected.iter().map(<[&str; 1]>::as_slice).collect();
    target.wait_for_rows(queries.1, &expected).await;
}

async fn replicate(class: usize) {
    let _turn = beside_others().await;
    let (short, class, more) = classes()[class].clone();
    let name = format!("jdbc_{short}");
    let (mysql, kafka) = (MySql::plain(), Kafka::new());
    kafka.delete(&kafka.topics(&name)).await;
    let target = Postgres::fresh(&name).await;
    mysql
        .run(&format!(
            "DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name}; USE {name}; {TABLES}"
        ))
        .await;
    mysql
        .run(&format!(
            "USE {name}; INSERT INTO customers (name, active) VALUES ('first', 1), ('second', 0); \
             INSERT INTO orders (customer, number, data, doc, kind, price) VALUES (1, 1, x'01', '{{}}', 'a', 0.5)"
        ))
        .await;
    let worker: Worker = worker().await;
    let with_schemas = [
        ("key.converter.schemas.enable", "true"),
        ("value.converter.schemas.enable", "true"),
    ];
    worker
        .rest
        .create(&mysql_source(&mysql, &name, &with_schemas))
        .await;
    worker.rest.wait_for_task(&name, "RUNNING").await;
    eventually("the topics are there", async || {
        (kafka.topics(&format!("{name}.{name}.")).len() == 2).then_some(())
    })
    .await;
    let sink_name = format!("{name}-sink");
    worker
        .rest
        .create(&sink(&sink_name, class, &name, &target, &more))
        .await;
    worker.rest.wait_for_task(&sink_name, "RUNNING").await;
    make_changes(&mysql, &name).await;
    same_rows(&mysql, &name, &target, CUSTOMERS).await;
    same_rows(&mysql, &name, &target, ORDERS).await;
    worker.rest.wait_for_task(&sink_name, "RUNNING").await;
}

#[tokio::test]
async fn both_databases_hold_the_same_rows_by_confluents_class() {
    replicate(0).await;
}

#[tokio::test]
async fn both_databases_hold_the_same_rows_by_aivens_class() {
    replicate(1).await;
}

#[tokio::test]
async fn both_databases_hold_the_same_rows_by_debeziums_class() {
    replicate(2).await;
}

/// Longer than one round of `connection.attempts` with `connection.backoff.ms`, so that the runtime has to put again.
const OUTAGE: Duration = Duration::from_secs(11);

#[tokio::test]
async fn a_database_that_goes_away_is_waited_for() {
    let _turn = alone().await;
    let kafka = Kafka::new();
    let name = "jdbc_outage";
    kafka.delete(&kafka.topics(name)).await;
    let target = Postgres::fresh(name).await;
    let event = |id: i32| {
        let value = json!({
            "schema": {"type": "struct", "optional": false, "fields": [
                {"field": "id", "type": "int32", "optional": false},
                {"field": "text", "type": "string", "optional": true},
            ]},
            "payload": {"id": id, "text": format!("row {id}")},
        });
        NewRecord::value(value.to_string())
    };
    produce(name, (0..5).map(event)).await;
    let worker = worker().await;
    let body = json!({ "name": name, "config": {
        "connector.class": "JdbcSinkConnector",
        "topics": name,
        "connection.url": target.jdbc_url(),
        "connection.user": target.user,
        "connection.password": target.password,
        "connection.backoff.ms": "3000",
        "auto.create": "true",
        "insert.mode": "upsert",
        "pk.mode": "record_value",
        "pk.fields": "id",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    }});
    worker.rest.create(&body).await;
    let counted = format!("SELECT count(*) FROM {name}");
    target.wait_for_rows(&counted, &[&["5"]]).await;
    stop("postgres");
    produce(name, (3..9).map(event)).await;
    tokio::time::sleep(OUTAGE).await;
    worker.rest.wait_for_task(name, "RUNNING").await;
    start("postgres");
    target.wait_for_rows(&counted, &[&["9"]]).await;
    worker.rest.wait_for_task(name, "RUNNING").await;
    let log = worker.log();
    assert!(
        log.contains("unable to connect to 127.0.0.1"),
        "no attempt was told"
    );
}
