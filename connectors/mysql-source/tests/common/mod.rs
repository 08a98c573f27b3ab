//! A task against a real MySQL, driven as the worker drives it.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connect_api::data::{Struct, Value};
use connect_api::plugin::{OffsetReader, SourceTask, SourceTaskContext};
use connect_api::record::{OffsetMap, SourceRecord};
use connect_api::registry::TaskFactory;
use connect_api::{Error, Props, Result};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};
use tokio_util::sync::CancellationToken;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(60);

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: start the servers with `tests/services/up mysql mysql-gtid` and set what it prints")
    })
}

/// A real server.
#[derive(Clone)]
pub struct Server {
    pub host: String,
    pub port: u16,
}

impl Server {
    /// The server without GTIDs.
    pub fn plain() -> Self {
        Self::at("MYSQL_PORT")
    }

    /// The server with GTIDs.
    pub fn with_gtids() -> Self {
        Self::at("MYSQL_GTID_PORT")
    }

    fn at(port: &str) -> Self {
        Self {
            host: variable("MYSQL_HOST"),
            port: variable(port).parse().expect("a port is a number"),
        }
    }

    /// A connection as the administrator.
    pub async fn admin(&self) -> Conn {
        self.login("root", "debezium").await
    }

    pub async fn login(&self, user: &str, password: &str) -> Conn {
        let opts = OptsBuilder::default()
            .ip_or_hostname(self.host.clone())
            .tcp_port(self.port)
            .user(Some(user))
            .pass(Some(password))
            .prefer_socket(false);
        Conn::new(opts)
            .await
            .expect("the test server takes the login")
    }

    /// A database made anew.
    pub async fn fresh_database(&self, name: &str) -> Conn {
        let mut admin = self.admin().await;
        run(&mut admin, &format!("DROP DATABASE IF EXISTS {name}")).await;
        run(&mut admin, &format!("CREATE DATABASE {name}")).await;
        run(&mut admin, &format!("USE {name}")).await;
        admin
    }
}

/// Runs statements that are separated by semicolons at the ends of lines.
pub async fn run(conn: &mut Conn, sql: &str) {
    for statement in sql
        .split(";\n")
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        conn.query_drop(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// Offsets as the worker stores them.
#[derive(Clone, Default)]
pub struct Offsets(Arc<Mutex<HashMap<String, OffsetMap>>>);

impl Offsets {
    pub fn put(&self, partition: &OffsetMap, offset: OffsetMap) {
        let key = serde_json::to_string(partition).unwrap();
        self.0.lock().unwrap().insert(key, offset);
    }

    pub fn text(&self) -> Option<String> {
        let offsets = self.0.lock().unwrap();
        offsets
            .values()
            .next()
            .map(|offset| serde_json::to_string(offset).unwrap())
    }
}

#[async_trait::async_trait]
impl OffsetReader for Offsets {
    async fn offset(&self, partition: &OffsetMap) -> Result<Option<OffsetMap>> {
        let key = serde_json::to_string(partition).unwrap();
        Ok(self.0.lock().unwrap().get(&key).cloned())
    }
}

/// A connector's configuration and what it has stored.
pub struct Pipeline {
    pub props: Props,
    pub offsets: Offsets,
    pub history: tempfile::TempDir,
}

impl Pipeline {
    /// A connector called `name` that captures the database of that name.
    pub fn new(server: &Server, name: &str) -> Self {
        let history = tempfile::tempdir().unwrap();
        let file = history.path().join("history.dat").display().to_string();
        let mut pipeline = Self {
            props: Props::new(),
            offsets: Offsets::default(),
            history,
        };
        let id = 10_000
            + name
                .bytes()
                .fold(0_u32, |id, byte| (id * 31 + u32::from(byte)) % 50_000);
        for (key, value) in [
            (
                "connector.class",
                "io.debezium.connector.mysql.MySqlConnector".to_owned(),
            ),
            ("database.hostname", server.host.clone()),
            ("database.port", server.port.to_string()),
            ("database.user", "debezium".to_owned()),
            ("database.password", "dbz".to_owned()),
            ("database.server.id", id.to_string()),
            ("topic.prefix", name.to_owned()),
            ("database.include.list", name.to_owned()),
            (
                "schema.history.internal",
                "io.debezium.storage.file.history.FileSchemaHistory".to_owned(),
            ),
            ("schema.history.internal.file.filename", file),
            ("retriable.restart.connector.wait.ms", "200".to_owned()),
        ] {
            pipeline.props.insert(key.to_owned(), value);
        }
        pipeline
    }

    pub fn set(&mut self, key: &str, value: &str) {
        self.props.insert(key.to_owned(), value.to_owned());
    }

    pub fn history_file(&self) -> String {
        self.props["schema.history.internal.file.filename"].clone()
    }

    /// A task that has been started.
    pub async fn start(&self) -> Task {
        self.try_start()
            .await
            .unwrap_or_else(|error| panic!("start: {error:?}"))
    }

    pub async fn try_start(&self) -> Result<Task> {
        let plugin = connect_mysql_source::plugin();
        let TaskFactory::Source(create) = plugin.task else {
            panic!("not a source")
        };
        let mut task = create();
        let cancelled = CancellationToken::new();
        let context = SourceTaskContext {
            connector: self.props["topic.prefix"].clone(),
            task: 0,
            offsets: Arc::new(self.offsets.clone()),
            cancelled: cancelled.clone(),
        };
        let started = tokio::time::timeout(PATIENCE, task.start(context, &self.props))
            .await
            .unwrap_or_else(|_| Err(Error::internal("the start takes too long")));
        if let Err(error) = started {
            task.stop().await;
            return Err(error);
        }
        Ok(Task {
            task,
            cancelled,
            offsets: self.offsets.clone(),
            records: Vec::new(),
            schema_changes: true,
        })
    }
}

/// A running task.
pub struct Task {
    task: Box<dyn SourceTask>,
    cancelled: CancellationToken,
    offsets: Offsets,
    /// All records so far.
    pub records: Vec<SourceRecord>,
    schema_changes: bool,
}

impl Task {
    /// Polls until there are `count` records of tables, heartbeats and schema
    /// changes aside.
    pub async fn rows(&mut self, count: usize) -> Vec<Row> {
        self.until(|rows| rows.len() >= count).await
    }

    /// Polls until `enough` says so of the records of tables.
    pub async fn until(&mut self, enough: impl Fn(&[Row]) -> bool) -> Vec<Row> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = rows_of(&self.records);
            if enough(&rows) {
                return rows;
            }
            assert!(
                Instant::now() < deadline,
                "waited in vain; so far: {rows:#?}"
            );
            self.poll()
                .await
                .unwrap_or_else(|error| panic!("poll: {error:?}\nso far: {rows:#?}"));
        }
    }

    /// Polls for a while and gives what came of tables.
    pub async fn quiet(&mut self, time: Duration) -> Vec<Row> {
        let before = self.records.len();
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            self.poll()
                .await
                .unwrap_or_else(|error| panic!("poll: {error:?}"));
        }
        rows_of(&self.records[before..])
    }

    /// The error that ends the task.
    pub async fn error(&mut self) -> Error {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Err(error) = self.poll().await {
                return error;
            }
        }
        panic!(
            "the task does not fail; records: {:#?}",
            rows_of(&self.records)
        );
    }

    pub async fn poll(&mut self) -> Result<usize> {
        let records = self.task.poll(Duration::from_millis(100)).await?;
        let count = records.len();
        self.records.extend(records);
        Ok(count)
    }

    /// Stores the offset of the record at `index` among all, as the worker does.
    pub fn commit(&self, index: usize) {
        let record = &self.records[index];
        self.offsets
            .put(&record.source_partition, record.source_offset.to_map());
    }

    /// Stores the last record's offset.
    pub fn commit_all(&self) {
        self.commit(self.records.len() - 1);
    }

    pub async fn stop(mut self) -> Vec<SourceRecord> {
        self.cancelled.cancel();
        self.task.stop().await;
        self.records
    }
}

/// A record of a table, as tests look at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub topic: String,
    /// `r`, `c`, `u`, `d`, `t`, or `tombstone`.
    pub op: String,
    pub key: serde_json::Value,
    pub before: serde_json::Value,
    pub after: serde_json::Value,
    pub source: serde_json::Value,
    pub offset: String,
}

pub fn rows_of(records: &[SourceRecord]) -> Vec<Row> {
    records
        .iter()
        .filter(|record| {
            record.record.topic.contains('.') && !record.record.topic.starts_with("__")
        })
        .map(row_of)
        .collect()
}

fn row_of(record: &SourceRecord) -> Row {
    let value = json(&record.record.value);
    let field = |name: &str| value.get(name).cloned().unwrap_or_default();
    Row {
        topic: record.record.topic.to_string(),
        op: match &record.record.value {
            Value::Null => "tombstone".to_owned(),
            _ => field("op").as_str().unwrap_or_default().to_owned(),
        },
        key: json(&record.record.key),
        before: field("before"),
        after: field("after"),
        source: field("source"),
        offset: serde_json::to_string(&record.source_offset.to_map()).unwrap(),
    }
}

/// A value as JSON, for comparisons.
pub fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Float32(value) => (*value).into(),
        Value::Float64(value) => (*value).into(),
        Value::String(text) => text.to_string().into(),
        Value::Bytes(bytes) => bytes.to_vec().into(),
        Value::Array(items) => items.iter().map(json).collect::<Vec<_>>().into(),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, value)| vec![json(key), json(value)])
            .collect::<Vec<_>>()
            .into(),
        Value::Struct(value) => json_of_struct(value),
        integer => integer.as_i64().into(),
    }
}

fn json_of_struct(value: &Struct) -> serde_json::Value {
    let names = value
        .schema()
        .fields()
        .iter()
        .map(|field| field.name.to_string());
    names
        .zip(value.values().iter().map(json))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
