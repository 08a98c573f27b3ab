//! The records of the schemas topic, as Confluent's registry writes them: JSON keys whose
//! `keytype` says what the value is (`SchemaRegistryKeyType`, `SchemaRegistrySerializer`). Keys
//! must be its to the byte, or compaction would keep both.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::level::{CompatibilityLevel, Mode};

/// A schema's place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SubjectVersion {
    pub(crate) subject: String,
    pub(crate) version: i32,
}

/// A record's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Schema(SubjectVersion),
    /// Of a subject, or of all.
    Config(Option<String>),
    Mode(Option<String>),
    DeleteSubject(String),
    ClearSubject(Option<String>),
    /// Written to find the topic's end.
    Noop,
    /// What this registry does not act on: contexts, associations, or a newer registry's.
    Other(String),
}

/// What is stored of a schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SchemaRecord {
    pub(crate) subject: String,
    pub(crate) version: i32,
    pub(crate) id: i32,
    /// In base64; the registry's guid is the same in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) md5: Option<String>,
    #[serde(default = "avro", rename = "schemaType")]
    pub(crate) schema_type: String,
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub(crate) references: Vec<Reference>,
    /// Kept as it is: only Confluent's registry makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Value>,
    #[serde(default, rename = "ruleSet", skip_serializing_if = "Option::is_none")]
    pub(crate) rule_set: Option<Value>,
    pub(crate) schema: String,
    #[serde(default)]
    pub(crate) deleted: bool,
}

fn avro() -> String {
    "AVRO".to_owned()
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A schema that another one uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) subject: String,
    pub(crate) version: i32,
}

/// A subject's settings, or those of all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfigRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) normalize: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) validate_fields: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) validate_new_schemas: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compatibility_level: Option<CompatibilityLevel>,
    /// What only Confluent's registry acts on (`alias`, `compatibilityGroup`, …): kept.
    #[serde(flatten)]
    pub(crate) others: serde_json::Map<String, Value>,
}

/// A subject's mode, or that of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModeRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    pub(crate) mode: Mode,
}

/// All versions up to this one are deleted, softly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeleteSubjectRecord {
    pub(crate) subject: String,
    pub(crate) version: i32,
}

/// Deleted versions are forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClearSubjectRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
}

/// A record's value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Record {
    Schema(SchemaRecord),
    Config(ConfigRecord),
    Mode(ModeRecord),
    DeleteSubject(DeleteSubjectRecord),
    ClearSubject(ClearSubjectRecord),
}

/// A record of the topic cannot be understood.
#[derive(Debug, Error)]
pub(crate) enum RecordError {
    #[error("the key is not JSON with a keytype: {0}")]
    Key(String),
    #[error("a SCHEMA key has the magic byte {0}, and 0 and 1 are known")]
    Magic(i64),
    #[error("the value of {key}: {source}")]
    Value {
        key: String,
        source: serde_json::Error,
    },
}

#[derive(Serialize, Deserialize)]
struct KeyText<'k> {
    keytype: &'k str,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<std::borrow::Cow<'k, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    #[serde(default)]
    magic: i64,
}

impl Key {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let bad = |reason: &str| {
            RecordError::Key(format!("{reason}: {}", String::from_utf8_lossy(bytes)))
        };
        let text: KeyText<'_> =
            serde_json::from_slice(bytes).map_err(|error| bad(&error.to_string()))?;
        let subject = text.subject.map(std::borrow::Cow::into_owned);
        Ok(match text.keytype {
            "SCHEMA" => {
                if !matches!(text.magic, 0 | 1) {
                    return Err(RecordError::Magic(text.magic));
                }
                Self::Schema(SubjectVersion {
                    // An empty subject is left out by a registry that leaves out what is empty.
                    subject: subject.unwrap_or_default(),
                    version: text.version.ok_or_else(|| bad("no version"))?,
                })
            }
            "CONFIG" => Self::Config(subject),
            "MODE" => Self::Mode(subject),
            "DELETE_SUBJECT" => Self::DeleteSubject(subject.unwrap_or_default()),
            "CLEAR_SUBJECT" => Self::ClearSubject(subject),
            "NOOP" => Self::Noop,
            other => Self::Other(other.to_owned()),
        })
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let (keytype, subject, version, magic) = match self {
            Self::Schema(key) => ("SCHEMA", Some(&key.subject), Some(key.version), 1),
            Self::Config(subject) => ("CONFIG", subject.as_ref(), None, 0),
            Self::Mode(subject) => ("MODE", subject.as_ref(), None, 0),
            Self::DeleteSubject(subject) => ("DELETE_SUBJECT", Some(subject), None, 0),
            Self::ClearSubject(subject) => ("CLEAR_SUBJECT", subject.as_ref(), None, 0),
            Self::Noop => ("NOOP", None, None, 0),
            Self::Other(keytype) => (keytype.as_str(), None, None, 0),
        };
        let text = KeyText {
            keytype,
            subject: subject
                .filter(|subject| !subject.is_empty())
                .map(|subject| std::borrow::Cow::Borrowed(subject.as_str())),
            version,
            magic,
        };
        to_bytes(&text)
    }
}

impl Record {
    /// The value of a key; none is nothing that this registry acts on.
    pub(crate) fn parse(key: &Key, bytes: &[u8]) -> Result<Option<Self>, RecordError> {
        let failed = |source| RecordError::Value {
            key: String::from_utf8_lossy(&key.to_bytes()).into_owned(),
            source,
        };
        Ok(Some(match key {
            Key::Schema(_) => Self::Schema(serde_json::from_slice(bytes).map_err(failed)?),
            Key::Config(_) => Self::Config(serde_json::from_slice(bytes).map_err(failed)?),
            Key::Mode(_) => Self::Mode(serde_json::from_slice(bytes).map_err(failed)?),
            Key::DeleteSubject(_) => {
                Self::DeleteSubject(serde_json::from_slice(bytes).map_err(failed)?)
            }
            Key::ClearSubject(_) => {
                Self::ClearSubject(serde_json::from_slice(bytes).map_err(failed)?)
            }
            Key::Noop | Key::Other(_) => return Ok(None),
        }))
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Schema(record) => to_bytes(record),
            Self::Config(record) => to_bytes(record),
            Self::Mode(record) => to_bytes(record),
            Self::DeleteSubject(record) => to_bytes(record),
            Self::ClearSubject(record) => to_bytes(record),
        }
    }
}

fn to_bytes(record: &impl Serialize) -> Vec<u8> {
    // Strings, numbers and maps with string keys: there is nothing that could not be written.
    serde_json::to_vec(record).unwrap_or_default()
}
