use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use connect_api::record::{OffsetMap, SourceOffset};
use connect_mysql_source::envelope::{EnvelopeSettings, EventBuilder};
use connect_mysql_source::rows::SnapshotPlan;
use connect_mysql_source::schema_history::HistoryRecord;
use connect_mysql_source::schemas::{SourceInfo, TableSchema, TopicNames};
use connect_mysql_source::tables::{TableId, Tables};
use connect_mysql_source::values::{BinaryMode, DecimalMode, TimeMode, ValueModes};
use mysql_async::Value as SqlValue;
use serde_json::{Value as Json, json};

use crate::data;
use crate::json as connect_json;

/// A value as `rows.jsonl` has it: read from MySQL 8.0.15 by `mysql_async`.
fn sql_value(json: &Json) -> SqlValue {
    let Some((kind, value)) = json.as_object().and_then(|object| object.iter().next()) else {
        return SqlValue::NULL;
    };
    let part = |index: usize| value[index].as_u64().unwrap() as u8;
    match kind.as_str() {
        "b" => SqlValue::Bytes(BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()),
        "i" => SqlValue::Int(value.as_i64().unwrap()),
        "u" => SqlValue::UInt(value.as_u64().unwrap()),
        "f" => SqlValue::Float(f32::from_bits(value.as_u64().unwrap() as u32)),
        "d" => SqlValue::Double(f64::from_bits(value.as_u64().unwrap())),
        "date" => SqlValue::Date(
            value[0].as_u64().unwrap() as u16,
            part(1),
            part(2),
            part(3),
            part(4),
            part(5),
            value[6].as_u64().unwrap() as u32,
        ),
        "time" => SqlValue::Time(
            part(0) == 1,
            value[1].as_u64().unwrap() as u32,
            part(2),
            part(3),
            part(4),
            value[5].as_u64().unwrap() as u32,
        ),
        other => panic!("no kind {other}"),
    }
}

fn tables() -> Tables {
    let mut tables = Tables::new(false);
    for line in data::history().lines() {
        let record = HistoryRecord::from_json(line).unwrap().unwrap();
        if record.position.contains_key("snapshot") {
            for change in record.table_changes.iter().flatten() {
                change.apply(&mut tables);
            }
        }
    }
    tables
}

/// Where we deliberately write something else than Debezium: see docs/compatibility.md.
fn correct_known_differences(table: &str, row: &mut Json, modes: &ValueModes) {
    if table != "zero_dates" {
        return;
    }
    // YEAR 0000 is 0.
    if row["id"] == 1 {
        row["y"] = json!(0);
        row["y_nn"] = json!(0);
    }
    // Dates with a zero as year, too, are null, or the epoch where null is not allowed.
    if row["id"] == 3 {
        row["dt"] = Json::Null;
        row["dt6"] = Json::Null;
        let iso = modes.time == TimeMode::IsoString;
        row["d_nn"] = if iso { json!("1970-01-01Z") } else { json!(0) };
        let epoch = if iso {
            json!("1970-01-01T00:00:00Z")
        } else {
            json!(0)
        };
        row["dt_nn"] = epoch.clone();
        row["dt6_nn"] = epoch;
    }
}

/// The snapshot's golden records by topic: key, schema and row.
fn golden(scenario: &str, modes: &ValueModes) -> HashMap<String, Vec<(Option<Json>, Json)>> {
    let mut topics: HashMap<String, Vec<(Option<Json>, Json)>> = HashMap::new();
    for record in data::records(scenario) {
        let Some(mut value) = record.value else {
            continue;
        };
        if value["payload"]["op"] != "r" {
            continue;
        }
        let source = &mut value["payload"]["source"];
        let table = source["table"].as_str().unwrap().to_owned();
        *source = Json::Null;
        for time in ["ts_ms", "ts_us", "ts_ns"] {
            value["payload"][time] = Json::Null;
        }
        correct_known_differences(&table, &mut value["payload"]["after"], modes);
        topics
            .entry(record.topic)
            .or_default()
            .push((record.key, value));
    }
    topics
}

fn assert_same(scenario: &str, modes: &ValueModes, protocol: &str) -> usize {
    let mut golden = golden(scenario, modes);
    let topics = TopicNames::new(scenario.to_owned(), ".");
    let partition = Arc::new(OffsetMap::new());
    let mut builder = EventBuilder::new(EnvelopeSettings::new("x"), Arc::clone(&partition));
    let tables = tables();
    let mut compared = 0;
    for of_table in data::rows() {
        let id = TableId::new("inventory", of_table["table"].as_str().unwrap());
        let schema = TableSchema::new(tables.get(&id).unwrap(), &topics, modes).unwrap();
        let Some(golden) = golden.remove(&schema.topic().to_string()) else {
            continue;
        };
        let columns: Vec<&str> = of_table["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c.as_str().unwrap())
            .collect();
        let schema = Arc::new(schema);
        let plan = SnapshotPlan::new(&schema, &columns).unwrap();
        let rows = of_table[protocol].as_array().unwrap();
        assert_eq!(rows.len(), golden.len(), "{id}");
        for (row, (key, value)) in rows.iter().zip(golden) {
            let values = row.as_array().unwrap().iter().map(sql_value).collect();
            let row = plan.row(values, builder.arena()).unwrap();
            let offset = SourceOffset::Map(Arc::clone(&partition));
            let source = builder.source_of_reads(&schema, &SourceInfo::default());
            let record = builder.read(&schema, row, source, offset).record;
            let ours = connect_json::with_schema(record.key_schema.as_ref(), &record.key);
            connect_json::assert_same(&format!("{id} key"), ours.as_ref(), key.as_ref());
            let mut ours =
                connect_json::with_schema(record.value_schema.as_ref(), &record.value).unwrap();
            for field in ["source", "ts_ms", "ts_us", "ts_ns"] {
                ours["payload"][field] = Json::Null;
            }
            connect_json::assert_same(&format!("{id} value"), Some(&ours), Some(&value));
            compared += 1;
        }
    }
    assert!(golden.is_empty(), "not compared: {:?}", golden.keys());
    compared
}

fn assert_both(scenario: &str, modes: &ValueModes, count: usize) {
    for protocol in ["text", "binary"] {
        assert_eq!(assert_same(scenario, modes, protocol), count, "{protocol}");
    }
}

#[test]
fn default_modes() {
    assert_both("a_raw", &ValueModes::default(), 39);
}

#[test]
fn other_decimals() {
    let mode = |decimal| ValueModes {
        decimal,
        ..ValueModes::default()
    };
    assert_both("c_decimal_string", &mode(DecimalMode::String), 20);
    assert_both("c_decimal_double", &mode(DecimalMode::Double), 20);
}

#[test]
fn other_times() {
    let mode = |time| ValueModes {
        time,
        ..ValueModes::default()
    };
    assert_both("c_time_connect", &mode(TimeMode::Connect), 20);
    assert_both("c_time_isostring", &mode(TimeMode::IsoString), 20);
    assert_both("c_time_microseconds", &mode(TimeMode::Microseconds), 20);
}

#[test]
fn binaries_as_text() {
    let mode = |binary| ValueModes {
        binary,
        ..ValueModes::default()
    };
    assert_both("c_binary_base64", &mode(BinaryMode::Base64), 20);
    assert_both(
        "c_binary_base64-url-safe",
        &mode(BinaryMode::Base64UrlSafe),
        20,
    );
}
