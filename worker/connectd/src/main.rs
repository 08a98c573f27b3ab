//! `connectd`: a Kafka Connect worker in one binary.
#![forbid(unsafe_code)]

mod broker;
mod check;
mod cli;
mod dev;
mod environment;
mod loggers;
mod logging;
mod plugins;
mod run;
mod schema_registry;
mod settings;
mod stop;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use connect_api::{Error, Result};
use connect_cluster::standalone::read_connector;

use cli::{Cli, Command};

/// For librdkafka too, whose records are allocated on the task's thread and freed on others: the
/// system's allocator takes a third of the data path's time for that.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            // There is nobody left to tell if standard error is closed.
            drop(writeln!(std::io::stderr(), "connectd: {}", error.trace()));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Distributed {
            worker,
            settings,
            allow_unknown_connectors,
        } => {
            let file = worker.map(|path| settings::read(&path)).transpose()?;
            let props = settings::merge(
                file.unwrap_or_default(),
                environment::settings(std::env::vars()),
                settings,
            );
            run::distributed(props, allow_unknown_connectors)
        }
        Command::Standalone {
            worker,
            connectors,
            settings,
        } => {
            let file = settings::read(&worker)?;
            let environment = environment::settings(std::env::vars());
            let connectors = connectors.iter().map(|path| read_connector(path));
            let connectors = connectors.collect::<Result<Vec<_>>>()?;
            run::standalone(settings::merge(file, environment, settings), connectors)
        }
        Command::Dev(args) => dev::run(args),
        Command::Broker(args) => {
            run::start_logging(run::LOG_LEVELS)?;
            broker::run(args)
        }
        Command::SchemaRegistry(args) => {
            run::start_logging(run::LOG_LEVELS)?;
            schema_registry::run(args)
        }
        Command::Plugins => list_plugins(),
        Command::Validate { connector, worker } => check::connector(&connector, worker.as_deref()),
    }
}

fn list_plugins() -> Result<ExitCode> {
    let mut text = String::new();
    for (kind, name) in plugins::all().list() {
        text.push_str(&format!(
            "{:<17}{:<24}{}\n",
            kind.to_string(),
            name.version,
            name.class
        ));
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes to standard output.
fn print(text: &str) -> Result<()> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Error::internal("writing to standard output").caused_by(error))
}
