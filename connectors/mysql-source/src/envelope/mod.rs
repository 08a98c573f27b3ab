//! Records: Debezium's envelope around rows, tombstones, changes of keys, schema changes
//! and transactions' boundaries.

mod builder;
mod headers;
mod heartbeat;
mod schema_change;
mod settings;
mod transaction;

pub use builder::{EventBuilder, RowOffsets};
pub use headers::ContextHeaders;
pub use heartbeat::heartbeat;
pub use schema_change::{SchemaChangeEvent, schema_change};
pub use settings::{EnvelopeSettings, SkippedOperations};
pub use transaction::{TransactionMetadata, TransactionTarget, transaction_begin, transaction_end};
