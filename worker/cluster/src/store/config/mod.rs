//! The config store: connectors, their tasks, and what the user wants of them.

mod records;
mod state;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connect_api::registry::Plugins;
use connect_api::{Error, ErrorKind, Props, Result};
use connect_runtime::TargetState;
use tokio::sync::mpsc;

use super::log::{LogReader, LogRecord, RecordLog};
use super::status::VersionOf;
use crate::internal_request::SessionKey;
pub(crate) use state::{ConfigState, ConfigUpdate, ConnectorEntry};

/// Reads the config topic's records into a [`ConfigState`].
pub(crate) struct ConfigReader {
    state: Mutex<Arc<ConfigState>>,
    /// None until the log was read to its end: what was asked for before this
    /// worker started (restarts, log levels) is not done again.
    updates: Mutex<Option<mpsc::UnboundedSender<ConfigUpdate>>>,
}

impl ConfigReader {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            updates: Mutex::default(),
        })
    }

    fn snapshot(&self) -> Arc<ConfigState> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&state)
    }
}

impl LogReader for ConfigReader {
    fn read(&self, offset: i64, key: &[u8], value: Option<&[u8]>) {
        // A key that is no text is one that nobody knows, as in Connect.
        let key = String::from_utf8_lossy(key);
        let update = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::make_mut(&mut state).apply(offset, &key, value)
        };
        let updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(updates), Some(update)) = (&*updates, update) {
            // An error means that the herder has ended; nobody needs to know.
            drop(updates.send(update));
        }
    }
}

/// Whether this worker may write what only the group's leader writes.
#[derive(Debug)]
struct LeaderWrites {
    allowed: bool,
    /// How often they were given up.
    losses: u64,
}

/// The config store. Cheap to clone: all clones are one store.
///
/// What only the leader writes (all but target states and loggers' levels) is
/// refused while this worker does not lead: [`claim_leader_writes`] and
/// [`give_up_leader_writes`] follow the group. Before anybody says otherwise it
/// leads: a worker without a group does.
///
/// [`claim_leader_writes`]: Self::claim_leader_writes
/// [`give_up_leader_writes`]: Self::give_up_leader_writes
#[derive(Clone)]
pub(crate) struct ConfigStore {
    reader: Arc<ConfigReader>,
    log: Arc<dyn RecordLog>,
    leader_writes: Arc<Mutex<LeaderWrites>>,
}

impl ConfigStore {
    pub(crate) fn new(reader: Arc<ConfigReader>, log: Arc<dyn RecordLog>) -> Self {
        let leader_writes = LeaderWrites {
            allowed: true,
            losses: 0,
        };
        Self {
            reader,
            log,
            leader_writes: Arc::new(Mutex::new(leader_writes)),
        }
    }

    /// This worker leads from now on: reads what leaders before it have
    /// written, then lets it write what a leader does
    /// (`ConfigBackingStore.claimWritePrivileges`). An error if it lost the
    /// lead meanwhile, or cannot read the topic.
    pub(crate) async fn claim_leader_writes(&self) -> Result<()> {
        let losses = self.leader_writes().losses;
        self.read_to_end().await?;
        let mut writes = self.leader_writes();
        if writes.losses != losses {
            return Err(not_leading());
        }
        writes.allowed = true;
        Ok(())
    }

    /// This worker does not lead: nothing that only a leader writes is written
    /// from now on.
    pub(crate) fn give_up_leader_writes(&self) {
        let mut writes = self.leader_writes();
        writes.allowed = false;
        writes.losses += 1;
    }

    fn leader_writes(&self) -> MutexGuard<'_, LeaderWrites> {
        let writes = self.leader_writes.lock();
        writes.unwrap_or_else(PoisonError::into_inner)
    }

    fn check_leads(&self) -> Result<()> {
        if self.leader_writes().allowed {
            return Ok(());
        }
        Err(not_leading())
    }

    /// Finds the version of the plugin that a connector's configuration names.
    pub(crate) fn versions(&self, plugins: &Arc<Plugins>) -> VersionOf {
        let (reader, plugins) = (Arc::clone(&self.reader), Arc::clone(plugins));
        Box::new(move |connector| {
            let state = reader.snapshot();
            let class = state.connector(connector)?.config.get("connector.class")?;
            let plugin = plugins.connector(class).ok()?;
            Some(plugin.name.version.to_owned())
        })
    }

    /// Reads what is stored. What changes from then on comes through the channel.
    pub(crate) async fn start(&self) -> Result<mpsc::UnboundedReceiver<ConfigUpdate>> {
        self.log.start().await?;
        let (updates, changes) = mpsc::unbounded_channel();
        let mut slot = self
            .reader
            .updates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *slot = Some(updates);
        Ok(changes)
    }

    /// What is stored, as far as it was read.
    pub(crate) fn snapshot(&self) -> Arc<ConfigState> {
        self.reader.snapshot()
    }

    /// Stores a connector's configuration, and before it a target state
    /// (KIP-980: so that the connector never runs before it is paused).
    pub(crate) async fn put_connector(
        &self,
        name: &str,
        config: &Props,
        target: Option<TargetState>,
    ) -> Result<()> {
        let mut all: Vec<LogRecord> = Vec::with_capacity(2);
        all.extend(target.map(|target| records::target_state(name, target)));
        all.push(records::connector(name, config));
        self.append_as_leader(all, "writing the connector's configuration")
            .await
    }

    /// Deletes a connector and its target state; its tasks' records stay, as in Connect.
    pub(crate) async fn remove_connector(&self, name: &str) -> Result<()> {
        let tombstones = vec![
            records::connector_tombstone(name),
            records::target_state_tombstone(name),
        ];
        self.append_as_leader(tombstones, "removing the connector's configuration")
            .await
    }

    /// Stores the tasks' configurations, and puts them into force all at once.
    /// An error if somebody else wrote others at the same time: then none of
    /// them are in force by this call.
    pub(crate) async fn put_tasks(&self, name: &str, configs: &[Props]) -> Result<()> {
        let doing = "writing the tasks' configurations";
        let failed = |error: Error| error.while_doing(doing);
        self.check_leads()?;
        self.read_to_end().await.map_err(failed)?;
        if !configs.is_empty() {
            let tasks = configs
                .iter()
                .enumerate()
                .map(|(task, config)| records::task(name, task, config))
                .collect();
            self.check_leads()?;
            self.log.append_unordered(tasks).await.map_err(failed)?;
            if !self.snapshot().awaits_commit(name, configs) {
                return Err(failed(Error::retriable(format!(
                    "another worker has written configurations of the tasks of connector \
                     '{name}' at the same time, so ours were not put into force"
                ))));
            }
        }
        self.append_as_leader(vec![records::commit(name, configs.len())], doing)
            .await
    }

    /// Stores a connector's target state. Any worker may.
    pub(crate) async fn put_target(&self, name: &str, target: TargetState) -> Result<()> {
        self.append(
            vec![records::target_state(name, target)],
            "writing the connector's target state",
        )
        .await
    }

    /// Asks all workers to restart what is theirs of a connector.
    pub(crate) async fn put_restart(
        &self,
        name: &str,
        include_tasks: bool,
        only_failed: bool,
    ) -> Result<()> {
        self.append_as_leader(
            vec![records::restart(name, include_tasks, only_failed)],
            "writing the restart request",
        )
        .await
    }

    /// Asks all workers to set a logger's level. Any worker may.
    pub(crate) async fn put_logger(&self, namespace: &str, level: &str) -> Result<()> {
        self.append(
            vec![records::logger(namespace, level)],
            "writing the logger's level",
        )
        .await
    }

    /// Gives all workers a new key to sign their requests with.
    pub(crate) async fn put_session_key(&self, key: &SessionKey) -> Result<()> {
        self.append_as_leader(vec![records::session_key(key)], "writing the session key")
            .await
    }

    /// Stores how many producers of an exactly-once source's tasks there may be.
    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "written for exactly-once sources only")
    )]
    pub(crate) async fn put_task_count_record(&self, name: &str, tasks: usize) -> Result<()> {
        self.append_as_leader(
            vec![records::task_count(name, tasks)],
            "writing the connector's task count",
        )
        .await
    }

    /// Returns when everything that is stored now shows in a [`snapshot`](Self::snapshot).
    pub(crate) async fn read_to_end(&self) -> Result<()> {
        self.log.read_to_end().await
    }

    pub(crate) async fn stop(&self) {
        self.log.stop().await;
    }

    /// Why the store has been out of reach for longer than a request may take.
    pub(crate) fn problem(&self) -> Option<String> {
        self.log.problem()
    }

    async fn append_as_leader(&self, records: Vec<LogRecord>, doing: &str) -> Result<()> {
        self.check_leads()?;
        self.append(records, doing).await
    }

    async fn append(&self, records: Vec<LogRecord>, doing: &str) -> Result<()> {
        self.log
            .append(records)
            .await
            .map_err(|error| error.while_doing(doing))
    }
}

fn not_leading() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "this worker does not lead the group any more; send the request again",
    )
}
