//! Reading: schemas by subject and version, by id, by content.

use std::sync::Arc;

use super::parsing::{Canonical, Sent, parse_stored};
use super::{Entity, Service, Version};
use crate::avro::Strictness;
use crate::error::Failure;
use crate::guid::Guid;
use crate::record::SubjectVersion;
use crate::state::{Deleted, Stored};

impl Service {
    /// The subjects whose names begin so.
    pub(crate) fn subjects(&self, prefix: &str, deleted: Deleted) -> Vec<String> {
        self.store.state().subjects(prefix, deleted)
    }

    /// The versions of a subject.
    pub(crate) fn versions(
        &self,
        subject: &str,
        deleted: Deleted,
    ) -> Result<Vec<Arc<Stored>>, Failure> {
        let any = match deleted {
            Deleted::Without => Deleted::Without,
            Deleted::With | Deleted::Only => Deleted::With,
        };
        let state = self.store.state();
        if !state.has_subject(Some(subject), any) {
            return Err(Failure::SubjectNotFound(subject.to_owned()));
        }
        Ok(state.versions(subject, deleted))
    }

    /// A version of a subject.
    pub(crate) fn version(
        &self,
        subject: &str,
        version: Version,
        deleted: Deleted,
    ) -> Result<Arc<Stored>, Failure> {
        self.find(subject, version, deleted)
            .ok_or_else(|| self.missing(subject, version, deleted))
    }

    pub(super) fn find(
        &self,
        subject: &str,
        version: Version,
        deleted: Deleted,
    ) -> Option<Arc<Stored>> {
        let state = self.store.state();
        match version {
            Version::Latest => state.latest(subject),
            Version::Number(number) => state
                .version(subject, number)
                .filter(|stored| deleted.includes(stored.record.deleted))
                .cloned(),
        }
    }

    /// The schema with an id, of a subject if one is given that has it.
    pub(crate) fn by_id(&self, id: i32, subject: Option<&str>) -> Option<Arc<Stored>> {
        let state = self.store.state();
        match subject {
            Some(subject) if !subject.is_empty() => {
                state.by_id_of(id, subject).or_else(|| state.by_id(id))
            }
            _ => state.by_id(id),
        }
        .cloned()
    }

    /// The schema with a guid.
    pub(crate) fn by_guid(&self, guid: &str) -> Option<Arc<Stored>> {
        let state = self.store.state();
        let id = state.id_of(Guid::parse(guid)?)?;
        state.by_id(id).cloned()
    }

    /// The largest id that was given.
    pub(crate) fn largest_id(&self) -> i32 {
        self.store.state().next_id() - 1
    }

    /// Where the schema with an id is used.
    pub(crate) fn uses(
        &self,
        id: i32,
        subject: Option<&str>,
        deleted: Deleted,
    ) -> Result<Vec<SubjectVersion>, Failure> {
        let state = self.store.state();
        let subject = subject.filter(|subject| !subject.is_empty());
        let stored = match subject {
            Some(subject) => state.by_id_of(id, subject).or_else(|| state.by_id(id)),
            None => state.by_id(id),
        };
        // As the original: by the content, which another id may have after an import.
        let uses = stored
            .and_then(|stored| state.id_of(stored.guid))
            .and_then(|id| state.uses(id))
            .ok_or(Failure::SchemaNotFound)?;
        Ok(uses
            .iter()
            .filter(|stored| deleted.includes(stored.record.deleted))
            .map(|stored| SubjectVersion {
                subject: stored.record.subject.clone(),
                version: stored.record.version,
            })
            .collect())
    }

    /// The ids of schemas that refer to a version.
    pub(crate) fn referenced_by(
        &self,
        subject: &str,
        version: Version,
        deleted: Deleted,
    ) -> Result<Vec<i32>, Failure> {
        let stored = self.version(subject, version, Deleted::With)?;
        let key = SubjectVersion {
            subject: subject.to_owned(),
            version: stored.record.version,
        };
        Ok(self.store.state().references_to(&key, deleted))
    }

    /// All schemas of the subjects whose names begin so.
    pub(crate) fn schemas(
        &self,
        prefix: &str,
        deleted: Deleted,
        latest_only: bool,
    ) -> Vec<Arc<Stored>> {
        let mut schemas: Vec<Arc<Stored>> = Vec::new();
        for stored in self.store.state().all() {
            let record = &stored.record;
            if !record.subject.starts_with(prefix) || !deleted.includes(record.deleted) {
                continue;
            }
            let is_next = schemas
                .last()
                .is_some_and(|last| last.record.subject == record.subject);
            if latest_only && is_next {
                schemas.pop();
            }
            schemas.push(Arc::clone(stored));
        }
        schemas
    }

    /// A schema in the form that a `format` asks for: `resolved` has the text of its references.
    pub(crate) fn formatted(&self, stored: &Stored, format: &str) -> Result<String, Failure> {
        let parsed = self.parse_stored(stored)?;
        Ok(match format.trim() {
            "resolved" => parsed.resolved_text(),
            _ => parsed.canonical_text(),
        })
    }

    /// The version of a subject that has this schema.
    pub(crate) fn lookup(
        &self,
        subject: &str,
        sent: &Sent,
        normalize: bool,
        deleted: Deleted,
    ) -> Result<Entity, Failure> {
        let normalize = self.normalizes(subject, normalize);
        if let Some(found) = self.lookup_among(subject, sent, normalize, deleted)? {
            return Ok(found);
        }
        if self.store.state().has_subject(Some(subject), deleted) {
            Err(Failure::SchemaNotFound)
        } else {
            Err(Failure::SubjectNotFound(subject.to_owned()))
        }
    }

    /// Whether a request's schema is normalized: it says so, or the settings do.
    pub(super) fn normalizes(&self, subject: &str, asked: bool) -> bool {
        let state = self.store.state();
        let setting = state.config_in_scope(subject);
        asked || setting.is_some_and(|config| config.normalize == Some(true))
    }

    /// `lookUpSchemaUnderSubject`: by content first, which is cheap, then by what it says.
    pub(super) fn lookup_among(
        &self,
        subject: &str,
        sent: &Sent,
        normalize: bool,
        deleted: Deleted,
    ) -> Result<Option<Entity>, Failure> {
        let Some(canonical) = self.canonical(subject, sent, Strictness::Known, normalize)? else {
            return Ok(None);
        };
        let state = self.store.state();
        if let Some(id) = state.id_of(canonical.guid())
            && let Some(stored) = state.by_id_of(id, subject)
            && deleted.includes(stored.record.deleted)
        {
            let version = stored.record.version;
            drop(state);
            return Ok(Some(entity(subject, version, id, canonical)));
        }
        for stored in state.versions(subject, deleted).iter().rev() {
            if canonical.is_same_as(stored, &parse_stored(&state, stored)?) {
                return Ok(Some(Entity::from(&**stored)));
            }
        }
        Ok(None)
    }
}

pub(super) fn entity(subject: &str, version: i32, id: i32, canonical: Canonical) -> Entity {
    Entity::new(subject, version, id, canonical.schema, canonical.references)
}
