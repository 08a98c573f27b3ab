//! Starting and stopping a connector's tasks, and planning them anew.

use std::sync::Arc;
use std::time::Duration;

use connect_api::{ErrorKind, Props, Result};
use connect_runtime::{ConnectorTaskId, State, StatusListener, TargetState};
use tokio::time::Instant;
use tracing::{debug, error, info};

use super::recovery::{Part, policy};
use super::runner::Runner;
use super::shared::not_found;
use crate::membership::GroupView;
use crate::providers;
use crate::store::config::ConnectorEntry;

/// `DistributedHerder.RECONFIGURE_CONNECTOR_TASKS_BACKOFF_INITIAL_MS` and `…_MAX_MS`.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(60);

/// A task as it was started, failed or not: the configurations that it got.
pub(super) struct RunningTask {
    generation: u64,
    connector: Props,
    task: Props,
}

/// A failed attempt to plan the tasks, and when the next is due.
pub(super) struct Retry {
    pub(super) at: Instant,
    backoff: Duration,
}

impl Runner {
    /// Stops the tasks that should not run here or have other configurations
    /// now, and starts those that are missing.
    pub(super) async fn sync_tasks(&mut self, entry: &ConnectorEntry, view: &GroupView) {
        let id = |task: usize| ConnectorTaskId::new(self.name.as_str(), task);
        let wanted: Vec<usize> = entry
            .tasks()
            .map(|(task, _)| task)
            .filter(|task| view.has_task(&id(*task)))
            .collect();
        let mut stopping = Vec::new();
        for (task, running) in &mut self.tasks {
            if !wanted.contains(task) {
                stopping.push(*task);
            } else if running.generation != entry.generation {
                let (now, generation) = (self.shared.resolved(entry, *task), entry.generation);
                match now {
                    Ok((connector, task))
                        if connector == running.connector && task == running.task =>
                    {
                        running.generation = generation;
                    }
                    _ => stopping.push(*task),
                }
            }
        }
        self.stop_tasks(&stopping).await;
        if self.shared.is_leader() {
            self.delete_statuses_without_task(entry);
        }
        for task in wanted {
            if !self.tasks.contains_key(&task) {
                // A failure is the task's status, and nobody else's.
                drop(self.start_task(task).await);
            }
        }
    }

    fn delete_statuses_without_task(&self, entry: &ConnectorEntry) {
        for (task, _) in self.shared.statuses.tasks(&self.name) {
            if entry.task(task).is_none() {
                let id = ConnectorTaskId::new(self.name.as_str(), task);
                self.shared.statuses.delete_task(&id);
            }
        }
    }

    pub(super) async fn start_task(&mut self, task: usize) -> Result<()> {
        self.start_task_after(task, 0).await
    }

    /// The same, after so many restarts by itself.
    pub(super) async fn start_task_after(&mut self, task: usize, restarts: u32) -> Result<()> {
        let id = ConnectorTaskId::new(self.name.as_str(), task);
        let state = self.shared.configs.snapshot();
        let entry = state
            .connector(&self.name)
            .ok_or_else(|| not_found(&self.name))?;
        info!(connector = self.name, task, "starting the task");
        let resolved = self.shared.resolved(entry, task);
        let (connector_props, task_props) = resolved.as_ref().cloned().unwrap_or_default();
        let applied = entry.applied.as_ref().unwrap_or(&entry.config);
        let policy = match &resolved {
            Ok((connector, _)) => policy(connector),
            Err(_) => policy(applied),
        };
        let running = RunningTask {
            generation: entry.generation,
            connector: connector_props.clone(),
            task: task_props.clone(),
        };
        self.tasks.insert(task, running);
        let started = match resolved {
            Ok(_) => {
                let target = state.target(&self.name);
                let worker = &self.shared.worker;
                worker
                    .start_task(id, connector_props, task_props, target)
                    .await
            }
            Err(problem) => {
                let statuses = &self.shared.statuses;
                statuses.task_state(&id, State::Failed, Some(problem.trace()));
                Err(problem)
            }
        };
        self.watch_run(Part::Task(task), restarts, policy, started.as_ref().err());
        started
    }

    pub(super) async fn stop_tasks(&mut self, tasks: &[usize]) {
        if tasks.is_empty() {
            return;
        }
        info!(connector = self.name, ?tasks, "stopping tasks");
        let ids = tasks
            .iter()
            .map(|task| ConnectorTaskId::new(self.name.as_str(), *task))
            .collect();
        if self.shared.view().is_some_and(|view| view.is_member()) {
            self.shared.worker.stop_tasks(ids).await;
        } else {
            // They are others' by now.
            self.shared.worker.abandon_tasks(ids).await;
        }
        for task in tasks {
            self.tasks.remove(task);
            self.recovery.forget(Part::Task(*task));
        }
    }

    /// Asks the connector for its tasks' configurations, stores them where they
    /// changed, and has the tasks run by them.
    pub(super) async fn reconfigure(&mut self) {
        let before = self.retry.take();
        let Err(problem) = self.try_reconfigure().await else {
            return;
        };
        // More tasks than allowed, or a wrong configuration: asking again
        // changes nothing.
        if problem.kind() == ErrorKind::Config {
            error!(
                connector = self.name,
                problem = problem.trace(),
                "cannot configure the connector's tasks"
            );
            return;
        }
        let backoff = before.map_or(FIRST_RETRY, |retry| (retry.backoff * 2).min(LAST_RETRY));
        error!(
            connector = self.name,
            problem = problem.trace(),
            "cannot configure the connector's tasks, trying again in {} ms",
            backoff.as_millis()
        );
        self.retry = Some(Retry {
            at: Instant::now() + backoff,
            backoff,
        });
    }

    async fn try_reconfigure(&mut self) -> Result<()> {
        let state = self.shared.configs.snapshot();
        let (Some(entry), Some(running)) = (state.connector(&self.name), &self.connector) else {
            return Ok(());
        };
        if state.target(&self.name) != TargetState::Started
            || !self.shared.worker.is_running(&self.name)
        {
            debug!(
                connector = self.name,
                "the connector is not running: no tasks are planned"
            );
            return Ok(());
        }
        let planned = self.shared.worker.task_props(&self.name).await?;
        let planned = unresolve(&entry.config, planned);
        let runs_by_other_secrets = self
            .tasks
            .values()
            .any(|task| task.connector != running.resolved);
        if !runs_by_other_secrets && !has_changed(entry, &planned) {
            debug!(
                connector = self.name,
                "the tasks' configurations are unchanged"
            );
            return Ok(());
        }
        info!(
            connector = self.name,
            tasks = planned.len(),
            "writing the tasks' configurations"
        );
        self.shared.write_tasks(&self.name, &planned).await?;
        let state = self.shared.configs.snapshot();
        if let (Some(entry), Some(view)) = (state.connector(&self.name), self.shared.view()) {
            self.sync_tasks(entry, &view).await;
        }
        Ok(())
    }
}

impl super::shared::Shared {
    /// What a task is started with: the connector's configuration that its own
    /// was made from, and its own, placeholders replaced.
    fn resolved(&self, entry: &ConnectorEntry, task: usize) -> Result<(Props, Props)> {
        let applied = entry.applied.as_ref().unwrap_or(&entry.config);
        let own = entry.task(task).map(Arc::clone).unwrap_or_default();
        Ok((
            self.providers.resolve(applied)?,
            self.providers.resolve(&own)?,
        ))
    }
}

/// Puts the connector's placeholders back where its tasks repeat its settings,
/// so that no secret is stored (`AbstractHerder.reverseTransform`).
fn unresolve(config: &Props, mut tasks: Vec<Props>) -> Vec<Props> {
    for (name, value) in config
        .iter()
        .filter(|(_, value)| providers::has_variable(value))
    {
        for task in &mut tasks {
            if let Some(repeated) = task.get_mut(name) {
                repeated.clone_from(value);
            }
        }
    }
    tasks
}

/// `AbstractHerder.taskConfigsChanged`: the order of names does not count.
pub(super) fn has_changed(entry: &ConnectorEntry, planned: &[Props]) -> bool {
    planned.len() != entry.task_count()
        || entry.applied.as_ref() != Some(&entry.config)
        || planned
            .iter()
            .enumerate()
            .any(|(task, config)| entry.task(task).map(Arc::as_ref) != Some(config))
}
