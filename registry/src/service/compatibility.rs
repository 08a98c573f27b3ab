//! Whether a schema may follow those that a subject has (`isCompatibleWithPrevious`,
//! `SchemaValidatorBuilder`).

use std::sync::Arc;

use super::parsing::Sent;
use super::{Service, Version};
use crate::avro::{self, AvroSchema};
use crate::error::Failure;
use crate::level::CompatibilityLevel;
use crate::state::{Deleted, Stored};

/// A schema that is longer is not shown in full.
const LONGEST_SHOWN: usize = 10 * 1024;

impl Service {
    /// What is in the way of a schema, after one version of a subject.
    pub(crate) fn check_version(
        &self,
        subject: &str,
        version: Version,
        sent: &Sent,
        normalize: bool,
    ) -> Result<Vec<String>, Failure> {
        let against = self.find(subject, version, Deleted::Without);
        if against.is_none() && version != Version::Latest {
            return Err(Failure::VersionNotFound(version.number()));
        }
        let against: Vec<Arc<Stored>> = against.into_iter().collect();
        self.check(subject, sent, normalize, &against)
    }

    /// What is in the way of a schema, after all versions of a subject.
    pub(crate) fn check_subject(
        &self,
        subject: &str,
        sent: &Sent,
        normalize: bool,
    ) -> Result<Vec<String>, Failure> {
        let against = self.store.state().versions(subject, Deleted::Without);
        self.check(subject, sent, normalize, &against)
    }

    fn check(
        &self,
        subject: &str,
        sent: &Sent,
        normalize: bool,
        against: &[Arc<Stored>],
    ) -> Result<Vec<String>, Failure> {
        let normalize = self.normalizes(subject, normalize);
        let strictness = self.strictness(subject, None);
        let canonical = self
            .canonical(subject, sent, strictness, normalize)?
            .ok_or_else(|| Failure::InvalidSchema("Empty schema".to_owned()))?;
        self.incompatibilities(subject, &canonical.parsed, against)
    }

    /// The messages about what is in the way; `against` is in the order of versions.
    pub(super) fn incompatibilities(
        &self,
        subject: &str,
        new: &AvroSchema,
        against: &[Arc<Stored>],
    ) -> Result<Vec<String>, Failure> {
        let (level, validates_fields) = {
            let state = self.store.state();
            let config = state.config_in_scope(subject);
            let validates_fields = config.and_then(|config| config.validate_fields);
            (state.level(subject), validates_fields.unwrap_or(false))
        };
        let count = if level.is_transitive() {
            against.len()
        } else {
            1
        };
        for stored in against.iter().rev().take(count) {
            let old = self.parse_stored(stored)?;
            let mut messages = compare(level, new, &old, stored.record.version);
            if !messages.is_empty() {
                messages.push(format!(
                    "{{validateFields: '{validates_fields}', compatibility: '{level}'}}"
                ));
                return Ok(messages);
            }
        }
        Ok(Vec::new())
    }
}

fn compare(
    level: CompatibilityLevel,
    new: &AvroSchema,
    old: &AvroSchema,
    version: i32,
) -> Vec<String> {
    use CompatibilityLevel as Level;
    let show = |mut messages: Vec<String>| {
        if !messages.is_empty() {
            messages.push(format!("{{oldSchemaVersion: {version}}}"));
            messages.push(shown(&old.canonical_text()));
        }
        messages
    };
    let backward = || avro::incompatibilities(new, old, "new", "old");
    let forward = || avro::incompatibilities(old, new, "old", "new");
    match level {
        Level::None => Vec::new(),
        Level::Backward | Level::BackwardTransitive => show(backward()),
        Level::Forward | Level::ForwardTransitive => show(forward()),
        Level::Full | Level::FullTransitive => {
            let mut messages = forward();
            messages.extend(show(backward()));
            messages
        }
    }
}

fn shown(schema: &str) -> String {
    // Java counts its characters in UTF-16.
    if schema.encode_utf16().count() <= LONGEST_SHOWN {
        return format!("{{oldSchema: '{schema}'}}");
    }
    let beginning: Vec<u16> = schema.encode_utf16().take(LONGEST_SHOWN).collect();
    let beginning = String::from_utf16_lossy(&beginning);
    format!("{{oldSchema: <truncated> '{beginning}...'}}")
}
