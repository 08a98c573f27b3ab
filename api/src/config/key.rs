//! A key's one declaration.

use std::marker::PhantomData;

use super::check::Check;
use super::value::{ConfigType, ConfigValue, Secret};

/// How much a key matters (`ConfigDef.Importance`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Importance {
    High,
    Medium,
    Low,
}

/// How wide a form shows the key (`ConfigDef.Width`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Width {
    None,
    Short,
    Medium,
    Long,
}

/// What stands where the user gives nothing, as the user would write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// Nothing: the key must be given.
    Required,
    /// Null.
    Null,
    /// This text, parsed by the key's type.
    Text(&'static str),
}

/// A configuration key: name, type, default, check, and what a form needs.
///
/// Declared once as a constant:
/// ```
/// use connect_api::config::{Check, Key};
///
/// /// Records that one poll reads at most.
/// pub const BATCH_SIZE: Key<i32> = Key::new("batch.size")
///     .default("2000")
///     .check(Check::AtLeast(1))
///     .doc("The maximum number of records that the source task reads from the file at each poll.");
/// ```
/// `T` is what [`Settings::get`](super::Settings::get) returns for it; an
/// `Option` belongs to a key whose default is null.
#[derive(Debug)]
pub struct Key<T> {
    pub(super) name: &'static str,
    pub(super) default: DefaultValue,
    pub(super) check: Check,
    pub(super) doc: &'static str,
    pub(super) importance: Importance,
    pub(super) group: Option<&'static str>,
    pub(super) width: Width,
    pub(super) display_name: Option<&'static str>,
    pub(super) aliases: &'static [&'static str],
    pub(super) recommended: &'static [&'static str],
    pub(super) dependents: &'static [&'static str],
    value: PhantomData<fn() -> T>,
}

impl<T: FromConfig> Key<T> {
    /// A required key of low importance.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            default: DefaultValue::Required,
            check: Check::Any,
            doc: "",
            importance: Importance::Low,
            group: None,
            width: Width::None,
            display_name: None,
            aliases: &[],
            recommended: &[],
            dependents: &[],
            value: PhantomData,
        }
    }

    /// Gives the default as the user would write it.
    pub const fn default(mut self, text: &'static str) -> Self {
        self.default = DefaultValue::Text(text);
        self
    }

    /// Makes null the default. `T` should then be an `Option`.
    pub const fn default_null(mut self) -> Self {
        self.default = DefaultValue::Null;
        self
    }

    /// What the value must be.
    pub const fn check(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    /// What the key does, for the user.
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// Medium importance.
    pub const fn medium(mut self) -> Self {
        self.importance = Importance::Medium;
        self
    }

    /// High importance.
    pub const fn high(mut self) -> Self {
        self.importance = Importance::High;
        self
    }

    /// Which group of a form it stands in.
    pub const fn group(mut self, group: &'static str) -> Self {
        self.group = Some(group);
        self
    }

    /// How wide a form shows it.
    pub const fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// What a form calls it; its name otherwise.
    pub const fn display_name(mut self, name: &'static str) -> Self {
        self.display_name = Some(name);
        self
    }

    /// Older names that still work, with a warning that gives the new one.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Values that a form offers.
    pub const fn recommended(mut self, values: &'static [&'static str]) -> Self {
        self.recommended = values;
        self
    }

    /// Keys whose validity depends on this one.
    pub const fn dependents(mut self, names: &'static [&'static str]) -> Self {
        self.dependents = names;
        self
    }

    /// The key's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// A type that a key's value can be had as.
pub trait FromConfig: Sized {
    /// The key's type.
    const TYPE: ConfigType;

    /// The value as this type; none where it is null or of another type.
    fn from_config(value: &ConfigValue) -> Option<Self>;
}

macro_rules! from_config {
    ($type:ty, $kind:ident, $value:ident => $expression:expr) => {
        impl FromConfig for $type {
            const TYPE: ConfigType = ConfigType::$kind;

            fn from_config(value: &ConfigValue) -> Option<Self> {
                match value {
                    ConfigValue::$kind($value) => Some($expression),
                    _ => None,
                }
            }
        }
    };
}

from_config!(bool, Boolean, value => *value);
from_config!(i32, Int, value => *value);
from_config!(i16, Short, value => *value);
from_config!(i64, Long, value => *value);
from_config!(f64, Double, value => *value);
from_config!(String, String, value => value.clone());
from_config!(Vec<String>, List, value => value.clone());
from_config!(Secret, Password, value => value.clone());

/// The name of a class, for keys of type `CLASS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassName(pub String);

from_config!(ClassName, Class, value => ClassName(value.clone()));

impl<T: FromConfig> FromConfig for Option<T> {
    const TYPE: ConfigType = T::TYPE;

    fn from_config(value: &ConfigValue) -> Option<Self> {
        match value {
            ConfigValue::Null => Some(None),
            other => T::from_config(other).map(Some),
        }
    }
}
