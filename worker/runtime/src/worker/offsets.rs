//! The stored offsets of one connector, as its plugins see them.

use std::sync::Arc;

use async_trait::async_trait;
use connect_api::Result;
use connect_api::plugin::OffsetReader;
use connect_api::record::OffsetMap;

use crate::OffsetStore;

/// Reads one connector's offsets.
pub(super) struct StoredOffsets {
    pub(super) connector: String,
    pub(super) store: Arc<dyn OffsetStore>,
}

#[async_trait]
impl OffsetReader for StoredOffsets {
    async fn offset(&self, partition: &OffsetMap) -> Result<Option<OffsetMap>> {
        self.store.get(&self.connector, partition).await
    }
}
