use std::sync::Arc;

use connect_api::record::{OffsetMap, SourceOffset};
use connect_mysql_source::envelope::{
    ContextHeaders, EnvelopeSettings, SchemaChangeEvent, schema_change,
};
use connect_mysql_source::schema_history::HistoryRecord;
use connect_mysql_source::schemas::{SnapshotMarker, SourceInfo};
use serde_json::Value as Json;

use crate::data::{self, GoldenRecord};
use crate::json;

/// The source block of the golden record, to make the same of it.
fn source_info(source: &Json) -> SourceInfo {
    let in_snapshot = source["snapshot"] == "true";
    SourceInfo {
        ts_ns: source["ts_ns"].as_i64().unwrap(),
        snapshot: if in_snapshot {
            SnapshotMarker::True
        } else {
            SnapshotMarker::False
        },
        server_id: source["server_id"].as_i64().unwrap(),
        file: source["file"].as_str().unwrap().to_owned().into(),
        pos: source["pos"].as_i64().unwrap(),
        thread: source["thread"].as_i64(),
        ..SourceInfo::default()
    }
}

#[test]
fn the_topic_of_schema_changes() {
    let golden = data::records("a_raw")
        .into_iter()
        .filter(|record| record.topic == "a_raw");
    let golden: Vec<GoldenRecord> = golden.collect();
    let history = data::history();
    assert_eq!(golden.len(), history.lines().count());
    let headers = ContextHeaders::new(&EnvelopeSettings::new("a_raw"));
    let partition = Arc::new(OffsetMap::new());
    for (golden, line) in golden.iter().zip(history.lines()) {
        let history = HistoryRecord::from_json(line).unwrap().unwrap();
        let golden_value = golden.value.as_ref().unwrap();
        let source = &golden_value["payload"]["source"];
        let ours = schema_change(
            SchemaChangeEvent {
                source: &source_info(source),
                database: history.database_name.as_deref().unwrap(),
                table: source["table"].as_str(),
                ddl: history.ddl.as_deref().unwrap(),
                changes: history.table_changes.as_deref().unwrap_or_default(),
            },
            &"a_raw".into(),
            &headers,
            &partition,
            SourceOffset::Map(Arc::clone(&partition)),
        )
        .record;
        assert_eq!(ours.topic, golden.topic);
        assert_eq!(ours.partition.map(i64::from), Some(golden.partition));
        let key = json::with_schema(ours.key_schema.as_ref(), &ours.key);
        json::assert_same(line, key.as_ref(), golden.key.as_ref());
        let mut value = json::with_schema(ours.value_schema.as_ref(), &ours.value).unwrap();
        let golden_payload = &golden_value["payload"];
        value["payload"]["ts_ms"] = golden_payload["ts_ms"].clone();
        // Debezium leaves there what the last event before the statement had.
        value["payload"]["source"]["row"] = golden_payload["source"]["row"].clone();
        json::assert_same(line, Some(&value), Some(golden_value));
    }
}
