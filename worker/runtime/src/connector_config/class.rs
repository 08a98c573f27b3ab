//! Settings whose value is a plugin's class or version: found by class or
//! alias, shown by class, with the known ones in the error.

use connect_api::config::Check;
use connect_api::config::{ConfigType, ConfigValue, ConfigValueInfo, Importance, KeyDef, Width};
use connect_api::registry::PluginClass;

/// What a class setting found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lookup {
    /// The plugin, if there is one of that name.
    pub(super) found: Option<PluginClass>,
    /// What the original calls plugins of this kind: `Converter`, ….
    pub(super) what: &'static str,
}

/// Puts what is known of the class that `value` names into it, and the classes
/// that it could name.
pub(super) fn check_class(value: &mut ConfigValueInfo, lookup: Lookup, known: Vec<String>) {
    if let Some(given) = value.value.take() {
        match lookup.found {
            // An older class name is shown as it was given.
            Some(plugin) if plugin.other_classes.contains(&given.as_str()) => {
                value.value = Some(given);
            }
            Some(plugin) => value.value = Some(plugin.class.to_owned()),
            None => value.errors.push(format!(
                "Invalid value {given} for configuration {}: Class {given} could not be found. \
                 Known {} classes are: {}",
                value.name,
                lookup.what,
                known.join(", ")
            )),
        }
    }
    value.recommended_values = known;
}

/// Checks that the version that `value` asks for is the one that is built in
/// (KIP-891; a range such as `[4.3.1]` is given in brackets).
pub(super) fn check_version(value: &mut ConfigValueInfo, plugin: &PluginClass) {
    value.recommended_values = vec![plugin.version.to_owned()];
    let Some(given) = &value.value else { return };
    let wanted = given.trim().trim_start_matches('[').trim_end_matches(']');
    if !wanted.is_empty() && wanted != "latest" && wanted != plugin.version {
        value.errors.push(format!(
            "Plugin {} not found that matches the version range {given}, available versions: [{}]",
            plugin.class, plugin.version
        ));
    }
}

/// What makes the keys of one alias or converter differ.
pub(super) struct DynamicKey {
    pub(super) name: String,
    pub(super) kind: ConfigType,
    pub(super) required: bool,
    pub(super) default: ConfigValue,
    pub(super) importance: Importance,
    pub(super) doc: String,
    pub(super) group: String,
    pub(super) order: i32,
    pub(super) width: Width,
    pub(super) display_name: String,
}

impl From<DynamicKey> for KeyDef {
    fn from(key: DynamicKey) -> Self {
        Self {
            name: key.name.into(),
            kind: key.kind,
            required: key.required,
            default: key.default,
            check: Check::Any,
            doc: key.doc.into(),
            importance: key.importance,
            group: Some(key.group.into()),
            order_in_group: key.order,
            width: key.width,
            display_name: key.display_name.into(),
            aliases: Vec::new(),
            recommended: Vec::new(),
            dependents: Vec::new(),
        }
    }
}
