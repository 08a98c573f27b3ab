//! What of the worker others watch: failures, and what is stuck.

use std::time::Duration;

use super::connector::RunningConnector;
use super::reporter::{ConnectorReporter, Failures, Reporter, Subject, TaskReporter};
use super::stuck::{Finding, period};
use super::task::{RunningTask, span};
use super::{Worker, lock};
use crate::ConnectorTaskId;

impl Worker {
    /// The failures of a connector that runs here, or did until it failed.
    pub fn connector_failures(&self, name: &str) -> Option<Failures> {
        lock(&self.inner.connectors)
            .get(name)
            .map(|connector| connector.reporter.failures())
    }

    /// The failure of a task that runs here, or did until it failed.
    pub fn task_failures(&self, id: &ConnectorTaskId) -> Option<Failures> {
        lock(&self.inner.tasks)
            .get(id)
            .map(|task| task.reporter.failures())
    }

    /// Watches for connectors and tasks that are stuck, for ever: to be spawned
    /// where plugins cannot hold it up.
    pub async fn watch_for_stuck(&self) {
        let Some(limit) = self.inner.settings.task_stuck_timeout else {
            return;
        };
        loop {
            tokio::time::sleep(period(limit)).await;
            let connectors: Vec<(ConnectorReporter, Finding)> = lock(&self.inner.connectors)
                .values_mut()
                .filter_map(|connector| connector.look(limit))
                .collect();
            for (reporter, finding) in connectors {
                let span = tracing::info_span!("connector", connector = %reporter.id);
                span.in_scope(|| tell(&reporter, &finding));
            }
            let tasks: Vec<(TaskReporter, Finding)> = lock(&self.inner.tasks)
                .values_mut()
                .filter_map(|task| task.look(limit))
                .collect();
            for (reporter, finding) in tasks {
                let id = &reporter.id;
                span(id).in_scope(|| tell(&reporter, &finding));
            }
        }
    }
}

impl RunningConnector {
    fn look(&mut self, limit: Duration) -> Option<(ConnectorReporter, Finding)> {
        let finding = self.stuck.look(&self.activity, limit)?;
        Some((self.reporter.clone(), finding))
    }
}

impl RunningTask {
    /// Looks whether the task is stuck, and counts it.
    fn look(&mut self, limit: Duration) -> Option<(TaskReporter, Finding)> {
        let finding = self.stuck.look(&self.metrics.activity, limit)?;
        let is_stuck = matches!(finding, Finding::Stuck(_));
        self.metrics.stuck.set(u64::from(is_stuck));
        Some((self.reporter.clone(), finding))
    }
}

/// Log and status tell of what is stuck, or no longer.
fn tell<S: Subject>(reporter: &Reporter<S>, finding: &Finding) {
    match finding {
        Finding::Stuck(text) => {
            tracing::warn!("{text}");
            reporter.note(text);
        }
        Finding::Returned(call) => {
            tracing::info!("the {} has returned", call.text());
            reporter.clear_note();
        }
    }
}
