//! The keys of transformations and predicates: names that the user chooses
//! (`transforms.<alias>.type`), then the plugin's own
//! (`ConnectorConfig.EnrichablePlugin`).

use std::cmp::Ordering;

use connect_api::config::{
    ConfigDef, ConfigType, ConfigValue, ConfigValueInfo, Importance, Key, KeyDef, Width,
};
use connect_api::registry::{PluginClass, Plugins};
use connect_api::{Props, Result};

use super::class::{DynamicKey, Lookup, check_class, check_version};
use super::common::{PREDICATES, TRANSFORMS};

const PREDICATE: Key<Option<String>> = Key::new("predicate")
    .default_null()
    .medium()
    .doc("The alias of a predicate used to determine whether to apply this transformation.");
const NEGATE: Key<bool> = Key::new("negate")
    .default("false")
    .medium()
    .doc("Whether the configured predicate should be negated.");

/// Which of the two kinds of aliases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Transformation,
    Predicate,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Transformation => "Transformation",
            Kind::Predicate => "Predicate",
        }
    }

    fn list(self) -> &'static str {
        match self {
            Kind::Transformation => TRANSFORMS.name(),
            Kind::Predicate => PREDICATES.name(),
        }
    }

    fn group(self) -> &'static str {
        match self {
            Kind::Transformation => "Transforms",
            Kind::Predicate => "Predicates",
        }
    }

    fn find(self, plugins: &Plugins, name: &str) -> Option<(PluginClass, fn() -> ConfigDef)> {
        match self {
            Kind::Transformation => {
                let plugin = plugins.transformation(name).ok()?;
                Some((plugin.name, plugin.config))
            }
            Kind::Predicate => {
                let plugin = plugins.predicate(name).ok()?;
                Some((plugin.name, plugin.config))
            }
        }
    }

    fn known(self, plugins: &Plugins) -> Vec<String> {
        match self {
            Kind::Transformation => super::classes(&plugins.transformations, |it| &it.name),
            Kind::Predicate => super::classes(&plugins.predicates, |it| &it.name),
        }
    }
}

/// The aliases in `transforms` or `predicates`, each once.
pub(super) fn aliases(props: &Props, list: &str) -> Vec<String> {
    let mut aliases: Vec<String> = Vec::new();
    for alias in props.get(list).map_or("", String::as_str).split(',') {
        let alias = alias.trim();
        if !alias.is_empty() && !aliases.iter().any(|known| known == alias) {
            aliases.push(alias.to_owned());
        }
    }
    aliases
}

/// Adds the keys of all aliases of one kind to `keys`.
pub(super) fn enrich(keys: &mut ConfigDef, kind: Kind, plugins: &Plugins, props: &Props) {
    for alias in aliases(props, kind.list()) {
        let prefix = format!("{}.{alias}.", kind.list());
        let group = format!("{}: {alias}", kind.group());
        let type_name = format!("{prefix}type");
        let plugin = props
            .get(&type_name)
            .and_then(|name| kind.find(plugins, name));
        let word = kind.name().to_lowercase();
        keys.add(KeyDef::from(DynamicKey {
            name: type_name,
            kind: ConfigType::Class,
            required: true,
            default: ConfigValue::Null,
            importance: Importance::High,
            doc: format!("Class for the '{alias}' {word}."),
            group: group.clone(),
            order: 0,
            width: Width::Long,
            display_name: format!("{} type for {alias}", kind.name()),
        }));
        keys.add(KeyDef::from(DynamicKey {
            name: format!("{prefix}plugin.version"),
            kind: ConfigType::String,
            required: false,
            default: plugin.map_or(ConfigValue::Null, |(class, _)| {
                ConfigValue::String(class.version.to_owned())
            }),
            importance: Importance::High,
            doc: format!("Version of the '{alias}' {word}."),
            group: group.clone(),
            order: 1,
            width: Width::Long,
            display_name: format!("{} version for {alias}", kind.name()),
        }));
        let Some((_, config)) = plugin else { continue };
        let mut nested = config();
        if kind == Kind::Transformation {
            // These mask the plugin's own of the same name.
            nested.extend(&ConfigDef::new().with(&PREDICATE).with(&NEGATE));
        }
        embed(keys, &prefix, &group, 2, &nested);
    }
}

/// `ConfigDef.embed`: the keys of `nested` in a form's order, under `prefix`.
fn embed(keys: &mut ConfigDef, prefix: &str, group: &str, first_order: i32, nested: &ConfigDef) {
    for (key, order) in in_form_order(nested).into_iter().zip(first_order..) {
        let mut key = key.clone();
        key.name = format!("{prefix}{}", key.name).into();
        for alias in &mut key.aliases {
            *alias = format!("{prefix}{alias}").into();
        }
        for dependent in &mut key.dependents {
            *dependent = format!("{prefix}{dependent}");
        }
        key.group = Some(match &key.group {
            Some(inner) => format!("{group}: {inner}").into(),
            None => group.to_owned().into(),
        });
        key.order_in_group = order;
        keys.add(key);
    }
}

/// `ConfigDef.sortedConfigs`: by group, order, no default first, importance,
/// name.
fn in_form_order(keys: &ConfigDef) -> Vec<&KeyDef> {
    let groups = keys.groups();
    let group_of = |key: &KeyDef| {
        key.group
            .as_deref()
            .and_then(|group| groups.iter().position(|known| known == group))
    };
    let importance_of = |key: &KeyDef| match key.importance {
        Importance::High => 0,
        Importance::Medium => 1,
        Importance::Low => 2,
    };
    let mut sorted: Vec<&KeyDef> = keys.keys().collect();
    sorted.sort_by(|left, right| {
        group_of(left)
            .cmp(&group_of(right))
            .then(left.order_in_group.cmp(&right.order_in_group))
            .then(right.required.cmp(&left.required))
            .then(if left.required && right.required {
                Ordering::Equal
            } else {
                importance_of(left).cmp(&importance_of(right))
            })
            .then(left.name.cmp(&right.name))
    });
    sorted
}

/// Checks the values of all aliases of one kind: their classes, versions, and
/// whether the plugin takes its settings.
pub(super) fn check(values: &mut [ConfigValueInfo], kind: Kind, plugins: &Plugins, props: &Props) {
    for alias in aliases(props, kind.list()) {
        let prefix = format!("{}.{alias}.", kind.list());
        let given = props.get(&format!("{prefix}type"));
        let plugin = given.and_then(|name| kind.find(plugins, name));
        let lookup = Lookup {
            found: plugin.map(|(class, _)| class),
            what: kind.name(),
        };
        if let Some((class, _)) = plugin
            && let Some(version) = super::value_mut(values, &format!("{prefix}plugin.version"))
        {
            check_version(version, &class);
        }
        let mut problems = Vec::new();
        if kind == Kind::Transformation {
            check_predicate(values, &prefix, props, &mut problems);
        }
        let sound = problems.is_empty() && errors_below(values, &prefix) == 0;
        if plugin.is_some()
            && sound
            && let Some(Err(error)) = given.map(|name| make(kind, plugins, name, &prefix, props))
        {
            problems.push(error.trace());
        }
        if let Some(value) = super::value_mut(values, &format!("{prefix}type")) {
            check_class(value, lookup, kind.known(plugins));
            value.errors.extend(problems);
        }
    }
}

fn errors_below(values: &[ConfigValueInfo], prefix: &str) -> usize {
    values
        .iter()
        .filter(|value| value.name.starts_with(prefix))
        .map(|value| value.errors.len())
        .sum()
}

fn check_predicate(
    values: &mut [ConfigValueInfo],
    prefix: &str,
    props: &Props,
    problems: &mut Vec<String>,
) {
    let (negate, predicate) = (format!("{prefix}negate"), format!("{prefix}predicate"));
    let Some(alias) = props.get(&predicate) else {
        if props.contains_key(&negate) {
            problems.push(format!(
                "Config '{negate}' was provided but there is no config '{predicate}' defining a \
                 predicate to be negated."
            ));
        }
        return;
    };
    let known = aliases(props, PREDICATES.name());
    if !known.contains(alias)
        && let Some(value) = super::value_mut(values, &predicate)
    {
        value.errors.push(format!(
            "Invalid value {alias} for configuration {predicate}: no such alias in 'predicates', \
             which lists: {}",
            known.join(", ")
        ));
    }
}

fn make(kind: Kind, plugins: &Plugins, name: &str, prefix: &str, props: &Props) -> Result<()> {
    let settings = plugin_props(props, prefix);
    match kind {
        Kind::Transformation => {
            (plugins.transformation(name)?.create)(&settings)?;
        }
        Kind::Predicate => {
            (plugins.predicate(name)?.create)(&settings)?;
        }
    }
    Ok(())
}

/// What an alias's plugin is given: its settings without prefix, and without
/// those that are the worker's.
pub(crate) fn plugin_props(props: &Props, prefix: &str) -> Props {
    super::with_prefix(props, prefix)
        .filter(|(name, _)| !matches!(*name, "type" | "predicate" | "negate" | "plugin.version"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Warnings about old names among the settings of transformations and
/// predicates.
pub(super) fn warnings(plugins: &Plugins, props: &Props) -> Vec<String> {
    let mut warnings = Vec::new();
    for kind in [Kind::Transformation, Kind::Predicate] {
        for alias in aliases(props, kind.list()) {
            let prefix = format!("{}.{alias}.", kind.list());
            let plugin = props
                .get(&format!("{prefix}type"))
                .and_then(|name| kind.find(plugins, name));
            let Some((_, config)) = plugin else { continue };
            for warning in config().deprecations(&plugin_props(props, &prefix)) {
                warnings.push(format!("{prefix}: {warning}"));
            }
        }
    }
    warnings
}
