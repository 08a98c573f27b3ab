//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::broker::BrokerArgs;
use crate::dev::DevArgs;
use crate::schema_registry::SchemaRegistryArgs;

/// A Kafka Connect worker.
#[derive(Debug, Parser)]
#[command(
    name = "connectd",
    version,
    about = "A Kafka Connect worker in one binary"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a worker of a cluster: configs, offsets and statuses live in Kafka topics.
    Distributed {
        /// The worker's properties file (connect-distributed.properties). Settings from the
        /// environment (CONNECT_FOO_BAR means foo.bar; BOOTSTRAP_SERVERS, GROUP_ID, …) go before it.
        worker: Option<PathBuf>,
        /// A worker setting, before file and environment; may be given several times.
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
        settings: Vec<(String, String)>,
        /// Joins also a cluster that has connectors of classes that are not built in. What the
        /// group gives this worker of them is FAILED.
        #[arg(long)]
        allow_unknown_connectors: bool,
    },
    /// Runs a worker by itself: offsets live in the file of offset.storage.file.filename.
    Standalone {
        /// The worker's properties file (connect-standalone.properties).
        worker: PathBuf,
        /// Connectors to run: .properties, or .json as one POSTs it.
        connectors: Vec<PathBuf>,
        /// A worker setting, before file and environment; may be given several times.
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
        settings: Vec<(String, String)>,
    },
    /// Runs everything in one process, for development: a Kafka broker of one node, a worker and a
    /// schema registry. Needs nothing else.
    Dev(DevArgs),
    /// Runs a Kafka broker of one node, for development and tests: it keeps everything in one
    /// folder, and replicates nothing.
    Broker(BrokerArgs),
    /// Runs a schema registry with Confluent's REST API, which keeps Avro schemas in a Kafka topic.
    SchemaRegistry(SchemaRegistryArgs),
    /// Lists the plugins that are built in.
    Plugins,
    /// Checks a connector's configuration without connecting anywhere; exits with 1 if it has errors.
    Validate {
        /// The connector: .properties, or .json as one POSTs it.
        connector: PathBuf,
        /// The worker's properties file, for what the connector leaves to the worker.
        #[arg(long)]
        worker: Option<PathBuf>,
    },
}

pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.trim().to_owned(), value.to_owned()))
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| format!("'{text}' is not KEY=VALUE"))
}
