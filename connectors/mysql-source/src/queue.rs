//! The bounded queue between the reader and `poll`: whole batches, so that no
//! record is waited for on its own.

use std::time::Duration;

use connect_api::record::SourceRecord;
use connect_api::{Error, ErrorKind, Result};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use crate::config::QueueSettings;

/// Bytes are counted in these units, so that any size fits a semaphore's number.
const UNIT: usize = 1024;

/// So many records are handed over at once though `max.batch.size` allows more: what was read is
/// still in the processor's cache when it is converted and sent.
const AT_ONCE: usize = 256;

/// Records that wait, with their share of the queue's bounds.
struct Batch {
    records: Vec<SourceRecord>,
    _records_permit: OwnedSemaphorePermit,
    _bytes_permit: Option<OwnedSemaphorePermit>,
}

/// The reader's end.
pub(crate) struct QueueSender {
    settings: QueueSettings,
    channel: mpsc::UnboundedSender<Batch>,
    records: Arc<Semaphore>,
    bytes: Option<(Arc<Semaphore>, usize)>,
    batch: Vec<SourceRecord>,
    batch_bytes: usize,
}

/// `poll`'s end.
pub(crate) struct QueueReceiver {
    settings: QueueSettings,
    channel: mpsc::UnboundedReceiver<Batch>,
    next: Option<Batch>,
}

/// A queue with the bounds of `settings`.
pub(crate) fn queue(settings: QueueSettings) -> (QueueSender, QueueReceiver) {
    // The semaphores bound what is in the channel.
    let (sender, receiver) = mpsc::unbounded_channel();
    let bytes = settings.max_bytes.map(|bytes| {
        let units = bytes.div_ceil(UNIT).clamp(1, u32::MAX as usize);
        (Arc::new(Semaphore::new(units)), units)
    });
    let sender = QueueSender {
        settings,
        channel: sender,
        records: Arc::new(Semaphore::new(settings.max_records)),
        bytes,
        batch: Vec::new(),
        batch_bytes: 0,
    };
    let receiver = QueueReceiver {
        settings,
        channel: receiver,
        next: None,
    };
    (sender, receiver)
}

impl QueueSender {
    /// Adds a record of about so many bytes to the batch.
    pub(crate) fn push(&mut self, record: SourceRecord, bytes: usize) {
        if self.batch.capacity() == 0 {
            self.batch.reserve(self.settings.max_batch.min(AT_ONCE));
        }
        self.batch.push(record);
        self.batch_bytes += bytes;
    }

    /// The batch itself, to which records of about so many bytes are added.
    pub(crate) fn batch(&mut self, bytes: usize) -> &mut Vec<SourceRecord> {
        self.batch_bytes += bytes;
        &mut self.batch
    }

    /// Whether the batch should be sent before more is added.
    pub(crate) fn is_full(&self) -> bool {
        self.batch.len() >= self.settings.max_batch.min(AT_ONCE)
            || self
                .settings
                .max_bytes
                .is_some_and(|max| self.batch_bytes * 2 > max)
    }

    /// Sends the batch as soon as there is room for it.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        while !self.batch.is_empty() {
            self.flush_one().await?;
            // `poll` takes it before more is read: see `task::Reader`.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// An event may have more rows than a poll returns: the rest waits.
    async fn flush_one(&mut self) -> Result<()> {
        let rest = match self.batch.len() > self.settings.max_batch {
            true => self.batch.split_off(self.settings.max_batch),
            false => Vec::new(),
        };
        let sent = self.send_batch().await;
        // What is not sent stays in order before the rest.
        self.batch.extend(rest);
        sent
    }

    async fn send_batch(&mut self) -> Result<()> {
        let count = self.batch.len().min(self.settings.max_records);
        let records_permit = acquire(&self.records, count).await?;
        let bytes_permit = match &self.bytes {
            Some((semaphore, units)) => {
                // A batch larger than the whole queue fills it alone.
                let wanted = self.batch_bytes.div_ceil(UNIT).clamp(1, *units);
                Some(acquire(semaphore, wanted).await?)
            }
            None => None,
        };
        self.batch_bytes = 0;
        self.channel
            .send(Batch {
                records: std::mem::take(&mut self.batch),
                _records_permit: records_permit,
                _bytes_permit: bytes_permit,
            })
            .map_err(|_| stopped())
    }
}

async fn acquire(semaphore: &Arc<Semaphore>, count: usize) -> Result<OwnedSemaphorePermit> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Arc::clone(semaphore)
        .acquire_many_owned(count)
        .await
        .map_err(|_| stopped())
}

pub(crate) fn stopped() -> Error {
    Error::new(ErrorKind::Stopped, "the task is being stopped")
}

/// What `poll` found.
#[derive(Debug)]
pub(crate) enum Received {
    /// Records, or none within the time.
    Records(Vec<SourceRecord>),
    /// The reader has ended, and all that it sent is taken.
    Ended,
}

impl QueueReceiver {
    /// The next records, as many as are there up to the size of a batch.
    pub(crate) async fn receive(&mut self, wait: Duration) -> Received {
        let deadline = Instant::now() + wait;
        let first = match self.next.take() {
            Some(batch) => batch,
            None => match tokio::time::timeout_at(deadline, self.channel.recv()).await {
                Ok(Some(batch)) => batch,
                Ok(None) => return Received::Ended,
                Err(_) => return Received::Records(Vec::new()),
            },
        };
        let mut records = first.records;
        if !self.settings.dispatch_interval.is_zero() {
            let pause = Instant::now() + self.settings.dispatch_interval;
            tokio::time::sleep_until(pause.min(deadline)).await;
        }
        while let Ok(batch) = self.channel.try_recv() {
            if records.len() + batch.records.len() > self.settings.max_batch {
                self.next = Some(batch);
                break;
            }
            records.extend(batch.records);
        }
        Received::Records(records)
    }
}

impl std::fmt::Debug for QueueSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueueSender")
            .field("batch", &self.batch.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for QueueReceiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueueReceiver").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connect_api::record::{OffsetMap, Record, SourceOffset};

    fn record(number: i32) -> SourceRecord {
        SourceRecord {
            record: Record {
                partition: Some(number),
                ..Record::default()
            },
            source_partition: Arc::new(OffsetMap::new()),
            source_offset: SourceOffset::Map(Arc::new(OffsetMap::new())),
        }
    }

    fn settings(max_batch: usize, max_records: usize, max_bytes: Option<usize>) -> QueueSettings {
        QueueSettings {
            max_batch,
            max_records,
            max_bytes,
            dispatch_interval: Duration::ZERO,
        }
    }

    async fn received(receiver: &mut QueueReceiver) -> Vec<i32> {
        match receiver.receive(Duration::from_millis(50)).await {
            Received::Records(records) => records
                .iter()
                .filter_map(|record| record.record.partition)
                .collect(),
            Received::Ended => vec![-1],
        }
    }

    #[tokio::test]
    async fn batches_come_in_order_and_not_larger_than_asked_for() {
        let (mut sender, mut receiver) = queue(settings(2, 10, None));
        for number in 0..5 {
            sender.push(record(number), 10);
            if sender.is_full() {
                sender.flush().await.unwrap();
            }
        }
        sender.flush().await.unwrap();
        assert_eq!(received(&mut receiver).await, [0, 1]);
        assert_eq!(received(&mut receiver).await, [2, 3]);
        assert_eq!(received(&mut receiver).await, [4]);
        assert_eq!(received(&mut receiver).await, [0; 0]);
        drop(sender);
        assert_eq!(received(&mut receiver).await, [-1]);
    }

    #[tokio::test]
    async fn the_reader_waits_while_the_queue_is_full() {
        for settings in [settings(1, 2, None), settings(1, 100, Some(2048))] {
            let (mut sender, mut receiver) = queue(settings);
            for number in 0..2 {
                sender.push(record(number), 1024);
                sender.flush().await.unwrap();
            }
            sender.push(record(2), 1024);
            let waits = tokio::time::timeout(Duration::from_millis(30), sender.flush()).await;
            assert!(waits.is_err());
            assert_eq!(received(&mut receiver).await, [0]);
            sender.flush().await.unwrap();
            assert_eq!(received(&mut receiver).await, [1]);
            assert_eq!(received(&mut receiver).await, [2]);
        }
    }
}
