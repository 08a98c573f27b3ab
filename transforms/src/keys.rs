//! What the settings of several transformations share.

use connect_api::config::{Check, ConfigDef, ConfigValue, Key};
use connect_api::plugin::Transformation;
use connect_api::registry::{PluginClass, TransformationPlugin};
use connect_api::{Props, Result};

use crate::CONNECT_VERSION;

/// One of Kafka's own transformations.
pub(crate) const fn plugin(
    class: &'static str,
    config: fn() -> ConfigDef,
    create: fn(&Props) -> Result<Box<dyn Transformation>>,
) -> TransformationPlugin {
    TransformationPlugin {
        name: PluginClass {
            class,
            other_classes: &[],
            version: CONNECT_VERSION,
        },
        config,
        create,
    }
}

pub(crate) const REPLACE_NULL_WITH_DEFAULT: Key<bool> = Key::new("replace.null.with.default")
    .default("true")
    .medium()
    .doc("Whether a field that is null gives its schema's default value, if it has one.");

/// KIP-821.
pub(crate) const FIELD_SYNTAX_VERSION: Key<String> = Key::new("field.syntax.version")
    .default("V1")
    .high()
    .check(Check::OneOfAnyCase(&["V1", "V2"]))
    .doc(
        "V1: a field is given by its name. V2: it is given by a path, with dots between the names, \
         and backticks around a name that holds a dot.",
    );

/// The check of a list of names that is not empty (`ValidList`).
pub(crate) fn are_some_names(value: &ConfigValue) -> std::result::Result<(), String> {
    match value {
        ConfigValue::List(names) if names.is_empty() => {
            Err("must not be empty. Valid values include: any non-empty value".to_owned())
        }
        value => are_names(value),
    }
}

/// The check of a list of names that may be empty.
pub(crate) fn are_names(value: &ConfigValue) -> std::result::Result<(), String> {
    match value {
        ConfigValue::List(names) if names.iter().any(String::is_empty) => {
            Err("values must not be empty.".to_owned())
        }
        _ => Ok(()),
    }
}

/// Each name once, in order: a list may repeat a name.
pub(crate) fn distinct(names: Vec<String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}

/// What Java's `split(":")` gives: empty parts at the end are left out.
pub(crate) fn split_at_colons(text: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = text.split(':').collect();
    while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts
}
