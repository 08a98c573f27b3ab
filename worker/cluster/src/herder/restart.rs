//! Restarts of a connector and its tasks (KIP-745).

use connect_api::{Error, Result};
use connect_runtime::{ConnectorTaskId, State, StatusListener};
use tracing::{info, warn};

use super::runner::Runner;
use crate::info::ConnectorStateInfo;

/// What a restart request restarts (`RestartPlan`).
pub(super) struct RestartPlan {
    /// The states, RESTARTING where something restarts.
    pub(super) info: ConnectorStateInfo,
    connector: bool,
    tasks: Vec<usize>,
}

/// What is to be restarted of what is in these states.
pub(super) fn plan(
    mut info: ConnectorStateInfo,
    include_tasks: bool,
    only_failed: bool,
) -> RestartPlan {
    let restarts = |state: State| !only_failed || state == State::Failed;
    let connector = restarts(info.connector.state);
    if connector {
        info.connector.state = State::Restarting;
    }
    let mut tasks = Vec::new();
    for task in info.tasks.iter_mut().filter(|_| include_tasks) {
        if restarts(task.state) {
            task.state = State::Restarting;
            tasks.push(task.id);
        }
    }
    RestartPlan {
        info,
        connector,
        tasks,
    }
}

impl Runner {
    /// What a restart request of the config topic asks for, as far as it is ours.
    pub(super) async fn restart(&mut self, include_tasks: bool, only_failed: bool) {
        let Some(info) = self.shared.status_info(&self.name) else {
            info!(
                connector = self.name,
                "skipping the restart: there is no status"
            );
            return;
        };
        let plan = plan(info, include_tasks, only_failed);
        let restarts_connector = plan.connector && self.connector.is_some();
        let tasks: Vec<usize> = plan
            .tasks
            .into_iter()
            .filter(|task| self.tasks.contains_key(task))
            .collect();
        info!(
            connector = self.name,
            restarts_connector,
            ?tasks,
            "restarting as requested"
        );
        let statuses = self.shared.statuses.clone();
        if restarts_connector {
            self.stop_connector().await;
            statuses.connector_state(&self.name, State::Restarting, None);
        }
        self.stop_tasks(&tasks).await;
        for task in &tasks {
            let id = ConnectorTaskId::new(self.name.as_str(), *task);
            statuses.task_state(&id, State::Restarting, None);
        }
        // Brings back what is missing, the tasks first.
        self.sync().await;
    }

    /// Restarts the connector without its tasks; an error if it does not start.
    pub(super) async fn restart_connector(&mut self) -> Result<()> {
        self.shared.check_connector_known(&self.name)?;
        self.stop_connector().await;
        let started = self.start_connector().await;
        if started.is_ok() {
            self.reconfigure().await;
        }
        started
            .map_err(|error| error.while_doing(format!("Failed to start connector: {}", self.name)))
    }

    /// Restarts one task; an error if it cannot be made.
    pub(super) async fn restart_task(&mut self, task: usize) -> Result<()> {
        let id = ConnectorTaskId::new(self.name.as_str(), task);
        self.shared.check_task_known(&id)?;
        self.stop_tasks(&[task]).await;
        let started = self.start_task(task).await;
        started.map_err(|error| {
            warn!(%id, problem = error.trace(), "the task did not restart");
            Error::internal(format!("Failed to start task: {id}")).caused_by(error)
        })
    }
}
