//! The loop of a source task.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::plugin::{SourceTask, SourceTaskContext};
use connect_api::record::SourceRecord;
use connect_api::{ErrorKind, Result};

use super::SourceTaskRun;
use super::commit::{Event, OffsetCommitter, Stored};
use super::pipeline::Pipeline;
use crate::task::activity::{Activity, Call};
use crate::task::backoff::{Backoff, pause};
use crate::task::{OWN_RETRY, TaskControl};
use crate::worker::plugin_thread::catch;
use crate::worker::reporter::TaskReporter;
use crate::{OffsetStore, State, TargetState};

/// How long one poll may wait for records. A pause takes effect after it.
const POLL_WAIT: Duration = Duration::from_millis(500);

/// The first and the longest pause after a poll that failed for a passing reason.
const POLL_RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// The running task: the plugin's part, and ours.
struct Loop {
    task: Box<dyn SourceTask>,
    pipeline: Pipeline,
    committer: OffsetCommitter,
    store: Arc<dyn OffsetStore>,
    /// What was stored since the plugin was last told.
    stored: Vec<Stored>,
    reporter: TaskReporter,
    activity: Activity,
    flush_timeout: Duration,
    /// `task.shutdown.graceful.timeout.ms`.
    grace: Duration,
    control: TaskControl,
}

impl SourceTaskRun {
    /// Runs the task until it is to stop or fails.
    pub(crate) async fn run(self, control: TaskControl) -> Result<()> {
        let context = SourceTaskContext {
            connector: self.spec.id.connector.clone(),
            task: self.spec.id.task,
            offsets: self.spec.stored.clone(),
            cancelled: control.stop.clone(),
        };
        let props = self.spec.task_props.clone();
        let mut running = Loop {
            task: self.task,
            pipeline: self.pipeline,
            committer: self.committer,
            store: self.spec.store.clone(),
            stored: Vec::new(),
            reporter: self.spec.reporter.clone(),
            activity: self.spec.metrics.activity.clone(),
            flush_timeout: self.spec.worker.offset_flush_timeout,
            grace: self.spec.worker.task_shutdown_graceful_timeout,
            control,
        };
        let mut result = running.wait_until_started().await;
        if result.is_ok() && !running.stopping() {
            let call = running.activity.enter(Call::Start);
            result = catch(running.task.start(context, &props))
                .await
                .map_err(|error| error.while_doing("starting the task"));
            drop(call);
            if result.is_ok() {
                running.reporter.state(State::Running);
                tracing::info!("the task has started");
                result = running.work().await;
            }
            running.finish().await;
        }
        match result {
            Err(error) if error.kind() == ErrorKind::Stopped && running.stopping() => Ok(()),
            result => result,
        }
    }
}

impl Loop {
    fn stopping(&self) -> bool {
        self.control.stop.is_cancelled()
    }

    fn paused(&self) -> bool {
        *self.control.target.borrow() != TargetState::Started
    }

    /// A task that begins paused does not start its plugin before it is resumed.
    async fn wait_until_started(&mut self) -> Result<()> {
        if self.paused() {
            self.reporter.state(State::Paused);
            self.wait_for_resume().await?;
        }
        Ok(())
    }

    async fn work(&mut self) -> Result<()> {
        let mut backoff = Backoff::new(POLL_RETRY.0, POLL_RETRY.1);
        // From the first poll that failed to one that does not.
        let mut failing = None;
        while !self.stopping() {
            self.pipeline.check_deliveries()?;
            self.tell_stored().await?;
            if self.paused() {
                failing = None;
                self.pause_and_resume().await?;
                continue;
            }
            match self.poll().await {
                Ok(batch) if batch.is_empty() => {
                    failing = None;
                    backoff.reset();
                    self.pipeline.take_stock();
                }
                Ok(batch) => {
                    failing = None;
                    backoff.reset();
                    if self.is_own().await {
                        self.send(batch).await?;
                    }
                }
                Err(error) if error.is_retriable() => {
                    let delay = backoff.next();
                    failing.get_or_insert_with(|| self.activity.enter(Call::Poll));
                    self.activity.trouble(&error);
                    tracing::warn!(
                        "polling the source failed, trying again in {} ms: {}",
                        delay.as_millis(),
                        error.trace()
                    );
                    let stop = self.control.stop.clone();
                    self.beside_commits(pause(delay, &stop)).await?;
                }
                Err(error) => return Err(error.while_doing("polling the source")),
            }
        }
        Ok(())
    }

    /// Polls the plugin; commits go on meanwhile. The poll is never cancelled.
    async fn poll(&mut self) -> Result<Vec<SourceRecord>> {
        let since = Instant::now();
        let _call = self.activity.enter(Call::Poll);
        let poll = catch(self.task.poll(POLL_WAIT));
        let batch = beside_commits(
            poll,
            &mut self.pipeline,
            &mut self.committer,
            &mut self.stored,
        )
        .await?;
        if !batch.is_empty() {
            self.pipeline.metrics.batches.add(1);
            self.pipeline.metrics.poll_time.record(since.elapsed());
        }
        Ok(batch)
    }

    async fn beside_commits<T>(&mut self, future: impl Future<Output = T>) -> T {
        beside_commits(
            future,
            &mut self.pipeline,
            &mut self.committer,
            &mut self.stored,
        )
        .await
    }

    /// Waits while the task may be another worker's by now; false if it is to stop meanwhile. What
    /// a worker polled that was asleep past its session is not sent a second time.
    async fn is_own(&mut self) -> bool {
        if self.store.is_open() {
            return true;
        }
        let (store, stop) = (self.store.clone(), self.control.stop.clone());
        self.beside_commits(async move {
            while !stop.is_cancelled() {
                if store.is_open() {
                    return true;
                }
                tokio::time::sleep(OWN_RETRY).await;
            }
            false
        })
        .await
    }

    async fn send(&mut self, batch: Vec<SourceRecord>) -> Result<()> {
        let _call = self.activity.enter(Call::Send);
        catch(self.pipeline.send(batch)).await
    }

    /// Tells the plugin what was stored, between polls.
    async fn tell_stored(&mut self) -> Result<()> {
        for stored in std::mem::take(&mut self.stored) {
            let _call = self.activity.enter(Call::Committed);
            catch(self.task.committed(&stored))
                .await
                .map_err(|error| error.while_doing("telling the task of stored offsets"))?;
        }
        Ok(())
    }

    async fn pause_and_resume(&mut self) -> Result<()> {
        self.settle(self.flush_timeout).await?;
        self.tell_stored().await?;
        self.reporter.state(State::Paused);
        tracing::info!("the task is paused");
        self.wait_for_resume().await?;
        if !self.stopping() {
            self.reporter.state(State::Running);
            tracing::info!("the task goes on");
        }
        Ok(())
    }

    /// Returns once the task is to go on, or to stop.
    async fn wait_for_resume(&mut self) -> Result<()> {
        let mut target = self.control.target.clone();
        let stop = self.control.stop.clone();
        let resumed = async move {
            tokio::select! {
                () = stop.cancelled() => {}
                // The sender lives as long as the worker knows the task.
                _ = target.wait_for(|target| *target == TargetState::Started) => {}
            }
        };
        self.beside_commits(resumed).await;
        Ok(())
    }

    /// Waits until Kafka has acknowledged what is out, and stores the offsets;
    /// both together within about `limit`.
    async fn settle(&mut self, limit: Duration) -> Result<()> {
        let deadline = tokio::time::Instant::now() + limit;
        if let Err(error) = self.pipeline.producer.flush(limit).await {
            tracing::warn!("flushing before the last commit: {error}");
        }
        let checked = self.pipeline.check_deliveries();
        let mut begun = false;
        while !begun || self.committer.is_running() {
            if !self.committer.is_running() {
                begin(&mut self.pipeline, &mut self.committer);
                begun = true;
                continue;
            }
            // At least a moment, for a store that is quick.
            let late = deadline.max(tokio::time::Instant::now() + Duration::from_millis(100));
            match tokio::time::timeout_at(late, self.committer.event()).await {
                Ok(event) => handle(
                    event,
                    &mut self.pipeline,
                    &mut self.committer,
                    &mut self.stored,
                ),
                Err(_late) => {
                    tracing::warn!(
                        "the offsets are still not stored after {} ms",
                        limit.as_millis()
                    );
                    break;
                }
            }
        }
        checked
    }

    /// The end, after success or failure: nothing that was acknowledged is
    /// forgotten, and the plugin releases what it holds.
    async fn finish(&mut self) {
        let limit = self.flush_timeout.min(self.grace / 5 * 4);
        let settled = match self.settle(limit).await {
            Ok(()) => self.tell_stored().await,
            Err(error) => Err(error),
        };
        if let Err(error) = settled {
            tracing::warn!("at the end of the task: {}", error.trace());
        }
        let _call = self.activity.enter(Call::Stop);
        let stopped = catch(async {
            self.task.stop().await;
            Ok(())
        });
        if let Err(error) = stopped.await {
            tracing::error!("stopping the task: {}", error.trace());
        }
    }
}

/// Awaits `future`; commits begin and end meanwhile.
async fn beside_commits<T>(
    future: impl Future<Output = T>,
    pipeline: &mut Pipeline,
    committer: &mut OffsetCommitter,
    stored: &mut Vec<Stored>,
) -> T {
    tokio::pin!(future);
    loop {
        // Not biased: a source that always has records must not starve the commits.
        tokio::select! {
            result = &mut future => return result,
            event = committer.event() => handle(event, pipeline, committer, stored),
        }
    }
}

fn handle(
    event: Event,
    pipeline: &mut Pipeline,
    committer: &mut OffsetCommitter,
    stored: &mut Vec<Stored>,
) {
    match event {
        Event::Due => begin(pipeline, committer),
        Event::Stored(offsets) => {
            stored.push(offsets);
            pipeline.topics.report_recent();
        }
        Event::Failed(offsets) => pipeline.tracker.restore(offsets),
    }
}

/// Begins a commit of what is acknowledged by now.
fn begin(pipeline: &mut Pipeline, committer: &mut OffsetCommitter) {
    pipeline.tracker.advance();
    committer.begin(pipeline.tracker.take_committable());
}
