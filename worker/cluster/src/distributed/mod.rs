//! A distributed worker: its stores are Kafka topics.

pub mod keys;
mod settings;

use std::sync::Arc;

use connect_api::registry::Plugins;
use connect_api::{Props, Result};
use connect_runtime::{Worker, WorkerSettings};
use tokio::runtime::Handle;

use crate::herder::{Herder, HerderParts, HerderSettings, InterWorker, LogControl};
use crate::internal_request::{InterWorkerSettings, InternalClient};
use crate::membership::{GroupMembership, Lease};
use crate::providers::ConfigProviders;
use crate::store::config::{ConfigReader, ConfigStore};
use crate::store::kafka::KafkaLog;
use crate::store::offset::{OffsetReader, Offsets};
use crate::store::status::{StatusReader, StatusStore};
pub use keys::{distributed_config, knows, warnings};
use settings::DistributedSettings;
pub(crate) use settings::admin as worker_admin;

/// What a worker is given beside its configuration.
#[derive(Clone)]
pub struct WorkerOptions {
    /// What is built in.
    pub plugins: Arc<Plugins>,
    /// The process's loggers.
    pub logs: Arc<dyn LogControl>,
    /// `host:port` that others reach the REST server at: the worker's name in
    /// statuses.
    pub worker_id: String,
    /// The REST server's URL: the worker's name in the group.
    pub rest_url: String,
    /// Where connectors and tasks run. The herder runs where it is started.
    pub data_runtime: Handle,
    /// Joins also a group whose connectors are not all built in here.
    pub allow_unknown_connectors: bool,
}

impl std::fmt::Debug for WorkerOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerOptions")
            .field("worker_id", &self.worker_id)
            .field("rest_url", &self.rest_url)
            .finish_non_exhaustive()
    }
}

/// Starts a distributed worker on the present runtime. Its handle is there at
/// once, before Kafka is: see [`Herder::started`] and [`Herder::health`].
///
/// All errors of the configuration come from here.
pub fn start(props: &Props, options: WorkerOptions) -> Result<Herder> {
    let providers = ConfigProviders::from_worker(props)?;
    let props = providers.resolve(props)?;
    let settings = DistributedSettings::parse(&props)?;
    let worker_settings = WorkerSettings::parse(&props)?;
    let group = settings.group(&options.rest_url)?;
    let lease = Lease::new(group.member.session_timeout);
    let clients = settings.clients(lease.clone())?;

    let config_reader = ConfigReader::new();
    let config_log = KafkaLog::new(
        settings.config_topic.clone(),
        clients.clone(),
        config_reader.clone(),
    );
    let status_reader = Arc::new(StatusReader::default());
    let status_log = KafkaLog::new(
        settings.status_topic.clone(),
        clients.clone(),
        status_reader.clone(),
    );
    let offset_reader = Arc::new(OffsetReader::default());
    let offset_log = KafkaLog::new(
        settings.offset_topic.clone(),
        clients.clone(),
        offset_reader.clone(),
    );
    let configs = ConfigStore::new(config_reader, Arc::new(config_log));
    let membership = Arc::new(GroupMembership::new(group, configs.clone(), lease));
    let statuses = Arc::new(StatusStore::new(
        status_reader,
        Arc::new(status_log),
        &options.worker_id,
        worker_settings.topic_tracking_enable,
        configs.versions(&options.plugins),
    ));
    let offsets = Arc::new(Offsets::new(offset_reader, Arc::new(offset_log)));
    let herder_settings = HerderSettings {
        worker_id: options.worker_id,
        topic_tracking: worker_settings.topic_tracking_enable,
        topic_tracking_reset: worker_settings.topic_tracking_allow_reset,
        refuses_unknown_connectors: !options.allow_unknown_connectors,
    };
    let inter_worker = InterWorker {
        settings: InterWorkerSettings::parse(&props)?,
        client: InternalClient::new(&props),
    };
    let worker = Worker::new(
        worker_settings,
        options.plugins,
        offsets.clone(),
        statuses.clone(),
        options.data_runtime,
    )?;
    Ok(Herder::start(HerderParts {
        settings: herder_settings,
        worker,
        configs,
        statuses,
        offsets,
        providers,
        membership,
        inter_worker: Some(inter_worker),
        logs: options.logs,
        kafka: Some(clients.admin),
    }))
}
