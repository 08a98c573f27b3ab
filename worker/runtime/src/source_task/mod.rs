//! A source task's data path: poll, transform, convert, produce, and store the
//! offsets of what Kafka has acknowledged (`AbstractWorkerSourceTask`).

mod commit;
mod culprit;
mod delivery;
mod encoder;
mod pipeline;
mod producer;
mod run;
mod topics;

use std::sync::Arc;

use connect_api::plugin::SourceTask;
use connect_api::registry::TaskFactory;
use connect_api::{Error, Result};
use tokio_util::sync::CancellationToken;

use self::commit::OffsetCommitter;
use self::delivery::{Acks, DeliveryTracker};
use self::encoder::Encoder;
use self::pipeline::Pipeline;
use self::producer::TaskProducer;
use self::topics::Topics;
use crate::connector_config::{self, ConnectorSettings, TopicCreation};
use crate::task::TaskSpec;
use crate::task::chain::TransformationChain;
use crate::task::tolerance::Tolerance;

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
        let pipeline = Pipeline {
            chain: TransformationChain::build(&spec.plugins, connector)?,
            encoder: Encoder::build(&spec.plugins, worker, connector)?,
            topics: topics(&spec)?,
            producer: TaskProducer::new(producer_settings, acks.clone()),
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
