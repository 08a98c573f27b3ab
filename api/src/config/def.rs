//! A plugin's keys together.

use std::borrow::Cow;

use indexmap::IndexMap;

use super::check::Check;
use super::info::{ConfigInfo, ConfigKeyInfo, ConfigValueInfo};
use super::key::{DefaultValue, FromConfig, Importance, Key, Width};
use super::settings::Settings;
use super::value::{ConfigType, ConfigValue};
use crate::{Error, Props, Result};

/// One key in a [`ConfigDef`]. Most come from a [`Key`]; the worker makes its
/// own for names that the user chooses (`transforms.<alias>.type`).
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "see the setters of Key")]
pub struct KeyDef {
    pub name: Cow<'static, str>,
    pub kind: ConfigType,
    pub required: bool,
    /// The default, parsed; null where the key is required or has none.
    pub default: ConfigValue,
    pub check: Check,
    pub doc: Cow<'static, str>,
    pub importance: Importance,
    pub group: Option<Cow<'static, str>>,
    pub order_in_group: i32,
    pub width: Width,
    pub display_name: Cow<'static, str>,
    pub aliases: Vec<Cow<'static, str>>,
    pub recommended: Vec<String>,
    pub dependents: Vec<String>,
}

impl<T: FromConfig> From<&Key<T>> for KeyDef {
    fn from(key: &Key<T>) -> Self {
        let default = match key.default {
            // A declared default that its own type does not take shows as null
            // here and is caught by ConfigDef::check_defaults in tests.
            DefaultValue::Text(text) => T::TYPE.parse(key.name, text).unwrap_or(ConfigValue::Null),
            DefaultValue::Required | DefaultValue::Null => ConfigValue::Null,
        };
        Self {
            name: key.name.into(),
            kind: T::TYPE,
            required: key.default == DefaultValue::Required,
            default,
            check: key.check,
            doc: key.doc.into(),
            importance: key.importance,
            group: key.group.map(Into::into),
            order_in_group: -1,
            width: key.width,
            display_name: key.display_name.unwrap_or(key.name).into(),
            aliases: key.aliases.iter().map(|&alias| alias.into()).collect(),
            recommended: key
                .recommended
                .iter()
                .map(|&value| value.to_owned())
                .collect(),
            dependents: key.dependents.iter().map(|&name| name.to_owned()).collect(),
        }
    }
}

/// The keys that a plugin or the worker knows, in order.
#[derive(Debug, Clone, Default)]
pub struct ConfigDef {
    keys: IndexMap<Cow<'static, str>, KeyDef>,
}

impl ConfigDef {
    /// No keys yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key. In a group its order is the next one, as with Java's
    /// `define` calls that count `orderInGroup`; without a group it is −1.
    #[must_use]
    pub fn with<T: FromConfig>(mut self, key: &Key<T>) -> Self {
        self.add(key.into());
        self
    }

    /// Adds a key that was made by hand. A key that is there is replaced.
    pub fn add(&mut self, mut key: KeyDef) {
        if key.group.is_some() && key.order_in_group < 0 {
            let others = self
                .keys
                .values()
                .filter(|other| other.group == key.group)
                .count();
            key.order_in_group = i32::try_from(others + 1).unwrap_or(i32::MAX);
        }
        self.keys.insert(key.name.clone(), key);
    }

    /// Adds all keys of another definition, as they are.
    pub fn extend(&mut self, other: &ConfigDef) {
        for key in other.keys() {
            self.keys.insert(key.name.clone(), key.clone());
        }
    }

    /// Adds the keys of a nested plugin under `prefix`, in `group`, with the
    /// prefix on their names (`ConfigDef.embed`).
    pub fn embed(&mut self, prefix: &str, group: &str, first_order: i32, nested: &ConfigDef) {
        for (position, key) in nested.keys().enumerate() {
            let position = i32::try_from(position).unwrap_or(i32::MAX);
            let mut key = key.clone();
            key.name = format!("{prefix}{}", key.name).into();
            key.aliases = key
                .aliases
                .iter()
                .map(|alias| format!("{prefix}{alias}").into())
                .collect();
            key.dependents = key
                .dependents
                .iter()
                .map(|name| format!("{prefix}{name}"))
                .collect();
            key.group = Some(group.to_owned().into());
            key.order_in_group = first_order.saturating_add(position);
            self.keys.insert(key.name.clone(), key);
        }
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &KeyDef> {
        self.keys.values()
    }

    /// The key called `name`, by its present name.
    pub fn key(&self, name: &str) -> Option<&KeyDef> {
        self.keys.get(name)
    }

    /// True if `name` is a key's present name or an older one.
    pub fn knows(&self, name: &str) -> bool {
        self.keys.contains_key(name)
            || self
                .keys
                .values()
                .any(|key| key.aliases.iter().any(|alias| alias == name))
    }

    /// The groups in the order in which they first appear.
    pub fn groups(&self) -> Vec<String> {
        let mut groups: Vec<String> = Vec::new();
        for group in self.keys.values().filter_map(|key| key.group.as_deref()) {
            if !groups.iter().any(|known| known == group) {
                groups.push(group.to_owned());
            }
        }
        groups
    }

    /// What the user wrote for `key`: under its present name, else under the
    /// first older name that is given.
    pub fn given<'p>(&self, key: &KeyDef, props: &'p Props) -> Option<&'p str> {
        std::iter::once(&key.name)
            .chain(&key.aliases)
            .find_map(|name| props.get(&**name))
            .map(String::as_str)
    }

    /// A warning for each older name that `props` uses, with the new one.
    pub fn deprecations(&self, props: &Props) -> Vec<String> {
        let mut warnings = Vec::new();
        for key in self.keys.values() {
            for alias in key
                .aliases
                .iter()
                .filter(|alias| props.contains_key(&***alias))
            {
                warnings.push(if props.contains_key(&*key.name) {
                    format!(
                        "'{alias}' is ignored: its new name '{}' is given too",
                        key.name
                    )
                } else {
                    format!("'{alias}' is an old name: use '{}'", key.name)
                });
            }
        }
        warnings
    }

    /// Parses and checks all keys; all errors at once, one a line.
    pub fn parse(&self, props: &Props) -> Result<Settings> {
        let mut values = IndexMap::with_capacity(self.keys.len());
        let mut errors = Vec::new();
        for key in self.keys.values() {
            let (value, messages) = self.value_of(key, props);
            errors.extend(messages);
            values.insert(key.name.clone(), value);
        }
        if errors.is_empty() {
            Ok(Settings::new(values, props.clone()))
        } else {
            Err(Error::config(errors.join("\n")))
        }
    }

    /// Checks all keys and reports each with its value and errors.
    pub fn validate(&self, props: &Props) -> Vec<ConfigValueInfo> {
        self.keys
            .values()
            .map(|key| {
                let (value, errors) = self.value_of(key, props);
                ConfigValueInfo {
                    name: key.name.to_string(),
                    value: value.to_text(),
                    recommended_values: key.recommended.clone(),
                    errors,
                    visible: true,
                }
            })
            .collect()
    }

    /// Each key with its definition and checked value: `/validate`'s rows.
    pub fn infos(&self, values: Vec<ConfigValueInfo>) -> Vec<ConfigInfo> {
        values
            .into_iter()
            .map(|value| ConfigInfo {
                definition: self.key(&value.name).map(ConfigKeyInfo::from),
                value,
            })
            .collect()
    }

    /// The declared defaults that their own type or check refuses: for a test
    /// of each plugin's definition.
    pub fn check_defaults(&self) -> Vec<String> {
        let fits = |key: &&KeyDef| {
            key.required
                || key.default.is_null()
                || key.check.ensure_valid(&key.name, &key.default).is_ok()
        };
        self.keys
            .values()
            .filter(|key| !fits(key))
            .map(|key| key.name.to_string())
            .collect()
    }

    fn value_of(&self, key: &KeyDef, props: &Props) -> (ConfigValue, Vec<String>) {
        let mut errors = Vec::new();
        let value = match self.given(key, props) {
            Some(text) => key.kind.parse(&key.name, text).unwrap_or_else(|error| {
                errors.push(error.to_string());
                ConfigValue::Null
            }),
            None if key.required => {
                errors.push(format!(
                    "Missing required configuration \"{}\" which has no default value.",
                    key.name
                ));
                return (ConfigValue::Null, errors);
            }
            None => key.default.clone(),
        };
        if let Err(error) = key.check.ensure_valid(&key.name, &value) {
            errors.push(error.to_string());
        }
        (value, errors)
    }
}
