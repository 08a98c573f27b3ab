//! The two brokers that are measured.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use connectd_harness::variable;
use tempfile::TempDir;

use crate::process;
use crate::workers::{Engine, services};

/// The longest wait for a broker.
const LIMIT: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// What was started a moment ago is not idle yet.
const CALM: Duration = Duration::from_secs(3);

/// An ApiVersions request of version 0 without a client id, which every broker answers.
const API_VERSIONS: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff];

/// A broker that runs.
pub(super) struct Node {
    pub(super) bootstrap: String,
    pub(super) pid: u32,
    pub(super) ready_ms: f64,
    pub(super) idle_rss_mb: f64,
    ours: Option<Ours>,
}

/// Our process and its data, both of which end with this.
struct Ours {
    child: Child,
    _data: TempDir,
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.child.kill().expect("it runs until here");
        self.child.wait().expect("it ends");
    }
}

impl Node {
    /// Starts it; Kafka is as `tests/services` has it, and does not run beside ours.
    pub(super) async fn start(engine: Engine) -> Self {
        services(&["down", "kafka"]);
        let (bootstrap, ready, pid, ours) = match engine {
            Engine::Connectd => connectd().await,
            Engine::Jvm => jvm().await,
        };
        tokio::time::sleep(CALM).await;
        Self {
            bootstrap,
            pid,
            ready_ms: ready.as_secs_f64() * 1e3,
            idle_rss_mb: process::rss_mb(pid),
            ours,
        }
    }

    /// Ends ours, and leaves Kafka running, as other parts expect it.
    pub(super) async fn stop(self) {
        if self.ours.is_some() {
            drop(self);
            services(&["up", "kafka"]);
        }
    }
}

type Started = (String, Duration, u32, Option<Ours>);

async fn connectd() -> Started {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("its address").to_string();
    drop(free);
    let data = tempfile::tempdir().expect("a folder");
    let began = Instant::now();
    let child = Command::new(variable("CONNECTD_BIN"))
        .args(["broker", "--listen", &address, "--data"])
        .arg(data.path())
        .spawn()
        .expect("the broker starts");
    let ours = Ours { child, _data: data };
    ready(&address).await;
    let pid = ours.child.id();
    (address, began.elapsed(), pid, Some(ours))
}

async fn jvm() -> Started {
    let address = variable("KAFKA_BOOTSTRAP");
    let began = Instant::now();
    let starting = tokio::task::spawn_blocking(|| services(&["up", "kafka"]));
    ready(&address).await;
    let ready = began.elapsed();
    let exports = starting.await.expect("no panic");
    let pid = exports
        .lines()
        .find_map(|line| line.strip_prefix("export KAFKA_PID="))
        .and_then(|pid| pid.parse().ok())
        .expect("a process");
    (address, ready, pid, None)
}

/// Waits until it answers a request.
async fn ready(address: &str) {
    let began = Instant::now();
    while let Err(error) = ask(address) {
        assert!(
            began.elapsed() < LIMIT,
            "the broker at {address} does not answer: {error}"
        );
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn ask(address: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(&API_VERSIONS)?;
    stream.read_exact(&mut [0; 4])
}
