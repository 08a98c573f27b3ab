//! How much CPU the sink's task takes for a record of eight columns, and how
//! many records a second a server takes from it:
//!
//!     eval "$(tests/services/up elasticsearch)"
//!     cargo run --release -p connect-elasticsearch-sink --example put_overhead [RECORDS] [key=value …]
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement by hand"
)]
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Instant;

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value, logical};
use connect_api::plugin::{ErrantRecordReporter, PartitionOffsets, SinkTaskContext};
use connect_api::record::{Record, SinkRecord, TimestampType, TopicPartition};
use connect_api::registry::TaskFactory;
use connect_api::{Error, Props, Result};
use connect_elasticsearch_sink::SINK;
use tokio_util::sync::CancellationToken;

/// As many as a consumer's poll returns.
const POLL: i64 = 500;

struct Refuses;

impl ErrantRecordReporter for Refuses {
    fn report(&self, _: &SinkRecord, error: Error) -> Result<()> {
        Err(error)
    }
}

fn schema() -> SchemaRef {
    SchemaBuilder::structure()
        .field("id", Schema::required(Type::Int64))
        .field("customer", Schema::required(Type::String))
        .field("email", Schema::optional(Type::String))
        .field("quantity", Schema::required(Type::Int32))
        .field("price", logical::decimal(2).build())
        .field("weight", Schema::required(Type::Float64))
        .field("paid", Schema::required(Type::Boolean))
        .field("at", logical::timestamp().build())
        .build()
}

fn record(schema: &SchemaRef, topic: &str, offset: i64) -> SinkRecord {
    let cents = i32::try_from(offset % 1_000_000)
        .expect("small")
        .to_be_bytes();
    let values = vec![
        Value::Int64(offset),
        Value::from(format!("customer number {offset}")),
        Value::from(format!("customer{offset}@example.com")),
        Value::Int32(7),
        Value::Bytes(cents.to_vec().into()),
        Value::Float64(offset as f64 / 8.0),
        Value::Boolean(true),
        Value::Int64(1_600_000_000_000 + offset),
    ];
    let value = Struct::from_values(schema.clone(), values).expect("eight");
    SinkRecord {
        record: Record {
            topic: topic.into(),
            partition: Some(0),
            key: Value::from(format!("key{offset}")),
            value_schema: Some(schema.clone()),
            value: value.into(),
            kafka_offset: Some(offset),
            ..Record::default()
        },
        origin: TopicPartition {
            topic: topic.into(),
            partition: 0,
        },
        offset,
        timestamp_type: TimestampType::CreateTime,
        raw: None,
    }
}

/// Ticks of 10 ms that this process has used.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a process");
    let (_, rest) = stat.rsplit_once(')').expect("a name");
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<u64>().expect("ticks");
    ticks(11) + ticks(12)
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let count: i64 = arguments
        .next()
        .map_or(200_000, |text| text.parse().expect("a number"));
    let topic = format!("put-overhead-{}", std::process::id());
    let url = std::env::var("ELASTICSEARCH_URL").expect("ELASTICSEARCH_URL");
    let mut props = Props::from([("connection.url".to_owned(), url)]);
    for argument in arguments {
        let (key, value) = argument.split_once('=').expect("key=value");
        props.insert(key.to_owned(), value.to_owned());
    }
    let TaskFactory::Sink(make) = SINK.task else {
        unreachable!("a sink");
    };
    let mut task = make();
    let context = SinkTaskContext {
        connector: "overhead".to_owned(),
        task: 0,
        reporter: Arc::new(Refuses),
        cancelled: CancellationToken::new(),
    };
    task.start(context, &props).await?;
    let schema = schema();
    let batches: Vec<Vec<SinkRecord>> = (0..count / POLL)
        .map(|batch| {
            (0..POLL)
                .map(|n| record(&schema, &topic, batch * POLL + n))
                .collect()
        })
        .collect();
    let (began, ticks) = (Instant::now(), cpu_ticks());
    for batch in &batches {
        task.put(batch).await?;
    }
    let end = PartitionOffsets::from([(batches[0][0].origin.clone(), count)]);
    while task.pre_commit(end.clone()).await? != end {}
    let elapsed = began.elapsed();
    let micros = (cpu_ticks() - ticks) as f64 * 10_000.0 / count as f64;
    println!(
        "{count} records in {elapsed:.2?}: {:.0} a second, {micros:.2} µs of CPU each",
        count as f64 / elapsed.as_secs_f64()
    );
    task.stop().await;
    Ok(())
}
