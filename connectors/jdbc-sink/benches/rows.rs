//! How much CPU of ours a row of eight columns takes, and how many rows a second go through, by database and
//! mode. Run with `cargo bench -p connect-jdbc-sink`, the servers of `tests/services/up mysql postgres` being there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and may expect"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use bytes::Bytes;
use common::servers;
use common::*;
use connect_api::data::{SchemaRef, Type, Value, logical};
use connect_api::record::SinkRecord;
use connect_jdbc_sink::CONFLUENT;

/// Records of one call: as many as a consumer's poll gives.
const BATCH: i64 = 3000;
const BATCHES: i64 = 60;

fn columns() -> SchemaRef {
    schema(&[
        ("id", required(Type::Int64)),
        ("customer", required(Type::Int32)),
        ("name", optional(Type::String)),
        ("note", optional(Type::String)),
        ("price", logical::decimal(2).build()),
        ("rate", required(Type::Float64)),
        ("paid", required(Type::Boolean)),
        ("created", logical::timestamp().build()),
    ])
}

fn records(columns: &SchemaRef, batch: i64) -> Vec<SinkRecord> {
    (batch * BATCH..(batch + 1) * BATCH)
        .map(|id| {
            let values = vec![
                Value::Int64(id),
                Value::Int32((id % 10_000) as i32),
                text(&format!("customer {id}")),
                text("a note of forty characters, more or less"),
                Value::Bytes(Bytes::copy_from_slice(&(id as i32).to_be_bytes())),
                Value::Float64(id as f64 / 7.0),
                Value::Boolean(id % 2 == 0),
                Value::Int64(1_600_000_000_000 + id),
            ];
            value("bench_rows", id, row(columns, values))
        })
        .collect()
}

/// The CPU time of this process, of all its threads.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = stat.rsplit_once(')').expect("a name").1;
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().expect("a number"))
        .sum();
    // USER_HZ is 100 on every Linux.
    Duration::from_millis(ticks * 10)
}

async fn measure(server: &str, mode: &str) {
    let (mut database, base) = match server {
        "postgres" => servers::postgres("jdbc_bench").await,
        _ => servers::mysql("jdbc_bench").await,
    };
    let mut settings = base;
    settings.extend(props(&[("auto.create", "true"), ("insert.mode", mode)]));
    if mode == "upsert" {
        settings.extend(props(&[("pk.mode", "record_value"), ("pk.fields", "id")]));
    }
    let mut task = Running::start(CONFLUENT, &settings).await;
    let columns = columns();
    task.put(&records(&columns, 0)).await;
    let (mut wall, mut used) = (Duration::ZERO, Duration::ZERO);
    for batch in 1..=BATCHES {
        let records = records(&columns, batch);
        let (began, before) = (Instant::now(), cpu());
        task.put(&records).await;
        wall += began.elapsed();
        used += cpu() - before;
    }
    let rows = (BATCHES * BATCH) as f64;
    let count = database.rows("SELECT count(*) FROM bench_rows").await;
    assert_eq!(count, [[((BATCHES + 1) * BATCH).to_string()]]);
    println!(
        "{server} {mode}: {:.2} µs of CPU per row, {:.0} rows/s",
        used.as_secs_f64() * 1e6 / rows,
        rows / wall.as_secs_f64()
    );
    task.stop().await;
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    for server in ["postgres", "mysql"] {
        for mode in ["insert", "upsert"] {
            runtime.block_on(measure(server, mode));
        }
    }
}
