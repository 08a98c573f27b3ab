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
    /// A record: its key and value.
    fn read(&self, key: &[u8], value: Option<&[u8]>);
}

/// Hears that a record could not be written for good.
pub(crate) type OnFailure = Box<dyn FnOnce(connect_api::Error) + Send>;

/// A log. Its reader was given when it was made.
#[async_trait]
pub(crate) trait RecordLog: Send + Sync {
    /// Opens the log and reads it to its end.
    async fn start(&self) -> Result<()>;

    /// Writes records in order; returns once they are stored and have been read.
    async fn append(&self, records: Vec<LogRecord>) -> Result<()>;

    /// Writes a record after those before it, without waiting. `failed` is
    /// called if it cannot be stored.
    fn send(&self, record: LogRecord, failed: OnFailure);

    /// Waits until everything that is in the log now has been read.
    async fn read_to_end(&self) -> Result<()>;

    /// Writes what was sent, then closes the log.
    async fn stop(&self);

    /// Why the log has been out of reach for longer than a request may take.
    fn problem(&self) -> Option<String> {
        None
    }
}

/// A log without a memory of its own: what is written is read at once.
pub(crate) struct MemoryLog {
    reader: Arc<dyn LogReader>,
    /// Keeps the order between writers.
    turn: Mutex<()>,
}

impl MemoryLog {
    pub(crate) fn new(reader: Arc<dyn LogReader>) -> Self {
        Self {
            reader,
            turn: Mutex::new(()),
        }
    }

    fn write(&self, records: &[LogRecord]) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            self.reader.read(&record.key, record.value.as_deref());
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
