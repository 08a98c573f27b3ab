//! A worker and its REST server.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connect_api::registry::Plugins;
use connect_api::{Props, Result};
use connect_cluster::distributed::WorkerOptions;
use connect_cluster::{Herder, LogControl, LoggerLevel, distributed};
use connect_rest::{BoundListeners, RestServer, RestSettings};
use tokio::runtime::Handle;

/// One logger.
struct Logs;

impl LogControl for Logs {
    fn loggers(&self) -> BTreeMap<String, LoggerLevel> {
        BTreeMap::from([("root".to_owned(), level())])
    }

    fn logger(&self, _: &str) -> Option<LoggerLevel> {
        Some(level())
    }

    fn set_level(&self, _: &str, _: &str) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

fn level() -> LoggerLevel {
    LoggerLevel {
        level: "INFO".to_owned(),
        last_modified: None,
    }
}

/// The broker for these tests.
fn bootstrap() -> String {
    std::env::var("KAFKA_BOOTSTRAP").unwrap_or_else(|_| {
        panic!("KAFKA_BOOTSTRAP is not set: these tests need a Kafka broker, such as KAFKA_BOOTSTRAP=127.0.0.1:9092")
    })
}

/// A group that no other test has.
fn group() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    format!("rest-test-{}-{count}", time.as_millis())
}

/// A worker alone in its group, and its server.
pub(crate) struct Worker {
    pub(crate) folder: tempfile::TempDir,
    /// Ports of the listeners, then of those of the admin API.
    pub(crate) ports: Vec<u16>,
    server: RestServer,
    herder: Herder,
}

impl Worker {
    /// `settings` makes the settings from the folder, in which there are
    /// `both.pem` (a key with its certificate for 127.0.0.1) and `cert.pem`.
    pub(crate) async fn start(settings: impl FnOnce(&Path) -> Vec<(String, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let mut props: Props = settings(folder.path()).into_iter().collect();
        let group = group();
        for store in ["config", "offset", "status"] {
            props.insert(format!("{store}.storage.topic"), format!("{group}-{store}"));
            props.insert(
                format!("{store}.storage.replication.factor"),
                "1".to_owned(),
            );
        }
        for (name, value) in [
            ("bootstrap.servers", bootstrap().as_str()),
            ("group.id", &group),
            ("offset.storage.partitions", "1"),
            ("status.storage.partitions", "1"),
            (
                "key.converter",
                "org.apache.kafka.connect.json.JsonConverter",
            ),
            (
                "value.converter",
                "org.apache.kafka.connect.json.JsonConverter",
            ),
        ] {
            props.insert(name.to_owned(), value.to_owned());
        }

        let listeners = BoundListeners::bind(RestSettings::parse(&props).unwrap())
            .await
            .unwrap();
        let addresses = [listeners.addresses(), listeners.admin_addresses()].concat();
        let options = WorkerOptions {
            plugins: Arc::new(Plugins {
                connectors: vec![connect_file::SOURCE],
                converters: connect_converters::converters(),
                header_converters: connect_converters::header_converters(),
                ..Plugins::default()
            }),
            logs: Arc::new(Logs),
            worker_id: listeners.worker_id(),
            rest_url: listeners.advertised_url(),
            data_runtime: Handle::current(),
            allow_unknown_connectors: false,
        };
        let herder = distributed::start(&props, options).unwrap();
        herder.started().await.unwrap();
        Self {
            folder,
            ports: addresses.iter().map(std::net::SocketAddr::port).collect(),
            server: listeners.serve(herder.clone()),
            herder,
        }
    }

    pub(crate) async fn stop(self) {
        self.herder.shut_down().await;
        self.server.stop(Duration::from_secs(5)).await;
    }
}

/// A client that trusts the certificate in `folder`, and no other.
pub(crate) fn client(folder: &Path) -> reqwest::ClientBuilder {
    let pem = std::fs::read(folder.join("cert.pem")).unwrap();
    let certificate = reqwest::Certificate::from_pem(&pem).unwrap();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
}

fn certificate(folder: &Path) {
    let made = Command::new("openssl")
        .current_dir(folder)
        .args([
            "req",
            "-new",
            "-x509",
            "-nodes",
            "-days",
            "2",
            "-newkey",
            "rsa:2048",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ])
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{made:?}");
    let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    std::fs::write(folder.join("both.pem"), text("key.pem") + &text("cert.pem")).unwrap();
}

/// A setting.
pub(crate) fn pair(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}
