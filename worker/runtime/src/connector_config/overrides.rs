//! Client settings in a connector's configuration: `producer.override.*` and
//! `admin.override.*` (`AbstractHerder.validateClientOverrides`).

use connect_api::config::{ConfigInfo, ConfigValueInfo};
use connect_api::{Error, Props, Result};
use connect_kafka::settings::worker::{
    ADMIN_OVERRIDE_PREFIX, PRODUCER_OVERRIDE_PREFIX, source_task_producer, task_admin,
};
use connect_kafka::{ClientKind, ClientSettings, Props as ClientProps};

use super::topic_creation;
use crate::{ConnectorTaskId, WorkerSettings};

/// Checks the overrides of a source: whether the worker's policy allows each,
/// and whether the client takes it.
pub(super) fn validate(worker: &WorkerSettings, props: &Props) -> Vec<ConfigInfo> {
    let mut infos = rows(worker, props, PRODUCER_OVERRIDE_PREFIX);
    if let Err(error) = client(ClientKind::Producer, worker, props, "validation") {
        add_error(&mut infos, PRODUCER_OVERRIDE_PREFIX, &error);
    }
    if topic_creation::is_used(props) {
        let mut admin = rows(worker, props, ADMIN_OVERRIDE_PREFIX);
        if let Err(error) = client(ClientKind::Admin, worker, props, "validation") {
            add_error(&mut admin, ADMIN_OVERRIDE_PREFIX, &error);
        }
        infos.append(&mut admin);
    }
    infos
}

fn rows(worker: &WorkerSettings, props: &Props, prefix: &str) -> Vec<ConfigInfo> {
    super::with_prefix(props, prefix)
        .map(|(name, value)| ConfigInfo {
            definition: None,
            value: ConfigValueInfo {
                name: format!("{prefix}{name}"),
                value: Some(value.to_owned()),
                recommended_values: Vec::new(),
                errors: worker
                    .client_override_policy
                    .objection(name)
                    .into_iter()
                    .collect(),
                visible: true,
            },
        })
        .collect()
}

/// Puts what the client says of its settings to the override that it is about.
/// What is wrong in the worker's own settings is none of the connector's.
fn add_error(infos: &mut [ConfigInfo], prefix: &str, error: &connect_kafka::SettingsError) {
    let name = format!("{prefix}{}", error.key());
    if let Some(info) = infos.iter_mut().find(|info| info.value.name == name) {
        info.value.errors.push(error.to_string());
    }
}

fn client(
    kind: ClientKind,
    worker: &WorkerSettings,
    connector: &Props,
    client_id: &str,
) -> Result<ClientSettings, connect_kafka::SettingsError> {
    let worker: ClientProps = client_props(&worker.props);
    let connector: ClientProps = client_props(connector);
    let props = match kind {
        ClientKind::Producer => source_task_producer(&worker, &connector, client_id),
        ClientKind::Admin | ClientKind::Consumer => task_admin(&worker, &connector, client_id),
    };
    ClientSettings::from_props(kind, &props)
}

fn client_props(props: &Props) -> ClientProps {
    props
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The settings of a source task's producer.
pub(crate) fn producer_settings(
    worker: &WorkerSettings,
    connector: &Props,
    id: &ConnectorTaskId,
) -> Result<ClientSettings> {
    refuse_forbidden(worker, connector, PRODUCER_OVERRIDE_PREFIX)?;
    let client_id = format!("connector-producer-{id}");
    client(ClientKind::Producer, worker, connector, &client_id)
        .map_err(|error| Error::config("making the producer of the task").caused_by(error))
}

/// The settings of a source task's admin client.
pub(crate) fn admin_settings(
    worker: &WorkerSettings,
    connector: &Props,
    id: &ConnectorTaskId,
) -> Result<ClientSettings> {
    refuse_forbidden(worker, connector, ADMIN_OVERRIDE_PREFIX)?;
    let client_id = format!("connector-adminclient-{id}");
    client(ClientKind::Admin, worker, connector, &client_id)
        .map_err(|error| Error::config("making the admin client of the task").caused_by(error))
}

/// Validation has told already; but a configuration may be older than the policy.
fn refuse_forbidden(worker: &WorkerSettings, connector: &Props, prefix: &str) -> Result<()> {
    let objections: Vec<String> = super::with_prefix(connector, prefix)
        .filter_map(|(name, _)| worker.client_override_policy.objection(name))
        .collect();
    if objections.is_empty() {
        return Ok(());
    }
    Err(Error::config(format!(
        "Client Config Overrides not allowed: {}",
        objections.join(" ")
    )))
}
