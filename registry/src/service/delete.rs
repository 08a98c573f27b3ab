//! Deleting: softly, so that an id still finds its schema, then for good.

use std::collections::BTreeSet;

use super::{Service, Version};
use crate::error::Failure;
use crate::record::{DeleteSubjectRecord, Key, Record, SubjectVersion};
use crate::state::Deleted;

impl Service {
    /// Deletes a subject's versions; returns which.
    pub(crate) async fn delete_subject(
        &self,
        subject: &str,
        permanently: bool,
    ) -> Result<Vec<i32>, Failure> {
        let _writing = self.write().await?;
        {
            let state = self.store.state();
            if !state.has_subject(Some(subject), Deleted::With) {
                return Err(Failure::SubjectNotFound(subject.to_owned()));
            }
            if !permanently && !state.has_subject(Some(subject), Deleted::Without) {
                return Err(Failure::SubjectSoftDeleted(subject.to_owned()));
            }
        }
        self.check_not_read_only(Some(subject))?;
        let versions = self.deletable(subject, permanently)?;
        if permanently {
            // From the last one, which may refer to those before it.
            for version in versions.iter().rev() {
                let key = SubjectVersion {
                    subject: subject.to_owned(),
                    version: *version,
                };
                self.store.put(Key::Schema(key), None).await?;
            }
            self.forget_settings(subject).await?;
        } else {
            let record = DeleteSubjectRecord {
                subject: subject.to_owned(),
                version: versions.last().copied().unwrap_or_default(),
            };
            let key = Key::DeleteSubject(subject.to_owned());
            self.store
                .put(key, Some(Record::DeleteSubject(record)))
                .await?;
        }
        Ok(versions)
    }

    /// The versions that a deletion concerns, if nothing is in its way.
    fn deletable(&self, subject: &str, permanently: bool) -> Result<Vec<i32>, Failure> {
        let which = if permanently {
            Deleted::With
        } else {
            Deleted::Without
        };
        let state = self.store.state();
        let mut versions = Vec::new();
        for stored in state.versions(subject, which) {
            let key = SubjectVersion {
                subject: subject.to_owned(),
                version: stored.record.version,
            };
            let users: BTreeSet<String> = state
                .references_to(&key, which)
                .into_iter()
                .filter_map(|id| state.uses(id))
                .flatten()
                .filter(|user| which.includes(user.record.deleted))
                .map(|user| user.record.subject.clone())
                .collect();
            if users.iter().any(|user| user != subject) {
                return Err(Failure::ReferenceExists(key));
            }
            if permanently && !stored.record.deleted {
                return Err(Failure::SubjectNotSoftDeleted(subject.to_owned()));
            }
            versions.push(stored.record.version);
        }
        Ok(versions)
    }

    /// Deletes a version; returns its number.
    pub(crate) async fn delete_version(
        &self,
        subject: &str,
        version: Version,
        permanently: bool,
    ) -> Result<i32, Failure> {
        let _writing = self.write().await?;
        let stored = self.version(subject, version, Deleted::With)?;
        let number = stored.record.version;
        if stored.record.deleted && !permanently {
            return Err(Failure::VersionSoftDeleted(subject.to_owned(), number));
        }
        self.check_not_read_only(Some(subject))?;
        let key = SubjectVersion {
            subject: subject.to_owned(),
            version: number,
        };
        let which = if permanently {
            Deleted::With
        } else {
            Deleted::Without
        };
        if !self.store.state().references_to(&key, which).is_empty() {
            return Err(Failure::ReferenceExists(key));
        }
        if !permanently {
            let mut record = stored.record.clone();
            record.deleted = true;
            self.store
                .put(Key::Schema(key), Some(Record::Schema(record)))
                .await?;
            return Ok(number);
        }
        if !stored.record.deleted {
            return Err(Failure::VersionNotSoftDeleted(subject.to_owned(), number));
        }
        self.store.put(Key::Schema(key), None).await?;
        let is_gone = !self.store.state().has_subject(Some(subject), Deleted::With);
        if is_gone {
            self.forget_settings(subject).await?;
        }
        Ok(number)
    }

    /// With the last version of a subject go its mode and settings.
    async fn forget_settings(&self, subject: &str) -> Result<(), Failure> {
        let subject = Some(subject.to_owned());
        let (has_mode, has_config) = {
            let state = self.store.state();
            let subject = subject.as_deref();
            (
                state.mode(subject).is_some(),
                state.config(subject).is_some(),
            )
        };
        if has_mode {
            self.store.put(Key::Mode(subject.clone()), None).await?;
        }
        if has_config {
            self.store.put(Key::Config(subject), None).await?;
        }
        Ok(())
    }
}
