//! The Kafka under test, as an administrator sees it.

use std::collections::BTreeMap;
use std::time::Duration;

use connect_kafka::admin::{Admin, AdminError, NewTopic};
use connect_kafka::{ClientKind, ClientSettings};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::services::variable;
use crate::wait::eventually;

/// A group as its coordinator describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `Stable`, `Empty`, `PreparingRebalance` or `CompletingRebalance`.
    pub state: String,
    /// The protocol that its members agreed upon.
    pub protocol: String,
    /// How many members it has.
    pub members: usize,
}

/// The Kafka under test.
#[derive(Debug, Clone)]
pub struct Kafka {
    admin: Admin,
}

impl Kafka {
    /// The one that `tests/services/up` started.
    ///
    /// # Panics
    /// If there is none.
    pub fn new() -> Self {
        let props = [("bootstrap.servers".to_owned(), bootstrap())].into();
        let settings = ClientSettings::from_props(ClientKind::Admin, &props).expect("settings");
        Self {
            admin: Admin::new(&settings).expect("an admin client"),
        }
    }

    /// The admin client.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// A group as its coordinator describes it; none if there is no such group.
    ///
    /// # Panics
    /// If the broker does not answer.
    pub fn group(&self, name: &str) -> Option<Group> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap());
        let client: BaseConsumer = config.create().expect("a client");
        let groups = client.fetch_group_list(Some(name), Duration::from_secs(30));
        let groups = groups.expect("the groups");
        // A group that nobody knows is described as dead.
        let known = groups.groups().iter().find(|group| group.state() != "Dead");
        known.map(|group| Group {
            state: group.state().to_owned(),
            protocol: group.protocol().to_owned(),
            members: group.members().len(),
        })
    }

    /// Waits until a group has no members any more.
    ///
    /// # Panics
    /// If it has some after a minute.
    pub async fn wait_until_empty(&self, group: &str) {
        let empty = async || {
            let found = self.group(group);
            found.is_none_or(|found| found.members == 0).then_some(())
        };
        eventually(&format!("an empty group {group}"), empty).await;
    }

    /// Waits until a group has so many members, and all have their shares.
    ///
    /// # Panics
    /// If it is not so after a minute.
    pub async fn wait_until_stable(&self, group: &str, members: usize) {
        let stable = async || {
            let found = self.group(group)?;
            (found.state == "Stable" && found.members == members).then_some(())
        };
        eventually(&format!("{members} members of {group}"), stable).await;
    }

    /// The names of all topics that start with `prefix`.
    ///
    /// # Panics
    /// If the broker does not answer.
    pub fn topics(&self, prefix: &str) -> Vec<String> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap());
        let client: BaseConsumer = config.create().expect("a client");
        let metadata = client
            .fetch_metadata(None, Duration::from_secs(30))
            .expect("metadata");
        let names = metadata
            .topics()
            .iter()
            .map(|topic| topic.name().to_owned());
        names.filter(|name| name.starts_with(prefix)).collect()
    }

    /// Deletes topics and waits until they are gone; those that are not there are no error.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn delete(&self, topics: &[String]) {
        for topic in topics {
            self.delete_one(topic).await;
        }
        for topic in topics {
            let gone = async || {
                let found = self.admin.describe_topic(topic).await;
                if found.expect("described").is_none() {
                    return Some(());
                }
                // Made again, as `create_anew` says.
                self.delete_one(topic).await;
                None
            };
            eventually(&format!("{topic} deleted"), gone).await;
        }
    }

    /// Creates a topic that is empty; one that is there already is deleted.
    ///
    /// A consumer that was killed a moment ago may have asked for it: what it had sent is answered
    /// after the fetch before it, and a topic that is not there by then is made.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn create_anew(&self, topic: &NewTopic) {
        let created = async || {
            self.delete_one(&topic.name).await;
            match self.admin.create_topic(topic).await {
                Ok(()) => Some(()),
                Err(AdminError::TopicExists { .. }) => None,
                Err(error) => panic!("{error}"),
            }
        };
        eventually(&format!("{} created", topic.name), created).await;
    }

    async fn delete_one(&self, topic: &str) {
        match self.admin.delete_topic(topic).await {
            Ok(()) | Err(AdminError::UnknownTopic { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Deletes all topics but those of the JVM worker, of the broker itself and of the schema
    /// registry: a broker that has few starts in seconds, after a kill too. Only for a test that
    /// runs alone.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn delete_all(&self) {
        let mut topics = self.topics("");
        topics.retain(|topic| !topic.starts_with("connect-jvm") && !topic.starts_with('_'));
        self.delete(&topics).await;
    }

    /// Creates a topic with one partition.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn create(&self, topic: &NewTopic) {
        self.admin.create_topic(topic).await.expect("created");
    }

    /// How many records each topic has, by its offsets; 0 if it is not there.
    ///
    /// # Panics
    /// If the broker does not answer.
    pub async fn counts<'a>(
        &self,
        topics: impl IntoIterator<Item = &'a String>,
    ) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for topic in topics {
            counts.insert(topic.clone(), self.count(topic).await);
        }
        counts
    }

    /// How many records a topic has.
    ///
    /// # Panics
    /// If the broker does not answer.
    pub async fn count(&self, topic: &str) -> usize {
        let found = self.admin.describe_topic(topic).await.expect("described");
        let Some(found) = found.filter(|found| found.has_leaders) else {
            return 0;
        };
        // A topic that was deleted a moment ago may fail here: it has no records.
        let bounds = self.admin.partition_bounds(topic, &found.partitions).await;
        let bounds = bounds.unwrap_or_default();
        let count: i64 = bounds.values().map(|bounds| bounds.high - bounds.low).sum();
        usize::try_from(count).expect("not negative")
    }
}

impl Default for Kafka {
    fn default() -> Self {
        Self::new()
    }
}

/// `bootstrap.servers` of the Kafka under test.
pub fn bootstrap() -> String {
    variable("KAFKA_BOOTSTRAP")
}
