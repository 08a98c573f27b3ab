use std::sync::{Arc, LazyLock};

use bytestring::ByteString;

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};

/// The version in each record's source block.
pub const VERSION: &str = "3.6.1.Final";
/// The kind of connector in each record's source block.
pub const CONNECTOR: &str = "mysql";

/// Where in a snapshot a record stands, as its source block tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub enum SnapshotMarker {
    True,
    First,
    FirstInDataCollection,
    LastInDataCollection,
    Last,
    #[default]
    False,
    Incremental,
}

impl SnapshotMarker {
    const ALL: [Self; 7] = [
        Self::True,
        Self::First,
        Self::FirstInDataCollection,
        Self::LastInDataCollection,
        Self::Last,
        Self::False,
        Self::Incremental,
    ];

    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::First => "first",
            Self::FirstInDataCollection => "first_in_data_collection",
            Self::LastInDataCollection => "last_in_data_collection",
            Self::Last => "last",
            Self::False => "false",
            Self::Incremental => "incremental",
        }
    }
}

/// Where records come from: what an event or a snapshot has in common for all its rows.
#[derive(Debug, Clone, Default)]
pub struct SourceInfo {
    /// When it happened in the database, in nanoseconds of the epoch: the event's time, or the
    /// time at which the snapshot began.
    pub ts_ns: i64,
    /// Where in a snapshot it stands.
    pub snapshot: SnapshotMarker,
    /// The server that wrote the event; 0 in a snapshot.
    pub server_id: i64,
    /// The transaction's GTID.
    pub gtid: Option<ByteString>,
    /// The binlog file.
    pub file: ByteString,
    /// The event's position in it.
    pub pos: i64,
    /// The thread that ran the statement.
    pub thread: Option<i64>,
    /// The statement (`include.query`).
    pub query: Option<ByteString>,
}

/// The block `source` of a record.
#[derive(Debug, Clone)]
pub(crate) struct SourceBlock {
    name: ByteString,
}

impl SourceBlock {
    pub(crate) fn new(name: ByteString) -> Self {
        Self { name }
    }

    /// The block of row `row` of what `info` describes.
    pub(crate) fn of_row(
        &self,
        info: &SourceInfo,
        database: &ByteString,
        table: Option<&ByteString>,
        row: i32,
    ) -> Value {
        let text = |value: Option<&ByteString>| {
            value.map_or(Value::Null, |text| Value::String(text.clone()))
        };
        let values = vec![
            Value::from(VERSION),
            Value::from(CONNECTOR),
            Value::String(self.name.clone()),
            Value::Int64(info.ts_ns.div_euclid(1_000_000)),
            Value::from(info.snapshot.as_str()),
            Value::String(database.clone()),
            Value::Null,
            Value::Int64(info.ts_ns.div_euclid(1_000)),
            Value::Int64(info.ts_ns),
            text(table),
            Value::Int64(info.server_id),
            text(info.gtid.as_ref()),
            Value::String(info.file.clone()),
            Value::Int64(info.pos),
            Value::Int32(row),
            info.thread.map_or(Value::Null, Value::Int64),
            text(info.query.as_ref()),
        ];
        struct_value(source_schema(), values)
    }
}

/// A struct of a schema of ours, whose fields the values were listed by.
pub(crate) fn struct_value(schema: &SchemaRef, values: Vec<Value>) -> Value {
    debug_assert_eq!(schema.fields().len(), values.len());
    Struct::from_values(Arc::clone(schema), values).map_or(Value::Null, Value::Struct)
}

/// `io.debezium.connector.mysql.Source`
pub fn source_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let (required, optional) = (Schema::required, Schema::optional);
        SchemaBuilder::structure()
            .name("io.debezium.connector.mysql.Source")
            .version(1)
            .field("version", required(Type::String))
            .field("connector", required(Type::String))
            .field("name", required(Type::String))
            .field("ts_ms", required(Type::Int64))
            .field("snapshot", snapshot_schema())
            .field("db", required(Type::String))
            .field("sequence", optional(Type::String))
            .field("ts_us", optional(Type::Int64))
            .field("ts_ns", optional(Type::Int64))
            .field("table", optional(Type::String))
            .field("server_id", required(Type::Int64))
            .field("gtid", optional(Type::String))
            .field("file", required(Type::String))
            .field("pos", required(Type::Int64))
            .field("row", required(Type::Int32))
            .field("thread", optional(Type::Int64))
            .field("query", optional(Type::String))
            .build()
    });
    &SCHEMA
}

fn snapshot_schema() -> SchemaRef {
    let allowed = SnapshotMarker::ALL.map(SnapshotMarker::as_str).join(",");
    SchemaBuilder::new(Type::String)
        .optional()
        .name("io.debezium.data.Enum")
        .version(1)
        .parameter("allowed", allowed)
        .default_value(Value::from("false"))
        .build()
}

/// `event.block`, the schema of an envelope's field `transaction`.
pub fn transaction_block_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        SchemaBuilder::structure()
            .optional()
            .name("event.block")
            .version(1)
            .field("id", Schema::required(Type::String))
            .field("total_order", Schema::required(Type::Int64))
            .field("data_collection_order", Schema::required(Type::Int64))
            .build()
    });
    &SCHEMA
}
