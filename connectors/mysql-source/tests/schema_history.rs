//! Histories that the real Debezium wrote: 3.6.1 (statements and what they did) and 1.0.0
//! (statements only), both of the same server's tables.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why and fails"
)]

use std::io::Read;
use std::path::Path;

use connect_api::record::OffsetMap;
use connect_mysql_source::ddl::DdlParser;
use connect_mysql_source::schema_history::{
    HistoryRecord, MemorySchemaHistory, Recovery, RecoverySettings, SchemaHistoryStore, recover,
};
use connect_mysql_source::tables::{Table, TableId, Tables};

/// The values of a history topic, one JSON string a line.
fn values(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn record(value: &str) -> HistoryRecord {
    HistoryRecord::from_json(value).unwrap().unwrap()
}

/// Statements for which we write something else than Debezium, with the reason.
const DIFFERENCES: [(&str, &str); 0] = [];

/// Parses each statement over the tables so far, and writes the record anew.
fn replayed(values: &[String]) -> Vec<String> {
    let mut parser = DdlParser::new(false);
    let mut tables = Tables::default();
    let mut written = Vec::new();
    for value in values {
        let original = record(value);
        let ddl = original.ddl.clone().unwrap();
        let database = original.database_name.clone().unwrap();
        parser.set_current_database(&database);
        let changes = parser.parse(&ddl, &mut tables).unwrap();
        let changes = changes.schema_changes(&ddl, &database, &tables, |_| true);
        assert_eq!(changes.len(), 1, "{ddl}");
        for change in changes {
            let ours = HistoryRecord {
                database_name: Some(change.database),
                ddl: Some(change.ddl),
                table_changes: Some(change.table_changes),
                ..original.clone()
            };
            written.push(ours.to_pretty_json());
        }
    }
    written
}

#[test]
fn our_parser_writes_what_debezium_wrote() {
    for name in ["types", "heartbeat", "signal", "year"] {
        let values = values(&format!("schema-history-3.6-{name}.jsonl.gz"));
        for (ours, theirs) in replayed(&values).iter().zip(&values) {
            let differs = DIFFERENCES.iter().any(|(ddl, _)| theirs.contains(ddl));
            if !differs {
                assert_eq!(ours, theirs, "history {name}");
            }
        }
    }
}

#[test]
fn records_are_written_as_they_were_read() {
    for name in [
        "3.6-types",
        "3.6-heartbeat",
        "3.6-signal",
        "3.6-year",
        "1.0",
    ] {
        for value in values(&format!("schema-history-{name}.jsonl.gz")) {
            let record = record(&value);
            assert_eq!(record.to_pretty_json(), value, "history {name}");
            let compact = record.to_compact_json();
            assert!(!compact.contains('\n'));
            assert_eq!(HistoryRecord::from_json(&compact).unwrap(), Some(record));
        }
    }
}

async fn recovered(values: &[String], offset: &OffsetMap, prefer_ddl: bool) -> Tables {
    let records: Vec<HistoryRecord> = values.iter().map(|value| record(value)).collect();
    let source = records[0].source.clone();
    let store = MemorySchemaHistory::default();
    store.store(&records).await.unwrap();
    let settings = RecoverySettings {
        prefer_ddl,
        ..RecoverySettings::default()
    };
    let mut parser = DdlParser::new(false);
    let recovery = Recovery::new(&source, offset, &settings, &mut parser, false);
    recover(&store, recovery).await.unwrap()
}

/// The script of the older history names one table, `odd …`, in another way, and has other
/// defaults for two columns.
fn assert_same_tables(left: &Tables, right: &Tables, database: &str) {
    let ids = |tables: &Tables| -> Vec<TableId> {
        let is_common = |id: &TableId| id.database() == database && !id.table().starts_with("odd");
        tables.ids().into_iter().filter(is_common).collect()
    };
    assert_eq!(ids(left), ids(right));
    for id in ids(left) {
        let comparable = |tables: &Tables| {
            let mut table = Table::clone(tables.get(&id).unwrap());
            let other_default = table
                .columns
                .iter_mut()
                .filter(|column| ["d_big_u", "d_expr"].contains(&column.name.as_str()));
            for column in other_default {
                column.default_value_expression = None;
            }
            table
        };
        assert_eq!(comparable(left), comparable(right));
    }
}

#[tokio::test]
async fn statements_alone_recover_the_same_tables() {
    let values = values("schema-history-3.6-types.jsonl.gz");
    // At the snapshot, in the middle of the changes, and at the end.
    for index in [33, 40, values.len() - 1] {
        let offset = record(&values[index]).position;
        let by_changes = recovered(&values, &offset, false).await;
        let by_ddl = recovered(&values, &offset, true).await;
        assert_same_tables(&by_changes, &by_ddl, "inventory");
        assert!(by_changes.len() >= 15);
    }
}

#[tokio::test]
async fn a_history_of_debezium_1_0_recovers_the_tables_of_3_6() {
    let new = values("schema-history-3.6-types.jsonl.gz");
    let old = values("schema-history-1.0.jsonl.gz");
    let end = |values: &[String]| record(&values[values.len() - 1]).position;
    let from_new = recovered(&new, &end(&new), false).await;
    let from_old = recovered(&old, &end(&old), false).await;
    assert_same_tables(&from_old, &from_new, "inventory");
    assert!(
        from_old.contains(&TableId::new("mysql", "user")),
        "1.0 keeps system tables too"
    );
}

#[tokio::test]
async fn changes_behind_the_offset_are_left_out() {
    let values = values("schema-history-3.6-types.jsonl.gz");
    let alter = record(&values[36]);
    assert!(
        alter
            .ddl
            .unwrap()
            .starts_with("ALTER TABLE customers ADD COLUMN phone")
    );
    let customers = TableId::new("inventory", "customers");
    let columns = |tables: Tables| tables.get(&customers).unwrap().columns.len();
    // A restored offset knows no server; it is compared by position all the same.
    let mut offset = alter.position;
    offset.remove("server_id");
    assert_eq!(columns(recovered(&values, &offset, false).await), 6);
    let before = offset["pos"].as_i64().unwrap() - 1;
    offset.insert("pos".into(), before.into());
    assert_eq!(columns(recovered(&values, &offset, false).await), 4);
}

#[tokio::test]
async fn records_of_another_source_are_left_out() {
    let values = values("schema-history-3.6-signal.jsonl.gz");
    let records: Vec<HistoryRecord> = values.iter().map(|value| record(value)).collect();
    let offset = records[records.len() - 1].position.clone();
    let source: OffsetMap = serde_json::from_str(r#"{"server":"another"}"#).unwrap();
    let settings = RecoverySettings::default();
    let mut parser = DdlParser::new(false);
    let mut recovery = Recovery::new(&source, &offset, &settings, &mut parser, false);
    for record in &records {
        recovery.apply(record).unwrap();
    }
    assert!(recovery.finish().is_empty());
}
