//! Work for a cluster: sources that read files as they grow, and sinks into files and tables.

mod arrived;
mod lines;
mod offsets;

use std::path::{Path, PathBuf};
use std::time::Duration;

use connect_kafka::admin::NewTopic;
use serde_json::{Value, json};
use tempfile::TempDir;

pub use arrived::Arrived;
pub use lines::{Line, Lines};
pub use offsets::StepBack;

use super::Cluster;
use crate::kafka::Kafka;
use crate::postgres::Postgres;
use crate::services::unique;
use offsets::HeldUp;

/// How much work.
#[derive(Debug, Clone, Copy)]
pub struct WorkloadOptions {
    /// Sources, each of a file of its own, to a topic of its own.
    pub sources: usize,
    /// Sinks of two topics each, by two tasks, to a file.
    pub file_sinks: usize,
    /// Sinks of a topic each into a table of PostgreSQL: every other one keeps all records, the
    /// others the last of each key.
    pub tables: usize,
    /// The time between a file's lines.
    pub interval: Duration,
}

impl WorkloadOptions {
    /// Thirty connectors of all kinds.
    pub fn thirty() -> Self {
        Self {
            sources: 12,
            file_sinks: 10,
            tables: 8,
            interval: Duration::from_millis(20),
        }
    }

    /// A few sources and file sinks.
    pub fn small() -> Self {
        Self {
            sources: 4,
            file_sinks: 2,
            tables: 0,
            interval: Duration::from_millis(20),
        }
    }
}

/// Connectors with traffic.
#[derive(Debug)]
pub struct Workload {
    /// The files that grow.
    pub lines: Lines,
    name: String,
    group: String,
    options: WorkloadOptions,
    folder: TempDir,
    postgres: Option<Postgres>,
    held_up: Vec<HeldUp>,
}

impl Workload {
    /// Starts to write and creates the connectors, one through each worker after another.
    pub async fn start(cluster: &mut Cluster, options: WorkloadOptions) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let name = unique("work");
        let postgres = match options.tables {
            0 => None,
            _ => Some(Postgres::fresh(&name).await),
        };
        let workload = Self {
            lines: Lines::start(folder.path(), options.sources, options.interval),
            name,
            group: cluster.group().to_owned(),
            options,
            folder,
            postgres,
            held_up: Vec::new(),
        };
        let kafka = Kafka::new();
        for topic in workload.topics() {
            kafka.create(&NewTopic::new(&topic, 1, 1)).await;
        }
        let serving = cluster.serving();
        for (index, (body, tasks)) in workload.connectors().into_iter().enumerate() {
            let via = serving[index % serving.len()];
            cluster.create(via, &body, tasks).await;
        }
        workload
    }

    /// The topics of the sources.
    pub fn topics(&self) -> Vec<String> {
        (0..self.options.sources).map(|it| self.topic(it)).collect()
    }

    fn topic(&self, source: usize) -> String {
        format!("{}_{source}", self.name)
    }

    /// The name of a source.
    pub fn source(&self, source: usize) -> String {
        format!("{}-source-{source}", self.name)
    }

    /// The bodies that create the connectors, and how many tasks each has.
    fn connectors(&self) -> Vec<(Value, usize)> {
        let sources = (0..self.options.sources).map(|it| {
            let config = source(&self.lines.paths()[it], &self.topic(it));
            (json!({"name": self.source(it), "config": config}), 1)
        });
        let files = (0..self.options.file_sinks).map(|it| {
            let topics = self.topics_of_file(it).join(",");
            let config = file_sink(&self.file(it), &topics);
            (json!({"name": self.file_sink(it), "config": config}), 2)
        });
        let tables = (0..self.options.tables).map(|it| {
            let postgres = self.postgres.as_ref().expect("for the tables");
            let config = self.table_sink(it, postgres);
            (
                json!({"name": format!("{}-table-{it}", self.name), "config": config}),
                1,
            )
        });
        sources.chain(files).chain(tables).collect()
    }

    fn file_sink(&self, sink: usize) -> String {
        format!("{}-file-{sink}", self.name)
    }

    fn file(&self, sink: usize) -> PathBuf {
        self.folder.path().join(format!("sink-{sink}.txt"))
    }

    fn sources_of_file(&self, sink: usize) -> [usize; 2] {
        let sources = self.options.sources;
        [sink % sources, (sink + 1) % sources]
    }

    fn topics_of_file(&self, sink: usize) -> [String; 2] {
        self.sources_of_file(sink).map(|source| self.topic(source))
    }

    fn source_of_table(&self, table: usize) -> usize {
        table % self.options.sources
    }

    fn table_sink(&self, table: usize, postgres: &Postgres) -> Value {
        let source = self.source_of_table(table);
        let json = "org.apache.kafka.connect.json.JsonConverter";
        let mut config = json!({
            "connector.class": "io.confluent.connect.jdbc.JdbcSinkConnector",
            "topics": self.topic(source),
            "connection.url": postgres.jdbc_url(),
            "connection.user": postgres.user,
            "connection.password": postgres.password,
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": json,
            "insert.mode": "upsert",
            "auto.create": "true",
            "table.name.format": format!("t{table}"),
        });
        if keeps_all(table) {
            config["pk.mode"] = "kafka".into();
        } else {
            config["pk.mode"] = "record_value".into();
            config["pk.fields"] = "id".into();
        }
        config
    }

    /// Deletes the topics and the database; the connectors should be gone.
    pub async fn delete(self) {
        Kafka::new().delete(&self.topics()).await;
        if let Some(postgres) = &self.postgres {
            let drop = format!("DROP DATABASE \"{}\" WITH (FORCE)", postgres.database);
            Postgres::new().run(&drop).await;
        }
    }

    /// Waits until the sinks' tasks have joined their groups.
    pub async fn is_in_its_groups(&self) {
        let kafka = Kafka::new();
        for (number, group) in self.consumer_groups().iter().enumerate() {
            let is_file = number < self.options.file_sinks;
            let tasks = if is_file { FILE_SINK_TASKS } else { 1 };
            kafka.wait_until_stable(group, tasks).await;
        }
    }

    /// The consumer groups of the sinks: those of the files first.
    pub fn consumer_groups(&self) -> Vec<String> {
        let files = (0..self.options.file_sinks).map(|it| self.file_sink(it));
        let tables = (0..self.options.tables).map(|it| format!("{}-table-{it}", self.name));
        files
            .chain(tables)
            .map(|name| format!("connect-{name}"))
            .collect()
    }
}

/// Each of the sinks into files has so many tasks; those into tables have one.
const FILE_SINK_TASKS: usize = 2;

fn keeps_all(table: usize) -> bool {
    table.is_multiple_of(2)
}

/// The configuration of a source that reads the lines of a file.
fn source(file: &Path, topic: &str) -> Value {
    json!({
        "connector.class": "FileStreamSource",
        "file": file.display().to_string(),
        "topic": topic,
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    })
}

fn file_sink(file: &Path, topics: &str) -> Value {
    json!({
        "connector.class": "FileStreamSink",
        "tasks.max": FILE_SINK_TASKS.to_string(),
        "topics": topics,
        "file": file.display().to_string(),
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    })
}
