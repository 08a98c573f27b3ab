//! From a table's version to the Connect schemas of its records: key, value, envelope, source.

mod fields;
mod names;
mod source;
mod table_schema;
#[cfg(test)]
mod tests;
mod topics;

pub(crate) use fields::ColumnTarget;
pub use source::{
    CONNECTOR, SnapshotMarker, SourceInfo, VERSION, source_schema, transaction_block_schema,
};
pub(crate) use source::{SourceBlock, struct_value};
pub use table_schema::{RowValues, TableSchema};
pub use topics::TopicNames;
