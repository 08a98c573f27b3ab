//! A schema as answers show it.

use serde::Serialize;
use serde_json::Value;

use crate::guid::Guid;
use crate::record::Reference;
use crate::state::Stored;

/// See the [module](self). Its members are written in this order.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entity {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) subject: String,
    pub(crate) version: i32,
    pub(crate) id: i32,
    pub(crate) guid: String,
    pub(crate) schema_type: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) references: Vec<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule_set: Option<Value>,
    pub(crate) schema: String,
    #[serde(rename = "ts", skip_serializing_if = "Option::is_none")]
    pub(crate) timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deleted: Option<bool>,
}

impl Entity {
    pub(super) fn new(
        subject: &str,
        version: i32,
        id: i32,
        schema: String,
        references: Vec<Reference>,
    ) -> Self {
        Self {
            subject: subject.to_owned(),
            version,
            id,
            guid: Guid::of(&schema, &references).to_string(),
            schema_type: "AVRO".to_owned(),
            references,
            metadata: None,
            rule_set: None,
            schema,
            timestamp: None,
            deleted: None,
        }
    }
}

impl From<&Stored> for Entity {
    fn from(stored: &Stored) -> Self {
        let record = stored.record.clone();
        Self {
            subject: record.subject,
            version: record.version,
            id: record.id,
            guid: stored.guid.to_string(),
            schema_type: record.schema_type,
            references: record.references,
            metadata: record.metadata,
            rule_set: record.rule_set,
            schema: record.schema,
            timestamp: stored.timestamp,
            deleted: Some(record.deleted),
        }
    }
}
