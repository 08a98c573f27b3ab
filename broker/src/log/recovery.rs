//! Opens a log's segments: after an orderly shutdown by their indexes, else by their batches,
//! of which the longest valid prefix stays (`LogLoader`, `LogSegment.recover`).

use std::fs;
use std::path::{Path, PathBuf};

use super::batch::{BatchHeader, LEADER_EPOCH};
use super::checkpoint::Checkpoint;
use super::error::{BatchError, LogError};
use super::scanner::Scanner;
use super::segment::{Segment, file_stem, remove_if_there};

/// A compaction's result while it is written.
pub(super) const CLEANED: &str = "cleaned";
/// A compaction's result that is complete: its name tells which segments it takes the place of.
const SWAP: &str = "swap";

/// The segments of a log and its end offset.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) segments: Vec<Segment>,
    pub(super) end: i64,
    /// The segments are as an orderly shutdown left them.
    pub(super) clean: bool,
}

/// Opens all segments of a folder; none when there are none.
pub(super) fn load(
    dir: &Path,
    checkpoint: &Checkpoint,
    index_interval: u32,
) -> Result<Loaded, LogError> {
    finish_swaps(dir)?;
    let bases = segment_bases(dir)?;
    let clean = checkpoint.clean;
    let mut loader = Loader {
        checkpoint,
        index_interval,
        segments: Vec::new(),
        end: None,
        clean,
    };
    for (index, &base) in bases.iter().enumerate() {
        let path = dir.join(format!("{}.log", file_stem(base)));
        let whole = match loader.follows(base) {
            true => loader.open(path, base, bases.get(index + 1).copied())?,
            false => {
                tracing::warn!(segment = %path.display(), "a segment does not follow the last one");
                loader.clean = false;
                delete_segments(dir, &bases[index..])?;
                break;
            }
        };
        if !whole {
            delete_segments(dir, &bases[index + 1..])?;
            break;
        }
    }
    let end = loader.end.unwrap_or(checkpoint.start);
    Ok(Loaded {
        segments: loader.segments,
        end,
        clean: loader.clean,
    })
}

struct Loader<'a> {
    checkpoint: &'a Checkpoint,
    index_interval: u32,
    segments: Vec<Segment>,
    /// The end offset of the last segment, where its batches have been looked at.
    end: Option<i64>,
    clean: bool,
}

impl Loader<'_> {
    /// Whether a segment may come after those that are open.
    fn follows(&self, base: i64) -> bool {
        self.end
            .is_none_or(|end| base == end || (base > end && base <= self.checkpoint.gaps))
    }

    /// Opens one segment; false when it had to be cut.
    fn open(&mut self, path: PathBuf, base: i64, next: Option<i64>) -> Result<bool, LogError> {
        let (mut segment, file_size) = Segment::open_file(path, base)?;
        let synced = next.is_some_and(|next| next <= self.checkpoint.recovery);
        let mut whole = true;
        if !(self.checkpoint.clean || synced) || !self.open_fast(&mut segment, file_size, next)? {
            whole = self.recover(&mut segment, file_size, next)?;
        }
        self.segments.push(segment);
        Ok(whole)
    }

    /// Opens a segment by its indexes; false when they are not there or do not lead to its end.
    fn open_fast(
        &mut self,
        segment: &mut Segment,
        file_size: u64,
        next: Option<i64>,
    ) -> Result<bool, LogError> {
        let Some(covered) = segment.open_indexes(file_size)? else {
            return Ok(false);
        };
        if next.is_some() {
            segment.assume_whole(file_size);
            self.end = None;
            return Ok(true);
        }
        segment.load_indexes()?;
        let expected = (covered == 0).then_some(segment.base());
        match self.scan(segment, covered, file_size, expected)? {
            (end, None) => {
                self.end = Some(end);
                Ok(true)
            }
            (_, Some(_)) => Ok(false),
        }
    }

    /// Checks every batch of a segment and cuts it before the first that is not valid; false when
    /// it was cut.
    fn recover(
        &mut self,
        segment: &mut Segment,
        file_size: u64,
        next: Option<i64>,
    ) -> Result<bool, LogError> {
        self.clean = false;
        segment.reset();
        let (end, damage) = self.scan(segment, 0, file_size, Some(segment.base()))?;
        segment.synced = false;
        self.end = Some(end);
        if let Some(damage) = &damage {
            let reason = format!("{damage}: {}", source_of(damage));
            tracing::warn!(%reason, kept = segment.size(), of = file_size, "a segment is cut");
            segment.truncate_file()?;
        } else if next.is_some() {
            segment.seal()?;
        }
        Ok(damage.is_none())
    }

    /// Notes all valid batches from a position on: the offset after them, and what is wrong with
    /// the first that is not valid.
    fn scan(
        &self,
        segment: &mut Segment,
        from: u64,
        file_size: u64,
        mut expected: Option<i64>,
    ) -> Result<(i64, Option<LogError>), LogError> {
        let (file, path) = (segment.file().clone(), segment.path().to_path_buf());
        let mut scanner = Scanner::new(&file, &path, from, file_size);
        let mut end = segment.base();
        loop {
            let position = scanner.position();
            let found = match scanner.next_header() {
                Ok(Some(found)) => found,
                Ok(None) => return Ok((end, None)),
                Err(damage @ LogError::Corrupt { .. }) => return Ok((end, Some(damage))),
                Err(error) => return Err(error),
            };
            let placed = self.check_place(segment, &found.header, expected);
            let valid = match placed {
                Ok(()) => scanner.verify(&found),
                Err(source) => Err(scanner.corrupt(position, source)),
            };
            match valid {
                Ok(()) => {}
                Err(damage @ LogError::Corrupt { .. }) => return Ok((end, Some(damage))),
                Err(error) => return Err(error),
            }
            segment.note(&found.header, self.index_interval);
            end = found.header.next_offset();
            expected = Some(end);
        }
    }

    /// Offset and leader epoch are outside the checksum, so they are checked by what they must be.
    fn check_place(
        &self,
        segment: &Segment,
        header: &BatchHeader,
        expected: Option<i64>,
    ) -> Result<(), BatchError> {
        let offset = header.base_offset;
        let in_place = expected.is_none_or(|expected| {
            offset == expected || (offset > expected && offset <= self.checkpoint.gaps)
        });
        if !in_place || offset < segment.base() || !segment.fits(header.last_offset()) {
            let expected = expected.unwrap_or(segment.base());
            return Err(BatchError::Header(format!(
                "offset {offset} instead of {expected}"
            )));
        }
        if header.leader_epoch != LEADER_EPOCH {
            let epoch = header.leader_epoch;
            return Err(BatchError::Header(format!("leader epoch {epoch}")));
        }
        Ok(())
    }
}

fn source_of(error: &LogError) -> String {
    std::error::Error::source(error).map_or(String::new(), ToString::to_string)
}

/// Whether a folder has a segment.
pub(super) fn has_segments(dir: &Path) -> Result<bool, LogError> {
    Ok(!segment_bases(dir)?.is_empty())
}

/// The base offsets of a folder's segments, in order.
fn segment_bases(dir: &Path) -> Result<Vec<i64>, LogError> {
    let mut bases: Vec<i64> = file_names(dir)?
        .iter()
        .filter_map(|name| name.strip_suffix(".log"))
        .filter(|stem| stem.len() == file_stem(0).len())
        .filter_map(|stem| stem.parse().ok())
        // Their indexes have offsets of 32 bits after it.
        .filter(|base| (0..=i64::MAX - i64::from(u32::MAX)).contains(base))
        .collect();
    bases.sort_unstable();
    Ok(bases)
}

fn delete_segments(dir: &Path, bases: &[i64]) -> Result<(), LogError> {
    for &base in bases {
        let path = dir.join(format!("{}.log", file_stem(base)));
        tracing::warn!(segment = %path.display(), "a segment after a damaged one is deleted");
        remove_if_there(&path)?;
        remove_if_there(&path.with_extension("index"))?;
        remove_if_there(&path.with_extension("timeindex"))?;
    }
    Ok(())
}

fn file_names(dir: &Path) -> Result<Vec<String>, LogError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(LogError::io("reading", dir))? {
        let entry = entry.map_err(LogError::io("reading", dir))?;
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}

/// The file of a complete compaction that takes the place of the segments with a base offset from
/// `base` up to `until`.
pub(super) fn swap_path(dir: &Path, base: i64, until: i64) -> PathBuf {
    dir.join(format!("{}-{}.{SWAP}", file_stem(base), file_stem(until)))
}

/// Puts a complete compaction in its place. Once its file has this name, every step can be done
/// again after a crash.
pub(super) fn finish_swap(
    dir: &Path,
    swap: &Path,
    base: i64,
    until: i64,
) -> Result<PathBuf, LogError> {
    for replaced in segment_bases(dir)? {
        if replaced < base || replaced >= until {
            continue;
        }
        let path = dir.join(format!("{}.log", file_stem(replaced)));
        remove_if_there(&path.with_extension("index"))?;
        remove_if_there(&path.with_extension("timeindex"))?;
        if replaced != base {
            remove_if_there(&path)?;
        }
    }
    let path = dir.join(format!("{}.log", file_stem(base)));
    fs::rename(swap, &path).map_err(LogError::io("renaming", swap))?;
    Ok(path)
}

/// Finishes the compactions that were complete at a crash and removes those that were not.
fn finish_swaps(dir: &Path) -> Result<(), LogError> {
    for name in file_names(dir)? {
        let path = dir.join(&name);
        if name.ends_with(&format!(".{CLEANED}")) {
            remove_if_there(&path)?;
        } else if let Some((base, until)) = swap_range(&name) {
            finish_swap(dir, &path, base, until)?;
        }
    }
    Ok(())
}

fn swap_range(name: &str) -> Option<(i64, i64)> {
    let (base, until) = name.strip_suffix(&format!(".{SWAP}"))?.split_once('-')?;
    Some((base.parse().ok()?, until.parse().ok()?))
}
