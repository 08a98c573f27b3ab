//! What this process runs: connectors and tasks by name.
//!
//! [`Worker`] is a handle that is cheap to clone. Plugin code runs on threads
//! of its own ([`plugin_thread`]), never on the caller's; the worker's locks
//! are held for look-ups only.

mod connector;
mod failure;
mod observe;
mod offsets;
pub(crate) mod plugin_thread;
pub(crate) mod reporter;
mod sink_offsets;
mod stuck;
mod task;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connect_api::config::{ConfigInfos, ConfigKeyInfo};
use connect_api::plugin::ConnectorEvents;
use connect_api::record::OffsetMap;
use connect_api::registry::{ConnectorPlugin, Plugins, TaskFactory};
use connect_api::{Error, ErrorKind, Props, Result};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use self::connector::{Command, ConnectorLoop, RunningConnector};
pub use self::failure::RunFailure;
use self::offsets::StoredOffsets;
pub use self::reporter::Failures;
use self::reporter::{ConnectorReporter, TaskReporter};
pub use self::sink_offsets::{PartitionLag, SinkLag};
use self::stuck::StuckWatch;
use self::task::RunningTask;
use crate::connector_config::{self, ConnectorSettings, RestartPolicy, TOPICS, TOPICS_REGEX};
use crate::metrics::TaskMetrics;
use crate::task::activity::Activity;
use crate::task::{TaskControl, TaskSpec};
use crate::{ConnectorTaskId, OffsetStore, State, StatusListener, TargetState, WorkerSettings};

/// How long validation may take, connections to the outside included. REST
/// gives a request 90 seconds.
const VALIDATION_DEADLINE: Duration = Duration::from_secs(60);

/// What this process runs. A handle: clones are the same worker.
#[derive(Clone)]
pub struct Worker {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Arc<WorkerSettings>,
    plugins: Arc<Plugins>,
    offsets: Arc<dyn OffsetStore>,
    statuses: Arc<dyn StatusListener>,
    runtime: Handle,
    connectors: Mutex<HashMap<String, RunningConnector>>,
    tasks: Mutex<HashMap<ConnectorTaskId, RunningTask>>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("connectors", &self.connectors())
            .field("tasks", &self.tasks())
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// A worker that runs nothing yet. `data_runtime` must be a multi-threaded
    /// runtime, and outlive the worker's [`stop`](Self::stop).
    pub fn new(
        settings: WorkerSettings,
        plugins: Arc<Plugins>,
        offsets: Arc<dyn OffsetStore>,
        statuses: Arc<dyn StatusListener>,
        data_runtime: Handle,
    ) -> Result<Self> {
        connector_config::check_worker_converters(&plugins, &settings)?;
        Ok(Self {
            inner: Arc::new(Inner {
                settings: Arc::new(settings),
                plugins,
                offsets,
                statuses,
                runtime: data_runtime,
                connectors: Mutex::default(),
                tasks: Mutex::default(),
            }),
        })
    }

    /// The plugins that are built in.
    pub fn plugins(&self) -> &Plugins {
        &self.inner.plugins
    }

    /// The worker's settings.
    pub fn settings(&self) -> &WorkerSettings {
        &self.inner.settings
    }

    /// Starts a connector and waits until it is in the state `target`. A
    /// failure is also told to the status listener.
    pub async fn start_connector(
        &self,
        name: &str,
        props: Props,
        target: TargetState,
        events: Arc<dyn ConnectorEvents>,
    ) -> Result<()> {
        let reporter = ConnectorReporter::new(name.to_owned(), self.inner.statuses.clone());
        let prepared = self.prepare_connector(name, props, events, reporter.clone());
        let commands = match prepared {
            Ok(commands) => commands,
            Err(error) => {
                // The one that runs under this name has not failed.
                if error.kind() != ErrorKind::AlreadyExists {
                    reporter.failed(&error);
                }
                return Err(error);
            }
        };
        let (reply, result) = oneshot::channel();
        drop(commands.send(Command::Transition(target, reply)));
        result.await.unwrap_or_else(|_ended| Err(stopped(name)))
    }

    fn prepare_connector(
        &self,
        name: &str,
        props: Props,
        events: Arc<dyn ConnectorEvents>,
        reporter: ConnectorReporter,
    ) -> Result<mpsc::UnboundedSender<Command>> {
        let inner = &self.inner;
        let span = tracing::info_span!("connector", connector = name);
        let plugin = *connector_config::connector_plugin(&inner.plugins, &props)?;
        RestartPolicy::parse(&props)?;
        span.in_scope(|| {
            for warning in connector_config::warnings(&inner.plugins, &plugin, &props) {
                tracing::warn!("{warning}");
            }
        });
        let mut connectors = lock(&inner.connectors);
        if connectors.contains_key(name) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("connector {name} runs on this worker already"),
            ));
        }
        let (commands, inbox) = mpsc::unbounded_channel();
        let (state, state_seen) = watch::channel(State::Unassigned);
        let (end, ended) = watch::channel(false);
        let (stop, abandon) = (CancellationToken::new(), CancellationToken::new());
        let activity = Activity::default();
        let connector = ConnectorLoop {
            plugin,
            props: props.clone(),
            events,
            offsets: Arc::new(StoredOffsets {
                connector: name.to_owned(),
                store: inner.offsets.clone(),
            }),
            reporter: reporter.clone(),
            activity: activity.clone(),
            state,
            stop: stop.clone(),
        };
        let (weak, abandoned) = (commands.downgrade(), abandon.clone());
        let life = async move {
            tokio::select! {
                () = abandoned.cancelled() => {}
                () = connector.run(weak, inbox) => {}
            }
            tracing::info!("the connector has stopped");
            end.send_replace(true);
        };
        plugin_thread::spawn(
            &inner.runtime,
            &format!("connector-{name}"),
            life.instrument(span),
        )?;
        let running = RunningConnector {
            commands: commands.clone(),
            stop,
            abandon,
            ended,
            state: state_seen,
            reporter,
            activity,
            stuck: StuckWatch::default(),
            plugin,
            props,
        };
        connectors.insert(name.to_owned(), running);
        Ok(commands)
    }

    /// Stops a connector: gracefully within
    /// `task.shutdown.graceful.timeout.ms`, else it is abandoned.
    pub async fn stop_connector(&self, name: &str) {
        let Some(mut connector) = lock(&self.inner.connectors).remove(name) else {
            return;
        };
        connector.stop.cancel();
        let grace = self.inner.settings.task_shutdown_graceful_timeout;
        let ended = connector.ended.wait_for(|ended| *ended);
        if tokio::time::timeout(grace, ended).await.is_err() {
            tracing::error!(
                connector = name,
                "the connector did not stop within {} ms and is abandoned",
                grace.as_millis()
            );
            connector.reporter.fence.abandon();
            connector.abandon.cancel();
        }
    }

    /// Asks a running connector for its tasks' configurations, and adds to each
    /// the task's class. More tasks than `tasks.max` fail the connector, unless
    /// `tasks.max.enforce` is false.
    pub async fn task_props(&self, name: &str) -> Result<Vec<Props>> {
        let (commands, plugin, props) = {
            let connectors = lock(&self.inner.connectors);
            let connector = connectors.get(name).ok_or_else(|| not_here(name))?;
            (
                connector.commands.clone(),
                connector.plugin,
                connector.props.clone(),
            )
        };
        let settings = ConnectorSettings::parse(&props)?;
        let (reply, result) = oneshot::channel();
        drop(commands.send(Command::TaskProps(settings.tasks_max, reply)));
        let mut tasks = result.await.unwrap_or_else(|_ended| Err(stopped(name)))?;
        if tasks.len() > settings.tasks_max {
            let error = too_many_tasks(name, tasks.len(), settings.tasks_max);
            if settings.tasks_max_enforce {
                let told = Error::new(error.kind(), error.message());
                drop(commands.send(Command::Fail(error)));
                return Err(told);
            }
            tracing::warn!(connector = name, "{}", error.message());
        }
        for task in &mut tasks {
            task.insert("task.class".to_owned(), plugin.task_class.to_owned());
            if let TaskFactory::Sink(_) = plugin.task {
                for key in [TOPICS.name(), TOPICS_REGEX.name()] {
                    if let Some(topics) = props.get(key) {
                        task.insert(key.to_owned(), topics.clone());
                    }
                }
            }
        }
        Ok(tasks)
    }

    /// Starts a task and returns once its pipeline is built; the plugin's own
    /// start goes on after that. A failure is also told to the status listener.
    pub async fn start_task(
        &self,
        id: ConnectorTaskId,
        connector_props: Props,
        task_props: Props,
        target: TargetState,
    ) -> Result<()> {
        let reporter = TaskReporter::new(id.clone(), self.inner.statuses.clone());
        let spec = TaskSpec {
            id,
            connector_props,
            task_props,
            worker: self.inner.settings.clone(),
            plugins: self.inner.plugins.clone(),
            store: self.inner.offsets.clone(),
            stored: Arc::new(StoredOffsets {
                connector: reporter.id.connector.clone(),
                store: self.inner.offsets.clone(),
            }),
            reporter: reporter.clone(),
            metrics: Arc::new(TaskMetrics::default()),
            runtime: self.inner.runtime.clone(),
        };
        match self.prepare_task(spec, target) {
            Ok(built) => built
                .await
                .unwrap_or_else(|_ended| Err(stopped(&reporter.id.to_string()))),
            Err(error) => {
                if error.kind() != ErrorKind::AlreadyExists {
                    reporter.failed(&error);
                }
                Err(error)
            }
        }
    }

    fn prepare_task(
        &self,
        spec: TaskSpec,
        target: TargetState,
    ) -> Result<oneshot::Receiver<Result<()>>> {
        let id = spec.id.clone();
        let mut tasks = lock(&self.inner.tasks);
        if tasks.contains_key(&id) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("task {id} runs on this worker already"),
            ));
        }
        let (target, target_seen) = watch::channel(target);
        let (end, ended) = watch::channel(false);
        let (stop, abandon) = (CancellationToken::new(), CancellationToken::new());
        let running = RunningTask {
            target,
            stop: stop.clone(),
            abandon: abandon.clone(),
            ended,
            reporter: spec.reporter.clone(),
            metrics: spec.metrics.clone(),
            stuck: StuckWatch::default(),
        };
        let control = TaskControl {
            target: target_seen,
            stop,
        };
        let (reply, built) = oneshot::channel();
        let life = async move {
            let is_abandoned = tokio::select! {
                () = abandon.cancelled() => true,
                () = task::life(spec, control, reply) => false,
            };
            // An abandoned one was said to have stopped when it was abandoned: its clients may take
            // long to end, and another run of it may have begun by now.
            if is_abandoned {
                tracing::debug!("the abandoned task has ended");
            } else {
                tracing::info!("the task has stopped");
            }
            end.send_replace(true);
        };
        let span = task::span(&id);
        plugin_thread::spawn(
            &self.inner.runtime,
            &format!("task-{id}"),
            life.instrument(span),
        )?;
        tasks.insert(id, running);
        Ok(built)
    }

    /// Stops tasks: all gracefully within `task.shutdown.graceful.timeout.ms`
    /// together; those that take longer are abandoned and store and report
    /// nothing any more. Unknown ids are ignored.
    pub async fn stop_tasks(&self, ids: Vec<ConnectorTaskId>) {
        let stopping = self.take_tasks(&ids);
        for task in &stopping {
            task.stop.cancel();
        }
        let grace = self.inner.settings.task_shutdown_graceful_timeout;
        let deadline = Instant::now() + grace;
        for mut task in stopping {
            let ended = task.ended.wait_for(|ended| *ended);
            if tokio::time::timeout_at(deadline, ended).await.is_err() {
                tracing::error!(
                    connector = task.reporter.id.connector,
                    task = task.reporter.id.task,
                    "the task did not stop within {} ms and is abandoned; records that it read \
                     since its last commit will be read again",
                    grace.as_millis()
                );
                task.abandon();
            }
        }
    }

    /// Stops tasks that are somebody else's by now: from this moment on they
    /// store and report nothing, and what waits for Kafka is not sent. Waits for
    /// them as long as for a graceful stop. Unknown ids are ignored.
    pub async fn abandon_tasks(&self, ids: Vec<ConnectorTaskId>) {
        let abandoned = self.take_tasks(&ids);
        for task in &abandoned {
            task.stop.cancel();
            task.abandon();
        }
        let deadline = Instant::now() + self.inner.settings.task_shutdown_graceful_timeout;
        for mut task in abandoned {
            let ended = task.ended.wait_for(|ended| *ended);
            if tokio::time::timeout_at(deadline, ended).await.is_err() {
                tracing::error!(
                    connector = task.reporter.id.connector,
                    task = task.reporter.id.task,
                    "the task is in a call that does not end; it stores and reports nothing any more"
                );
            }
        }
    }

    fn take_tasks(&self, ids: &[ConnectorTaskId]) -> Vec<RunningTask> {
        let mut tasks = lock(&self.inner.tasks);
        ids.iter().filter_map(|id| tasks.remove(id)).collect()
    }

    /// Brings a connector and its tasks on this worker to `target`, and waits
    /// for the connector. Unknown names are ignored.
    pub async fn set_target_state(&self, name: &str, target: TargetState) {
        for (id, task) in lock(&self.inner.tasks).iter() {
            if id.connector == name {
                task.target.send_replace(target);
            }
        }
        let commands = lock(&self.inner.connectors)
            .get(name)
            .map(|connector| connector.commands.clone());
        let Some(commands) = commands else { return };
        let (reply, result) = oneshot::channel();
        drop(commands.send(Command::Transition(target, reply)));
        if let Ok(Err(error)) = result.await {
            tracing::error!(connector = name, "becoming {target}: {}", error.trace());
        }
    }

    /// The connectors on this worker, failed ones included.
    pub fn connectors(&self) -> Vec<String> {
        lock(&self.inner.connectors).keys().cloned().collect()
    }

    /// The tasks on this worker, failed ones included.
    pub fn tasks(&self) -> Vec<ConnectorTaskId> {
        lock(&self.inner.tasks).keys().cloned().collect()
    }

    /// True if the connector is on this worker and started: neither paused nor
    /// failed.
    pub fn is_running(&self, name: &str) -> bool {
        lock(&self.inner.connectors)
            .get(name)
            .is_some_and(|connector| *connector.state.borrow() == State::Running)
    }

    /// What a task of this worker has counted so far.
    pub fn task_metrics(&self, id: &ConnectorTaskId) -> Option<Arc<TaskMetrics>> {
        lock(&self.inner.tasks)
            .get(id)
            .map(|task| task.metrics.clone())
    }

    /// Checks a connector's configuration as a whole: all errors at once. With
    /// `outside`, and if it is good otherwise, also against the systems that it
    /// names.
    ///
    /// An error only if it cannot be checked at all: no class, or an unknown one.
    pub async fn validate(&self, props: &Props, outside: bool) -> Result<ConfigInfos> {
        let (plugins, settings) = (self.inner.plugins.clone(), self.inner.settings.clone());
        let props = props.clone();
        let work = plugin_thread::run(&self.inner.runtime, "validation", async move {
            connector_config::validate(&plugins, &settings, &props, outside).await
        });
        tokio::time::timeout(VALIDATION_DEADLINE, work)
            .await
            .unwrap_or_else(|_late| {
                Err(Error::retriable(format!(
                    "validating the configuration took longer than {} s",
                    VALIDATION_DEADLINE.as_secs()
                )))
            })
    }

    /// The keys of a plugin of any type, as `/connector-plugins/{plugin}/config`
    /// lists them.
    pub fn plugin_config(&self, plugin: &str) -> Result<Vec<ConfigKeyInfo>> {
        connector_config::plugin_config(&self.inner.plugins, plugin)
    }

    /// Lets a connector's plugin check offsets that a user wants to store; an
    /// offset of none resets the partition.
    pub async fn check_offsets(
        &self,
        props: &Props,
        offsets: Vec<(OffsetMap, Option<OffsetMap>)>,
    ) -> Result<()> {
        let plugin: ConnectorPlugin =
            *connector_config::connector_plugin(&self.inner.plugins, props)?;
        plugin_thread::run(&self.inner.runtime, "offsets-check", async move {
            (plugin.create)().check_offsets(&offsets)
        })
        .await
    }

    /// Stops everything, tasks first.
    pub async fn stop(&self) {
        self.stop_tasks(self.tasks()).await;
        let stops = self.connectors().into_iter().map(|name| async move {
            self.stop_connector(&name).await;
        });
        futures_util::future::join_all(stops).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The maps are whole after every change, so a panic elsewhere harms nothing.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn not_here(name: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("connector {name} not found on this worker"),
    )
}

fn stopped(name: &str) -> Error {
    Error::new(ErrorKind::Stopped, format!("{name} was stopped meanwhile"))
}

/// `TooManyTasksException`.
fn too_many_tasks(name: &str, tasks: usize, max: usize) -> Error {
    Error::config(format!(
        "the connector {name} has generated {tasks} tasks, which is greater than {max}, the \
         maximum number of tasks it is configured to create; raise 'tasks.max', or set \
         'tasks.max.enforce' to false"
    ))
}
