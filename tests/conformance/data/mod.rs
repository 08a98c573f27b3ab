//! Records: written, read, deleted, compacted.

mod applications;
mod compaction;
mod compression;
pub(crate) mod delete_records;
mod fetch;
pub(crate) mod idempotence;
mod list_offsets;
mod produce;
mod timestamps;
pub(crate) mod transactions;
mod transactions_of_applications;
