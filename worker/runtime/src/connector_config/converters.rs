//! Converters: which one a connector gets, and the keys of those that it names
//! itself (`AbstractHerder.validateAllConverterConfigs`).

use connect_api::config::{ConfigDef, ConfigInfo, ConfigValue, ConfigValueInfo};
use connect_api::plugin::{Converter, HeaderConverter};
use connect_api::registry::{PluginClass, Plugins};
use connect_api::{Error, ErrorKind, Props, Result};

use super::class::{Lookup, check_class, check_version};
use super::common::{HEADER_CONVERTER, KEY_CONVERTER, VALUE_CONVERTER};
use crate::WorkerSettings;

/// The setting that tells a converter which of the three it is
/// (`ConverterConfig.TYPE_CONFIG`).
const CONVERTER_TYPE: &str = "converter.type";

/// Which of a task's three converters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Header,
    Key,
    Value,
}

/// In the order in which the original validates them.
pub(super) const ROLES: [Role; 3] = [Role::Header, Role::Key, Role::Value];

impl Role {
    /// The setting that names the class.
    pub(crate) fn setting(self) -> &'static str {
        match self {
            Role::Header => HEADER_CONVERTER.name(),
            Role::Key => KEY_CONVERTER.name(),
            Role::Value => VALUE_CONVERTER.name(),
        }
    }

    fn type_name(self) -> &'static str {
        match self {
            Role::Header => "header",
            Role::Key => "key",
            Role::Value => "value",
        }
    }

    fn worker_class(self, worker: &WorkerSettings) -> &str {
        match self {
            Role::Header => &worker.header_converter,
            Role::Key => &worker.key_converter,
            Role::Value => &worker.value_converter,
        }
    }

    fn find(self, plugins: &Plugins, name: &str) -> Option<(PluginClass, fn() -> ConfigDef)> {
        if self == Role::Header {
            let plugin = plugins.header_converter(name).ok()?;
            Some((plugin.name, plugin.config))
        } else {
            let plugin = plugins.converter(name).ok()?;
            Some((plugin.name, plugin.config))
        }
    }

    fn known(self, plugins: &Plugins) -> Vec<String> {
        if self == Role::Header {
            super::classes(&plugins.header_converters, |it| &it.name)
        } else {
            super::classes(&plugins.converters, |it| &it.name)
        }
    }
}

/// Puts the worker's converters as defaults into the common keys.
pub(super) fn enrich(
    keys: &mut ConfigDef,
    plugins: &Plugins,
    worker: &WorkerSettings,
    props: &Props,
) {
    for role in ROLES {
        let worker_class = role.worker_class(worker);
        let class = role.find(plugins, worker_class);
        let used = props
            .get(role.setting())
            .map_or(class, |name| role.find(plugins, name));
        let default = class.map_or(worker_class, |(class, _)| class.class);
        super::set_default(keys, role.setting(), ConfigValue::Class(default.to_owned()));
        if let Some((used, _)) = used {
            super::set_default(
                keys,
                &format!("{}.plugin.version", role.setting()),
                ConfigValue::String(used.version.to_owned()),
            );
        }
    }
}

/// Checks the classes and versions of the three, and the keys of those that
/// the connector names itself.
pub(super) fn validate(
    values: &mut [ConfigValueInfo],
    plugins: &Plugins,
    props: &Props,
) -> Vec<ConfigInfo> {
    let mut infos = Vec::new();
    for role in ROLES {
        let Some(value) = super::value_mut(values, role.setting()) else {
            continue;
        };
        let plugin = value
            .value
            .as_deref()
            .and_then(|name| role.find(plugins, name));
        let lookup = Lookup {
            found: plugin.map(|(class, _)| class),
            what: "Converter",
        };
        check_class(value, lookup, role.known(plugins));
        let sound = value.errors.is_empty();
        let Some((class, config)) = plugin else {
            continue;
        };
        if let Some(version) =
            super::value_mut(values, &format!("{}.plugin.version", role.setting()))
        {
            check_version(version, &class);
        }
        if props.contains_key(role.setting()) && sound {
            infos.extend(own_keys(role, &config(), props));
        }
    }
    infos
}

fn own_keys(role: Role, keys: &ConfigDef, props: &Props) -> Vec<ConfigInfo> {
    let prefix = format!("{}.", role.setting());
    let mut infos = keys.infos(keys.validate(&plugin_props(role, props)));
    for info in &mut infos {
        info.value.name = format!("{prefix}{}", info.value.name);
        if let Some(definition) = &mut info.definition {
            definition.name = format!("{prefix}{}", definition.name);
        }
    }
    infos
}

fn plugin_props(role: Role, props: &Props) -> Props {
    let prefix = format!("{}.", role.setting());
    let mut own: Props = super::with_prefix(props, &prefix)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    own.entry(CONVERTER_TYPE.to_owned())
        .or_insert_with(|| role.type_name().to_owned());
    own
}

/// Whose class and settings a connector's converter has: its own where it
/// names the class, else the worker's; never a mixture (`Plugins.newConverter`).
fn choice<'a>(role: Role, worker: &'a WorkerSettings, connector: &'a Props) -> (&'a str, Props) {
    match connector.get(role.setting()) {
        Some(class) => (class, plugin_props(role, connector)),
        None => (role.worker_class(worker), plugin_props(role, &worker.props)),
    }
}

/// Makes the converter of keys or of values for a connector's task.
pub(crate) fn converter(
    role: Role,
    plugins: &Plugins,
    worker: &WorkerSettings,
    connector: &Props,
) -> Result<Box<dyn Converter>> {
    let (class, settings) = choice(role, worker, connector);
    plugins
        .converter(class)
        .and_then(|plugin| (plugin.create)(&settings, role == Role::Key))
        .map_err(|error| error.while_doing(format!("making the {}", role.setting())))
}

/// Makes the converter of headers for a connector's task.
pub(crate) fn header_converter(
    plugins: &Plugins,
    worker: &WorkerSettings,
    connector: &Props,
) -> Result<Box<dyn HeaderConverter>> {
    let (class, settings) = choice(Role::Header, worker, connector);
    plugins
        .header_converter(class)
        .and_then(|plugin| (plugin.create)(&settings))
        .map_err(|error| error.while_doing("making the header.converter"))
}

/// The class of the converter that a connector gets, for messages.
pub(crate) fn class_name(role: Role, worker: &WorkerSettings, connector: &Props) -> String {
    choice(role, worker, connector).0.to_owned()
}

/// The full name of that class, for who looks for it: in a dead letter's headers.
pub(crate) fn converter_class(
    role: Role,
    plugins: &Plugins,
    worker: &WorkerSettings,
    connector: &Props,
) -> String {
    let name = class_name(role, worker, connector);
    match role.find(plugins, &name) {
        Some((class, _)) => class.class.to_owned(),
        None => name,
    }
}

/// Checks that the worker's own converters are there.
pub(crate) fn check_worker_converters(plugins: &Plugins, worker: &WorkerSettings) -> Result<()> {
    for role in ROLES {
        let class = role.worker_class(worker);
        if role.find(plugins, class).is_none() {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "Invalid value {class} for configuration {}: Class {class} could not be \
                     found. Known are: {}",
                    role.setting(),
                    role.known(plugins).join(", ")
                ),
            ));
        }
    }
    Ok(())
}

/// Warnings about settings of converters whose class the connector leaves to
/// the worker: they have no effect.
pub(super) fn warnings(props: &Props) -> Vec<String> {
    let mut warnings = Vec::new();
    for role in ROLES.map(Role::setting) {
        if props.contains_key(role) {
            continue;
        }
        let prefix = format!("{role}.");
        for (name, _) in super::with_prefix(props, &prefix) {
            warnings.push(format!(
                "'{prefix}{name}' has no effect: settings of a converter are read only together \
                 with '{role}'"
            ));
        }
    }
    warnings
}
