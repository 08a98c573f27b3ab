//! The topics: their partitions, ids and configurations, kept in the data folder.

mod config;
pub(crate) mod keys;
pub(crate) mod name;
mod store;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use kafka_protocol::ResponseError;
use uuid::Uuid;

pub(crate) use self::config::TopicConfigs;
use self::store::{Store, StoredTopic, StoredTopics};
use crate::error::{BrokerError, Refusal};
use crate::partition::Partition;

/// The topics that belong to the coordinators (`Topic.isInternal`).
const INTERNAL: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

/// As many partitions as one request may create (`MAX_PARTITIONS_PER_BATCH`).
pub(crate) const MOST_PARTITIONS: usize = 10_000;

/// A topic as it is now; a change makes another one.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    pub(crate) configs: TopicConfigs,
    pub(crate) partitions: Vec<Arc<Partition>>,
}

#[derive(Debug, Default)]
struct Known {
    by_name: HashMap<String, Arc<Topic>>,
    by_id: HashMap<Uuid, Arc<Topic>>,
}

impl Known {
    fn put(&mut self, topic: Arc<Topic>) {
        self.by_id.insert(topic.id, Arc::clone(&topic));
        self.by_name.insert(topic.name.clone(), topic);
    }
}

/// All topics of the broker.
#[derive(Debug)]
pub(crate) struct Topics {
    /// Held while topics change, so that the files are written in the order of the changes and
    /// nobody who only reads waits for the disk.
    store: Mutex<Store>,
    known: RwLock<Known>,
    cluster_id: String,
}

impl Topics {
    /// Takes the data folder and opens every partition in it.
    pub(crate) fn open(data: &Path) -> Result<Self, BrokerError> {
        let store = Store::open(data)?;
        let cluster_id = store.cluster_id()?;
        let mut known = Known::default();
        for (name, stored) in store.topics()? {
            let mut topic = Topic {
                name,
                id: stored.id,
                configs: stored.configs,
                partitions: Vec::new(),
            };
            open_partitions(&store, &mut topic, stored.partitions)?;
            known.put(Arc::new(topic));
        }
        Ok(Self {
            store: Mutex::new(store),
            known: RwLock::new(known),
            cluster_id,
        })
    }

    /// The cluster's id.
    pub(crate) fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// A partition.
    pub(crate) fn get(&self, topic: &str, partition: i32) -> Option<Arc<Partition>> {
        let known = self.known();
        let topic = known.by_name.get(topic)?;
        let partition = usize::try_from(partition).ok()?;
        topic.partitions.get(partition).cloned()
    }

    /// The topic of that name.
    pub(crate) fn topic(&self, name: &str) -> Option<Arc<Topic>> {
        self.known().by_name.get(name).cloned()
    }

    /// The topic of that id.
    pub(crate) fn by_id(&self, id: Uuid) -> Option<Arc<Topic>> {
        self.known().by_id.get(&id).cloned()
    }

    /// The id of the topic of that name.
    pub(crate) fn topic_id(&self, name: &str) -> Option<Uuid> {
        self.known().by_name.get(name).map(|topic| topic.id)
    }

    /// Every topic, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Topic>> {
        let mut all: Vec<_> = self.known().by_name.values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Whether only the coordinators may write to it.
    pub(crate) fn is_internal(name: &str) -> bool {
        INTERNAL.contains(&name)
    }

    /// A coordinator's topic, which is created when it is not there.
    pub(crate) fn internal(
        &self,
        name: &str,
        partitions: i32,
        compact: bool,
    ) -> Result<Arc<Topic>, BrokerError> {
        if let Some(topic) = self.topic(name) {
            return Ok(topic);
        }
        let mut configs = vec![("segment.bytes".to_owned(), (100 << 20).to_string())];
        if compact {
            configs.push(("cleanup.policy".to_owned(), "compact".to_owned()));
        }
        let configs = TopicConfigs::new(configs).map_err(BrokerError::Setting)?;
        let partitions = usize::try_from(partitions).unwrap_or(1).max(1);
        match self.create(name, partitions, configs) {
            Ok(topic) => Ok(topic),
            Err(refusal) => self.topic(name).ok_or_else(|| {
                BrokerError::Setting(format!(
                    "creating {name}: {}",
                    refusal.message.unwrap_or_default()
                ))
            }),
        }
    }

    /// Why a topic of that name cannot be created, if it cannot.
    pub(crate) fn creatable(&self, name: &str) -> Result<(), Refusal> {
        if let Some(problem) = name::problem(name) {
            return Err(Refusal::new(ResponseError::InvalidTopicException, problem));
        }
        let known = self.known();
        if known.by_name.contains_key(name) {
            return Err(Refusal::new(
                ResponseError::TopicAlreadyExists,
                format!("Topic '{name}' already exists."),
            ));
        }
        // Kafka looks only where there is something that may collide.
        if !name.contains(['.', '_']) {
            return Ok(());
        }
        let unified = name::unified(name);
        match known
            .by_name
            .keys()
            .find(|other| name::unified(other) == unified)
        {
            None => Ok(()),
            Some(other) => Err(Refusal::new(
                ResponseError::InvalidTopicException,
                format!("Topic '{name}' collides with existing topic: {other}"),
            )),
        }
    }

    /// Creates a topic.
    pub(crate) fn create(
        &self,
        name: &str,
        partitions: usize,
        configs: TopicConfigs,
    ) -> Result<Arc<Topic>, Refusal> {
        let store = self.store();
        self.creatable(name)?;
        let mut topic = Topic {
            name: name.to_owned(),
            id: Uuid::new_v4(),
            configs,
            partitions: Vec::new(),
        };
        for partition in 0..partitions {
            store.put_away(name, partition, false).map_err(storage)?;
        }
        let mut stored = self.stored();
        stored.insert(name.to_owned(), as_stored(&topic, partitions));
        store.save(&stored).map_err(storage)?;
        if let Err(error) = open_partitions(&store, &mut topic, partitions) {
            stored.remove(name);
            store.save(&stored).map_err(storage)?;
            return Err(storage(error));
        }
        Ok(self.publish(topic))
    }

    /// Gives a topic more partitions, so that it has `count`.
    pub(crate) fn add_partitions(&self, name: &str, count: usize) -> Result<Arc<Topic>, Refusal> {
        let store = self.store();
        let topic = self.topic(name).ok_or(UNKNOWN)?;
        let had = topic.partitions.len();
        if count <= had {
            return Err(Refusal::new(
                ResponseError::InvalidPartitions,
                format!(
                    "Topic currently has {had} partitions, which is higher than the requested {count}."
                ),
            ));
        }
        for partition in had..count {
            store.put_away(name, partition, false).map_err(storage)?;
        }
        let mut grown = copy(&topic);
        self.save_changed(&store, &grown, count)?;
        open_partitions(&store, &mut grown, count).map_err(storage)?;
        Ok(self.publish(grown))
    }

    /// Gives a topic another configuration.
    pub(crate) fn set_configs(&self, name: &str, configs: TopicConfigs) -> Result<(), Refusal> {
        let store = self.store();
        let topic = self.topic(name).ok_or(UNKNOWN)?;
        let mut changed = copy(&topic);
        changed.configs = configs;
        self.save_changed(&store, &changed, changed.partitions.len())?;
        for partition in &changed.partitions {
            partition.set_config(changed.configs.log(), changed.configs.partition());
        }
        self.publish(changed);
        Ok(())
    }

    /// Deletes a topic and what it holds.
    pub(crate) fn delete(&self, name: &str) -> Result<(), Refusal> {
        let store = self.store();
        let topic = self.topic(name).ok_or(UNKNOWN)?;
        if Self::is_internal(name) {
            return Err(Refusal::new(
                ResponseError::InvalidRequest,
                format!("{name} belongs to the coordinators of this broker, which are using it"),
            ));
        }
        let mut stored = self.stored();
        stored.remove(name);
        store.save(&stored).map_err(storage)?;
        {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.by_name.remove(name);
            known.by_id.remove(&topic.id);
        }
        for partition in 0..topic.partitions.len() {
            store.put_away(name, partition, true).map_err(storage)?;
        }
        Ok(())
    }

    fn save_changed(&self, store: &Store, topic: &Topic, partitions: usize) -> Result<(), Refusal> {
        let mut stored = self.stored();
        stored.insert(topic.name.clone(), as_stored(topic, partitions));
        store.save(&stored).map_err(storage)
    }

    fn publish(&self, topic: Topic) -> Arc<Topic> {
        let topic = Arc::new(topic);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.put(Arc::clone(&topic));
        topic
    }

    fn stored(&self) -> StoredTopics {
        self.known()
            .by_name
            .values()
            .map(|topic| (topic.name.clone(), as_stored(topic, topic.partitions.len())))
            .collect()
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const UNKNOWN: Refusal = Refusal {
    error: ResponseError::UnknownTopicOrPartition,
    message: None,
};

/// The disk's own problem, which the client is told as such.
fn storage(error: BrokerError) -> Refusal {
    let mut text = error.to_string();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        text.push_str(&format!(": {deeper}"));
        cause = deeper;
    }
    tracing::error!("{text}");
    Refusal::new(ResponseError::KafkaStorageError, text)
}

fn copy(topic: &Topic) -> Topic {
    Topic {
        name: topic.name.clone(),
        id: topic.id,
        configs: topic.configs.clone(),
        partitions: topic.partitions.clone(),
    }
}

fn as_stored(topic: &Topic, partitions: usize) -> StoredTopic {
    StoredTopic {
        id: topic.id,
        partitions,
        configs: topic.configs.clone(),
    }
}

/// Opens the partitions that `topic` does not have yet, up to `count`.
fn open_partitions(store: &Store, topic: &mut Topic, count: usize) -> Result<(), BrokerError> {
    for partition in topic.partitions.len()..count {
        let folder = store.partition(&topic.name, partition);
        let opened = Partition::open(&folder, topic.configs.log(), topic.configs.partition())
            .map_err(BrokerError::opening(format!("{}-{partition}", topic.name)))?;
        topic.partitions.push(Arc::new(opened));
    }
    Ok(())
}
