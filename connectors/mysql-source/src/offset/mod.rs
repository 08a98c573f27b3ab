//! Source partitions and offsets: where a restart goes on
//! (`BinlogOffsetContext`, `MySqlPartition`).

mod context;
mod java_map;
mod position;

pub use context::OffsetContext;
pub(crate) use java_map::in_java_order;
pub use position::{BinlogPosition, SnapshotState, StoredOffset};

use connect_api::record::OffsetMap;
use serde_json::Value;

/// `{"server":"<topic.prefix>"}`
pub fn source_partition(topic_prefix: &str) -> OffsetMap {
    OffsetMap::from_iter([("server".to_owned(), Value::from(topic_prefix))])
}

/// The key of the partition's only field.
pub(crate) const PARTITION_KEY: &str = "server";
