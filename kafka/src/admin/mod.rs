//! Topics, end offsets, the offsets of consumer groups, and the cluster's identity.
//!
//! An [`Admin`] is meant to be shared: it holds one librdkafka instance for questions and, from
//! the first request that changes or describes topics on, a second one (librdkafka's admin API
//! has a client type of its own). Its calls may run side by side. None of them ever creates a
//! topic by asking about it.
//!
//! The cluster's controller is not told: the `rdkafka` crate gives no access to it.

mod error;
mod group;
mod offset_delete;
mod over_wire;
mod probe;
mod token_login;
mod topic;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use crate::context::LoggingContext;
use crate::error::{ClientError, ErrorCode, code_of, is_without_answer};
use crate::settings::ClientSettings;

use probe::{Probe, Probes, drain};

pub use error::AdminError;
pub use topic::{NewTopic, TopicConfigs, TopicDescription, refused_topic_name};

/// How long the broker may take over a change before it answers that it took too long.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a topic that is there is asked for settings that are not told.
const SETTLING_TRIES: u32 = 10;
const SETTLING_PAUSE: Duration = Duration::from_millis(100);

/// The cluster as one of its brokers describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterInfo {
    /// The cluster's id (`kafka_cluster_id` of the worker's REST root).
    pub cluster_id: Option<String>,
    /// The brokers, by id.
    pub brokers: BTreeMap<i32, String>,
}

/// Where one partition begins and ends at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionBounds {
    /// The first offset that is still there.
    pub low: i64,
    /// The offset that the next record will get. Open transactions count.
    pub high: i64,
}

type Changer = AdminClient<LoggingContext>;

/// An admin client. Cheap to clone. See the [module](self).
#[derive(Clone)]
pub struct Admin {
    settings: ClientSettings,
    probes: Arc<Probes>,
    changer: Arc<Mutex<Option<Arc<Changer>>>>,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin")
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}

impl Admin {
    /// Makes an admin client. It connects when it is first asked something.
    ///
    /// # Errors
    ///
    /// [`ClientError::Create`] when librdkafka refuses the settings taken together.
    pub fn new(settings: &ClientSettings) -> Result<Self, ClientError> {
        Ok(Self {
            settings: settings.clone(),
            probes: Arc::new(Probes::new(settings)?),
            changer: Arc::default(),
        })
    }

    /// `client.id`.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.settings.client_id()
    }

    /// How long one call may take: `default.api.timeout.ms`.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.settings.api_timeout()
    }

    /// The cluster's id and brokers.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when no broker answers within `timeout`, with what the client
    /// said about its connections.
    pub async fn describe_cluster(&self, timeout: Duration) -> Result<ClusterInfo, ClientError> {
        let doing = "reach the Kafka cluster".to_owned();
        self.blocking(doing, move |probe| {
            let metadata = probe.client().fetch_metadata(None, timeout)?;
            let brokers = metadata
                .brokers()
                .iter()
                .map(|broker| (broker.id(), format!("{}:{}", broker.host(), broker.port())))
                .collect();
            // It came with the metadata.
            let cluster_id = probe.client().fetch_cluster_id(Duration::from_secs(1));
            Ok(ClusterInfo {
                cluster_id,
                brokers,
            })
        })
        .await
    }

    /// Creates a topic.
    ///
    /// # Errors
    ///
    /// [`AdminError::TopicExists`] and the rest of [`AdminError`].
    pub async fn create_topic(&self, topic: &NewTopic) -> Result<(), AdminError> {
        self.create_topics(&[topic]).await.remove(0)
    }

    /// Creates topics with one request, which takes a cluster little longer than one for a single
    /// topic. Gives the outcome of each, in their order: that of [`Admin::create_topic`].
    pub async fn create_topics(&self, topics: &[&NewTopic]) -> Vec<Result<(), AdminError>> {
        let is_valid = |topic: &&&NewTopic| topic.check().is_ok();
        let valid: Vec<&NewTopic> = topics.iter().filter(is_valid).copied().collect();
        let refused = if valid.is_empty() {
            Ok(BTreeMap::new())
        } else {
            self.request_topics(&valid).await
        };
        let outcome = |topic: &&NewTopic| {
            topic.check()?;
            match refused.as_ref().map(|refused| refused.get(&topic.name)) {
                Ok(None) => Ok(()),
                Ok(Some(code)) => Err(AdminError::from_create(topic, *code)),
                Err(error) => Err(AdminError::clone(error)),
            }
        };
        topics.iter().map(outcome).collect()
    }

    /// Asks for topics. Gives those that the broker refuses, and why.
    async fn request_topics(
        &self,
        topics: &[&NewTopic],
    ) -> Result<BTreeMap<String, ErrorCode>, AdminError> {
        let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
        let names = names.join("', '");
        if self.needs_wire() {
            return self.create_over_wire(topics, &names).await;
        }
        let natives: Vec<_> = topics.iter().map(|topic| topic.native()).collect();
        let results = self
            .changer(&format!("create topic '{names}'"))
            .await?
            .create_topics(&natives, &self.options())
            .await
            .map_err(|error| self.failed("create", &names, &error))?;
        Ok(results.into_iter().filter_map(Result::err).collect())
    }

    /// Creates a topic unless it is there. Tells whether it was created.
    ///
    /// # Errors
    ///
    /// [`AdminError`], without [`AdminError::TopicExists`].
    pub async fn create_topic_if_missing(&self, topic: &NewTopic) -> Result<bool, AdminError> {
        match self.create_topic(topic).await {
            Ok(()) => Ok(true),
            Err(AdminError::TopicExists { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes a topic.
    ///
    /// # Errors
    ///
    /// [`AdminError::UnknownTopic`] when it is not there, and the rest of [`AdminError`].
    pub async fn delete_topic(&self, name: &str) -> Result<(), AdminError> {
        let refused = if self.needs_wire() {
            self.delete_over_wire(name).await?
        } else {
            self.delete_natively(name).await?
        };
        match refused {
            None => Ok(()),
            Some(code) => Err(AdminError::from_code("delete", name, code, None)),
        }
    }

    async fn delete_natively(&self, name: &str) -> Result<Option<ErrorCode>, AdminError> {
        let results = self
            .changer(&format!("delete topic '{name}'"))
            .await?
            .delete_topics(&[name], &self.options())
            .await;
        topic_outcome(results).map_err(|error| self.failed("delete", name, &error))
    }

    /// A topic's partitions; none when it does not exist.
    ///
    /// # Errors
    ///
    /// [`AdminError`] when the cluster cannot be asked or does not tell.
    pub async fn describe_topic(&self, name: &str) -> Result<Option<TopicDescription>, AdminError> {
        let (topic, timeout) = (name.to_owned(), self.timeout());
        let metadata = self
            .blocking(format!("describe topic '{name}'"), move |probe| {
                probe.client().fetch_metadata(Some(&topic), timeout)
            })
            .await?;
        let Some(found) = metadata.topics().iter().find(|found| found.name() == name) else {
            return Ok(None);
        };
        match found.error().map(ErrorCode::from) {
            None => Ok(Some(TopicDescription::from_metadata(found))),
            // Just created: not every broker has heard of its leaders.
            Some(ErrorCode::LeaderNotAvailable) => Ok(Some(TopicDescription::from_metadata(found))),
            Some(ErrorCode::UnknownTopicOrPartition | ErrorCode::UnknownTopic) => Ok(None),
            Some(code) => Err(AdminError::from_code("describe", name, code, None)),
        }
    }

    /// A topic's settings as they apply, the broker's defaults included; none when it does not
    /// exist. Needs the right to describe configs, which [`Admin::describe_topic`] does not.
    ///
    /// # Errors
    ///
    /// [`AdminError`].
    pub async fn topic_configs(&self, name: &str) -> Result<Option<TopicConfigs>, AdminError> {
        for _ in 0..SETTLING_TRIES {
            if let Some(configs) = self.described_configs(name).await? {
                return Ok(Some(configs));
            }
            if self.describe_topic(name).await?.is_none() {
                return Ok(None);
            }
            // Not allowed to be told; or it was created between the two requests, or the broker
            // that was asked first has not heard of it yet.
            tokio::time::sleep(SETTLING_PAUSE).await;
        }
        let code = ErrorCode::TopicAuthorizationFailed;
        Err(AdminError::from_code(
            "describe the settings of",
            name,
            code,
            None,
        ))
    }

    /// None when the broker does not tell, for whatever reason: the `rdkafka` crate drops the error
    /// of a single resource, and what is left is a resource without settings, which no topic is.
    async fn described_configs(&self, name: &str) -> Result<Option<TopicConfigs>, AdminError> {
        if self.needs_wire() {
            return self.configs_over_wire(name).await;
        }
        let changer = self.changer(&format!("describe topic '{name}'")).await?;
        let resources = changer
            .describe_configs([&ResourceSpecifier::Topic(name)], &self.options())
            .await
            .map_err(|error| self.failed("describe the settings of", name, &error))?;
        let described = resources.into_iter().find_map(Result::ok);
        Ok(described
            .filter(|described| !described.entries.is_empty())
            .map(TopicConfigs::from_resource))
    }

    /// Where the partitions of a topic begin and end, transactions that are still open included.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when a partition's leader cannot be asked.
    pub async fn partition_bounds(
        &self,
        topic: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, PartitionBounds>, ClientError> {
        self.partition_bounds_within(topic, partitions, self.timeout())
            .await
    }

    /// The same for who will ask again, and does not wait for so long at a time.
    pub(crate) async fn partition_bounds_within(
        &self,
        topic: &str,
        partitions: &[i32],
        limit: Duration,
    ) -> Result<BTreeMap<i32, PartitionBounds>, ClientError> {
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (name, partitions) = (topic.to_owned(), partitions.to_vec());
        let timeout = self.timeout().min(limit);
        self.blocking(
            format!("read the end offsets of topic '{topic}'"),
            move |probe| {
                let low = offsets_at(probe, &name, &partitions, Offset::Beginning, timeout)?;
                let high = offsets_at(probe, &name, &partitions, Offset::End, timeout)?;
                Ok(high
                    .into_iter()
                    .map(|(partition, high)| {
                        let low = low.get(&partition).copied().unwrap_or(0);
                        (partition, PartitionBounds { low, high })
                    })
                    .collect())
            },
        )
        .await
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new()
            .request_timeout(Some(self.timeout()))
            .operation_timeout(Some(self.operation_timeout()))
    }

    fn operation_timeout(&self) -> Duration {
        OPERATION_TIMEOUT.min(self.timeout())
    }

    fn failed(&self, doing: &str, topic: &str, error: &KafkaError) -> AdminError {
        let code = code_of(error);
        if is_without_answer(code) {
            self.forget_changer();
        }
        AdminError::from_code(doing, topic, code, self.recent_error())
    }

    /// A client that got no answer may have lost its brokers for good: the next call makes another.
    fn forget_changer(&self) {
        let mut slot = self.changer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = slot.take() {
            // Its end takes a moment.
            tokio::task::spawn_blocking(move || drop(old));
        }
    }

    fn recent_error(&self) -> Option<String> {
        let probe = self.probes.current();
        drain(&probe);
        probe.context().recent_error(self.timeout())
    }

    /// The client of the admin API, made at its first use.
    async fn changer(&self, doing: &str) -> Result<Arc<Changer>, ClientError> {
        let (slot, settings) = (Arc::clone(&self.changer), self.settings.clone());
        let make = move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(changer) = slot.as_ref() {
                return Ok(Arc::clone(changer));
            }
            let client_id = settings.client_id();
            let mut config = settings.client_config();
            // Nobody reads this client's event queue (rdkafka gives no way to), where log lines
            // would pile up; the probe tells of the same brokers.
            config.set_log_level(RDKafkaLogLevel::Emerg);
            let changer = Changer::from_config_and_context(&config, LoggingContext::new(&settings))
                .map_err(|error| ClientError::create(client_id, &error))?;
            let changer = Arc::new(changer);
            *slot = Some(Arc::clone(&changer));
            Ok(changer)
        };
        let stopped = || ClientError::Stopped {
            doing: doing.to_owned(),
        };
        tokio::task::spawn_blocking(make)
            .await
            .map_err(|_| stopped())?
    }

    /// Runs a blocking question, and serves the log lines and errors that it gave rise to.
    async fn blocking<T, F>(&self, doing: String, question: F) -> Result<T, ClientError>
    where
        T: Send + 'static,
        F: FnOnce(&Probe) -> Result<T, KafkaError> + Send + 'static,
    {
        let probes = Arc::clone(&self.probes);
        let timeout = self.timeout();
        let asked = doing.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let probe = probes.current();
            let answer = question(&probe);
            drain(&probe);
            answer.map_err(|error| {
                if is_without_answer(code_of(&error)) {
                    probes.replace(&probe);
                }
                let reason = probe.context().recent_error(timeout);
                ClientError::request(&asked, &error, reason)
            })
        });
        answer.await.map_err(|_| ClientError::Stopped { doing })?
    }
}

/// The single topic's outcome: none is success.
fn topic_outcome(
    results: Result<Vec<rdkafka::admin::TopicResult>, KafkaError>,
) -> Result<Option<ErrorCode>, KafkaError> {
    Ok(results?
        .into_iter()
        .find_map(|result| result.err().map(|(_, code)| code)))
}

/// ListOffsets with the logical timestamps for the beginning (-2) and the end (-1).
fn offsets_at(
    probe: &Probe,
    topic: &str,
    partitions: &[i32],
    which: Offset,
    timeout: Duration,
) -> Result<BTreeMap<i32, i64>, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition_offset(topic, *partition, which)?;
    }
    let answered = probe.offsets_for_times(list, timeout)?;
    let mut offsets = BTreeMap::new();
    for element in answered.elements() {
        element.error()?;
        match element.offset() {
            Offset::Offset(offset) => {
                offsets.insert(element.partition(), offset);
            }
            _ => return Err(KafkaError::OffsetFetch(ErrorCode::OffsetNotAvailable)),
        }
    }
    Ok(offsets)
}
