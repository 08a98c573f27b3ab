//! Rows: from a binlog's rows events, and from a snapshot's result sets, to fields' values. What
//! is done with each column is planned once for each version of a table.

mod bytes;
mod plan;
mod rows_event;
mod snapshot;
mod table_map;
mod wire;

pub use plan::RowPlan;
pub use rows_event::{RowsEvent, RowsKind};
pub use snapshot::SnapshotPlan;
pub use table_map::TableMap;
