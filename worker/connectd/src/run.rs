//! Runs a worker until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use connect_api::{Error, Props, Result};
use connect_cluster::distributed::WorkerOptions;
use connect_cluster::standalone::ConnectorFile;
use connect_cluster::{Herder, distributed, standalone};
use connect_rest::{BoundListeners, RestServer, RestSettings};
use tokio::runtime::{Builder, Handle, Runtime};
use tracing::{error, info, warn};

use crate::loggers::Loggers;
use crate::stop::StopSignals;
use crate::{logging, plugins, settings};

/// How long REST requests that are running may take at the end.
const REST_STOP_WAIT: Duration = Duration::from_secs(5);

/// Threads for herder and REST: they never wait behind the data path
/// (invariant 2).
const CONTROL_THREADS: usize = 2;

/// What a worker logs unless `RUST_LOG` says otherwise.
pub(crate) const LOG_LEVELS: &str = "info";

/// Runs a worker of a cluster.
pub(crate) fn distributed(props: Props, allow_unknown_connectors: bool) -> Result<ExitCode> {
    let logs = start_logging(LOG_LEVELS)?;
    warn_of(settings::warnings(&props, &settings::Kind::Distributed));
    let start = |props: &Props, options: WorkerOptions| {
        let options = WorkerOptions {
            allow_unknown_connectors,
            ..options
        };
        distributed::start(props, options)
    };
    run(&props, logs, Vec::new(), start)
}

/// Runs a worker by itself with `connectors`.
pub(crate) fn standalone(props: Props, connectors: Vec<ConnectorFile>) -> Result<ExitCode> {
    let logs = start_logging(LOG_LEVELS)?;
    warn_of(settings::warnings(&props, &settings::Kind::Standalone));
    run(&props, logs, connectors, standalone::start)
}

/// Starts logging with the levels of `RUST_LOG`, or else with these.
pub(crate) fn start_logging(default: &str) -> Result<Arc<Loggers>> {
    let levels = std::env::var("RUST_LOG").ok();
    let levels = levels.filter(|levels| !levels.trim().is_empty());
    let levels = levels.as_deref().unwrap_or(default);
    let (filter, initial) = logging::start(levels).map_err(Error::config)?;
    Ok(Arc::new(Loggers::new(filter, &initial)))
}

pub(crate) fn warn_of(warnings: Vec<String>) {
    for warning in warnings {
        warn!("{warning}");
    }
}

/// Runs a worker until a signal, or until its herder cannot go on.
fn run(
    props: &Props,
    logs: Arc<Loggers>,
    connectors: Vec<ConnectorFile>,
    start: impl FnOnce(&Props, WorkerOptions) -> Result<Herder>,
) -> Result<ExitCode> {
    let threads = Threads::start()?;
    let code = threads.block_on(async {
        let worker = RunningWorker::start(props, logs, threads.data(), start).await?;
        let mut stop = StopSignals::listen()?;
        let work = async {
            worker.herder.started().await?;
            info!("the worker is ready");
            worker.create(connectors).await;
            std::future::pending::<Result<()>>().await
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = stop.received() => Ok(()),
        };
        worker.stop().await;
        ended.map(|()| ExitCode::SUCCESS)
    });
    threads.shut_down();
    code
}

/// A worker's two runtimes: herder and REST never wait behind connectors and tasks.
pub(crate) struct Threads {
    control: Runtime,
    data: Runtime,
}

impl Threads {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self {
            control: runtime("control", Some(CONTROL_THREADS))?,
            data: runtime("data", None)?,
        })
    }

    /// Runs `work` where herder and REST are.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.control.block_on(work)
    }

    /// Where connectors and tasks run.
    pub(crate) fn data(&self) -> Handle {
        self.data.handle().clone()
    }

    /// What a stuck plugin still holds is not waited for.
    pub(crate) fn shut_down(self) {
        self.data.shutdown_background();
        self.control.shutdown_background();
    }
}

fn runtime(name: &'static str, threads: Option<usize>) -> Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads);
    }
    builder
        .thread_name(name)
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("starting the {name} threads")).caused_by(error))
}

/// A worker with its REST server.
pub(crate) struct RunningWorker {
    pub(crate) herder: Herder,
    server: RestServer,
    /// The URL by which others reach the REST API.
    pub(crate) url: String,
}

impl RunningWorker {
    /// Starts a worker on the present runtime; it is ready when its herder has started.
    pub(crate) async fn start(
        props: &Props,
        logs: Arc<Loggers>,
        data_runtime: Handle,
        start: impl FnOnce(&Props, WorkerOptions) -> Result<Herder>,
    ) -> Result<Self> {
        let listeners = BoundListeners::bind(RestSettings::parse(props)?).await?;
        let options = WorkerOptions {
            plugins: Arc::new(plugins::all()),
            logs,
            rest_url: listeners.advertised_url(),
            worker_id: listeners.worker_id(),
            data_runtime,
            allow_unknown_connectors: false,
        };
        let url = options.rest_url.clone();
        for address in listeners.addresses() {
            info!(%address, worker_id = options.worker_id, "REST API listening");
        }
        for address in listeners.admin_addresses() {
            info!(%address, "admin API listening");
        }
        let herder = start(props, options)?;
        let server = listeners.serve(herder.clone());
        Ok(Self {
            herder,
            server,
            url,
        })
    }

    /// Stops everything that it runs.
    pub(crate) async fn stop(&self) {
        info!("stopping");
        self.herder.shut_down().await;
        self.server.stop(REST_STOP_WAIT).await;
        info!("stopped");
    }

    /// Creates the connectors of the command line. One that is wrong is named, and
    /// the others go on.
    pub(crate) async fn create(&self, connectors: Vec<ConnectorFile>) {
        for ConnectorFile {
            name,
            config,
            target,
        } in connectors
        {
            match self.herder.put_connector(&name, config, target, true).await {
                Ok(_) => info!(connector = name, "created"),
                Err(failure) => error!(connector = name, "not created: {}", failure.trace()),
            }
        }
    }
}
