//! Reading a segment: by offset and by time.

use std::os::unix::fs::FileExt;

use bytes::{Bytes, BytesMut};

use super::Segment;
use crate::log::batch::{BatchHeader, HEADER_SIZE};
use crate::log::error::{BatchError, LogError};
use crate::log::index::{OffsetEntry, TimeEntry};
use crate::log::records::BatchRecords;
use crate::log::scanner::{Found, Scanner};

impl Segment {
    /// The batches from the one that the index finds for the offset, at or before it.
    pub(in crate::log) fn scan_from(&self, offset: i64) -> Result<Scanner<'_>, LogError> {
        let scan = |position| Scanner::new(&self.file, &self.path, position, self.size);
        let Some(entry) = self.entry_before(offset)? else {
            return Ok(scan(0));
        };
        if self.leads_to_batch(entry)? {
            return Ok(scan(u64::from(entry.position)));
        }
        self.warn_of_index();
        Ok(scan(0))
    }

    /// Whether an entry of the index is that of a batch.
    pub(super) fn leads_to_batch(&self, entry: OffsetEntry) -> Result<bool, LogError> {
        let position = u64::from(entry.position);
        if position >= self.size {
            return Ok(false);
        }
        let header = self.chunk(position, HEADER_SIZE)?;
        let header = BatchHeader::parse(&header);
        Ok(header.is_ok_and(|header| self.is_of(entry, &header)))
    }

    /// The index's entry of a batch that is not after the one with the offset.
    fn entry_before(&self, offset: i64) -> Result<Option<OffsetEntry>, LogError> {
        let relative = offset - self.base;
        self.offsets
            .last_where(|entry| i64::from(entry.relative_offset) <= relative)
            .map_err(LogError::io("searching the index of", &self.path))
    }

    /// Whether an entry of the index is that of the batch it leads to. Indexes have no checksum, and
    /// a wrong one must not hide batches.
    fn is_of(&self, entry: OffsetEntry, header: &BatchHeader) -> bool {
        header.last_offset().checked_sub(self.base) == Some(i64::from(entry.relative_offset))
    }

    fn warn_of_index(&self) {
        let path = self.path.display();
        tracing::warn!("the index of {path} is damaged: the segment is read from its start");
    }

    /// Whole batches from the one that holds the offset, or the next one, of at most `max_bytes`
    /// but at least one; none when there is none that ends before `below`.
    pub(in crate::log) fn read(
        &self,
        from: i64,
        below: i64,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, LogError> {
        let mut entry = self.entry_before(from)?;
        if entry.is_some_and(|entry| u64::from(entry.position) >= self.size) {
            self.warn_of_index();
            entry = None;
        }
        let mut at = entry.map_or(0, |entry| u64::from(entry.position));
        // The index leads to at most an interval before the batch.
        let mut want = max_bytes.saturating_add(4096).max(HEADER_SIZE);
        while at < self.size {
            let chunk = self.chunk(at, want)?;
            if let Some(entry) = entry.take() {
                let header = BatchHeader::parse(&chunk);
                if !header.is_ok_and(|header| self.is_of(entry, &header)) {
                    self.warn_of_index();
                    at = 0;
                    continue;
                }
            }
            match walk(&chunk, from, below, max_bytes) {
                Walk::Found { start, end } => return Ok(Some(chunk.slice(start..end))),
                Walk::Above => return Ok(None),
                Walk::Unfinished { skipped, needed } => {
                    at += skipped as u64;
                    let left = self.size.checked_sub(at);
                    if left.is_none_or(|left| left < needed as u64) {
                        let left = left.unwrap_or(0) as usize;
                        let source = BatchError::Truncated { needed, left };
                        return Err(self.corrupt(at, source));
                    }
                    want = want.max(needed);
                }
                Walk::Corrupt { skipped, source } => {
                    return Err(self.corrupt(at + skipped as u64, source));
                }
            }
        }
        Ok(None)
    }

    fn corrupt(&self, position: u64, source: BatchError) -> LogError {
        LogError::Corrupt {
            path: self.path.clone(),
            position,
            source,
        }
    }

    fn chunk(&self, at: u64, want: usize) -> Result<Bytes, LogError> {
        let left = usize::try_from(self.size - at).unwrap_or(usize::MAX);
        let mut chunk = BytesMut::zeroed(want.min(left));
        self.file
            .read_exact_at(&mut chunk, at)
            .map_err(LogError::io("reading", &self.path))?;
        Ok(chunk.freeze())
    }

    /// The first record at or after an offset whose timestamp is not before `ms`: its offset and
    /// timestamp (`FileRecords.searchForTimestamp`).
    pub(in crate::log) fn find_time(
        &self,
        ms: i64,
        from: i64,
    ) -> Result<Option<(i64, i64)>, LogError> {
        let entry = self
            .times
            .last_where(|entry| entry.timestamp < ms)
            .map_err(LogError::io("searching the index of", &self.path))?;
        let entry = match entry {
            Some(entry) if !self.is_time_of_batch(entry)? => {
                self.warn_of_index();
                None
            }
            entry => entry,
        };
        let known_before = entry.map_or(self.base, |entry| {
            self.base + i64::from(entry.relative_offset)
        });
        let mut scanner = self.scan_from(known_before.max(from))?;
        while let Some(found) = scanner.next_header()? {
            if found.header.max_timestamp >= ms
                && let Some(hit) = first_record(&mut scanner, &found, |offset, timestamp| {
                    timestamp >= ms && offset >= from
                })?
            {
                return Ok(Some(hit));
            }
        }
        Ok(None)
    }

    /// Whether an entry of the time index says what its batch says.
    pub(super) fn is_time_of_batch(&self, entry: TimeEntry) -> Result<bool, LogError> {
        let last = self.base + i64::from(entry.relative_offset);
        let mut scanner = self.scan_from(last)?;
        while let Some(found) = scanner.next_header()? {
            let header = found.header;
            if header.last_offset() >= last {
                return Ok(header.last_offset() == last && header.max_timestamp == entry.timestamp);
            }
        }
        Ok(false)
    }

    /// The first record with the segment's greatest timestamp.
    pub(in crate::log) fn find_max_timestamp(&self) -> Result<Option<(i64, i64)>, LogError> {
        self.find_time(self.max_timestamp, self.base)
    }
}

fn first_record(
    scanner: &mut Scanner<'_>,
    found: &Found,
    matches: impl Fn(i64, i64) -> bool,
) -> Result<Option<(i64, i64)>, LogError> {
    let batch = scanner.batch(found)?;
    let hit = (|| {
        for record in BatchRecords::open(batch)?.iter() {
            let record = record?;
            if matches(record.offset, record.timestamp) {
                return Ok(Some((record.offset, record.timestamp)));
            }
        }
        Ok(None)
    })();
    hit.map_err(|source| scanner.corrupt(found.position, source))
}

/// What was found in a chunk that starts with a batch.
enum Walk {
    /// The batches to answer.
    Found { start: usize, end: usize },
    /// The next batch is not to be read yet.
    Above,
    /// The batch after so many bytes is needed and so large.
    Unfinished { skipped: usize, needed: usize },
    /// The bytes after so many are no batch.
    Corrupt { skipped: usize, source: BatchError },
}

fn walk(chunk: &[u8], from: i64, below: i64, max_bytes: usize) -> Walk {
    let mut start = None;
    let mut at = 0;
    loop {
        let rest = &chunk[at..];
        let header = match BatchHeader::parse(rest) {
            Ok(header) => header,
            Err(_) if start.is_some() => break,
            Err(BatchError::Truncated { needed, .. }) => {
                return Walk::Unfinished {
                    skipped: at,
                    needed,
                };
            }
            Err(source) => {
                return Walk::Corrupt {
                    skipped: at,
                    source,
                };
            }
        };
        let end = at + header.size();
        let is_before = start.is_none() && header.last_offset() < from;
        if !is_before {
            if header.next_offset() > below {
                break;
            }
            match start {
                None if end > chunk.len() => {
                    return Walk::Unfinished {
                        skipped: at,
                        needed: header.size(),
                    };
                }
                None => start = Some(at),
                Some(start) if end > chunk.len() || end - start > max_bytes => break,
                Some(_) => {}
            }
        }
        at = end;
        if at >= chunk.len() {
            break;
        }
    }
    match start {
        Some(start) => Walk::Found { start, end: at },
        None if at >= chunk.len() => Walk::Unfinished {
            skipped: at,
            needed: 0,
        },
        None => Walk::Above,
    }
}
