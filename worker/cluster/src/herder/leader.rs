//! What only the leader writes, and how the others have it written.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connect_api::{Error, ErrorKind, Props, Result};
use tracing::{info, warn};

use super::handle::Herder;
use super::place::Place;
use super::shared::{Shared, not_found};
use super::tasks::has_changed;
use crate::internal_request::{InterWorkerSettings, InternalClient, RequestSignature};

/// How long to wait after a session key could not be written.
const KEY_RETRY: Duration = Duration::from_secs(10);

/// How this worker talks to the others of its group.
pub(crate) struct InterWorker {
    pub(crate) settings: InterWorkerSettings,
    pub(crate) client: InternalClient,
}

impl Herder {
    /// Stores the configurations of a connector's tasks for another worker,
    /// which runs the connector. `body` is the request that `signature` is of.
    ///
    /// [`ErrorKind::Config`] and [`ErrorKind::Unsupported`] where the request is
    /// not signed properly, [`ErrorKind::Conflict`] where this worker does not
    /// lead.
    pub async fn put_task_configs(
        &self,
        name: &str,
        configs: Vec<Props>,
        signature: Option<&RequestSignature>,
        body: &[u8],
    ) -> Result<()> {
        self.shared.ready()?;
        self.shared.verify(signature, body)?;
        let (shared, name) = (Arc::clone(&self.shared), name.to_owned());
        self.write(async move {
            shared.check_leader().await?;
            let state = shared.state()?;
            let entry = state.connector(&name).ok_or_else(|| not_found(&name))?;
            if !has_changed(entry, &configs) {
                return Ok(());
            }
            let _turn = shared.write_turn(&name).await;
            shared.configs.put_tasks(&name, &configs).await
        })
        .await
    }

    /// Answers a request to fence older tasks of an exactly-once source: there
    /// are none here.
    pub async fn fence_zombies(
        &self,
        name: &str,
        signature: Option<&RequestSignature>,
        body: &[u8],
    ) -> Result<()> {
        self.shared.ready()?;
        self.shared.verify(signature, body)?;
        Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "cannot fence the older tasks of connector {name}: this worker leads the group and \
                 knows no exactly-once delivery of sources (exactly.once.source.support)"
            ),
        ))
    }

    /// Waits until this worker has read what the others have written so far.
    pub async fn catch_up(&self) -> Result<()> {
        self.shared.configs.read_to_end().await
    }
}

impl Shared {
    /// Stores the configurations of a connector's tasks, through the leader
    /// where that is another worker.
    pub(super) async fn write_tasks(&self, name: &str, configs: &[Props]) -> Result<()> {
        let (Place::At(url), Some(others)) = (self.leader().await, &self.inter_worker) else {
            self.check_leader().await?;
            let _turn = self.write_turn(name).await;
            return self.configs.put_tasks(name, configs).await;
        };
        let state = self.configs.snapshot();
        let signs = self.view().is_some_and(|view| view.signs_requests);
        let key = state.session_key().filter(|_| signs);
        if signs && key.is_none() {
            return Err(Error::retriable(
                "the leader has not written the key yet with which requests to it are signed",
            ));
        }
        let signed = key.map(|key| (key, others.settings.signature));
        let sent = others.client.put_task_configs(&url, name, configs, signed);
        sent.await
            .map_err(|error| error.while_doing(format!("asking the leader at {url}")))
    }

    fn verify(&self, signature: Option<&RequestSignature>, body: &[u8]) -> Result<()> {
        let signs = self.view().is_some_and(|view| view.signs_requests);
        match &self.inter_worker {
            Some(others) if signs => {
                let state = self.configs.snapshot();
                others.settings.verify(signature, body, state.session_key())
            }
            _ => Ok(()),
        }
    }

    /// Makes another session key if it is time. How long until the next is due;
    /// none where this worker need not make one.
    pub(super) async fn renew_session_key(&self) -> Option<Duration> {
        let view = self.view()?;
        if !view.is_leader || !view.signs_requests {
            return None;
        }
        let settings = &self.inter_worker.as_ref()?.settings;
        let state = self.configs.snapshot();
        let now = now_ms();
        let expires = state.session_key().map(|key| settings.key_expires_ms(key));
        if let Some(expires) = expires.filter(|expires| *expires > now) {
            return Some(Duration::from_millis(expires.abs_diff(now)));
        }
        match self.put_session_key(settings, now).await {
            Ok(()) => {
                info!("made another key for requests between workers");
                Some(settings.key_ttl)
            }
            Err(problem) => {
                warn!(
                    problem = problem.trace(),
                    "cannot write a key for requests between workers"
                );
                Some(KEY_RETRY)
            }
        }
    }

    async fn put_session_key(&self, settings: &InterWorkerSettings, now: i64) -> Result<()> {
        let key = settings.new_key(now)?;
        self.configs.put_session_key(&key).await
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}
