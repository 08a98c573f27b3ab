//! Tells the status listener of one connector or task, until it is abandoned.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connect_api::Error;
use tokio::sync::watch;

use super::failure::RunFailure;
use crate::{ConnectorTaskId, State, StatusListener};

/// Set once a connector or task was abandoned: from then on it must neither
/// report nor store anything, for another run of it may have started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fence(Arc<AtomicBool>);

impl Fence {
    pub(crate) fn abandon(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The failures of one run of a connector or task: none until it fails.
pub type Failures = watch::Receiver<Option<RunFailure>>;

/// Reports the states of one connector.
#[derive(Clone)]
pub(crate) struct ConnectorReporter {
    pub(crate) connector: String,
    pub(crate) fence: Fence,
    listener: Arc<dyn StatusListener>,
    failure: Arc<watch::Sender<Option<RunFailure>>>,
}

impl ConnectorReporter {
    pub(crate) fn new(connector: &str, listener: Arc<dyn StatusListener>) -> Self {
        Self {
            connector: connector.to_owned(),
            fence: Fence::default(),
            listener,
            failure: Arc::new(watch::Sender::new(None)),
        }
    }

    pub(crate) fn failures(&self) -> Failures {
        subscribe(&self.failure)
    }

    pub(crate) fn state(&self, state: State) {
        if !self.fence.is_abandoned() {
            self.listener.connector_state(&self.connector, state, None);
        }
    }

    pub(crate) fn failed(&self, error: &Error) {
        if !self.fence.is_abandoned() {
            self.listener
                .connector_state(&self.connector, State::Failed, Some(error.trace()));
            self.failure.send_replace(Some(RunFailure::from(error)));
        }
    }
}

/// What was told last of a task.
#[derive(Default)]
struct Told {
    /// None before the first.
    state: Option<State>,
    has_note: bool,
}

/// Reports the states of one task.
#[derive(Clone)]
pub(crate) struct TaskReporter {
    pub(crate) id: ConnectorTaskId,
    pub(crate) fence: Fence,
    listener: Arc<dyn StatusListener>,
    /// Held while something is told: notes come from another thread than
    /// states do, and must not overtake them.
    told: Arc<Mutex<Told>>,
    failure: Arc<watch::Sender<Option<RunFailure>>>,
}

impl TaskReporter {
    pub(crate) fn new(id: ConnectorTaskId, listener: Arc<dyn StatusListener>) -> Self {
        Self {
            id,
            fence: Fence::default(),
            listener,
            told: Arc::default(),
            failure: Arc::new(watch::Sender::new(None)),
        }
    }

    pub(crate) fn failures(&self) -> Failures {
        subscribe(&self.failure)
    }

    pub(crate) fn state(&self, state: State) {
        self.tell(state, None);
    }

    pub(crate) fn failed(&self, error: &Error) {
        self.tell(State::Failed, Some(error.trace()));
        if !self.fence.is_abandoned() {
            self.failure.send_replace(Some(RunFailure::from(error)));
        }
    }

    fn tell(&self, state: State, trace: Option<String>) {
        let mut told = self.told();
        if self.fence.is_abandoned() {
            return;
        }
        *told = Told {
            state: Some(state),
            has_note: false,
        };
        self.listener.task_state(&self.id, state, trace);
    }

    /// Says something about the task in the state that it is in; nothing beside
    /// the trace of a failure.
    pub(crate) fn note(&self, note: &str) {
        let mut told = self.told();
        if self.fence.is_abandoned() || told.state == Some(State::Failed) {
            return;
        }
        told.has_note = true;
        // One that is still starting was not told of yet.
        let state = told.state.unwrap_or(State::Unassigned);
        self.listener
            .task_state(&self.id, state, Some(note.to_owned()));
    }

    /// Takes the note back.
    pub(crate) fn clear_note(&self) {
        let mut told = self.told();
        if self.fence.is_abandoned() || !told.has_note {
            return;
        }
        told.has_note = false;
        let state = told.state.unwrap_or(State::Unassigned);
        self.listener.task_state(&self.id, state, None);
    }

    pub(crate) fn topic_used(&self, topic: &str) {
        if !self.fence.is_abandoned() {
            self.listener
                .topic_used(&self.id.connector, self.id.task, topic);
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A failure that was there before is new to whoever begins to look.
fn subscribe(failure: &watch::Sender<Option<RunFailure>>) -> Failures {
    let mut failures = failure.subscribe();
    if failures.borrow().is_some() {
        failures.mark_changed();
    }
    failures
}
