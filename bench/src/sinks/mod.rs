//! The sinks.
//!
//! One topic of rows for each format goes to each target, by each worker that
//! has a sink for it. Rates are from the moment that the connector is posted
//! until the target has the last row; CPU is that of the worker's process over
//! the same time. `upsert` finds every second row there already. The target's
//! own tool loads the same rows before each load of ours, several times in
//! turns; of those rounds the one is shown that is in the middle, and of the
//! shares of the tool's rate the median. A load before them is not counted: a
//! broker that has just started compiles its code beside it, on the same cores
//! (a seventh of the processors' time in a profile). The JVM has no Elasticsearch
//! sink that a package registry gives; its Avro converter is Apicurio's.

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

/// One load by a worker, and by the target's own tool just before it.
struct Round {
    case: Case,
    /// Not measured beside the JVM.
    tool_seconds: Option<f64>,
    figures: Figures,
}

impl Round {
    /// Of the tool's rate, in percent.
    fn share(&self) -> Option<f64> {
        Some(100.0 * self.tool_seconds? / self.figures.seconds)
    }
}

/// Runs it; `BENCH_SINK_ROWS` is how much, `BENCH_TARGETS` which targets, `BENCH_SINK_ROUNDS` how
/// often.
pub(crate) async fn run() {
    let rows = number("BENCH_SINK_ROWS", 1_000_000);
    let rounds = number("BENCH_SINK_ROUNDS", 3).max(1);
    let mut topics = Vec::new();
    for format in Format::asked_for() {
        println!("writing {rows} records in {}", format.name());
        topics.push((format, format.topic(rows).await));
    }
    let cases = Case::asked_for();
    let mut reports = Vec::new();
    for engine in Engine::asked_for() {
        reports.push((
            engine,
            measure(engine, &cases, &topics, (rows, rounds)).await,
        ));
    }
    for (engine, rounds) in &reports {
        if *engine == Engine::Connectd {
            print_tools(rounds);
        }
        print(engine.name(), &middles(rounds));
    }
    if let [(_, ours), (_, theirs)] = &reports[..] {
        ratios(&middles(ours), &middles(theirs));
    }
}

/// All cases on one worker, after a load that is not counted; on the JVM each once.
async fn measure(
    engine: Engine,
    cases: &[Case],
    topics: &[(Format, String)],
    (rows, rounds): (u64, u64),
) -> Vec<Vec<Round>> {
    let running = match engine {
        Engine::Connectd => Running::connectd(&connectd_options()).await,
        Engine::Jvm => Running::jvm().await,
    };
    let rounds = match engine {
        Engine::Connectd => rounds,
        Engine::Jvm => 1,
    };
    if let Some(&first) = cases.first() {
        println!("a load that is not counted, while the broker's JVM compiles");
        for (format, topic) in topics {
            round(engine, &running, first, (*format, topic), rows).await;
        }
    }
    let mut report = Vec::new();
    for &case in cases {
        for (format, topic) in topics {
            let mut of_case = Vec::new();
            for _ in 0..rounds {
                of_case.extend(round(engine, &running, case, (*format, topic), rows).await);
            }
            if !of_case.is_empty() {
                report.push(of_case);
            }
        }
    }
    running.stop().await;
    report
}

/// One load of a topic; none where the engine has no such sink.
async fn round(
    engine: Engine,
    running: &Running,
    case: Case,
    (format, topic): (Format, &str),
    rows: u64,
) -> Option<Round> {
    let name = unique(engine.prefix());
    let body = connectors::body(engine, case, format, &name, topic)?;
    let what = what(case, format);
    println!("{}: {what}", engine.name());
    let tool_seconds = match engine {
        Engine::Connectd => Some(load_by_tool(case, rows).await),
        Engine::Jvm => None,
    };
    case.prepare(rows).await;
    let work = async {
        running.rest.create(&body).await;
        tokio::select! {
            () = case.wait_for_last(rows) => {}
            () = fail_with(&running.rest, &name) => {}
        }
    };
    let figures = Figures::measure(what, rows, running.pid, work).await;
    let path = format!("/connectors/{name}");
    running.rest.send("DELETE", &path, None).await;
    Some(Round {
        case,
        tool_seconds,
        figures,
    })
}

/// The seconds that the target's own tool takes.
async fn load_by_tool(case: Case, rows: u64) -> f64 {
    case.prepare(rows).await;
    let load = case.load(rows).await;
    let began = Instant::now();
    load.await;
    began.elapsed().as_secs_f64()
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

/// Of each case the round that is in the middle, by what it took.
fn middles(rounds: &[Vec<Round>]) -> Vec<Figures> {
    let middle = |rounds: &Vec<Round>| {
        let mut figures: Vec<_> = rounds.iter().map(|round| &round.figures).collect();
        figures.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
        figures[figures.len() / 2].clone()
    };
    rounds.iter().map(middle).collect()
}

fn print_tools(rounds: &[Vec<Round>]) {
    println!("\nThe targets' own tools, and connectd's share of their rate in each round");
    println!(
        "{:<24}{:>12}{:>12}{:>12}   rounds",
        "", "tool", "seconds", "connectd"
    );
    for rounds in rounds {
        let Some(first) = rounds.first() else {
            continue;
        };
        let seconds = rounds.iter().filter_map(|it| it.tool_seconds);
        let shares: Vec<f64> = rounds.iter().filter_map(Round::share).collect();
        let each: Vec<String> = shares.iter().map(|it| format!("{it:.0} %")).collect();
        println!(
            "{:<24}{:>12}{:>12.2}{:>10.0} %   {}",
            first.figures.what,
            first.case.tool(),
            median(seconds.collect()),
            median(shares),
            each.join(", ")
        );
    }
}

/// The one in the middle; of an even number the mean of both.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() % 2 {
        1 => figures[middle],
        _ => f64::midpoint(figures[middle - 1], figures[middle]),
    }
}
