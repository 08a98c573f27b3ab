//! `connectd validate`: a connector's configuration, checked offline.

use std::path::Path;
use std::process::ExitCode;

use connect_api::{Props, Result};
use connect_cluster::standalone::read_connector;
use connect_runtime::{WorkerSettings, connector_config};

use crate::{plugins, print, settings};

/// What stands for the worker's settings where no file is given.
const WORKER: [(&str, &str); 3] = [
    ("bootstrap.servers", "localhost:9092"),
    (
        "key.converter",
        "org.apache.kafka.connect.json.JsonConverter",
    ),
    (
        "value.converter",
        "org.apache.kafka.connect.json.JsonConverter",
    ),
];

/// Checks the connector in the file `path`; prints every error and warning.
pub(crate) fn connector(path: &Path, worker: Option<&Path>) -> Result<ExitCode> {
    let props = read_connector(path)?.config;
    let worker = worker_settings(worker)?;
    let plugins = plugins::all();
    let validation = connector_config::validate(&plugins, &worker, &props, false);
    let infos = runtime()?.block_on(validation)?;
    let mut text = String::new();
    let warnings = connector_config::connector_plugin(&plugins, &props)
        .map(|plugin| (plugin.create)().warnings(&props))
        .unwrap_or_default();
    for warning in warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    for config in infos
        .configs
        .iter()
        .filter(|config| !config.value.errors.is_empty())
    {
        for error in &config.value.errors {
            text.push_str(&format!("error: {}: {error}\n", config.value.name));
        }
    }
    let verdict = match infos.error_count {
        0 => "valid".to_owned(),
        count => format!("invalid: {count} error(s)"),
    };
    print(&format!("{text}{}: {verdict}\n", path.display()))?;
    Ok(if infos.error_count == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn worker_settings(file: Option<&Path>) -> Result<WorkerSettings> {
    let file = file.map(settings::read).transpose()?.unwrap_or_default();
    let defaults: Props = WORKER
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    WorkerSettings::parse(&settings::merge(defaults, file, Vec::new()))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| connect_api::Error::internal("starting the validation").caused_by(error))
}
