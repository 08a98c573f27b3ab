//! A sink task's data path: consume, convert, transform, put, and commit what
//! the sink has safely (`WorkerSinkTask`).

mod ahead;
mod commit;
mod dead_letters;
mod decoder;
mod java_exception;
mod member;
mod pipeline;
mod put;
mod rebalance;
mod reporter;
mod run;
mod subscription;

use std::sync::Arc;

use connect_api::plugin::SinkTask;
use connect_api::registry::TaskFactory;
use connect_api::{Error, Result};
use connect_kafka::ClientSettings;
use tokio_util::sync::CancellationToken;

use self::dead_letters::DeadLetters;
use self::decoder::Decoder;
use self::pipeline::Pipeline;
use self::reporter::Reporter;
use crate::connector_config::{self, ConnectorSettings, SinkSettings};
use crate::task::TaskSpec;
use crate::task::chain::TransformationChain;
use crate::task::tolerance::Tolerance;

/// A task whose pipeline is built and that has not started yet.
pub(crate) struct SinkTaskRun {
    task: Box<dyn SinkTask>,
    pipeline: Pipeline,
    reporter: Arc<Reporter>,
    settings: SinkSettings,
    consumer: ClientSettings,
    spec: TaskSpec,
}

impl SinkTaskRun {
    /// Makes the plugin's task, the transformations and converters, and the
    /// producer of the dead letter queue.
    pub(crate) fn build(spec: TaskSpec, stop: CancellationToken) -> Result<Self> {
        let (worker, connector) = (&*spec.worker, &spec.connector_props);
        let settings = SinkSettings::parse(connector)?;
        let common = ConnectorSettings::parse(connector)?;
        let plugin = connector_config::connector_plugin(&spec.plugins, connector)?;
        let TaskFactory::Sink(create) = plugin.task else {
            return Err(Error::internal(format!(
                "{} is not a sink",
                plugin.name.class
            )));
        };
        let client_id = format!("connector-consumer-{}", spec.id);
        let consumer = connector_config::consumer_settings(worker, connector, &client_id)?;
        for warning in consumer.warnings() {
            tracing::warn!("{warning}");
        }
        if consumer.get("enable.auto.commit") == Some("true") {
            tracing::warn!(
                "consumer setting 'enable.auto.commit' has no effect: offsets are committed once \
                 the sink has the records safely"
            );
        }
        let dead_letters = match &settings.dead_letters {
            Some(settings) => Some(DeadLetters::build(settings, &spec)?),
            None => None,
        };
        let tolerance = Tolerance::new(common.errors, spec.id.clone(), spec.metrics.clone());
        let reporter = Arc::new(Reporter::new(tolerance, dead_letters, spec.metrics.clone()));
        let pipeline = Pipeline {
            decoder: Decoder::build(&spec.plugins, worker, connector)?,
            chain: TransformationChain::build(&spec.plugins, connector)?,
            keeps_raw: settings.dead_letters.is_some(),
            reporter: reporter.clone(),
            metrics: spec.metrics.clone(),
            stop,
        };
        Ok(Self {
            task: create(),
            pipeline,
            reporter,
            settings,
            consumer,
            spec,
        })
    }
}
