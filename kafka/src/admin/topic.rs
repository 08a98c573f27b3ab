//! What a topic shall be, and what it is.

use std::collections::{BTreeMap, BTreeSet};

use rdkafka::admin::{ConfigResource, NewTopic as NativeNewTopic, TopicReplication};
use rdkafka::metadata::MetadataTopic;

use super::AdminError;

/// A topic to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; -1 for the broker's default.
    pub partitions: i32,
    /// How many replicas of each; -1 for the broker's default.
    pub replication_factor: i32,
    /// Its settings (`cleanup.policy`, …).
    pub configs: BTreeMap<String, String>,
}

impl NewTopic {
    /// A topic with the broker's default settings.
    #[must_use]
    pub fn new(name: impl Into<String>, partitions: i32, replication_factor: i32) -> Self {
        Self {
            name: name.into(),
            partitions,
            replication_factor,
            configs: BTreeMap::new(),
        }
    }

    /// Adds a setting.
    #[must_use]
    pub fn config(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.configs.insert(key.into(), value.into());
        self
    }

    /// Adds `cleanup.policy=compact`, as Connect's storage topics need.
    #[must_use]
    pub fn compacted(self) -> Self {
        self.config("cleanup.policy", "compact")
    }

    pub(super) fn native(&self) -> NativeNewTopic<'_> {
        let replication = TopicReplication::Fixed(self.replication_factor);
        let topic = NativeNewTopic::new(&self.name, self.partitions, replication);
        self.configs
            .iter()
            .fold(topic, |topic, (key, value)| topic.set(key, value))
    }

    /// What librdkafka would refuse without naming it, or the broker with a bare code.
    pub(super) fn check(&self) -> Result<(), AdminError> {
        let invalid = |reason: String| AdminError::InvalidTopic {
            topic: self.name.clone(),
            reason,
        };
        if let Some(reason) = refused_topic_name(&self.name) {
            return Err(invalid(reason));
        }
        if self.partitions == 0 || self.partitions < -1 {
            let reason = format!("{} is not a number of partitions", self.partitions);
            return Err(invalid(reason));
        }
        if self.replication_factor == 0 || self.replication_factor < -1 {
            let reason = format!("{} is not a replication factor", self.replication_factor);
            return Err(invalid(reason));
        }
        Ok(())
    }
}

/// Why Kafka takes no topic of this name, if so
/// (`org.apache.kafka.common.internals.Topic.validate`).
#[must_use]
pub fn refused_topic_name(name: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() {
        return Some("the name is empty".to_owned());
    }
    if matches!(name, "." | "..") {
        return Some("the name may not be '.' or '..'".to_owned());
    }
    if name.len() > 249 {
        return Some(format!(
            "the name has {} characters, more than 249",
            name.len()
        ));
    }
    name.chars()
        .find(|c| !allowed(*c))
        .map(|c| format!("the name contains '{c}'; letters, digits, '.', '_' and '-' are allowed"))
}

/// A topic's partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicDescription {
    /// Its name.
    pub name: String,
    /// Its partitions, in order.
    pub partitions: Vec<i32>,
    /// Replicas of its first partition.
    pub replication_factor: usize,
    /// Whether every partition has a leader at the moment.
    pub has_leaders: bool,
}

impl TopicDescription {
    pub(super) fn from_metadata(topic: &MetadataTopic) -> Self {
        let partitions = topic.partitions();
        let mut ids: Vec<i32> = partitions
            .iter()
            .map(rdkafka::metadata::MetadataPartition::id)
            .collect();
        ids.sort_unstable();
        Self {
            name: topic.name().to_owned(),
            partitions: ids,
            replication_factor: partitions.first().map_or(0, |first| first.replicas().len()),
            has_leaders: !partitions.is_empty()
                && partitions.iter().all(|partition| partition.leader() >= 0),
        }
    }
}

/// A topic's settings as they apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicConfigs {
    values: BTreeMap<String, String>,
}

impl TopicConfigs {
    pub(super) fn from_resource(resource: ConfigResource) -> Self {
        let entries = resource.entries.into_iter();
        Self::of(entries.filter_map(|entry| entry.value.map(|value| (entry.name, value))))
    }

    pub(super) fn of(values: impl Iterator<Item = (String, String)>) -> Self {
        Self {
            values: values.collect(),
        }
    }

    /// One setting's value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Every setting.
    #[must_use]
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// The parts of `cleanup.policy`, in lower case.
    #[must_use]
    pub fn cleanup_policies(&self) -> BTreeSet<String> {
        let policy = self.get("cleanup.policy").unwrap_or_default();
        policy
            .split(',')
            .map(|part| part.trim().to_ascii_lowercase())
            .filter(|part| !part.is_empty())
            .collect()
    }

    /// Whether records are only ever compacted away, never deleted by age or size: what Connect
    /// demands of its storage topics (`TopicAdmin.verifyTopicCleanupPolicyOnlyCompact`).
    #[must_use]
    pub fn is_only_compacted(&self) -> bool {
        self.cleanup_policies()
            .iter()
            .map(String::as_str)
            .eq(["compact"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_topics_are_refused_with_the_reason() {
        for (topic, part) in [
            (NewTopic::new("", 1, 1), "empty"),
            (NewTopic::new("..", 1, 1), "'..'"),
            (NewTopic::new("a b", 1, 1), "' '"),
            (NewTopic::new("größe", 1, 1), "'ö'"),
            (NewTopic::new("x".repeat(250), 1, 1), "250 characters"),
            (NewTopic::new("a", 0, 1), "0 is not a number of partitions"),
            (NewTopic::new("a", 1, -2), "-2 is not a replication factor"),
        ] {
            let error = topic.check().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        NewTopic::new("a.B_c-1", -1, -1).check().unwrap();
    }

    #[test]
    fn only_compact_means_nothing_else() {
        let with = |policy: &str| TopicConfigs {
            values: BTreeMap::from([("cleanup.policy".to_owned(), policy.to_owned())]),
        };
        assert!(with("compact").is_only_compacted());
        assert!(with(" Compact ").is_only_compacted());
        assert!(!with("compact,delete").is_only_compacted());
        assert!(!with("delete").is_only_compacted());
        assert!(
            !TopicConfigs {
                values: BTreeMap::new()
            }
            .is_only_compacted()
        );
    }
}
