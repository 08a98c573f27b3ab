//! A log of records that is written at its end and read by everybody: a storage
//! topic, or memory in its place.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use connect_api::Result;

/// How long a write to a storage topic may take in all
/// (`KafkaConfigBackingStore.READ_WRITE_TOTAL_TIMEOUT_MS`).
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// A record to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogRecord {
    pub(crate) key: Vec<u8>,
    /// None is a tombstone.
    pub(crate) value: Option<Vec<u8>>,
}

impl LogRecord {
    pub(crate) fn new(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self {
            key: key.into(),
            value: Some(value.into()),
        }
    }

    pub(crate) fn tombstone(key: impl Into<Vec<u8>>) -> Self {
        Self {
            key: key.into(),
            value: None,
        }
    }
}

/// Takes in the records of a log in the order in which they were written (in
/// Kafka: within a partition).
pub(crate) trait LogReader: Send + Sync {
    /// A record: its offset, key and value.
    fn read(&self, offset: i64, key: &[u8], value: Option<&[u8]>);
}

/// Hears that a record could not be written for good.
pub(crate) type OnFailure = Box<dyn FnOnce(connect_api::Error) + Send>;

/// A log. Its reader was given when it was made.
#[async_trait]
pub(crate) trait RecordLog: Send + Sync {
    /// Opens the log and reads it to its end.
    async fn start(&self) -> Result<()>;

    /// Writes records, each once the one before it is stored; returns once all
    /// have been read.
    async fn append(&self, records: Vec<LogRecord>) -> Result<()>;

    /// Writes records that may come in any order, all at once; returns once
    /// all have been read.
    async fn append_unordered(&self, records: Vec<LogRecord>) -> Result<()> {
        self.append(records).await
    }

    /// Writes a record after those before it with the same key, without waiting.
    /// `failed` is called if it cannot be stored.
    fn send(&self, record: LogRecord, failed: OnFailure);

    /// Waits until everything that is in the log now has been read.
    async fn read_to_end(&self) -> Result<()>;

    /// Waits until what was sent has been written or has failed, not longer
    /// than a moment.
    async fn flush(&self) {}

    /// Writes what was sent, then closes the log.
    async fn stop(&self);

    /// Whether this worker may write to it now.
    fn is_open(&self) -> bool {
        true
    }

    /// Why the log has been out of reach for longer than a request may take.
    fn problem(&self) -> Option<String> {
        None
    }
}

/// A log without a memory of its own: what is written is read at once.
pub(crate) struct MemoryLog {
    reader: Arc<dyn LogReader>,
    /// The offset of the next record. Locked while one is read, to keep the
    /// order between writers.
    next: Mutex<i64>,
}

impl MemoryLog {
    pub(crate) fn new(reader: Arc<dyn LogReader>) -> Self {
        Self {
            reader,
            next: Mutex::new(0),
        }
    }

    fn write(&self, records: &[LogRecord]) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            self.reader
                .read(*next, &record.key, record.value.as_deref());
            *next += 1;
        }
    }
}

#[async_trait]
impl RecordLog for MemoryLog {
    async fn start(&self) -> Result<()> {
        Ok(())
    }

    async fn append(&self, records: Vec<LogRecord>) -> Result<()> {
        self.write(&records);
        Ok(())
    }

    fn send(&self, record: LogRecord, _failed: OnFailure) {
        self.write(&[record]);
    }

    async fn read_to_end(&self) -> Result<()> {
        Ok(())
    }

    async fn stop(&self) {}
}
