//! Statuses on their way to the topic.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connect_api::Error;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::{error, info, warn};

use super::StatusReader;
use super::records::{Status, StatusKey};
use crate::store::log::{LogRecord, RecordLog};

/// Before a status is sent again; doubles from one time to the next.
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(10);

/// Writes statuses. Cheap to clone.
#[derive(Clone)]
pub(super) struct StatusWriter {
    pub(super) reader: Arc<StatusReader>,
    pub(super) log: Arc<dyn RecordLog>,
    /// The group's generation at the moment.
    pub(super) generation: Arc<AtomicI32>,
    /// Held from the decision to write until it is with the log.
    in_order: Arc<Mutex<()>>,
}

impl StatusWriter {
    pub(super) fn new(reader: Arc<StatusReader>, log: Arc<dyn RecordLog>) -> Self {
        Self {
            reader,
            log,
            generation: Arc::default(),
            in_order: Arc::default(),
        }
    }

    /// Writes without waiting; what does not come through is tried again while
    /// it is still true.
    pub(super) fn write(&self, key: StatusKey, status: Option<Status>, safely: bool) {
        let _in_order = self.in_order();
        self.write_next(key, status, safely);
    }

    fn in_order(&self) -> MutexGuard<'_, ()> {
        (self.in_order.lock()).unwrap_or_else(PoisonError::into_inner)
    }

    fn write_next(&self, key: StatusKey, status: Option<Status>, safely: bool) {
        let record = match &status {
            Some(status) => key.record(status),
            None => key.tombstone(),
        };
        let Some(sequence) = self.reader.state().write(&key, status, safely) else {
            return;
        };
        let write = StatusWrite {
            writer: self.clone(),
            generation: self.generation.load(Ordering::Relaxed),
            key,
            record,
            sequence,
            safely,
            pause: FIRST_RETRY,
        };
        write.send();
    }

    /// Tells again what this worker runs where an older status has come after
    /// its own: one that another worker had sent before its connection was held
    /// up, or before it fell asleep. It would stand there until the next change.
    pub(super) async fn repair(self, mut overruled: mpsc::UnboundedReceiver<StatusKey>) {
        while let Some(key) = overruled.recv().await {
            self.write_again(key);
        }
    }

    fn write_again(&self, key: StatusKey) {
        let _in_order = self.in_order();
        let present = self.generation.load(Ordering::Relaxed);
        let ours = self.reader.state().ours(&key, present).cloned();
        if ours.is_none() || !self.log.is_open() {
            return;
        }
        info!(
            key = key.text(),
            "another worker's older status came after this worker's, which is written again"
        );
        self.write_next(key, ours, false);
    }
}

/// Sent until it is stored, or not true any more: another status followed, the
/// group went on to another generation, or another worker has a newer run
/// (`KafkaStatusBackingStore.send`).
struct StatusWrite {
    writer: StatusWriter,
    /// The group's generation when it was written.
    generation: i32,
    key: StatusKey,
    record: LogRecord,
    sequence: u64,
    safely: bool,
    pause: Duration,
}

impl StatusWrite {
    fn send(self) {
        let (log, record) = (Arc::clone(&self.writer.log), self.record.clone());
        log.send(record, Box::new(move |problem| self.failed(&problem)));
    }

    fn failed(mut self, problem: &Error) {
        let key = self.key.text();
        if !problem.is_retriable() || !self.is_still_true() {
            error!(key, problem = problem.trace(), "cannot write a status");
            let mut state = self.writer.reader.state();
            state.write_failed(&self.key, self.sequence);
            return;
        }
        let pause = self.pause;
        warn!(
            key,
            problem = problem.trace(),
            "cannot write a status, trying again in {} ms",
            pause.as_millis()
        );
        self.pause = (pause * 2).min(LAST_RETRY);
        tokio::spawn(async move {
            sleep(pause).await;
            if self.is_still_true() {
                self.send();
            } else {
                let mut state = self.writer.reader.state();
                state.write_failed(&self.key, self.sequence);
            }
        });
    }

    /// The end of a run that nobody heard of while this worker was in the group is nobody's business any
    /// more: the next run, here or elsewhere, tells of itself, and this would say otherwise for ever.
    fn is_still_true(&self) -> bool {
        if self.safely && !self.writer.log.is_open() {
            return false;
        }
        let mut state = self.writer.reader.state();
        self.generation == self.writer.generation.load(Ordering::Relaxed)
            && state.may_write_again(&self.key, self.sequence, self.safely)
    }
}
