//! What the runtime itself costs for a record: a synthetic source of structs
//! with ten fields, a cheap converter to JSON-like text, and Kafka.
//!
//! `KAFKA_BOOTSTRAP=host:port BENCH_TOPIC=name cargo run --release -p connect-runtime --example source_overhead`
//!
//! Three measurements of the same records: making and converting them with
//! nothing else; the same and `Producer::send`, without the runtime; and the
//! whole task. The last minus the second is the runtime's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that fails should say so at once"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use connect_api::config::ConfigDef;
use connect_api::data::{ByteString, Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};
use connect_api::plugin::{
    Connector, ConnectorContext, Converted, Converter, HeaderConverter, SourceTask,
    SourceTaskContext,
};
use connect_api::record::{OffsetMap, Record, SourceOffset, SourcePosition, SourceRecord};
use connect_api::registry::{
    ConnectorPlugin, ConverterPlugin, HeaderConverterPlugin, PluginClass, Plugins, TaskFactory,
};
use connect_api::{Error, Props, Result};
use connect_kafka::producer::{
    Delivered, DeliveryError, DeliverySink, NO_HEADERS, OutgoingRecord, Producer, SendError,
};
use connect_kafka::{ClientKind, ClientSettings};
use connect_runtime::{
    ConnectorTaskId, OffsetStore, State, StatusListener, TargetState, Worker, WorkerSettings,
};

const RECORDS: u64 = 1_000_000;
const BATCH: u64 = 2048;

const fn class(name: &'static str) -> PluginClass {
    PluginClass {
        class: name,
        other_classes: &[],
        version: "0",
    }
}

fn plugins() -> Plugins {
    Plugins {
        connectors: vec![ConnectorPlugin {
            name: class("Synthetic"),
            task_class: "SyntheticTask",
            create: || Box::new(Synthetic),
            task: TaskFactory::Source(|| Box::new(SyntheticTask(Source::new()))),
        }],
        converters: vec![ConverterPlugin {
            name: class("Text"),
            config: ConfigDef::new,
            create: |_, _| Ok(Box::new(Text)),
        }],
        header_converters: vec![HeaderConverterPlugin {
            name: class("TextHeader"),
            config: ConfigDef::new,
            create: |_| Ok(Box::new(Text)),
        }],
        ..Plugins::default()
    }
}

struct Synthetic;

#[async_trait]
impl Connector for Synthetic {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }

    async fn start(&mut self, _context: ConnectorContext, _props: &Props) -> Result<()> {
        Ok(())
    }

    async fn task_props(&self, _max_tasks: usize) -> Result<Vec<Props>> {
        Ok(vec![Props::new()])
    }

    async fn stop(&mut self) {}
}

struct Position;

impl SourcePosition for Position {
    fn offset(&self, detail: u64) -> OffsetMap {
        OffsetMap::from_iter([("n".to_owned(), detail.into())])
    }
}

/// Makes the records.
struct Source {
    topic: ByteString,
    schema: SchemaRef,
    key_schema: SchemaRef,
    partition: Arc<OffsetMap>,
    position: Arc<Position>,
    text: ByteString,
    next: u64,
}

impl Source {
    fn new() -> Self {
        let mut schema = SchemaBuilder::new(Type::Struct);
        for number in 0..10 {
            let kind = if number < 5 {
                Type::Int64
            } else {
                Type::String
            };
            schema = schema.field(format!("field_{number}"), Schema::required(kind));
        }
        Self {
            topic: std::env::var("BENCH_TOPIC").unwrap_or_default().into(),
            schema: schema.build(),
            key_schema: Schema::required(Type::Int64),
            partition: Arc::new(OffsetMap::from_iter([("p".to_owned(), 1.into())])),
            position: Arc::new(Position),
            text: "a text of forty characters, more or less".into(),
            next: 0,
        }
    }

    fn batch(&mut self) -> Vec<SourceRecord> {
        let end = RECORDS.min(self.next + BATCH);
        let batch = (self.next..end).map(|number| self.record(number)).collect();
        self.next = end;
        batch
    }

    fn record(&self, number: u64) -> SourceRecord {
        let number_value = Value::Int64(i64::try_from(number).unwrap());
        let values = (0..10)
            .map(|field| match field {
                0..5 => number_value.clone(),
                _ => Value::String(self.text.clone()),
            })
            .collect();
        let value = Struct::from_values(self.schema.clone(), values).unwrap();
        SourceRecord {
            record: Record {
                topic: self.topic.clone(),
                key_schema: Some(self.key_schema.clone()),
                key: number_value,
                value_schema: Some(self.schema.clone()),
                value: Value::Struct(value),
                ..Record::default()
            },
            source_partition: self.partition.clone(),
            source_offset: SourceOffset::Position(self.position.clone(), number + 1),
        }
    }
}

struct SyntheticTask(Source);

#[async_trait]
impl SourceTask for SyntheticTask {
    async fn start(&mut self, _context: SourceTaskContext, _props: &Props) -> Result<()> {
        Ok(())
    }

    async fn poll(&mut self, wait: Duration) -> Result<Vec<SourceRecord>> {
        let batch = self.0.batch();
        if batch.is_empty() {
            tokio::time::sleep(wait.min(Duration::from_millis(1))).await;
        }
        Ok(batch)
    }

    async fn stop(&mut self) {}
}

/// Names and values of a struct, about as JSON has them.
struct Text;

impl Text {
    fn append(value: &Value, out: &mut Vec<u8>) -> Converted {
        match value {
            Value::Null => return Converted::Null,
            Value::Int64(number) => out.extend_from_slice(&number.to_be_bytes()),
            Value::String(text) => out.extend_from_slice(text.as_bytes()),
            Value::Struct(value) => {
                for (field, value) in value.schema().fields().iter().zip(value.values()) {
                    out.extend_from_slice(field.name.as_bytes());
                    out.push(b':');
                    Self::append(value, out);
                    out.push(b',');
                }
            }
            _ => {}
        }
        Converted::Bytes
    }
}

#[async_trait]
impl Converter for Text {
    fn serialize(
        &mut self,
        _topic: &str,
        _schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        Ok(Self::append(value, out))
    }

    fn deserialize(
        &mut self,
        _topic: &str,
        _bytes: Option<&Bytes>,
    ) -> Result<Option<(Option<SchemaRef>, Value)>> {
        Err(Error::internal("this only writes"))
    }
}

impl HeaderConverter for Text {
    fn serialize(
        &mut self,
        _topic: &str,
        _key: &str,
        _schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        Ok(Self::append(value, out))
    }

    fn deserialize(
        &mut self,
        _topic: &str,
        _key: &str,
        _bytes: Option<&Bytes>,
    ) -> Result<(Option<SchemaRef>, Value)> {
        Err(Error::internal("this only writes"))
    }
}

struct Nowhere;

#[async_trait]
impl OffsetStore for Nowhere {
    async fn get(&self, _connector: &str, _partition: &OffsetMap) -> Result<Option<OffsetMap>> {
        Ok(None)
    }

    async fn all(&self, _connector: &str) -> Result<Vec<(OffsetMap, OffsetMap)>> {
        Ok(Vec::new())
    }

    async fn put(
        &self,
        _connector: &str,
        _offsets: Vec<(Arc<OffsetMap>, Option<OffsetMap>)>,
    ) -> Result<()> {
        Ok(())
    }
}

struct Silent;

impl StatusListener for Silent {
    fn connector_state(&self, _connector: &str, _state: State, _trace: Option<String>) {}

    fn task_state(&self, id: &ConnectorTaskId, state: State, trace: Option<String>) {
        if let Some(trace) = trace {
            panic!("{id} is {state}: {trace}");
        }
    }

    fn topic_used(&self, _connector: &str, _task: usize, _topic: &str) {}
}

struct Ignored;

impl DeliverySink for Ignored {
    fn delivered(&self, _token: u64, outcome: std::result::Result<Delivered, DeliveryError>) {
        if let Err(error) = outcome {
            panic!("{error}");
        }
    }
}

/// The process's processor time so far, all threads together.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    // USER_HZ is 100 on all common systems.
    Duration::from_millis(ticks * 10)
}

struct Measured {
    wall: Duration,
    processor: Duration,
}

fn report(name: &str, since: (Instant, Duration)) -> Measured {
    let measured = Measured {
        wall: since.0.elapsed(),
        processor: processor_time() - since.1,
    };
    let per_record = |time: Duration| time.as_secs_f64() * 1e6 / RECORDS as f64;
    println!(
        "{name:<28} {:>6.3} us/record wall, {:>6.3} us/record processor",
        per_record(measured.wall),
        per_record(measured.processor)
    );
    measured
}

fn now() -> (Instant, Duration) {
    (Instant::now(), processor_time())
}

fn convert_only() -> Measured {
    let since = now();
    let (mut source, mut out) = (Source::new(), Vec::new());
    loop {
        let batch = source.batch();
        if batch.is_empty() {
            return report("make and convert", since);
        }
        for record in batch {
            out.clear();
            std::hint::black_box(Text::append(&record.record.key, &mut out));
            std::hint::black_box(Text::append(&record.record.value, &mut out));
        }
    }
}

async fn produce_without_runtime(bootstrap: &str, topic: &str) -> Measured {
    let worker = [("bootstrap.servers".to_owned(), bootstrap.to_owned())].into();
    let props = connect_kafka::settings::worker::source_task_producer(
        &worker,
        &connect_kafka::Props::new(),
        "bare",
    );
    let settings = ClientSettings::from_props(ClientKind::Producer, &props).unwrap();
    let producer = Producer::new(&settings, Ignored).unwrap();
    let since = now();
    let (mut source, mut key, mut value) = (Source::new(), Vec::new(), Vec::new());
    let mut token = 0;
    loop {
        let batch = source.batch();
        if batch.is_empty() {
            break;
        }
        for record in batch {
            key.clear();
            value.clear();
            Text::append(&record.record.key, &mut key);
            Text::append(&record.record.value, &mut value);
            let outgoing = OutgoingRecord {
                topic,
                partition: None,
                timestamp: None,
                key: Some(&key),
                value: Some(&value),
            };
            while let Err(error) = producer.send(&outgoing, NO_HEADERS, token) {
                assert_eq!(error, SendError::Backpressure);
                producer.wait_for_room().await.unwrap();
            }
            token += 1;
        }
    }
    producer.flush(Duration::from_secs(60)).await.unwrap();
    report("and produce, bare", since)
}

async fn whole_task(bootstrap: &str) -> Measured {
    let props: Props = [
        ("bootstrap.servers", bootstrap),
        ("key.converter", "Text"),
        ("value.converter", "Text"),
        ("header.converter", "TextHeader"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    let worker = Worker::new(
        WorkerSettings::parse(&props).unwrap(),
        Arc::new(plugins()),
        Arc::new(Nowhere),
        Arc::new(Silent),
        tokio::runtime::Handle::current(),
    )
    .unwrap();
    let config: Props = [("name", "bench"), ("connector.class", "Synthetic")]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let id = ConnectorTaskId::new("bench", 0);
    let since = now();
    worker
        .start_task(id.clone(), config, Props::new(), TargetState::Started)
        .await
        .unwrap();
    let metrics = worker.task_metrics(&id).unwrap();
    while metrics.written.get() < RECORDS {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let measured = report("the whole task", since);
    worker.stop().await;
    measured
}

#[tokio::main]
async fn main() {
    let bootstrap = std::env::var("KAFKA_BOOTSTRAP").expect("KAFKA_BOOTSTRAP is not set");
    let topic = std::env::var("BENCH_TOPIC").expect("BENCH_TOPIC is not set");
    for round in 1..=3 {
        println!("round {round}, {RECORDS} records");
        let alone = convert_only();
        let bare = produce_without_runtime(&bootstrap, &topic).await;
        let whole = whole_task(&bootstrap).await;
        let own = |left: Duration, right: Duration| {
            (left.as_secs_f64() - right.as_secs_f64()) * 1e6 / RECORDS as f64
        };
        println!(
            "the producer: {:.3} us/record processor; the runtime's own: {:.3} us/record \
             processor, {:.3} wall",
            own(bare.processor, alone.processor),
            own(whole.processor, bare.processor),
            own(whole.wall, bare.wall)
        );
    }
}
