//! A log's settings: the topic's configuration as far as it concerns the storage.

/// When appended batches are forced to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flush {
    /// The operating system writes when it likes; only segments that are full are forced.
    Never,
    /// After so many records (`flush.messages`).
    EveryMessages(u64),
    /// When the oldest record that is not forced is so old (`flush.ms`).
    EveryMs(u64),
}

/// What a topic's configuration says about the storage of its partitions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LogConfig {
    /// Size at which a segment is full (`segment.bytes`).
    pub(crate) segment_bytes: u64,
    /// Age at which a segment is full (`segment.ms`).
    pub(crate) segment_ms: u64,
    /// Bytes between two entries of the index (`index.interval.bytes`).
    pub(crate) index_interval_bytes: u32,
    /// Age at which a segment is deleted (`retention.ms`); none keeps it.
    pub(crate) retention_ms: Option<u64>,
    /// Size over which the oldest segments are deleted (`retention.bytes`); none keeps them.
    pub(crate) retention_bytes: Option<u64>,
    /// `cleanup.policy` has `compact`.
    pub(crate) compact: bool,
    /// `cleanup.policy` has `delete`.
    pub(crate) delete: bool,
    /// Share of bytes not yet compacted that starts a compaction (`min.cleanable.dirty.ratio`).
    pub(crate) min_cleanable_ratio: f64,
    /// How long tombstones and transaction markers are kept (`delete.retention.ms`).
    pub(crate) delete_retention_ms: u64,
    /// How long a record is safe from compaction (`min.compaction.lag.ms`).
    pub(crate) min_compaction_lag_ms: u64,
    /// When appended batches are forced to the disk.
    pub(crate) flush: Flush,
}

impl Default for LogConfig {
    /// A topic's defaults as the real broker's (`TopicConfig`, `ServerLogConfigs`).
    fn default() -> Self {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * DAY_MS,
            index_interval_bytes: 4096,
            retention_ms: Some(7 * DAY_MS),
            retention_bytes: None,
            compact: false,
            delete: true,
            min_cleanable_ratio: 0.5,
            delete_retention_ms: DAY_MS,
            min_compaction_lag_ms: 0,
            flush: Flush::Never,
        }
    }
}
