//! A task against a real database, driven as the worker drives it.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each test file uses a part of it; tests may expect"
)]

pub mod servers;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};
use connect_api::plugin::{ErrantRecordReporter, PartitionOffsets, SinkTask, SinkTaskContext};
use connect_api::record::{Record, SinkRecord, TimestampType, TopicPartition};
use connect_api::registry::{ConnectorPlugin, TaskFactory};
use connect_api::{Error, Props, Result};
use tokio_util::sync::CancellationToken;

/// Takes reports, or refuses them as `errors.tolerance=none` does.
#[derive(Default)]
pub struct Reporter {
    pub tolerates: bool,
    pub reports: Mutex<Vec<(i64, String)>>,
}

impl ErrantRecordReporter for Reporter {
    fn report(&self, record: &SinkRecord, error: Error) -> Result<()> {
        if !self.tolerates {
            return Err(error);
        }
        self.reports
            .lock()
            .unwrap()
            .push((record.offset, error.trace()));
        Ok(())
    }
}

/// A started task.
pub struct Running {
    pub task: Box<dyn SinkTask>,
    pub reporter: Arc<Reporter>,
    pub cancelled: CancellationToken,
}

pub fn props(pairs: &[(&str, &str)]) -> Props {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

impl Running {
    pub async fn start(plugin: ConnectorPlugin, props: &Props) -> Self {
        Self::with(plugin, props, false).await
    }

    pub async fn tolerant(plugin: ConnectorPlugin, props: &Props) -> Self {
        Self::with(plugin, props, true).await
    }

    async fn with(plugin: ConnectorPlugin, props: &Props, tolerates: bool) -> Self {
        let reporter = Arc::new(Reporter {
            tolerates,
            ..Reporter::default()
        });
        let cancelled = CancellationToken::new();
        let context = SinkTaskContext {
            connector: "sink".to_owned(),
            task: 0,
            reporter: reporter.clone(),
            cancelled: cancelled.clone(),
        };
        let TaskFactory::Sink(create) = plugin.task else {
            panic!("not a sink");
        };
        let mut task = create();
        task.start(context, props).await.expect("the task starts");
        Self {
            task,
            reporter,
            cancelled,
        }
    }

    pub async fn put(&mut self, records: &[SinkRecord]) {
        if let Err(error) = self.task.put(records).await {
            panic!("put failed: {}", error.trace());
        }
    }

    pub async fn fails(&mut self, records: &[SinkRecord]) -> Error {
        self.task.put(records).await.expect_err("put must fail")
    }

    /// Puts until it succeeds, as the runtime does after retriable errors.
    pub async fn put_patiently(&mut self, records: &[SinkRecord]) {
        loop {
            match self.task.put(records).await {
                Ok(()) => return,
                Err(error) if error.is_retriable() => {
                    let pause = error.retry_after().unwrap_or(Duration::from_millis(100));
                    tokio::time::sleep(pause).await;
                }
                Err(error) => panic!("put failed: {}", error.trace()),
            }
        }
    }

    pub async fn open(&mut self, partitions: &[TopicPartition]) -> PartitionOffsets {
        self.task.open(partitions).await.expect("partitions open")
    }

    pub fn reports(&self) -> Vec<(i64, String)> {
        self.reporter.reports.lock().unwrap().clone()
    }

    pub async fn stop(mut self) {
        self.task.stop().await;
    }
}

/// A struct schema of required fields; `?` before a type makes it optional.
pub fn schema(fields: &[(&str, SchemaRef)]) -> SchemaRef {
    let mut builder = SchemaBuilder::structure();
    for (name, schema) in fields {
        builder = builder.field((*name).to_owned(), schema.clone());
    }
    builder.build()
}

pub fn required(kind: Type) -> SchemaRef {
    Schema::required(kind)
}

pub fn optional(kind: Type) -> SchemaRef {
    Schema::optional(kind)
}

/// A named optional schema, such as one of Debezium's.
pub fn named(kind: Type, name: &'static str) -> SchemaRef {
    SchemaBuilder::new(kind).name(name).optional().build()
}

pub fn row(schema: &SchemaRef, values: Vec<Value>) -> Value {
    Value::Struct(Struct::from_values(schema.clone(), values).unwrap())
}

pub fn text(value: &str) -> Value {
    Value::from(value.to_owned())
}

pub fn partition(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition {
        topic: topic.into(),
        partition,
    }
}

/// A record with a key and a value, each with its schema where it is a struct.
pub fn record(topic: &str, offset: i64, key: Value, value: Value) -> SinkRecord {
    let schema_of = |value: &Value| match value {
        Value::Null => None,
        Value::Struct(value) => Some(value.schema().clone()),
        other => other.kind().map(Schema::required),
    };
    SinkRecord {
        record: Record {
            topic: topic.into(),
            partition: Some(0),
            key_schema: schema_of(&key),
            key,
            value_schema: schema_of(&value),
            value,
            timestamp: Some(1_700_000_000_000),
            kafka_offset: Some(offset),
            ..Record::default()
        },
        origin: partition(topic, 0),
        offset,
        timestamp_type: TimestampType::CreateTime,
        raw: None,
    }
}

pub fn value(topic: &str, offset: i64, value: Value) -> SinkRecord {
    record(topic, offset, Value::Null, value)
}
