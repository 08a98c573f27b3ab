//! The last offset of every key in the part of a log that was not cleaned yet
//! (`SkimpyOffsetMap`, `Cleaner.buildOffsetMap`).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::Source;
use super::transactions::{Aborted, Transactions};
use crate::log::batch::BatchHeader;
use crate::log::error::{BatchError, LogError};
use crate::log::records::{BatchRecords, Record};
use crate::log::scanner::Scanner;

/// Keys after which no further batch is read, so that the map stays at about 16 MiB: the rest of
/// the log is for the next cleaning. It is what a table of 2^19 places holds.
const MAX_KEYS: usize = (1 << 19) / 8 * 7;

/// Offsets by the keys' hashes, of 128 bits as in the real one, but keyed, so that nobody can
/// choose two keys with the same.
#[derive(Debug)]
pub(super) struct OffsetMap {
    offsets: HashMap<u128, i64>,
    hashers: [RandomState; 2],
    /// All batches before this offset are in the map or were cleaned before.
    clean_to: i64,
}

impl OffsetMap {
    /// Reads the keys from an offset on.
    pub(super) fn build(
        sources: &[Source],
        dirty_from: i64,
        aborted: &[Aborted],
    ) -> Result<Self, LogError> {
        let hashers = [RandomState::new(), RandomState::new()];
        let mut map = Self {
            offsets: HashMap::new(),
            hashers,
            clean_to: dirty_from,
        };
        let mut transactions = Transactions::starting_at(aborted, dirty_from);
        for source in sources.iter().filter(|source| source.until > dirty_from) {
            let mut scanner = Scanner::new(&source.file, &source.path, 0, source.size);
            while let Some(found) = scanner.next_header()? {
                if found.header.last_offset() < dirty_from {
                    continue;
                }
                if map.offsets.len() >= MAX_KEYS {
                    return Ok(map);
                }
                let batch = scanner.batch(&found)?;
                map.add_batch(&found.header, batch, dirty_from, &mut transactions)
                    .map_err(|source| scanner.corrupt(found.position, source))?;
            }
            map.clean_to = source.until;
        }
        Ok(map)
    }

    fn add_batch(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
        dirty_from: i64,
        transactions: &mut Transactions<'_>,
    ) -> Result<(), BatchError> {
        let is_aborted = transactions.is_obsolete(header, batch)?;
        if !header.is_control() && !is_aborted {
            for record in BatchRecords::open(batch)?.iter() {
                let record = record?;
                if let Some(key) = record.key.filter(|_| record.offset >= dirty_from) {
                    let hash = self.hash(key);
                    self.offsets.insert(hash, record.offset);
                }
            }
        }
        self.clean_to = header.next_offset();
        Ok(())
    }

    /// The offset up to which the log is clean after the cleaning with this map.
    pub(super) fn clean_to(&self) -> i64 {
        self.clean_to
    }

    /// Whether a record is the last of its key; one without a key is not kept by a compacted log.
    pub(super) fn is_last(&self, record: &Record<'_>) -> bool {
        if record.offset >= self.clean_to {
            return true;
        }
        let last = record.key.map(|key| self.offsets.get(&self.hash(key)));
        match last {
            Some(Some(&last)) => record.offset >= last,
            Some(None) => true,
            None => false,
        }
    }

    /// Whether the map knows what comes after a record.
    pub(super) fn covers(&self, record: &Record<'_>) -> bool {
        record.offset < self.clean_to
    }

    fn hash(&self, key: &[u8]) -> u128 {
        let [high, low] = &self.hashers;
        u128::from(high.hash_one(key)) << 64 | u128::from(low.hash_one(key))
    }
}
