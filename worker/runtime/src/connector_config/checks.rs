//! Checks of the common keys, in the original's words.

use connect_api::config::ConfigValue;

type Checked = Result<(), String>;

/// `ConfigDef.NonEmptyStringWithoutControlChars`, and no slash: such a
/// connector could be created, but no REST path could name it.
pub(super) fn name(value: &ConfigValue) -> Checked {
    let ConfigValue::String(name) = value else {
        return Ok(());
    };
    if name.is_empty() {
        return Err("String may not be empty".to_owned());
    }
    let control: Vec<String> = name
        .chars()
        .filter(|character| character.is_control())
        .map(|character| u32::from(character).to_string())
        .collect();
    if !control.is_empty() {
        return Err(format!(
            "String may not contain control sequences but had the following ASCII chars: {}",
            control.join(", ")
        ));
    }
    if name.contains('/') {
        return Err(
            "String may not contain '/', because no REST path could name the connector".to_owned(),
        );
    }
    Ok(())
}

/// `ConnectorConfig.aliasValidator`.
pub(super) fn unique_aliases(value: &ConfigValue) -> Checked {
    match value {
        ConfigValue::Null => Err("Value must be non-null".to_owned()),
        ConfigValue::List(aliases) => {
            let twice = aliases
                .iter()
                .enumerate()
                .any(|(position, alias)| aliases[..position].contains(alias));
            if twice {
                return Err("Duplicate alias provided.".to_owned());
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Null, or at least 0.
pub(super) fn null_or_not_negative(value: &ConfigValue) -> Checked {
    match value {
        ConfigValue::Long(number) if *number < 0 => Err("Value must be at least 0".to_owned()),
        _ => Ok(()),
    }
}

/// `ConfigDef.NonEmptyString`, which takes null.
pub(super) fn null_or_not_empty(value: &ConfigValue) -> Checked {
    match value {
        ConfigValue::String(text) if text.is_empty() => Err("String must be non-empty".to_owned()),
        _ => Ok(()),
    }
}
