//! The two workers that are measured.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use connect_kafka::admin::Admin;
use connect_kafka::{ClientKind, ClientSettings};
use connectd_harness::{MySql, Rest, Worker, WorkerOptions, unique, variable};
use serde_json::json;

use crate::load::DATABASE;
use crate::process;

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    pub(crate) what: &'static str,
    pub(crate) rows: u64,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_rss_mb: f64,
    pub(crate) ready_ms: f64,
    pub(crate) idle_rss_mb: f64,
}

impl Figures {
    pub(crate) fn rate(&self) -> f64 {
        self.rows as f64 / self.seconds
    }

    pub(crate) fn cpu_per_row(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.rows as f64
    }
}

type Measured<'e, T> = Pin<Box<dyn Future<Output = T> + 'e>>;

/// A worker with one MySQL source.
pub(crate) trait Engine {
    fn name(&self) -> &'static str;

    /// Starts the worker and measures the snapshot of `rows` rows; stops the
    /// connector and the worker after.
    fn snapshot(&mut self, rows: u64) -> Measured<'_, Vec<Figures>>;

    /// Starts the worker again, resumes the connector, and measures `rows`
    /// changes after `before` records.
    fn resume(&mut self, what: &'static str, before: u64, rows: u64) -> Measured<'_, Figures>;
}

/// A started worker.
struct Running {
    rest: Rest,
    pid: u32,
    ready_ms: f64,
    idle_rss_mb: f64,
}

impl Running {
    async fn new(rest: Rest, pid: u32, ready: Duration) -> Self {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let idle_rss_mb = process::rss_mb(pid);
        Self {
            rest,
            pid,
            ready_ms: ready.as_secs_f64() * 1e3,
            idle_rss_mb,
        }
    }

    /// Measures from the request that `start` makes until `prefix`'s topic holds `end` records.
    async fn measure(
        &self,
        what: &'static str,
        prefix: &str,
        (rows, end): (u64, u64),
        start: impl AsyncFnOnce(&Rest),
    ) -> Figures {
        process::reset_peak(self.pid);
        let cpu = process::cpu_seconds(self.pid);
        let began = Instant::now();
        start(&self.rest).await;
        wait_for_end(&format!("{prefix}.{DATABASE}.rows_of_bench"), end).await;
        Figures {
            what,
            rows,
            seconds: began.elapsed().as_secs_f64(),
            cpu_seconds: process::cpu_seconds(self.pid) - cpu,
            peak_rss_mb: process::peak_rss_mb(self.pid),
            ready_ms: self.ready_ms,
            idle_rss_mb: self.idle_rss_mb,
        }
    }

    async fn snapshot(&self, prefix: &str, server_id: u32, rows: u64) -> Figures {
        let body = connector(prefix, server_id);
        let figures = self.measure("snapshot", prefix, (rows, rows), async |rest| {
            rest.create(&body).await;
        });
        let figures = figures.await;
        self.stop(prefix).await;
        figures
    }

    async fn resume(&self, what: &'static str, prefix: &str, before: u64, rows: u64) -> Figures {
        let path = format!("/connectors/{prefix}/resume");
        let figures = self.measure(what, prefix, (rows, before + rows), async |rest| {
            assert_eq!(rest.send("PUT", &path, None).await.status, 202);
        });
        let figures = figures.await;
        self.stop(prefix).await;
        figures
    }

    /// Stops the connector, which stores its offsets.
    async fn stop(&self, prefix: &str) {
        self.rest
            .send("PUT", &format!("/connectors/{prefix}/stop"), None)
            .await;
        let path = format!("/connectors/{prefix}/status");
        connectd_harness::eventually("a stopped connector", async || {
            let status = self.rest.get(&path).await;
            let stopped = status["connector"]["state"] == "STOPPED"
                && status["tasks"].as_array().is_some_and(Vec::is_empty);
            stopped.then_some(())
        })
        .await;
    }
}

fn connector(prefix: &str, server_id: u32) -> serde_json::Value {
    let mysql = MySql::plain();
    json!({"name": prefix, "config": {
        "connector.class": "io.debezium.connector.mysql.MySqlConnector",
        "database.hostname": mysql.host, "database.port": mysql.port,
        "database.user": "debezium", "database.password": "dbz", "database.server.id": server_id,
        "topic.prefix": prefix, "database.include.list": DATABASE,
        "schema.history.internal.kafka.bootstrap.servers": variable("KAFKA_BOOTSTRAP"),
        "schema.history.internal.kafka.topic": format!("{prefix}.history"),
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": false,
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": false,
    }})
}

/// Waits until a topic's one partition ends at `end`.
async fn wait_for_end(topic: &str, end: u64) {
    let props = [("bootstrap.servers".to_owned(), variable("KAFKA_BOOTSTRAP"))].into();
    let settings = ClientSettings::from_props(ClientKind::Admin, &props).expect("good settings");
    let admin = Admin::new(&settings).expect("an admin client");
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let Ok(bounds) = admin.partition_bounds(topic, &[0]).await else {
            continue;
        };
        if bounds
            .values()
            .any(|bounds| u64::try_from(bounds.high).is_ok_and(|high| high >= end))
        {
            return;
        }
    }
}

/// Our worker.
pub(crate) struct Connectd {
    prefix: String,
    options: WorkerOptions,
}

impl Connectd {
    pub(crate) fn new() -> Self {
        let binary = PathBuf::from(variable("CONNECTD_BIN"));
        let options = WorkerOptions::new(binary).with("offset.flush.interval.ms", "5000");
        Self {
            prefix: unique("bench_connectd"),
            options,
        }
    }

    async fn start(&self) -> (Worker, Running) {
        let began = Instant::now();
        let worker = Worker::start(self.options.clone()).await;
        let running = Running::new(worker.rest.clone(), worker.pid(), began.elapsed()).await;
        (worker, running)
    }
}

impl Engine for Connectd {
    fn name(&self) -> &'static str {
        "connectd"
    }

    fn snapshot(&mut self, rows: u64) -> Measured<'_, Vec<Figures>> {
        Box::pin(async move {
            let (mut worker, running) = self.start().await;
            let figures = running.snapshot(&self.prefix, 7001, rows).await;
            worker.terminate().await;
            vec![figures]
        })
    }

    fn resume(&mut self, what: &'static str, before: u64, rows: u64) -> Measured<'_, Figures> {
        Box::pin(async move {
            let (mut worker, running) = self.start().await;
            let figures = running.resume(what, &self.prefix, before, rows).await;
            worker.terminate().await;
            figures
        })
    }
}

/// Kafka Connect and Debezium, as `tests/services` starts them.
pub(crate) struct Jvm {
    prefix: String,
}

impl Jvm {
    pub(crate) fn new() -> Self {
        Self {
            prefix: unique("bench_jvm"),
        }
    }

    async fn start() -> Running {
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
        Running::new(Rest::new(export("CONNECT_JVM_URL")), pid, ready).await
    }
}

impl Engine for Jvm {
    fn name(&self) -> &'static str {
        "Kafka Connect + Debezium (JVM)"
    }

    fn snapshot(&mut self, rows: u64) -> Measured<'_, Vec<Figures>> {
        Box::pin(async move {
            let figures = Self::start().await.snapshot(&self.prefix, 7002, rows).await;
            services(&["down", "connect-jvm"]);
            vec![figures]
        })
    }

    fn resume(&mut self, what: &'static str, before: u64, rows: u64) -> Measured<'_, Figures> {
        Box::pin(async move {
            let figures = Self::start()
                .await
                .resume(what, &self.prefix, before, rows)
                .await;
            services(&["down", "connect-jvm"]);
            figures
        })
    }
}

/// Runs `tests/services/COMMAND NAME…`; what it printed.
fn services(arguments: &[&str]) -> String {
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
