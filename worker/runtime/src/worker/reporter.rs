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

/// Who is reported of.
pub(crate) trait Subject {
    fn tell(&self, listener: &dyn StatusListener, state: State, trace: Option<String>);
}

/// A connector's name.
impl Subject for String {
    fn tell(&self, listener: &dyn StatusListener, state: State, trace: Option<String>) {
        listener.connector_state(self, state, trace);
    }
}

impl Subject for ConnectorTaskId {
    fn tell(&self, listener: &dyn StatusListener, state: State, trace: Option<String>) {
        listener.task_state(self, state, trace);
    }
}

/// Reports the states of one run of a connector.
pub(crate) type ConnectorReporter = Reporter<String>;
/// Reports the states of one run of a task.
pub(crate) type TaskReporter = Reporter<ConnectorTaskId>;

/// Reports the states of one run.
#[derive(Clone)]
pub(crate) struct Reporter<S> {
    pub(crate) id: S,
    pub(crate) fence: Fence,
    listener: Arc<dyn StatusListener>,
    /// Held while something is told: notes come from another thread than
    /// states do, and must not overtake them.
    told: Arc<Mutex<Told>>,
    failure: Arc<watch::Sender<Option<RunFailure>>>,
}

/// What was told last.
#[derive(Default)]
struct Told {
    /// None before the first.
    state: Option<State>,
    has_note: bool,
}

impl<S: Subject> Reporter<S> {
    pub(crate) fn new(id: S, listener: Arc<dyn StatusListener>) -> Self {
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
        self.id.tell(&*self.listener, state, trace);
    }

    /// Says something beside the present state; nothing beside the trace of a
    /// failure.
    pub(crate) fn note(&self, note: &str) {
        let mut told = self.told();
        if self.fence.is_abandoned() || told.state == Some(State::Failed) {
            return;
        }
        told.has_note = true;
        // What is still starting was not told of yet.
        let state = told.state.unwrap_or(State::Unassigned);
        self.id.tell(&*self.listener, state, Some(note.to_owned()));
    }

    /// Takes the note back.
    pub(crate) fn clear_note(&self) {
        let mut told = self.told();
        if self.fence.is_abandoned() || !told.has_note {
            return;
        }
        told.has_note = false;
        let state = told.state.unwrap_or(State::Unassigned);
        self.id.tell(&*self.listener, state, None);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TaskReporter {
    pub(crate) fn topic_used(&self, topic: &str) {
        if !self.fence.is_abandoned() {
            self.listener
                .topic_used(&self.id.connector, self.id.task, topic);
        }
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
