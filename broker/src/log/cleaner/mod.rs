//! Compaction (`LogCleaner`, `Cleaner`) and the flushing of full segments: what takes long is done
//! between a plan and its finish, so that the log is not locked meanwhile.

mod groups;
mod offset_map;
pub(super) mod rewrite;
mod transactions;

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::LogError;
use super::recovery;
use super::segment::Segment;
use super::storage::Log;
use offset_map::OffsetMap;
use rewrite::Rewriter;

/// What the cleaner must know of an active producer: the batch with its last sequence, or else its
/// last marker, is kept, though emptied (`UnifiedLog.lastRecordsOfActiveProducers`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastRecord {
    /// Last offset of the last batch that is not a marker.
    pub(crate) last_data_offset: Option<i64>,
    pub(crate) epoch: i16,
}

/// What a cleaning must not go past.
#[derive(Debug, Clone, Default)]
pub(crate) struct CleanBounds {
    /// The first offset of an open transaction, or the end.
    pub(crate) last_stable: i64,
    /// The active producers by their id.
    pub(crate) producers: HashMap<i64, LastRecord>,
}

/// A segment as it was when a cleaning was planned.
#[derive(Debug, Clone)]
struct Source {
    base: i64,
    /// The next segment's base, or the log's end.
    until: i64,
    path: PathBuf,
    file: Arc<File>,
    size: u64,
}

/// What there is to clean. One at a time for a log.
#[derive(Debug)]
pub(crate) struct CleanPlan {
    /// Full segments that are not forced to the disk yet: their files, the batches' first.
    unsynced: Vec<(PathBuf, Vec<Arc<File>>)>,
    compaction: Option<Compaction>,
}

#[derive(Debug)]
struct Compaction {
    dir: PathBuf,
    now_ms: i64,
    delete_retention_ms: u64,
    segment_bytes: u64,
    index_interval: u32,
    dirty_from: i64,
    /// The segments that may be rewritten.
    cleanable: Vec<Source>,
    /// Those after them, where markers of their transactions may be.
    rest: Vec<Source>,
    producers: HashMap<i64, LastRecord>,
}

/// What was cleaned, to be put in place.
#[derive(Debug)]
pub(crate) struct Cleaned {
    synced: Vec<Arc<File>>,
    compacted: Option<Compacted>,
}

#[derive(Debug)]
struct Compacted {
    groups: Vec<CleanedGroup>,
    clean_to: i64,
    horizon: Option<i64>,
}

/// A segment that takes the place of others.
#[derive(Debug)]
struct CleanedGroup {
    segment: Segment,
    sources: Vec<Source>,
}

impl Log {
    /// Finds out what there is to flush and to compact.
    pub(crate) fn plan_clean(
        &self,
        now_ms: i64,
        bounds: &CleanBounds,
    ) -> Result<CleanPlan, LogError> {
        let full = &self.segments[..self.segments.len() - 1];
        let unsynced = full
            .iter()
            .filter(|segment| !segment.synced)
            .map(|segment| (segment.path().to_path_buf(), segment.files()))
            .collect();
        let compaction = if self.config.compact {
            self.plan_compaction(now_ms, bounds)
        } else {
            None
        };
        Ok(CleanPlan {
            unsynced,
            compaction,
        })
    }

    fn plan_compaction(&self, now_ms: i64, bounds: &CleanBounds) -> Option<Compaction> {
        let dirty_from = self.checkpoint.dirty.max(self.start_offset());
        let mut cleanable = self.sources();
        let count = cleanable
            .iter()
            .zip(&self.segments[..self.segments.len() - 1])
            .take_while(|(source, segment)| {
                source.until <= bounds.last_stable
                    && (source.until <= dirty_from || self.is_past_lag(segment, now_ms))
            })
            .count();
        let rest = cleanable.split_off(count);
        let total: u64 = cleanable.iter().map(|source| source.size).sum();
        let dirty: u64 = cleanable
            .iter()
            .filter(|source| source.until > dirty_from)
            .map(|s| s.size)
            .sum();
        let is_dirty = dirty > 0 && dirty as f64 / total as f64 > self.config.min_cleanable_ratio;
        let has_expired = self
            .checkpoint
            .horizon
            .is_some_and(|horizon| horizon <= now_ms);
        if cleanable.is_empty() || !(is_dirty || has_expired) {
            return None;
        }
        Some(Compaction {
            dir: self.dir.clone(),
            now_ms,
            delete_retention_ms: self.config.delete_retention_ms,
            segment_bytes: self.config.segment_bytes,
            index_interval: self.config.index_interval_bytes,
            dirty_from,
            cleanable,
            rest,
            producers: bounds.producers.clone(),
        })
    }

    fn is_past_lag(&self, segment: &Segment, now_ms: i64) -> bool {
        let lag = i64::try_from(self.config.min_compaction_lag_ms).unwrap_or(i64::MAX);
        lag == 0 || segment.max_timestamp() <= now_ms.saturating_sub(lag)
    }

    fn sources(&self) -> Vec<Source> {
        let nexts = self.segments[1..]
            .iter()
            .map(Segment::base)
            .chain([self.end_offset()]);
        self.segments
            .iter()
            .zip(nexts)
            .map(|(segment, until)| Source {
                base: segment.base(),
                until,
                path: segment.path().to_path_buf(),
                file: Arc::clone(segment.file()),
                size: segment.size(),
            })
            .collect()
    }

    /// Puts what was cleaned in place; what has been deleted meanwhile stays deleted.
    pub(crate) fn finish_clean(&mut self, cleaned: Cleaned) -> Result<(), LogError> {
        self.note_synced(&cleaned.synced)?;
        let Some(compacted) = cleaned.compacted else {
            return Ok(());
        };
        let until = compacted
            .groups
            .iter()
            .filter_map(|group| group.sources.last());
        let until = until.map(|source| source.until).max().unwrap_or(0);
        // Before the first swap: recovery must not take the gaps for damage.
        self.checkpoint.clean = false;
        self.checkpoint.gaps = self.checkpoint.gaps.max(until);
        self.checkpoint.write(&self.dir, true)?;
        for group in compacted.groups {
            self.swap_in(group)?;
        }
        let synced = File::open(&self.dir).and_then(|dir| dir.sync_all());
        synced.map_err(LogError::io("flushing", &self.dir))?;
        self.checkpoint.dirty = self.checkpoint.dirty.max(compacted.clean_to);
        self.checkpoint.horizon = compacted.horizon;
        self.checkpoint.write(&self.dir, false)
    }

    /// Moves the recovery point up to the first full segment that is not on the disk.
    fn note_synced(&mut self, synced: &[Arc<File>]) -> Result<(), LogError> {
        for segment in &mut self.segments {
            if synced.iter().any(|file| Arc::ptr_eq(file, segment.file())) {
                segment.synced = true;
            }
        }
        let full = self.segments.len() - 1;
        let on_disk = self.segments[..full]
            .iter()
            .take_while(|segment| segment.synced)
            .count();
        let recovery = self.segments[on_disk].base();
        if recovery > self.checkpoint.recovery {
            self.checkpoint.recovery = recovery;
            self.checkpoint.write(&self.dir, true)?;
        }
        Ok(())
    }

    fn swap_in(&mut self, group: CleanedGroup) -> Result<(), LogError> {
        let CleanedGroup {
            mut segment,
            sources,
        } = group;
        let first = self
            .segments
            .partition_point(|own| own.base() < segment.base());
        let replaced = self
            .segments
            .get(first..first + sources.len())
            .unwrap_or(&[]);
        let are_there = replaced.len() == sources.len()
            && replaced
                .iter()
                .zip(&sources)
                .all(|(own, source)| Arc::ptr_eq(own.file(), &source.file));
        let Some(last) = sources.last().filter(|_| are_there) else {
            return segment.delete();
        };
        let swap = recovery::swap_path(&self.dir, segment.base(), last.until);
        std::fs::rename(segment.path(), &swap).map_err(LogError::io("renaming", segment.path()))?;
        let path = recovery::finish_swap(&self.dir, &swap, segment.base(), last.until)?;
        segment.renamed(path);
        segment.seal()?;
        self.segments
            .splice(first..first + sources.len(), [segment]);
        Ok(())
    }
}

impl CleanPlan {
    /// Does the work that takes long. Nothing of the log has changed after it.
    pub(crate) fn run(self) -> Result<Cleaned, LogError> {
        let mut synced = Vec::with_capacity(self.unsynced.len());
        for (path, files) in self.unsynced {
            for file in &files {
                file.sync_data().map_err(LogError::io("flushing", &path))?;
            }
            synced.extend(files.into_iter().next());
        }
        let compacted = self.compaction.map(Compaction::run).transpose()?;
        Ok(Cleaned { synced, compacted })
    }
}

impl Compaction {
    fn run(self) -> Result<Compacted, LogError> {
        let aborted = transactions::find_aborted(&self.cleanable, &self.rest)?;
        let map = OffsetMap::build(&self.cleanable, self.dirty_from, &aborted)?;
        let clean_to = map.clean_to();
        let cleaned_sources = self
            .cleanable
            .iter()
            .filter(|source| source.base < clean_to)
            .cloned()
            .collect();
        let mut rewriter = Rewriter::new(&self, &map, &aborted);
        let mut groups = Vec::new();
        for sources in groups::by_size(cleaned_sources, self.segment_bytes) {
            match rewriter.rewrite(&sources) {
                Ok(segment) => groups.push(CleanedGroup { segment, sources }),
                Err(error) => {
                    for group in groups {
                        group.segment.delete()?;
                    }
                    return Err(error);
                }
            }
        }
        Ok(Compacted {
            groups,
            clean_to,
            horizon: rewriter.horizon(),
        })
    }
}
