//! Partitions that come and go.

use std::collections::HashSet;

use connect_api::Result;
use connect_api::plugin::PartitionOffsets;
use connect_api::record::TopicPartition;
use connect_kafka::consumer::{Position, Rebalance};

use super::member::{native, natives, ours};
use super::run::{Loop, RETRY_PAUSE};
use crate::task::activity::Call;
use crate::task::backoff::{Backoff, pause};
use crate::worker::plugin_thread::catch;

impl Loop {
    /// Answers the rebalances that wait.
    pub(super) async fn answer_rebalances(&mut self) -> Result<()> {
        while let Some(rebalance) = self.member.consumer.take_rebalance() {
            match rebalance {
                Rebalance::Assigned {
                    partitions,
                    cooperative,
                } => self.take_over(ours(partitions), cooperative).await?,
                Rebalance::Revoked {
                    partitions,
                    cooperative,
                    lost,
                } => self.hand_back(ours(partitions), cooperative, lost).await?,
            }
            let count = self.member.partitions.len();
            self.metrics.partitions.set(count as u64);
            self.count_active();
        }
        Ok(())
    }

    async fn take_over(
        &mut self,
        partitions: Vec<TopicPartition>,
        cooperative: bool,
    ) -> Result<()> {
        tracing::info!("partitions assigned: {}", names(&partitions));
        let offsets = match partitions.is_empty() {
            true => PartitionOffsets::new(),
            false => self.open(&partitions).await?,
        };
        for partition in offsets.keys().filter(|it| !partitions.contains(it)) {
            tracing::warn!(
                "the sink returned an offset of {partition}, which it was not opened for"
            );
        }
        let positions = self.positions(partitions, &offsets).await;
        self.member.take_over(&positions, cooperative)
    }

    /// Where each partition is read from: where the sink wants it, else where the group is.
    async fn positions(
        &mut self,
        partitions: Vec<TopicPartition>,
        offsets: &PartitionOffsets,
    ) -> Vec<(TopicPartition, Position)> {
        let of_group = natives(partitions.iter().filter(|it| !offsets.contains_key(it)));
        let uncommitted = match of_group.is_empty() {
            true => HashSet::new(),
            false => {
                let asked = self.member.consumer.uncommitted(of_group);
                self.member.beside(asked).await
            }
        };
        let positioned = |partition: TopicPartition| {
            let position = match offsets.get(&partition) {
                Some(offset) => Position::Offset(*offset),
                None if uncommitted.contains(&native(&partition)) => Position::Reset,
                None => Position::Committed,
            };
            (partition, position)
        };
        partitions.into_iter().map(positioned).collect()
    }

    /// Opens partitions, again after a pause while the sink cannot.
    async fn open(&mut self, partitions: &[TopicPartition]) -> Result<PartitionOffsets> {
        let mut backoff = Backoff::new(RETRY_PAUSE.0, RETRY_PAUSE.1);
        let _call = self.metrics.activity.enter(Call::Open);
        loop {
            let opened = self.member.beside(catch(self.task.open(partitions))).await;
            match opened {
                Err(error) if error.is_retriable() => {
                    let delay = error.retry_after().unwrap_or_else(|| backoff.next());
                    self.metrics.activity.trouble(&error);
                    tracing::warn!(
                        "the sink cannot open partitions yet, trying again in {} ms: {}",
                        delay.as_millis(),
                        error.trace()
                    );
                    let stop = self.control.stop.clone();
                    self.member.beside(pause(delay, &stop)).await?;
                }
                Err(error) => return Err(error.while_doing("opening partitions")),
                Ok(offsets) => return Ok(offsets),
            }
        }
    }

    /// Finishes with partitions and gives them up. What was fetched of them and
    /// not put is dropped.
    async fn hand_back(
        &mut self,
        partitions: Vec<TopicPartition>,
        cooperative: bool,
        lost: bool,
    ) -> Result<()> {
        tracing::info!(
            "partitions {}: {}",
            if lost { "lost" } else { "revoked" },
            names(&partitions)
        );
        self.member.fetched.forget(&natives(&partitions));
        self.ahead.forget(&partitions);
        self.batch
            .retain(|record| !partitions.contains(&record.origin));
        self.reached
            .retain(|partition, _| !partitions.contains(partition));
        let committed = match lost || partitions.is_empty() {
            true => Ok(()),
            false => self.commit_and_wait(&partitions).await,
        };
        if !partitions.is_empty() {
            self.close_partitions(&partitions).await;
        }
        self.member.give_up(&partitions, cooperative)?;
        match committed {
            Err(error) if error.is_retriable() => {
                tracing::warn!(
                    "before partitions were given up: {}; their records since the last commit \
                     are put again",
                    error.trace()
                );
                Ok(())
            }
            result => result,
        }
    }

    pub(super) async fn close_partitions(&mut self, partitions: &[TopicPartition]) {
        let _call = self.metrics.activity.enter(Call::Close);
        let closed = catch(async {
            self.task.close(partitions).await;
            Ok(())
        });
        if let Err(error) = self.member.beside(closed).await {
            tracing::error!("closing partitions: {}", error.trace());
        }
    }
}

fn names(partitions: &[TopicPartition]) -> String {
    let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}
