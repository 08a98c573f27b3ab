//! What the offsets topic says, record by record.

use std::collections::{BTreeMap, HashMap};

use connect_api::Error;
use connect_api::record::OffsetMap;
use tracing::warn;

use super::key;
use crate::store::json;
use crate::store::log::LogRecord;

#[derive(Debug)]
struct Entry {
    /// The key's bytes as they were written last: to be used again, so that
    /// compaction keeps one record for each partition.
    key: Vec<u8>,
    /// Other bytes that mean the same partition and still have a value.
    others: Vec<Vec<u8>>,
    partition: OffsetMap,
    offset: Option<OffsetMap>,
}

/// All that the offsets topic says up to a point, by connector and by
/// partition in its canonical form.
#[derive(Debug, Default)]
pub(super) struct OffsetState {
    connectors: HashMap<String, BTreeMap<String, Entry>>,
}

impl OffsetState {
    pub(super) fn get(&self, connector: &str, partition: &OffsetMap) -> Option<&OffsetMap> {
        self.connectors
            .get(connector)?
            .get(&key::canonical(partition))?
            .offset
            .as_ref()
    }

    /// True if a record of the partition was read, be it a tombstone.
    pub(super) fn knows(&self, connector: &str, partition: &OffsetMap) -> bool {
        self.connectors
            .get(connector)
            .is_some_and(|entries| entries.contains_key(&key::canonical(partition)))
    }

    /// A connector's partitions that have an offset.
    pub(super) fn all(&self, connector: &str) -> Vec<(OffsetMap, OffsetMap)> {
        self.connectors
            .get(connector)
            .into_iter()
            .flat_map(BTreeMap::values)
            .filter_map(|entry| Some((entry.partition.clone(), entry.offset.clone()?)))
            .collect()
    }

    /// The records that store `offset` for `partition`: under the key that is
    /// there, and with tombstones for other keys of the same partition.
    pub(super) fn records(
        &self,
        connector: &str,
        partition: &OffsetMap,
        offset: Option<&OffsetMap>,
    ) -> Vec<LogRecord> {
        let value = offset.map(json::to_bytes);
        let entry = self
            .connectors
            .get(connector)
            .and_then(|entries| entries.get(&key::canonical(partition)));
        let Some(entry) = entry else {
            let key = key::bytes(connector, partition);
            return vec![LogRecord { key, value }];
        };
        let mut records = vec![LogRecord {
            key: entry.key.clone(),
            value,
        }];
        records.extend(entry.others.iter().cloned().map(LogRecord::tombstone));
        records
    }

    /// Takes in a record. One that cannot be read is logged and passed over.
    pub(super) fn apply(&mut self, key: &[u8], value: Option<&[u8]>) {
        if let Err(problem) = self.try_apply(key, value) {
            warn!(
                key = %String::from_utf8_lossy(key),
                problem = problem.trace(),
                "passing over a record of the offsets topic that is in the wrong format"
            );
        }
    }

    fn try_apply(&mut self, key: &[u8], value: Option<&[u8]>) -> connect_api::Result<()> {
        let (connector, partition) = key::parse(key)?;
        let offset: Option<OffsetMap> = value
            .map(serde_json::from_slice::<Option<OffsetMap>>)
            .transpose()
            .map_err(|error| Error::data("the offset is not an object").caused_by(error))?
            .flatten();
        let entries = self.connectors.entry(connector).or_default();
        let entry = entries
            .entry(key::canonical(&partition))
            .or_insert_with(|| Entry {
                key: key.to_vec(),
                others: Vec::new(),
                partition,
                offset: None,
            });
        if entry.key == key {
            entry.offset = offset;
            return Ok(());
        }
        entry.others.retain(|other| other != key);
        if offset.is_some() {
            let before = std::mem::replace(&mut entry.key, key.to_vec());
            if entry.offset.is_some() {
                entry.others.push(before);
            }
            entry.offset = offset;
        }
        Ok(())
    }
}
