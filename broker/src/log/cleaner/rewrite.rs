//! Writes the batches that a compaction keeps into a new segment (`Cleaner.cleanInto`,
//! `MemoryRecords.filterTo`).

use std::borrow::Cow;

use super::offset_map::OffsetMap;
use super::transactions::{Aborted, Transactions};
use super::{Compaction, Source};
use crate::log::batch::{BatchHeader, COMPRESSION_MASK, Compression, DELETE_HORIZON, NO_TIMESTAMP};
use crate::log::compression;
use crate::log::error::{BatchError, LogError};
use crate::log::records::{self, BatchRecords, Record, RecordPosition};
use crate::log::recovery::CLEANED;
use crate::log::scanner::Scanner;
use crate::log::segment::{Segment, file_stem};

/// Rewrites segment after segment.
#[derive(Debug)]
pub(super) struct Rewriter<'a> {
    compaction: &'a Compaction,
    map: &'a OffsetMap,
    transactions: Transactions<'a>,
    /// The earliest time at which something that is kept now may go.
    horizon: Option<i64>,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(
        compaction: &'a Compaction,
        map: &'a OffsetMap,
        aborted: &'a [Aborted],
    ) -> Self {
        Self {
            compaction,
            map,
            transactions: Transactions::new(aborted),
            horizon: None,
        }
    }

    pub(super) fn horizon(&self) -> Option<i64> {
        self.horizon
    }

    /// Writes what stays of the segments into one new, which is on the disk afterwards.
    pub(super) fn rewrite(&mut self, sources: &[Source]) -> Result<Segment, LogError> {
        let base = sources.first().map_or(0, |source| source.base);
        let path = self
            .compaction
            .dir
            .join(format!("{}.{CLEANED}", file_stem(base)));
        let mut segment = Segment::create_file(path, base, self.compaction.now_ms)?;
        let written = sources
            .iter()
            .try_for_each(|source| self.copy(source, &mut segment));
        if let Err(error) = written.and_then(|()| segment.sync()) {
            segment.delete()?;
            return Err(error);
        }
        if let Some(last) = sources.last() {
            // Retention of records without a timestamp goes by the file's time.
            let modified = last
                .file
                .metadata()
                .and_then(|metadata| metadata.modified());
            let kept = modified.and_then(|time| segment.file().set_modified(time));
            kept.map_err(LogError::io("setting the time of", segment.path()))?;
        }
        Ok(segment)
    }

    fn copy(&mut self, source: &Source, segment: &mut Segment) -> Result<(), LogError> {
        let interval = self.compaction.index_interval;
        let mut scanner = Scanner::new(&source.file, &source.path, 0, source.size);
        while let Some(found) = scanner.next_header()? {
            scanner.verify(&found)?;
            let batch = scanner.batch(&found)?;
            match self.filter(&found.header, batch) {
                Ok(None) => {}
                Ok(Some(kept)) => {
                    let header = BatchHeader::parse(&kept)
                        .map_err(|error| corrupt(source, found.position, error))?;
                    segment.append(&kept, &header, interval)?;
                }
                Err(error) => return Err(corrupt(source, found.position, error)),
            }
        }
        Ok(())
    }

    /// What stays of a batch.
    fn filter<'b>(
        &mut self,
        header: &BatchHeader,
        batch: &'b [u8],
    ) -> Result<Option<Cow<'b, [u8]>>, BatchError> {
        let is_obsolete = self.transactions.is_obsolete(header, batch)?;
        let is_empty_marker = is_obsolete && header.is_control();
        // A marker stays as long as a tombstone, for those who read the transaction before it went.
        let discards_all = is_obsolete && (!is_empty_marker || self.has_expired(header));
        let keeps_empty = header.has_producer() && self.is_last_of_producer(header);
        if discards_all {
            return Ok(keeps_empty.then(|| emptied(header)));
        }
        let stored = BatchRecords::open(batch)?;
        let mut kept = Vec::new();
        for record in stored.iter() {
            let record = record?;
            if header.is_control() || self.keeps(header, &record) {
                kept.push(record);
            }
        }
        if kept.is_empty() {
            return Ok(keeps_empty.then(|| emptied(header)));
        }
        let has_tombstones = !header.is_control() && kept.iter().any(|r| r.value.is_none());
        let horizon = if has_tombstones || is_empty_marker {
            let horizon = header
                .delete_horizon()
                .unwrap_or_else(|| self.new_horizon());
            self.horizon = Some(
                self.horizon
                    .map_or(horizon, |earliest| earliest.min(horizon)),
            );
            Some(horizon)
        } else {
            header.delete_horizon()
        };
        if kept.len() == header.records_count as usize && horizon == header.delete_horizon() {
            return Ok(Some(Cow::Borrowed(batch)));
        }
        rebuilt(header, &kept, horizon).map(|batch| Some(Cow::Owned(batch)))
    }

    fn keeps(&self, header: &BatchHeader, record: &Record<'_>) -> bool {
        if !self.map.covers(record) {
            return true;
        }
        let may_go = record.value.is_none() && self.has_expired(header);
        self.map.is_last(record) && !may_go
    }

    fn has_expired(&self, header: &BatchHeader) -> bool {
        header
            .delete_horizon()
            .is_some_and(|horizon| horizon <= self.compaction.now_ms)
    }

    fn new_horizon(&self) -> i64 {
        let kept_ms = i64::try_from(self.compaction.delete_retention_ms).unwrap_or(i64::MAX);
        self.compaction.now_ms.saturating_add(kept_ms)
    }

    fn is_last_of_producer(&self, header: &BatchHeader) -> bool {
        let last = self.compaction.producers.get(&header.producer_id);
        last.is_some_and(|last| match last.last_data_offset {
            Some(offset) => header.last_offset() == offset,
            None => header.is_control() && header.producer_epoch == last.epoch,
        })
    }
}

fn corrupt(from: &Source, position: u64, source: BatchError) -> LogError {
    LogError::Corrupt {
        path: from.path.clone(),
        position,
        source,
    }
}

/// The batch without its records: its offsets, producer and sequence stay known
/// (`DefaultRecordBatch.writeEmptyHeader`).
pub(in crate::log) fn emptied(header: &BatchHeader) -> Cow<'static, [u8]> {
    let header = BatchHeader {
        attributes: header.attributes & !(COMPRESSION_MASK | DELETE_HORIZON),
        base_timestamp: NO_TIMESTAMP,
        records_count: 0,
        ..*header
    };
    Cow::Owned(records::assemble(&header, &[]).to_vec())
}

/// The batch with some of its records. Its last offset stays, for the producer's last sequence.
pub(in crate::log) fn rebuilt(
    header: &BatchHeader,
    kept: &[Record<'_>],
    horizon: Option<i64>,
) -> Result<Vec<u8>, BatchError> {
    let first_timestamp = kept.first().map_or(NO_TIMESTAMP, |record| record.timestamp);
    let newest = kept
        .iter()
        .map(|record| record.timestamp)
        .max()
        .unwrap_or(NO_TIMESTAMP);
    let base_timestamp = horizon.unwrap_or(first_timestamp);
    let mut body = Vec::new();
    for record in kept {
        let position = RecordPosition {
            offset_delta: record.offset - header.base_offset,
            timestamp_delta: record.timestamp.wrapping_sub(base_timestamp),
        };
        records::write_record(
            &mut body,
            position,
            record.key,
            record.value,
            record.raw_headers,
        );
    }
    let codec = header.compression()?;
    if codec != Compression::None {
        body = compression::compress(codec, &body).map_err(|error| {
            BatchError::Header(format!("compressing with {}: {error}", codec.name()))
        })?;
    }
    let horizon_bit = if horizon.is_some() { DELETE_HORIZON } else { 0 };
    let header = BatchHeader {
        attributes: (header.attributes & !DELETE_HORIZON) | horizon_bit,
        base_timestamp,
        max_timestamp: if header.is_log_append_time() {
            header.max_timestamp
        } else {
            newest
        },
        records_count: kept.len() as i32,
        ..*header
    };
    Ok(records::assemble(&header, &body).to_vec())
}
