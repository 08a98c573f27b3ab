//! A consumer group's offsets, from outside the group.
//!
//! The `rdkafka` crate has no call for listing or deleting a group's offsets. Listing asks for
//! those of all partitions of the cluster; single ones are taken away over [`crate::wire`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::TopicPartitionList;

use super::{Admin, Probe, token_login};
use crate::consumer::Partition;
use crate::context::LoggingContext;
use crate::error::{ClientError, ErrorCode, code_of};

/// What belongs to the cluster itself.
const INTERNAL: &[&str] = &["__consumer_offsets", "__transaction_state"];

impl Admin {
    /// The topics that this client may see, with their partitions.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when no broker answers.
    pub async fn topics(&self) -> Result<BTreeMap<String, Vec<i32>>, ClientError> {
        let timeout = self.timeout();
        self.blocking("list the topics".to_owned(), move |probe| {
            topics(probe, timeout)
        })
        .await
    }

    /// The offsets that a group has committed, of partitions that exist.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when the group's coordinator does not answer, or does not tell.
    pub async fn group_offsets(
        &self,
        group: &str,
    ) -> Result<BTreeMap<Partition, i64>, ClientError> {
        let doing = format!("read the offsets of the consumer group '{group}'");
        self.as_group(group, doing, |member, timeout| {
            let mut list = TopicPartitionList::new();
            for (topic, partitions) in topics(member, timeout)? {
                for partition in partitions {
                    list.add_partition(&topic, partition);
                }
            }
            if list.count() == 0 {
                return Ok(BTreeMap::new());
            }
            let mut offsets = BTreeMap::new();
            for element in member.committed_offsets(list, timeout)?.elements() {
                if let Offset::Offset(offset) = element.offset() {
                    let partition = Partition {
                        topic: element.topic().into(),
                        partition: element.partition(),
                    };
                    offsets.insert(partition, offset);
                }
            }
            Ok(offsets)
        })
        .await
    }

    /// Commits offsets of a group without members.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`], with [`ErrorCode::UnknownMemberId`] when the group has members.
    pub async fn commit_group_offsets(
        &self,
        group: &str,
        offsets: Vec<(Partition, i64)>,
    ) -> Result<(), ClientError> {
        let doing = format!("commit offsets of the consumer group '{group}'");
        self.as_group(group, doing, move |member, _| {
            let mut list = TopicPartitionList::new();
            for (partition, offset) in &offsets {
                let offset = Offset::Offset(*offset);
                list.add_partition_offset(&partition.topic, partition.partition, offset)?;
            }
            member.commit(&list, CommitMode::Sync)?;
            list.elements().iter().try_for_each(|it| it.error())
        })
        .await
    }

    /// Deletes a group with its offsets. One that is not there is deleted already.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`], with [`ErrorCode::NonEmptyGroup`] when the group has members.
    pub async fn delete_group(&self, group: &str) -> Result<(), ClientError> {
        let doing = format!("delete the consumer group '{group}'");
        let refused = if self.needs_wire() {
            self.delete_group_over_wire(group, &doing).await?
        } else {
            self.delete_group_natively(group, &doing).await?
        };
        match refused {
            None | Some(ErrorCode::GroupIdNotFound) => Ok(()),
            Some(code) => {
                let error = KafkaError::AdminOp(code);
                Err(ClientError::request(&doing, &error, self.recent_error()))
            }
        }
    }

    async fn delete_group_natively(
        &self,
        group: &str,
        doing: &str,
    ) -> Result<Option<ErrorCode>, ClientError> {
        let results = self
            .changer(doing)
            .await?
            .delete_groups(&[group], &self.options())
            .await;
        Ok(match results {
            Ok(results) => results
                .into_iter()
                .find_map(Result::err)
                .map(|(_, code)| code),
            Err(error) => Some(code_of(&error)),
        })
    }

    /// Asks by a client that carries the group's name and never joins it.
    async fn as_group<T, F>(&self, group: &str, doing: String, work: F) -> Result<T, ClientError>
    where
        T: Send + 'static,
        F: FnOnce(&Probe, Duration) -> Result<T, KafkaError> + Send + 'static,
    {
        let mut settings = self.settings.clone();
        settings.set("group.id", group);
        settings.set("enable.auto.commit", "false");
        let timeout = self.timeout();
        let asked = doing.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let client_id = settings.client_id();
            let context = LoggingContext::new(&settings);
            let probe = Probe::from_config_and_context(&settings.client_config(), context)
                .map_err(|error| ClientError::create(client_id, &error))?;
            let probe = Arc::new(probe);
            token_login::serve(&settings, &probe)?;
            work(&probe, timeout).map_err(|error| {
                let reason = probe.context().recent_error(timeout);
                ClientError::request(&asked, &error, reason)
            })
        });
        answer.await.unwrap_or(Err(ClientError::Stopped { doing }))
    }
}

fn topics(probe: &Probe, timeout: Duration) -> Result<BTreeMap<String, Vec<i32>>, KafkaError> {
    let metadata = probe.client().fetch_metadata(None, timeout)?;
    let topics = metadata.topics().iter();
    Ok(topics
        .filter(|topic| !INTERNAL.contains(&topic.name()))
        .map(|topic| {
            let partitions = topic.partitions().iter().map(|it| it.id()).collect();
            (topic.name().to_owned(), partitions)
        })
        .collect())
}
