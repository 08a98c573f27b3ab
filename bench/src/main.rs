//! Measures the MySQL source on our worker and on the JVM's, in one run.
//!
//! Each engine snapshots the same table; then both are stopped while changes
//! are written, and each streams the same binlog. Rates are from the moment
//! that the connector is posted (or resumed) until the topic holds all records;
//! CPU is that of the worker's process over the same time.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it prints a report")]
#![allow(
    clippy::expect_used,
    reason = "a failed measurement ends the benchmark, and says why"
)]

mod engine;
mod load;
mod process;

use engine::{Connectd, Engine, Figures, Jvm};

/// How much is measured.
struct Sizes {
    rows: u64,
    updates: u64,
    transactions: u64,
}

fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number"))
    })
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let sizes = Sizes {
        rows: number("BENCH_ROWS", 2_000_000),
        updates: number("BENCH_UPDATES", 500_000),
        transactions: number("BENCH_TRANSACTIONS", 50_000),
    };
    let names = std::env::var("BENCH_ENGINES").unwrap_or_else(|_| "connectd jvm".to_owned());
    let mut engines: Vec<Box<dyn Engine>> = Vec::new();
    for name in names.split_whitespace() {
        engines.push(match name {
            "connectd" => Box::new(Connectd::new()),
            "jvm" => Box::new(Jvm::new()),
            other => panic!("BENCH_ENGINES: {other} is not known; known are connectd, jvm"),
        });
    }

    println!("loading {} rows", sizes.rows);
    load::table(sizes.rows).await;

    let mut reports: Vec<Vec<Figures>> = Vec::new();
    for engine in &mut engines {
        println!("{}: snapshot", engine.name());
        reports.push(engine.snapshot(sizes.rows).await);
    }
    println!("writing {} updates", sizes.updates);
    load::updates(sizes.updates).await;
    stream(
        &mut engines,
        &mut reports,
        "streaming",
        sizes.rows,
        sizes.updates,
    )
    .await;
    println!("writing {} transactions", sizes.transactions);
    load::single_row_transactions(sizes.transactions).await;
    let before = sizes.rows + sizes.updates;
    stream(
        &mut engines,
        &mut reports,
        "single-row tx",
        before,
        sizes.transactions,
    )
    .await;

    for (engine, figures) in engines.iter().zip(&reports) {
        print(engine.name(), figures);
    }
    if let [ours, theirs] = &reports[..] {
        ratios(ours, theirs);
    }
}

async fn stream(
    engines: &mut [Box<dyn Engine>],
    reports: &mut [Vec<Figures>],
    what: &'static str,
    before: u64,
    rows: u64,
) {
    for (engine, report) in engines.iter_mut().zip(reports) {
        println!("{}: {what}", engine.name());
        let figures = engine.resume(what, before, rows).await;
        report.push(figures);
    }
}

fn print(name: &str, figures: &[Figures]) {
    println!("\n{name}");
    println!(
        "{:<16}{:>12}{:>12}{:>12}{:>14}{:>14}",
        "", "rows", "seconds", "rows/s", "CPU us/row", "peak RSS MB"
    );
    for figures in figures {
        println!(
            "{:<16}{:>12}{:>12.2}{:>12.0}{:>14.2}{:>14.1}",
            figures.what,
            figures.rows,
            figures.seconds,
            figures.rate(),
            figures.cpu_per_row(),
            figures.peak_rss_mb
        );
    }
    if let Some(first) = figures.first() {
        println!(
            "REST-ready after {:.0} ms; RSS idle {:.1} MB",
            first.ready_ms, first.idle_rss_mb
        );
    }
}

fn ratios(ours: &[Figures], theirs: &[Figures]) {
    println!("\nconnectd against the JVM");
    println!(
        "{:<16}{:>14}{:>18}{:>14}",
        "", "rows/s", "CPU per row", "peak RSS"
    );
    for (ours, theirs) in ours.iter().zip(theirs) {
        println!(
            "{:<16}{:>13.1}x{:>17.3}x{:>13.3}x",
            ours.what,
            ours.rate() / theirs.rate(),
            ours.cpu_per_row() / theirs.cpu_per_row(),
            ours.peak_rss_mb / theirs.peak_rss_mb
        );
    }
}
