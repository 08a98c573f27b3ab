//! The MySQL source.
//!
//! Each engine snapshots the same table; then both are stopped while changes
//! are written, and each streams the same binlog. Rates are from the moment
//! that the connector is posted (or resumed) until the topic holds all records;
//! CPU is that of the worker's process over the same time.

mod engine;
mod load;

use crate::figures::{Figures, print, ratios};
use crate::number;
use crate::workers::Engine;

use engine::Source;

/// Runs it; `BENCH_ROWS`, `BENCH_UPDATES` and `BENCH_TRANSACTIONS` are how much.
pub(crate) async fn run() {
    let rows = number("BENCH_ROWS", 2_000_000);
    let updates = number("BENCH_UPDATES", 500_000);
    let transactions = number("BENCH_TRANSACTIONS", 50_000);
    let mut sources: Vec<Source> = Engine::asked_for().into_iter().map(Source::new).collect();

    println!("loading {rows} rows");
    load::table(rows).await;
    let mut reports: Vec<Vec<Figures>> = Vec::new();
    for source in &mut sources {
        println!("{}: snapshot", source.engine.name());
        reports.push(vec![source.snapshot(rows).await]);
    }
    println!("writing {updates} updates");
    load::updates(updates).await;
    stream(&mut sources, &mut reports, "streaming", rows, updates).await;
    println!("writing {transactions} transactions");
    load::single_row_transactions(transactions).await;
    let before = rows + updates;
    let what = "single-row tx";
    stream(&mut sources, &mut reports, what, before, transactions).await;

    for (source, figures) in sources.iter().zip(&reports) {
        print(source.engine.name(), figures);
        if let Some((ready_ms, idle_rss_mb)) = source.start {
            println!("REST-ready after {ready_ms:.0} ms; RSS idle {idle_rss_mb:.1} MB");
        }
    }
    if let [ours, theirs] = &reports[..] {
        ratios(ours, theirs);
    }
}

async fn stream(
    sources: &mut [Source],
    reports: &mut [Vec<Figures>],
    what: &str,
    before: u64,
    rows: u64,
) {
    for (source, report) in sources.iter_mut().zip(reports) {
        println!("{}: {what}", source.engine.name());
        report.push(source.resume(what, before, rows).await);
    }
}
