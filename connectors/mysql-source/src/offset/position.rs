//! One offset: as the reader makes it, and as it was stored.

use std::sync::Arc;

use bytestring::ByteString;
use connect_api::record::{OffsetMap, SourcePosition};
use connect_api::{Error, Result};
use serde_json::Value;

use super::in_java_order;

/// What the offset's field `snapshot` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SnapshotState {
    /// No snapshot is going on: the field is missing.
    #[default]
    None,
    /// The initial snapshot is not completed.
    Initial,
}

/// A place in the binlog from which reading can go on; all rows of an event
/// share it, and the row is the detail.
#[derive(Debug, Clone, Default)]
pub struct BinlogPosition {
    /// Seconds of the epoch at which the event happened.
    pub ts_sec: Option<i64>,
    /// The file.
    pub file: ByteString,
    /// Where the transaction begins, or where the event after the last one does.
    pub pos: u64,
    /// All transactions that are completed.
    pub gtids: Option<Arc<str>>,
    /// The server that wrote the event.
    pub server_id: u32,
    /// Events of the transaction that are completed.
    pub event: u64,
    /// Whether a snapshot is going on.
    pub snapshot: SnapshotState,
}

impl SourcePosition for BinlogPosition {
    fn offset(&self, row: u64) -> OffsetMap {
        let mut entries: Vec<(String, Value)> = Vec::with_capacity(8);
        let mut put = |key: &str, value: Value| entries.push((key.to_owned(), value));
        // In the order of BinlogOffsetContext.offsetUsingPosition.
        if self.server_id != 0 {
            put("server_id", self.server_id.into());
        }
        if let Some(gtids) = &self.gtids {
            put("gtids", Value::from(&**gtids));
        }
        put("file", Value::from(&*self.file));
        put("pos", self.pos.into());
        if self.event != 0 {
            put("event", self.event.into());
        }
        if row != 0 {
            put("row", row.into());
        }
        if let Some(ts_sec) = self.ts_sec {
            put("ts_sec", ts_sec.into());
        }
        if self.snapshot == SnapshotState::Initial {
            put("snapshot", "INITIAL".into());
        }
        in_java_order(entries)
    }
}

/// An offset that was stored, by us or by the original.
#[derive(Debug, Clone, Default)]
pub struct StoredOffset {
    /// The place.
    pub position: BinlogPosition,
    /// Rows of the next event that are done.
    pub row: u64,
}

impl StoredOffset {
    /// Reads an offset. 1.0 and later versions alike.
    pub fn parse(map: &OffsetMap) -> Result<Self> {
        let file = match map.get("file") {
            Some(Value::String(file)) => ByteString::from(file.as_str()),
            _ => {
                return Err(Error::config(
                    "Source offset 'file' parameter is missing: an offset is like {\"file\":\"mysql-bin.000003\",\"pos\":4}",
                ));
            }
        };
        let number = |key: &str| number(map, key);
        let snapshot = match map.get("snapshot") {
            None | Some(Value::Null | Value::Bool(false)) => SnapshotState::None,
            // An offset of a snapshot whose last record has been sent.
            Some(_) if map.get("snapshot_completed") == Some(&Value::Bool(true)) => {
                SnapshotState::None
            }
            Some(Value::String(text)) if text == "false" => SnapshotState::None,
            // `true` before 2.7, then the kind of snapshot.
            Some(_) => SnapshotState::Initial,
        };
        let gtids = match map.get("gtids") {
            Some(Value::String(gtids)) if !gtids.trim().is_empty() => {
                Some(Arc::from(gtids.replace(['\n', '\r'], "")))
            }
            _ => None,
        };
        Ok(Self {
            position: BinlogPosition {
                ts_sec: map.get("ts_sec").and_then(Value::as_i64),
                file,
                pos: number("pos")?,
                gtids,
                server_id: u32::try_from(number("server_id")?).unwrap_or(0),
                event: number("event")?,
                snapshot,
            },
            row: number("row")?,
        })
    }

    /// Whether the snapshot that it belongs to was not completed.
    pub fn is_snapshot_running(&self) -> bool {
        self.position.snapshot == SnapshotState::Initial
    }

    /// The offset as it is stored.
    pub fn to_map(&self) -> OffsetMap {
        self.position.offset(self.row)
    }
}

fn number(map: &OffsetMap, key: &str) -> Result<u64> {
    let value = match map.get(key) {
        None | Some(Value::Null) => return Ok(0),
        Some(value) => value,
    };
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
        .ok_or_else(|| {
            Error::config(format!(
                "Source offset '{key}' parameter value {value} could not be converted to a long"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) -> String {
        let map: OffsetMap = serde_json::from_str(text).unwrap();
        serde_json::to_string(&StoredOffset::parse(&map).unwrap().to_map()).unwrap()
    }

    #[test]
    fn stored_offsets_keep_every_byte() {
        // golden: formats/debezium-offsets.txt, a_raw, e_heartbeat, f_old_raw
        for text in [
            r#"{"ts_sec":1795260793,"file":"mysql-bin.000007","pos":155}"#,
            r#"{"ts_sec":1795260802,"file":"mysql-bin.000007","pos":42106,"server_id":223355}"#,
            r#"{"ts_sec":1795261014,"file":"mysql-bin.000021","pos":234,"row":1,"server_id":223355,"event":2}"#,
            r#"{"ts_sec":1795261256,"file":"mysql-bin.000001","pos":10392,"gtids":"fee9422b-e59f-11f1-b998-02fc00000001:1-25","row":2,"server_id":42,"event":2}"#,
            r#"{"file":"mysql-bin.000005","pos":155}"#,
        ] {
            assert_eq!(round_trip(text), text);
        }
    }

    #[test]
    fn history_positions_of_a_snapshot() {
        // golden: a_raw/schemahistory.a_raw.jsonl
        let text =
            r#"{"ts_sec":1795260792,"file":"mysql-bin.000007","pos":155,"snapshot":"INITIAL"}"#;
        assert_eq!(round_trip(text), text);
    }

    #[test]
    fn snapshots_of_any_version_are_known() {
        for (text, running) in [
            (r#"{"file":"f","pos":4,"snapshot":true}"#, true),
            (r#"{"file":"f","pos":4,"snapshot":"INITIAL"}"#, true),
            (
                r#"{"file":"f","pos":4,"snapshot":"true","snapshot_completed":true}"#,
                false,
            ),
            (r#"{"file":"f","pos":4}"#, false),
        ] {
            let map: OffsetMap = serde_json::from_str(text).unwrap();
            assert_eq!(
                StoredOffset::parse(&map).unwrap().is_snapshot_running(),
                running,
                "{text}"
            );
        }
    }

    #[test]
    fn errors_name_the_field() {
        for (text, field) in [("{}", "'file'"), (r#"{"file":"f","pos":"x"}"#, "'pos'")] {
            let map: OffsetMap = serde_json::from_str(text).unwrap();
            let error = StoredOffset::parse(&map).unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }
}
