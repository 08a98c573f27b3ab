//! What happens when a record cannot be handled: try again, skip it, or fail
//! the task (`RetryWithToleranceOperator`, `LogReporter`).

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::{Error, ErrorKind};

use crate::ConnectorTaskId;
use crate::connector_config::ErrorSettings;
use crate::metrics::TaskMetrics;
use crate::task::backoff::jittered;

/// The first pause (`RETRIES_DELAY_MIN_MS`).
const RETRY_DELAY_MIN: Duration = Duration::from_millis(300);

/// Where in the pipeline something failed, by its name in the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Transformation,
    KeyConverter,
    ValueConverter,
    HeaderConverter,
    KafkaProduce,
    TaskPut,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Transformation => "TRANSFORMATION",
            Stage::KeyConverter => "KEY_CONVERTER",
            Stage::ValueConverter => "VALUE_CONVERTER",
            Stage::HeaderConverter => "HEADER_CONVERTER",
            Stage::KafkaProduce => "KAFKA_PRODUCE",
            Stage::TaskPut => "TASK_PUT",
        })
    }
}

/// An operation that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) stage: Stage,
    /// The class that failed, as the configuration or the original names it.
    pub(crate) class: String,
    pub(crate) error: Error,
}

/// What to do about a failure.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The same again after a pause.
    Retry(Duration),
    /// Go on with the next record; this one counts as handled.
    Skip,
    /// The task fails.
    Fail(Error),
}

/// One connector's rules.
pub(crate) struct Tolerance {
    settings: ErrorSettings,
    id: ConnectorTaskId,
    metrics: Arc<TaskMetrics>,
}

/// What is known of the record that failed.
pub(crate) trait FailedRecord {
    /// `error` with the facts that lead to the record.
    fn locate(&self, error: Error) -> Error;

    /// The record for a line of the log with `errors.log.include.messages`.
    fn describe(&self) -> Option<String>;
}

impl Tolerance {
    pub(crate) fn new(
        settings: ErrorSettings,
        id: ConnectorTaskId,
        metrics: Arc<TaskMetrics>,
    ) -> Self {
        Self {
            settings,
            id,
            metrics,
        }
    }

    /// True if a copy of each record is needed, to try again or to log it.
    pub(crate) fn keeps_originals(&self) -> bool {
        self.settings.retry_timeout != Some(Duration::ZERO)
            || (self.settings.log && self.settings.log_messages)
    }

    /// Decides about a failure of a record whose handling began at `since` and
    /// that failed `attempts` times now.
    pub(crate) fn judge(
        &self,
        failure: Failure,
        since: Instant,
        attempts: u32,
        record: &dyn FailedRecord,
    ) -> Verdict {
        if let Some(delay) = self.retry(&failure, since, attempts) {
            return Verdict::Retry(delay);
        }
        match self.settle(failure, record) {
            Ok(()) => Verdict::Skip,
            Err(error) => Verdict::Fail(error),
        }
    }

    /// Counts a failure. The pause after which the same is to be tried again;
    /// none if it is not.
    pub(crate) fn retry(
        &self,
        failure: &Failure,
        since: Instant,
        attempts: u32,
    ) -> Option<Duration> {
        self.metrics.record_failures.add(1);
        self.metrics.activity.trouble(&failure.error);
        if !failure.error.is_retriable() {
            return None;
        }
        let delay = self.delay(since.elapsed(), attempts)?;
        self.metrics.retries.add(1);
        Some(delay)
    }

    /// Logs and counts a record that cannot be handled. The error that ends
    /// the task unless such are tolerated.
    pub(crate) fn settle(&self, failure: Failure, record: &dyn FailedRecord) -> Result<(), Error> {
        self.metrics.record_errors.add(1);
        self.metrics.note_error();
        self.log(&failure, record);
        if self.settings.tolerate_all {
            self.metrics.records_skipped.add(1);
            return Ok(());
        }
        Err(exceeded(failure, record))
    }

    /// The pause before the next try; none when the time for tries is over.
    fn delay(&self, elapsed: Duration, attempts: u32) -> Option<Duration> {
        let left = match self.settings.retry_timeout {
            None => Duration::MAX,
            Some(timeout) => timeout
                .checked_sub(elapsed)
                .filter(|left| !left.is_zero())?,
        };
        let doubled = RETRY_DELAY_MIN.saturating_mul(1 << attempts.saturating_sub(1).min(20));
        let delay = if doubled > self.settings.retry_delay_max {
            jittered(self.settings.retry_delay_max)
        } else {
            doubled
        };
        Some(delay.min(left))
    }

    fn log(&self, failure: &Failure, record: &dyn FailedRecord) {
        if !self.settings.log {
            return;
        }
        self.metrics.errors_logged.add(1);
        let record = match self.settings.log_messages {
            true => record.describe().unwrap_or_default(),
            false => String::new(),
        };
        tracing::error!(
            "Error encountered in task {}. Executing stage '{}' with class '{}'{record}. {}",
            self.id,
            failure.stage,
            failure.class,
            failure.error.trace()
        );
    }
}

/// The error that ends a task over a record.
pub(crate) fn exceeded(failure: Failure, record: &dyn FailedRecord) -> Error {
    let kind = match failure.error.kind() {
        ErrorKind::Retriable => ErrorKind::Data,
        kind => kind,
    };
    let error = Error::new(kind, "Tolerance exceeded in error handler")
        .with("stage", failure.stage)
        .with("class", failure.class);
    record.locate(error).caused_by(failure.error)
}

#[cfg(test)]
#[path = "tolerance_tests.rs"]
mod tests;
