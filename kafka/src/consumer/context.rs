//! What a group's events become: rebalances wait in a queue for their answer.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytestring::ByteString;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

use super::Partition;
use crate::context::LoggingContext;
use crate::settings::ClientSettings;

/// A change of what the group gave to this member. It waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rebalance {
    /// These partitions are ours from now on: answer with [`super::GroupConsumer::assign`].
    Assigned {
        /// With the cooperative protocol only those that are new.
        partitions: Vec<Partition>,
        /// Whether the group's protocol is the cooperative one.
        cooperative: bool,
    },
    /// These partitions go: finish with them, commit, then answer with
    /// [`super::GroupConsumer::give_up`].
    Revoked {
        /// With the cooperative protocol only those that go.
        partitions: Vec<Partition>,
        /// Whether the group's protocol is the cooperative one.
        cooperative: bool,
        /// They may be another member's already: nothing can be committed any more.
        lost: bool,
    },
}

/// The context of a group's member.
pub(super) struct GroupContext {
    pub(super) logging: LoggingContext,
    waiting: Mutex<VecDeque<Rebalance>>,
    /// Nobody takes rebalances any more: they are answered at once.
    closing: AtomicBool,
    /// How many events were served.
    served: AtomicU64,
}

impl GroupContext {
    pub(super) fn new(settings: &ClientSettings) -> Self {
        Self {
            logging: LoggingContext::new(settings),
            waiting: Mutex::default(),
            closing: AtomicBool::new(false),
            served: AtomicU64::new(0),
        }
    }

    pub(super) fn take(&self) -> Option<Rebalance> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    }

    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// How many events were served since it was made.
    pub(super) fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.served.fetch_add(1, Ordering::Relaxed);
    }
}

impl ClientContext for GroupContext {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = LoggingContext::ENABLE_REFRESH_OAUTH_TOKEN;

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.count();
        self.logging.generate_oauth_token(config)
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.count();
        self.logging.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.count();
        self.logging.stats_raw(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.count();
        self.logging.error(error, reason);
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        code: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        self.count();
        let cooperative = matches!(
            consumer.rebalance_protocol(),
            RebalanceProtocol::Cooperative
        );
        if self.closing.load(Ordering::Acquire) {
            let answered = match cooperative {
                true => consumer.incremental_unassign(list),
                false => consumer.unassign(),
            };
            if let Err(error) = answered {
                tracing::debug!(target: "librdkafka", "leaving the group: {error}");
            }
            return;
        }
        let partitions = partitions(list);
        let event = match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Rebalance::Assigned {
                partitions,
                cooperative,
            },
            _ => Rebalance::Revoked {
                partitions,
                cooperative,
                lost: consumer.assignment_lost(),
            },
        };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(event);
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<Partition> {
    list.elements()
        .iter()
        .map(|it| Partition {
            topic: ByteString::from(it.topic()),
            partition: it.partition(),
        })
        .collect()
}
