//! A distributed worker's settings.

use std::sync::Arc;

use connect_api::config::{Key, Settings};
use connect_api::{Error, Props, Result};
use connect_kafka::admin::NewTopic;
use connect_kafka::settings::worker as clients;
use connect_kafka::{ClientKind, ClientSettings};
use tracing::warn;

use super::keys;
use crate::membership::GroupSettings;
use crate::membership::Lease;
use crate::store::kafka::StorageClients;
use crate::store::log::WRITE_TIMEOUT;
use crate::store::topics::{StorageTopic, StorageTopics};

/// What the stores of a distributed worker need.
#[derive(Debug, Clone)]
pub(super) struct DistributedSettings {
    pub(super) config_topic: StorageTopic,
    pub(super) offset_topic: StorageTopic,
    pub(super) status_topic: StorageTopic,
    client_id: String,
    settings: Settings,
    props: Props,
}

/// How a storage topic is set: its name, its replicas, and the prefix of what
/// else it shall have.
struct TopicKeys {
    topic: &'static Key<String>,
    replication: &'static Key<i16>,
    prefix: &'static str,
    purpose: &'static str,
}

const CONFIGS: TopicKeys = TopicKeys {
    topic: &keys::CONFIG_TOPIC,
    replication: &keys::CONFIG_REPLICATION,
    prefix: "config.storage.",
    purpose: "connector configurations",
};
const OFFSETS: TopicKeys = TopicKeys {
    topic: &keys::OFFSET_TOPIC,
    replication: &keys::OFFSET_REPLICATION,
    prefix: "offset.storage.",
    purpose: "source connector offsets",
};
const STATUSES: TopicKeys = TopicKeys {
    topic: &keys::STATUS_TOPIC,
    replication: &keys::STATUS_REPLICATION,
    prefix: "status.storage.",
    purpose: "connector and task statuses",
};

impl DistributedSettings {
    pub(super) fn parse(props: &Props) -> Result<Self> {
        let settings = keys::distributed_config().parse(props)?;
        let parsed = Self {
            config_topic: StorageTopic {
                one_partition: true,
                ..storage_topic(&settings, &CONFIGS, 1)?
            },
            offset_topic: storage_topic(
                &settings,
                &OFFSETS,
                settings.get(&keys::OFFSET_PARTITIONS)?,
            )?,
            status_topic: storage_topic(
                &settings,
                &STATUSES,
                settings.get(&keys::STATUS_PARTITIONS)?,
            )?,
            client_id: client_id(&settings)?,
            props: props.clone(),
            settings,
        };
        parsed.check_distinct()?;
        Ok(parsed)
    }

    /// What a worker whose REST server is at `url` brings to its group.
    pub(super) fn group(&self, url: &str) -> Result<GroupSettings> {
        let kafka = kafka_props(&self.props);
        GroupSettings::parse(&self.settings, &kafka, &self.client_id, url)
    }

    /// Compaction and the readers' ideas of keys allow one role for each topic.
    fn check_distinct(&self) -> Result<()> {
        let topics = [&self.config_topic, &self.offset_topic, &self.status_topic];
        for (position, one) in topics.iter().enumerate() {
            for other in &topics[position + 1..] {
                if one.topic.name == other.topic.name {
                    return Err(Error::config(format!(
                        "'{}' and '{}' name the same topic '{}': give each a topic of its own",
                        one.setting, other.setting, one.topic.name
                    )));
                }
            }
        }
        Ok(())
    }

    /// The clients of the stores, which write while `lease` holds. Nothing
    /// connects yet.
    pub(super) fn clients(&self, lease: Lease) -> Result<StorageClients> {
        let id = format!("{}storage", self.client_id);
        let props: connect_kafka::Props = kafka_props(&self.props);
        let consumer = client(
            ClientKind::Consumer,
            &clients::storage_consumer(&props, &id),
        )?;
        let mut producer = clients::storage_producer(&props, &id);
        if let Some(length) = lease.length() {
            // No record may lie in a queue for longer: others may have written since.
            let limit = length.min(WRITE_TIMEOUT).as_millis().to_string();
            producer.insert("delivery.timeout.ms".to_owned(), limit);
        }
        let producer = client(ClientKind::Producer, &producer)?;
        let failed = |error: connect_kafka::ClientError| Error::config(error.to_string());
        let admin = admin(&self.props, &self.client_id)?;
        let topics = [&self.config_topic, &self.offset_topic, &self.status_topic];
        let topics = StorageTopics::new(admin.clone(), topics.map(StorageTopic::clone));
        Ok(StorageClients {
            admin,
            consumer,
            writer: connect_kafka::log::LogWriter::new(&producer).map_err(failed)?,
            lease,
            topics: Arc::new(topics),
        })
    }
}

/// An admin client of a worker whose clients' names begin with `client_id`.
pub(crate) fn admin(props: &Props, client_id: &str) -> Result<connect_kafka::admin::Admin> {
    let props = kafka_props(props);
    let id = format!("{client_id}shared-admin");
    let settings = client(ClientKind::Admin, &clients::worker_admin(&props, &id))?;
    connect_kafka::admin::Admin::new(&settings).map_err(|error| Error::config(error.to_string()))
}

/// As a JVM worker names its clients: `connect-<group.id>-…`, or as `client.id` says.
fn client_id(settings: &Settings) -> Result<String> {
    let given = settings.get(&keys::CLIENT_ID)?;
    let base = if given.is_empty() {
        format!("connect-{}", settings.get(&keys::GROUP_ID)?)
    } else {
        given
    };
    Ok(format!("{base}-"))
}

fn kafka_props(props: &Props) -> connect_kafka::Props {
    props
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn client(kind: ClientKind, props: &connect_kafka::Props) -> Result<ClientSettings> {
    let settings = ClientSettings::from_props(kind, props)
        .map_err(|error| Error::config(error.to_string()))?;
    for warning in settings.warnings() {
        warn!("{warning}");
    }
    Ok(settings)
}

fn storage_topic(settings: &Settings, keys: &TopicKeys, partitions: i32) -> Result<StorageTopic> {
    let name = settings.get(keys.topic)?;
    let replication: i16 = settings.get(keys.replication)?;
    let mut topic = NewTopic::new(name, partitions, replication.into());
    for (name, value) in settings.with_prefix(keys.prefix) {
        match name.as_str() {
            "topic" | "partitions" | "replication.factor" | "file.filename" => {}
            // Connect decides these itself (`DistributedConfig.topicSettings`).
            "cleanup.policy" => warn!(
                "'{}cleanup.policy' is ignored: the topic is always compacted",
                keys.prefix
            ),
            _ => topic = topic.config(name, value),
        }
    }
    if keys.prefix == "config.storage."
        && settings.props().contains_key("config.storage.partitions")
    {
        warn!("'config.storage.partitions' is ignored: the topic always has one partition");
    }
    Ok(StorageTopic {
        topic: topic.compacted(),
        setting: keys.topic.name(),
        purpose: keys.purpose,
        may_create: settings.get(&self::keys::INTERNAL_TOPICS_CREATION)?,
        one_partition: false,
    })
}
