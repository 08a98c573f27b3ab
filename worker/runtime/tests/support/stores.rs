//! Stores in memory that a test can look into and wait for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connect_api::record::OffsetMap;
use connect_api::{Error, Result};
use connect_runtime::{ConnectorTaskId, OffsetStore, State, StatusListener};
use tokio::sync::Notify;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Offsets in memory. Counts what was stored.
#[derive(Default)]
pub struct MemoryOffsets {
    offsets: Mutex<HashMap<String, Vec<(OffsetMap, OffsetMap)>>>,
    puts: Mutex<usize>,
    failing: Mutex<usize>,
    /// Another worker may have the tasks.
    pub is_closed: AtomicBool,
    changed: Notify,
}

impl MemoryOffsets {
    /// The offset of the only partition of a connector.
    pub fn only(&self, connector: &str) -> Option<OffsetMap> {
        let offsets = self.offsets.lock().unwrap();
        let all = offsets.get(connector)?;
        assert_eq!(all.len(), 1, "{all:?}");
        Some(all[0].1.clone())
    }

    pub fn puts(&self) -> usize {
        *self.puts.lock().unwrap()
    }

    /// The next `times` puts fail.
    pub fn fail(&self, times: usize) {
        *self.failing.lock().unwrap() = times;
    }

    /// Waits until the offset of a connector's only partition is so.
    pub async fn wait_for(&self, connector: &str, wanted: impl Fn(&OffsetMap) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let changed = self.changed.notified();
                if self.only(connector).as_ref().is_some_and(&wanted) {
                    return;
                }
                changed.await;
            }
        });
        if waited.await.is_err() {
            panic!("the offset stayed {:?}", self.only(connector));
        }
    }
}

#[async_trait]
impl OffsetStore for MemoryOffsets {
    async fn get(&self, connector: &str, partition: &OffsetMap) -> Result<Option<OffsetMap>> {
        let offsets = self.offsets.lock().unwrap();
        let found = offsets
            .get(connector)
            .and_then(|all| all.iter().find(|(known, _)| known == partition));
        Ok(found.map(|(_, offset)| offset.clone()))
    }

    async fn all(&self, connector: &str) -> Result<Vec<(OffsetMap, OffsetMap)>> {
        let offsets = self.offsets.lock().unwrap();
        Ok(offsets.get(connector).cloned().unwrap_or_default())
    }

    async fn put(
        &self,
        connector: &str,
        new: Vec<(Arc<OffsetMap>, Option<OffsetMap>)>,
    ) -> Result<()> {
        {
            let mut failing = self.failing.lock().unwrap();
            if *failing > 0 {
                *failing -= 1;
                return Err(Error::retriable("the store is away"));
            }
        }
        let mut offsets = self.offsets.lock().unwrap();
        let all = offsets.entry(connector.to_owned()).or_default();
        for (partition, offset) in new {
            all.retain(|(known, _)| *known != *partition);
            if let Some(offset) = offset {
                all.push((OffsetMap::clone(&partition), offset));
            }
        }
        *self.puts.lock().unwrap() += 1;
        self.changed.notify_waiters();
        Ok(())
    }

    fn is_open(&self) -> bool {
        !self.is_closed.load(Ordering::SeqCst)
    }
}

/// All that was reported, in order.
#[derive(Default)]
pub struct Statuses {
    seen: Mutex<Vec<(String, State, Option<String>)>>,
    topics: Mutex<Vec<String>>,
    changed: Notify,
}

impl Statuses {
    /// The states that a connector (`name`) or task (`name-0`) went through.
    pub fn states(&self, name: &str) -> Vec<State> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|(who, _, _)| who == name)
            .map(|(_, state, _)| *state)
            .collect()
    }

    pub fn topics(&self) -> Vec<String> {
        self.topics.lock().unwrap().clone()
    }

    /// Waits until `name` is in `state`, and tells its trace.
    pub async fn wait_for(&self, name: &str, state: State) -> Option<String> {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let changed = self.changed.notified();
                let last = {
                    let seen = self.seen.lock().unwrap();
                    seen.iter().rev().find(|(who, _, _)| who == name).cloned()
                };
                if let Some((_, now, trace)) = last
                    && now == state
                {
                    return trace;
                }
                changed.await;
            }
        });
        waited
            .await
            .unwrap_or_else(|_| panic!("{name} did not become {state}: {:?}", self.states(name)))
    }

    /// Waits until what was said last of `name` is in `state`, with a trace
    /// that is `wanted`.
    pub async fn wait_for_trace(
        &self,
        name: &str,
        state: State,
        wanted: impl Fn(Option<&str>) -> bool,
    ) -> Option<String> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let changed = self.changed.notified();
            let last = {
                let seen = self.seen.lock().unwrap();
                seen.iter().rev().find(|(who, _, _)| who == name).cloned()
            };
            if let Some((_, now, trace)) = &last
                && *now == state
                && wanted(trace.as_deref())
            {
                return trace.clone();
            }
            if tokio::time::timeout_at(deadline, changed).await.is_err() {
                panic!("{name} stayed {last:?}");
            }
        }
    }

    fn note(&self, who: String, state: State, trace: Option<String>) {
        self.seen.lock().unwrap().push((who, state, trace));
        self.changed.notify_waiters();
    }
}

impl StatusListener for Statuses {
    fn connector_state(&self, connector: &str, state: State, trace: Option<String>) {
        self.note(connector.to_owned(), state, trace);
    }

    fn task_state(&self, id: &ConnectorTaskId, state: State, trace: Option<String>) {
        self.note(id.to_string(), state, trace);
    }

    fn topic_used(&self, _connector: &str, _task: usize, topic: &str) {
        self.topics.lock().unwrap().push(topic.to_owned());
    }
}
