//! Parsed configuration.

use std::borrow::Cow;

use indexmap::IndexMap;

use super::key::{FromConfig, Key};
use super::value::ConfigValue;
use crate::{Error, Props, Result};

/// A plugin's parsed and checked configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    values: IndexMap<Cow<'static, str>, ConfigValue>,
    props: Props,
}

impl Settings {
    pub(super) fn new(values: IndexMap<Cow<'static, str>, ConfigValue>, props: Props) -> Self {
        Self { values, props }
    }

    /// The value of a key of the definition that these settings were parsed by.
    ///
    /// An internal error where the key is not of that definition, or is null
    /// though `T` is no `Option`.
    pub fn get<T: FromConfig>(&self, key: &Key<T>) -> Result<T> {
        self.values
            .get(key.name())
            .and_then(T::from_config)
            .ok_or_else(|| {
                Error::internal(format!(
                    "setting '{}' is not declared, or null where its type allows none",
                    key.name()
                ))
            })
    }

    /// The value of the key called `name`: for keys whose names the user chose.
    pub fn value(&self, name: &str) -> Option<&ConfigValue> {
        self.values.get(name)
    }

    /// The raw configuration that these settings were parsed from.
    pub fn props(&self) -> &Props {
        &self.props
    }

    /// The raw settings whose names start with `prefix`, without it.
    pub fn with_prefix(&self, prefix: &str) -> Props {
        self.props
            .iter()
            .filter_map(|(name, value)| {
                Some((name.strip_prefix(prefix)?.to_owned(), value.clone()))
            })
            .collect()
    }
}
