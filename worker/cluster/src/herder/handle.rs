//! The handle that everybody outside holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use connect_api::config::{ConfigInfos, ConfigKeyInfo};
use connect_api::record::OffsetMap;
use connect_api::registry::Plugins;
use connect_api::{Error, ErrorKind, Props, Result};
use connect_runtime::{ConnectorTaskId, TargetState};
use indexmap::IndexMap;
use tokio::sync::oneshot;

use super::request::{Command, Request};
use super::shared::{Shared, stopping};
use crate::info::{
    ConnectorInfo, ConnectorLag, ConnectorOffsets, ConnectorStateInfo, Created, Health,
    LoggerLevel, LoggerScope, TaskInfo, TaskState,
};

/// The process's loggers, as `/admin/loggers` sees them.
pub trait LogControl: Send + Sync {
    /// All loggers that are known, with their levels.
    fn loggers(&self) -> BTreeMap<String, LoggerLevel>;

    /// The level of one logger.
    fn logger(&self, name: &str) -> Option<LoggerLevel>;

    /// Sets the level (`TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL`,
    /// `OFF`, in any case) of a logger and those below it; the names of those
    /// whose level it changed. An unknown level is refused as not found.
    fn set_level(&self, name: &str, level: &str) -> Result<Vec<String>>;
}

/// The cluster seen from this worker: cheap to clone, the same for a
/// distributed and a standalone worker.
///
/// What only reads answers from the stores as this worker has them, also when
/// Kafka is gone. What changes something waits until it is stored. No plugin is
/// waited for except where a method says so.
///
/// Until the stores have been read all methods but [`health`](Self::health)
/// fail with [`ErrorKind::Stopped`].
#[derive(Clone)]
pub struct Herder {
    pub(super) shared: Arc<Shared>,
}

impl std::fmt::Debug for Herder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Herder")
            .field("worker_id", &self.worker_id())
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

impl Herder {
    /// The names of all connectors, sorted.
    pub async fn connectors(&self) -> Result<Vec<String>> {
        Ok(self
            .shared
            .state()?
            .connectors()
            .map(str::to_owned)
            .collect())
    }

    /// A connector's configuration and tasks.
    pub async fn connector_info(&self, name: &str) -> Result<ConnectorInfo> {
        self.shared.connector_info(name)
    }

    /// A connector's configuration as it is stored: placeholders of config
    /// providers unresolved.
    pub async fn connector_config(&self, name: &str) -> Result<Props> {
        Ok(self.shared.connector_info(name)?.config)
    }

    /// Validates and stores a connector's configuration, new or (if
    /// `allow_replace`) instead of the present one; `target` only for a new one.
    ///
    /// [`ErrorKind::AlreadyExists`] where it may not replace,
    /// [`ErrorKind::Config`] where the configuration is wrong. Waits for the
    /// plugin's validation.
    pub async fn put_connector(
        &self,
        name: &str,
        config: Props,
        target: Option<TargetState>,
        allow_replace: bool,
    ) -> Result<Created<ConnectorInfo>> {
        let (shared, name) = (Arc::clone(&self.shared), name.to_owned());
        self.write(async move {
            shared
                .put_connector(&name, config, target, allow_replace)
                .await
        })
        .await
    }

    /// Changes a connector's configuration key by key; none takes a key away.
    pub async fn patch_connector(
        &self,
        name: &str,
        patch: IndexMap<String, Option<String>>,
    ) -> Result<Created<ConnectorInfo>> {
        let (shared, name) = (Arc::clone(&self.shared), name.to_owned());
        self.write(async move { shared.patch_connector(&name, patch).await })
            .await
    }

    /// Takes a connector away, with its tasks. Its offsets stay.
    pub async fn delete_connector(&self, name: &str) -> Result<()> {
        let (shared, name) = (Arc::clone(&self.shared), name.to_owned());
        self.write(async move { shared.delete_connector(&name).await })
            .await
    }

    /// The states of a connector and its tasks.
    pub async fn connector_status(&self, name: &str) -> Result<ConnectorStateInfo> {
        self.shared.connector_status(name)
    }

    /// The state of a task.
    pub async fn task_status(&self, id: &ConnectorTaskId) -> Result<TaskState> {
        self.shared.task_status(id)
    }

    /// A connector's tasks with their configurations.
    pub async fn task_infos(&self, name: &str) -> Result<Vec<TaskInfo>> {
        self.shared.task_infos(name)
    }

    /// Restarts a connector: alone, with its tasks, or of these the failed ones.
    /// The states that it goes through, unless both flags are false.
    pub async fn restart_connector(
        &self,
        name: &str,
        include_tasks: bool,
        only_failed: bool,
    ) -> Result<Option<ConnectorStateInfo>> {
        if !include_tasks && !only_failed {
            self.shared.check_connector_known(name)?;
            self.command(name, |reply| Command::RestartConnector { reply })
                .await?;
            return Ok(None);
        }
        let (shared, name) = (Arc::clone(&self.shared), name.to_owned());
        self.write(async move {
            shared
                .request_restart(&name, include_tasks, only_failed)
                .await
        })
        .await
        .map(Some)
    }

    /// Restarts one task.
    pub async fn restart_task(&self, id: &ConnectorTaskId) -> Result<()> {
        self.shared.check_task_known(id)?;
        let task = id.task;
        self.command(&id.connector, |reply| Command::RestartTask { task, reply })
            .await
    }

    /// Pauses a connector and its tasks.
    pub async fn pause(&self, name: &str) -> Result<()> {
        self.set_target(name, TargetState::Paused).await
    }

    /// Resumes a paused or stopped connector.
    pub async fn resume(&self, name: &str) -> Result<()> {
        self.set_target(name, TargetState::Started).await
    }

    /// Stops a connector: its tasks go, its configuration and offsets stay.
    pub async fn stop(&self, name: &str) -> Result<()> {
        self.set_target(name, TargetState::Stopped).await
    }

    /// The topics that a connector used since they were reset last; empty for
    /// an unknown one, as in Connect. [`ErrorKind::Unsupported`] where
    /// `topic.tracking.enable` is off.
    pub async fn connector_topics(&self, name: &str) -> Result<Vec<String>> {
        self.shared.connector_topics(name)
    }

    /// Forgets the topics that a connector used. [`ErrorKind::Unsupported`]
    /// where `topic.tracking.enable` or `topic.tracking.allow.reset` is off.
    pub async fn reset_topics(&self, name: &str) -> Result<()> {
        self.shared.reset_topics(name)
    }

    /// A connector's stored offsets.
    pub async fn offsets(&self, name: &str) -> Result<ConnectorOffsets> {
        self.shared.connector_offsets(name).await
    }

    /// How far a sink is behind, partition by partition.
    pub async fn lag(&self, name: &str) -> Result<ConnectorLag> {
        self.shared.connector_lag(name).await
    }

    /// Stores offsets of a stopped connector; none takes a partition's away.
    /// What to tell the user. Waits for the plugin's check.
    pub async fn alter_offsets(
        &self,
        name: &str,
        offsets: Vec<(OffsetMap, Option<OffsetMap>)>,
    ) -> Result<String> {
        if offsets.is_empty() {
            return Err(Error::config(
                "Partitions / offsets need to be provided for an alter offsets request",
            ));
        }
        self.change_offsets(name, Some(offsets)).await
    }

    /// Takes away all offsets of a stopped connector. What to tell the user.
    pub async fn reset_offsets(&self, name: &str) -> Result<String> {
        self.change_offsets(name, None).await
    }

    /// Validates a connector's configuration, with the outside. Waits for the
    /// plugin.
    pub async fn validate(&self, props: &Props) -> Result<ConfigInfos> {
        self.shared.validate(props).await
    }

    /// The keys of a plugin of any type, by class or alias; for a connector
    /// those of all connectors too. [`ErrorKind::NotFound`] if there is none.
    pub fn plugin_config(&self, plugin: &str) -> Result<Vec<ConfigKeyInfo>> {
        self.shared.worker.plugin_config(plugin)
    }

    /// The plugins that are built in.
    pub fn plugins(&self) -> &Plugins {
        self.shared.worker.plugins()
    }

    /// The id of the Kafka cluster; none before it has answered.
    pub fn cluster_id(&self) -> Option<String> {
        self.shared.cluster_id()
    }

    /// This worker's name in statuses: `host:port` of its REST server.
    pub fn worker_id(&self) -> &str {
        &self.shared.settings.worker_id
    }

    /// How this worker and its group are.
    pub fn health(&self) -> Health {
        self.shared.health()
    }

    /// True if requests can be served: the stores have been read.
    pub fn is_ready(&self) -> bool {
        self.shared.ready().is_ok()
    }

    /// All loggers of this worker.
    pub async fn loggers(&self) -> Result<BTreeMap<String, LoggerLevel>> {
        Ok(self.shared.logs.loggers())
    }

    /// One logger of this worker; [`ErrorKind::NotFound`] if there is none.
    pub async fn logger(&self, name: &str) -> Result<LoggerLevel> {
        self.shared
            .logs
            .logger(name)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("Logger {name} not found.")))
    }

    /// Sets a logger's level; the names that changed where `scope` is this
    /// worker, nothing where it is the cluster.
    pub async fn set_logger(
        &self,
        name: &str,
        level: &str,
        scope: LoggerScope,
    ) -> Result<Option<Vec<String>>> {
        self.shared.set_logger(name, level, scope).await
    }

    /// Waits until requests can be served. An error says why that will never be.
    pub async fn started(&self) -> Result<()> {
        self.shared.started().await
    }

    /// Stops everything that runs here, then the stores. Returns when it is done.
    pub async fn shut_down(&self) {
        let (reply, done) = oneshot::channel();
        if self.shared.send(Request::ShutDown { reply }).is_ok() {
            // An error means that the loop has ended already, which is as good.
            done.await.unwrap_or_default();
        }
    }

    async fn set_target(&self, name: &str, target: TargetState) -> Result<()> {
        let (shared, name) = (Arc::clone(&self.shared), name.to_owned());
        self.write(async move { shared.set_target(&name, target).await })
            .await
    }

    async fn change_offsets(
        &self,
        name: &str,
        offsets: Option<Vec<(OffsetMap, Option<OffsetMap>)>>,
    ) -> Result<String> {
        self.shared.check_connector_there(name)?;
        self.command(name, |reply| Command::ChangeOffsets { offsets, reply })
            .await
    }

    /// Runs a write to its end also where the caller goes away midway: what
    /// belongs together must not be stored in half.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.shared.ready()?;
        self.shared
            .runtime
            .spawn(work)
            .await
            .unwrap_or_else(|_| Err(stopping()))
    }

    /// Queues work on one connector's plugins and waits for its answer.
    async fn command<T>(
        &self,
        name: &str,
        make: impl FnOnce(oneshot::Sender<Result<T>>) -> Command,
    ) -> Result<T> {
        self.shared.ready()?;
        let (reply, answer) = oneshot::channel();
        self.shared.send(Request::Command {
            connector: name.to_owned(),
            command: make(reply),
        })?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }
}
