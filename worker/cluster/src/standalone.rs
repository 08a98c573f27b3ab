//! A standalone worker: configurations and statuses in memory, offsets in a
//! file. Nobody else is in its group.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use connect_api::config::{Check, ConfigDef, Key};
use connect_api::{Error, Props, Result};
use connect_runtime::{TargetState, Worker, WorkerSettings};
use serde_json::Value;

use crate::distributed::WorkerOptions;
use crate::herder::{Herder, HerderParts, HerderSettings};
use crate::membership::Solo;
use crate::properties;
use crate::providers::ConfigProviders;
use crate::store::config::{ConfigReader, ConfigStore};
use crate::store::log::MemoryLog;
use crate::store::offset::{FileLog, OffsetReader, Offsets};
use crate::store::status::{StatusReader, StatusStore};

/// Where offsets are kept.
pub const OFFSET_FILE: Key<String> = Key::new("offset.storage.file.filename")
    .check(Check::NonEmpty)
    .high()
    .doc("The file to store source connector offsets in.");

/// The keys of a standalone worker.
pub fn standalone_config() -> ConfigDef {
    ConfigDef::new().with(&OFFSET_FILE)
}

/// Starts a standalone worker on the present runtime. Its handle is there at
/// once: see [`Herder::started`].
pub fn start(props: &Props, options: WorkerOptions) -> Result<Herder> {
    let providers = ConfigProviders::from_worker(props)?;
    let props = providers.resolve(props)?;
    let path = PathBuf::from(standalone_config().parse(&props)?.get(&OFFSET_FILE)?);
    let worker_settings = WorkerSettings::parse(&props)?;

    let config_reader = ConfigReader::new();
    let config_log = MemoryLog::new(config_reader.clone());
    let configs = ConfigStore::new(config_reader, Arc::new(config_log));
    let status_reader = Arc::new(StatusReader::default());
    let status_log = MemoryLog::new(status_reader.clone());
    let statuses = Arc::new(StatusStore::new(
        status_reader,
        Arc::new(status_log),
        &options.worker_id,
        worker_settings.topic_tracking_enable,
        configs.versions(&options.plugins),
    ));
    let offset_reader = Arc::new(OffsetReader::default());
    let offset_log = FileLog::new(path, offset_reader.clone());
    let offsets = Arc::new(Offsets::new(offset_reader, Arc::new(offset_log)));
    let settings = HerderSettings {
        worker_id: options.worker_id,
        topic_tracking: worker_settings.topic_tracking_enable,
        topic_tracking_reset: worker_settings.topic_tracking_allow_reset,
        refuses_unknown_connectors: false,
    };
    let kafka = crate::distributed::worker_admin(&props, "connect-standalone-")?;
    let worker = Worker::new(
        worker_settings,
        options.plugins,
        offsets.clone(),
        statuses.clone(),
        options.data_runtime,
    )?;
    Ok(Herder::start(HerderParts {
        settings,
        worker,
        configs,
        statuses,
        offsets,
        providers,
        membership: Arc::new(Solo::new(&options.rest_url)),
        inter_worker: None,
        logs: options.logs,
        kafka: Some(kafka),
    }))
}

/// A connector as the command line of a standalone worker gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectorFile {
    /// The connector's name.
    pub name: String,
    /// Its configuration.
    pub config: Props,
    /// Its initial state (KIP-980).
    pub target: Option<TargetState>,
}

/// Reads a connector from a `.properties` or `.json` file. As in Connect
/// (`ConnectStandalone.parseConnectorConfigurationFile`) a JSON file holds
/// what POST takes (`name`, `config`, `initial_state`) or the configuration
/// alone.
pub fn read_connector(path: &Path) -> Result<ConnectorFile> {
    let failed = || format!("reading the connector's configuration '{}'", path.display());
    let text =
        std::fs::read_to_string(path).map_err(|error| Error::config(failed()).caused_by(error))?;
    let parsed = if path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        parse_json(&text)
    } else {
        properties::parse(&text).and_then(|config| with_name(config, None))
    };
    parsed.map_err(|error| error.while_doing(failed()))
}

fn parse_json(text: &str) -> Result<ConnectorFile> {
    let mut object: serde_json::Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| Error::config("the file is not a JSON object").caused_by(error))?;
    let Some(Value::Object(config)) = object.get("config") else {
        return with_name(flat(object)?, None);
    };
    let config = flat(config.clone())?;
    let name = object.remove("name");
    let target = match object.remove("initial_state") {
        None | Some(Value::Null) => None,
        Some(state) => Some(initial_state(&state)?),
    };
    let connector = with_name(config, name.as_ref().and_then(Value::as_str))?;
    Ok(ConnectorFile {
        target,
        ..connector
    })
}

fn initial_state(state: &Value) -> Result<TargetState> {
    match state.as_str().map(str::to_uppercase).as_deref() {
        Some("RUNNING") => Ok(TargetState::Started),
        Some("PAUSED") => Ok(TargetState::Paused),
        Some("STOPPED") => Ok(TargetState::Stopped),
        _ => Err(Error::config(format!(
            "initial_state is {state}; it must be RUNNING, PAUSED or STOPPED"
        ))),
    }
}

fn flat(object: serde_json::Map<String, Value>) -> Result<Props> {
    let mut props = Props::with_capacity(object.len());
    for (name, value) in object {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => {
                return Err(Error::config(format!(
                    "setting '{name}' must be a text, a number or a boolean"
                )));
            }
        };
        props.insert(name, text);
    }
    Ok(props)
}

fn with_name(mut config: Props, name: Option<&str>) -> Result<ConnectorFile> {
    let name = name
        .or_else(|| config.get("name").map(String::as_str))
        .ok_or_else(|| {
            Error::config("Missing required configuration \"name\" which has no default value.")
        })?
        .to_owned();
    config
        .entry("name".to_owned())
        .or_insert_with(|| name.clone());
    Ok(ConnectorFile {
        name,
        config,
        target: None,
    })
}
