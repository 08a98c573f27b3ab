//! Client settings in a connector's configuration: `producer.override.*`,
//! `consumer.override.*` and `admin.override.*` (`AbstractHerder.validateClientOverrides`).

use connect_api::config::{ConfigInfo, ConfigValueInfo};
use connect_api::{Error, Props, Result};
use connect_kafka::settings::worker::{
    ADMIN_OVERRIDE_PREFIX, CONSUMER_OVERRIDE_PREFIX, PRODUCER_OVERRIDE_PREFIX, sink_task_consumer,
    source_task_producer, task_admin,
};
use connect_kafka::{ClientKind, ClientSettings, Props as ClientProps};

use super::common::NAME;
use super::{sink, topic_creation};
use crate::{ConnectorTaskId, WorkerSettings};

/// Checks the overrides of a source: whether the worker's policy allows each,
/// and whether the client takes it.
pub(super) fn validate(worker: &WorkerSettings, props: &Props) -> Vec<ConfigInfo> {
    let mut infos = of_client(ClientKind::Producer, worker, props);
    if topic_creation::is_used(props) {
        infos.append(&mut of_client(ClientKind::Admin, worker, props));
    }
    infos
}

/// Checks the overrides of a sink; those of producers and admin clients only
/// if it has a dead letter queue (`AbstractHerder.connectorUsesProducer`).
pub(super) fn validate_sink(worker: &WorkerSettings, props: &Props) -> Vec<ConfigInfo> {
    let mut infos = Vec::new();
    if sink::has_dead_letters(props) {
        infos.append(&mut of_client(ClientKind::Producer, worker, props));
        infos.append(&mut of_client(ClientKind::Admin, worker, props));
    }
    infos.append(&mut of_client(ClientKind::Consumer, worker, props));
    infos
}

fn of_client(kind: ClientKind, worker: &WorkerSettings, props: &Props) -> Vec<ConfigInfo> {
    let prefix = prefix(kind);
    let mut infos = rows(worker, props, prefix);
    if let Err(error) = client(kind, worker, props, "validation") {
        add_error(&mut infos, prefix, &error);
    }
    infos
}

fn prefix(kind: ClientKind) -> &'static str {
    match kind {
        ClientKind::Producer => PRODUCER_OVERRIDE_PREFIX,
        ClientKind::Consumer => CONSUMER_OVERRIDE_PREFIX,
        ClientKind::Admin => ADMIN_OVERRIDE_PREFIX,
    }
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
        ClientKind::Admin => task_admin(&worker, &connector, client_id),
        ClientKind::Consumer => {
            // `SinkUtils.consumerGroupId`.
            let name = connector.get(NAME.name()).map_or("", String::as_str);
            let group = format!("connect-{name}");
            sink_task_consumer(&worker, &connector, &group, client_id)
        }
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
    let client_id = format!("connector-producer-{id}");
    settings_of(ClientKind::Producer, worker, connector, &client_id)
}

/// The settings of a source task's admin client.
pub(crate) fn admin_settings(
    worker: &WorkerSettings,
    connector: &Props,
    id: &ConnectorTaskId,
) -> Result<ClientSettings> {
    let client_id = format!("connector-adminclient-{id}");
    settings_of(ClientKind::Admin, worker, connector, &client_id)
}

/// The settings of a sink task's consumer, or of one that asks about the
/// connector's group.
pub(crate) fn consumer_settings(
    worker: &WorkerSettings,
    connector: &Props,
    client_id: &str,
) -> Result<ClientSettings> {
    settings_of(ClientKind::Consumer, worker, connector, client_id)
}

/// The settings of one of a connector's clients.
pub(crate) fn settings_of(
    kind: ClientKind,
    worker: &WorkerSettings,
    connector: &Props,
    client_id: &str,
) -> Result<ClientSettings> {
    refuse_forbidden(worker, connector, prefix(kind))?;
    client(kind, worker, connector, client_id)
        .map_err(|error| Error::config(format!("making the {kind} '{client_id}'")).caused_by(error))
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
