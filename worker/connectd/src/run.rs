//! Runs a worker until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use connect_api::{Error, Props, Result};
use connect_cluster::distributed::WorkerOptions;
use connect_cluster::standalone::ConnectorFile;
use connect_cluster::{Herder, distributed, standalone};
use connect_rest::{BoundListeners, RestServer, RestSettings};
use tokio::runtime::{Builder, Runtime};
use tracing::{error, info, warn};

use crate::loggers::Loggers;
use crate::stop::StopSignals;
use crate::{logging, plugins, settings};

/// How long REST requests that are running may take at the end.
const REST_STOP_WAIT: Duration = Duration::from_secs(5);

/// Threads for herder and REST: they never wait behind the data path
/// (invariant 2).
const CONTROL_THREADS: usize = 2;

/// Runs a worker of a cluster.
pub(crate) fn distributed(props: Props, allow_unknown_connectors: bool) -> Result<ExitCode> {
    let logs = start_logging()?;
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
    let logs = start_logging()?;
    warn_of(settings::warnings(&props, &settings::Kind::Standalone));
    run(&props, logs, connectors, standalone::start)
}

/// Starts logging with the levels of `RUST_LOG`.
pub(crate) fn start_logging() -> Result<Arc<Loggers>> {
    let levels = std::env::var("RUST_LOG")
        .ok()
        .filter(|levels| !levels.trim().is_empty());
    let (filter, initial) = logging::start(levels.as_deref()).map_err(Error::config)?;
    Ok(Arc::new(Loggers::new(filter, &initial)))
}

fn warn_of(warnings: Vec<String>) {
    for warning in warnings {
        warn!("{warning}");
    }
}

/// Two runtimes: herder and REST never wait behind connectors and tasks.
fn run(
    props: &Props,
    logs: Arc<Loggers>,
    connectors: Vec<ConnectorFile>,
    start: impl FnOnce(&Props, WorkerOptions) -> Result<Herder>,
) -> Result<ExitCode> {
    let control = runtime("control", Some(CONTROL_THREADS))?;
    let data = runtime("data", None)?;
    let code = control.block_on(async {
        let listeners = BoundListeners::bind(RestSettings::parse(props)?).await?;
        let options = WorkerOptions {
            plugins: Arc::new(plugins::all()),
            logs,
            rest_url: listeners.advertised_url(),
            worker_id: listeners.worker_id(),
            data_runtime: data.handle().clone(),
            allow_unknown_connectors: false,
        };
        for address in listeners.addresses() {
            info!(%address, worker_id = options.worker_id, "REST API listening");
        }
        for address in listeners.admin_addresses() {
            info!(%address, "admin API listening");
        }
        let herder = start(props, options)?;
        let server = listeners.serve(herder.clone());
        serve(&herder, &server, connectors).await
    });
    // What a stuck plugin still holds is not waited for.
    data.shutdown_background();
    control.shutdown_background();
    code
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

/// Until a signal, or until the herder cannot go on.
async fn serve(
    herder: &Herder,
    server: &RestServer,
    connectors: Vec<ConnectorFile>,
) -> Result<ExitCode> {
    let mut stop = StopSignals::listen()?;
    let work = async {
        herder.started().await?;
        info!("the worker is ready");
        create(herder, connectors).await;
        std::future::pending::<Result<()>>().await
    };
    let ended = tokio::select! {
        ended = work => ended,
        () = stop.received() => Ok(()),
    };
    info!("stopping");
    herder.shut_down().await;
    server.stop(REST_STOP_WAIT).await;
    info!("stopped");
    ended.map(|()| ExitCode::SUCCESS)
}

/// Creates the connectors of the command line. One that is wrong is named, and
/// the others go on.
async fn create(herder: &Herder, connectors: Vec<ConnectorFile>) {
    for ConnectorFile {
        name,
        config,
        target,
    } in connectors
    {
        match herder.put_connector(&name, config, target, true).await {
            Ok(_) => info!(connector = name, "created"),
            Err(failure) => error!(connector = name, "not created: {}", failure.trace()),
        }
    }
}
