//! A status on its way to the topic.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use connect_api::Error;
use tokio::time::sleep;
use tracing::{error, warn};

use super::StatusReader;
use super::records::StatusKey;
use crate::store::log::{LogRecord, RecordLog};

/// Before a status is sent again; doubles from one time to the next.
pub(super) const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(10);

/// Sent until it is stored, or not true any more: another status followed, the
/// group went on to another generation, or another worker has a newer run
/// (`KafkaStatusBackingStore.send`).
pub(super) struct StatusWrite {
    pub(super) reader: Arc<StatusReader>,
    pub(super) log: Arc<dyn RecordLog>,
    /// The group's generation at the moment.
    pub(super) present: Arc<AtomicI32>,
    /// The group's generation when it was written.
    pub(super) generation: i32,
    pub(super) key: StatusKey,
    pub(super) record: LogRecord,
    pub(super) sequence: u64,
    pub(super) safely: bool,
    pub(super) pause: Duration,
}

impl StatusWrite {
    pub(super) fn send(self) {
        let (log, record) = (Arc::clone(&self.log), self.record.clone());
        log.send(record, Box::new(move |problem| self.failed(&problem)));
    }

    fn failed(mut self, problem: &Error) {
        let key = self.key.text();
        if !problem.is_retriable() || !self.is_still_true() {
            error!(key, problem = problem.trace(), "cannot write a status");
            let mut state = self.reader.state();
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
                let mut state = self.reader.state();
                state.write_failed(&self.key, self.sequence);
            }
        });
    }

    /// The end of a run that nobody heard of while this worker was in the group is nobody's business any
    /// more: the next run, here or elsewhere, tells of itself, and this would say otherwise for ever.
    fn is_still_true(&self) -> bool {
        if self.safely && !self.log.is_open() {
            return false;
        }
        let mut state = self.reader.state();
        self.generation == self.present.load(Ordering::Relaxed)
            && state.may_write_again(&self.key, self.sequence, self.safely)
    }
}
