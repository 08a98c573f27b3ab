//! The producers' state on the disk, so that a start need not read the whole log: Kafka's
//! `<offset>.snapshot` (`ProducerSnapshot`), and beside it the aborted transactions below the
//! offset in the form of its transaction index (`AbortedTxn`), with a checksum of their own.
//!
//! Both only save time. What is missing, damaged, or ahead of the log is removed, and the state is
//! read from the log.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::{Buf, BufMut};

use super::entry::{AppendedBatch, ProducerEntry};
use super::producers::{AbortedTransaction, Producers};
use crate::log::LogError;

/// `ProducerSnapshot.HIGHEST_SUPPORTED_VERSION`
const VERSION: i16 = 1;
/// Version and checksum, which the checksum does not cover (`PRODUCER_ENTRIES_OFFSET`).
const ENTRIES_AT: usize = 6;
const PRODUCER_SIZE: usize = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8;
const ABORTED_SIZE: usize = 2 + 4 * 8;
const PRODUCERS_SUFFIX: &str = "snapshot";
const ABORTED_SUFFIX: &str = "aborted";

/// The state at an offset of the log.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// Everything below is in it.
    pub(super) offset: i64,
    pub(super) producers: Producers,
    pub(super) aborted: Vec<AbortedTransaction>,
}

/// Writes the state at `offset` and removes older ones.
pub(super) fn save(
    dir: &Path,
    offset: i64,
    producers: &Producers,
    aborted: &[AbortedTransaction],
) -> Result<(), LogError> {
    write(&file(dir, offset, ABORTED_SUFFIX), &encode_aborted(aborted))?;
    write(
        &file(dir, offset, PRODUCERS_SUFFIX),
        &encode_producers(producers),
    )?;
    for older in offsets(dir)?.into_iter().filter(|at| *at != offset) {
        remove(dir, older)?;
    }
    Ok(())
}

/// The last usable state that is not ahead of the log.
pub(super) fn load(dir: &Path, log_start: i64, log_end: i64) -> Result<Option<Snapshot>, LogError> {
    for offset in offsets(dir)?.into_iter().rev() {
        if (log_start..=log_end).contains(&offset)
            && let Some(snapshot) = read(dir, offset)?
        {
            return Ok(Some(snapshot));
        }
        remove(dir, offset)?;
    }
    Ok(None)
}

fn read(dir: &Path, offset: i64) -> Result<Option<Snapshot>, LogError> {
    let Some(producers) = read_file(&file(dir, offset, PRODUCERS_SUFFIX))? else {
        return Ok(None);
    };
    let Some(aborted) = read_file(&file(dir, offset, ABORTED_SUFFIX))? else {
        return Ok(None);
    };
    let (Some(producers), Some(aborted)) = (decode_producers(&producers), decode_aborted(&aborted))
    else {
        tracing::warn!(
            "the producer snapshot at offset {offset} in {} is damaged: the state is read from the \
             log",
            dir.display()
        );
        return Ok(None);
    };
    Ok(Some(Snapshot {
        offset,
        producers,
        aborted,
    }))
}

fn encode_producers(producers: &Producers) -> Vec<u8> {
    let entries = producers.entries();
    let mut bytes = Vec::with_capacity(ENTRIES_AT + 4 + entries.len() * PRODUCER_SIZE);
    bytes.put_i16(VERSION);
    bytes.put_u32(0);
    // A partition cannot remember two thousand million producers.
    bytes.put_i32(i32::try_from(entries.len()).unwrap_or(i32::MAX));
    for (producer_id, entry) in entries {
        let last = entry.batches.back();
        bytes.put_i64(producer_id);
        bytes.put_i16(entry.epoch);
        bytes.put_i32(entry.last_sequence());
        bytes.put_i64(last.map_or(-1, |batch| batch.last_offset));
        bytes.put_i32(last.map_or(0, |batch| batch.offset_delta));
        bytes.put_i64(entry.last_timestamp);
        bytes.put_i32(entry.coordinator_epoch);
        bytes.put_i64(entry.transaction_start.unwrap_or(-1));
    }
    let crc = crc32c::crc32c(&bytes[ENTRIES_AT..]);
    (&mut bytes[2..ENTRIES_AT]).put_u32(crc);
    bytes
}

fn decode_producers(bytes: &[u8]) -> Option<Producers> {
    let mut rest = bytes;
    let version = rest.try_get_i16().ok()?;
    let crc = rest.try_get_u32().ok()?;
    if version != VERSION || crc != crc32c::crc32c(rest) {
        return None;
    }
    let count = usize::try_from(rest.try_get_i32().ok()?).ok()?;
    if rest.len() != count.checked_mul(PRODUCER_SIZE)? {
        return None;
    }
    let mut producers = Producers::default();
    while rest.has_remaining() {
        let producer_id = rest.get_i64();
        let mut entry = ProducerEntry::new();
        entry.epoch = rest.get_i16();
        let mut last = AppendedBatch {
            last_sequence: rest.get_i32(),
            last_offset: rest.get_i64(),
            offset_delta: rest.get_i32(),
            timestamp: -1,
        };
        last.timestamp = rest.get_i64();
        entry.last_timestamp = last.timestamp;
        if last.last_offset >= 0 {
            entry.batches.push_back(last);
        }
        entry.coordinator_epoch = rest.get_i32();
        entry.transaction_start = Some(rest.get_i64()).filter(|start| *start >= 0);
        producers.load(producer_id, entry);
    }
    Some(producers)
}

fn encode_aborted(aborted: &[AbortedTransaction]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(aborted.len() * ABORTED_SIZE + 4);
    for transaction in aborted {
        bytes.put_i16(0);
        bytes.put_i64(transaction.producer_id);
        bytes.put_i64(transaction.first_offset);
        bytes.put_i64(transaction.last_offset);
        bytes.put_i64(transaction.last_stable_offset);
    }
    bytes.put_u32(crc32c::crc32c(&bytes));
    bytes
}

fn decode_aborted(bytes: &[u8]) -> Option<Vec<AbortedTransaction>> {
    let (mut entries, mut crc) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    if crc.get_u32() != crc32c::crc32c(entries) || !entries.len().is_multiple_of(ABORTED_SIZE) {
        return None;
    }
    let mut aborted = Vec::with_capacity(entries.len() / ABORTED_SIZE);
    while entries.has_remaining() {
        entries.advance(2);
        aborted.push(AbortedTransaction {
            producer_id: entries.get_i64(),
            first_offset: entries.get_i64(),
            last_offset: entries.get_i64(),
            last_stable_offset: entries.get_i64(),
        });
    }
    Some(aborted)
}

fn file(dir: &Path, offset: i64, suffix: &str) -> PathBuf {
    dir.join(format!("{offset:020}.{suffix}"))
}

/// The offsets of all snapshots, whole or not, lowest first.
fn offsets(dir: &Path) -> Result<Vec<i64>, LogError> {
    let mut offsets = Vec::new();
    let entries = fs::read_dir(dir).map_err(LogError::io("listing", dir))?;
    for entry in entries {
        let path = entry.map_err(LogError::io("listing", dir))?.path();
        let suffix = path.extension().and_then(|suffix| suffix.to_str());
        if suffix != Some(PRODUCERS_SUFFIX) && suffix != Some(ABORTED_SUFFIX) {
            continue;
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if let Some(offset) = stem.and_then(|stem| stem.parse().ok()) {
            offsets.push(offset);
        }
    }
    offsets.sort_unstable();
    offsets.dedup();
    Ok(offsets)
}

/// Writes a file so that it is there whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), LogError> {
    let temporary = path.with_extension("tmp");
    fs::write(&temporary, bytes).map_err(LogError::io("writing", &temporary))?;
    fs::rename(&temporary, path).map_err(LogError::io("renaming to", path))
}

fn read_file(path: &Path) -> Result<Option<Vec<u8>>, LogError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LogError::io("reading", path)(error)),
    }
}

fn remove(dir: &Path, offset: i64) -> Result<(), LogError> {
    for suffix in [PRODUCERS_SUFFIX, ABORTED_SUFFIX] {
        let path = file(dir, offset, suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(LogError::io("removing", &path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn producers() -> Producers {
        let mut producers = Producers::default();
        let mut entry = ProducerEntry::new();
        entry.add_batch(
            2,
            AppendedBatch {
                last_sequence: 9,
                last_offset: 19,
                offset_delta: 4,
                timestamp: 77,
            },
        );
        entry.coordinator_epoch = 3;
        entry.transaction_start = Some(15);
        producers.load(4000, entry);
        producers.load(4001, ProducerEntry::new());
        producers
    }

    const ABORTED: AbortedTransaction = AbortedTransaction {
        producer_id: 4000,
        first_offset: 3,
        last_offset: 8,
        last_stable_offset: 9,
    };

    // ProducerSnapshot.json, version 1
    #[test]
    fn the_bytes_are_those_of_kafkas_producer_snapshot() {
        let mut producers = Producers::default();
        producers.load(1, ProducerEntry::new());
        let bytes = encode_producers(&producers);
        assert_eq!(bytes[..2], [0, 1]);
        assert_eq!(bytes[6..10], [0, 0, 0, 1], "one entry");
        let fields = "0000000000000001 ffff ffffffff ffffffffffffffff 00000000 ffffffffffffffff \
                      ffffffff ffffffffffffffff";
        let written: String = bytes[10..]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(written, fields.replace(' ', ""));
    }

    #[test]
    fn what_is_saved_is_loaded_and_replaces_what_was_there() {
        let dir = tempfile::tempdir().expect("a folder");
        save(dir.path(), 10, &Producers::default(), &[]).expect("saving");
        save(dir.path(), 20, &producers(), &[ABORTED]).expect("saving");
        let loaded = load(dir.path(), 0, 20)
            .expect("loading")
            .expect("a snapshot");
        assert_eq!((loaded.offset, &loaded.aborted[..]), (20, &[ABORTED][..]));
        assert_eq!(loaded.producers.first_unstable_offset(), Some(15));
        let expected = producers();
        for (id, entry) in loaded.producers.entries() {
            let (_, same) = expected
                .entries()
                .find(|(other, _)| *other == id)
                .expect("the same id");
            assert_eq!(entry, same);
        }
        assert_eq!(
            fs::read_dir(dir.path()).expect("listing").count(),
            2,
            "the older one is gone"
        );
    }

    #[test]
    fn a_snapshot_ahead_of_the_log_or_damaged_is_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        save(dir.path(), 20, &producers(), &[ABORTED]).expect("saving");
        assert!(load(dir.path(), 0, 19).expect("loading").is_none());
        assert_eq!(fs::read_dir(dir.path()).expect("listing").count(), 0);
        for suffix in [PRODUCERS_SUFFIX, ABORTED_SUFFIX] {
            save(dir.path(), 20, &producers(), &[ABORTED]).expect("saving");
            let path = file(dir.path(), 20, suffix);
            let mut bytes = fs::read(&path).expect("reading");
            bytes[12] ^= 1;
            fs::write(&path, bytes).expect("writing");
            assert!(
                load(dir.path(), 0, 20).expect("loading").is_none(),
                "{suffix}"
            );
        }
    }
}
