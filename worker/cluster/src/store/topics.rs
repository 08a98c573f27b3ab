//! The storage topics: created together where they are missing, checked where they are there
//! (`KafkaTopicBasedBackingStore.topicInitializer`).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use connect_api::{Error, ErrorKind, Result};
use connect_kafka::admin::{Admin, AdminError, NewTopic};
use tokio::sync::OnceCell;
use tracing::{info, warn};

/// A storage topic: what it must be, and what the user reads where it is not.
#[derive(Debug, Clone)]
pub(crate) struct StorageTopic {
    pub(crate) topic: NewTopic,
    /// The worker's setting that names it, such as `config.storage.topic`.
    pub(crate) setting: &'static str,
    /// What it holds.
    pub(crate) purpose: &'static str,
    /// `internal.topics.automatic.creation.enable`.
    pub(crate) may_create: bool,
    /// True for the config topic: the order of its records is its meaning.
    pub(crate) one_partition: bool,
}

/// The storage topics of a worker.
#[derive(Debug)]
pub(crate) struct StorageTopics {
    admin: Admin,
    specs: [StorageTopic; 3],
    prepared: OnceCell<()>,
    /// Created by us and not opened yet, with their partitions.
    created: Mutex<BTreeMap<String, i32>>,
}

impl StorageTopics {
    pub(crate) fn new(admin: Admin, specs: [StorageTopic; 3]) -> Self {
        Self {
            admin,
            specs,
            prepared: OnceCell::new(),
            created: Mutex::default(),
        }
    }

    /// Makes all of them what they must be: whoever opens the first one does it for all.
    pub(crate) async fn prepare(&self) -> Result<()> {
        let prepared = self.prepared.get_or_try_init(|| self.prepare_all()).await;
        prepared.copied()
    }

    /// How many partitions the topic has, if we have just created it. Told once: who opens it
    /// again may find records in it.
    pub(crate) fn take_created(&self, name: &str) -> Option<i32> {
        self.created().remove(name).filter(|count| *count > 0)
    }

    fn created(&self) -> MutexGuard<'_, BTreeMap<String, i32>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn prepare_all(&self) -> Result<()> {
        let [configs, offsets, statuses] = &self.specs;
        let admin = &self.admin;
        let found = tokio::try_join!(
            is_there(admin, configs),
            is_there(admin, offsets),
            is_there(admin, statuses),
        )?;
        let found = [found.0, found.1, found.2];
        let missing = self.specs.iter().zip(found).filter(|(_, found)| !found);
        self.create(missing.map(|(spec, _)| spec).collect()).await
    }

    async fn create(&self, missing: Vec<&StorageTopic>) -> Result<()> {
        let topics: Vec<&NewTopic> = missing.iter().map(|spec| &spec.topic).collect();
        let outcomes = self.admin.create_topics(&topics).await;
        for (spec, outcome) in missing.into_iter().zip(outcomes) {
            let name = &spec.topic.name;
            match outcome {
                Ok(()) => {
                    info!(topic = name, "created the topic for {}", spec.purpose);
                    self.created().insert(name.clone(), spec.topic.partitions);
                }
                // Another worker was faster.
                Err(AdminError::TopicExists { .. }) => {
                    is_there(&self.admin, spec).await?;
                }
                Err(error) => return Err(admin_error(spec, error)),
            }
        }
        Ok(())
    }
}

/// Whether the topic is there. It is an error if it may not be used, or may not be created.
async fn is_there(admin: &Admin, spec: &StorageTopic) -> Result<bool> {
    let name = &spec.topic.name;
    let found = admin.describe_topic(name).await;
    if let Some(found) = found.map_err(|error| admin_error(spec, error))? {
        if spec.one_partition && found.partitions.len() != 1 {
            return Err(too_many_partitions(spec, found.partitions.len()));
        }
        check_cleanup_policy(admin, spec).await?;
        return Ok(true);
    }
    if spec.may_create {
        return Ok(false);
    }
    Err(Error::config(format!(
        "Topic '{name}' specified via the '{}' property is missing. The config \
         'internal.topics.automatic.creation.enable' is set to 'false', so automatic creation of \
         internal topics is disabled. Either enable automatic creation or create the topics \
         manually.",
        spec.setting
    )))
}

/// `TopicAdmin.verifyTopicCleanupPolicyOnlyCompact`.
async fn check_cleanup_policy(admin: &Admin, spec: &StorageTopic) -> Result<()> {
    let name = &spec.topic.name;
    let configs = match admin.topic_configs(name).await {
        Ok(Some(configs)) => configs,
        Ok(None) => return Ok(()),
        Err(error @ (AdminError::Unauthorized { .. } | AdminError::Unsupported { .. })) => {
            warn!(
                topic = name,
                %error,
                "cannot check that the topic has cleanup.policy=compact; make sure that it has, \
                 or {} will be lost in time",
                spec.purpose
            );
            return Ok(());
        }
        Err(error) => return Err(admin_error(spec, error)),
    };
    if configs.is_only_compacted() {
        return Ok(());
    }
    let policies: Vec<String> = configs.cleanup_policies().into_iter().collect();
    Err(Error::config(format!(
        "Topic '{name}' supplied via the '{setting}' property is required to have \
         'cleanup.policy=compact' to guarantee consistency and durability of {purpose}, but found \
         the topic currently has 'cleanup.policy={found}'. Continuing would likely result in \
         eventually losing {purpose} and problems restarting this Connect cluster in the future. \
         Change the '{setting}' property in the Connect worker configurations to use a topic with \
         'cleanup.policy=compact'.",
        setting = spec.setting,
        purpose = spec.purpose,
        found = policies.join(","),
    )))
}

pub(super) fn too_many_partitions(spec: &StorageTopic, found: usize) -> Error {
    Error::config(format!(
        "Topic '{}' supplied via the '{}' property is required to have a single partition in \
         order to guarantee consistency of connector configurations, but found {found} \
         partitions. Name another topic, or delete this one so that it is created anew.",
        spec.topic.name, spec.setting
    ))
}

fn admin_error(spec: &StorageTopic, error: AdminError) -> Error {
    let kind = if error.is_retriable() {
        ErrorKind::Retriable
    } else {
        ErrorKind::Config
    };
    let mut doing = format!(
        "preparing topic '{}' for {} ({})",
        spec.topic.name, spec.purpose, spec.setting
    );
    if error.to_string().contains("eplication") {
        let replicas = spec.setting.replace(".topic", ".replication.factor");
        doing.push_str(&format!(
            "; '{replicas}' is {} and may not be more than there are brokers",
            spec.topic.replication_factor
        ));
    }
    Error::new(kind, doing).caused_by(error)
}
