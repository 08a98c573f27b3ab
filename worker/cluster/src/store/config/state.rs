//! What the config topic says, record by record (`ClusterConfigState`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use connect_api::{Props, Result};
use connect_runtime::{ConnectorTaskId, TargetState};
use tracing::{debug, error, info};

use super::records::{self, ConfigKey};
use crate::internal_request::SessionKey;

/// `ClusterConfigState.NO_OFFSET`.
const NO_OFFSET: i64 = -1;

/// A connector and its tasks as the config topic has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectorEntry {
    /// The connector's configuration, placeholders unresolved.
    pub(crate) config: Arc<Props>,
    /// The configuration that the tasks were made from; none before there were any.
    pub(crate) applied: Option<Arc<Props>>,
    /// Another one with each commit of new task configurations, also where the
    /// connector was deleted and created again meanwhile; 0 before the first.
    pub(crate) generation: u64,
    /// The commit and the task configurations do not fit: the tasks must be made again.
    pub(crate) inconsistent: bool,
    task_count: usize,
    tasks: BTreeMap<usize, Arc<Props>>,
}

impl ConnectorEntry {
    /// How many tasks were committed last, also where their set is incomplete.
    pub(crate) fn task_count(&self) -> usize {
        self.task_count
    }

    /// The tasks by number; none while their set is incomplete.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = (usize, &Arc<Props>)> {
        let count = if self.inconsistent {
            0
        } else {
            self.task_count
        };
        self.tasks
            .range(..count)
            .map(|(task, config)| (*task, config))
    }

    /// One task's configuration.
    pub(crate) fn task(&self, task: usize) -> Option<&Arc<Props>> {
        self.tasks()
            .find(|(id, _)| *id == task)
            .map(|(_, config)| config)
    }
}

/// What changed by a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConfigUpdate {
    /// A connector's configuration was written.
    Connector(String),
    /// A connector was deleted.
    Removed(String),
    /// A set of task configurations was committed.
    Tasks(String),
    /// A connector's target state is another one.
    Target(String),
    /// A restart was asked for.
    Restart {
        /// Of this connector,
        connector: String,
        /// and its tasks,
        include_tasks: bool,
        /// as far as they failed.
        only_failed: bool,
    },
    /// A logger's level is to be set on all workers.
    Logger {
        /// The logger.
        namespace: String,
        /// The level.
        level: String,
    },
    /// The key for requests between workers is another one.
    SessionKey,
}

/// All that the config topic says up to a point.
#[derive(Debug, Clone)]
pub(crate) struct ConfigState {
    offset: i64,
    connectors: BTreeMap<String, Arc<ConnectorEntry>>,
    /// May be there before their connector (KIP-980).
    targets: HashMap<String, TargetState>,
    /// Task configurations that no commit has put into force yet.
    deferred: HashMap<String, BTreeMap<usize, Arc<Props>>>,
    /// Commits of new task configurations so far.
    generations: u64,
    /// How many producers of each exactly-once source there may be (KIP-618).
    /// Outlives its connector: so do they.
    task_counts: HashMap<String, usize>,
    /// Connectors whose tasks were committed after their last task count.
    pending_fencing: HashSet<String>,
    session_key: Option<SessionKey>,
}

impl Default for ConfigState {
    fn default() -> Self {
        Self {
            offset: NO_OFFSET,
            connectors: BTreeMap::new(),
            targets: HashMap::new(),
            deferred: HashMap::new(),
            generations: 0,
            task_counts: HashMap::new(),
            pending_fencing: HashSet::new(),
            session_key: None,
        }
    }
}

impl ConfigState {
    /// The offset after the last record that was read; -1 before the first
    /// (`ClusterConfigState.offset`).
    pub(crate) fn offset(&self) -> i64 {
        self.offset
    }

    /// The newest key for requests between workers.
    pub(crate) fn session_key(&self) -> Option<&SessionKey> {
        self.session_key.as_ref()
    }

    /// How many tasks of the connector may still have a producer that must be
    /// fenced out before new ones start; none if that was never written.
    #[cfg_attr(not(test), allow(dead_code, reason = "of exactly-once sources only"))]
    pub(crate) fn task_count_record(&self, name: &str) -> Option<usize> {
        self.task_counts.get(name).copied()
    }

    /// True if tasks were committed after the last
    /// [`task_count_record`](Self::task_count_record).
    #[cfg_attr(not(test), allow(dead_code, reason = "of exactly-once sources only"))]
    pub(crate) fn is_pending_fencing(&self, name: &str) -> bool {
        self.pending_fencing.contains(name)
    }

    /// True if `configs` wait for their commit: all were read, and none of them
    /// was written over by somebody else since.
    pub(crate) fn awaits_commit(&self, name: &str, configs: &[Props]) -> bool {
        let deferred = self.deferred.get(name);
        configs.iter().enumerate().all(|(task, config)| {
            deferred
                .and_then(|tasks| tasks.get(&task))
                .is_some_and(|read| **read == *config)
        })
    }

    /// The names of all connectors, sorted.
    pub(crate) fn connectors(&self) -> impl Iterator<Item = &str> {
        self.connectors.keys().map(String::as_str)
    }

    /// A connector.
    pub(crate) fn connector(&self, name: &str) -> Option<&Arc<ConnectorEntry>> {
        self.connectors.get(name)
    }

    /// A connector's target state.
    pub(crate) fn target(&self, name: &str) -> TargetState {
        self.targets.get(name).copied().unwrap_or_default()
    }

    /// The ids of a connector's tasks.
    pub(crate) fn task_ids(&self, name: &str) -> Vec<ConnectorTaskId> {
        self.connector(name).map_or_else(Vec::new, |entry| {
            entry
                .tasks()
                .map(|(task, _)| ConnectorTaskId::new(name, task))
                .collect()
        })
    }

    /// Takes in the record at `offset`. A record that cannot be read is logged
    /// and passed over, as are keys that nobody knows: a newer worker may have
    /// written them.
    ///
    /// All workers of a group must come to the same [`offset`](Self::offset)
    /// by the same records, or a JVM worker forces a rebalance: only values
    /// that are no JSON do not count (`KafkaConfigBackingStore.ConsumeCallback`).
    pub(crate) fn apply(
        &mut self,
        offset: i64,
        key: &str,
        value: Option<&[u8]>,
    ) -> Option<ConfigUpdate> {
        if !value.is_none_or(records::is_json) {
            error!(
                key,
                "passing over a record of the config topic that is not JSON"
            );
            return None;
        }
        self.offset = offset + 1;
        let Some(parsed) = ConfigKey::parse(key) else {
            error!(
                key,
                "passing over a record with an unexpected key in the config topic"
            );
            return None;
        };
        self.apply_parsed(&parsed, value).unwrap_or_else(|problem| {
            error!(
                key,
                problem = problem.trace(),
                "passing over a record of the config topic that is in the wrong format"
            );
            None
        })
    }

    fn apply_parsed(
        &mut self,
        key: &ConfigKey<'_>,
        value: Option<&[u8]>,
    ) -> Result<Option<ConfigUpdate>> {
        Ok(match (key, value) {
            (ConfigKey::Connector(name), None) => {
                self.remove(name);
                Some(ConfigUpdate::Removed((*name).to_owned()))
            }
            (ConfigKey::Connector(name), Some(value)) => {
                self.put(name, records::parse_properties(value)?);
                Some(ConfigUpdate::Connector((*name).to_owned()))
            }
            (ConfigKey::TargetState(name), None) => {
                self.targets.remove(*name);
                None
            }
            (ConfigKey::TargetState(name), Some(value)) => {
                self.set_target(name, records::parse_target_state(value)?)
            }
            (ConfigKey::Task(name, task), Some(value)) => {
                let config = Arc::new(records::parse_properties(value)?);
                let tasks = self.deferred.entry((*name).to_owned()).or_default();
                tasks.insert(*task, config);
                None
            }
            (ConfigKey::Commit(name), Some(value)) => {
                self.commit(name, records::parse_commit(value)?)
            }
            (ConfigKey::Restart(name), Some(value)) => {
                let (include_tasks, only_failed) = records::parse_restart(value)?;
                Some(ConfigUpdate::Restart {
                    connector: (*name).to_owned(),
                    include_tasks,
                    only_failed,
                })
            }
            (ConfigKey::Logger(namespace), Some(value)) => Some(ConfigUpdate::Logger {
                namespace: (*namespace).to_owned(),
                level: records::parse_logger(value)?,
            }),
            (ConfigKey::TaskCount(name), Some(value)) => {
                let count = records::parse_task_count(value)?;
                self.task_counts.insert((*name).to_owned(), count);
                self.pending_fencing.remove(*name);
                None
            }
            (ConfigKey::SessionKey, Some(value)) => {
                let key = Some(records::parse_session_key(value)?);
                let changed = self.session_key != key;
                self.session_key = key;
                changed.then_some(ConfigUpdate::SessionKey)
            }
            // Connect never writes these; it logs and goes on.
            (key, None) => {
                error!(?key, "passing over a tombstone that this key cannot have");
                None
            }
        })
    }

    fn put(&mut self, name: &str, config: Props) {
        let entry = self.connectors.entry(name.to_owned()).or_default();
        Arc::make_mut(entry).config = Arc::new(config);
    }

    fn remove(&mut self, name: &str) {
        if self.connectors.remove(name).is_some() {
            info!(connector = name, "the connector was deleted");
        }
        self.deferred.remove(name);
    }

    fn set_target(&mut self, name: &str, target: TargetState) -> Option<ConfigUpdate> {
        let before = self.targets.insert(name.to_owned(), target);
        let changed = before.unwrap_or_default() != target;
        (changed && self.connectors.contains_key(name))
            .then(|| ConfigUpdate::Target(name.to_owned()))
    }

    /// Task configurations come into force at their commit, all at once, and
    /// only if none is missing.
    fn commit(&mut self, name: &str, count: usize) -> Option<ConfigUpdate> {
        let deferred = self.deferred.remove(name).unwrap_or_default();
        let Some(entry) = self.connectors.get_mut(name) else {
            // The records of a deleted connector's tasks stay for ever.
            debug!(
                connector = name,
                "passing over the tasks of a deleted connector"
            );
            return None;
        };
        let entry = Arc::make_mut(entry);
        let is_complete = (0..count).all(|task| deferred.contains_key(&task));
        if is_complete {
            if !deferred.is_empty() {
                self.generations += 1;
                entry.generation = self.generations;
            }
            entry.tasks.extend(deferred);
            entry.tasks.retain(|task, _| *task < count);
            entry.applied = Some(Arc::clone(&entry.config));
        } else {
            debug!(
                connector = name,
                tasks = count,
                found = deferred.len(),
                "the set of task configurations is incomplete, probably due to compaction"
            );
        }
        entry.inconsistent = !is_complete;
        entry.task_count = count;
        self.pending_fencing.insert(name.to_owned());
        Some(ConfigUpdate::Tasks(name.to_owned()))
    }
}
