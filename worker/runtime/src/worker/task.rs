//! A task that runs here.

use std::sync::Arc;

use connect_api::registry::TaskFactory;
use connect_api::{Error, Result};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::failure;
use super::plugin_thread;
use super::reporter::TaskReporter;
use super::stuck::StuckWatch;
use crate::connector_config;
use crate::metrics::TaskMetrics;
use crate::sink_task::SinkTaskRun;
use crate::source_task::SourceTaskRun;
use crate::task::{TaskControl, TaskSpec};
use crate::{ConnectorTaskId, State, TargetState};

/// A task that runs here, as the worker sees it.
pub(super) struct RunningTask {
    pub(super) target: watch::Sender<TargetState>,
    pub(super) stop: CancellationToken,
    pub(super) abandon: CancellationToken,
    /// True once the task has ended; a failed one ends by itself.
    pub(super) ended: watch::Receiver<bool>,
    pub(super) reporter: TaskReporter,
    pub(super) metrics: Arc<TaskMetrics>,
    pub(super) stuck: StuckWatch,
}

impl RunningTask {
    /// From now on it stores and reports nothing; it ends as soon as it can.
    pub(super) fn abandon(&self) {
        self.reporter.fence.abandon();
        self.abandon.cancel();
        span(&self.reporter.id).in_scope(|| {
            tracing::info!("the task has stopped: it stores and reports nothing any more");
        });
    }
}

/// What each line that a task logs begins with.
pub(super) fn span(id: &ConnectorTaskId) -> tracing::Span {
    tracing::info_span!("task", connector = %id.connector, task = id.task)
}

/// A task whose pipeline is built.
enum Run {
    Source(Box<SourceTaskRun>),
    Sink(Box<SinkTaskRun>),
}

impl Run {
    async fn build(spec: TaskSpec, stop: CancellationToken) -> Result<Self> {
        let plugin = connector_config::connector_plugin(&spec.plugins, &spec.connector_props)?;
        Ok(match plugin.task {
            TaskFactory::Source(_) => {
                Self::Source(Box::new(SourceTaskRun::build(spec, stop).await?))
            }
            TaskFactory::Sink(_) => Self::Sink(Box::new(SinkTaskRun::build(spec, stop)?)),
        })
    }

    async fn run(self, control: TaskControl) -> Result<()> {
        match self {
            Self::Source(run) => run.run(control).await,
            Self::Sink(run) => run.run(control).await,
        }
    }
}

/// A task's life, on its own thread: build the pipeline, run it, tell how it
/// ended. A panic of plugin code fails this task and no other. One whose Kafka
/// client has lost its brokers for good begins anew.
pub(super) async fn life(spec: TaskSpec, control: TaskControl, built: oneshot::Sender<Result<()>>) {
    let mut built = Some(built);
    let mut tell_built = |result| {
        if let Some(built) = built.take() {
            drop(built.send(result));
        }
    };
    let reporter = spec.reporter.clone();
    let stop = control.stop.clone();
    loop {
        let run = match plugin_thread::catch(Run::build(spec.clone(), stop.clone())).await {
            Ok(run) => {
                tell_built(Ok(()));
                run
            }
            Err(error) => {
                fail(&reporter, &error);
                tell_built(Err(error));
                return;
            }
        };
        match plugin_thread::catch(run.run(control.clone())).await {
            Ok(()) => reporter.state(State::Unassigned),
            // What goes wrong while the task stops anyway is nobody's failure.
            Err(error) if stop.is_cancelled() => {
                tracing::warn!("while the task was being stopped: {}", error.trace());
                reporter.state(State::Unassigned);
            }
            Err(error) if failure::is_stranded(&error) => {
                tracing::warn!("the task begins anew: {}", error.trace());
                continue;
            }
            Err(error) => fail(&reporter, &error),
        }
        return;
    }
}

fn fail(reporter: &TaskReporter, error: &Error) {
    tracing::error!(
        "the task is being killed and will not recover until it is restarted: {}",
        error.trace()
    );
    reporter.failed(error);
}
