//! The producer of a task, made when there is something to send.

use std::sync::Arc;
use std::time::Duration;

use connect_api::Result;
use connect_kafka::ClientSettings;
use connect_kafka::producer::{Producer, WaitError};

use super::delivery::{AckSink, Acks};
use crate::task::kafka_error;

/// The producer of a task that may have nothing to send for long. A client is
/// most of what an idle task would cost: its threads wake up every second, and it
/// keeps connections to the brokers. So a task has none before its first record,
/// and a worker that takes over many tasks makes those that are needed.
pub(super) struct TaskProducer {
    settings: ClientSettings,
    acks: Arc<Acks>,
    open: Option<Producer<AckSink>>,
}

impl TaskProducer {
    pub(super) fn new(settings: ClientSettings, acks: Arc<Acks>) -> Self {
        Self {
            settings,
            acks,
            open: None,
        }
    }

    /// The producer; none before it was opened.
    pub(super) fn get(&self) -> Option<&Producer<AckSink>> {
        self.open.as_ref()
    }

    /// Makes the producer, if there is none yet.
    pub(super) fn open(&mut self) -> Result<()> {
        if self.open.is_none() {
            let producer = Producer::new(&self.settings, AckSink(self.acks.clone()))
                .map_err(|error| kafka_error("making the producer of the task", error))?;
            self.open = Some(producer);
        }
        Ok(())
    }

    /// An error when the producer has lost its brokers for good.
    pub(super) fn check(&self) -> Result<()> {
        let checked = self.open.as_ref().map_or(Ok(()), Producer::check_brokers);
        checked.map_err(|error| kafka_error("sending records", error))
    }

    /// Waits until everything that was sent has its outcome.
    pub(super) async fn flush(&self, limit: Duration) -> Result<(), WaitError> {
        match &self.open {
            Some(producer) => producer.flush(limit).await,
            None => Ok(()),
        }
    }
}
