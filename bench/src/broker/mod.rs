//! The embedded broker, against Kafka.
//!
//! librdkafka writes records of 100 bytes to a topic of one partition, reads them all, and then does
//! both at once. Rates are from the first record until the last is acknowledged by `acks=all`, or
//! read; CPU is that of the broker's process over the same time. What the clients take of the same
//! two cores is shown too, since they are the larger part. Neither broker forces records to the
//! disk before it acknowledges them: that is Kafka's default (`flush.messages`), and ours.

mod clients;
mod latency;
mod node;
mod throughput;

use crate::figures::{Figures, print, ratios};
use crate::number;
use crate::workers::Engine;
use latency::Latencies;
use node::Node;
use throughput::Measured;

/// What one broker has come to.
struct Report {
    engine: Engine,
    measured: Vec<Measured>,
    latencies: Latencies,
    ready_ms: f64,
    idle_rss_mb: f64,
}

/// Runs it; `BENCH_BROKER_RECORDS` and `BENCH_BROKER_SINGLE_RECORDS` are how much.
pub(crate) async fn run() {
    let records = number("BENCH_BROKER_RECORDS", 5_000_000);
    let single = number("BENCH_BROKER_SINGLE_RECORDS", 2_000);
    let mut reports = Vec::new();
    for engine in Engine::asked_for() {
        reports.push(measure(engine, records, single).await);
    }
    for report in &reports {
        show(report);
    }
    if let [ours, theirs] = &reports[..] {
        ratios(&figures(ours), &figures(theirs));
    }
}

async fn measure(engine: Engine, records: u64, single: u64) -> Report {
    let node = Node::start(engine).await;
    println!("{}: one record at a time", name(engine));
    let latencies = latency::measure(&node, single).await;
    println!("{}: {records} records of 100 bytes", name(engine));
    let measured = throughput::measure(&node, records).await;
    let report = Report {
        engine,
        measured,
        latencies,
        ready_ms: node.ready_ms,
        idle_rss_mb: node.idle_rss_mb,
    };
    node.stop().await;
    report
}

fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Connectd => "connectd broker",
        Engine::Jvm => "Kafka (JVM)",
    }
}

fn figures(report: &Report) -> Vec<Figures> {
    let measured = report.measured.iter();
    measured.map(|measured| measured.figures.clone()).collect()
}

fn show(report: &Report) {
    print(name(report.engine), &figures(report));
    println!("CPU of the clients, us/record");
    for Measured {
        figures,
        clients_cpu_seconds,
    } in &report.measured
    {
        let per_record = clients_cpu_seconds * 1e6 / figures.rows as f64;
        println!("{:<24}{per_record:>12.2}", figures.what);
    }
    println!("one record at a time: {}", report.latencies);
    println!(
        "ready after {:.0} ms; RSS idle {:.1} MB",
        report.ready_ms, report.idle_rss_mb
    );
}
