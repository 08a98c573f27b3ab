//! The log of one partition (`UnifiedLog`, `LocalLog`).

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};

use super::batch::{self, BatchHeader};
use super::checkpoint::Checkpoint;
use super::config::{Flush, LogConfig};
use super::error::{BatchError, LogError};
use super::recovery;
use super::segment::Segment;

/// One partition's folder. Its owner holds the lock: writes take `&mut`, reads `&`.
#[derive(Debug)]
pub(crate) struct Log {
    pub(super) dir: PathBuf,
    pub(super) config: LogConfig,
    /// In order of their base offsets and never empty; the last one is active.
    pub(super) segments: Vec<Segment>,
    pub(super) checkpoint: Checkpoint,
    end: i64,
    unflushed: Unflushed,
}

/// What has been appended since the last flush.
#[derive(Debug, Default)]
struct Unflushed {
    records: u64,
    since: Option<Instant>,
}

/// Where a log begins and what else its segments do not tell. Each has its file from its creation on: where
/// there are segments without it, it is gone, and compaction may have been there.
fn checkpoint(dir: &Path) -> Result<Checkpoint, LogError> {
    if let Some(checkpoint) = Checkpoint::read(dir)? {
        return Ok(checkpoint);
    }
    if recovery::has_segments(dir)? {
        tracing::warn!(folder = %dir.display(), "the checkpoint is gone, the log is recovered");
        return Ok(Checkpoint::unknown());
    }
    let new = Checkpoint::new();
    new.write(dir, false)?;
    Ok(new)
}

impl Log {
    /// Creates the log of a folder or opens it. What a crash left half written at its end is cut.
    pub(crate) fn open(dir: &Path, config: LogConfig) -> Result<Self, LogError> {
        fs::create_dir_all(dir).map_err(LogError::io("creating", dir))?;
        let mut checkpoint = checkpoint(dir)?;
        let loaded = recovery::load(dir, &checkpoint, config.index_interval_bytes)?;
        let mut end = loaded.end;
        let mut segments = loaded.segments;
        let first = segments.first().map_or(checkpoint.start, Segment::base);
        checkpoint.start = checkpoint.start.max(first);
        checkpoint.clean = loaded.clean;
        if checkpoint.start > end {
            for segment in segments.drain(..) {
                segment.delete()?;
            }
            end = checkpoint.start;
        }
        if segments.is_empty() {
            segments.push(Segment::create(dir, end, now_ms())?);
        }
        checkpoint.recovery = checkpoint.recovery.min(end);
        checkpoint.dirty = checkpoint.dirty.min(end);
        let unflushed = Unflushed::default();
        Ok(Self {
            dir: dir.to_path_buf(),
            config,
            segments,
            checkpoint,
            end,
            unflushed,
        })
    }

    /// Appends one validated batch as it is, but for its offset and leader epoch, which are
    /// written into it; answers the base offset.
    pub(crate) fn append(
        &mut self,
        batch: &mut BytesMut,
        header: &BatchHeader,
    ) -> Result<i64, LogError> {
        if batch.len() != header.size() {
            let source = BatchError::Truncated {
                needed: header.size(),
                left: batch.len(),
            };
            return Err(LogError::Append {
                path: self.dir.clone(),
                source,
            });
        }
        let header = BatchHeader {
            base_offset: self.end,
            leader_epoch: batch::LEADER_EPOCH,
            ..*header
        };
        self.mark_changed()?;
        self.roll_if_full(&header)?;
        batch::set_offset(batch, header.base_offset);
        let interval = self.config.index_interval_bytes;
        self.active_mut().append(batch, &header, interval)?;
        self.end = header.next_offset();
        self.unflushed.records += header.records_count as u64;
        self.unflushed.since.get_or_insert_with(Instant::now);
        self.flush_if_due()?;
        Ok(header.base_offset)
    }

    /// Whole batches from the one that holds `from`, of about `max_bytes` but at least one;
    /// nothing at or above `below`.
    pub(crate) fn read(&self, from: i64, below: i64, max_bytes: usize) -> Result<Bytes, LogError> {
        self.check_range(from)?;
        for segment in &self.segments[self.segment_of(from)..] {
            if segment.base() >= below {
                break;
            }
            if let Some(batches) = segment.read(from, below, max_bytes)? {
                return Ok(batches);
            }
        }
        Ok(Bytes::new())
    }

    /// The first offset that can be read.
    pub(crate) fn start_offset(&self) -> i64 {
        self.checkpoint.start
    }

    /// The offset that the next record gets.
    pub(crate) fn end_offset(&self) -> i64 {
        self.end
    }

    /// Bytes of all segments.
    pub(crate) fn size(&self) -> u64 {
        self.segments.iter().map(Segment::size).sum()
    }

    /// The first record whose timestamp is not before `ms`: its offset and timestamp.
    pub(crate) fn offset_for_time(&self, ms: i64) -> Result<Option<(i64, i64)>, LogError> {
        for segment in self
            .segments
            .iter()
            .filter(|segment| segment.max_timestamp() >= ms)
        {
            if let Some(found) = segment.find_time(ms, self.start_offset())? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The first record with the greatest timestamp of all: its offset and timestamp.
    pub(crate) fn max_timestamp(&self) -> Result<Option<(i64, i64)>, LogError> {
        let mut newest = &self.segments[0];
        for segment in &self.segments {
            if segment.max_timestamp() > newest.max_timestamp() {
                newest = segment;
            }
        }
        newest.find_max_timestamp()
    }

    /// Moves the start offset up and deletes the segments that are wholly before it.
    pub(crate) fn delete_before(&mut self, offset: i64) -> Result<(), LogError> {
        if offset > self.end {
            return Err(self.out_of_range(offset));
        }
        if offset > self.checkpoint.start {
            self.checkpoint.start = offset;
            self.checkpoint.clean = false;
            self.checkpoint.write(&self.dir, true)?;
        }
        self.delete_segments_before_start()
    }

    /// Calls `f` with the header of every batch from the one that holds `offset`, and with the
    /// whole batch where it is a control batch, else with no bytes.
    pub(crate) fn headers_from(
        &self,
        offset: i64,
        mut f: impl FnMut(&BatchHeader, &[u8]),
    ) -> Result<(), LogError> {
        for segment in &self.segments[self.segment_of(offset)..] {
            let mut scanner = segment.scan_from(offset)?;
            while let Some(found) = scanner.next_header()? {
                if found.header.last_offset() < offset {
                    continue;
                }
                let batch = if found.header.is_control() {
                    scanner.batch(&found)?
                } else {
                    &[]
                };
                f(&found.header, batch);
            }
        }
        Ok(())
    }

    /// Takes another configuration, which holds from now on.
    pub(crate) fn set_config(&mut self, config: LogConfig) {
        self.config = config;
    }

    /// Forces everything to the disk.
    pub(crate) fn flush(&mut self) -> Result<(), LogError> {
        for segment in &mut self.segments {
            segment.sync()?;
        }
        self.checkpoint.recovery = self.end;
        self.unflushed = Unflushed::default();
        Ok(())
    }

    /// Flushes when the configured number or age is reached; also to be called now and then, for
    /// records after which none came.
    pub(crate) fn flush_if_due(&mut self) -> Result<(), LogError> {
        let due = match self.config.flush {
            Flush::Never => false,
            Flush::EveryMessages(records) => {
                self.unflushed.records > 0 && self.unflushed.records >= records
            }
            Flush::EveryMs(ms) => {
                let age = Duration::from_millis(ms);
                self.unflushed
                    .since
                    .is_some_and(|since| since.elapsed() >= age)
            }
        };
        if due { self.flush() } else { Ok(()) }
    }

    /// Flushes and leaves the mark by which the next start need not read the segments.
    pub(crate) fn close(&mut self) -> Result<(), LogError> {
        if self.checkpoint.clean {
            return Ok(());
        }
        self.flush()?;
        self.active_mut().save_indexes()?;
        self.checkpoint.clean = true;
        self.checkpoint.write(&self.dir, false)
    }

    /// Takes the mark of an orderly shutdown away before the first change.
    pub(super) fn mark_changed(&mut self) -> Result<(), LogError> {
        if !self.checkpoint.clean {
            return Ok(());
        }
        self.checkpoint.clean = false;
        self.checkpoint.write(&self.dir, false)
    }

    fn roll_if_full(&mut self, header: &BatchHeader) -> Result<(), LogError> {
        let config = &self.config;
        let active = self.active();
        let is_full = active.size() + header.size() as u64 > config.segment_bytes
            || active.is_old(header.max_timestamp, now_ms(), config.segment_ms)
            || !active.fits(header.last_offset());
        if is_full && active.size() > 0 {
            self.roll()
        } else {
            Ok(())
        }
    }

    /// Makes a new, empty segment the active one.
    pub(super) fn roll(&mut self) -> Result<(), LogError> {
        let is_flushed = self.config.flush != Flush::Never;
        let active = self.active_mut();
        active.seal()?;
        if is_flushed {
            active.sync()?;
        }
        self.segments
            .push(Segment::create(&self.dir, self.end, now_ms())?);
        if is_flushed {
            let synced = File::open(&self.dir).and_then(|dir| dir.sync_all());
            synced.map_err(LogError::io("flushing", &self.dir))?;
        }
        Ok(())
    }

    pub(super) fn active(&self) -> &Segment {
        &self.segments[self.segments.len() - 1]
    }

    fn active_mut(&mut self) -> &mut Segment {
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }

    /// The last segment whose base is not after the offset.
    fn segment_of(&self, offset: i64) -> usize {
        let after = self
            .segments
            .partition_point(|segment| segment.base() <= offset);
        after.saturating_sub(1)
    }

    fn check_range(&self, offset: i64) -> Result<(), LogError> {
        if offset < self.start_offset() || offset > self.end {
            return Err(self.out_of_range(offset));
        }
        Ok(())
    }

    fn out_of_range(&self, offset: i64) -> LogError {
        LogError::OffsetOutOfRange {
            offset,
            start: self.start_offset(),
            end: self.end,
        }
    }
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
