//! One partition's folder: segments, their indexes, recovery, retention and compaction.

pub(crate) mod batch;
mod checkpoint;
mod cleaner;
mod compression;
mod config;
mod error;
mod index;
mod records;
mod recovery;
mod retention;
mod scanner;
mod segment;
mod storage;
mod varint;

pub(crate) use batch::{BatchHeader, split_batches};
pub(crate) use cleaner::{CleanBounds, LastRecord};
pub(crate) use config::{Flush, LogConfig};
pub(crate) use error::{BatchError, LogError};
pub(crate) use records::{BatchOptions, BatchRecords, NewRecord, Record, build_batch};
pub(crate) use storage::Log;

#[cfg(test)]
mod tests;
