//! The sinks.
//!
//! One topic of rows for each format goes to each target, by each worker that
//! has a sink for it, and by the target's own tool. Rates are from the moment
//! that the connector is posted until the target has the last row; CPU is that
//! of the worker's process over the same time. `upsert` finds every second row
//! there already. The JVM has no Elasticsearch sink that a package registry
//! gives; its Avro converter is Apicurio's.

mod case;
mod connectors;
mod elasticsearch;
mod format;
mod mysql;
mod postgres;
mod rows;

use std::time::{Duration, Instant};

use connectd_harness::{Rest, unique};

use crate::figures::{Figures, print, ratios};
use crate::number;
use crate::workers::{Engine, Running, connectd_options};
use case::Case;
use format::Format;

/// Runs it; `BENCH_SINK_ROWS` is how much, `BENCH_TARGETS` which targets.
pub(crate) async fn run() {
    let rows = number("BENCH_SINK_ROWS", 1_000_000);
    let mut topics = Vec::new();
    for format in Format::asked_for() {
        println!("writing {rows} records in {}", format.name());
        topics.push((format, format.topic(rows).await));
    }
    let cases = Case::asked_for();
    let tools = tools(&cases, rows).await;
    let mut reports = Vec::new();
    for engine in Engine::asked_for() {
        reports.push((engine, measure(engine, &cases, &topics, rows).await));
    }
    print_tools(&tools, &reports);
    for (engine, figures) in &reports {
        print(engine.name(), figures);
    }
    if let [(_, ours), (_, theirs)] = &reports[..] {
        ratios(ours, theirs);
    }
}

/// The seconds that each target's own tool takes.
async fn tools(cases: &[Case], rows: u64) -> Vec<(Case, f64)> {
    let mut seconds = Vec::new();
    for &case in cases {
        println!("{}: {}", case.tool(), case.name());
        case.prepare(rows).await;
        let load = case.load(rows).await;
        let began = Instant::now();
        load.await;
        seconds.push((case, began.elapsed().as_secs_f64()));
    }
    seconds
}

/// All cases on one worker.
async fn measure(
    engine: Engine,
    cases: &[Case],
    topics: &[(Format, String)],
    rows: u64,
) -> Vec<Figures> {
    let running = match engine {
        Engine::Connectd => Running::connectd(&connectd_options()).await,
        Engine::Jvm => Running::jvm().await,
    };
    let mut report = Vec::new();
    for &case in cases {
        for (format, topic) in topics {
            let name = unique(engine.prefix());
            let Some(body) = connectors::body(engine, case, *format, &name, topic) else {
                continue;
            };
            let what = what(case, *format);
            println!("{}: {what}", engine.name());
            case.prepare(rows).await;
            let work = async {
                running.rest.create(&body).await;
                tokio::select! {
                    () = case.wait_for_last(rows) => {}
                    () = fail_with(&running.rest, &name) => {}
                }
            };
            report.push(Figures::measure(what, rows, running.pid, work).await);
            let path = format!("/connectors/{name}");
            running.rest.send("DELETE", &path, None).await;
        }
    }
    running.stop().await;
    report
}

fn what(case: Case, format: Format) -> String {
    format!("{} {}", case.name(), format.name())
}

/// Ends the benchmark when the connector's task has failed.
async fn fail_with(rest: &Rest, name: &str) {
    let path = format!("/connectors/{name}/status");
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let Some(answer) = rest.try_send("GET", &path, None).await else {
            continue;
        };
        assert!(!answer.text.contains("FAILED"), "{}", answer.text);
    }
}

fn print_tools(tools: &[(Case, f64)], reports: &[(Engine, Vec<Figures>)]) {
    println!("\nThe targets' own tools");
    println!(
        "{:<24}{:>12}{:>12}   connectd, of the tool's rate",
        "", "seconds", "tool"
    );
    let ours = reports
        .iter()
        .find(|(engine, _)| *engine == Engine::Connectd);
    for (case, seconds) in tools {
        let figures = ours.iter().flat_map(|(_, figures)| figures);
        let shares = figures.filter_map(|figures| {
            let format = figures.what.strip_prefix(case.name())?.trim();
            let is_format = format == Format::Json.name() || format == Format::Avro.name();
            is_format.then(|| format!("{format} {:.0} %", 100.0 * seconds / figures.seconds))
        });
        let shares: Vec<String> = shares.collect();
        println!(
            "{:<24}{seconds:>12.2}{:>12}   {}",
            case.name(),
            case.tool(),
            shares.join(", ")
        );
    }
}
