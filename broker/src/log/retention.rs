//! Deletes old segments (`UnifiedLog.deleteOldSegments`).

use super::error::LogError;
use super::segment::Segment;
use super::storage::Log;

impl Log {
    /// Deletes the segments that the configuration's age or size, or the start offset, allows.
    pub(crate) fn delete_old_segments(&mut self, now_ms: i64) -> Result<(), LogError> {
        self.delete_segments_before_start()?;
        if !self.config.delete {
            return Ok(());
        }
        self.delete_over_size()?;
        self.delete_over_age(now_ms)
    }

    pub(super) fn delete_segments_before_start(&mut self) -> Result<(), LogError> {
        let start = self.start_offset();
        let deleted = self.segments[1..].partition_point(|next| next.base() <= start);
        self.delete_segments(deleted)
    }

    fn delete_over_size(&mut self) -> Result<(), LogError> {
        let Some(limit) = self.config.retention_bytes else {
            return Ok(());
        };
        let Some(mut excess) = self.size().checked_sub(limit) else {
            return Ok(());
        };
        let mut deleted = 0;
        for segment in &self.segments {
            let Some(left) = excess.checked_sub(segment.size()) else {
                break;
            };
            excess = left;
            deleted += 1;
        }
        self.delete_segments(deleted)
    }

    fn delete_over_age(&mut self, now_ms: i64) -> Result<(), LogError> {
        let Some(limit) = self.config.retention_ms else {
            return Ok(());
        };
        let is_old = |segment: &&Segment| {
            let age = now_ms.saturating_sub(segment.retention_time());
            u64::try_from(age).is_ok_and(|age| age > limit)
        };
        let deleted = self.segments.iter().take_while(is_old).count();
        self.delete_segments(deleted)
    }

    /// Deletes so many segments from the front. The active one is followed by a new one first;
    /// when it is empty it stays.
    fn delete_segments(&mut self, count: usize) -> Result<(), LogError> {
        let mut count = count;
        if count == self.segments.len() && self.active().size() == 0 {
            count -= 1;
        }
        if count == 0 {
            return Ok(());
        }
        if count == self.segments.len() {
            self.roll()?;
        }
        // Before the files go: else a crash between would leave a start that has no segment.
        self.checkpoint.clean = false;
        self.checkpoint.start = self.checkpoint.start.max(self.segments[count].base());
        self.checkpoint.write(&self.dir, false)?;
        for segment in self.segments.drain(..count) {
            tracing::debug!(segment = %segment.path().display(), "a segment is deleted");
            segment.delete()?;
        }
        Ok(())
    }
}
