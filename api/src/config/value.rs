//! Types and values of configuration keys, parsed as Kafka's `ConfigDef` does.

use std::fmt;

use crate::{Error, Result};

/// A key's type (`ConfigDef.Type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ConfigType {
    Boolean,
    String,
    Int,
    Short,
    Long,
    Double,
    List,
    Class,
    Password,
}

impl ConfigType {
    /// The name on the wire: `BOOLEAN`, … `PASSWORD`.
    pub fn name(self) -> &'static str {
        match self {
            ConfigType::Boolean => "BOOLEAN",
            ConfigType::String => "STRING",
            ConfigType::Int => "INT",
            ConfigType::Short => "SHORT",
            ConfigType::Long => "LONG",
            ConfigType::Double => "DOUBLE",
            ConfigType::List => "LIST",
            ConfigType::Class => "CLASS",
            ConfigType::Password => "PASSWORD",
        }
    }

    /// Parses what the user wrote for the key `name`.
    pub fn parse(self, name: &str, text: &str) -> Result<ConfigValue> {
        let trimmed = text.trim();
        let invalid = |reason: &str| invalid_value(name, text, reason);
        let not_a_number = || invalid(&format!("Not a number of type {}", self.name()));
        Ok(match self {
            ConfigType::Boolean if trimmed.eq_ignore_ascii_case("true") => {
                ConfigValue::Boolean(true)
            }
            ConfigType::Boolean if trimmed.eq_ignore_ascii_case("false") => {
                ConfigValue::Boolean(false)
            }
            ConfigType::Boolean => {
                return Err(invalid("Expected value to be either true or false"));
            }
            ConfigType::String => ConfigValue::String(trimmed.to_owned()),
            ConfigType::Class => ConfigValue::Class(trimmed.to_owned()),
            ConfigType::Password => ConfigValue::Password(Secret::new(trimmed)),
            ConfigType::Int => ConfigValue::Int(trimmed.parse().map_err(|_| not_a_number())?),
            ConfigType::Short => ConfigValue::Short(trimmed.parse().map_err(|_| not_a_number())?),
            ConfigType::Long => ConfigValue::Long(trimmed.parse().map_err(|_| not_a_number())?),
            ConfigType::Double => ConfigValue::Double(trimmed.parse().map_err(|_| not_a_number())?),
            ConfigType::List if trimmed.is_empty() => ConfigValue::List(Vec::new()),
            ConfigType::List => ConfigValue::List(
                trimmed
                    .split(',')
                    .map(|item| item.trim().to_owned())
                    .collect(),
            ),
        })
    }
}

/// The error of a value that its key does not take, in Kafka's words.
pub(crate) fn invalid_value(name: &str, value: impl fmt::Display, reason: &str) -> Error {
    Error::config(format!(
        "Invalid value {value} for configuration {name}: {reason}"
    ))
}

/// A parsed value of a key.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ConfigValue {
    /// The key's default is null and nothing was given, or parsing failed.
    Null,
    Boolean(bool),
    String(String),
    Int(i32),
    Short(i16),
    Long(i64),
    Double(f64),
    List(Vec<String>),
    Class(String),
    Password(Secret),
}

impl ConfigValue {
    /// True for [`ConfigValue::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, ConfigValue::Null)
    }

    /// The text that `/validate` shows (`ConfigDef.convertToString`); none for null.
    pub fn to_text(&self) -> Option<String> {
        match self {
            ConfigValue::Null => None,
            other => Some(other.to_string()),
        }
    }
}

impl fmt::Display for ConfigValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigValue::Null => f.write_str("null"),
            ConfigValue::Boolean(value) => value.fmt(f),
            ConfigValue::String(value) | ConfigValue::Class(value) => value.fmt(f),
            ConfigValue::Int(value) => value.fmt(f),
            ConfigValue::Short(value) => value.fmt(f),
            ConfigValue::Long(value) => value.fmt(f),
            // Java's Double.toString keeps one digit after the point.
            ConfigValue::Double(value) => write!(f, "{value:?}"),
            ConfigValue::List(items) => f.write_str(&items.join(",")),
            ConfigValue::Password(_) => f.write_str(Secret::HIDDEN),
        }
    }
}

/// A secret: it never prints, and must be asked for its text by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// What is shown in a secret's place.
    pub const HIDDEN: &'static str = "[hidden]";

    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret's text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::HIDDEN)
    }
}
