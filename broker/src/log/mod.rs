//! One partition's folder: segments, their indexes, recovery, retention and compaction.
