//! Settings and modes, of a subject or of all.

use serde_json::Value;

use super::Service;
use crate::error::Failure;
use crate::level::{CompatibilityLevel, Mode};
use crate::record::{ClearSubjectRecord, ConfigRecord, Key, ModeRecord, Record, SubjectVersion};
use crate::state::{DEFAULT_LEVEL, Deleted};

/// A setting of a request: left as it is, taken away, or set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Setting<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Setting<T> {
    fn over(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// Changes of settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ConfigChange {
    pub(crate) level: Setting<CompatibilityLevel>,
    pub(crate) normalize: Setting<bool>,
    pub(crate) validate_fields: Setting<bool>,
    pub(crate) validate_new_schemas: Setting<bool>,
}

impl Service {
    /// The settings of a subject, or of all. Those of all are always there.
    pub(crate) fn config(&self, subject: Option<&str>) -> Result<ConfigRecord, Failure> {
        let state = self.store.state();
        match (state.config(subject), subject) {
            (Some(config), _) => Ok(with_level(config)),
            (None, None) => Ok(default_config()),
            (None, Some(subject)) => Err(Failure::NoSubjectConfig(subject.to_owned())),
        }
    }

    /// The settings that hold for a subject.
    pub(crate) fn config_in_scope(&self, subject: Option<&str>) -> ConfigRecord {
        let state = self.store.state();
        let config = match subject {
            Some(subject) => state.config_in_scope(subject),
            None => state.config(None),
        };
        config.map_or_else(default_config, with_level)
    }

    pub(crate) async fn set_config(
        &self,
        subject: Option<&str>,
        change: ConfigChange,
    ) -> Result<ConfigRecord, Failure> {
        let _writing = self.write().await?;
        self.check_not_read_only(subject)?;
        let old = self.store.state().config(subject).cloned();
        let old = old.unwrap_or_default();
        let config = ConfigRecord {
            subject: subject.map(str::to_owned),
            normalize: change.normalize.over(old.normalize),
            validate_fields: change.validate_fields.over(old.validate_fields),
            validate_new_schemas: change.validate_new_schemas.over(old.validate_new_schemas),
            compatibility_level: change.level.over(old.compatibility_level),
            others: old.others,
        };
        let key = Key::Config(subject.map(str::to_owned));
        self.store
            .put(key, Some(Record::Config(config.clone())))
            .await?;
        Ok(config)
    }

    /// Takes the settings away; returns what they were.
    pub(crate) async fn delete_config(
        &self,
        subject: Option<&str>,
    ) -> Result<ConfigRecord, Failure> {
        let _writing = self.write().await?;
        let config = self
            .config(subject)
            .map_err(|_| Failure::SubjectNotFound(subject.unwrap_or_default().to_owned()))?;
        self.check_not_read_only(subject)?;
        let key = Key::Config(subject.map(str::to_owned));
        self.store.put(key, None).await?;
        Ok(config)
    }

    /// The mode of a subject, or of all. That of all is always there.
    pub(crate) fn mode(&self, subject: Option<&str>) -> Result<Mode, Failure> {
        match (self.store.state().mode(subject), subject) {
            (Some(mode), _) => Ok(mode),
            (None, None) => Ok(Mode::ReadWrite),
            (None, Some(subject)) => Err(Failure::NoSubjectMode(subject.to_owned())),
        }
    }

    /// The mode that holds for a subject.
    pub(crate) fn mode_in_scope(&self, subject: Option<&str>) -> Mode {
        self.store.state().mode_in_scope(subject)
    }

    /// Sets a mode. IMPORT needs an empty subject (or registry), unless it is forced.
    pub(crate) async fn set_mode(
        &self,
        subject: Option<&str>,
        mode: Option<Mode>,
        force: bool,
    ) -> Result<(), Failure> {
        let _writing = self.write().await?;
        let in_scope = self.mode_in_scope(subject);
        if mode == Some(Mode::Import) && in_scope != Mode::Import && !force {
            self.make_room_for_import(subject).await?;
        }
        let owned = subject.map(str::to_owned);
        let record = mode.map(|mode| {
            Record::Mode(ModeRecord {
                subject: owned.clone(),
                mode,
            })
        });
        self.store.put(Key::Mode(owned), record).await
    }

    /// Forgets the deleted versions, whose ids an import may bring.
    async fn make_room_for_import(&self, subject: Option<&str>) -> Result<(), Failure> {
        let deleted: Vec<SubjectVersion> = {
            let state = self.store.state();
            if state.has_subject(subject, Deleted::Without) {
                return Err(Failure::NotPermitted(
                    "Cannot import since found existing subjects".to_owned(),
                ));
            }
            let concerned = |name: &str| subject.is_none_or(|subject| subject == name);
            state
                .all()
                .filter(|stored| concerned(&stored.record.subject))
                .map(|stored| SubjectVersion {
                    subject: stored.record.subject.clone(),
                    version: stored.record.version,
                })
                .collect()
        };
        for key in &deleted {
            let is_used = !self
                .store
                .state()
                .references_to(key, Deleted::With)
                .is_empty();
            if is_used {
                return Err(Failure::ReferenceExists(key.clone()));
            }
        }
        for key in deleted {
            self.store.put(Key::Schema(key), None).await?;
        }
        let subject = subject.map(str::to_owned);
        let record = ClearSubjectRecord {
            subject: subject.clone(),
        };
        let key = Key::ClearSubject(subject);
        self.store
            .put(key, Some(Record::ClearSubject(record)))
            .await
    }

    /// Takes a mode away; returns what it was. With `recursive`, those of all subjects too.
    pub(crate) async fn delete_mode(
        &self,
        subject: Option<&str>,
        recursive: bool,
    ) -> Result<Option<Mode>, Failure> {
        let _writing = self.write().await?;
        let mode = match self.mode(subject) {
            Ok(mode) => Some(mode),
            Err(_) if recursive => None,
            Err(_) => {
                let subject = subject.unwrap_or_default().to_owned();
                return Err(Failure::SubjectNotFound(subject));
            }
        };
        self.store
            .put(Key::Mode(subject.map(str::to_owned)), None)
            .await?;
        if recursive && subject.is_none() {
            let subjects = self.store.state().subjects_with_mode();
            for subject in subjects {
                self.store.put(Key::Mode(Some(subject)), None).await?;
            }
        }
        Ok(mode)
    }
}

fn default_config() -> ConfigRecord {
    with_level(&ConfigRecord::default())
}

/// Settings that name no level have the default one.
fn with_level(config: &ConfigRecord) -> ConfigRecord {
    let mut config = config.clone();
    config.compatibility_level.get_or_insert(DEFAULT_LEVEL);
    config
}

/// The settings as an answer shows them; the request's name of the level differs.
pub(crate) fn shown(config: &ConfigRecord, level_name: &str) -> Value {
    let mut shown = serde_json::Map::new();
    let flags = [
        ("normalize", config.normalize),
        ("validateFields", config.validate_fields),
        ("validateNewSchemas", config.validate_new_schemas),
    ];
    for (name, value) in flags {
        if let Some(value) = value {
            shown.insert(name.to_owned(), Value::Bool(value));
        }
    }
    if let Some(level) = config.compatibility_level {
        shown.insert(level_name.to_owned(), Value::from(level.name()));
    }
    shown.extend(config.others.clone());
    Value::Object(shown)
}
