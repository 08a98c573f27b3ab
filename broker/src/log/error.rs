//! What can go wrong in a log.

use std::io;
use std::path::{Path, PathBuf};

/// Why a record batch is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BatchError {
    /// The bytes end within a batch.
    #[error("a record batch of {needed} bytes was expected, {left} are left")]
    Truncated {
        /// Bytes that the batch, or its header, has.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// The length in the header cannot be.
    #[error("a record batch says that it has {0} bytes, fewer than its header")]
    Length(i32),
    /// An old message format, or none at all.
    #[error("record batches of magic {0} are not supported, only of magic 2")]
    Magic(i8),
    /// The bytes are not those that were sent.
    #[error("a record batch has checksum {computed:#010x}, its header says {stored:#010x}")]
    Crc {
        /// What the header says.
        stored: u32,
        /// What the bytes have.
        computed: u32,
    },
    /// Numbers of the header contradict each other.
    #[error("a record batch's header is invalid: {0}")]
    Header(String),
    /// Compression type 5 to 7.
    #[error("compression type {0} is unknown, known are 0 to 4 (none, gzip, snappy, lz4, zstd)")]
    Compression(i16),
    /// The records do not decompress.
    #[error("the {codec} records of a batch cannot be decompressed: {reason}")]
    Decompress {
        /// The compression's name.
        codec: &'static str,
        /// What its library said.
        reason: String,
    },
    /// The records decompress to more than is allowed.
    #[error("the records of a batch decompress to more than {0} bytes")]
    TooLarge(usize),
    /// The records contradict the format.
    #[error("record {index} of a batch is invalid: {reason}")]
    Record {
        /// Which record, from 0.
        index: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Why a log cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    /// The operating system refused.
    #[error("{doing} {}", path.display())]
    Io {
        /// What was being done, such as `writing`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// There is no such offset in the log.
    #[error("offset {offset} is out of the log's range, {start} to {end}")]
    OffsetOutOfRange {
        /// The offset that was asked for.
        offset: i64,
        /// The log's start offset.
        start: i64,
        /// The log's end offset.
        end: i64,
    },
    /// A stored batch is damaged.
    #[error("the segment {} is damaged at byte {position}", path.display())]
    Corrupt {
        /// The segment's file.
        path: PathBuf,
        /// Where the batch starts.
        position: u64,
        /// What is wrong with it.
        #[source]
        source: BatchError,
    },
    /// A batch cannot be appended.
    #[error("appending to {}", path.display())]
    Append {
        /// The log's folder.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: BatchError,
    },
}

impl LogError {
    /// An error of the operating system, with what was being done to which file.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}
