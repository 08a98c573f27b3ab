//! What a key's value must be, beyond its type (`ConfigDef.Validator`).

use std::fmt;

use super::value::{ConfigValue, invalid_value};
use crate::Result;

/// A check of a parsed value.
#[derive(Clone, Copy)]
pub enum Check {
    /// Anything of the key's type.
    Any,
    /// Not null: for values whose parsing failed or whose default is null.
    NonNull,
    /// Neither empty nor only blanks.
    NonEmpty,
    /// A number of at least this.
    AtLeast(i64),
    /// A number between the two, both included.
    Between(i64, i64),
    /// One of these, to the letter.
    OneOf(&'static [&'static str]),
    /// One of these in any case.
    OneOfAnyCase(&'static [&'static str]),
    /// A rule of the key's own: the reason why not, or nothing.
    Custom(fn(&ConfigValue) -> std::result::Result<(), String>),
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Check::Any => f.write_str("Any"),
            Check::NonNull => f.write_str("NonNull"),
            Check::NonEmpty => f.write_str("NonEmpty"),
            Check::AtLeast(minimum) => write!(f, "AtLeast({minimum})"),
            Check::Between(minimum, maximum) => write!(f, "Between({minimum}, {maximum})"),
            Check::OneOf(allowed) => write!(f, "OneOf({allowed:?})"),
            Check::OneOfAnyCase(allowed) => write!(f, "OneOfAnyCase({allowed:?})"),
            Check::Custom(_) => f.write_str("Custom"),
        }
    }
}

impl Check {
    /// Checks the value of the key `name`.
    pub fn ensure_valid(&self, name: &str, value: &ConfigValue) -> Result<()> {
        self.reason_against(value)
            .map_err(|reason| invalid_value(name, value, &reason))
    }

    fn reason_against(&self, value: &ConfigValue) -> std::result::Result<(), String> {
        match self {
            Check::Any => Ok(()),
            Check::NonNull => not_null(value),
            Check::NonEmpty => match value {
                ConfigValue::String(text) if text.trim().is_empty() => {
                    Err("String must be non-empty".to_owned())
                }
                _ => not_null(value),
            },
            Check::AtLeast(minimum) => {
                not_null(value)?;
                match number(value) {
                    Some(number) if number < *minimum as f64 => {
                        Err(format!("Value must be at least {minimum}"))
                    }
                    _ => Ok(()),
                }
            }
            Check::Between(minimum, maximum) => {
                Check::AtLeast(*minimum).reason_against(value)?;
                match number(value) {
                    Some(number) if number > *maximum as f64 => {
                        Err(format!("Value must be no more than {maximum}"))
                    }
                    _ => Ok(()),
                }
            }
            Check::OneOf(allowed) => one_of(value, allowed, |left, right| left == right),
            Check::OneOfAnyCase(allowed) => one_of(value, allowed, str::eq_ignore_ascii_case),
            Check::Custom(check) => check(value),
        }
    }
}

fn not_null(value: &ConfigValue) -> std::result::Result<(), String> {
    if value.is_null() {
        Err("Value must be non-null".to_owned())
    } else {
        Ok(())
    }
}

fn number(value: &ConfigValue) -> Option<f64> {
    match *value {
        ConfigValue::Int(value) => Some(value.into()),
        ConfigValue::Short(value) => Some(value.into()),
        ConfigValue::Long(value) => Some(value as f64),
        ConfigValue::Double(value) => Some(value),
        _ => None,
    }
}

fn one_of(
    value: &ConfigValue,
    allowed: &[&str],
    same: fn(&str, &str) -> bool,
) -> std::result::Result<(), String> {
    let is_allowed = match value {
        ConfigValue::String(text) => allowed.iter().any(|item| same(item, text)),
        ConfigValue::List(items) => items
            .iter()
            .all(|item| allowed.iter().any(|allowed| same(allowed, item))),
        _ => false,
    };
    if is_allowed {
        Ok(())
    } else {
        Err(format!("String must be one of: {}", allowed.join(", ")))
    }
}
