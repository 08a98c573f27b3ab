use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use connect_api::data::{SchemaRef, Value};
use connect_api::record::{Headers, OffsetMap, Record, SourceOffset, SourcePosition, SourceRecord};
use connect_api::{Error, Result};

use super::transaction::TransactionMetadata;
use super::{ContextHeaders, EnvelopeSettings};
use crate::rows::{RowPlan, RowsEvent, RowsKind};
use crate::schemas::{RowValues, SourceBlock, SourceInfo, TableSchema, struct_value};
use crate::values::Arena;

/// Where a rows event stands, and where in it to begin.
#[derive(Clone, Copy)]
pub struct RowOffsets<'a> {
    /// The event's position. The detail of a record's offset is the number of the event's rows
    /// that are done with once the record is stored: its own included, but for the records of a
    /// row that are followed by another of the same row (delete, then tombstone, then create).
    pub position: &'a Arc<dyn SourcePosition>,
    /// So many rows at the event's start have been done with before.
    pub skip_rows: u64,
}

/// Makes records of rows. One for each task.
#[derive(Debug)]
pub struct EventBuilder {
    settings: EnvelopeSettings,
    source: SourceBlock,
    partition: Arc<OffsetMap>,
    headers: ContextHeaders,
    arena: Arena,
    /// The transaction that is being read, with `provide.transaction.metadata`.
    pub transaction: Option<TransactionMetadata>,
}

impl fmt::Debug for RowOffsets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowOffsets")
            .field("skip_rows", &self.skip_rows)
            .finish_non_exhaustive()
    }
}

/// What a record says of a row.
struct Change {
    op: &'static str,
    before: Value,
    after: Value,
    key: Value,
    headers: Headers,
}

/// What the records of one row share.
struct Origin<'a> {
    schema: &'a TableSchema,
    source: &'a SourceInfo,
    row: i32,
    /// When the records are made.
    now_ns: i64,
}

/// What the rows of one event share.
#[derive(Clone, Copy)]
struct EventOrigin<'a> {
    plan: &'a RowPlan,
    event: &'a RowsEvent,
    source: &'a SourceInfo,
    offsets: RowOffsets<'a>,
    now_ns: i64,
}

impl EventBuilder {
    /// A builder of records of the source partition `partition`.
    pub fn new(settings: EnvelopeSettings, partition: Arc<OffsetMap>) -> Self {
        Self {
            source: SourceBlock::new(settings.name.clone()),
            headers: ContextHeaders::new(&settings),
            settings,
            partition,
            arena: Arena::new(),
            transaction: None,
        }
    }

    /// The headers of all records of this run, for those that are made elsewhere.
    pub fn headers(&self) -> &ContextHeaders {
        &self.headers
    }

    /// Where the values of snapshots' rows get their bytes from.
    pub fn arena(&mut self) -> &mut Arena {
        &mut self.arena
    }

    /// The block `source` of a snapshot's rows, to be shared by all that it is true of.
    pub fn source_of_reads(&self, schema: &TableSchema, source: &SourceInfo) -> Value {
        let block = self
            .source
            .of_row(source, schema.database(), Some(schema.name()), 0);
        match block {
            Value::Struct(block) => Value::Struct(block.into_shared()),
            other => other,
        }
    }

    /// The record of a snapshot's row; `source` is of
    /// [`source_of_reads`](Self::source_of_reads).
    pub fn read(
        &mut self,
        schema: &TableSchema,
        row: RowValues,
        source: Value,
        offset: SourceOffset,
    ) -> SourceRecord {
        let change = Change {
            op: "r",
            before: Value::Null,
            key: schema.key_of(&row),
            after: schema.struct_of(row),
            headers: self.headers.shared(),
        };
        self.record_with(schema, source, now_ns(), change, offset)
    }

    /// Adds the records of a rows event to `out`. Returns how many rows the event has.
    pub fn rows(
        &mut self,
        plan: &RowPlan,
        event: &RowsEvent,
        source: &SourceInfo,
        offsets: RowOffsets<'_>,
        out: &mut Vec<SourceRecord>,
    ) -> Result<u64> {
        plan.check(event)?;
        let origin = EventOrigin {
            plan,
            event,
            source,
            offsets,
            now_ns: now_ns(),
        };
        let mut at = event.rows_at();
        let mut count = 0;
        while at < event.end() {
            let done = self.row(origin, &mut at, count, out);
            done.map_err(|error| in_row(error, plan, source, count))?;
            count += 1;
        }
        Ok(count)
    }

    /// Whether rows of this kind are left out (`skipped.operations`).
    pub fn is_skipped(&self, kind: RowsKind) -> bool {
        let skipped = self.settings.skipped_operations;
        match kind {
            RowsKind::Insert => skipped.create,
            RowsKind::Update => skipped.update,
            RowsKind::Delete => skipped.delete,
        }
    }

    fn row(
        &mut self,
        origin: EventOrigin<'_>,
        at: &mut usize,
        number: u64,
        out: &mut Vec<SourceRecord>,
    ) -> Result<()> {
        let EventOrigin {
            plan,
            event,
            source,
            offsets,
            now_ns,
        } = origin;
        if self.is_skipped(event.kind) || number < offsets.skip_rows {
            for _ in 0..event.kind.images() {
                plan.skip_image(event, at)?;
            }
            return Ok(());
        }
        let row = i32::try_from(number).unwrap_or(i32::MAX);
        let origin = Origin {
            schema: plan.schema(),
            source,
            row,
            now_ns,
        };
        let first = plan.read_image(event, at, &mut self.arena)?;
        let offset = |detail| SourceOffset::Position(Arc::clone(offsets.position), detail);
        match event.kind {
            RowsKind::Insert => self.inserted(&origin, first, offset(number + 1), out),
            RowsKind::Delete => {
                let headers = self.headers.shared();
                self.deleted(
                    &origin,
                    first,
                    headers,
                    (offset(number), offset(number + 1)),
                    out,
                );
            }
            RowsKind::Update => {
                let second = plan.read_image(event, at, &mut self.arena)?;
                let offsets = (offset(number), offset(number + 1));
                self.updated(&origin, first, second, offsets, out);
            }
        }
        Ok(())
    }

    fn inserted(
        &mut self,
        origin: &Origin<'_>,
        after: RowValues,
        offset: SourceOffset,
        out: &mut Vec<SourceRecord>,
    ) {
        let change = Change {
            op: "c",
            before: Value::Null,
            key: origin.schema.key_of(&after),
            after: origin.schema.struct_of(after),
            headers: self.headers.shared(),
        };
        out.push(self.record(origin, change, offset));
    }

    /// `offsets` are those before and after the row is done with.
    fn deleted(
        &mut self,
        origin: &Origin<'_>,
        before: RowValues,
        headers: Headers,
        (open, done): (SourceOffset, SourceOffset),
        out: &mut Vec<SourceRecord>,
    ) {
        let key = origin.schema.key_of(&before);
        let change = Change {
            op: "d",
            before: origin.schema.struct_of(before),
            after: Value::Null,
            key: key.clone(),
            headers: headers.clone(),
        };
        if !self.settings.tombstones_on_delete {
            out.push(self.record(origin, change, done));
            return;
        }
        out.push(self.record(origin, change, open));
        out.push(self.tombstone(origin.schema, key, headers, done));
    }

    fn updated(
        &mut self,
        origin: &Origin<'_>,
        before: RowValues,
        after: RowValues,
        (open, done): (SourceOffset, SourceOffset),
        out: &mut Vec<SourceRecord>,
    ) {
        if self.settings.skip_unchanged && before.fields == after.fields {
            return;
        }
        let schema = origin.schema;
        if schema.same_key(&before, &after) {
            let change = Change {
                op: "u",
                key: schema.key_of(&after),
                before: schema.struct_of(before),
                after: schema.struct_of(after),
                headers: self.headers.shared(),
            };
            out.push(self.record(origin, change, done));
            return;
        }
        // A key that changes is a row that goes and another that comes
        // (`RelationalChangeRecordEmitter.emitUpdateAsPrimaryKeyChangeRecord`).
        let (old_key, new_key) = (schema.key_of(&before), schema.key_of(&after));
        let key_schema = schema.key_schema();
        let headers = self.headers.with_new_key(key_schema, new_key.clone());
        self.deleted(origin, before, headers, (open.clone(), open), out);
        let change = Change {
            op: "c",
            before: Value::Null,
            key: new_key,
            after: schema.struct_of(after),
            headers: self.headers.with_old_key(key_schema, old_key),
        };
        out.push(self.record(origin, change, done));
    }

    /// The record of `TRUNCATE TABLE`; none if `skipped.operations` has it.
    pub fn truncate(
        &mut self,
        schema: &TableSchema,
        source: &SourceInfo,
        offset: SourceOffset,
    ) -> Option<SourceRecord> {
        if self.settings.skipped_operations.truncate {
            return None;
        }
        let change = Change {
            op: "t",
            before: Value::Null,
            after: Value::Null,
            key: Value::Null,
            headers: self.headers.shared(),
        };
        let mut record = self.record(
            &Origin {
                schema,
                source,
                row: 0,
                now_ns: now_ns(),
            },
            change,
            offset,
        );
        record.record.key_schema = None;
        Some(record)
    }

    fn record(
        &mut self,
        origin: &Origin<'_>,
        change: Change,
        offset: SourceOffset,
    ) -> SourceRecord {
        let Origin {
            schema,
            source,
            row,
            now_ns: now,
        } = *origin;
        let source = self
            .source
            .of_row(source, schema.database(), Some(schema.name()), row);
        self.record_with(schema, source, now, change, offset)
    }

    fn record_with(
        &mut self,
        schema: &TableSchema,
        source: Value,
        now: i64,
        change: Change,
        offset: SourceOffset,
    ) -> SourceRecord {
        let transaction = match &mut self.transaction {
            None => Value::Null,
            Some(transaction) => transaction.block_of_next(&schema.table().id),
        };
        let values = vec![
            change.before,
            change.after,
            source,
            transaction,
            Value::from(change.op),
            Value::Int64(now.div_euclid(1_000_000)),
            Value::Int64(now.div_euclid(1_000)),
            Value::Int64(now),
        ];
        let envelope = schema.envelope_schema();
        let value = (Some(Arc::clone(envelope)), struct_value(envelope, values));
        self.source_record(
            schema,
            (schema.key_schema(), change.key),
            value,
            change.headers,
            offset,
        )
    }

    fn tombstone(
        &self,
        schema: &TableSchema,
        key: Value,
        headers: Headers,
        offset: SourceOffset,
    ) -> SourceRecord {
        self.source_record(
            schema,
            (schema.key_schema(), key),
            (None, Value::Null),
            headers,
            offset,
        )
    }

    fn source_record(
        &self,
        schema: &TableSchema,
        (key_schema, key): (Option<&SchemaRef>, Value),
        (value_schema, value): (Option<SchemaRef>, Value),
        headers: Headers,
        source_offset: SourceOffset,
    ) -> SourceRecord {
        let record = Record {
            topic: schema.topic().clone(),
            key_schema: key_schema.cloned(),
            key,
            value_schema,
            value,
            headers,
            ..Record::default()
        };
        SourceRecord {
            record,
            source_partition: Arc::clone(&self.partition),
            source_offset,
        }
    }
}

/// The present in nanoseconds of the epoch: when a record was made.
pub(super) fn now_ns() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

#[cold]
fn in_row(error: Error, plan: &RowPlan, source: &SourceInfo, row: u64) -> Error {
    error
        .while_doing(format!("reading row {row} of a binlog event"))
        .with("table", &plan.schema().table().id)
        .with("file", &source.file)
        .with("position", source.pos)
}
