//! What is answered from the stores.

use connect_api::config::ConfigInfos;
use connect_api::{Error, ErrorKind, Props, Result};
use connect_runtime::{ConnectorTaskId, OffsetStore};

use super::shared::{Shared, not_found};
use crate::info::{
    ConnectorInfo, ConnectorLag, ConnectorOffset, ConnectorOffsets, ConnectorState,
    ConnectorStateInfo, ConnectorType, LoggerScope, TaskIdInfo, TaskInfo, TaskState,
};
use crate::store::config::ConfigState;
use crate::store::status::Status;

impl Shared {
    pub(super) fn connector_info(&self, name: &str) -> Result<ConnectorInfo> {
        let state = self.state()?;
        let entry = state.connector(name).ok_or_else(|| not_found(name))?;
        Ok(self.info(name, Props::clone(&entry.config), &state))
    }

    pub(super) fn info(&self, name: &str, config: Props, state: &ConfigState) -> ConnectorInfo {
        ConnectorInfo {
            name: name.to_owned(),
            kind: self.connector_type(&config),
            tasks: state.task_ids(name).iter().map(TaskIdInfo::from).collect(),
            config,
        }
    }

    pub(super) fn connector_status(&self, name: &str) -> Result<ConnectorStateInfo> {
        self.ready()?;
        self.status_info(name).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("No status found for connector {name}"),
            )
        })
    }

    /// The states as they are stored; none where the connector has none.
    pub(super) fn status_info(&self, name: &str) -> Option<ConnectorStateInfo> {
        let connector = self.statuses.connector(name)?;
        let tasks = self.statuses.tasks(name);
        let state = self.configs.snapshot();
        let config = state.connector(name).map(|entry| &entry.config);
        Some(ConnectorStateInfo {
            name: name.to_owned(),
            connector: ConnectorState {
                state: connector.state,
                worker_id: connector.worker_id,
                version: connector.version,
                trace: connector.trace,
            },
            tasks: tasks
                .into_iter()
                .map(|(task, status)| task_state(task, status))
                .collect(),
            kind: self.connector_type(config.map_or(&Props::new(), |config| config)),
        })
    }

    pub(super) fn task_status(&self, id: &ConnectorTaskId) -> Result<TaskState> {
        self.ready()?;
        let status = self.statuses.task(id).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("No status found for task {id}"),
            )
        })?;
        Ok(task_state(id.task, status))
    }

    pub(super) fn task_infos(&self, name: &str) -> Result<Vec<TaskInfo>> {
        let state = self.state()?;
        let entry = state.connector(name).ok_or_else(|| not_found(name))?;
        let infos = entry.tasks().map(|(task, config)| TaskInfo {
            id: TaskIdInfo {
                connector: name.to_owned(),
                task,
            },
            config: Props::clone(config),
        });
        Ok(infos.collect())
    }

    pub(super) fn connector_topics(&self, name: &str) -> Result<Vec<String>> {
        self.ready()?;
        if !self.settings.topic_tracking {
            return Err(forbidden("Topic tracking is disabled."));
        }
        Ok(self.statuses.topics(name))
    }

    pub(super) fn reset_topics(&self, name: &str) -> Result<()> {
        self.ready()?;
        if !self.settings.topic_tracking {
            return Err(forbidden("Topic tracking is disabled."));
        }
        if !self.settings.topic_tracking_reset {
            return Err(forbidden("Topic tracking reset is disabled."));
        }
        self.statuses.reset_topics(name);
        Ok(())
    }

    pub(super) async fn connector_offsets(&self, name: &str) -> Result<ConnectorOffsets> {
        let state = self.state()?;
        let entry = state.connector(name).ok_or_else(|| not_found(name))?;
        let offsets = match self.connector_type(&entry.config) {
            ConnectorType::Sink => {
                let resolved = self.providers.resolve(&entry.config)?;
                self.worker.sink_offsets(&resolved).await?
            }
            _ => self.offsets.all(name).await?,
        };
        Ok(ConnectorOffsets {
            offsets: offsets
                .into_iter()
                .map(|(partition, offset)| ConnectorOffset { partition, offset })
                .collect(),
        })
    }

    pub(super) async fn connector_lag(&self, name: &str) -> Result<ConnectorLag> {
        let state = self.state()?;
        let entry = state.connector(name).ok_or_else(|| not_found(name))?;
        if self.connector_type(&entry.config) != ConnectorType::Sink {
            return Err(Error::config(format!(
                "Connector {name} is not a sink: only sinks have a consumer group that can lag"
            )));
        }
        let resolved = self.providers.resolve(&entry.config)?;
        let lag = self.worker.sink_lag(&resolved).await?;
        Ok(ConnectorLag::new(name, lag))
    }

    pub(super) async fn validate(&self, props: &Props) -> Result<ConfigInfos> {
        let resolved = self.providers.resolve(props)?;
        self.worker.validate(&resolved, true).await
    }

    /// An error if there is no such connector, as most requests word it.
    pub(super) fn check_connector_there(&self, name: &str) -> Result<()> {
        match self.state()?.connector(name) {
            Some(_) => Ok(()),
            None => Err(not_found(name)),
        }
    }

    /// An error if there is no such connector, as restarts word it.
    pub(super) fn check_connector_known(&self, name: &str) -> Result<()> {
        match self.state()?.connector(name) {
            Some(_) => Ok(()),
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!("Unknown connector: {name}"),
            )),
        }
    }

    /// An error if there is no such task, as restarts word it.
    pub(super) fn check_task_known(&self, id: &ConnectorTaskId) -> Result<()> {
        self.check_connector_known(&id.connector)?;
        let state = self.state()?;
        match state
            .connector(&id.connector)
            .and_then(|entry| entry.task(id.task))
        {
            Some(_) => Ok(()),
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!("Unknown task: {id}"),
            )),
        }
    }

    pub(super) async fn set_logger(
        &self,
        name: &str,
        level: &str,
        scope: LoggerScope,
    ) -> Result<Option<Vec<String>>> {
        match scope {
            LoggerScope::Worker => self.logs.set_level(name, level).map(Some),
            LoggerScope::Cluster => {
                self.ready()?;
                self.joined().await;
                self.configs.put_logger(name, level).await?;
                Ok(None)
            }
        }
    }
}

fn task_state(task: usize, status: Status) -> TaskState {
    TaskState {
        id: task,
        state: status.state,
        worker_id: status.worker_id,
        version: status.version,
        trace: status.trace,
    }
}

fn forbidden(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}
