//! Runs the schema registry as a process of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use connect_api::{Error, Props, Result};
use connect_registry::{Registry, RegistrySettings};
use tokio::runtime::Builder;
use tracing::info;

use crate::settings;
use crate::stop::StopSignals;

const BOOTSTRAP_SERVERS: &str = "localhost:9092";

/// What the registry is started with.
#[derive(Debug, Args)]
pub(crate) struct SchemaRegistryArgs {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8081")]
    listen: String,
    /// Brokers of the Kafka that keeps the schemas; localhost:9092 where the file of
    /// --client-config has none either.
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap_servers: Option<String>,
    /// The topic that schemas are kept in, created when it is missing.
    #[arg(long, default_value = "_schemas")]
    topic: String,
    /// A properties file with settings of the Kafka client, such as those of its security.
    #[arg(long, value_name = "FILE")]
    client_config: Option<PathBuf>,
}

/// Runs until a signal.
pub(crate) fn run(args: SchemaRegistryArgs) -> Result<ExitCode> {
    let given = match &args.client_config {
        Some(file) => settings::read(file)?,
        None => Props::new(),
    };
    let mut settings = RegistrySettings::new(args.listen, BOOTSTRAP_SERVERS);
    settings.topic = args.topic;
    settings.client.extend(given);
    if let Some(servers) = args.bootstrap_servers {
        settings
            .client
            .insert("bootstrap.servers".to_owned(), servers);
    }
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::internal("starting").caused_by(error))?;
    runtime.block_on(async {
        let mut stop = StopSignals::listen()?;
        let registry = tokio::select! {
            registry = Registry::start(settings) => registry
                .map_err(|error| Error::config("starting the schema registry").caused_by(error))?,
            () = stop.received() => return Ok(ExitCode::SUCCESS),
        };
        info!(url = %format_args!("http://{}", registry.address()), "the schema registry is ready");
        stop.received().await;
        info!("stopping");
        registry.stop().await;
        info!("stopped");
        Ok(ExitCode::SUCCESS)
    })
}
