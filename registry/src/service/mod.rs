//! What the registry does, without HTTP (`KafkaSchemaRegistry`, `AbstractSchemaRegistry`).
//!
//! Reads answer from memory. One write is under way at a time: it first reads what others wrote,
//! decides, writes, and waits until it has come back.

mod compatibility;
mod config;
mod delete;
mod entity;
mod lookup;
mod parsing;
mod register;

use tokio::sync::{Mutex, MutexGuard};

use crate::error::Failure;
use crate::state::Deleted;
use crate::store::Store;

pub(crate) use config::{ConfigChange, Setting, shown as shown_config};
pub(crate) use entity::Entity;
pub(crate) use parsing::{Sent, SentReference};
pub(crate) use register::Registration;

/// The only context there is, as it is named in answers.
pub(crate) const CONTEXT: &str = ".";
/// The same as messages name it (`QualifiedSubject.qualifiedContextFor`): not at all.
const CONTEXT_IN_MESSAGES: &str = "";

/// What the requests of one process act on.
pub(crate) struct Service {
    store: Store,
    writing: Mutex<()>,
}

/// A version in a path: a number, or the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Latest,
    Number(i32),
}

impl Version {
    /// `VersionId`.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        if text.eq_ignore_ascii_case("latest") {
            return Ok(Self::Latest);
        }
        match text.trim().parse() {
            Ok(-1) => Ok(Self::Latest),
            Ok(number) if number > 0 => Ok(Self::Number(number)),
            Ok(number) => Err(Failure::InvalidVersion(number.to_string())),
            Err(_) => Err(Failure::InvalidVersion(text.to_owned())),
        }
    }

    /// As messages name it.
    fn number(self) -> i32 {
        match self {
            Self::Latest => -1,
            Self::Number(number) => number,
        }
    }
}

impl Service {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            writing: Mutex::new(()),
        }
    }

    pub(crate) async fn close(self) {
        self.store.close().await;
    }

    /// Nobody else writes while this is held, and what others wrote before has been read.
    async fn write(&self) -> Result<MutexGuard<'_, ()>, Failure> {
        let guard = self.writing.lock().await;
        self.store.catch_up().await?;
        Ok(guard)
    }

    /// Why a subject or a version is not there.
    fn missing(&self, subject: &str, version: Version, deleted: Deleted) -> Failure {
        if self.store.state().has_subject(Some(subject), deleted) {
            Failure::VersionNotFound(version.number())
        } else {
            Failure::SubjectNotFound(subject.to_owned())
        }
    }

    fn check_not_read_only(&self, subject: Option<&str>) -> Result<(), Failure> {
        if self.store.state().mode_in_scope(subject).is_read_only() {
            let subject = subject.unwrap_or("null");
            return Err(Failure::NotPermitted(format!(
                "Subject {subject} in context {CONTEXT_IN_MESSAGES} is in read-only mode"
            )));
        }
        Ok(())
    }
}
