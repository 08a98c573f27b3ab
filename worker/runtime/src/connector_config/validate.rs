//! Validation of a connector's configuration as a whole
//! (`AbstractHerder.validateConnectorConfig`): all errors at once.

use connect_api::config::{
    ConfigDef, ConfigInfo, ConfigInfos, ConfigKeyInfo, ConfigValueInfo, KeyDef,
};
use connect_api::plugin::Connector;
use connect_api::registry::{ConnectorPlugin, Plugins, TaskFactory};
use connect_api::{Props, Result};
use indexmap::IndexMap;

use super::aliases::{self, Kind};
use super::class::check_version;
use super::common::{CONNECTOR_CLASS, CONNECTOR_VERSION};
use super::source::EXACTLY_ONCE_SUPPORT;
use super::{
    connector_plugin, converters, overrides, restart, topic_creation, undefined, versioned,
};
use crate::WorkerSettings;

/// Checks a configuration; with `outside`, also against the systems that it
/// names, if all else is good.
pub async fn validate(
    plugins: &Plugins,
    worker: &WorkerSettings,
    props: &Props,
    outside: bool,
) -> Result<ConfigInfos> {
    let plugin = connector_plugin(plugins, props)?;
    let common = common_keys(plugins, worker, plugin, props);
    let mut values = common.validate(props);
    check_common(&mut values, plugins, plugin, props);
    let mut others = match plugin.task {
        TaskFactory::Source(_) => overrides::validate(worker, props),
        TaskFactory::Sink(_) => overrides::validate_sink(worker, props),
    };
    if worker.topic_creation_enable && matches!(plugin.task, TaskFactory::Source(_)) {
        others.extend(topic_creation::validate(props));
    }
    others.extend(converters::validate(&mut values, plugins, props));
    others.extend(restart::validate(props));

    let connector = (plugin.create)();
    let mut own = connector.validate(props);
    let errors = values.iter().chain(&own).map(|value| value.errors.len());
    let nested = others.iter().map(|info| info.value.errors.len());
    if outside && errors.chain(nested).sum::<usize>() == 0 {
        connector.validate_outside(props, &mut own).await;
    }
    Ok(assemble(&*connector, common, values, own, others, props))
}

/// The common keys, with the worker's defaults and those of all aliases.
fn common_keys(
    plugins: &Plugins,
    worker: &WorkerSettings,
    plugin: &ConnectorPlugin,
    props: &Props,
) -> ConfigDef {
    let mut keys = versioned(plugin);
    converters::enrich(&mut keys, plugins, worker, props);
    aliases::enrich(&mut keys, Kind::Transformation, plugins, props);
    aliases::enrich(&mut keys, Kind::Predicate, plugins, props);
    keys
}

fn check_common(
    values: &mut [ConfigValueInfo],
    plugins: &Plugins,
    plugin: &ConnectorPlugin,
    props: &Props,
) {
    if let Some(version) = super::value_mut(values, CONNECTOR_VERSION.name()) {
        check_version(version, &plugin.name);
    }
    aliases::check(values, Kind::Transformation, plugins, props);
    aliases::check(values, Kind::Predicate, plugins, props);
    if let TaskFactory::Sink(_) = plugin.task {
        super::sink::check(values, props);
    }
    if let Some(support) = super::value_mut(values, EXACTLY_ONCE_SUPPORT.name())
        && support
            .value
            .as_deref()
            .is_some_and(|value| value.eq_ignore_ascii_case("required"))
    {
        support
            .errors
            .push("This worker does not have exactly-once support enabled.".to_owned());
    }
}

/// `AbstractHerder.generateResult` and `mergeConfigInfos`: values that no
/// definition knows, then the common keys, the connector's own, and the rest.
fn assemble(
    connector: &dyn Connector,
    common: ConfigDef,
    values: Vec<ConfigValueInfo>,
    own: Vec<ConfigValueInfo>,
    others: Vec<ConfigInfo>,
    props: &Props,
) -> ConfigInfos {
    let mut groups = common.groups();
    let own_keys = connector.config();
    let mut keys = common;
    keys.extend(&own_keys);
    let mut by_name: IndexMap<String, ConfigValueInfo> = IndexMap::new();
    for value in values.into_iter().chain(own) {
        by_name.insert(value.name.clone(), value);
    }
    let (known, unknown): (IndexMap<_, _>, IndexMap<_, _>) = by_name
        .into_iter()
        .partition(|(name, _)| keys.key(name).is_some());
    let mut configs: Vec<ConfigInfo> = unknown.into_values().map(undefined).collect();
    let mut known = known;
    for key in keys.keys() {
        let value = known.swap_remove(&*key.name);
        configs.push(defined(key, value));
    }
    configs.extend(others);
    for group in own_keys.groups().into_iter().chain(groups_of(&configs)) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    ConfigInfos {
        name: props
            .get(CONNECTOR_CLASS.name())
            .cloned()
            .unwrap_or_default(),
        error_count: configs.iter().map(|info| info.value.errors.len()).sum(),
        groups,
        configs,
    }
}

fn groups_of(configs: &[ConfigInfo]) -> Vec<String> {
    configs
        .iter()
        .filter_map(|info| info.definition.as_ref()?.group.clone())
        .collect()
}

fn defined(key: &KeyDef, value: Option<ConfigValueInfo>) -> ConfigInfo {
    ConfigInfo {
        definition: Some(ConfigKeyInfo::from(key)),
        value: value.unwrap_or_else(|| ConfigValueInfo {
            name: key.name.to_string(),
            value: None,
            recommended_values: Vec::new(),
            errors: Vec::new(),
            visible: true,
        }),
    }
}
