use bytestring::ByteString;

use connect_api::{Error, Result};

/// Operations that get no records (`skipped.operations`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct SkippedOperations {
    pub create: bool,
    pub update: bool,
    pub delete: bool,
    pub truncate: bool,
}

impl SkippedOperations {
    /// Reads the setting's value: `none`, or letters with commas between.
    pub fn parse(list: &str) -> Result<Self> {
        let mut skipped = Self {
            create: false,
            update: false,
            delete: false,
            truncate: false,
        };
        for operation in list
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match operation.to_ascii_lowercase().as_str() {
                "c" => skipped.create = true,
                "u" => skipped.update = true,
                "d" => skipped.delete = true,
                "t" => skipped.truncate = true,
                "none" => {
                    return Ok(Self {
                        create: false,
                        update: false,
                        delete: false,
                        truncate: false,
                    });
                }
                _ => {
                    return Err(Error::config(format!(
                        "'{operation}' in skipped.operations is not one of c, u, d, t, none"
                    )));
                }
            }
        }
        Ok(skipped)
    }
}

impl Default for SkippedOperations {
    fn default() -> Self {
        Self {
            create: false,
            update: false,
            delete: false,
            truncate: true,
        }
    }
}

/// What the connector's settings say about records.
#[derive(Debug, Clone)]
pub struct EnvelopeSettings {
    /// `topic.prefix`
    pub name: ByteString,
    /// The task's number, for the context headers.
    pub task: usize,
    /// `extended.headers.enabled`: the four `__debezium.context` headers.
    pub context_headers: bool,
    /// `tombstones.on.delete`
    pub tombstones_on_delete: bool,
    /// `skipped.operations`
    pub skipped_operations: SkippedOperations,
    /// `skip.messages.without.change`
    pub skip_unchanged: bool,
}

impl EnvelopeSettings {
    /// The defaults for a source called `name`.
    pub fn new(name: impl Into<ByteString>) -> Self {
        Self {
            name: name.into(),
            task: 0,
            context_headers: true,
            tombstones_on_delete: true,
            skipped_operations: SkippedOperations::default(),
            skip_unchanged: false,
        }
    }
}
