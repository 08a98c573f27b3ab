use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use connect_api::record::OffsetMap;
use serde_json::Value;

use crate::gtid::GtidSet;

/// Decides by GTID source UUID.
type SourceFilter = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Tells which records of the history a connector's offset has behind it
/// (`BinlogHistoryRecordComparator`).
#[derive(Clone, Default)]
pub struct HistoryRecordComparator {
    gtid_source_filter: Option<SourceFilter>,
}

impl HistoryRecordComparator {
    /// Compares GTID sets by the sources alone that fit (`gtid.source.includes/excludes`).
    pub fn with_gtid_source_filter(filter: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self {
            gtid_source_filter: Some(Arc::new(filter)),
        }
    }

    /// Whether the recorded position is at or before the desired one.
    pub fn is_at_or_before(&self, recorded: &OffsetMap, desired: &OffsetMap) -> bool {
        match (text(recorded, "gtids"), text(desired, "gtids")) {
            (Some(recorded_gtids), Some(desired_gtids)) => {
                let sets = self
                    .gtid_set(recorded_gtids)
                    .zip(self.gtid_set(desired_gtids));
                match sets {
                    Some(sets) => is_set_at_or_before(&sets, recorded, desired),
                    None => is_binlog_position_at_or_before(recorded, desired),
                }
            }
            // GTIDs are often turned on, rarely off: what has none is older.
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => is_binlog_position_at_or_before(recorded, desired),
        }
    }

    fn gtid_set(&self, text: &str) -> Option<GtidSet> {
        let set = GtidSet::parse(text).ok()?;
        Some(match &self.gtid_source_filter {
            Some(filter) => set.retain(filter.as_ref()),
            None => set,
        })
    }
}

impl fmt::Debug for HistoryRecordComparator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryRecordComparator")
            .field("filters_gtid_sources", &self.gtid_source_filter.is_some())
            .finish()
    }
}

fn is_set_at_or_before(
    (recorded_set, desired_set): &(GtidSet, GtidSet),
    recorded: &OffsetMap,
    desired: &OffsetMap,
) -> bool {
    if !recorded_set.is_within(desired_set) {
        return false;
    }
    if !desired_set.is_within(recorded_set) {
        return true;
    }
    if !recorded.contains_key("snapshot") && desired.contains_key("snapshot") {
        // What was recorded while streaming is behind a snapshot that began at the same set.
        return false;
    }
    // The set is that of the transactions before the current one: two positions behind the same
    // set may still differ, which Debezium overlooks. Their files tell if they are one server's.
    if !are_of_different_servers(recorded, desired)
        && text(recorded, "file").is_some()
        && text(recorded, "file") == text(desired, "file")
        && !desired.contains_key("snapshot")
    {
        let order = number(recorded, "pos", -1).cmp(&number(desired, "pos", -1));
        if order != Ordering::Equal {
            return order == Ordering::Less;
        }
    }
    number(recorded, "event", 0) <= number(desired, "event", 0)
}

fn is_binlog_position_at_or_before(recorded: &OffsetMap, desired: &OffsetMap) -> bool {
    if are_of_different_servers(recorded, desired) {
        // Positions of different servers are not related; their clocks should be.
        return number(recorded, "ts_sec", 0) <= number(desired, "ts_sec", 0);
    }
    let files = file(recorded).zip(file(desired));
    let Some((recorded_file, desired_file)) = files else {
        return number(recorded, "ts_sec", 0) <= number(desired, "ts_sec", 0);
    };
    if recorded_file.0 != desired_file.0 {
        // The server's log_bin was renamed: the numbers are not related. Leaving DDL out is the
        // worse mistake.
        return true;
    }
    let order = recorded_file
        .1
        .cmp(&desired_file.1)
        .then_with(|| number(recorded, "pos", -1).cmp(&number(desired, "pos", -1)))
        .then_with(|| number(recorded, "event", 0).cmp(&number(desired, "event", 0)))
        .then_with(|| number(recorded, "row", -1).cmp(&number(desired, "row", -1)));
    order != Ordering::Greater
}

/// A position without a server id is not another server's: those of snapshots never have one,
/// nor had restored ones up to Debezium 3.6, which then compared by the clock and applied DDL from
/// behind the position.
fn are_of_different_servers(recorded: &OffsetMap, desired: &OffsetMap) -> bool {
    let id = |position: &OffsetMap| {
        position
            .get("server_id")
            .and_then(as_number)
            .filter(|id| *id != 0)
    };
    matches!((id(recorded), id(desired)), (Some(left), Some(right)) if left != right)
}

/// A binlog file's base name and number.
fn file(position: &OffsetMap) -> Option<(&str, u64)> {
    let (base, extension) = text(position, "file")?.rsplit_once('.')?;
    Some((base, extension.parse().ok()?))
}

fn text<'a>(position: &'a OffsetMap, field: &str) -> Option<&'a str> {
    position.get(field)?.as_str()
}

fn number(position: &OffsetMap, field: &str, missing: i64) -> i64 {
    position.get(field).and_then(as_number).unwrap_or(missing)
}

fn as_number(value: &Value) -> Option<i64> {
    value.as_i64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const UUID: &str = "fee9422b-e59f-11f1-b998-02fc00000001";

    fn position(value: Value) -> OffsetMap {
        value.as_object().unwrap().clone()
    }

    fn is_at_or_before(recorded: Value, desired: Value) -> bool {
        HistoryRecordComparator::default().is_at_or_before(&position(recorded), &position(desired))
    }

    #[test]
    fn a_restored_offset_without_server_id_is_compared_by_position() {
        let restored = json!({"ts_sec": 200, "file": "mysql-bin.000007", "pos": 34000});
        let before =
            json!({"ts_sec": 200, "file": "mysql-bin.000007", "pos": 33251, "server_id": 5});
        let behind =
            json!({"ts_sec": 199, "file": "mysql-bin.000007", "pos": 34570, "server_id": 5});
        assert!(is_at_or_before(before, restored.clone()));
        assert!(!is_at_or_before(behind, restored));
    }

    #[test]
    fn positions_of_one_server_are_in_binlog_order() {
        let at = |file: &str, pos: i64, event: i64, row: i64| json!({"file": file, "pos": pos, "event": event, "row": row, "server_id": 1});
        let desired = at("bin.000010", 100, 2, 3);
        for earlier in [
            at("bin.000009", 900, 9, 9),
            at("bin.000010", 99, 9, 9),
            at("bin.000010", 100, 1, 9),
            at("bin.000010", 100, 2, 3),
        ] {
            assert!(
                is_at_or_before(earlier.clone(), desired.clone()),
                "{earlier}"
            );
        }
        for later in [
            at("bin.000100", 4, 0, 0),
            at("bin.000010", 101, 0, 0),
            at("bin.000010", 100, 3, 0),
            at("bin.000010", 100, 2, 4),
        ] {
            assert!(!is_at_or_before(later.clone(), desired.clone()), "{later}");
        }
    }

    #[test]
    fn different_servers_are_compared_by_time() {
        let recorded =
            |ts: i64| json!({"ts_sec": ts, "file": "a.000009", "pos": 1, "server_id": 1});
        let desired = json!({"ts_sec": 50, "file": "a.000001", "pos": 1, "server_id": 2});
        assert!(is_at_or_before(recorded(50), desired.clone()));
        assert!(!is_at_or_before(recorded(51), desired));
    }

    #[test]
    fn gtid_sets_decide_when_both_have_them() {
        let at = |last: u64, extra: Value| {
            let mut position = json!({"gtids": format!("{UUID}:1-{last}"), "file": "b.000001"});
            position
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            position
        };
        let none = || json!({});
        assert!(is_at_or_before(
            at(5, json!({"pos": 900})),
            at(6, json!({"pos": 4}))
        ));
        assert!(!is_at_or_before(at(7, none()), at(6, none())));
        assert!(is_at_or_before(
            at(6, json!({"event": 1})),
            at(6, json!({"event": 2}))
        ));
        assert!(!is_at_or_before(
            at(6, json!({"event": 3})),
            at(6, json!({"event": 2}))
        ));
        assert!(!is_at_or_before(
            at(6, none()),
            at(6, json!({"snapshot": "INITIAL"}))
        ));
        assert!(is_at_or_before(
            at(6, json!({"snapshot": true})),
            at(6, none())
        ));
        assert!(!is_at_or_before(
            at(6, json!({"pos": 200})),
            at(6, json!({"pos": 100}))
        ));
        let without = json!({"file": "b.000001", "pos": 1});
        assert!(is_at_or_before(without.clone(), at(6, none())));
        assert!(!is_at_or_before(at(6, none()), without));
    }

    #[test]
    fn filtered_sources_do_not_count() {
        let other = "24bc7850-2c16-11e6-a073-0242ac110002";
        let comparator = HistoryRecordComparator::with_gtid_source_filter(|uuid| uuid == UUID);
        let recorded = position(json!({"gtids": format!("{UUID}:1-5,{other}:1-9")}));
        let desired = position(json!({"gtids": format!("{UUID}:1-6")}));
        assert!(comparator.is_at_or_before(&recorded, &desired));
    }
}
