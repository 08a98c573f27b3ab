//! A source task's data path: poll, transform, convert, produce, and store the
//! offsets of what Kafka has acknowledged (`AbstractWorkerSourceTask`).

mod backoff;
mod chain;
mod commit;
mod delivery;
mod encoder;
mod pipeline;
mod run;
mod tolerance;
mod topics;

use std::sync::Arc;

use connect_api::plugin::{OffsetReader, SourceTask};
use connect_api::registry::{Plugins, TaskFactory};
use connect_api::{Error, ErrorKind, Props, Result};
use connect_kafka::ClientError;
use connect_kafka::producer::Producer;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::chain::TransformationChain;
use self::commit::OffsetCommitter;
use self::delivery::{AckSink, Acks, DeliveryTracker};
use self::encoder::Encoder;
use self::pipeline::Pipeline;
use self::tolerance::Tolerance;
use self::topics::Topics;
use crate::connector_config::{self, ConnectorSettings, TopicCreation};
use crate::metrics::TaskMetrics;
use crate::worker::reporter::TaskReporter;
use crate::{ConnectorTaskId, OffsetStore, TargetState, WorkerSettings};

/// What a task is made of.
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
pub(crate) struct TaskControl {
    pub(crate) target: watch::Receiver<TargetState>,
    pub(crate) stop: CancellationToken,
}

/// A task whose pipeline is built and that has not started yet.
pub(crate) struct SourceTaskRun {
    task: Box<dyn SourceTask>,
    pipeline: Pipeline,
    committer: OffsetCommitter,
    spec: TaskSpec,
}

impl SourceTaskRun {
    /// Makes the plugin's task, the transformations, converters and clients.
    pub(crate) async fn build(spec: TaskSpec, stop: CancellationToken) -> Result<Self> {
        let (worker, connector) = (&*spec.worker, &spec.connector_props);
        let settings = ConnectorSettings::parse(connector)?;
        let plugin = connector_config::connector_plugin(&spec.plugins, connector)?;
        let TaskFactory::Source(create) = plugin.task else {
            return Err(Error::internal(format!(
                "{} is not a source",
                plugin.name.class
            )));
        };
        let acks = Arc::new(Acks::new(spec.metrics.clone()));
        let producer_settings = connector_config::producer_settings(worker, connector, &spec.id)?;
        for warning in producer_settings.warnings() {
            tracing::warn!("{warning}");
        }
        let producer = Producer::new(&producer_settings, AckSink(acks.clone()))
            .map_err(|error| kafka_error("making the producer of the task", error))?;
        let pipeline = Pipeline {
            chain: TransformationChain::build(&spec.plugins, connector)?,
            encoder: Encoder::build(&spec.plugins, worker, connector)?,
            topics: topics(&spec)?,
            producer,
            tracker: DeliveryTracker::new(acks.clone()),
            acks,
            tolerance: Tolerance::new(settings.errors, spec.id.clone(), spec.metrics.clone()),
            metrics: spec.metrics.clone(),
            stop,
            bytes: 0,
        };
        let committer = OffsetCommitter::new(
            spec.store.clone(),
            spec.reporter.clone(),
            spec.runtime.clone(),
            spec.metrics.clone(),
            (worker.offset_flush_interval, worker.offset_flush_timeout),
        );
        Ok(Self {
            task: create(),
            pipeline,
            committer,
            spec,
        })
    }
}

fn topics(spec: &TaskSpec) -> Result<Topics> {
    let (worker, connector) = (&*spec.worker, &spec.connector_props);
    let creation = match TopicCreation::parse(connector)? {
        Some(_) if !worker.topic_creation_enable => {
            tracing::warn!(
                "the connector's 'topic.creation.*' have no effect: the worker's \
                 'topic.creation.enable' is false"
            );
            None
        }
        Some(creation) => {
            let settings = connector_config::admin_settings(worker, connector, &spec.id)?;
            Some((topics::admin(&settings)?, creation))
        }
        None => None,
    };
    Ok(Topics::new(
        creation,
        spec.reporter.clone(),
        worker.topic_tracking_enable,
    ))
}

fn kafka_error(doing: &str, error: ClientError) -> Error {
    let kind = if error.is_retriable() {
        ErrorKind::Retriable
    } else {
        ErrorKind::Config
    };
    Error::new(kind, doing).caused_by(error)
}
