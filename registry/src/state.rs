//! What the topic says, in memory: schemas by subject and version, by id and by content, who
//! refers to whom, settings and modes (`InMemoryCache`, `KafkaStoreMessageHandler`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tracing::warn;

use crate::guid::Guid;
use crate::level::{CompatibilityLevel, Mode};
use crate::record::{ConfigRecord, Key, Record, SchemaRecord, SubjectVersion};

/// A schema of a subject.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) record: SchemaRecord,
    pub(crate) guid: Guid,
    /// When it was written, in milliseconds.
    pub(crate) timestamp: Option<i64>,
}

/// Which versions are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deleted {
    Without,
    With,
    Only,
}

impl Deleted {
    pub(crate) fn includes(self, is_deleted: bool) -> bool {
        match self {
            Self::Without => !is_deleted,
            Self::With => true,
            Self::Only => is_deleted,
        }
    }
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct State {
    schemas: BTreeMap<SubjectVersion, Arc<Stored>>,
    /// The subjects that have an id's schema, each with its last version of it.
    by_id: BTreeMap<i32, BTreeMap<String, i32>>,
    by_content: HashMap<Guid, i32>,
    referenced_by: HashMap<SubjectVersion, BTreeSet<i32>>,
    configs: BTreeMap<Option<String>, ConfigRecord>,
    modes: BTreeMap<Option<String>, Mode>,
    last_id: i32,
}

impl State {
    /// Takes a record of the topic. A tombstone has no value.
    pub(crate) fn apply(&mut self, key: Key, record: Option<Record>, timestamp: Option<i64>) {
        match (key, record) {
            (Key::Schema(key), Some(Record::Schema(record))) => {
                self.put_schema(key, record, timestamp);
            }
            (Key::Schema(key), None) => self.forget(&key),
            (Key::Config(subject), Some(Record::Config(record))) => {
                self.configs.insert(subject, record);
            }
            (Key::Config(subject), None) => drop(self.configs.remove(&subject)),
            (Key::Mode(subject), Some(Record::Mode(record))) => {
                self.modes.insert(subject, record.mode);
            }
            (Key::Mode(subject), None) => drop(self.modes.remove(&subject)),
            (_, Some(Record::DeleteSubject(record))) => {
                self.delete_until(&record.subject, record.version);
            }
            (_, Some(Record::ClearSubject(record))) => self.clear(record.subject.as_deref()),
            _ => {}
        }
    }

    fn put_schema(&mut self, key: SubjectVersion, record: SchemaRecord, timestamp: Option<i64>) {
        let same_id = self.by_id(record.id).map(|stored| &stored.record.schema);
        if same_id.is_some_and(|schema| *schema != record.schema) {
            warn!(
                subject = key.subject,
                version = key.version,
                id = record.id,
                "the id belongs to another schema already: this one is not registered"
            );
            return;
        }
        self.last_id = self.last_id.max(record.id);
        let guid = Guid::of_record(&record);
        self.by_content.insert(guid, record.id);
        self.by_id
            .entry(record.id)
            .or_default()
            .insert(key.subject.clone(), key.version);
        if !record.deleted {
            for reference in &record.references {
                let target = SubjectVersion {
                    subject: reference.subject.clone(),
                    version: reference.version,
                };
                self.referenced_by
                    .entry(target)
                    .or_default()
                    .insert(record.id);
            }
        }
        let stored = Stored {
            record,
            guid,
            timestamp,
        };
        self.schemas.insert(key, Arc::new(stored));
    }

    fn forget(&mut self, key: &SubjectVersion) {
        let Some(stored) = self.schemas.remove(key) else {
            return;
        };
        let id = stored.record.id;
        let Some(subjects) = self.by_id.get_mut(&id) else {
            return;
        };
        if subjects.get(&key.subject) == Some(&key.version) {
            subjects.remove(&key.subject);
        }
        if subjects.is_empty() {
            self.by_id.remove(&id);
        }
        for reference in &stored.record.references {
            let target = SubjectVersion {
                subject: reference.subject.clone(),
                version: reference.version,
            };
            if let Some(ids) = self.referenced_by.get_mut(&target) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.referenced_by.remove(&target);
                }
            }
        }
    }

    fn delete_until(&mut self, subject: &str, version: i32) {
        let (first, last) = (self.key(subject, 1), self.key(subject, version.max(1)));
        for (key, stored) in self.schemas.range_mut(first..=last) {
            if stored.record.deleted || key.version > version {
                continue;
            }
            let mut record = stored.record.clone();
            record.deleted = true;
            *stored = Arc::new(Stored {
                record,
                guid: stored.guid,
                timestamp: stored.timestamp,
            });
        }
    }

    /// Forgets what is deleted, of one subject or of all.
    fn clear(&mut self, subject: Option<&str>) {
        let deleted: Vec<SubjectVersion> = self
            .schemas
            .iter()
            .filter(|(key, stored)| {
                stored.record.deleted && subject.is_none_or(|subject| key.subject == subject)
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in deleted {
            self.forget(&key);
        }
    }

    fn key(&self, subject: &str, version: i32) -> SubjectVersion {
        SubjectVersion {
            subject: subject.to_owned(),
            version,
        }
    }

    /// The versions of a subject, in order.
    pub(crate) fn versions(&self, subject: &str, deleted: Deleted) -> Vec<Arc<Stored>> {
        let (first, last) = (self.key(subject, 1), self.key(subject, i32::MAX));
        self.schemas
            .range(first..=last)
            .map(|(_, stored)| stored)
            .filter(|stored| deleted.includes(stored.record.deleted))
            .cloned()
            .collect()
    }

    /// All schemas, by subject and version.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Stored>> {
        self.schemas.values()
    }

    /// A version of a subject, deleted or not.
    pub(crate) fn version(&self, subject: &str, version: i32) -> Option<&Arc<Stored>> {
        self.schemas.get(&self.key(subject, version))
    }

    /// The last version that is not deleted.
    pub(crate) fn latest(&self, subject: &str) -> Option<Arc<Stored>> {
        self.versions(subject, Deleted::Without).pop()
    }

    /// Whether there is such a subject; none is any.
    pub(crate) fn has_subject(&self, subject: Option<&str>, deleted: Deleted) -> bool {
        match subject {
            Some(subject) => !self.versions(subject, deleted).is_empty(),
            None => self
                .schemas
                .values()
                .any(|stored| deleted.includes(stored.record.deleted)),
        }
    }

    /// The subjects, in order. One counts as deleted when all its versions are.
    pub(crate) fn subjects(&self, prefix: &str, deleted: Deleted) -> Vec<String> {
        let mut subjects: BTreeMap<&str, bool> = BTreeMap::new();
        for (key, stored) in &self.schemas {
            if key.subject.starts_with(prefix) {
                let is_deleted = subjects.entry(&key.subject).or_insert(true);
                *is_deleted &= stored.record.deleted;
            }
        }
        subjects
            .into_iter()
            .filter(|(_, is_deleted)| deleted.includes(*is_deleted))
            .map(|(subject, _)| subject.to_owned())
            .collect()
    }

    /// A schema with this id: of the first subject that has not deleted it, if there is one.
    pub(crate) fn by_id(&self, id: i32) -> Option<&Arc<Stored>> {
        let subjects = self.by_id.get(&id)?;
        let mut uses = subjects
            .iter()
            .filter_map(|(subject, version)| self.version(subject, *version))
            .peekable();
        let first = uses.peek().copied();
        uses.find(|stored| !stored.record.deleted).or(first)
    }

    /// The schema with this id of a subject.
    pub(crate) fn by_id_of(&self, id: i32, subject: &str) -> Option<&Arc<Stored>> {
        let version = self.by_id.get(&id)?.get(subject)?;
        self.version(subject, *version)
    }

    /// Which subjects have the id's schema, and as which version.
    pub(crate) fn uses(&self, id: i32) -> Option<Vec<Arc<Stored>>> {
        let subjects = self.by_id.get(&id)?;
        Some(
            subjects
                .iter()
                .filter_map(|(subject, version)| self.version(subject, *version))
                .cloned()
                .collect(),
        )
    }

    /// The id of a content, while a subject has it.
    pub(crate) fn id_of(&self, guid: Guid) -> Option<i32> {
        let id = self.by_content.get(&guid)?;
        self.by_id.contains_key(id).then_some(*id)
    }

    /// The ids of the schemas that refer to this one.
    pub(crate) fn references_to(&self, key: &SubjectVersion, deleted: Deleted) -> Vec<i32> {
        let ids = self.referenced_by.get(key).into_iter().flatten();
        ids.copied()
            .filter(|id| {
                self.uses(*id).is_some_and(|uses| {
                    uses.iter()
                        .any(|stored| deleted.includes(stored.record.deleted))
                })
            })
            .collect()
    }

    pub(crate) fn next_id(&self) -> i32 {
        self.last_id + 1
    }

    /// The settings of a subject, or of all, if any were made.
    pub(crate) fn config(&self, subject: Option<&str>) -> Option<&ConfigRecord> {
        self.configs.get(&subject.map(str::to_owned))
    }

    /// The settings that hold for a subject.
    pub(crate) fn config_in_scope(&self, subject: &str) -> Option<&ConfigRecord> {
        self.config(Some(subject)).or_else(|| self.config(None))
    }

    /// The compatibility that holds for a subject. One whose settings name none has the default,
    /// not that of all subjects.
    pub(crate) fn level(&self, subject: &str) -> CompatibilityLevel {
        self.config_in_scope(subject)
            .and_then(|config| config.compatibility_level)
            .unwrap_or(DEFAULT_LEVEL)
    }

    /// The mode of a subject, or of all, if one was set.
    pub(crate) fn mode(&self, subject: Option<&str>) -> Option<Mode> {
        self.modes.get(&subject.map(str::to_owned)).copied()
    }

    /// The subjects with a mode of their own.
    pub(crate) fn subjects_with_mode(&self) -> Vec<String> {
        self.modes.keys().flatten().cloned().collect()
    }

    /// The mode that holds for a subject, or for all.
    pub(crate) fn mode_in_scope(&self, subject: Option<&str>) -> Mode {
        self.mode(subject)
            .or_else(|| self.mode(None))
            .unwrap_or(Mode::ReadWrite)
    }
}

/// `schema.compatibility.level`.
pub(crate) const DEFAULT_LEVEL: CompatibilityLevel = CompatibilityLevel::Backward;
