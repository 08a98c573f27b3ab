//! Lines and rows that come in all the time, and whether they have arrived.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use connectd_harness::{MySql, bootstrap, eventually, read_topic};
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::scene::Scene;

const PACE: Duration = Duration::from_millis(25);

/// A file that a line is added to every moment.
pub(super) struct Lines {
    pipe: String,
    written: Arc<AtomicU32>,
    resting: Arc<AtomicBool>,
    writer: JoinHandle<()>,
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.writer.abort();
    }
}

impl Lines {
    pub(super) fn of(scene: &Scene, pipe: &str) -> Self {
        let file: PathBuf = scene.file(&format!("{pipe}.in"));
        let (written, resting) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
        let (counter, paused) = (written.clone(), resting.clone());
        let writer = tokio::spawn(async move {
            let mut file = File::options().append(true).open(file).expect("a file");
            loop {
                if !paused.load(Ordering::Relaxed) {
                    writeln!(file, "{}", counter.load(Ordering::Relaxed)).expect("written");
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                tokio::time::sleep(PACE).await;
            }
        });
        Self {
            pipe: pipe.to_owned(),
            written,
            resting,
            writer,
        }
    }

    pub(super) fn pipe(&self) -> &str {
        &self.pipe
    }

    pub(super) fn rest(&self, resting: bool) {
        self.resting.store(resting, Ordering::Relaxed);
    }

    /// Waits until every line that was written before has come through, in order; how many came
    /// more than once to the topic and to the sink's file.
    pub(super) async fn arrived(&self, scene: &Scene) -> (usize, usize) {
        let written = self.written.load(Ordering::Relaxed);
        let topic = scene.topic(&self.pipe);
        let source = self.wait("topic", written, async || {
            let records = read_topic(&topic).await;
            records.iter().map(|it| it.text()).collect()
        });
        let source = source.await;
        let file = scene.file(&format!("{}.out", self.pipe));
        let sink = self.wait("file", written, async || {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        });
        (source, sink.await)
    }

    async fn wait(&self, place: &str, written: u32, read: impl AsyncFn() -> Vec<String>) -> usize {
        let what = format!("{written} lines of {} in the {place}", self.pipe);
        eventually(&what, async || {
            let (mut next, mut repeated) = (0, 0);
            for line in read().await {
                let number: u32 = line.parse().unwrap_or_else(|_| panic!("{what}: {line:?}"));
                assert!(number <= next, "{what}: {next} is missing before {number}");
                if number == next {
                    next += 1;
                } else {
                    repeated += 1;
                }
            }
            (next >= written).then_some(repeated)
        })
        .await
    }

    /// Where its source is once all is read.
    pub(super) fn end(&self, scene: &Scene) -> Value {
        let file = scene.file(&format!("{}.in", self.pipe));
        let length = std::fs::metadata(&file).expect("a file").len();
        json!({"offsets": [{
            "partition": {"filename": file.display().to_string()},
            "offset": {"position": length},
        }]})
    }
}

/// A table that rows are added to and changed in every moment, and the connector of it.
pub(super) struct Rows {
    mysql: MySql,
    pub(super) name: String,
    resting: Arc<AtomicBool>,
    writer: JoinHandle<()>,
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.writer.abort();
    }
}

impl Rows {
    pub(super) async fn of(mysql: MySql, name: String) -> Self {
        mysql
            .run(&format!(
                "CREATE DATABASE {name}; CREATE TABLE {name}.t (id INT PRIMARY KEY, v INT); INSERT INTO {name}.t VALUES (0, 0)"
            ))
            .await;
        let resting = Arc::<AtomicBool>::default();
        let (paused, database, server) = (resting.clone(), name.clone(), mysql.clone());
        let writer = tokio::spawn(async move {
            let mut connection = server.connect().await;
            for id in 1_u32.. {
                while paused.load(Ordering::Relaxed) {
                    tokio::time::sleep(PACE).await;
                }
                let older = id / 2;
                for statement in [
                    format!("INSERT INTO {database}.t VALUES ({id}, 0)"),
                    format!("UPDATE {database}.t SET v = v + {id} WHERE id = {older}"),
                ] {
                    connection.query_drop(statement).await.expect("written");
                }
                tokio::time::sleep(PACE).await;
            }
        });
        Self {
            mysql,
            name,
            resting,
            writer,
        }
    }

    pub(super) fn rest(&self, resting: bool) {
        self.resting.store(resting, Ordering::Relaxed);
    }

    pub(super) fn config(&self) -> Value {
        let name = &self.name;
        json!({
            "connector.class": "io.debezium.connector.mysql.MySqlConnector",
            "database.hostname": self.mysql.host,
            "database.port": self.mysql.port.to_string(),
            "database.user": "debezium",
            "database.password": "dbz",
            "database.server.id": "684177",
            "topic.prefix": name,
            "database.include.list": name,
            "schema.history.internal.kafka.bootstrap.servers": bootstrap(),
            "schema.history.internal.kafka.topic": format!("history.{name}"),
            "key.converter": "org.apache.kafka.connect.json.JsonConverter",
            "key.converter.schemas.enable": "false",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "false",
        })
    }

    /// Waits until the topic has every row as it is, while nothing is written; how many changes
    /// came more than once.
    pub(super) async fn arrived(&self) -> usize {
        let query = format!("SELECT id, v FROM {}.t", self.name);
        let topic = format!("{0}.{0}.t", self.name);
        eventually(&format!("the rows of {topic}"), async || {
            let rows = self.mysql.rows(&query).await.into_iter();
            let rows: BTreeMap<i64, i64> = rows.map(mysql_async::from_row).collect();
            let mut state = BTreeMap::new();
            let mut seen = BTreeMap::<String, usize>::new();
            for record in read_topic(&topic).await {
                let value: Value = serde_json::from_slice(record.value.as_deref()?).ok()?;
                let (after, source) = (&value["after"], &value["source"]);
                state.insert(after["id"].as_i64()?, after["v"].as_i64()?);
                if source["snapshot"] == "false" {
                    let place = format!("{} {} {}", source["file"], source["pos"], source["row"]);
                    *seen.entry(place).or_default() += 1;
                }
            }
            let repeated = seen.values().map(|count| count - 1).sum();
            (state == rows).then_some(repeated)
        })
        .await
    }

    pub(super) async fn drop_database(self) {
        self.writer.abort();
        self.mysql
            .run(&format!("DROP DATABASE {}", self.name))
            .await;
    }
}
