//! The answers of `/connector-plugins/{plugin}/config` and `…/config/validate`
//! (`ConfigKeyInfo`, `ConfigValueInfo`, `ConfigInfos` of Connect 4.3).

use serde::Serialize;

use super::def::KeyDef;
use super::key::{Importance, Width};
use super::value::ConfigType;

/// A key's definition.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the fields of the REST answer")]
pub struct ConfigKeyInfo {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ConfigType,
    pub required: bool,
    pub default_value: Option<String>,
    pub importance: Importance,
    pub documentation: String,
    pub group: Option<String>,
    pub order_in_group: i32,
    pub width: Width,
    pub display_name: String,
    pub dependents: Vec<String>,
}

impl From<&KeyDef> for ConfigKeyInfo {
    fn from(key: &KeyDef) -> Self {
        Self {
            name: key.name.to_string(),
            kind: key.kind,
            required: key.required,
            default_value: key.default.to_text(),
            importance: key.importance,
            documentation: key.doc.to_string(),
            group: key.group.as_deref().map(str::to_owned),
            order_in_group: key.order_in_group,
            width: key.width,
            display_name: key.display_name.to_string(),
            dependents: key.dependents.clone(),
        }
    }
}

/// A key's checked value.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the fields of the REST answer")]
pub struct ConfigValueInfo {
    pub name: String,
    pub value: Option<String>,
    pub recommended_values: Vec<String>,
    pub errors: Vec<String>,
    pub visible: bool,
}

/// A key's definition and checked value.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the fields of the REST answer")]
pub struct ConfigInfo {
    pub definition: Option<ConfigKeyInfo>,
    pub value: ConfigValueInfo,
}

/// A whole configuration, checked.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "the fields of the REST answer")]
pub struct ConfigInfos {
    pub name: String,
    pub error_count: usize,
    pub groups: Vec<String>,
    pub configs: Vec<ConfigInfo>,
}

impl ConfigInfos {
    /// All errors, key by key.
    pub fn errors(&self) -> impl Iterator<Item = &str> {
        self.configs
            .iter()
            .flat_map(|config| &config.value.errors)
            .map(String::as_str)
    }
}
