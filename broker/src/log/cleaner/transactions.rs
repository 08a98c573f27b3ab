//! Which batches of a compaction belong to aborted transactions, and which markers are still
//! needed (`CleanedTransactionMetadata`).

use std::collections::{HashMap, HashSet};

use super::Source;
use crate::log::batch::BatchHeader;
use crate::log::error::{BatchError, LogError};
use crate::log::records::BatchRecords;
use crate::log::scanner::Scanner;

/// An aborted transaction on this partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Aborted {
    producer_id: i64,
    first: i64,
    /// The marker's offset.
    last: i64,
}

/// A control batch's kind (`ControlRecordType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    Abort,
    Commit,
    /// Compaction has emptied the batch.
    Empty,
    Other,
}

fn marker(batch: &[u8]) -> Result<Marker, BatchError> {
    let records = BatchRecords::open(batch)?;
    let Some(record) = records.iter().next().transpose()? else {
        return Ok(Marker::Empty);
    };
    // The key is a version and the type, both of 16 bits.
    Ok(match record.key {
        Some([_, _, 0, 0, ..]) => Marker::Abort,
        Some([_, _, 0, 1, ..]) => Marker::Commit,
        _ => Marker::Other,
    })
}

/// The aborted transactions that have batches in the segments to be cleaned, by their first
/// offsets. Their markers may be in the segments after those.
pub(super) fn find_aborted(
    cleanable: &[Source],
    rest: &[Source],
) -> Result<Vec<Aborted>, LogError> {
    let mut open: HashMap<i64, i64> = HashMap::new();
    let mut aborted = Vec::new();
    let upper = cleanable.last().map_or(0, |source| source.until);
    for source in cleanable.iter().chain(rest) {
        if source.base >= upper {
            open.retain(|_, first| *first < upper);
            if open.is_empty() {
                break;
            }
        }
        let mut scanner = Scanner::new(&source.file, &source.path, 0, source.size);
        while let Some(found) = scanner.next_header()? {
            let header = found.header;
            if !header.is_transactional() {
                continue;
            }
            if !header.is_control() {
                open.entry(header.producer_id).or_insert(header.base_offset);
                continue;
            }
            let kind = marker(scanner.batch(&found)?)
                .map_err(|source| scanner.corrupt(found.position, source))?;
            let first = open.remove(&header.producer_id);
            if let (Marker::Abort, Some(first)) = (kind, first) {
                let (producer_id, last) = (header.producer_id, header.base_offset);
                aborted.push(Aborted {
                    producer_id,
                    first,
                    last,
                });
            }
        }
    }
    aborted.sort_unstable_by_key(|transaction| transaction.first);
    Ok(aborted)
}

/// Follows the transactions while batches are read in order.
#[derive(Debug)]
pub(super) struct Transactions<'a> {
    /// Those that have not begun yet.
    aborted: &'a [Aborted],
    /// Aborted ones by producer, and whether a batch of theirs was seen.
    open_aborted: HashMap<i64, bool>,
    open_committed: HashSet<i64>,
}

impl<'a> Transactions<'a> {
    pub(super) fn new(aborted: &'a [Aborted]) -> Self {
        Self {
            aborted,
            open_aborted: HashMap::new(),
            open_committed: HashSet::new(),
        }
    }

    /// As `new`, where batches are read from an offset on.
    pub(super) fn starting_at(aborted: &'a [Aborted], offset: i64) -> Self {
        let mut transactions = Self::new(aborted);
        while let [first, rest @ ..] = transactions.aborted
            && first.first < offset
        {
            if first.last >= offset {
                transactions.open_aborted.insert(first.producer_id, false);
            }
            transactions.aborted = rest;
        }
        transactions
    }

    /// Takes the next batch into account: whether it is a part of an aborted transaction, or a
    /// marker of a transaction that has no batches any more.
    pub(super) fn is_obsolete(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
    ) -> Result<bool, BatchError> {
        while let [first, rest @ ..] = self.aborted
            && first.first <= header.last_offset()
        {
            self.open_aborted.entry(first.producer_id).or_insert(false);
            self.aborted = rest;
        }
        if header.is_control() {
            return Ok(match marker(batch)? {
                Marker::Abort => self.open_aborted.remove(&header.producer_id) != Some(true),
                Marker::Commit => !self.open_committed.remove(&header.producer_id),
                Marker::Empty => true,
                Marker::Other => false,
            });
        }
        if !header.is_transactional() {
            return Ok(false);
        }
        match self.open_aborted.get_mut(&header.producer_id) {
            Some(seen) => {
                *seen = true;
                Ok(true)
            }
            None => {
                self.open_committed.insert(header.producer_id);
                Ok(false)
            }
        }
    }
}
