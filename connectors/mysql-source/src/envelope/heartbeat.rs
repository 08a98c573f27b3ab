use std::sync::{Arc, LazyLock};

use bytestring::ByteString;

use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Type, Value};
use connect_api::record::{OffsetMap, Record, SourceOffset, SourceRecord};

use super::builder::now_ns;
use crate::schemas::struct_value;

/// A heartbeat: a record that carries an offset while no table changes
/// (`io.debezium.heartbeat.HeartbeatImpl`). It has no headers.
pub fn heartbeat(
    topic: ByteString,
    name: ByteString,
    partition: &Arc<OffsetMap>,
    source_offset: SourceOffset,
) -> SourceRecord {
    let now = Value::Int64(now_ns().div_euclid(1_000_000));
    let record = Record {
        topic,
        partition: Some(0),
        key_schema: Some(Arc::clone(key_schema())),
        key: struct_value(key_schema(), vec![Value::String(name)]),
        value_schema: Some(Arc::clone(value_schema())),
        value: struct_value(value_schema(), vec![now]),
        ..Record::default()
    };
    SourceRecord {
        record,
        source_partition: Arc::clone(partition),
        source_offset,
    }
}

fn key_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        SchemaBuilder::structure()
            .name("io.debezium.connector.common.ServerNameKey")
            .version(1)
            .field("serverName", Schema::required(Type::String))
            .build()
    });
    &SCHEMA
}

fn value_schema() -> &'static SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        SchemaBuilder::structure()
            .name("io.debezium.connector.common.Heartbeat")
            .version(1)
            .field("ts_ms", Schema::required(Type::Int64))
            .build()
    });
    &SCHEMA
}
