//! Groups of three workers.
//!
//! Each engine runs the same FileStream sources, which have one line to read, so
//! that only the group costs something. Times are from what was done until the
//! REST API of a worker that stays says that every connector and task is RUNNING
//! at a worker that is there, after a join also that they are spread evenly. All
//! timeouts are at their defaults: `session.timeout.ms` (10 s for both), and
//! `scheduled.rebalance.max.delay.ms`, which lets the JVM's tasks wait five
//! minutes where a worker has gone. So what waits for that is measured with the
//! fewest connectors only, unless `BENCH_JVM_300=1` asks for it; and no wait is
//! longer than `BENCH_CLUSTER_LIMIT` seconds.

mod group;
mod report;

use std::time::{Duration, Instant};

use connectd_harness::cluster::{Usage, latency};

use crate::number;
use crate::workers::Engine;
use group::Group;
use report::{Report, Value};

/// How many connectors the JVM is given at most.
const JVM_MOST: usize = 300;
/// How long processor time is taken while nothing happens.
const IDLE: Duration = Duration::from_secs(10);
/// What was started a moment ago is not idle yet.
const CALM: Duration = Duration::from_secs(5);
/// How often a request is timed.
const REQUESTS: usize = 20;

/// Runs it; `BENCH_CONNECTORS` is how many connectors, one size after another.
pub(crate) async fn run() {
    let sizes = sizes();
    let limit = Duration::from_secs(number("BENCH_CLUSTER_LIMIT", 420));
    let waits_at_all_sizes = number("BENCH_JVM_300", 0) == 1;
    let mut reports = Vec::new();
    for size in &sizes {
        for engine in Engine::asked_for() {
            let is_jvm = engine == Engine::Jvm;
            if is_jvm && *size > JVM_MOST {
                continue;
            }
            println!("{}: {size} connectors", engine.name());
            let measures_losses = !is_jvm || waits_at_all_sizes || Some(size) == sizes.first();
            let plan = Plan {
                connectors: *size,
                limit,
                measures_losses,
            };
            reports.push((*size, engine, measure(engine, &plan).await));
        }
    }
    for size in sizes {
        let of_size = reports.iter().filter(|(its, _, _)| *its == size);
        let columns: Vec<(Engine, &Report)> = of_size
            .map(|(_, engine, report)| (*engine, report))
            .collect();
        report::print(size, &columns);
    }
}

fn sizes() -> Vec<usize> {
    let text = std::env::var("BENCH_CONNECTORS").unwrap_or_else(|_| "30 300 1000".to_owned());
    let sizes = text.split_whitespace().map(|size| {
        size.parse()
            .unwrap_or_else(|_| panic!("BENCH_CONNECTORS: {size} is not a number"))
    });
    sizes.collect()
}

struct Plan {
    connectors: usize,
    limit: Duration,
    /// Whether workers leave and are killed.
    measures_losses: bool,
}

/// One worker gets the connectors, a second and a third join, and the third
/// leaves, joins again and is killed. The one that goes does not lead: the JVM waits for nobody when a
/// leader is lost, who alone knew what the others had.
async fn measure(engine: Engine, plan: &Plan) -> Report {
    let mut report = Report::default();
    let mut group = Group::new(engine, plan.limit);
    let first = group.launch().await;
    report.add("first worker REST-ready, s", group.is_ready(first).await);
    group.prepare().await;
    create(&mut group, plan.connectors, &mut report).await;

    println!("  workers join");
    let second = group.launch().await;
    group.is_ready(second).await;
    group.all_run_evenly().await;
    let third = group.launch().await;
    report.add("another worker REST-ready, s", group.is_ready(third).await);
    report.add("join: all run, evenly, s", group.all_run_evenly().await);
    let began = Instant::now();
    group.create("one-more").await;
    group.runs("one-more").await;
    report.add("one more created and running, s", began.elapsed().into());
    idle(&group, &mut report).await;

    if plan.measures_losses {
        println!("  it leaves");
        group.leave(third);
        report.add("leave (SIGTERM): all run, s", group.all_run().await);
        group.launch_again(third).await;
        group.is_ready(third).await;
        group.all_run_evenly().await;
        println!("  it is killed");
        group.kill(third);
        report.add("kill -9: all run, s", group.all_run().await);
    }
    group.end().await;
    report
}

/// One after another on one worker.
async fn create(group: &mut Group, connectors: usize, report: &mut Report) {
    println!("  connectors are created");
    let began = Instant::now();
    for index in 0..connectors {
        group.create(&format!("idle-{index}")).await;
    }
    report.add("created on one worker, s", began.elapsed().into());
    report.add("all run after that, s", group.all_run().await);
}

/// What workers cost that have nothing to do, and how soon they answer.
async fn idle(group: &Group, report: &mut Report) {
    println!("  nothing happens");
    group.all_run_evenly().await;
    tokio::time::sleep(CALM).await;
    let mut usages = Vec::new();
    for pid in group.pids() {
        usages.push(Usage::of(pid, IDLE).await);
    }
    let mean = |of: fn(&Usage) -> f64| usages.iter().map(of).sum::<f64>() / usages.len() as f64;
    report.add("RSS idle, MB a worker", Value::Number(mean(|it| it.memory)));
    report.add("CPU idle, % a worker", Value::Number(mean(|it| it.cpu)));
    let threads = mean(|it| it.threads as f64);
    report.add("threads a worker", Value::Number(threads));
    for (what, path) in [
        ("GET /connectors, ms", "/connectors"),
        ("GET ?expand=status, ms", "/connectors?expand=status"),
    ] {
        let [_, middle, _] = latency(group.rest(0), path, REQUESTS).await;
        report.add(what, Value::Number(middle.as_secs_f64() * 1e3));
    }
}
