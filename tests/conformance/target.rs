//! The two brokers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use connect_broker::{Broker, Settings};
use connectd_harness::{bootstrap, unique};
use tempfile::TempDir;

/// A broker under test.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) bootstrap: String,
    /// What this run's names on it begin with, masked in what is observed.
    prefix: String,
    counter: Arc<AtomicU32>,
    /// It runs for as long as a test needs it.
    embedded: Option<Arc<Embedded>>,
}

impl Target {
    fn new(name: &'static str, bootstrap: String) -> Self {
        Self {
            name,
            bootstrap,
            prefix: unique(&format!("c{}", std::process::id())),
            counter: Arc::default(),
            embedded: None,
        }
    }

    /// Kafka, as `tests/services/up` started it.
    pub(crate) fn real() -> Self {
        Self::new("Kafka", bootstrap())
    }

    /// The embedded broker. `CONFORMANCE_OF=Kafka` puts Kafka in its place: what differs from
    /// itself is no behaviour.
    pub(crate) fn ours() -> Self {
        if std::env::var("CONFORMANCE_OF").is_ok_and(|of| of == "Kafka") {
            return Self::new("Kafka again", bootstrap());
        }
        Self::of(Embedded::shared())
    }

    /// An embedded broker that no other test uses.
    pub(crate) fn alone() -> Self {
        Self::of(Arc::new(Embedded::start()))
    }

    fn of(embedded: Arc<Embedded>) -> Self {
        Self {
            embedded: Some(embedded.clone()),
            ..Self::new("the embedded broker", embedded.bootstrap.clone())
        }
    }

    /// A name that no other test uses.
    pub(crate) fn unique(&self, name: &str) -> String {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        format!("{}-{count}-{name}", self.prefix)
    }

    /// The text without what differs from run to run.
    pub(crate) fn mask(&self, text: &str) -> String {
        let text = text.replace(&self.prefix, "NAME");
        text.replace(&self.bootstrap, "ADDRESS")
    }

    /// Stops the broker in an orderly way and starts it on the same data and address.
    pub(crate) fn restart(&self) {
        match &self.embedded {
            Some(embedded) => embedded.restart(),
            None => connectd_harness::restart("kafka", false),
        }
    }
}

/// The embedded broker; it stops before its folder is removed.
#[derive(Debug)]
struct Embedded {
    broker: Mutex<Option<Broker>>,
    bootstrap: String,
    data: TempDir,
}

impl Embedded {
    /// The one that the tests running now share.
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Embedded>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start());
            *shared = Arc::downgrade(&started);
            started
        })
    }

    fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let broker = start("127.0.0.1:0", &data);
        Self {
            bootstrap: broker.bootstrap().to_owned(),
            broker: Mutex::new(Some(broker)),
            data,
        }
    }

    fn restart(&self) {
        let mut broker = self.broker.lock().unwrap_or_else(PoisonError::into_inner);
        broker.take().expect("a running broker").stop();
        *broker = Some(start(&self.bootstrap, &self.data));
    }
}

/// What the Kafka of `tests/services` is told, or does by itself, beside a shorter wait for the
/// compaction.
fn start(listen: &str, data: &TempDir) -> Broker {
    let mut settings = Settings::new(listen, data.path());
    settings.internal_partitions = 5;
    settings.clean_every = Duration::from_secs(1);
    Broker::start(settings).expect("a broker")
}
