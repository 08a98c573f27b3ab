//! Debezium's schema history: each DDL statement with its position in the binlog and what it did
//! to the tables, so that a restarted task knows the tables as they were where it goes on.

mod comparator;
mod document;
mod error;
mod file;
mod kafka;
mod record;
mod recovery;
mod store;
mod table_change_json;

pub use comparator::HistoryRecordComparator;
pub use error::SchemaHistoryError;
pub use file::FileSchemaHistory;
pub use kafka::KafkaSchemaHistory;
pub use record::HistoryRecord;
pub use recovery::{Recovery, RecoverySettings, recover};
pub use store::{MemorySchemaHistory, RecordVisitor, SchemaHistoryStore};
