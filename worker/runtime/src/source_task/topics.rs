//! The topics that a task writes to: created by `topic.creation.*` before the
//! first record (KIP-158), and told to the status listener once each.

use std::collections::HashSet;
use std::time::Duration;

use connect_api::data::ByteString;
use connect_api::{Error, Result};
use connect_kafka::admin::{Admin, AdminError, NewTopic};
use tokio_util::sync::CancellationToken;

use crate::connector_config::{TopicCreation, TopicGroup};
use crate::task::backoff::{Backoff, pause};
use crate::task::kafka_error;
use crate::worker::reporter::TaskReporter;

/// A task's topics.
pub(super) struct Topics {
    creation: Option<(Admin, TopicCreation)>,
    reporter: TaskReporter,
    tracking: bool,
    last: ByteString,
    known: HashSet<ByteString>,
    /// Those that records went to since the last commit.
    recent: HashSet<ByteString>,
}

impl Topics {
    pub(super) fn new(
        creation: Option<(Admin, TopicCreation)>,
        reporter: TaskReporter,
        tracking: bool,
    ) -> Self {
        Self {
            creation,
            reporter,
            tracking,
            last: ByteString::new(),
            known: HashSet::new(),
            recent: HashSet::new(),
        }
    }

    /// True if nothing is to be done before a record goes to `topic`.
    pub(super) fn is_ready(&mut self, topic: &ByteString) -> bool {
        if self.last == *topic {
            return true;
        }
        let known = self.known.contains(topic);
        if known {
            self.last = topic.clone();
            self.recent.insert(topic.clone());
        }
        known
    }

    /// Tells the status listener again of the topics that were written to since
    /// the last call: a user may have reset the connector's topics meanwhile.
    pub(super) fn report_recent(&mut self) {
        let recent = std::mem::take(&mut self.recent);
        if self.tracking {
            for topic in &recent {
                self.reporter.topic_used(topic);
            }
        }
        // So that the next record is noted again.
        self.last = ByteString::new();
    }

    /// Sees to it that `topic` is there, waiting for a cluster that is away.
    pub(super) async fn prepare(
        &mut self,
        topic: &ByteString,
        stop: &CancellationToken,
    ) -> Result<()> {
        if let Some((admin, creation)) = &self.creation {
            let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
            while let Err(error) = create(admin, creation, topic).await {
                if !error.is_retriable() {
                    return Err(Error::config(format!(
                        "Task failed to create new topic '{topic}'. Ensure that the task is \
                         authorized to create topics or that the topic exists and restart the task"
                    ))
                    .caused_by(error));
                }
                let delay = backoff.next();
                tracing::warn!(
                    "cannot create topic '{topic}' yet, trying again in {} ms: {error}",
                    delay.as_millis()
                );
                pause(delay, stop).await?;
            }
        }
        if self.tracking {
            self.reporter.topic_used(topic);
        }
        self.known.insert(topic.clone());
        self.last = topic.clone();
        Ok(())
    }
}

async fn create(admin: &Admin, creation: &TopicCreation, topic: &str) -> Result<(), AdminError> {
    if admin.describe_topic(topic).await?.is_some() {
        tracing::debug!("topic '{topic}' exists already");
        return Ok(());
    }
    let Some(group) = creation.group_of(topic) else {
        return Ok(());
    };
    if admin
        .create_topic_if_missing(&new_topic(topic, group))
        .await?
    {
        tracing::info!(
            "created topic '{topic}' with the settings of group '{}'",
            group.name
        );
    }
    Ok(())
}

fn new_topic(topic: &str, group: &TopicGroup) -> NewTopic {
    let factor = i32::from(group.replication_factor);
    let mut new = NewTopic::new(topic, group.partitions, factor);
    new.configs = group.configs.clone();
    new
}

/// Makes the admin client that topics are created with.
pub(super) fn admin(settings: &connect_kafka::ClientSettings) -> Result<Admin> {
    Admin::new(settings).map_err(|error| kafka_error("making the admin client of the task", error))
}
