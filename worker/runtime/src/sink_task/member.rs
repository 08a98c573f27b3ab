//! The task as a member of its consumer group: the consumer, the partitions
//! that it has, and what was fetched and not converted yet.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use connect_api::record::TopicPartition;
use connect_api::{Error, Result};
use connect_kafka::ClientError;
use connect_kafka::consumer::{Batch, BatchLimits, GroupConsumer, Partition, Position};
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, Sleep, interval_at, sleep};

use crate::task::kafka_error;

/// While a plugin's call takes time, the consumer is polled at least this
/// often: what it holds is dropped then and fetched again, so not too often.
const LONGEST_PERIOD: Duration = Duration::from_secs(20);

/// What is done beside a call begins so long after it: by then what the call has to say is said,
/// and the system that it waits for is at work on another core.
const LEAD: Duration = Duration::from_millis(2);

/// Waits for the lead, and after that only lets others have a turn.
async fn turn(lead: Pin<&mut Sleep>) {
    match lead.is_elapsed() {
        true => yield_now().await,
        false => lead.await,
    }
}

/// So many bytes are taken out of librdkafka at a time: they are converted while they are still in
/// the processor's cache.
const FILL_BYTES: usize = 256 << 10;

/// Whether there is more to do beside a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// At once.
    More,
    /// When the consumer has fetched more.
    Dry,
    /// Not before the call has ended.
    Enough,
}

/// What is known of a partition that the task has.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Progress {
    /// The offset after the last record that the sink took.
    pub(super) put: Option<i64>,
    /// The offset that was committed last.
    pub(super) committed: Option<i64>,
}

/// The member of the group.
pub(super) struct Member {
    pub(super) consumer: GroupConsumer,
    pub(super) fetched: Batch,
    pub(super) partitions: HashMap<TopicPartition, Progress>,
    /// Nothing is fetched: the task is paused, or busy with a batch.
    is_held: bool,
    /// What the consumer said while something else was awaited.
    problem: Option<Error>,
}

impl Member {
    pub(super) fn new(consumer: GroupConsumer) -> Self {
        let limits = consumer.limits();
        let fetched = Batch::new(BatchLimits {
            bytes: limits.bytes.min(FILL_BYTES),
            ..limits
        });
        Self {
            consumer,
            fetched,
            partitions: HashMap::new(),
            is_held: false,
            problem: None,
        }
    }

    /// Takes what the consumer has fetched; serves the group.
    pub(super) fn fill(&mut self) -> Result<()> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        let filled = self.consumer.fill(&mut self.fetched);
        filled.map_err(|error| failed("consuming", error))
    }

    /// Stops fetching.
    pub(super) fn hold(&mut self) -> Result<()> {
        if self.is_held {
            return Ok(());
        }
        self.is_held = true;
        let paused = self.consumer.pause(&natives(self.partitions.keys()));
        paused.map_err(|error| failed("pausing", error))
    }

    /// Goes on fetching.
    pub(super) fn release(&mut self) -> Result<()> {
        if !self.is_held {
            return Ok(());
        }
        self.is_held = false;
        let resumed = self.consumer.resume(&natives(self.partitions.keys()));
        resumed.map_err(|error| failed("resuming", error))
    }

    /// Takes over partitions, each from its position.
    pub(super) fn take_over(
        &mut self,
        partitions: &[(TopicPartition, Position)],
        cooperative: bool,
    ) -> Result<()> {
        let list: Vec<(Partition, Position)> = partitions
            .iter()
            .map(|(partition, position)| (native(partition), *position))
            .collect();
        if !cooperative {
            self.partitions.clear();
        }
        self.consumer
            .assign(&list, cooperative)
            .map_err(|error| failed("taking over partitions", error))?;
        for (partition, _) in partitions {
            self.partitions
                .insert(partition.clone(), Progress::default());
        }
        if self.is_held {
            self.is_held = false;
            self.hold()?;
        }
        Ok(())
    }

    /// Gives partitions up.
    pub(super) fn give_up(
        &mut self,
        partitions: &[TopicPartition],
        cooperative: bool,
    ) -> Result<()> {
        self.partitions
            .retain(|known, _| !partitions.contains(known));
        let given_up = self.consumer.give_up(&natives(partitions), cooperative);
        given_up.map_err(|error| failed("giving up partitions", error))
    }

    /// All partitions that the task has.
    pub(super) fn all(&self) -> Vec<TopicPartition> {
        self.partitions.keys().cloned().collect()
    }

    /// Awaits `work`; the consumer is polled meanwhile, so that the group does
    /// not take its partitions away.
    pub(super) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        self.wait_for(work, Beside::Enough, |_| Beside::Enough)
            .await
    }

    /// As [`Self::beside`], with something to do while `work` waits: called with what was fetched,
    /// a little each time.
    pub(super) async fn beside_with<T>(
        &mut self,
        work: impl Future<Output = T>,
        meanwhile: impl FnMut(&mut Batch) -> Beside,
    ) -> T {
        self.wait_for(work, Beside::More, meanwhile).await
    }

    async fn wait_for<T>(
        &mut self,
        work: impl Future<Output = T>,
        mut beside: Beside,
        mut meanwhile: impl FnMut(&mut Batch) -> Beside,
    ) -> T {
        tokio::pin!(work);
        let lead = sleep(LEAD);
        tokio::pin!(lead);
        let period =
            (self.consumer.max_poll_interval() / 3).clamp(Duration::from_millis(1), LONGEST_PERIOD);
        let mut tick = interval_at(Instant::now() + period, period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let held = self.is_held;
        let result = loop {
            tokio::select! {
                biased;
                result = &mut work => break result,
                _ = tick.tick() => {
                    if let Err(problem) = self.serve() {
                        self.problem.get_or_insert(problem);
                    }
                }
                () = turn(lead.as_mut()), if beside == Beside::More => {
                    self.fill_ahead();
                    beside = meanwhile(&mut self.fetched);
                }
                () = self.consumer.ready(), if beside == Beside::Dry && !self.is_held => {
                    beside = Beside::More;
                }
            }
        };
        if !held && let Err(problem) = self.release() {
            self.problem.get_or_insert(problem);
        }
        result
    }

    /// Takes what the consumer has fetched, for the next batch.
    fn fill_ahead(&mut self) {
        if self.is_held || !self.fetched.is_empty() {
            return;
        }
        if let Err(problem) = self.consumer.fill(&mut self.fetched) {
            let problem = failed("consuming", problem);
            self.problem.get_or_insert(problem);
        }
    }

    /// Polls without room for records.
    fn serve(&mut self) -> Result<()> {
        self.hold()?;
        let filled = self.consumer.fill(&mut self.fetched);
        filled.map_err(|error| failed("consuming", error))
    }
}

pub(super) fn failed(doing: &str, error: ClientError) -> Error {
    kafka_error(&format!("{doing} as a member of the consumer group"), error)
}

pub(super) fn native(partition: &TopicPartition) -> Partition {
    Partition {
        topic: partition.topic.clone(),
        partition: partition.partition,
    }
}

pub(super) fn natives<'p>(
    partitions: impl IntoIterator<Item = &'p TopicPartition>,
) -> Vec<Partition> {
    partitions.into_iter().map(native).collect()
}

pub(super) fn ours(partitions: Vec<Partition>) -> Vec<TopicPartition> {
    partitions
        .into_iter()
        .map(|it| TopicPartition {
            topic: it.topic,
            partition: it.partition,
        })
        .collect()
}
