//! Tells the status listener of one connector or task, until it is abandoned.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use connect_api::Error;

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

/// Reports the states of one connector.
#[derive(Clone)]
pub(crate) struct ConnectorReporter {
    pub(crate) connector: String,
    pub(crate) listener: Arc<dyn StatusListener>,
    pub(crate) fence: Fence,
}

impl ConnectorReporter {
    pub(crate) fn state(&self, state: State) {
        if !self.fence.is_abandoned() {
            self.listener.connector_state(&self.connector, state, None);
        }
    }

    pub(crate) fn failed(&self, error: &Error) {
        if !self.fence.is_abandoned() {
            self.listener
                .connector_state(&self.connector, State::Failed, Some(error.trace()));
        }
    }
}

/// Reports the states of one task.
#[derive(Clone)]
pub(crate) struct TaskReporter {
    pub(crate) id: ConnectorTaskId,
    pub(crate) listener: Arc<dyn StatusListener>,
    pub(crate) fence: Fence,
}

impl TaskReporter {
    pub(crate) fn state(&self, state: State) {
        if !self.fence.is_abandoned() {
            self.listener.task_state(&self.id, state, None);
        }
    }

    pub(crate) fn failed(&self, error: &Error) {
        if !self.fence.is_abandoned() {
            self.listener
                .task_state(&self.id, State::Failed, Some(error.trace()));
        }
    }

    pub(crate) fn topic_used(&self, topic: &str) {
        if !self.fence.is_abandoned() {
            self.listener
                .topic_used(&self.id.connector, self.id.task, topic);
        }
    }
}
