use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use bytestring::ByteString;

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Type, Value};
use connect_api::record::{Headers, OffsetMap, Record, SourceOffset, SourceRecord};

use crate::schemas::{struct_value, transaction_block_schema};
use crate::tables::TableId;

/// The transaction that is being read, and the events of it so far
/// (`provide.transaction.metadata`).
#[derive(Debug, Clone)]
pub struct TransactionMetadata {
    id: ByteString,
    total: i64,
    /// In the order of their first events.
    tables: Vec<(TableId, i64)>,
    places: HashMap<TableId, usize>,
}

impl TransactionMetadata {
    /// A transaction whose id is its GTID, or `file=…,pos=…` without one.
    pub fn new(id: impl Into<ByteString>) -> Self {
        Self {
            id: id.into(),
            total: 0,
            tables: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// Goes on with counts that an offset has kept.
    pub fn resume(id: impl Into<ByteString>, tables: Vec<(TableId, i64)>) -> Self {
        let total = tables.iter().map(|(_, count)| count).sum();
        let places = tables
            .iter()
            .enumerate()
            .map(|(place, (id, _))| (id.clone(), place));
        Self {
            id: id.into(),
            total,
            places: places.collect(),
            tables,
        }
    }

    /// Its id.
    pub fn id(&self) -> &ByteString {
        &self.id
    }

    /// How many events each table has had.
    pub fn tables(&self) -> &[(TableId, i64)] {
        &self.tables
    }

    /// Counts an event of `table` and gives its block for the envelope.
    pub(super) fn block_of_next(&mut self, table: &TableId) -> Value {
        let place = match self.places.get(table) {
            Some(place) => *place,
            None => {
                self.places.insert(table.clone(), self.tables.len());
                self.tables.push((table.clone(), 0));
                self.tables.len() - 1
            }
        };
        self.total += 1;
        self.tables[place].1 += 1;
        struct_value(
            transaction_block_schema(),
            vec![
                Value::String(self.id.clone()),
                Value::Int64(self.total),
                Value::Int64(self.tables[place].1),
            ],
        )
    }
}

/// Where a transaction's boundary goes.
#[derive(Debug, Clone)]
pub struct TransactionTarget {
    /// The topic of transactions.
    pub topic: ByteString,
    /// The connector's source partition.
    pub partition: Arc<OffsetMap>,
    /// The record's headers.
    pub headers: Headers,
}

/// The record of a transaction's begin; `ts_ms` is the event's time.
pub fn transaction_begin(
    target: &TransactionTarget,
    transaction: &TransactionMetadata,
    ts_ms: i64,
    offset: SourceOffset,
) -> SourceRecord {
    let values = [Value::from("BEGIN"), Value::Null, Value::Null];
    boundary(target, transaction, values, ts_ms, offset)
}

/// The record of a transaction's end; `ts_ms` is the event's time.
pub fn transaction_end(
    target: &TransactionTarget,
    transaction: &TransactionMetadata,
    ts_ms: i64,
    offset: SourceOffset,
) -> SourceRecord {
    let collection = |(table, count): &(TableId, i64)| {
        let values = vec![Value::from(table.to_string()), Value::Int64(*count)];
        struct_value(collection_schema(), values)
    };
    let collections = transaction.tables.iter().map(collection).collect();
    let values = [
        Value::from("END"),
        Value::Int64(transaction.total),
        Value::Array(collections),
    ];
    boundary(target, transaction, values, ts_ms, offset)
}

fn boundary(
    target: &TransactionTarget,
    transaction: &TransactionMetadata,
    [status, count, collections]: [Value; 3],
    ts_ms: i64,
    source_offset: SourceOffset,
) -> SourceRecord {
    let id = Value::String(transaction.id.clone());
    let values = vec![status, id.clone(), count, collections, Value::Int64(ts_ms)];
    let record = Record {
        topic: target.topic.clone(),
        key_schema: Some(Arc::clone(key_schema())),
        key: struct_value(key_schema(), vec![id]),
        value_schema: Some(Arc::clone(value_schema())),
        value: struct_value(value_schema(), values),
        headers: target.headers.clone(),
        ..Record::default()
    };
    SourceRecord {
        record,
        source_partition: Arc::clone(&target.partition),
        source_offset,
    }
}

fn key_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        SchemaBuilder::structure()
            .name("io.debezium.connector.common.TransactionMetadataKey")
            .version(1)
            .field("id", Schema::required(Type::String))
            .build()
    });
    &SCHEMA
}

fn value_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let collections = SchemaBuilder::array(Arc::clone(collection_schema())).optional();
        SchemaBuilder::structure()
            .name("io.debezium.connector.common.TransactionMetadataValue")
            .version(1)
            .field("status", Schema::required(Type::String))
            .field("id", Schema::required(Type::String))
            .field("event_count", Schema::optional(Type::Int64))
            .field("data_collections", collections.build())
            .field("ts_ms", Schema::required(Type::Int64))
            .build()
    });
    &SCHEMA
}

fn collection_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        SchemaBuilder::structure()
            .optional()
            .name("event.collection")
            .version(1)
            .field("data_collection", Schema::required(Type::String))
            .field("event_count", Schema::required(Type::Int64))
            .build()
    });
    &SCHEMA
}
