//! A connector moves from a JVM worker with the real Debezium to us and back: the same config,
//! offset and schema history topics, nothing lost (invariant 7).

use std::collections::{BTreeMap, BTreeSet};

use connectd_harness::{
    MySql, Record, Rest, Worker, WorkerOptions, alone, bootstrap, eventually, read_topic, start,
    stop, unique, variable, wait_for_records,
};
use serde_json::{Value, json};

/// The group whose topics the JVM worker of `tests/services/` has.
const JVM_GROUP: &str = "connect-jvm";

struct Move {
    mysql: MySql,
    name: String,
}

impl Move {
    fn config(&self) -> Value {
        let name = &self.name;
        json!({
            "connector.class": "io.debezium.connector.mysql.MySqlConnector",
            "database.hostname": self.mysql.host,
            "database.port": self.mysql.port.to_string(),
            "database.user": "debezium",
            "database.password": "dbz",
            "database.server.id": "684123",
            "topic.prefix": name,
            "database.include.list": name,
            "schema.history.internal.kafka.bootstrap.servers": bootstrap(),
            "schema.history.internal.kafka.topic": format!("history.{name}"),
            "key.converter.schemas.enable": "false",
            "key.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "false",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        })
    }

    /// Rows, and DDL between them: `round` numbers both.
    async fn change(&self, round: u32) {
        let (name, first) = (&self.name, round * 100);
        self.mysql
            .run(&format!(
                "USE {name};
                 BEGIN; INSERT INTO t (id, v) VALUES ({first}, 1), ({first} + 1, 2), ({first} + 2, 3);
                 UPDATE t SET v = v + 10 WHERE id % 3 = 0; COMMIT;
                 ALTER TABLE t ADD COLUMN c{round} VARCHAR(10) DEFAULT 'd{round}' AFTER id;
                 UPDATE t SET v = v + 100, c{round} = 'x' WHERE id % 5 = 0;
                 DELETE FROM t WHERE id = {first} + 1;
                 CREATE TABLE made{round} (id INT PRIMARY KEY, v INT);
                 INSERT INTO made{round} VALUES ({round}, {round})"
            ))
            .await;
    }

    fn topic(&self, table: &str) -> String {
        format!("{0}.{0}.{table}", self.name)
    }

    /// Waits until the last record of each key is the table's row, all columns of it.
    async fn wait_until_equal(&self, what: &str, rounds: u32) {
        let columns: String = (1..=rounds)
            .rev()
            .map(|round| format!(", 'c{round}', c{round}"))
            .collect();
        // Every row is written once more with all columns.
        self.mysql
            .run(&format!("UPDATE {}.t SET v = v + 1", self.name))
            .await;
        let query = format!(
            "SELECT id, JSON_OBJECT('id', id, 'v', v{columns}) FROM {}.t",
            self.name
        );
        let rows = self.mysql.rows(&query).await.into_iter();
        let rows: BTreeMap<i64, Value> = rows
            .map(mysql_async::from_row::<(i64, String)>)
            .map(|(id, row)| (id, serde_json::from_str(&row).expect("JSON")))
            .collect();
        eventually(&format!("the table's state {what}"), async || {
            let made = read_topic(&self.topic(&format!("made{rounds}"))).await;
            let records = read_topic(&self.topic("t")).await;
            (state(&records) == rows && !made.is_empty()).then_some(())
        })
        .await;
    }

    /// The places of the events that came twice.
    async fn repeated(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut twice = Vec::new();
        for record in read_topic(&self.topic("t")).await {
            let source = value(&record)["source"].clone();
            let place = format!("{} {} {}", source["file"], source["pos"], source["row"]);
            if source["snapshot"] == "false" && !seen.insert(place.clone()) {
                twice.push(place);
            }
        }
        twice
    }
}

fn value(record: &Record) -> Value {
    record.value.as_deref().map_or(Value::Null, |value| {
        serde_json::from_slice(value).expect("JSON")
    })
}

fn state(records: &[Record]) -> BTreeMap<i64, Value> {
    let mut state = BTreeMap::new();
    for record in records {
        let key: Value = serde_json::from_str(&record.key_text()).expect("a key");
        let id = key["id"].as_i64().expect("an id");
        match value(record)["after"].clone() {
            Value::Null => state.remove(&id),
            after => state.insert(id, after),
        };
    }
    state
}

async fn there_and_back(mysql: MySql) {
    let _alone = alone().await;
    let moved = Move {
        mysql,
        name: unique("moved"),
    };
    moved
        .mysql
        .run(&format!(
            "CREATE DATABASE {0}; CREATE TABLE {0}.t (id INT PRIMARY KEY, v INT); INSERT INTO {0}.t VALUES (1, 1), (2, 2)",
            moved.name
        ))
        .await;
    // On the JVM: a snapshot and changes.
    let jvm = Rest::new(variable("CONNECT_JVM_URL"));
    jvm.create(&json!({ "name": moved.name, "config": moved.config() }))
        .await;
    jvm.wait_for_task(&moved.name, "RUNNING").await;
    wait_for_records(&moved.topic("t"), 2).await;
    moved.change(1).await;
    moved.wait_until_equal("on the JVM", 1).await;
    stop("connect-jvm");

    // Changes that nobody sees, and then us on the same topics.
    moved.change(2).await;
    let options = WorkerOptions::new(env!("CARGO_BIN_EXE_connectd"))
        .with("config.storage.topic", &format!("{JVM_GROUP}-configs"))
        .with("offset.storage.topic", &format!("{JVM_GROUP}-offsets"))
        .with("status.storage.topic", &format!("{JVM_GROUP}-status"));
    let mut ours = Worker::start(options).await;
    ours.rest.wait_for_task(&moved.name, "RUNNING").await;
    let config = ours
        .rest
        .get(&format!("/connectors/{}/config", moved.name))
        .await;
    assert_eq!(config["topic.prefix"], moved.name.as_str());
    moved.change(3).await;
    moved.wait_until_equal("with us", 3).await;
    assert_eq!(
        moved.repeated().await,
        Vec::<String>::new(),
        "nothing comes twice on the way here"
    );
    assert_eq!(ours.terminate().await, Some(0), "{}", ours.log());

    // And back again.
    moved.change(4).await;
    start("connect-jvm");
    moved.change(5).await;
    jvm.wait_for_task(&moved.name, "RUNNING").await;
    moved.wait_until_equal("on the JVM again", 5).await;
    assert_eq!(
        moved.repeated().await,
        Vec::<String>::new(),
        "nothing comes twice on the way back"
    );
    let answer = jvm
        .send("DELETE", &format!("/connectors/{}", moved.name), None)
        .await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    moved
        .mysql
        .run(&format!("DROP DATABASE {}", moved.name))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_jvm_to_us_and_back() {
    there_and_back(MySql::plain()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_jvm_to_us_and_back_with_gtid() {
    there_and_back(MySql::gtid()).await;
}
