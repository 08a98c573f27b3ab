//! The offset store: where each source goes on.

mod file;
mod java_map;
mod key;
mod state;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use connect_api::record::OffsetMap;
use connect_api::{Error, Result};
use serde_json::Value;

use super::log::{LogReader, LogRecord, RecordLog};
pub(crate) use file::FileLog;
use state::OffsetState;

/// Reads the offsets topic's records.
#[derive(Default)]
pub(crate) struct OffsetReader {
    state: Mutex<OffsetState>,
}

impl OffsetReader {
    fn state(&self) -> MutexGuard<'_, OffsetState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogReader for OffsetReader {
    fn read(&self, _offset: i64, key: &[u8], value: Option<&[u8]>) {
        self.state().apply(key, value);
    }
}

/// The offset store: in a Kafka topic, in a file, or in memory, as its log is.
pub(crate) struct Offsets {
    reader: Arc<OffsetReader>,
    log: Arc<dyn RecordLog>,
}

impl Offsets {
    pub(crate) fn new(reader: Arc<OffsetReader>, log: Arc<dyn RecordLog>) -> Self {
        Self { reader, log }
    }

    pub(crate) async fn start(&self) -> Result<()> {
        self.log.start().await
    }

    pub(crate) async fn stop(&self) {
        self.log.stop().await;
    }
}

#[async_trait]
impl connect_runtime::OffsetStore for Offsets {
    async fn get(&self, connector: &str, partition: &OffsetMap) -> Result<Option<OffsetMap>> {
        self.log.read_to_end().await?;
        Ok(self.reader.state().get(connector, partition).cloned())
    }

    async fn all(&self, connector: &str) -> Result<Vec<(OffsetMap, OffsetMap)>> {
        self.log.read_to_end().await?;
        Ok(self.reader.state().all(connector))
    }

    async fn put(
        &self,
        connector: &str,
        offsets: Vec<(Arc<OffsetMap>, Option<OffsetMap>)>,
    ) -> Result<()> {
        for (partition, offset) in &offsets {
            check_primitive(partition)?;
            if let Some(offset) = offset {
                check_primitive(offset)?;
            }
        }
        // Somebody else may have written the first offset of a partition, under
        // a key that means the same in other bytes.
        let all_known = {
            let state = self.reader.state();
            offsets
                .iter()
                .all(|(partition, _)| state.knows(connector, partition))
        };
        if !all_known {
            self.log.read_to_end().await?;
        }
        let records: Vec<LogRecord> = {
            let state = self.reader.state();
            offsets
                .iter()
                .flat_map(|(partition, offset)| {
                    state.records(connector, partition, offset.as_ref())
                })
                .collect()
        };
        self.log.append_unordered(records).await
    }

    fn is_open(&self) -> bool {
        self.log.is_open()
    }
}

/// Connect stores only flat partitions and offsets (`OffsetUtils.validateFormat`).
fn check_primitive(map: &OffsetMap) -> Result<()> {
    for (name, value) in map {
        let kind = match value {
            Value::Object(_) => "MAP",
            Value::Array(_) => "ARRAY",
            _ => continue,
        };
        return Err(Error::data(format!(
            "Offsets may only contain primitive types as values, but field {name} contains {kind}"
        )));
    }
    Ok(())
}
