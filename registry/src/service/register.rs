//! Registering (`KafkaSchemaRegistry.registerOrForward` and `register`).

use std::sync::Arc;

use super::lookup::entity;
use super::parsing::{Canonical, Sent, SentReference, parse_stored};
use super::{CONTEXT_IN_MESSAGES, Entity, Service};
use crate::avro::Strictness;
use crate::error::Failure;
use crate::level::Mode;
use crate::record::{Key, Record, SchemaRecord, SubjectVersion};
use crate::state::{Deleted, Stored};

/// How often a new id is tried (`kafkastore.write.max.retries`).
const ATTEMPTS: u32 = 5;

/// What shall be registered.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) sent: Sent,
    /// The version that it shall have, in mode IMPORT; -1 asks whether it is the last one.
    pub(crate) version: Option<i32>,
    /// The id that it shall have, in mode IMPORT.
    pub(crate) id: Option<i32>,
}

impl Registration {
    fn wanted_id(&self) -> Option<i32> {
        self.id.filter(|id| *id >= 0)
    }

    fn wanted_version(&self) -> Option<i32> {
        self.version.filter(|version| *version > 0)
    }
}

impl Service {
    /// Registers a schema, or returns the version that has it already.
    pub(crate) async fn register(
        &self,
        subject: &str,
        registration: Registration,
        normalize: bool,
    ) -> Result<Entity, Failure> {
        let normalize = self.normalizes(subject, normalize);
        if let Some(existing) = self.existing(subject, &registration, normalize)? {
            return Ok(existing);
        }
        let _writing = self.write().await?;
        self.check_mode(subject, &registration)?;
        self.register_new(subject, registration, normalize).await
    }

    /// The version that has the schema, where the request asks for no other version or id.
    fn existing(
        &self,
        subject: &str,
        registration: &Registration,
        normalize: bool,
    ) -> Result<Option<Entity>, Failure> {
        let found = self.lookup_among(subject, &registration.sent, normalize, Deleted::Without)?;
        let Some(found) = found else {
            return Ok(None);
        };
        let has_id = registration.wanted_id().is_none_or(|id| id == found.id);
        let is_wanted = match registration.version {
            None | Some(0) => has_id,
            Some(-1) => {
                let latest = self.store.state().latest(subject);
                return Ok(latest
                    .filter(|latest| has_id && latest.record.version == found.version)
                    .map(|latest| Entity::from(&*latest)));
            }
            Some(version) => registration.id == Some(found.id) && version == found.version,
        };
        Ok(is_wanted.then_some(found))
    }

    fn check_mode(&self, subject: &str, registration: &Registration) -> Result<(), Failure> {
        self.check_not_read_only(Some(subject))?;
        let mode = self.store.state().mode_in_scope(Some(subject));
        let complaint = match (registration.wanted_id(), mode) {
            (Some(_), mode) if !mode.is_import() => "is not in import mode",
            (None, mode) if mode != Mode::ReadWrite => "is not in read-write mode",
            _ => return Ok(()),
        };
        Err(Failure::NotPermitted(format!(
            "Subject {subject} in context {CONTEXT_IN_MESSAGES} {complaint}"
        )))
    }

    async fn register_new(
        &self,
        subject: &str,
        mut registration: Registration,
        normalize: bool,
    ) -> Result<Entity, Failure> {
        let is_import = self.store.state().mode_in_scope(Some(subject)).is_import();
        let versions = self.store.state().versions(subject, Deleted::With);
        let next = versions.last().map_or(1, |last| last.record.version + 1);
        if !is_import {
            check_version(&registration, next)?;
        }
        self.fill_empty(subject, &mut registration.sent)?;
        let strictness = self.strictness(subject, registration.wanted_id());
        let canonical = self
            .canonical(subject, &registration.sent, strictness, normalize)?
            .ok_or_else(|| Failure::InvalidSchema("Empty schema".to_owned()))?;
        let known = self.known(subject, &registration, &canonical)?;
        let id = match known {
            Known::Version(version, id) => return Ok(entity(subject, version, id, canonical)),
            Known::Id(id) => Some(id),
            Known::No => registration.wanted_id(),
        };
        if !is_import {
            self.check_compatible(subject, &canonical)?;
        }
        let version = registration.wanted_version().unwrap_or(next);
        let Some(id) = id else {
            let id = self.put_new(subject, version, &canonical).await?;
            return Ok(entity(subject, version, id, canonical));
        };
        self.check_id(id, &canonical)?;
        self.remove_deleted_twins(&versions, id, version).await?;
        if !self.put_schema(subject, version, id, &canonical).await? {
            return Err(taken(id));
        }
        Ok(entity(subject, version, id, canonical))
    }

    /// A request without a schema means that of the last version.
    fn fill_empty(&self, subject: &str, sent: &mut Sent) -> Result<(), Failure> {
        if !sent.schema.trim().is_empty() {
            return Ok(());
        }
        let latest = self
            .store
            .state()
            .latest(subject)
            .ok_or_else(|| Failure::InvalidSchema("Empty schema".to_owned()))?;
        let record = &latest.record;
        *sent = Sent {
            schema_type: record.schema_type.clone(),
            schema: record.schema.clone(),
            references: record.references.iter().map(SentReference::from).collect(),
        };
        Ok(())
    }

    pub(super) fn strictness(&self, subject: &str, wanted_id: Option<i32>) -> Strictness {
        let state = self.store.state();
        let validates = state
            .config_in_scope(subject)
            .and_then(|config| config.validate_new_schemas)
            .unwrap_or(true);
        if wanted_id.is_none() && validates {
            Strictness::New
        } else {
            Strictness::Known
        }
    }

    /// Whether the schema has an id, and this subject has it.
    fn known(
        &self,
        subject: &str,
        registration: &Registration,
        canonical: &Canonical,
    ) -> Result<Known, Failure> {
        let state = self.store.state();
        let wanted = registration.wanted_id();
        let asks_for_no_version = matches!(registration.version, None | Some(0));
        let mut known = wanted.map_or(Known::No, Known::Id);
        if let Some(id) = state
            .id_of(canonical.guid())
            .filter(|id| wanted.is_none_or(|wanted| wanted == *id))
        {
            match state.by_id_of(id, subject) {
                Some(stored) if asks_for_no_version && !stored.record.deleted => {
                    return Ok(Known::Version(stored.record.version, id));
                }
                _ => known = Known::Id(id),
            }
        }
        if !asks_for_no_version {
            return Ok(known);
        }
        for stored in state.versions(subject, Deleted::Without).iter().rev() {
            let (version, id) = (stored.record.version, stored.record.id);
            let is_candidate = match known {
                Known::Id(wanted) => wanted == id,
                _ => true,
            };
            if is_candidate && canonical.is_same_as(stored, &parse_stored(&state, stored)?) {
                return Ok(Known::Version(version, id));
            }
        }
        Ok(known)
    }

    fn check_compatible(&self, subject: &str, canonical: &Canonical) -> Result<(), Failure> {
        let versions = self.store.state().versions(subject, Deleted::Without);
        let messages = self.incompatibilities(subject, &canonical.parsed, &versions)?;
        if messages.is_empty() {
            return Ok(());
        }
        Err(Failure::Incompatible {
            subject: subject.to_owned(),
            messages,
        })
    }

    /// An id belongs to one schema.
    fn check_id(&self, id: i32, canonical: &Canonical) -> Result<(), Failure> {
        let existing = self.by_id(id, None);
        let is_free = existing.is_none_or(|stored| {
            let record = &stored.record;
            record.schema == canonical.schema && record.references == canonical.references
        });
        if is_free {
            return Ok(());
        }
        Err(Failure::NotPermitted(format!(
            "Overwrite new schema with id {id} in context {CONTEXT_IN_MESSAGES} is not permitted."
        )))
    }

    /// Deleted versions of the same schema go, unless another one refers to them.
    async fn remove_deleted_twins(
        &self,
        versions: &[Arc<Stored>],
        id: i32,
        version: i32,
    ) -> Result<(), Failure> {
        for stored in versions.iter().rev() {
            let record = &stored.record;
            if !record.deleted || record.id != id || record.version >= version {
                continue;
            }
            let key = SubjectVersion {
                subject: record.subject.clone(),
                version: record.version,
            };
            let is_used = !self
                .store
                .state()
                .references_to(&key, Deleted::With)
                .is_empty();
            if !is_used {
                self.store.put(Key::Schema(key), None).await?;
            }
        }
        Ok(())
    }

    /// Writes a schema with the next id; another one, if another registry was faster with that.
    async fn put_new(
        &self,
        subject: &str,
        version: i32,
        canonical: &Canonical,
    ) -> Result<i32, Failure> {
        let mut id = self.store.state().next_id();
        for _ in 0..ATTEMPTS {
            if self.put_schema(subject, version, id, canonical).await? {
                return Ok(id);
            }
            id = self.store.state().next_id();
        }
        Err(taken(id))
    }

    /// Writes a schema; false if it was not taken, because its id belongs to another one.
    async fn put_schema(
        &self,
        subject: &str,
        version: i32,
        id: i32,
        canonical: &Canonical,
    ) -> Result<bool, Failure> {
        let key = SubjectVersion {
            subject: subject.to_owned(),
            version,
        };
        let record = SchemaRecord {
            subject: subject.to_owned(),
            version,
            id,
            md5: None,
            schema_type: "AVRO".to_owned(),
            references: canonical.references.clone(),
            metadata: None,
            rule_set: None,
            schema: canonical.schema.clone(),
            deleted: false,
        };
        self.store
            .put(Key::Schema(key), Some(Record::Schema(record)))
            .await?;
        Ok(self
            .find(subject, super::Version::Number(version), Deleted::Without)
            .is_some_and(|stored| {
                stored.record.id == id && stored.record.schema == canonical.schema
            }))
    }
}

fn taken(id: i32) -> Failure {
    Failure::Internal(format!(
        "another registry gave the id {id} to another schema at the same time: nothing was registered; try again, and let one registry write to the topic"
    ))
}

/// A version other than the next one is none; the next one would have to be kept in metadata.
fn check_version(registration: &Registration, next: i32) -> Result<(), Failure> {
    match registration.version {
        None | Some(0) => Ok(()),
        Some(version) if version > 0 && version != next => Err(Failure::InvalidSchema(
            "Version is not one more than previous version".to_owned(),
        )),
        Some(version) => Err(Failure::Unsupported(format!(
            "'version' ({version}) is not supported by this registry outside of mode IMPORT, because it would be kept in metadata; leave it out"
        ))),
    }
}

enum Known {
    No,
    /// The schema has this id; the subject does not have it yet.
    Id(i32),
    Version(i32, i32),
}
