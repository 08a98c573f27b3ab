//! What source and sink tasks have in common.

pub(crate) mod activity;
pub(crate) mod backoff;
pub(crate) mod chain;
pub(crate) mod tolerance;

use std::sync::Arc;
use std::time::Duration;

use connect_api::plugin::OffsetReader;
use connect_api::registry::Plugins;
use connect_api::{Error, ErrorKind, Props};
use connect_kafka::ClientError;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::metrics::TaskMetrics;
use crate::worker::reporter::TaskReporter;
use crate::{ConnectorTaskId, OffsetStore, TargetState, WorkerSettings};

/// How often a task that may be another worker's by now looks whether it is.
pub(crate) const OWN_RETRY: Duration = Duration::from_millis(20);

/// What a task is made of.
#[derive(Clone)]
pub(crate) struct TaskSpec {
    pub(crate) id: ConnectorTaskId,
    pub(crate) connector_props: Props,
    pub(crate) task_props: Props,
    pub(crate) worker: Arc<WorkerSettings>,
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) store: Arc<dyn OffsetStore>,
    pub(crate) stored: Arc<dyn OffsetReader>,
    pub(crate) reporter: TaskReporter,
    pub(crate) metrics: Arc<TaskMetrics>,
    pub(crate) runtime: Handle,
}

/// How a task is told what to do.
#[derive(Clone)]
pub(crate) struct TaskControl {
    pub(crate) target: watch::Receiver<TargetState>,
    pub(crate) stop: CancellationToken,
}

/// An error of a Kafka client while `doing` something.
pub(crate) fn kafka_error(doing: &str, error: ClientError) -> Error {
    let kind = if error.is_retriable() {
        ErrorKind::Retriable
    } else {
        ErrorKind::Config
    };
    Error::new(kind, doing).caused_by(error)
}
