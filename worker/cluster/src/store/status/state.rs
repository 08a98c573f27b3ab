//! What the status topic says, record by record.

use std::collections::{BTreeMap, HashMap, HashSet};

use connect_runtime::{ConnectorTaskId, State};
use tracing::warn;

use super::records::{self, Status, StatusKey, TopicUse};

/// A status as the topic has it, and as this worker wrote it last while that
/// has not come back yet.
#[derive(Debug, Default)]
struct Entry {
    read: Option<Status>,
    written: Option<Written>,
    /// What this worker has told of a run of its own, until it ends or another
    /// worker tells of a newer one.
    ours: Option<Status>,
}

#[derive(Debug)]
struct Written {
    status: Option<Status>,
    sequence: u64,
}

impl Entry {
    fn get(&self) -> Option<&Status> {
        match &self.written {
            Some(written) => written.status.as_ref(),
            None => self.read.as_ref(),
        }
    }

    /// Another run of the connector or task, on another worker and of a newer
    /// generation, must not be overwritten by the end of an older one
    /// (`KafkaStatusBackingStore.CacheEntry`). What the topic says counts, not
    /// what this worker is writing.
    fn can_write_safely(&self, status: &Status) -> bool {
        self.read.as_ref().is_none_or(|present| {
            present.worker_id == status.worker_id || present.generation <= status.generation
        })
    }

    /// Looks at what was read: true if it is about an older run on another worker
    /// than the one of this worker, and now stands in the topic instead of that.
    fn is_overruled_by(&mut self, read: Option<&Status>) -> bool {
        let (Some(ours), Some(read)) = (&self.ours, read) else {
            self.ours = None;
            return false;
        };
        if read.worker_id == ours.worker_id {
            return false;
        }
        if read.generation >= ours.generation {
            self.ours = None;
            return false;
        }
        // What is still being written comes after it.
        self.written.is_none()
    }

    /// What was read tells of a newer run on another worker than what this one
    /// is writing, or is just that.
    fn supersedes_written(&self, read: Option<&Status>) -> bool {
        let Some(written) = &self.written else {
            return false;
        };
        match (read, &written.status) {
            (Some(read), Some(ours)) => {
                read == ours
                    || (read.worker_id != ours.worker_id && read.generation > ours.generation)
            }
            (read, ours) => read.is_none() && ours.is_none(),
        }
    }
}

/// The statuses of one connector.
#[derive(Debug, Default)]
struct ConnectorStatuses {
    connector: Entry,
    tasks: BTreeMap<usize, Entry>,
    topics: BTreeMap<String, TopicUse>,
}

impl ConnectorStatuses {
    fn is_empty(&self) -> bool {
        let gone = |entry: &Entry| entry.read.is_none() && entry.written.is_none();
        gone(&self.connector) && self.topics.is_empty() && self.tasks.values().all(gone)
    }
}

/// All that the status topic says up to a point.
#[derive(Debug, Default)]
pub(super) struct StatusState {
    connectors: HashMap<String, ConnectorStatuses>,
    sequence: u64,
}

impl StatusState {
    pub(super) fn connector(&self, name: &str) -> Option<&Status> {
        self.connectors.get(name)?.connector.get()
    }

    pub(super) fn task(&self, id: &ConnectorTaskId) -> Option<&Status> {
        self.connectors
            .get(&id.connector)?
            .tasks
            .get(&id.task)?
            .get()
    }

    /// The tasks of a connector that have a status, by number.
    pub(super) fn tasks(&self, name: &str) -> impl Iterator<Item = (usize, &Status)> {
        self.connectors
            .get(name)
            .into_iter()
            .flat_map(|statuses| &statuses.tasks)
            .filter_map(|(task, entry)| Some((*task, entry.get()?)))
    }

    /// The topics that a connector uses.
    pub(super) fn topics(&self, name: &str) -> impl Iterator<Item = &TopicUse> {
        self.connectors
            .get(name)
            .into_iter()
            .flat_map(|statuses| statuses.topics.values())
    }

    /// True if it is known that a connector uses a topic.
    pub(super) fn uses(&self, connector: &str, topic: &str) -> bool {
        self.connectors
            .get(connector)
            .is_some_and(|statuses| statuses.topics.contains_key(topic))
    }

    /// The connectors that have a status or a task with one.
    pub(super) fn names(&self) -> HashSet<String> {
        self.connectors
            .iter()
            .filter(|(_, statuses)| {
                statuses.connector.get().is_some()
                    || statuses.tasks.values().any(|entry| entry.get().is_some())
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The highest generation that any status carries.
    pub(super) fn generation(&self) -> i32 {
        self.connectors
            .values()
            .flat_map(|statuses| statuses.tasks.values().chain([&statuses.connector]))
            .filter_map(|entry| Some(entry.get()?.generation))
            .max()
            .unwrap_or_default()
    }

    /// Notes what this worker is writing; the number that tells it from later
    /// writes. None where `safely` forbids it.
    pub(super) fn write(
        &mut self,
        key: &StatusKey,
        status: Option<Status>,
        safely: bool,
    ) -> Option<u64> {
        self.sequence += 1;
        let sequence = self.sequence;
        let entry = self.entry(key)?;
        entry.ours = None;
        if let Some(status) = &status
            && safely
            && !entry.can_write_safely(status)
        {
            return None;
        }
        entry.ours = status.clone().filter(is_of_a_run);
        entry.written = Some(Written { status, sequence });
        Some(sequence)
    }

    /// The write did not come through: what the topic says holds again.
    pub(super) fn write_failed(&mut self, key: &StatusKey, sequence: u64) {
        if let Some(entry) = self.entry(key)
            && entry
                .written
                .as_ref()
                .is_some_and(|written| written.sequence == sequence)
        {
            entry.written = None;
        }
        self.forget_if_empty(key.connector());
    }

    /// True if a write that did not come through is still what this worker has
    /// to say, and may be tried again.
    pub(super) fn may_write_again(&mut self, key: &StatusKey, sequence: u64, safely: bool) -> bool {
        let Some(entry) = self.entry(key) else {
            return false;
        };
        entry.written.as_ref().is_some_and(|written| {
            let status = written.status.as_ref();
            written.sequence == sequence
                && status.is_none_or(|status| !safely || entry.can_write_safely(status))
        })
    }

    fn entry(&mut self, key: &StatusKey) -> Option<&mut Entry> {
        let statuses = self
            .connectors
            .entry(key.connector().to_owned())
            .or_default();
        match key {
            StatusKey::Connector(_) => Some(&mut statuses.connector),
            StatusKey::Task(id) => Some(statuses.tasks.entry(id.task).or_default()),
            StatusKey::Topic { .. } => None,
        }
    }

    /// What this worker has told of a run that has not ended. A generation that
    /// is higher than the `present` one is of a group that is no more.
    pub(super) fn ours(&self, key: &StatusKey, present: i32) -> Option<&Status> {
        let statuses = self.connectors.get(key.connector())?;
        let entry = match key {
            StatusKey::Connector(_) => &statuses.connector,
            StatusKey::Task(id) => statuses.tasks.get(&id.task)?,
            StatusKey::Topic { .. } => return None,
        };
        let ours = entry.ours.as_ref()?;
        (ours.generation <= present).then_some(ours)
    }

    /// Takes in a record; its key if its status is older than this worker's. One
    /// that cannot be read is logged and passed over.
    pub(super) fn apply(&mut self, key: &str, value: Option<&[u8]>) -> Option<StatusKey> {
        let Some(parsed) = StatusKey::parse(key) else {
            warn!(
                key,
                "passing over a record with an unexpected key in the status topic"
            );
            return None;
        };
        let result = match &parsed {
            StatusKey::Topic { topic, connector } => {
                self.apply_topic(topic, connector, value).map(|()| false)
            }
            StatusKey::Connector(_) | StatusKey::Task(_) => value
                .map(records::parse_status)
                .transpose()
                .map(|status| self.apply_status(&parsed, status)),
        };
        self.forget_if_empty(parsed.connector());
        match result {
            Ok(overrules) => overrules.then_some(parsed),
            Err(problem) => {
                warn!(
                    key,
                    problem = problem.trace(),
                    "passing over a record of the status topic that is in the wrong format"
                );
                None
            }
        }
    }

    fn apply_topic(
        &mut self,
        topic: &str,
        connector: &str,
        value: Option<&[u8]>,
    ) -> connect_api::Result<()> {
        let used = value.map(records::parse_topic_use).transpose()?;
        let topics = &mut self
            .connectors
            .entry(connector.to_owned())
            .or_default()
            .topics;
        match used {
            Some(used) => topics.insert(topic.to_owned(), used),
            None => topics.remove(topic),
        };
        Ok(())
    }

    /// True if the status is older than that of this worker's run.
    fn apply_status(&mut self, key: &StatusKey, status: Option<Status>) -> bool {
        let is_task = matches!(key, StatusKey::Task(_));
        let Some(entry) = self.entry(key) else {
            return false;
        };
        let is_overruled = entry.is_overruled_by(status.as_ref());
        if entry.supersedes_written(status.as_ref()) {
            entry.written = None;
        }
        if is_task && is_stale(status.as_ref(), entry.read.as_ref()) {
            return is_overruled;
        }
        entry.read = status;
        if let StatusKey::Connector(name) = key
            && entry.get().is_none()
            && let Some(statuses) = self.connectors.get_mut(name)
        {
            // As in Connect, a connector's tombstone stands for its tasks too.
            for task in statuses.tasks.values_mut() {
                (task.read, task.ours) = (None, None);
            }
        }
        is_overruled
    }

    fn forget_if_empty(&mut self, connector: &str) {
        if self
            .connectors
            .get(connector)
            .is_some_and(ConnectorStatuses::is_empty)
        {
            self.connectors.remove(connector);
        }
    }
}

/// What is unassigned runs nowhere.
fn is_of_a_run(status: &Status) -> bool {
    status.state != State::Unassigned
}

/// The worker that lost a task may say so after the one that got it reported it
/// running (KAFKA-10413).
fn is_stale(new: Option<&Status>, present: Option<&Status>) -> bool {
    match (new, present) {
        (Some(new), Some(present)) => {
            new.state == State::Unassigned
                && present.state == State::Running
                && present.generation >= new.generation
        }
        _ => false,
    }
}
