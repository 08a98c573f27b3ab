//! One segment of a log: a file of batches from a base offset on, with its indexes.

mod reading;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::batch::{BatchHeader, NO_TIMESTAMP};
use super::error::LogError;
use super::index::{OffsetEntry, Table, TimeEntry};
use super::scanner::Scanner;

/// One segment.
#[derive(Debug)]
pub(super) struct Segment {
    base: i64,
    path: PathBuf,
    /// Shared with a compaction, which reads while the log goes on.
    file: Arc<File>,
    size: u64,
    offsets: Table<OffsetEntry>,
    times: Table<TimeEntry>,
    /// Where the batch of the last entry of the index starts.
    indexed_to: u64,
    max_timestamp: i64,
    /// Relative last offset of the batch with the greatest timestamp.
    max_timestamp_offset: u32,
    /// First batch's timestamp, from which `segment.ms` counts.
    first_timestamp: Option<i64>,
    created_ms: i64,
    /// What has been written is on the disk.
    pub(super) synced: bool,
}

/// The file name of a segment without its extension (`LogFileUtils.filenamePrefixFromOffset`).
pub(super) fn file_stem(base: i64) -> String {
    format!("{base:020}")
}

impl Segment {
    /// Creates an empty segment; a file that is there already is emptied.
    pub(super) fn create(dir: &Path, base: i64, now_ms: i64) -> Result<Self, LogError> {
        let path = dir.join(format!("{}.log", file_stem(base)));
        for index in ["index", "timeindex"] {
            remove_if_there(&path.with_extension(index))?;
        }
        Self::create_file(path, base, now_ms)
    }

    /// As `create`, in a file of any name.
    pub(super) fn create_file(path: PathBuf, base: i64, now_ms: i64) -> Result<Self, LogError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(LogError::io("creating", &path))?;
        Ok(Self::empty(path, file, base, now_ms))
    }

    /// Opens a file without looking at its batches: the segment has none until they are noted.
    pub(super) fn open_file(path: PathBuf, base: i64) -> Result<(Self, u64), LogError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(LogError::io("opening", &path))?;
        let metadata = file.metadata().map_err(LogError::io("reading", &path))?;
        let changed = metadata.modified().unwrap_or(SystemTime::now());
        Ok((
            Self::empty(path, file, base, epoch_ms(changed)),
            metadata.len(),
        ))
    }

    fn empty(path: PathBuf, file: File, base: i64, created_ms: i64) -> Self {
        Self {
            base,
            path,
            file: Arc::new(file),
            size: 0,
            offsets: Table::new(),
            times: Table::new(),
            indexed_to: 0,
            max_timestamp: NO_TIMESTAMP,
            max_timestamp_offset: 0,
            first_timestamp: None,
            created_ms,
            synced: true,
        }
    }

    pub(super) fn base(&self) -> i64 {
        self.base
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> &Arc<File> {
        &self.file
    }

    pub(super) fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }

    /// The time that retention counts from: the newest record's, or the file's without any
    /// (`LogSegment.largestTimestamp`).
    pub(super) fn retention_time(&self) -> i64 {
        if self.max_timestamp >= 0 {
            return self.max_timestamp;
        }
        let modified = self
            .file
            .metadata()
            .and_then(|metadata| metadata.modified());
        modified.map_or(self.created_ms, epoch_ms)
    }

    /// Whether `segment.ms` has passed before a batch with this timestamp
    /// (`LogSegment.timeWaitedForRoll`).
    pub(super) fn is_old(&self, batch_timestamp: i64, now_ms: i64, segment_ms: u64) -> bool {
        let waited = match self.first_timestamp {
            Some(first) if first >= 0 => batch_timestamp.saturating_sub(first),
            _ => now_ms.saturating_sub(self.created_ms),
        };
        u64::try_from(waited).is_ok_and(|waited| waited > segment_ms)
    }

    /// Whether the index can hold this offset.
    pub(super) fn fits(&self, last_offset: i64) -> bool {
        last_offset - self.base <= i64::from(i32::MAX)
    }

    /// Appends a whole batch whose offset is set already.
    pub(super) fn append(
        &mut self,
        batch: &[u8],
        header: &BatchHeader,
        index_interval: u32,
    ) -> Result<(), LogError> {
        // Written at the known end: what an earlier failed write left is overwritten.
        let written = self.file.write_all_at(batch, self.size);
        written.map_err(LogError::io("writing", &self.path))?;
        self.synced = false;
        self.note(header, index_interval);
        Ok(())
    }

    /// Takes a batch that is at the end of the known ones into account (`LogSegment.append`,
    /// `recover`).
    pub(super) fn note(&mut self, header: &BatchHeader, index_interval: u32) {
        // `fits` has kept the offset within 31 bits.
        let relative_offset = (header.last_offset() - self.base) as u32;
        if header.max_timestamp > self.max_timestamp {
            self.max_timestamp = header.max_timestamp;
            self.max_timestamp_offset = relative_offset;
        }
        self.first_timestamp.get_or_insert(header.max_timestamp);
        if self.size - self.indexed_to > u64::from(index_interval)
            && let Ok(position) = u32::try_from(self.size)
        {
            self.offsets.push(OffsetEntry {
                relative_offset,
                position,
            });
            self.note_time();
            self.indexed_to = self.size;
        }
        self.size += header.size() as u64;
    }

    fn note_time(&mut self) {
        let newest = self
            .times
            .last()
            .ok()
            .flatten()
            .map_or(NO_TIMESTAMP, |last| last.timestamp);
        if self.max_timestamp > newest {
            let relative_offset = self.max_timestamp_offset;
            self.times.push(TimeEntry {
                timestamp: self.max_timestamp,
                relative_offset,
            });
        }
    }

    /// Cuts the file after the known batches.
    pub(super) fn truncate_file(&mut self) -> Result<(), LogError> {
        self.synced = false;
        self.file
            .set_len(self.size)
            .map_err(LogError::io("truncating", &self.path))
    }

    /// Forces what was written to the disk, the indexes of a full segment too.
    pub(super) fn sync(&mut self) -> Result<(), LogError> {
        if self.synced {
            return Ok(());
        }
        for file in self.files() {
            file.sync_data()
                .map_err(LogError::io("flushing", &self.path))?;
        }
        self.synced = true;
        Ok(())
    }

    /// The batches' file and those of the stored indexes.
    pub(super) fn files(&self) -> Vec<Arc<File>> {
        let indexes = [self.offsets.file(), self.times.file()];
        std::iter::once(&self.file)
            .chain(indexes.into_iter().flatten())
            .map(Arc::clone)
            .collect()
    }

    /// The segment is full: its indexes go to their files.
    pub(super) fn seal(&mut self) -> Result<(), LogError> {
        self.note_time();
        let path = self.path.with_extension("index");
        self.offsets
            .store(&path)
            .map_err(LogError::io("writing", &path))?;
        let path = self.path.with_extension("timeindex");
        self.times
            .store(&path)
            .map_err(LogError::io("writing", &path))
    }

    /// Writes the indexes of a segment that may go on growing.
    pub(super) fn save_indexes(&mut self) -> Result<(), LogError> {
        self.note_time();
        let path = self.path.with_extension("index");
        self.offsets
            .save(&path)
            .map_err(LogError::io("writing", &path))?;
        let path = self.path.with_extension("timeindex");
        self.times
            .save(&path)
            .map_err(LogError::io("writing", &path))
    }

    /// Opens the stored indexes of a segment of `file_size` bytes and takes over all batches that
    /// they cover: those before the returned position. None when they cannot be used.
    pub(super) fn open_indexes(&mut self, file_size: u64) -> Result<Option<u64>, LogError> {
        let path = self.path.with_extension("index");
        let offsets = Table::<OffsetEntry>::open(&path).map_err(LogError::io("reading", &path))?;
        let path = self.path.with_extension("timeindex");
        let times = Table::<TimeEntry>::open(&path).map_err(LogError::io("reading", &path))?;
        let (Some(offsets), Some(times)) = (offsets, times) else {
            return Ok(None);
        };
        let last = offsets.last().map_err(LogError::io("reading", &path))?;
        let last_time = times.last().map_err(LogError::io("reading", &path))?;
        let covered = last.map_or(0, |entry| u64::from(entry.position));
        if covered > file_size || (covered > 0 && last_time.is_none()) {
            return Ok(None);
        }
        if file_size > 0 {
            let mut scanner = Scanner::new(&self.file, &self.path, 0, file_size);
            let Ok(Some(first)) = scanner.next_header() else {
                return Ok(None);
            };
            self.first_timestamp = Some(first.header.max_timestamp);
        }
        if let Some(time) = last_time {
            self.max_timestamp = time.timestamp;
            self.max_timestamp_offset = time.relative_offset;
        }
        self.offsets = offsets;
        self.times = times;
        self.size = file_size;
        if !self.ends_are_right(last, last_time)? {
            return Ok(None);
        }
        self.indexed_to = covered;
        self.size = covered;
        Ok(Some(covered))
    }

    /// Whether the last entries of the indexes are those of batches: indexes have no checksum, and
    /// by these the segment is opened, and one day deleted.
    fn ends_are_right(
        &self,
        last: Option<OffsetEntry>,
        last_time: Option<TimeEntry>,
    ) -> Result<bool, LogError> {
        let right = (|| {
            if let Some(entry) = last
                && !self.leads_to_batch(entry)?
            {
                return Ok(false);
            }
            last_time.map_or(Ok(true), |entry| self.is_time_of_batch(entry))
        })();
        match right {
            Err(LogError::Corrupt { .. }) => Ok(false),
            right => right,
        }
    }

    /// The stored indexes cover the whole file, as a full segment's do.
    pub(super) fn assume_whole(&mut self, file_size: u64) {
        self.size = file_size;
    }

    /// Takes the stored indexes into memory, so that batches can be noted.
    pub(super) fn load_indexes(&mut self) -> Result<(), LogError> {
        self.offsets
            .load()
            .map_err(LogError::io("reading", &self.path))?;
        self.times
            .load()
            .map_err(LogError::io("reading", &self.path))
    }

    /// Forgets all batches, to note them anew.
    pub(super) fn reset(&mut self) {
        self.size = 0;
        self.offsets = Table::new();
        self.times = Table::new();
        self.indexed_to = 0;
        self.max_timestamp = NO_TIMESTAMP;
        self.max_timestamp_offset = 0;
        self.first_timestamp = None;
    }

    /// Deletes the segment's files.
    pub(super) fn delete(self) -> Result<(), LogError> {
        remove_if_there(&self.path)?;
        remove_if_there(&self.path.with_extension("index"))?;
        remove_if_there(&self.path.with_extension("timeindex"))
    }

    /// The segment's file has another name from now on.
    pub(super) fn renamed(&mut self, path: PathBuf) {
        self.path = path;
    }
}

/// Removes a file that may be there.
pub(super) fn remove_if_there(path: &Path) -> Result<(), LogError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(LogError::io("deleting", path)(error))
        }
        _ => Ok(()),
    }
}

fn epoch_ms(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
