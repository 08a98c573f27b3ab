//! The loop of a sink task.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use connect_api::data::ByteString;
use connect_api::plugin::{SinkTask, SinkTaskContext};
use connect_api::record::{SinkRecord, TopicPartition};
use connect_api::{ErrorKind, Props, Result};
use connect_kafka::consumer::GroupConsumer;
use tokio::time::Instant;

use super::SinkTaskRun;
use super::ahead::Ahead;
use super::commit::Commits;
use super::member::Member;
use super::pipeline::Pipeline;
use super::reporter::Reporter;
use super::subscription::Subscriber;
use crate::metrics::TaskMetrics;
use crate::task::activity::Call;
use crate::task::backoff::{Backoff, pause};
use crate::task::{TaskControl, kafka_error};
use crate::worker::plugin_thread::catch;
use crate::worker::reporter::TaskReporter;
use crate::{OffsetStore, State, TargetState};

/// The first and the longest pause after a call that failed for a passing
/// reason and did not say when to try again.
pub(super) const RETRY_PAUSE: (Duration, Duration) =
    (Duration::from_millis(100), Duration::from_secs(10));

/// How often the sink is called while nothing comes.
const IDLE_PUT: Duration = Duration::from_millis(500);

/// How often the consumer is served while nothing happens.
const SERVE: Duration = Duration::from_secs(1);

/// The running task: the plugin's part, and ours.
pub(super) struct Loop {
    pub(super) task: Box<dyn SinkTask>,
    pub(super) member: Member,
    pub(super) pipeline: Pipeline,
    pub(super) ahead: Ahead,
    pub(super) reporter: Arc<Reporter>,
    subscriber: Subscriber,
    pub(super) commits: Commits,
    pub(super) store: Arc<dyn OffsetStore>,
    /// Converted records that the sink has not taken yet.
    pub(super) batch: Vec<SinkRecord>,
    /// Records that it has taken: they are dropped while it is busy with the next ones.
    pub(super) spent: Vec<SinkRecord>,
    /// Where each partition is once it has.
    pub(super) reached: HashMap<TopicPartition, i64>,
    pub(super) last_put: Instant,
    /// Those that the status listener was told of.
    pub(super) topics: HashSet<ByteString>,
    pub(super) tracks_topics: bool,
    is_paused: bool,
    pub(super) task_reporter: TaskReporter,
    pub(super) metrics: Arc<TaskMetrics>,
    /// What the end may take: `task.shutdown.graceful.timeout.ms`, less a part.
    grace: Duration,
    pub(super) control: TaskControl,
}

impl SinkTaskRun {
    /// Runs the task until it is to stop or fails.
    pub(crate) async fn run(self, control: TaskControl) -> Result<()> {
        let context = SinkTaskContext {
            connector: self.spec.id.connector.clone(),
            task: self.spec.id.task,
            reporter: self.reporter.clone(),
            cancelled: control.stop.clone(),
        };
        let props = self.spec.task_props.clone();
        let mut running = self.into_loop(control)?;
        let mut result = running.wait_until_started().await;
        if result.is_ok() && !running.stopping() {
            result = running.start(context, &props).await;
            if result.is_ok() {
                running.enter(State::Running);
                tracing::info!("the task has started");
                result = running.work().await;
            }
            running.finish(&result).await;
        }
        match result {
            Err(error) if error.kind() == ErrorKind::Stopped && running.stopping() => Ok(()),
            result => result,
        }
    }

    fn into_loop(self, control: TaskControl) -> Result<Loop> {
        let worker = &self.spec.worker;
        let consumer = GroupConsumer::new(&self.consumer)
            .map_err(|error| kafka_error("making the consumer of the task", error))?;
        Ok(Loop {
            task: self.task,
            ahead: Ahead::new(consumer.limits()),
            member: Member::new(consumer),
            pipeline: self.pipeline,
            reporter: self.reporter,
            subscriber: Subscriber::new(self.settings.subscription, &self.consumer),
            commits: Commits::new(
                worker.offset_flush_interval,
                worker.offset_flush_timeout,
                self.spec.runtime.clone(),
            ),
            store: self.spec.store.clone(),
            batch: Vec::new(),
            spent: Vec::new(),
            reached: HashMap::new(),
            last_put: Instant::now(),
            topics: HashSet::new(),
            tracks_topics: worker.topic_tracking_enable,
            is_paused: false,
            task_reporter: self.spec.reporter.clone(),
            metrics: self.spec.metrics.clone(),
            grace: worker.task_shutdown_graceful_timeout / 5 * 4,
            control,
        })
    }
}

impl Loop {
    pub(super) fn stopping(&self) -> bool {
        self.control.stop.is_cancelled()
    }

    fn wants_pause(&self) -> bool {
        *self.control.target.borrow() != TargetState::Started
    }

    fn enter(&self, state: State) {
        self.task_reporter.state(state);
    }

    /// A task that begins paused does not start its plugin before it is resumed.
    async fn wait_until_started(&mut self) -> Result<()> {
        if self.wants_pause() {
            self.enter(State::Paused);
            let mut target = self.control.target.clone();
            tokio::select! {
                () = self.control.stop.cancelled() => {}
                // The sender lives as long as the worker knows the task.
                _ = target.wait_for(|target| *target == TargetState::Started) => {}
            }
        }
        Ok(())
    }

    /// Starts the plugin, again after a pause while it cannot, then joins the
    /// group.
    async fn start(&mut self, context: SinkTaskContext, props: &Props) -> Result<()> {
        let stop = self.control.stop.clone();
        let mut backoff = Backoff::new(RETRY_PAUSE.0, RETRY_PAUSE.1);
        let mut is_ready = false;
        let _call = self.metrics.activity.enter(Call::Start);
        loop {
            let started = match is_ready {
                false => self.reporter.start().await,
                true => catch(self.task.start(context.clone(), props)).await,
            };
            match started {
                Ok(()) if is_ready => break,
                Ok(()) => is_ready = true,
                Err(error) if error.is_retriable() => {
                    let delay = error.retry_after().unwrap_or_else(|| backoff.next());
                    self.metrics.activity.trouble(&error);
                    tracing::warn!(
                        "the task cannot start yet, trying again in {} ms: {}",
                        delay.as_millis(),
                        error.trace()
                    );
                    pause(delay, &stop).await?;
                }
                Err(error) => return Err(error.while_doing("starting the task")),
            }
        }
        if self.member.consumer.max_poll_records().is_none()
            && let Some(records) = self.task.batch_size()
        {
            self.ahead.widen(records);
        }
        self.subscriber.start(&self.member)
    }

    async fn work(&mut self) -> Result<()> {
        while !self.stopping() {
            self.answer_rebalances().await?;
            self.reporter.check()?;
            self.follow_target().await?;
            self.commit_if_due().await?;
            self.subscriber.refresh(&mut self.member).await?;
            self.member.fill()?;
            if self.is_paused || (self.member.fetched.is_empty() && self.ahead.is_empty()) {
                self.idle().await?;
                continue;
            }
            catch(self.prepare_batch()).await?;
            self.put_batch().await?;
            // A chance to be abandoned, for a sink that never waits.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Nothing was fetched: lets the sink flush, or waits for something.
    async fn idle(&mut self) -> Result<()> {
        self.spent.clear();
        let flush_at = self.last_put + IDLE_PUT;
        let may_flush = !self.is_paused && !self.member.partitions.is_empty();
        if may_flush && flush_at <= Instant::now() {
            return self.put_batch().await;
        }
        let until = match may_flush {
            true => flush_at,
            false => Instant::now() + SERVE,
        };
        self.wait(until).await;
        Ok(())
    }

    /// Waits until there is something to do, at the latest `until`.
    pub(super) async fn wait(&mut self, until: Instant) {
        let commit_at = self.commits.due_at();
        let refresh_at = self.subscriber.due_at().unwrap_or(until);
        let until = until
            .min(commit_at)
            .min(refresh_at)
            .min(Instant::now() + SERVE);
        let finished = tokio::select! {
            () = tokio::time::sleep_until(until) => None,
            () = self.member.consumer.ready() => None,
            () = self.control.stop.cancelled() => None,
            // The sender lives as long as the worker knows the task.
            _ = self.control.target.changed() => None,
            result = self.commits.finished() => Some(result),
        };
        if let Some(result) = finished {
            self.note_commit(result);
        }
    }

    /// Pauses or goes on, as the user wants it.
    async fn follow_target(&mut self) -> Result<()> {
        let wanted = self.wants_pause();
        if wanted == self.is_paused {
            return Ok(());
        }
        self.is_paused = wanted;
        if wanted {
            self.member.hold()?;
            self.commits.hurry();
            self.enter(State::Paused);
            tracing::info!("the task is paused");
        } else {
            self.member.release()?;
            self.enter(State::Running);
            tracing::info!("the task goes on");
        }
        Ok(())
    }

    pub(super) fn release_unless_paused(&mut self) -> Result<()> {
        match self.is_paused {
            true => Ok(()),
            false => self.member.release(),
        }
    }

    /// Counts the records that are consumed and not committed.
    pub(super) fn count_active(&self) {
        let active = self.member.partitions.iter().map(|(partition, progress)| {
            let consumed = self.reached.get(partition).copied().or(progress.put);
            match (consumed, progress.committed) {
                (Some(consumed), Some(committed)) => {
                    u64::try_from(consumed - committed).unwrap_or_default()
                }
                _ => 0,
            }
        });
        self.metrics.sink_active.set(active.sum());
    }

    /// The end, after success or failure: what the sink has safely is
    /// committed, the group is left, and the plugin releases what it holds.
    async fn finish(&mut self, result: &Result<()>) {
        let deadline = Instant::now() + self.grace;
        let partitions = self.member.all();
        // After a fault of its own the sink cannot say what it has.
        let is_sane = !matches!(result, Err(error) if error.kind() == ErrorKind::Internal);
        if is_sane && !partitions.is_empty() {
            let committed = tokio::time::timeout_at(deadline, self.commit_and_wait(&partitions));
            match committed.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!("the last offsets are not committed: {}", error.trace());
                }
                Err(_late) => {
                    tracing::warn!("the last offsets were not committed in time");
                }
            }
        }
        if !partitions.is_empty() {
            self.close_partitions(&partitions).await;
        }
        self.metrics.partitions.set(0);
        let left = deadline.saturating_duration_since(Instant::now());
        self.member.consumer.close(left).await;
        let _call = self.metrics.activity.enter(Call::Stop);
        let stopped = catch(async {
            self.task.stop().await;
            Ok(())
        });
        if let Err(error) = stopped.await {
            tracing::error!("stopping the task: {}", error.trace());
        }
    }
}
