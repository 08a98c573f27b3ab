//! What a task counts (`SourceTaskMetricsGroup`, `SinkTaskMetricsGroup`,
//! `ErrorHandlingMetrics`): written by the task, read by whoever exports it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::task::activity::Activity;

/// A task's counters: a source's, a sink's, and those of both. All only grow,
/// but for those that say how many there are at the moment.
#[derive(Debug, Default)]
pub struct TaskMetrics {
    /// `source-record-poll-total`: records that the plugin returned.
    pub polled: Counter,
    /// `source-record-write-total`: records that Kafka acknowledged.
    pub written: Counter,
    /// Records that a transformation dropped.
    pub filtered: Counter,
    /// `source-record-active-count`: records polled and neither acknowledged,
    /// filtered nor skipped yet.
    pub active: Counter,
    /// Bytes of keys and values handed to the producer.
    pub produced_bytes: Counter,
    /// Polls that returned records.
    pub batches: Counter,
    /// `poll-batch-*-time-ms`: how long those polls took, together and at most.
    pub poll_time: Timing,
    /// `offset-commit-*-time-ms`: how long successful commits took.
    pub commit_time: Timing,
    /// Commits that failed or took longer than `offset.flush.timeout.ms`.
    pub commit_failures: Counter,
    /// `total-record-failures`: operations that failed, retries included.
    pub record_failures: Counter,
    /// `total-record-errors`: records that could not be handled.
    pub record_errors: Counter,
    /// `total-records-skipped`: of those, the tolerated ones.
    pub records_skipped: Counter,
    /// `total-retries`: operations that were tried again.
    pub retries: Counter,
    /// `total-errors-logged`: lines that `errors.log.enable` asked for.
    pub errors_logged: Counter,
    /// `deadletterqueue-produce-requests`.
    pub dead_letters: Counter,
    /// `deadletterqueue-produce-failures`.
    pub dead_letter_failures: Counter,
    /// `last-error-timestamp`: milliseconds since the epoch, 0 before the first.
    pub last_error_timestamp: Counter,
    /// `sink-record-read-total`: records that were consumed.
    pub read: Counter,
    /// `sink-record-send-total`: records that the sink took.
    pub sent: Counter,
    /// `sink-record-active-count`: records consumed and not committed yet.
    pub sink_active: Counter,
    /// `partition-count`: partitions that the task has at the moment.
    pub partitions: Counter,
    /// `offset-commit-seq-no`: commits begun.
    pub commits_begun: Counter,
    /// `offset-commit-completion-total`: commits that succeeded, with and
    /// without offsets that changed.
    pub commits_completed: Counter,
    /// `offset-commit-skip-total`: commits that came too late to count. There
    /// are none here: the next waits for the one before.
    pub commits_skipped: Counter,
    /// `put-batch-*-time-ms`: how long puts took, together and at most.
    pub put_time: Timing,
    /// 1 while the task is stuck: in one call for longer than
    /// `task.stuck.timeout.ms`. Else 0.
    pub stuck: Counter,
    /// Which call the task is in.
    pub(crate) activity: Activity,
}

impl TaskMetrics {
    /// A record could not be handled, now.
    pub(crate) fn note_error(&self) {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        self.last_error_timestamp
            .set(u64::try_from(now).unwrap_or_default());
    }
}

/// A number that is cheap to change and to read from another thread.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// The present value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }
}

/// How often something was done, and how long it took.
#[derive(Debug, Default)]
pub struct Timing {
    count: Counter,
    total_micros: Counter,
    max_micros: AtomicU64,
}

impl Timing {
    /// How often.
    pub fn count(&self) -> u64 {
        self.count.get()
    }

    /// How long, all together.
    pub fn total(&self) -> Duration {
        Duration::from_micros(self.total_micros.get())
    }

    /// How long at most.
    pub fn max(&self) -> Duration {
        Duration::from_micros(self.max_micros.load(Ordering::Relaxed))
    }

    pub(crate) fn record(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.count.add(1);
        self.total_micros.add(micros);
        self.max_micros.fetch_max(micros, Ordering::Relaxed);
    }
}
