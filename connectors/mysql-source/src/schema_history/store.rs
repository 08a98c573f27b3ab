use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{HistoryRecord, SchemaHistoryError};

/// Takes the records of a history one by one.
pub type RecordVisitor<'a> = dyn FnMut(HistoryRecord) -> Result<(), SchemaHistoryError> + Send + 'a;

/// Where a history is kept (`io.debezium.relational.history.SchemaHistory`).
#[async_trait]
pub trait SchemaHistoryStore: Send + Sync + std::fmt::Debug {
    /// Whether the topic or file is there.
    async fn storage_exists(&self) -> Result<bool, SchemaHistoryError>;

    /// Whether it is there and has records.
    async fn exists(&self) -> Result<bool, SchemaHistoryError>;

    /// Makes the topic or file if it is not there.
    async fn initialize_storage(&self) -> Result<(), SchemaHistoryError>;

    /// Adds records in order, and returns when they are safe.
    async fn store(&self, records: &[HistoryRecord]) -> Result<(), SchemaHistoryError>;

    /// Reads all records that are there now, in order. An error of the visitor ends it.
    async fn read_all(&self, visit: &mut RecordVisitor<'_>) -> Result<(), SchemaHistoryError>;
}

/// A history that ends with the process (`MemorySchemaHistory`), for tests.
#[derive(Debug, Default)]
pub struct MemorySchemaHistory {
    records: Mutex<Vec<HistoryRecord>>,
}

impl MemorySchemaHistory {
    /// A copy of all records.
    pub fn records(&self) -> Vec<HistoryRecord> {
        self.records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl SchemaHistoryStore for MemorySchemaHistory {
    async fn storage_exists(&self) -> Result<bool, SchemaHistoryError> {
        Ok(true)
    }

    async fn exists(&self) -> Result<bool, SchemaHistoryError> {
        Ok(!self.records().is_empty())
    }

    async fn initialize_storage(&self) -> Result<(), SchemaHistoryError> {
        Ok(())
    }

    async fn store(&self, records: &[HistoryRecord]) -> Result<(), SchemaHistoryError> {
        self.records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(records);
        Ok(())
    }

    async fn read_all(&self, visit: &mut RecordVisitor<'_>) -> Result<(), SchemaHistoryError> {
        self.records().into_iter().try_for_each(visit)
    }
}
