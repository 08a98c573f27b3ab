//! Walks through a binlog file and makes the records of its rows events.

use std::collections::HashMap;
use std::sync::Arc;

use connect_api::record::{OffsetMap, SourcePosition, SourceRecord};
use connect_mysql_source::envelope::{EnvelopeSettings, EventBuilder, RowOffsets};
use connect_mysql_source::rows::{RowPlan, RowsEvent, TableMap};
use connect_mysql_source::schema_history::HistoryRecord;
use connect_mysql_source::schemas::{SourceInfo, TableSchema, TopicNames};
use connect_mysql_source::tables::{TableId, Tables};
use connect_mysql_source::values::ValueModes;

use crate::data;

const MAGIC: usize = 4;
const HEADER: usize = 19;
const CHECKSUM: usize = 4;
const QUERY: u8 = 2;
const TABLE_MAP: u8 = 19;

/// The thread of a `BEGIN`: Debezium does not look at other statements' threads.
fn transaction_thread(query: &[u8]) -> Option<i64> {
    let thread = u32::from_le_bytes(query[..4].try_into().unwrap());
    query.ends_with(b"\0BEGIN").then_some(thread.into())
}

pub(crate) struct Position {
    pub(crate) pos: i64,
}

impl SourcePosition for Position {
    fn offset(&self, detail: u64) -> OffsetMap {
        let mut map = OffsetMap::new();
        map.insert("pos".into(), self.pos.into());
        map.insert("rows".into(), detail.into());
        map
    }
}

/// The binlog of a_raw read with the modes; the records in order.
pub(crate) fn stream(prefix: &'static str, modes: &ValueModes) -> Vec<SourceRecord> {
    let settings = EnvelopeSettings::new(prefix);
    Stream::new(prefix, modes, settings).run(&data::binlog())
}

pub(crate) struct Stream<'a> {
    topics: TopicNames,
    modes: &'a ValueModes,
    history: Vec<HistoryRecord>,
    tables: Tables,
    schemas: HashMap<TableId, Arc<TableSchema>>,
    plans: HashMap<u64, RowPlan>,
    builder: EventBuilder,
    thread: Option<i64>,
    /// Changes the bodies of rows events, and lets reading them fail.
    damage: Option<fn(&mut Vec<u8>)>,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(
        prefix: &'static str,
        modes: &'a ValueModes,
        settings: EnvelopeSettings,
    ) -> Self {
        let history = data::history();
        let record = |line| HistoryRecord::from_json(line).unwrap().unwrap();
        let mut partition = OffsetMap::new();
        partition.insert("server".into(), prefix.into());
        Self {
            topics: TopicNames::new(prefix, "."),
            modes,
            history: history.lines().rev().map(record).collect(),
            tables: Tables::new(false),
            schemas: HashMap::new(),
            plans: HashMap::new(),
            builder: EventBuilder::new(settings, Arc::new(partition)),
            thread: None,
            damage: None,
        }
    }

    /// Damages the bodies of rows events before they are read.
    pub(crate) fn damaged(mut self, damage: fn(&mut Vec<u8>)) -> Self {
        self.damage = Some(damage);
        self
    }

    pub(crate) fn run(mut self, file: &[u8]) -> Vec<SourceRecord> {
        let mut out = Vec::new();
        let mut at = MAGIC;
        while at < file.len() {
            let number = |offset: usize| {
                u32::from_le_bytes(file[at + offset..at + offset + 4].try_into().unwrap())
            };
            let (timestamp, event_type) = (number(0), file[at + 4]);
            let (server_id, size) = (number(5), number(9) as usize);
            let body = &file[at + HEADER..at + size - CHECKSUM];
            self.apply_history(at);
            match event_type {
                QUERY => self.thread = transaction_thread(body),
                TABLE_MAP => self.table_map(body),
                _ => {
                    let source = SourceInfo {
                        ts_ns: i64::from(timestamp) * 1_000_000_000,
                        server_id: server_id.into(),
                        file: "mysql-bin.000007".into(),
                        pos: at as i64,
                        thread: self.thread,
                        ..SourceInfo::default()
                    };
                    self.rows(event_type, body, &source, &mut out);
                }
            }
            at += size;
        }
        out
    }

    /// Brings the tables to the state at a position.
    fn apply_history(&mut self, at: usize) {
        let is_past = |record: &HistoryRecord| {
            record.position["pos"]
                .as_u64()
                .is_some_and(|pos| pos <= at as u64)
        };
        while let Some(record) = self.history.pop_if(|record| is_past(record)) {
            for change in record.table_changes.iter().flatten() {
                change.apply(&mut self.tables);
                self.schemas.clear();
            }
        }
    }

    fn table_map(&mut self, body: &[u8]) {
        let map = TableMap::parse(body).unwrap();
        if map.table.database() != "inventory" {
            self.plans.remove(&map.table_number);
            return;
        }
        let table = self.tables.get(&map.table).unwrap();
        let schema = self.schemas.entry(map.table.clone()).or_insert_with(|| {
            Arc::new(TableSchema::new(table, &self.topics, self.modes).unwrap())
        });
        let number = map.table_number;
        self.plans
            .insert(number, RowPlan::new(schema, map).unwrap());
    }

    fn rows(
        &mut self,
        event_type: u8,
        body: &[u8],
        source: &SourceInfo,
        out: &mut Vec<SourceRecord>,
    ) {
        let Some((kind, version)) = RowsEvent::kind_of(event_type).unwrap() else {
            return;
        };
        let mut body = body.to_vec();
        if let Some(damage) = self.damage {
            damage(&mut body);
        }
        let event = RowsEvent::parse(kind, version, body.into());
        let event = match event {
            Ok(event) => event,
            Err(_) if self.damage.is_some() => return,
            Err(error) => panic!("{error:?}"),
        };
        let Some(plan) = self.plans.get(&event.table_number) else {
            return;
        };
        let position: Arc<dyn SourcePosition> = Arc::new(Position { pos: source.pos });
        let offsets = RowOffsets {
            position: &position,
            skip_rows: 0,
        };
        let read = self.builder.rows(plan, &event, source, offsets, out);
        assert!(read.is_ok() || self.damage.is_some(), "{read:?}");
    }
}
