//! The two workers that are measured.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use connectd_harness::{Rest, Worker, WorkerOptions, variable};

use crate::process;

/// Which worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Connectd,
    Jvm,
}

impl Engine {
    /// Those that `BENCH_ENGINES` names; all if it is not set.
    pub(crate) fn asked_for() -> Vec<Self> {
        let names = std::env::var("BENCH_ENGINES").unwrap_or_else(|_| "connectd jvm".to_owned());
        let engines = names.split_whitespace().map(|name| match name {
            "connectd" => Self::Connectd,
            "jvm" => Self::Jvm,
            other => panic!("BENCH_ENGINES: {other} is not known; known are connectd, jvm"),
        });
        engines.collect()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connectd => "connectd",
            Self::Jvm => "Kafka Connect + Debezium (JVM)",
        }
    }

    /// The same in a column's width.
    pub(crate) fn short_name(self) -> &'static str {
        match self {
            Self::Connectd => "connectd",
            Self::Jvm => "JVM",
        }
    }

    /// A prefix for what belongs to this engine.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Connectd => "bench_connectd",
            Self::Jvm => "bench_jvm",
        }
    }
}

/// A worker that runs.
pub(crate) struct Running {
    pub(crate) rest: Rest,
    pub(crate) pid: u32,
    pub(crate) ready_ms: f64,
    pub(crate) idle_rss_mb: f64,
    /// Ours; the JVM's is stopped by its script.
    worker: Option<Worker>,
}

impl Running {
    /// Our worker with these options, which keep their group: a second one goes on where the first
    /// was stopped.
    pub(crate) async fn connectd(options: &WorkerOptions) -> Self {
        let began = Instant::now();
        let worker = Worker::start(options.clone()).await;
        let (rest, pid) = (worker.rest.clone(), worker.pid());
        Self::new(rest, pid, began.elapsed(), Some(worker)).await
    }

    /// Kafka Connect and Debezium, as `tests/services` starts them.
    pub(crate) async fn jvm() -> Self {
        // Installs what is missing, so that the second start is the one to time.
        services(&["up", "connect-jvm"]);
        services(&["down", "connect-jvm"]);
        let began = Instant::now();
        let exports = services(&["up", "connect-jvm"]);
        let ready = began.elapsed();
        let export = |name: &str| {
            let start = format!("export {name}=");
            let line = exports.lines().find_map(|line| line.strip_prefix(&start));
            line.unwrap_or_else(|| panic!("{name} is missing in: {exports}"))
                .to_owned()
        };
        let pid = export("CONNECT_JVM_PID").parse().expect("a process");
        Self::new(Rest::new(export("CONNECT_JVM_URL")), pid, ready, None).await
    }

    async fn new(rest: Rest, pid: u32, ready: Duration, worker: Option<Worker>) -> Self {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let idle_rss_mb = process::rss_mb(pid);
        Self {
            rest,
            pid,
            ready_ms: ready.as_secs_f64() * 1e3,
            idle_rss_mb,
            worker,
        }
    }

    /// Ends the worker.
    pub(crate) async fn stop(self) {
        match self.worker {
            Some(mut worker) => drop(worker.terminate().await),
            None => drop(services(&["down", "connect-jvm"])),
        }
    }
}

/// How our worker is started.
pub(crate) fn connectd_options() -> WorkerOptions {
    let binary = PathBuf::from(variable("CONNECTD_BIN"));
    WorkerOptions::new(binary).with("offset.flush.interval.ms", "5000")
}

/// Runs `tests/services/COMMAND NAME…`; what it printed.
pub(crate) fn services(arguments: &[&str]) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/services");
    let output = Command::new(folder.join(arguments[0]))
        .args(&arguments[1..])
        .stderr(Stdio::inherit())
        .output()
        .expect("tests/services runs");
    assert!(
        output.status.success(),
        "tests/services/{} failed",
        arguments.join(" ")
    );
    String::from_utf8(output.stdout).expect("text")
}
