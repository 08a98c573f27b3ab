//! Records of rows, schema changes and heartbeats, with the schemas of all
//! tables at hand.

use std::collections::HashMap;
use std::sync::Arc;

use bytestring::ByteString;
use connect_api::data::Value;
use connect_api::record::{OffsetMap, SourceOffset, SourceRecord};
use connect_api::{Error, Result};

use crate::ddl::SchemaChange;
use crate::envelope::{
    EnvelopeSettings, EventBuilder, SchemaChangeEvent, heartbeat, schema_change,
};
use crate::schemas::{SourceInfo, TableSchema, TopicNames};
use crate::tables::{Table, TableId};
use crate::values::ValueModes;

/// Makes records.
#[derive(Debug)]
pub(crate) struct RecordMaker {
    pub(crate) builder: EventBuilder,
    topics: TopicNames,
    modes: ValueModes,
    partition: Arc<OffsetMap>,
    schemas: HashMap<TableId, Arc<TableSchema>>,
}

impl RecordMaker {
    pub(crate) fn new(
        settings: EnvelopeSettings,
        topics: TopicNames,
        modes: ValueModes,
        partition: Arc<OffsetMap>,
    ) -> Self {
        Self {
            builder: EventBuilder::new(settings, Arc::clone(&partition)),
            topics,
            modes,
            partition,
            schemas: HashMap::new(),
        }
    }

    /// The schemas of this version of the table.
    pub(crate) fn schema(&mut self, table: &Arc<Table>) -> Result<Arc<TableSchema>> {
        let known = self.schemas.get(&table.id);
        if let Some(schema) = known.filter(|schema| Arc::ptr_eq(schema.table(), table)) {
            return Ok(Arc::clone(schema));
        }
        let schema = Arc::new(TableSchema::new(table, &self.topics, &self.modes)?);
        self.schemas.insert(table.id.clone(), Arc::clone(&schema));
        Ok(schema)
    }

    /// The record of the schema change topic. `understood` is false for a
    /// statement whose effect on tables is not known or none.
    pub(crate) fn schema_change(
        &self,
        change: &SchemaChange,
        understood: bool,
        info: &SourceInfo,
        row: i32,
        offset: SourceOffset,
    ) -> SourceRecord {
        let names: Vec<&str> = change.affected.iter().map(TableId::table).collect();
        let names = names.join(",");
        let event = SchemaChangeEvent {
            source: info,
            database: &change.database,
            // BinlogSourceInfo.table: null without tables, empty for "no table".
            table: (!names.is_empty() || !understood).then_some(&*names),
            ddl: &change.ddl,
            changes: &change.table_changes,
        };
        let topic = self.topics.schema_change();
        let headers = self.builder.headers();
        let mut record = schema_change(event, &topic, headers, &self.partition, offset);
        if row != 0 {
            set_in_source(&mut record.record.value, "row", Value::Int32(row));
        }
        record
    }

    /// The record of `TRUNCATE TABLE`; none if truncates are left out.
    pub(crate) fn truncate(
        &mut self,
        table: &Arc<Table>,
        info: &SourceInfo,
        offset: SourceOffset,
    ) -> Result<Option<SourceRecord>> {
        let schema = self.schema(table)?;
        Ok(self.builder.truncate(&schema, info, offset))
    }

    /// A heartbeat.
    pub(crate) fn heartbeat(&self, topic: &ByteString, offset: SourceOffset) -> SourceRecord {
        heartbeat(
            topic.clone(),
            self.topics.prefix().clone(),
            &self.partition,
            offset,
        )
    }
}

/// Sets a field of a record's source block.
pub(crate) fn set_in_source(value: &mut Value, name: &str, to: Value) {
    let Value::Struct(envelope) = value else {
        return;
    };
    let Some(place) = envelope.schema().field("source").map(|field| field.index) else {
        return;
    };
    if let Value::Struct(source) = &mut envelope.values_mut()[place] {
        let known: Result<(), Error> = source.set(name, to);
        if let Err(error) = known {
            tracing::debug!(%error, "a source block without a field");
        }
    }
}
