//! How long a row takes from MySQL's bytes to a record: an update of a row image of seven columns
//! (id, three texts of 40, decimal, two datetimes), and a snapshot's row of them. Run with
//! `cargo bench -p connect-mysql-source`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use connect_api::record::{OffsetMap, SourceOffset, SourcePosition};
use connect_mysql_source::envelope::{EnvelopeSettings, EventBuilder, RowOffsets};
use connect_mysql_source::rows::{RowPlan, RowsEvent, RowsKind, SnapshotPlan, TableMap};
use connect_mysql_source::schemas::{SourceInfo, TableSchema, TopicNames};
use connect_mysql_source::tables::{Column, Table, TableId, jdbc_type};
use connect_mysql_source::values::ValueModes;
use mysql_async::Value as SqlValue;

const EVENTS: usize = 1_000;
/// Short rounds, so that some are not interrupted.
const ROUNDS: usize = 400;
/// As many updates of 400 bytes as an event of 8 KiB holds.
const ROWS: usize = 20;
const COLUMNS: [&str; 7] = ["id", "a", "b", "c", "price", "created", "updated"];

struct Nowhere;

impl SourcePosition for Nowhere {
    fn offset(&self, _detail: u64) -> OffsetMap {
        OffsetMap::new()
    }
}

fn table() -> Table {
    let mut table = Table::new(TableId::new("bench", "rows"));
    let types = [
        ("INT", jdbc_type::INTEGER, None),
        ("VARCHAR", jdbc_type::VARCHAR, Some(40)),
        ("VARCHAR", jdbc_type::VARCHAR, Some(40)),
        ("VARCHAR", jdbc_type::VARCHAR, Some(40)),
        ("DECIMAL", jdbc_type::DECIMAL, Some(10)),
        ("DATETIME", jdbc_type::TIMESTAMP, None),
        ("DATETIME", jdbc_type::TIMESTAMP, None),
    ];
    for ((name, (type_name, jdbc_type, length)), position) in COLUMNS.iter().zip(types).zip(1..) {
        table.columns.push(Column {
            name: (*name).to_owned(),
            type_name: type_name.to_owned(),
            type_expression: type_name.to_owned(),
            jdbc_type,
            length,
            scale: (type_name == "DECIMAL").then_some(2),
            charset_name: (type_name == "VARCHAR").then(|| "utf8mb4".to_owned()),
            position,
            optional: position > 1,
            ..Column::default()
        });
    }
    table.primary_key_column_names = vec!["id".to_owned()];
    table
}

fn table_map() -> TableMap {
    let mut body = vec![7, 0, 0, 0, 0, 0, 1, 0];
    body.extend(b"\x05bench\0\x04rows\0");
    body.extend([7, 3, 15, 15, 15, 246, 18, 18]);
    body.extend([10, 160, 0, 160, 0, 160, 0, 10, 2, 0, 0, 0x7e]);
    TableMap::parse(&body).unwrap_or_else(|error| panic!("{error}"))
}

fn image(id: u32, out: &mut Vec<u8>) {
    out.push(0);
    out.extend(id.to_le_bytes());
    for text in [b'a', b'b', b'c'] {
        out.push(40);
        out.extend([text; 40]);
    }
    out.extend([0x80, 0, 0x30, 0x39, 50]);
    for _ in 0..2 {
        out.extend([0x99, 0xa5, 0x7a, 0xc8, 0xb8]);
    }
}

fn update_event(rows: usize) -> Bytes {
    let mut body = vec![7, 0, 0, 0, 0, 0, 1, 0, 2, 0, 7, 0x7f, 0x7f];
    for id in 0..rows as u32 {
        image(id, &mut body);
        image(id, &mut body);
    }
    body.into()
}

fn sql_row() -> Vec<SqlValue> {
    let text = |byte: u8| SqlValue::Bytes(vec![byte; 40]);
    let date = SqlValue::Date(2020, 1, 2, 3, 4, 5, 0);
    let price = SqlValue::Bytes(b"12345.50".to_vec());
    vec![
        SqlValue::Int(1),
        text(b'a'),
        text(b'b'),
        text(b'c'),
        price,
        date.clone(),
        date,
    ]
}

/// The fastest of several rounds, in nanoseconds a row.
fn measure(rows: usize, mut round: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        round();
        best = best.min(start.elapsed().as_nanos() as f64 / rows as f64);
    }
    best
}

fn updates(builder: &mut EventBuilder, schema: &Arc<TableSchema>, rows: usize) -> f64 {
    let plan = RowPlan::new(schema, table_map()).unwrap_or_else(|error| panic!("{error:?}"));
    let body = update_event(rows);
    let source = SourceInfo {
        file: "mysql-bin.000001".into(),
        ..SourceInfo::default()
    };
    let position: Arc<dyn SourcePosition> = Arc::new(Nowhere);
    let events = EVENTS / rows;
    let mut out = Vec::with_capacity(rows);
    measure(events * rows, || {
        for _ in 0..events {
            let body = Bytes::copy_from_slice(&body);
            let event = RowsEvent::parse(RowsKind::Update, 2, body);
            let event = event.unwrap_or_else(|error| panic!("{error:?}"));
            let offsets = RowOffsets {
                position: &position,
                skip_rows: 0,
            };
            let read = builder.rows(&plan, &event, &source, offsets, &mut out);
            assert_eq!(
                read.unwrap_or_else(|error| panic!("{error:?}")),
                rows as u64
            );
            black_box(&out);
            out.clear();
        }
    })
}

fn snapshot(builder: &mut EventBuilder, schema: &Arc<TableSchema>) -> f64 {
    let plan = SnapshotPlan::new(schema, &COLUMNS).unwrap_or_else(|error| panic!("{error:?}"));
    let source = builder.source_of_reads(schema, &SourceInfo::default());
    let offset = SourceOffset::Map(Arc::new(OffsetMap::new()));
    let clone_only = measure(EVENTS, || {
        for _ in 0..EVENTS {
            black_box(sql_row());
        }
    });
    let all = measure(EVENTS, || {
        for _ in 0..EVENTS {
            let row = plan.row(sql_row(), builder.arena());
            let row = row.unwrap_or_else(|error| panic!("{error:?}"));
            black_box(builder.read(schema, row, source.clone(), offset.clone()));
        }
    });
    all - clone_only
}

#[allow(clippy::print_stdout, reason = "the result of a benchmark")]
fn main() {
    let topics = TopicNames::new("bench", ".");
    let schema = TableSchema::new(&Arc::new(table()), &topics, &ValueModes::default());
    let schema = Arc::new(schema.unwrap_or_else(|error| panic!("{error:?}")));
    let mut partition = OffsetMap::new();
    partition.insert("server".into(), "bench".into());
    let mut builder = EventBuilder::new(EnvelopeSettings::new("bench"), Arc::new(partition));
    println!(
        "update, {ROWS} rows an event: {:.0} ns/row",
        updates(&mut builder, &schema, ROWS)
    );
    println!(
        "update, 1 row an event: {:.0} ns/row",
        updates(&mut builder, &schema, 1)
    );
    println!(
        "snapshot, binary protocol: {:.0} ns/row",
        snapshot(&mut builder, &schema)
    );
}
