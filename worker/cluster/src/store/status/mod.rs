//! The status store: what connectors and tasks are doing, and where.

mod records;
mod state;
#[cfg(test)]
mod tests;
mod write;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use connect_api::Result;
use connect_runtime::{ConnectorTaskId, State, StatusListener};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, warn};

use super::log::{LogReader, LogRecord, RecordLog};
pub(crate) use records::{Status, TopicUse};
use records::{StatusKey, TopicUseValue};
use state::StatusState;
use write::StatusWriter;

/// Reads the status topic's records.
#[derive(Default)]
pub(crate) struct StatusReader {
    state: Mutex<StatusState>,
    /// Hears which keys stand in the topic with a status that is older than this
    /// worker's.
    overruled: OnceLock<mpsc::UnboundedSender<StatusKey>>,
}

impl StatusReader {
    fn state(&self) -> MutexGuard<'_, StatusState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogReader for StatusReader {
    fn read(&self, _offset: i64, key: &[u8], value: Option<&[u8]>) {
        match std::str::from_utf8(key) {
            Ok(key) => {
                let overruled = self.state().apply(key, value);
                if let (Some(key), Some(hears)) = (overruled, self.overruled.get()) {
                    // Nobody hears it any more when this worker stops.
                    drop(hears.send(key));
                }
            }
            Err(_) => warn!("passing over a record of the status topic whose key is no text"),
        }
    }
}

/// Finds the version of the plugin that runs a connector.
pub(crate) type VersionOf = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The status store of this worker.
pub(crate) struct StatusStore {
    writer: StatusWriter,
    worker_id: String,
    topic_tracking: bool,
    version_of: VersionOf,
    /// Tells again what an older status was written over.
    repair: OnceLock<AbortOnDropHandle<()>>,
}

impl StatusStore {
    pub(crate) fn new(
        reader: Arc<StatusReader>,
        log: Arc<dyn RecordLog>,
        worker_id: &str,
        topic_tracking: bool,
        version_of: VersionOf,
    ) -> Self {
        Self {
            writer: StatusWriter::new(reader, log),
            worker_id: worker_id.to_owned(),
            topic_tracking,
            version_of,
            repair: OnceLock::new(),
        }
    }

    pub(crate) async fn start(&self) -> Result<()> {
        let (overruled, hears) = mpsc::unbounded_channel();
        self.writer.reader.overruled.get_or_init(|| overruled);
        let repair = || AbortOnDropHandle::new(tokio::spawn(self.writer.clone().repair(hears)));
        self.repair.get_or_init(repair);
        self.writer.log.start().await
    }

    /// Waits a moment until the statuses so far are stored: before others may
    /// start what has stopped here, and while this worker may still write.
    pub(crate) async fn flush(&self) {
        self.writer.log.flush().await;
    }

    pub(crate) async fn stop(&self) {
        self.writer.log.stop().await;
    }

    /// The group's generation, which each status carries.
    pub(crate) fn set_generation(&self, generation: i32) {
        self.writer.generation.store(generation, Ordering::Relaxed);
    }

    /// The highest generation of any status.
    pub(crate) fn stored_generation(&self) -> i32 {
        self.writer.reader.state().generation()
    }

    pub(crate) fn connector(&self, name: &str) -> Option<Status> {
        self.writer.reader.state().connector(name).cloned()
    }

    pub(crate) fn task(&self, id: &ConnectorTaskId) -> Option<Status> {
        self.writer.reader.state().task(id).cloned()
    }

    /// The statuses of a connector's tasks, by number.
    pub(crate) fn tasks(&self, name: &str) -> Vec<(usize, Status)> {
        let state = self.writer.reader.state();
        state
            .tasks(name)
            .map(|(task, status)| (task, status.clone()))
            .collect()
    }

    /// The topics that a connector uses, sorted.
    pub(crate) fn topics(&self, name: &str) -> Vec<String> {
        let state = self.writer.reader.state();
        state.topics(name).map(|used| used.name.clone()).collect()
    }

    /// The connectors that have a status.
    pub(crate) fn names(&self) -> Vec<String> {
        self.writer.reader.state().names().into_iter().collect()
    }

    /// Forgets which topics a connector uses.
    pub(crate) fn reset_topics(&self, name: &str) {
        for topic in self.topics(name) {
            let key = StatusKey::Topic {
                topic,
                connector: name.to_owned(),
            };
            self.send_logged(key.tombstone());
        }
    }

    /// Deletes the status of a connector and its tasks.
    pub(crate) fn delete_connector(&self, name: &str) {
        for (task, _) in self.tasks(name) {
            self.delete_task(&ConnectorTaskId::new(name, task));
        }
        if self.connector(name).is_some() {
            self.writer
                .write(StatusKey::Connector(name.to_owned()), None, false);
        }
    }

    /// Deletes the status of a task.
    pub(crate) fn delete_task(&self, id: &ConnectorTaskId) {
        self.writer.write(StatusKey::Task(id.clone()), None, false);
    }

    fn status(&self, connector: &str, state: State, trace: Option<String>) -> Status {
        // What has been taken down has no version any more.
        let version = match state {
            State::Unassigned | State::Restarting => None,
            _ => (self.version_of)(connector),
        };
        Status {
            state,
            trace,
            worker_id: self.worker_id.clone(),
            generation: self.writer.generation.load(Ordering::Relaxed),
            version,
        }
    }

    fn send_logged(&self, record: LogRecord) {
        let failed = |problem: connect_api::Error| {
            error!(
                problem = problem.trace(),
                "cannot write to the status topic"
            );
        };
        self.writer.log.send(record, Box::new(failed));
    }
}

/// The end of a run is told safely: another run may be on its way elsewhere
/// (`AbstractHerder.onShutdown`, `onFailure`).
fn is_told_safely(state: State) -> bool {
    matches!(state, State::Unassigned | State::Failed)
}

impl StatusListener for StatusStore {
    fn connector_state(&self, connector: &str, state: State, trace: Option<String>) {
        let status = self.status(connector, state, trace);
        let key = StatusKey::Connector(connector.to_owned());
        self.writer.write(key, Some(status), is_told_safely(state));
    }

    fn task_state(&self, id: &ConnectorTaskId, state: State, trace: Option<String>) {
        let status = self.status(&id.connector, state, trace);
        let key = StatusKey::Task(id.clone());
        self.writer.write(key, Some(status), is_told_safely(state));
    }

    fn topic_used(&self, connector: &str, task: usize, topic: &str) {
        if !self.topic_tracking || self.writer.reader.state().uses(connector, topic) {
            return;
        }
        let key = StatusKey::Topic {
            topic: topic.to_owned(),
            connector: connector.to_owned(),
        };
        let used = TopicUse {
            name: topic.to_owned(),
            connector: connector.to_owned(),
            task,
            discover_timestamp: now(),
        };
        self.send_logged(key.record(&TopicUseValue { topic: used }));
    }
}

/// Milliseconds since the epoch.
fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
