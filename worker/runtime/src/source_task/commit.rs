//! Storing offsets beside the data path: at most one commit runs at a time, and
//! polling goes on meanwhile.

use std::sync::Arc;
use std::time::Duration;

use connect_api::record::OffsetMap;
use connect_api::{Error, Result};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::delivery::Committable;
use crate::OffsetStore;
use crate::metrics::TaskMetrics;
use crate::worker::reporter::TaskReporter;

/// With `offset.flush.interval.ms=0` commits follow one another this closely.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// What a finished commit stored.
pub(super) type Stored = Vec<(Arc<OffsetMap>, OffsetMap)>;

/// Stores a task's offsets.
pub(super) struct OffsetCommitter {
    store: Arc<dyn OffsetStore>,
    reporter: TaskReporter,
    runtime: Handle,
    metrics: Arc<TaskMetrics>,
    interval: Duration,
    timeout: Duration,
    next_at: Instant,
    running: Option<Running>,
}

struct Running {
    offsets: Vec<Committable>,
    stored: Stored,
    since: Instant,
    late: bool,
    work: AbortOnDropHandle<Result<()>>,
}

/// What happened while waiting.
pub(super) enum Event {
    /// It is time for the next commit.
    Due,
    /// A commit has stored these.
    Stored(Stored),
    /// A commit failed; these are to be stored with the next one.
    Failed(Vec<Committable>),
}

impl OffsetCommitter {
    pub(super) fn new(
        store: Arc<dyn OffsetStore>,
        reporter: TaskReporter,
        runtime: Handle,
        metrics: Arc<TaskMetrics>,
        (interval, timeout): (Duration, Duration),
    ) -> Self {
        let interval = interval.max(SHORTEST_INTERVAL);
        Self {
            store,
            reporter,
            runtime,
            metrics,
            interval,
            timeout,
            next_at: Instant::now() + interval,
            running: None,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Begins a commit. None must be running.
    pub(super) fn begin(&mut self, offsets: Vec<Committable>) {
        self.next_at = Instant::now() + self.interval;
        if offsets.is_empty() || self.reporter.fence.is_abandoned() {
            return;
        }
        let stored: Stored = offsets
            .iter()
            .map(|(partition, offset)| (partition.clone(), offset.to_map()))
            .collect();
        let put = stored
            .iter()
            .map(|(partition, offset)| (partition.clone(), Some(offset.clone())))
            .collect();
        let (store, reporter) = (self.store.clone(), self.reporter.clone());
        let work = async move {
            if reporter.fence.is_abandoned() {
                return Err(Error::internal("the task was abandoned"));
            }
            store.put(&reporter.id.connector, put).await
        };
        self.running = Some(Running {
            offsets,
            stored,
            since: Instant::now(),
            late: false,
            work: AbortOnDropHandle::new(self.runtime.spawn(work.in_current_span())),
        });
    }

    /// Waits for the next [`Event`]. May be dropped at any await.
    pub(super) async fn event(&mut self) -> Event {
        let Some(running) = &mut self.running else {
            tokio::time::sleep_until(self.next_at).await;
            return Event::Due;
        };
        let late_at = running.since + self.timeout;
        let result = loop {
            tokio::select! {
                result = &mut running.work => break result,
                () = tokio::time::sleep_until(late_at), if !running.late => {
                    running.late = true;
                    self.metrics.commit_failures.add(1);
                    tracing::error!(
                        "storing the task's offsets takes longer than offset.flush.timeout.ms = \
                         {} ms; it goes on",
                        self.timeout.as_millis()
                    );
                }
            }
        };
        let result = result.unwrap_or_else(|ended| {
            Err(Error::internal("the store's code ended").caused_by(ended))
        });
        self.finish(result)
    }

    fn finish(&mut self, result: Result<()>) -> Event {
        let Some(running) = self.running.take() else {
            return Event::Due;
        };
        match result {
            Ok(()) => {
                self.metrics.commit_time.record(running.since.elapsed());
                Event::Stored(running.stored)
            }
            Err(error) => {
                if !running.late {
                    self.metrics.commit_failures.add(1);
                }
                tracing::error!(
                    "the task's offsets could not be stored and will be with the next commit: {}",
                    error.trace()
                );
                Event::Failed(running.offsets)
            }
        }
    }
}
