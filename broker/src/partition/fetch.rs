//! Reading a partition.

use bytes::Bytes;

use super::error::FetchError;
use super::{Partition, State};
use crate::log::{BatchHeader, LogError};

/// What a fetch gets of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// Whole batches, beginning with the one that has the offset; nothing where the log ends.
    pub(crate) records: Bytes,
    /// The next record's offset.
    pub(crate) high_watermark: i64,
    /// The offset of the first record whose transaction is open, or the high watermark.
    pub(crate) last_stable_offset: i64,
    /// The log's first offset.
    pub(crate) log_start_offset: i64,
    /// The transactions, by producer id and first offset, whose records a reader of committed
    /// records has to leave out.
    pub(crate) aborted: Vec<(i64, i64)>,
}

impl Partition {
    /// Reads from an offset on: everything, or up to the last stable offset only.
    pub(crate) fn fetch(
        &self,
        from: i64,
        max_bytes: usize,
        committed: bool,
    ) -> Result<Fetched, FetchError> {
        let state = self.read();
        let (start, end) = (state.log.start_offset(), state.log.end_offset());
        if !(start..=end).contains(&from) {
            return Err(FetchError::OutOfRange {
                offset: from,
                start,
                end,
            });
        }
        let last_stable_offset = state.last_stable_offset();
        let below = if committed { last_stable_offset } else { end };
        let records = if from < below {
            state.log.read(from, below, max_bytes).map_err(of_log)?
        } else {
            Bytes::new()
        };
        let aborted = if committed {
            state.aborted_within(from, &records)
        } else {
            Vec::new()
        };
        Ok(Fetched {
            records,
            high_watermark: end,
            last_stable_offset,
            log_start_offset: start,
            aborted,
        })
    }
}

impl State {
    /// Aborted transactions with records among those that were read from `from` on
    /// (`TransactionIndex.collectAbortedTxns`).
    fn aborted_within(&self, from: i64, records: &[u8]) -> Vec<(i64, i64)> {
        // Their markers' offsets rise.
        let first = self
            .aborted
            .partition_point(|transaction| transaction.last_offset < from);
        if first == self.aborted.len() {
            return Vec::new();
        }
        let Some(upper) = next_offset(records) else {
            return Vec::new();
        };
        let mut within = Vec::new();
        for transaction in &self.aborted[first..] {
            if transaction.first_offset < upper {
                within.push((transaction.producer_id, transaction.first_offset));
            }
            if transaction.last_stable_offset >= upper {
                break;
            }
        }
        within
    }
}

/// The offset after the last of whole batches.
fn next_offset(records: &[u8]) -> Option<i64> {
    let mut rest = records;
    let mut next = None;
    while let Ok(header) = BatchHeader::parse(rest) {
        next = Some(header.next_offset());
        rest = rest.get(header.size()..)?;
    }
    next
}

fn of_log(error: LogError) -> FetchError {
    match error {
        LogError::OffsetOutOfRange { offset, start, end } => {
            FetchError::OutOfRange { offset, start, end }
        }
        other => FetchError::Log(other),
    }
}
