//! What the handle, the loop and the runners have in common.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use connect_api::{Error, ErrorKind, Props, Result};
use connect_runtime::Worker;
use tokio::runtime::Handle;
use tokio::sync::{MutexGuard, mpsc, watch};

use super::handle::LogControl;
use super::leader::InterWorker;
use super::place::Place;
use super::request::Request;
use crate::info::{ConnectorType, Health};
use crate::membership::{GroupView, Membership};
use crate::providers::ConfigProviders;
use crate::store::config::{ConfigState, ConfigStore};
use crate::store::offset::Offsets;
use crate::store::status::StatusStore;

/// How many writes to different connectors may go on at once.
const WRITE_LANES: usize = 64;

/// What the herder is told at its start.
#[derive(Debug, Clone)]
pub(crate) struct HerderSettings {
    /// `host:port` of the REST server.
    pub(crate) worker_id: String,
    /// `topic.tracking.enable`.
    pub(crate) topic_tracking: bool,
    /// `topic.tracking.allow.reset`.
    pub(crate) topic_tracking_reset: bool,
    /// Does not start beside connectors whose classes are not built in: the
    /// group may give them to this worker.
    pub(crate) refuses_unknown_connectors: bool,
}

/// What a herder is made of.
pub(crate) struct HerderParts {
    pub(crate) settings: HerderSettings,
    pub(crate) worker: Worker,
    pub(crate) configs: ConfigStore,
    pub(crate) statuses: Arc<StatusStore>,
    pub(crate) offsets: Arc<Offsets>,
    pub(crate) providers: ConfigProviders,
    pub(crate) membership: Arc<dyn Membership>,
    pub(crate) logs: Arc<dyn LogControl>,
    /// How to talk to other workers; none where there are no others.
    pub(crate) inter_worker: Option<InterWorker>,
    /// The cluster to wait for before the stores are opened.
    pub(crate) kafka: Option<connect_kafka::admin::Admin>,
}

pub(super) struct Shared {
    pub(super) settings: HerderSettings,
    pub(super) worker: Worker,
    pub(super) configs: ConfigStore,
    pub(super) statuses: Arc<StatusStore>,
    pub(super) offsets: Arc<Offsets>,
    pub(super) providers: ConfigProviders,
    pub(super) membership: Arc<dyn Membership>,
    pub(super) logs: Arc<dyn LogControl>,
    pub(super) inter_worker: Option<InterWorker>,
    pub(super) kafka: Option<connect_kafka::admin::Admin>,
    /// The control runtime.
    pub(super) runtime: Handle,
    requests: mpsc::UnboundedSender<Request>,
    health: watch::Sender<Health>,
    view: Mutex<Option<watch::Receiver<Arc<GroupView>>>>,
    cluster_id: Mutex<Option<String>>,
    write_lanes: Vec<tokio::sync::Mutex<()>>,
}

impl Shared {
    /// Must be called on the control runtime.
    pub(super) fn new(parts: HerderParts) -> (Arc<Self>, mpsc::UnboundedReceiver<Request>) {
        let (requests, inbox) = mpsc::unbounded_channel();
        let starting = Health::Starting("the worker is starting".to_owned());
        let shared = Self {
            settings: parts.settings,
            worker: parts.worker,
            configs: parts.configs,
            statuses: parts.statuses,
            offsets: parts.offsets,
            providers: parts.providers,
            membership: parts.membership,
            logs: parts.logs,
            inter_worker: parts.inter_worker,
            kafka: parts.kafka,
            runtime: Handle::current(),
            requests,
            health: watch::Sender::new(starting),
            view: Mutex::default(),
            cluster_id: Mutex::default(),
            write_lanes: (0..WRITE_LANES)
                .map(|_| tokio::sync::Mutex::default())
                .collect(),
        };
        (Arc::new(shared), inbox)
    }

    pub(super) fn send(&self, request: Request) -> Result<()> {
        self.requests.send(request).map_err(|_| stopping())
    }

    pub(super) fn health(&self) -> Health {
        let health = self.health.borrow().clone();
        if health != Health::Healthy {
            return health;
        }
        match self.configs.problem() {
            Some(problem) => Health::Unhealthy(problem),
            None => self.membership.health(),
        }
    }

    pub(super) fn set_health(&self, health: Health) {
        self.health.send_replace(health);
    }

    /// An error until requests can be served.
    pub(super) fn ready(&self) -> Result<()> {
        match &*self.health.borrow() {
            Health::Healthy => Ok(()),
            Health::Starting(reason) | Health::Unhealthy(reason) => {
                Err(Error::new(ErrorKind::Stopped, reason.clone()))
            }
        }
    }

    pub(super) async fn started(&self) -> Result<()> {
        let mut health = self.health.subscribe();
        let settled = health
            .wait_for(|health| !matches!(health, Health::Starting(_)))
            .await;
        match settled.as_deref() {
            Ok(Health::Unhealthy(reason)) => Err(Error::config(reason.clone())),
            Ok(_) => Ok(()),
            Err(_) => Err(stopping()),
        }
    }

    /// What the config store says, once it was read.
    pub(super) fn state(&self) -> Result<Arc<ConfigState>> {
        self.ready()?;
        Ok(self.configs.snapshot())
    }

    pub(super) fn set_view(&self, view: watch::Receiver<Arc<GroupView>>) {
        let mut slot = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(view);
    }

    /// The group; none before it was joined.
    pub(super) fn view(&self) -> Option<Arc<GroupView>> {
        let view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        view.as_ref().map(|view| Arc::clone(&view.borrow()))
    }

    /// The group's changes; none before it was joined.
    pub(super) fn view_changes(&self) -> Option<watch::Receiver<Arc<GroupView>>> {
        let view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        view.clone()
    }

    pub(super) fn is_leader(&self) -> bool {
        self.view().is_some_and(|view| view.is_leader)
    }

    /// Only the leader writes configurations. Waits a moment for a group that
    /// has no leader yet.
    pub(super) async fn check_leader(&self) -> Result<()> {
        if self.leader().await == Place::Here {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "Cannot complete request momentarily due to no known leader URL, likely because a \
             rebalance was underway.",
        ))
    }

    /// Waits a moment for the group: nobody writes without it, also what every
    /// member may.
    pub(super) async fn joined(&self) {
        // Whether there is a leader does not matter here.
        drop(self.leader().await);
    }

    pub(super) fn cluster_id(&self) -> Option<String> {
        let id = self
            .cluster_id
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        id.clone()
    }

    pub(super) fn set_cluster_id(&self, id: Option<String>) {
        let mut slot = self
            .cluster_id
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *slot = id;
    }

    /// Writes about one connector go one after another: each decides by what
    /// the one before has stored.
    pub(super) async fn write_turn(&self, connector: &str) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        connector.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % WRITE_LANES as u64).unwrap_or_default();
        self.write_lanes[lane].lock().await
    }

    /// Source or sink, by the configuration's class.
    pub(super) fn connector_type(&self, config: &Props) -> ConnectorType {
        config
            .get("connector.class")
            .and_then(|class| self.worker.plugins().connector(class).ok())
            .map_or(ConnectorType::Unknown, |plugin| plugin.kind().into())
    }
}

/// The answer of a worker that is going down.
pub(super) fn stopping() -> Error {
    Error::new(ErrorKind::Stopped, "Worker is shutting down")
}

/// The answer about a connector that is not there.
pub(super) fn not_found(name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("Connector {name} not found"))
}
