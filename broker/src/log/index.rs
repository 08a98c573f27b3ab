//! A segment's sparse indexes, in the form of Kafka's `.index` and `.timeindex` files
//! (`OffsetIndex`, `TimeIndex`). The active segment's are in memory; a full segment's stay in
//! their files and are searched there, so that memory does not grow with the log.

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf, BufMut};

/// An entry of an index file.
pub(super) trait Entry: Copy {
    const SIZE: usize;
    fn write(&self, out: &mut Vec<u8>);
    /// Reads an entry of `SIZE` bytes.
    fn read(bytes: &[u8]) -> Self;
}

/// A batch's last offset, relative to the segment's base, and where the batch starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OffsetEntry {
    pub(super) relative_offset: u32,
    pub(super) position: u32,
}

impl Entry for OffsetEntry {
    const SIZE: usize = 8;

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u32(self.relative_offset);
        out.put_u32(self.position);
    }

    fn read(mut bytes: &[u8]) -> Self {
        Self {
            relative_offset: bytes.get_u32(),
            position: bytes.get_u32(),
        }
    }
}

/// The greatest timestamp up to a batch, and that batch's last offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeEntry {
    pub(super) timestamp: i64,
    pub(super) relative_offset: u32,
}

impl Entry for TimeEntry {
    const SIZE: usize = 12;

    fn write(&self, out: &mut Vec<u8>) {
        out.put_i64(self.timestamp);
        out.put_u32(self.relative_offset);
    }

    fn read(mut bytes: &[u8]) -> Self {
        Self {
            timestamp: bytes.get_i64(),
            relative_offset: bytes.get_u32(),
        }
    }
}

/// The entries of one index, ordered.
#[derive(Debug)]
pub(super) enum Table<E> {
    Memory(Vec<E>),
    File {
        file: Arc<File>,
        count: usize,
        entry: PhantomData<E>,
    },
}

impl<E: Entry> Table<E> {
    /// An empty table that takes entries.
    pub(super) fn new() -> Self {
        Self::Memory(Vec::new())
    }

    /// A stored table; none when it is not there or not a whole number of entries.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        if !size.is_multiple_of(E::SIZE) {
            return Ok(None);
        }
        let (file, count) = (Arc::new(file), size / E::SIZE);
        Ok(Some(Self::File {
            file,
            count,
            entry: PhantomData,
        }))
    }

    /// Writes the entries to a file and keeps them there instead of in memory.
    pub(super) fn store(&mut self, path: &Path) -> io::Result<()> {
        if matches!(self, Self::Memory(_)) {
            self.save(path)?;
            if let Some(stored) = Self::open(path)? {
                *self = stored;
            }
        }
        Ok(())
    }

    /// Writes the entries to a file; they stay in memory too.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        let Self::Memory(entries) = self else {
            return Ok(());
        };
        let mut bytes = Vec::with_capacity(entries.len() * E::SIZE);
        for entry in entries {
            entry.write(&mut bytes);
        }
        std::fs::write(path, &bytes)
    }

    /// Reads a stored table into memory, so that it takes entries again.
    pub(super) fn load(&mut self) -> io::Result<()> {
        if let Self::File { file, count, .. } = self {
            let mut bytes = vec![0; *count * E::SIZE];
            file.read_exact_at(&mut bytes, 0)?;
            *self = Self::Memory(bytes.chunks_exact(E::SIZE).map(E::read).collect());
        }
        Ok(())
    }

    /// Adds an entry. A stored table takes none: only the active segment grows.
    pub(super) fn push(&mut self, entry: E) {
        if let Self::Memory(entries) = self {
            entries.push(entry);
        }
    }

    /// The file of a stored table.
    pub(super) fn file(&self) -> Option<&Arc<File>> {
        match self {
            Self::Memory(_) => None,
            Self::File { file, .. } => Some(file),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Memory(entries) => entries.len(),
            Self::File { count, .. } => *count,
        }
    }

    pub(super) fn last(&self) -> io::Result<Option<E>> {
        self.len()
            .checked_sub(1)
            .map(|last| self.get(last))
            .transpose()
    }

    fn get(&self, index: usize) -> io::Result<E> {
        match self {
            Self::Memory(entries) => Ok(entries[index]),
            Self::File { file, .. } => {
                let mut bytes = vec![0; E::SIZE];
                file.read_exact_at(&mut bytes, (index * E::SIZE) as u64)?;
                Ok(E::read(&bytes))
            }
        }
    }

    /// The last entry of those at the front for which `before` holds.
    pub(super) fn last_where(&self, before: impl Fn(&E) -> bool) -> io::Result<Option<E>> {
        let (mut low, mut high) = (0, self.len());
        let mut found = None;
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = self.get(middle)?;
            if before(&entry) {
                found = Some(entry);
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(found)
    }
}
