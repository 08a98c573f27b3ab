//! Bulk requests: filled, sent several at a time, judged item by item.

mod batch;
mod conflicts;
mod delivery;
mod flight;
mod processor;
mod verdict;

#[cfg(test)]
mod tests;

pub(crate) use batch::{Action, Target};
pub(crate) use processor::BulkProcessor;
#[cfg(test)]
pub(crate) use tests::record as test_record;
