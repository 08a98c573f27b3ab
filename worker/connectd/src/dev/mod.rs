//! Everything in one process: a broker, a schema registry and a worker.

mod folder;
mod greeting;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use connect_api::{Error, Result};
use connect_broker::{Broker, Settings};
use connect_cluster::standalone::read_connector;
use connect_cluster::{Health, Herder, LogControl as _, distributed};
use connect_registry::{Registry, RegistrySettings};

use crate::run::{self, RunningWorker, Threads};
use crate::stop::StopSignals;
use crate::{environment, print, settings};
use folder::DataFolder;
use greeting::Greeting;

/// What it logs unless `RUST_LOG` says otherwise: little, so that what it prints is seen.
const LOG_LEVELS: &str = "warn";

/// How often the worker is asked whether it is in its group yet.
const READY_POLL: Duration = Duration::from_millis(2);

/// What it is started with.
#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// A worker's properties file, for what shall differ from the defaults, such as converters.
    /// Settings from the environment (CONNECT_FOO_BAR means foo.bar) go before it. The Kafka is
    /// always the one of this process.
    worker: Option<PathBuf>,
    /// The data folder, created when it is not there.
    #[arg(long, value_name = "DIR", default_value = "./connectd-data")]
    data: PathBuf,
    /// Keeps nothing: the data is in a temporary folder, which is deleted at the end.
    #[arg(long, conflicts_with = "data")]
    ephemeral: bool,
    /// A connector to run: .properties, or .json as one POSTs it; may be given several times.
    #[arg(long = "connector", value_name = "FILE")]
    connectors: Vec<PathBuf>,
    /// Where the worker's REST API listens: 127.0.0.1:8083 unless the worker's settings say.
    #[arg(long, value_name = "HOST:PORT")]
    rest: Option<String>,
    /// Where the broker listens; port 0 takes a free one, and so it does for the others.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    kafka: String,
    /// Where the schema registry listens.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8081")]
    schema_registry: String,
    /// Runs without a schema registry.
    #[arg(long, conflicts_with = "schema_registry")]
    no_schema_registry: bool,
    /// A worker setting, before file and environment; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = crate::cli::key_value)]
    settings: Vec<(String, String)>,
}

/// Runs until a signal, or until the worker cannot go on.
pub(crate) fn run(args: DevArgs) -> Result<ExitCode> {
    let began = Instant::now();
    let logs = run::start_logging(LOG_LEVELS)?;
    let connectors = args.connectors.iter().map(|path| read_connector(path));
    let connectors = connectors.collect::<Result<Vec<_>>>()?;
    let file = args.worker.as_deref().map(settings::read).transpose()?;
    let given = settings::merge(
        file.unwrap_or_default(),
        environment::settings(std::env::vars()),
        args.settings,
    );
    let folder = DataFolder::new(args.data, args.ephemeral)?;
    let threads = Threads::start()?;
    let code = threads.block_on(async {
        // From here on a signal is an orderly stop.
        let mut stop = StopSignals::listen()?;
        let broker = start_broker(&args.kafka, &folder)?;
        let props = worker::props(given, broker.bootstrap(), args.rest.as_deref());
        run::warn_of(worker::warnings(&props.replaced));
        run::warn_of(settings::warnings(
            &props.props,
            &settings::Kind::Distributed,
        ));
        let worker = RunningWorker::start(
            &props.props,
            logs.clone(),
            threads.data(),
            distributed::start,
        )
        .await?;
        let mut registry = None;
        let work = async {
            if !args.no_schema_registry {
                registry = Some(start_registry(&args.schema_registry, &broker).await?);
            }
            worker.herder.started().await?;
            in_its_group(&worker.herder).await;
            print(
                &Greeting {
                    took: began.elapsed(),
                    rest: worker.url.trim_end_matches('/'),
                    bootstrap: broker.bootstrap(),
                    registry: registry.as_ref().map(Registry::address),
                    folder: &folder,
                }
                .to_string(),
            )?;
            worker.create(connectors).await;
            std::future::pending::<Result<()>>().await
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = stop.received() => Ok(()),
        };
        print("stopping\n")?;
        worker.stop().await;
        if let Some(registry) = registry {
            registry.stop().await;
        }
        // What is left of the clients has nothing to say but that the broker is gone.
        logs.set_level("root", "OFF")?;
        broker.stop();
        ended.map(|()| ExitCode::SUCCESS)
    });
    threads.shut_down();
    code
}

fn start_broker(listen: &str, folder: &DataFolder) -> Result<Broker> {
    let settings = Settings {
        // The worker's and its sinks' members end with this process, be it by kill -9.
        group_members_outlive_restart: false,
        ..Settings::new(listen, folder.path())
    };
    Broker::start(settings).map_err(|error| {
        Error::config("starting the broker (--kafka and --data say where)").caused_by(error)
    })
}

async fn start_registry(listen: &str, broker: &Broker) -> Result<Registry> {
    let settings = RegistrySettings::new(listen, broker.bootstrap());
    Registry::start(settings).await.map_err(|error| {
        Error::config(
            "starting the schema registry (--schema-registry says where, or --no-schema-registry)",
        )
        .caused_by(error)
    })
}

async fn in_its_group(herder: &Herder) {
    while herder.health() != Health::Healthy {
        tokio::time::sleep(READY_POLL).await;
    }
}
