//! Committing offsets: of what the sink has safely, beside the data path; at
//! most one commit runs at a time.

use std::time::Duration;

use connect_api::plugin::PartitionOffsets;
use connect_api::record::TopicPartition;
use connect_api::{Error, Result};
use connect_kafka::ClientError;
use connect_kafka::consumer::Partition;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::member::{failed, native};
use super::run::Loop;
use crate::task::activity::Call;
use crate::worker::plugin_thread::catch;

/// With `offset.flush.interval.ms=0` commits follow one another this closely.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);
/// A commit that failed is tried again at the latest after this.
const RETRY: Duration = Duration::from_secs(5);

/// When commits are due, and the one that runs.
pub(super) struct Commits {
    interval: Duration,
    timeout: Duration,
    next_at: Instant,
    running: Option<Running>,
    runtime: Handle,
}

struct Running {
    offsets: Vec<(TopicPartition, i64)>,
    since: Instant,
    is_late: bool,
    work: JoinHandle<Result<(), ClientError>>,
}

impl Commits {
    pub(super) fn new(interval: Duration, timeout: Duration, runtime: Handle) -> Self {
        let interval = interval.max(SHORTEST_INTERVAL);
        Self {
            interval,
            timeout,
            next_at: Instant::now() + interval,
            running: None,
            runtime,
        }
    }

    /// When something is to be done about commits.
    pub(super) fn due_at(&self) -> Instant {
        match &self.running {
            Some(running) if !running.is_late => running.since + self.timeout,
            Some(_) => Instant::now() + self.timeout,
            None => self.next_at,
        }
    }

    /// The next commit is due now.
    pub(super) fn hurry(&mut self) {
        self.next_at = Instant::now();
    }

    /// Waits for the commit that runs; for ever if none does. May be dropped
    /// at any await.
    pub(super) async fn finished(&mut self) -> Result<(), ClientError> {
        match &mut self.running {
            Some(running) => match (&mut running.work).await {
                Ok(result) => result,
                Err(_) => Err(ClientError::Stopped {
                    doing: "commit offsets".to_owned(),
                }),
            },
            None => std::future::pending().await,
        }
    }
}

impl Loop {
    /// Commits if that is due.
    pub(super) async fn commit_if_due(&mut self) -> Result<()> {
        let now = Instant::now();
        if let Some(running) = &mut self.commits.running {
            if running.work.is_finished() {
                let result = self.commits.finished().await;
                self.note_commit(result);
            } else if !running.is_late && running.since.elapsed() >= self.commits.timeout {
                running.is_late = true;
                self.metrics.commit_failures.add(1);
                tracing::warn!(
                    "committing offsets takes longer than offset.flush.timeout.ms = {} ms; it goes \
                     on",
                    self.commits.timeout.as_millis()
                );
            }
        }
        if self.commits.running.is_some() || self.commits.next_at > now {
            return Ok(());
        }
        self.commits.next_at = now + self.commits.interval;
        let partitions = self.member.all();
        match self.committable(&partitions).await {
            Ok(offsets) => {
                self.begin_commit(offsets);
                Ok(())
            }
            Err(error) if error.is_retriable() => {
                self.metrics.commit_failures.add(1);
                self.commits.next_at = Instant::now() + self.commits.interval.min(RETRY);
                tracing::warn!("no offsets are committed this time: {}", error.trace());
                Ok(())
            }
            Err(error) => Err(error.while_doing("committing offsets")),
        }
    }

    fn begin_commit(&mut self, offsets: Vec<(TopicPartition, i64)>) {
        if offsets.is_empty() {
            self.metrics.commits_completed.add(1);
            return;
        }
        if self.task_reporter.fence.is_abandoned() {
            return;
        }
        self.metrics.commits_begun.add(1);
        let commit = self.member.consumer.commit(natives(&offsets));
        self.commits.running = Some(Running {
            offsets,
            since: Instant::now(),
            is_late: false,
            work: self.commits.runtime.spawn(commit),
        });
    }

    /// Takes account of how the commit that ran has ended.
    pub(super) fn note_commit(&mut self, result: Result<(), ClientError>) {
        let Some(running) = self.commits.running.take() else {
            return;
        };
        match result {
            Ok(()) => {
                self.metrics.commit_time.record(running.since.elapsed());
                self.metrics.commits_completed.add(1);
                self.note_committed(&running.offsets);
            }
            Err(error) => {
                if !running.is_late {
                    self.metrics.commit_failures.add(1);
                }
                self.commits.next_at = Instant::now() + self.commits.interval.min(RETRY);
                tracing::warn!("committing offsets failed and will be tried again: {error}");
            }
        }
    }

    fn note_committed(&mut self, offsets: &[(TopicPartition, i64)]) {
        for (partition, offset) in offsets {
            if let Some(progress) = self.member.partitions.get_mut(partition) {
                progress.committed = Some(*offset);
            }
        }
        // A user may have reset the connector's topics: the next record tells
        // of them again.
        self.topics.clear();
        self.count_active();
    }

    /// The offsets of these partitions that the sink has safely and that are
    /// not committed yet (invariant 1). An error of kind `Retriable` if that
    /// is not known at the moment.
    async fn committable(
        &mut self,
        partitions: &[TopicPartition],
    ) -> Result<Vec<(TopicPartition, i64)>> {
        let put: PartitionOffsets = partitions
            .iter()
            .filter_map(|partition| {
                let progress = self.member.partitions.get(partition)?;
                Some((partition.clone(), progress.put?))
            })
            .collect();
        if put.is_empty() {
            return Ok(Vec::new());
        }
        if self.reporter.has_outstanding() {
            let settling = self.reporter.settle(self.commits.timeout);
            self.member.beside(settling).await?;
        }
        let _call = self.metrics.activity.enter(Call::PreCommit);
        let asked = catch(self.task.pre_commit(put.clone()));
        let allowed = self.member.beside(asked).await?;
        let mut offsets = Vec::with_capacity(allowed.len());
        for (partition, offset) in allowed {
            match put.get(&partition) {
                Some(put) if offset <= *put => {}
                Some(put) => {
                    tracing::warn!(
                        "the sink returned offset {offset} of {partition}, which it has only up \
                         to {put}: it is not committed"
                    );
                    continue;
                }
                None => {
                    tracing::warn!(
                        "the sink returned an offset of {partition}, which it was not asked for: \
                         it is not committed"
                    );
                    continue;
                }
            }
            let progress = self.member.partitions.get(&partition);
            if progress.is_some_and(|progress| progress.committed != Some(offset)) {
                offsets.push((partition, offset));
            }
        }
        Ok(offsets)
    }

    /// Commits what the sink has of these partitions before they go, and
    /// returns when that is done. What cannot be committed is put again by
    /// whoever has them next.
    pub(super) async fn commit_and_wait(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        if self.commits.running.is_some() {
            let finished = self.commits.finished();
            let result = self.member.beside(finished).await;
            self.note_commit(result);
        }
        let offsets = self.committable(partitions).await?;
        if offsets.is_empty() || self.task_reporter.fence.is_abandoned() {
            return Ok(());
        }
        self.metrics.commits_begun.add(1);
        let since = Instant::now();
        let commit = self.member.consumer.commit(natives(&offsets));
        match self.member.beside(commit).await {
            Ok(()) => {
                self.metrics.commit_time.record(since.elapsed());
                self.metrics.commits_completed.add(1);
                self.note_committed(&offsets);
                Ok(())
            }
            Err(error) => {
                self.metrics.commit_failures.add(1);
                let error = failed("committing offsets", error);
                Err(Error::retriable("the offsets are not committed").caused_by(error))
            }
        }
    }
}

fn natives(offsets: &[(TopicPartition, i64)]) -> Vec<(Partition, i64)> {
    offsets
        .iter()
        .map(|(partition, offset)| (native(partition), *offset))
        .collect()
}
