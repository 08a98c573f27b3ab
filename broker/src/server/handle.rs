//! A running broker, as its owner sees it.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::runtime::Builder;
use tokio::sync::watch;

use super::listen::{Listening, listen};
use crate::error::BrokerError;
use crate::settings::Settings;

/// As many threads as answer requests: they wait for the disk at most.
const MOST_THREADS: usize = 4;

/// A running broker. It has threads of its own, so that it can be started from anywhere, and
/// stops when it is dropped.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    bootstrap: String,
    cluster_id: String,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Broker {
    /// Starts a broker; when this returns, clients can connect to it.
    ///
    /// # Errors
    /// If the data folder or the address cannot be used.
    pub fn start(settings: Settings) -> Result<Self, BrokerError> {
        check(&settings)?;
        let (stop, stopped) = watch::channel(false);
        let (started, ready) = mpsc::sync_channel(1);
        let thread = thread::Builder::new()
            .name("broker".to_owned())
            .spawn(move || run(settings, &started, stopped))
            .map_err(BrokerError::opening("a thread for the broker"))?;
        // Nothing is sent only if the thread has panicked, of which it has told itself.
        let listening = ready.recv().map_err(BrokerError::opening("the broker"))??;
        Ok(Self {
            address: listening.address,
            bootstrap: listening.bootstrap,
            cluster_id: listening.cluster_id,
            stop,
            thread: Some(thread),
        })
    }

    /// The address that it listens on, with the port that it got.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients are given as `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// The cluster's id.
    #[must_use]
    pub fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// Ends all connections and closes all files. Blocks until that is done.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the broker has panicked");
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.end();
    }
}

/// What can be seen to be wrong before anything is opened.
fn check(settings: &Settings) -> Result<(), BrokerError> {
    let wrong = |what: String| Err(BrokerError::Setting(what));
    if settings.default_partitions < 1 {
        return wrong(format!(
            "default_partitions is {}: a topic has one partition at least",
            settings.default_partitions
        ));
    }
    if settings.internal_partitions < 1 {
        return wrong(format!(
            "internal_partitions is {}: a topic has one partition at least",
            settings.internal_partitions
        ));
    }
    if settings.clean_every.is_zero() {
        return wrong("clean_every is 0: it takes a time of a second or more".to_owned());
    }
    Ok(())
}

type Started = mpsc::SyncSender<Result<Listening, BrokerError>>;

fn run(settings: Settings, started: &Started, stop: watch::Receiver<bool>) {
    let threads = thread::available_parallelism().map_or(1, |n| n.get().min(MOST_THREADS));
    let runtime = Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("broker")
        .enable_all()
        .build();
    let told = match runtime {
        Ok(runtime) => {
            runtime.block_on(listen(settings, started, stop));
            Ok(())
        }
        Err(error) => started.send(Err(BrokerError::opening("the broker's runtime")(error))),
    };
    if told.is_err() {
        tracing::error!("the broker's owner has gone before it was started");
    }
}
