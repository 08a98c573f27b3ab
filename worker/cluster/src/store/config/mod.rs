//! The config store: connectors, their tasks, and what the user wants of them.

mod records;
mod state;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use connect_api::registry::Plugins;
use connect_api::{Props, Result};
use connect_runtime::TargetState;
use tokio::sync::mpsc;
use tracing::warn;

use super::log::{LogReader, LogRecord, RecordLog};
use super::status::VersionOf;
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
    fn read(&self, key: &[u8], value: Option<&[u8]>) {
        let Ok(key) = std::str::from_utf8(key) else {
            warn!("passing over a record of the config topic whose key is no text");
            return;
        };
        let update = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::make_mut(&mut state).apply(key, value)
        };
        let updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(updates), Some(update)) = (&*updates, update) {
            // An error means that the herder has ended; nobody needs to know.
            drop(updates.send(update));
        }
    }
}

/// The config store. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ConfigStore {
    reader: Arc<ConfigReader>,
    log: Arc<dyn RecordLog>,
}

impl ConfigStore {
    pub(crate) fn new(reader: Arc<ConfigReader>, log: Arc<dyn RecordLog>) -> Self {
        Self { reader, log }
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
        self.append(all, "writing the connector's configuration")
            .await
    }

    /// Deletes a connector and its target state; its tasks' records stay, as in Connect.
    pub(crate) async fn remove_connector(&self, name: &str) -> Result<()> {
        let tombstones = vec![
            records::connector_tombstone(name),
            records::target_state_tombstone(name),
        ];
        self.append(tombstones, "removing the connector's configuration")
            .await
    }

    /// Stores the tasks' configurations, and puts them into force all at once.
    pub(crate) async fn put_tasks(&self, name: &str, configs: &[Props]) -> Result<()> {
        let doing = "writing the tasks' configurations";
        if !configs.is_empty() {
            let tasks = configs
                .iter()
                .enumerate()
                .map(|(task, config)| records::task(name, task, config))
                .collect();
            self.append(tasks, doing).await?;
        }
        self.append(vec![records::commit(name, configs.len())], doing)
            .await
    }

    /// Stores a connector's target state.
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
        self.append(
            vec![records::restart(name, include_tasks, only_failed)],
            "writing the restart request",
        )
        .await
    }

    /// Asks all workers to set a logger's level.
    pub(crate) async fn put_logger(&self, namespace: &str, level: &str) -> Result<()> {
        self.append(
            vec![records::logger(namespace, level)],
            "writing the logger's level",
        )
        .await
    }

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

    async fn append(&self, records: Vec<LogRecord>, doing: &str) -> Result<()> {
        self.log
            .append(records)
            .await
            .map_err(|error| error.while_doing(doing))
    }
}
