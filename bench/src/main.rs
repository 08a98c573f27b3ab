//! Measures the MySQL source, the sinks, groups of workers and the broker, ours
//! and the JVM's, in one run: `connectd-bench [source] [sinks] [cluster]
//! [broker]`, all if none is named.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it prints a report")]
#![allow(
    clippy::expect_used,
    reason = "a failed measurement ends the benchmark, and says why"
)]

mod broker;
mod cluster;
mod figures;
mod process;
mod sinks;
mod source;
mod workers;

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number"))
    })
}

fn main() {
    let mut parts: Vec<String> = std::env::args().skip(1).collect();
    if parts.is_empty() {
        parts = ["source", "sinks", "cluster", "broker"]
            .map(str::to_owned)
            .to_vec();
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for part in parts {
        match part.as_str() {
            "source" => runtime.block_on(source::run()),
            "sinks" => runtime.block_on(sinks::run()),
            "cluster" => runtime.block_on(cluster::run()),
            "broker" => runtime.block_on(broker::run()),
            other => panic!("{other} is not known; known are source, sinks, cluster, broker"),
        }
    }
}
