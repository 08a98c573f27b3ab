//! A worker process.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::rest::Rest;
use crate::services::{heartbeat, shortest_session, unique, variable};
use crate::wait::eventually_within;

/// How long a worker may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// How to start a worker.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// The binary.
    pub binary: PathBuf,
    /// Names the group and the storage topics.
    pub group: String,
    /// Settings on top of the usual ones.
    pub settings: Vec<(String, String)>,
    /// `RUST_LOG`.
    pub log: String,
    /// Arguments on top of the usual ones.
    pub arguments: Vec<String>,
    /// Files of connectors: then the worker is a standalone one.
    pub standalone: Option<Vec<PathBuf>>,
}

impl WorkerOptions {
    /// A worker in a group of its own.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            group: unique("group"),
            settings: Vec::new(),
            log: "info".to_owned(),
            arguments: Vec::new(),
            standalone: None,
        }
    }

    /// Whoever is killed, the worker or a consumer of its tasks, is missed by its group as soon as the broker allows.
    #[must_use]
    pub fn missed_soon(mut self) -> Self {
        let settings = [
            ("session.timeout.ms", shortest_session()),
            ("heartbeat.interval.ms", heartbeat()),
        ];
        for (name, value) in settings {
            let value = value.as_millis().to_string();
            if self.standalone.is_none() {
                self = self.with(name, &value);
            }
            self = self.with(&format!("consumer.{name}"), &value);
        }
        self
    }

    /// A standalone worker with these connectors.
    #[must_use]
    pub fn standalone(mut self, connectors: Vec<PathBuf>) -> Self {
        self.standalone = Some(connectors);
        self
    }

    /// With one more argument.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// With one more setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A worker process; killed when it is dropped.
#[derive(Debug)]
pub struct Worker {
    /// Its REST API.
    pub rest: Rest,
    /// Its port.
    pub port: u16,
    options: WorkerOptions,
    process: Child,
    folder: TempDir,
}

impl Worker {
    /// Starts a worker against the Kafka under test and waits until it serves.
    pub async fn start(options: WorkerOptions) -> Self {
        Self::start_with(options, &variable("KAFKA_BOOTSTRAP"), true).await
    }

    /// Starts a worker; `ready` waits until `/health` says healthy.
    ///
    /// # Panics
    /// If it does not come up; its log goes to standard error.
    pub async fn start_with(options: WorkerOptions, bootstrap: &str, ready: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let properties = folder.path().join("worker.properties");
        std::fs::write(&properties, settings(&options, bootstrap, port)).expect("written");
        let process = spawn(&options, &properties, folder.path());
        let rest = Rest::new(format!("http://127.0.0.1:{port}"));
        let mut worker = Self {
            rest,
            port,
            options,
            process,
            folder,
        };
        if ready {
            worker.wait_until_healthy().await;
        }
        worker
    }

    /// Waits until `/health` says healthy.
    ///
    /// # Panics
    /// If it does not within 60 s; the log goes to standard error.
    pub async fn wait_until_healthy(&mut self) {
        let rest = self.rest.clone();
        let healthy = eventually_within(Duration::from_secs(60), "a healthy worker", async || {
            if let Ok(Some(status)) = self.process.try_wait() {
                panic!("the worker ended ({status}): {}", self.log());
            }
            let answer = rest.try_send("GET", "/health", None).await?;
            (answer.status == 200).then_some(())
        });
        healthy.await;
    }

    /// A folder of this worker's own, deleted with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the worker has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Where it logs; what one process after another writes stands there in a row.
    pub fn log_file(&self) -> PathBuf {
        self.folder.path().join("worker.log")
    }

    /// What it calls itself in statuses.
    pub fn id(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends the process by SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("ended");
    }

    /// Ends the process by SIGTERM; its exit code.
    pub async fn terminate(&mut self) -> Option<i32> {
        self.terminate_within(ENDS_WITHIN).await
    }

    /// The same with a limit of its own.
    ///
    /// # Panics
    /// If it does not end by then.
    pub async fn terminate_within(&mut self, limit: Duration) -> Option<i32> {
        self.signal("TERM");
        self.ended_within(limit).await
    }

    /// Sends the process a signal by its short name.
    ///
    /// # Panics
    /// If there is no such process.
    pub fn signal(&self, signal: &str) {
        let (signal, pid) = (format!("-{signal}"), self.process.id().to_string());
        let sent = Command::new("kill").args([signal, pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until the process ends by itself; its exit code.
    ///
    /// # Panics
    /// If it does not within 30 s.
    pub async fn ended(&mut self) -> Option<i32> {
        self.ended_within(ENDS_WITHIN).await
    }

    async fn ended_within(&mut self, limit: Duration) -> Option<i32> {
        let ended = async || self.process.try_wait().expect("waited");
        eventually_within(limit, "the worker's end", ended)
            .await
            .code()
    }

    /// Starts the worker again, after it was ended, with the same settings and port.
    pub async fn start_again(&mut self) {
        self.launch_again();
        self.wait_until_healthy().await;
    }

    /// The same without waiting until it serves.
    pub fn launch_again(&mut self) {
        let properties = self.folder.path().join("worker.properties");
        self.process = spawn(&self.options, &properties, self.folder.path());
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        if std::thread::panicking() {
            let log = self.log();
            let tail = log.lines().rev().take(60).collect::<Vec<&str>>();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            #[expect(clippy::print_stderr, reason = "shown with the failed test")]
            {
                eprintln!("the worker's log:\n{}", tail.join("\n"));
            }
        }
    }
}

fn settings(options: &WorkerOptions, bootstrap: &str, port: u16) -> String {
    let group = &options.group;
    let mut lines = vec![
        format!("bootstrap.servers={bootstrap}"),
        format!("group.id={group}"),
        format!("config.storage.topic={group}-configs"),
        format!("offset.storage.topic={group}-offsets"),
        format!("status.storage.topic={group}-status"),
        format!("listeners=http://127.0.0.1:{port}"),
        "config.storage.replication.factor=1".to_owned(),
        "offset.storage.replication.factor=1".to_owned(),
        "status.storage.replication.factor=1".to_owned(),
        "offset.storage.partitions=5".to_owned(),
        "key.converter=org.apache.kafka.connect.json.JsonConverter".to_owned(),
        "value.converter=org.apache.kafka.connect.json.JsonConverter".to_owned(),
        "offset.flush.interval.ms=1000".to_owned(),
    ];
    lines.extend(
        options
            .settings
            .iter()
            .map(|(name, value)| format!("{name}={value}")),
    );
    lines.join("\n")
}

fn spawn(options: &WorkerOptions, properties: &Path, folder: &Path) -> Child {
    let log = folder.join("worker.log");
    let log = File::options()
        .create(true)
        .append(true)
        .open(log)
        .expect("a log");
    let mut command = Command::new(&options.binary);
    // The worker reads every CONNECT_* variable as a setting of its own.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CONNECT_")) {
        command.env_remove(name);
    }
    match &options.standalone {
        None => command.arg("distributed").arg(properties),
        Some(connectors) => command.arg("standalone").arg(properties).args(connectors),
    };
    command
        .args(&options.arguments)
        .env("RUST_LOG", &options.log)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a handle"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", options.binary.display()))
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
