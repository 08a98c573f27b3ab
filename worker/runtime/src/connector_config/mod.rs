//! What the worker reads of a connector's configuration, and its validation as
//! a whole.

mod aliases;
mod checks;
mod class;
mod common;
mod converters;
mod overrides;
mod restart;
mod sink;
mod source;
mod topic_creation;
mod validate;

use std::time::Duration;

use connect_api::config::{
    ConfigDef, ConfigInfo, ConfigKeyInfo, ConfigValue, ConfigValueInfo, KeyDef,
};
use connect_api::registry::{ConnectorPlugin, PluginClass, PluginType, Plugins, TaskFactory};
use connect_api::{Error, ErrorKind, Props, Result};

pub(crate) use aliases::plugin_props;
pub use common::{CONNECTOR_CLASS, NAME, PREDICATES, TASKS_MAX, TRANSFORMS};
pub(crate) use converters::{
    Role, check_worker_converters, class_name, converter, converter_class, header_converter,
};
pub(crate) use overrides::{admin_settings, consumer_settings, producer_settings, settings_of};
pub use restart::RestartPolicy;
pub(crate) use sink::{DeadLetterSettings, SinkSettings, Subscription};
pub use sink::{TOPICS, TOPICS_REGEX, sink_config};
pub use source::source_config;
pub(crate) use topic_creation::{TopicCreation, TopicGroup};
pub use validate::validate;

/// The common settings that running a connector needs.
#[derive(Debug, Clone)]
pub(crate) struct ConnectorSettings {
    /// `tasks.max`.
    pub(crate) tasks_max: usize,
    /// `tasks.max.enforce`.
    pub(crate) tasks_max_enforce: bool,
    /// `errors.*`.
    pub(crate) errors: ErrorSettings,
}

/// What to do with records that cannot be handled.
#[derive(Debug, Clone)]
pub(crate) struct ErrorSettings {
    /// `errors.retry.timeout`; none tries for ever.
    pub(crate) retry_timeout: Option<Duration>,
    /// `errors.retry.delay.max.ms`.
    pub(crate) retry_delay_max: Duration,
    /// `errors.tolerance` is `all`.
    pub(crate) tolerate_all: bool,
    /// `errors.log.enable`.
    pub(crate) log: bool,
    /// `errors.log.include.messages`.
    pub(crate) log_messages: bool,
}

impl ConnectorSettings {
    /// Parses the common settings of a connector; all errors at once.
    pub(crate) fn parse(props: &Props) -> Result<Self> {
        let settings = common::common_config().parse(props)?;
        let retry_timeout = settings.get(&common::ERRORS_RETRY_TIMEOUT)?;
        let retry_delay_max = settings.get(&common::ERRORS_RETRY_MAX_DELAY)?;
        Ok(Self {
            tasks_max: usize::try_from(settings.get(&TASKS_MAX)?).unwrap_or(1),
            tasks_max_enforce: settings.get(&common::TASKS_MAX_ENFORCE)?,
            errors: ErrorSettings {
                retry_timeout: u64::try_from(retry_timeout).ok().map(Duration::from_millis),
                retry_delay_max: Duration::from_millis(
                    u64::try_from(retry_delay_max).unwrap_or_default(),
                ),
                tolerate_all: settings.get(&common::ERRORS_TOLERANCE)? == "all",
                log: settings.get(&common::ERRORS_LOG_ENABLE)?,
                log_messages: settings.get(&common::ERRORS_LOG_INCLUDE_MESSAGES)?,
            },
        })
    }
}

/// The connector plugin that a configuration names.
pub fn connector_plugin<'p>(plugins: &'p Plugins, props: &Props) -> Result<&'p ConnectorPlugin> {
    let Some(class) = props.get(CONNECTOR_CLASS.name()) else {
        return Err(Error::config(format!(
            "Connector config {} contains no connector type",
            shown(props)
        )));
    };
    plugins.connector(class).map_err(|_unknown| {
        let mut known: Vec<&ConnectorPlugin> = plugins.connectors.iter().collect();
        known.sort_by_key(|plugin| plugin.name.class);
        let meant = meant(&known, class)
            .map(|right| format!(". Did you mean {right}?"))
            .unwrap_or_default();
        let known: Vec<String> = known.into_iter().map(described).collect();
        Error::config(format!(
            "Failed to find any class that implements Connector and which name matches {class}, \
             available connectors are: {}{meant}",
            known.join(", ")
        ))
    })
}

/// The class with the same simple name in another package, or in other letters:
/// `to.confluent.connect.elasticsearch.ElasticsearchSinkConnector` is in print.
fn meant(known: &[&ConnectorPlugin], class: &str) -> Option<&'static str> {
    let simple = |class: &str| {
        let name = class.trim().rsplit('.').next().unwrap_or(class);
        name.trim_end_matches("Connector").to_ascii_lowercase()
    };
    let wanted = simple(class);
    let mut found = known.iter().map(|plugin| plugin.name.class);
    found.find(|known| simple(known) == wanted)
}

/// A configuration in a message, as Java shows a map; secrets are hidden.
fn shown(props: &Props) -> String {
    let mut entries: Vec<String> = props
        .iter()
        .map(|(name, value)| {
            let secret = ["password", "secret", "jaas"]
                .iter()
                .any(|word| name.contains(word));
            format!("{name}={}", if secret { "[hidden]" } else { value })
        })
        .collect();
    entries.sort();
    format!("{{{}}}", entries.join(", "))
}

/// A connector as the original describes it (`PluginDesc.toString`).
fn described(plugin: &ConnectorPlugin) -> String {
    let (class, version, kind) = (plugin.name.class, plugin.name.version, plugin.kind());
    format!(
        "PluginDesc{{klass=class {class}, name='{class}', version='{version}', \
         encodedVersion={version}, type={kind}, typeName='{kind}', location='built in'}}"
    )
}

/// The keys of a plugin of any type. A connector's own come first, then those
/// that every connector has (`AbstractHerder.connectorPluginConfig`).
pub fn plugin_config(plugins: &Plugins, name: &str) -> Result<Vec<ConfigKeyInfo>> {
    let own = |keys: ConfigDef| keys.keys().map(ConfigKeyInfo::from).collect();
    if let Ok(plugin) = plugins.connector(name) {
        let mut keys = (plugin.create)().config();
        keys.extend(&versioned(plugin));
        return Ok(own(keys));
    }
    if let Ok(plugin) = plugins.transformation(name) {
        return Ok(own((plugin.config)()));
    }
    if let Ok(plugin) = plugins.predicate(name) {
        return Ok(own((plugin.config)()));
    }
    if let Ok(plugin) = plugins.converter(name) {
        return Ok(own((plugin.config)()));
    }
    if let Ok(plugin) = plugins.header_converter(name) {
        return Ok(own((plugin.config)()));
    }
    Err(Error::new(
        ErrorKind::NotFound,
        format!("Unknown plugin {name}."),
    ))
}

/// The type of the plugin called `name`.
pub fn plugin_type(plugins: &Plugins, name: &str) -> Option<PluginType> {
    if let Ok(plugin) = plugins.connector(name) {
        return Some(plugin.kind());
    }
    let found = [
        (
            plugins.transformation(name).is_ok(),
            PluginType::Transformation,
        ),
        (plugins.predicate(name).is_ok(), PluginType::Predicate),
        (plugins.converter(name).is_ok(), PluginType::Converter),
        (
            plugins.header_converter(name).is_ok(),
            PluginType::HeaderConverter,
        ),
    ];
    found.into_iter().find_map(|(is, kind)| is.then_some(kind))
}

/// The common keys with the connector's version as the default of its key.
fn versioned(connector: &ConnectorPlugin) -> ConfigDef {
    let mut keys = match connector.task {
        TaskFactory::Source(_) => source_config(),
        TaskFactory::Sink(_) => sink_config(),
    };
    set_default(
        &mut keys,
        common::CONNECTOR_VERSION.name(),
        ConfigValue::String(connector.name.version.to_owned()),
    );
    keys
}

/// Warnings about settings of a connector that are known and have no effect,
/// or are old names.
pub fn warnings(plugins: &Plugins, plugin: &ConnectorPlugin, props: &Props) -> Vec<String> {
    let mut warnings = (plugin.create)().warnings(props);
    warnings.extend(converters::warnings(props));
    warnings.extend(aliases::warnings(plugins, props));
    warnings.extend(restart::warnings(props));
    if let TaskFactory::Sink(_) = plugin.task {
        return warnings;
    }
    for key in [
        source::TRANSACTION_BOUNDARY.name(),
        source::TRANSACTION_BOUNDARY_INTERVAL.name(),
    ] {
        if props.contains_key(key) {
            warnings.push(format!(
                "'{key}' has no effect: this worker does not deliver exactly once"
            ));
        }
    }
    if props.contains_key(source::OFFSETS_TOPIC.name()) {
        warnings.push(format!(
            "'{}' has no effect: offsets are stored in the worker's own offsets topic",
            source::OFFSETS_TOPIC.name()
        ));
    }
    warnings
}

/// The classes of all plugins of one kind, sorted.
fn classes<P>(plugins: &[P], class: fn(&P) -> &PluginClass) -> Vec<String> {
    let mut classes: Vec<String> = plugins
        .iter()
        .map(|plugin| class(plugin).class.to_owned())
        .collect();
    classes.sort();
    classes
}

/// The settings under a prefix, without it.
fn with_prefix<'p>(
    props: &'p Props,
    prefix: &str,
) -> impl Iterator<Item = (&'p str, &'p str)> + use<'p> {
    let prefix = prefix.to_owned();
    props.iter().filter_map(move |(name, value)| {
        let name = name.strip_prefix(&prefix)?;
        (!name.is_empty()).then_some((name, value.as_str()))
    })
}

fn set_default(keys: &mut ConfigDef, name: &str, default: ConfigValue) {
    if let Some(key) = keys.key(name) {
        let key = KeyDef {
            default,
            ..key.clone()
        };
        keys.add(key);
    }
}

fn value_mut<'v>(values: &'v mut [ConfigValueInfo], name: &str) -> Option<&'v mut ConfigValueInfo> {
    values.iter_mut().find(|value| value.name == name)
}

/// A row of a setting that no definition knows.
fn undefined(value: ConfigValueInfo) -> ConfigInfo {
    ConfigInfo {
        definition: None,
        value,
    }
}
