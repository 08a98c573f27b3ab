//! The files of the data folder that say what is in it: who has it (`.lock`), which cluster it is
//! (`meta.properties`, as Kafka's) and which topics there are (`topics.json`).

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::config::TopicConfigs;
use super::{MOST_PARTITIONS, name};
use crate::error::BrokerError;
use crate::settings::NODE_ID;

const LOCK: &str = ".lock";
const META: &str = "meta.properties";
const TOPICS: &str = "topics.json";

/// A topic as it is written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredTopic {
    pub(super) id: Uuid,
    pub(super) partitions: usize,
    #[serde(default)]
    pub(super) configs: TopicConfigs,
}

pub(super) type StoredTopics = BTreeMap<String, StoredTopic>;

/// The data folder, held by this process for as long as this exists.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    /// Locked: the system lets go of it when the process ends, however it ends.
    _lock: File,
}

impl Store {
    /// Creates the folder if need be, and takes it.
    pub(super) fn open(folder: &Path) -> Result<Self, BrokerError> {
        fs::create_dir_all(folder).map_err(BrokerError::file("creating", folder))?;
        let path = folder.join(LOCK);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(BrokerError::file("opening", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(BrokerError::InUse(folder.display().to_string()));
            }
            Err(TryLockError::Error(error)) => {
                return Err(BrokerError::file("locking", &path)(error));
            }
        }
        let store = Self {
            folder: folder.to_owned(),
            _lock: lock,
        };
        store.finish_deletions()?;
        Ok(store)
    }

    /// Deletes what was put away to be deleted when the broker was stopped.
    fn finish_deletions(&self) -> Result<(), BrokerError> {
        let reading = || BrokerError::file("reading", &self.folder);
        for entry in fs::read_dir(&self.folder).map_err(reading())? {
            let entry = entry.map_err(reading())?;
            if entry.file_name().to_str().is_some_and(is_put_away) {
                let path = entry.path();
                fs::remove_dir_all(&path).map_err(BrokerError::file("deleting", &path))?;
            }
        }
        Ok(())
    }

    /// Where a partition's log is.
    pub(super) fn partition(&self, topic: &str, partition: usize) -> PathBuf {
        self.folder.join(format!("{topic}-{partition}"))
    }

    /// The cluster's id; made at the first start.
    pub(super) fn cluster_id(&self) -> Result<String, BrokerError> {
        let path = self.folder.join(META);
        match fs::read_to_string(&path) {
            Ok(text) => text
                .lines()
                .find_map(|line| line.strip_prefix("cluster.id="))
                .map(|id| id.trim().to_owned())
                .filter(|id| !id.is_empty())
                .ok_or_else(|| BrokerError::Corrupt {
                    path: path.display().to_string(),
                    problem: "it has no cluster.id: put the one back that it had".to_owned(),
                }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let id = kafka_text(Uuid::new_v4());
                let text = format!("version=1\ncluster.id={id}\nnode.id={NODE_ID}\n");
                self.replace(META, text.as_bytes())?;
                Ok(id)
            }
            Err(error) => Err(BrokerError::file("reading", &path)(error)),
        }
    }

    /// The topics as they were last written.
    pub(super) fn topics(&self) -> Result<StoredTopics, BrokerError> {
        let path = self.folder.join(TOPICS);
        match fs::read(&path) {
            Ok(text) => {
                let corrupt = |problem| BrokerError::Corrupt {
                    path: path.display().to_string(),
                    problem,
                };
                let topics: StoredTopics =
                    serde_json::from_slice(&text).map_err(|error| corrupt(error.to_string()))?;
                match self.problem(&topics) {
                    None => Ok(topics),
                    Some(problem) => Err(corrupt(problem)),
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(StoredTopics::new()),
            Err(error) => Err(BrokerError::file("reading", &path)(error)),
        }
    }

    /// What cannot be of what is written about the topics.
    fn problem(&self, topics: &StoredTopics) -> Option<String> {
        let mut ids = HashSet::new();
        for (name, topic) in topics {
            if let Some(problem) = name::problem(name) {
                return Some(problem);
            }
            if topic.id.is_nil() || !ids.insert(topic.id) {
                return Some(format!("topic {name} has no id of its own"));
            }
            // A crash may have kept those of one request from being made.
            let made = topic.partitions.checked_sub(MOST_PARTITIONS + 1);
            let made = made.is_none_or(|last| self.partition(name, last).exists());
            if topic.partitions == 0 || !made {
                return Some(format!(
                    "topic {name} cannot have {} partitions",
                    topic.partitions
                ));
            }
        }
        None
    }

    /// Writes the topics down, for good when this returns.
    pub(super) fn save(&self, topics: &StoredTopics) -> Result<(), BrokerError> {
        let text = serde_json::to_vec_pretty(topics).map_err(BrokerError::opening(TOPICS))?;
        self.replace(TOPICS, &text)
    }

    /// Moves a partition's folder out of the way of a topic of the same name. What it held is no
    /// topic's any more if `drop`, and is deleted; else it is kept beside, for its owner to see.
    pub(super) fn put_away(
        &self,
        topic: &str,
        partition: usize,
        drop: bool,
    ) -> Result<(), BrokerError> {
        let from = self.partition(topic, partition);
        if !from.exists() {
            return Ok(());
        }
        let ending = if drop { "delete" } else { "stray" };
        let id = Uuid::new_v4().simple();
        let aside = self.folder.join(format!("{partition}.{id}-{ending}"));
        fs::rename(&from, &aside).map_err(BrokerError::file("renaming", &from))?;
        if drop {
            return fs::remove_dir_all(&aside).map_err(BrokerError::file("deleting", &aside));
        }
        tracing::warn!(
            "{} belonged to no topic: it is kept as {}",
            from.display(),
            aside.display()
        );
        Ok(())
    }

    /// A file is the old one or the new one, whenever the machine stops.
    fn replace(&self, name: &str, content: &[u8]) -> Result<(), BrokerError> {
        let path = self.folder.join(name);
        let fresh = self.folder.join(format!("{name}.tmp"));
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&fresh)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(BrokerError::file("writing", &path))
    }
}

/// Whether that is the name that `put_away` gives to what is to be deleted.
fn is_put_away(name: &str) -> bool {
    let Some((partition, id)) = name
        .strip_suffix("-delete")
        .and_then(|name| name.split_once('.'))
    else {
        return false;
    };
    partition.parse::<usize>().is_ok() && id.len() == 32 && Uuid::try_parse(id).is_ok()
}

/// An id as Kafka writes it: base64 for addresses, without padding (`Uuid.toString`).
fn kafka_text(id: Uuid) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let number = id.as_u128();
    // 22 digits of six bits, the last of which has only two that mean anything.
    let digit = |index: u32| {
        let bits = if index == 21 {
            (number << 4) as usize
        } else {
            (number >> (122 - 6 * index)) as usize
        };
        char::from(DIGITS[bits & 63])
    };
    (0..22).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner() {
        let folder = tempfile::tempdir().unwrap();
        let first = Store::open(folder.path()).unwrap();
        let refused = Store::open(folder.path()).unwrap_err().to_string();
        assert!(
            refused.contains(&folder.path().display().to_string()),
            "{refused}"
        );
        drop(first);
        Store::open(folder.path()).unwrap();
    }

    #[test]
    fn the_cluster_keeps_its_id() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = store.cluster_id().unwrap();
        assert_eq!(id.len(), 22);
        assert_eq!(store.cluster_id().unwrap(), id);
    }

    #[test]
    fn ids_are_written_as_kafka_writes_them() {
        // Uuid.ZERO_UUID, Uuid.ONE_UUID (METADATA_TOPIC_ID) and one of all ones.
        assert_eq!(kafka_text(Uuid::nil()), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(kafka_text(Uuid::from_u128(1)), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert_eq!(kafka_text(Uuid::max()), "_____________________w");
    }

    #[test]
    fn what_was_being_deleted_goes_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let put_away = format!("0.{}-delete", Uuid::new_v4().simple());
        for name in [put_away.as_str(), "mine-delete", "0.notes-delete", "t-0"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let store = Store::open(folder.path()).unwrap();
        assert!(!folder.path().join(put_away).exists());
        for name in ["mine-delete", "0.notes-delete", "t-0"] {
            assert!(folder.path().join(name).exists(), "{name}");
        }
        store.put_away("t", 0, true).unwrap();
        assert!(!folder.path().join("t-0").exists());
    }

    #[test]
    fn topics_that_cannot_be_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = Uuid::new_v4();
        let topic = |id, partitions| StoredTopic {
            id,
            partitions,
            configs: TopicConfigs::default(),
        };
        let problem = |topics: &[(&str, StoredTopic)]| {
            let topics = topics
                .iter()
                .map(|(name, it)| ((*name).to_owned(), it.clone()));
            store.problem(&topics.collect())
        };
        assert_eq!(problem(&[("t", topic(id, MOST_PARTITIONS))]), None);
        assert!(problem(&[("t", topic(id, MOST_PARTITIONS + 1))]).is_some());
        fs::create_dir(store.partition("t", 0)).unwrap();
        assert_eq!(problem(&[("t", topic(id, MOST_PARTITIONS + 1))]), None);
        assert!(problem(&[("t", topic(id, 0))]).is_some());
        assert!(problem(&[("../t", topic(id, 1))]).is_some());
        assert!(problem(&[("t", topic(Uuid::nil(), 1))]).is_some());
        assert!(problem(&[("t", topic(id, 1)), ("u", topic(id, 1))]).is_some());
    }

    #[test]
    fn a_torn_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(store.topics().unwrap().is_empty());
        fs::write(folder.path().join(TOPICS), b"{").unwrap();
        let error = store.topics().unwrap_err().to_string();
        assert!(error.contains(TOPICS), "{error}");
    }
}
