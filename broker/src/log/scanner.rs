//! Reads a segment's batches in order through one bounded buffer.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::batch::{self, BatchHeader, HEADER_SIZE};
use super::error::{BatchError, LogError};

/// What is read at once; one batch that is larger is read whole.
const CHUNK: usize = 256 << 10;

/// A batch's place and header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) position: u64,
    pub(super) header: BatchHeader,
}

/// Goes through the batches of a segment's file, from a batch's start to an end.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    file: &'a File,
    path: &'a Path,
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
}

impl<'a> Scanner<'a> {
    /// `from` is where a batch starts, `end` at most the file's size.
    pub(super) fn new(file: &'a File, path: &'a Path, from: u64, end: u64) -> Self {
        Self {
            file,
            path,
            next: from,
            end,
            buffer: Vec::new(),
            buffer_start: 0,
        }
    }

    /// Where the next batch starts.
    pub(super) fn position(&self) -> u64 {
        self.next
    }

    /// The next batch's header, none at the end. A batch that is cut off is an error.
    pub(super) fn next_header(&mut self) -> Result<Option<Found>, LogError> {
        let position = self.next;
        let left = self.end.saturating_sub(position);
        if left == 0 {
            return Ok(None);
        }
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(HEADER_SIZE);
        let parsed = BatchHeader::parse(self.bytes(position, want)?);
        let header = parsed.map_err(|source| self.corrupt(position, source))?;
        if header.size() as u64 > left {
            let source = BatchError::Truncated {
                needed: header.size(),
                left: left as usize,
            };
            return Err(self.corrupt(position, source));
        }
        self.next = position + header.size() as u64;
        Ok(Some(Found { position, header }))
    }

    /// The whole batch that was found.
    pub(super) fn batch(&mut self, found: &Found) -> Result<&[u8], LogError> {
        self.bytes(found.position, found.header.size())
    }

    /// Checks the checksum of the batch that was found.
    pub(super) fn verify(&mut self, found: &Found) -> Result<(), LogError> {
        let verified = batch::verify_crc(&found.header, self.batch(found)?);
        verified.map_err(|source| self.corrupt(found.position, source))
    }

    /// The error of a damaged batch.
    pub(super) fn corrupt(&self, position: u64, source: BatchError) -> LogError {
        LogError::Corrupt {
            path: self.path.to_path_buf(),
            position,
            source,
        }
    }

    /// `size` bytes that lie before the end, from the buffer or read with what follows them.
    fn bytes(&mut self, position: u64, size: usize) -> Result<&[u8], LogError> {
        let buffer_end = self.buffer_start + self.buffer.len() as u64;
        if position < self.buffer_start || position + size as u64 > buffer_end {
            let left = usize::try_from(self.end - position).unwrap_or(usize::MAX);
            let want = size.max(CHUNK).min(left);
            self.buffer.clear();
            // Exact, so that a length that is not one never takes more than the file has.
            self.buffer.reserve_exact(want);
            self.buffer.resize(want, 0);
            self.buffer_start = position;
            self.file
                .read_exact_at(&mut self.buffer, position)
                .map_err(LogError::io("reading", self.path))?;
        }
        let start = (position - self.buffer_start) as usize;
        Ok(&self.buffer[start..start + size])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn garbage_takes_no_more_memory_than_the_file_has(
            garbage in prop::collection::vec(any::<u8>(), 0..2000),
            copies in 1_usize..400,
            length: i32,
        ) {
            let mut bytes = garbage.repeat(copies);
            if bytes.len() > HEADER_SIZE {
                // What a batch's start looks like, with a length that is not its own.
                bytes[..8].fill(0);
                bytes[8..12].copy_from_slice(&length.to_be_bytes());
                bytes[16] = 2;
                bytes[23] &= 0x7f;
                bytes[57] &= 0x7f;
            }
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("garbage");
            std::fs::write(&path, &bytes).expect("writes");
            let file = File::open(&path).expect("opens");
            let mut scanner = Scanner::new(&file, &path, 0, bytes.len() as u64);
            while let Ok(Some(found)) = scanner.next_header() {
                prop_assert!(scanner.batch(&found).expect("reads").len() <= bytes.len());
            }
            prop_assert!(scanner.buffer.capacity() <= bytes.len());
        }
    }
}
