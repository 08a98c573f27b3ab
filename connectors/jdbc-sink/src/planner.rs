//! From records to steps: finds each record's table and plan, and makes the
//! database ready for it.

use std::collections::HashMap;
use std::sync::Arc;

use connect_api::data::{ByteString, Schema, SchemaRef, Struct};
use connect_api::record::SinkRecord;
use connect_api::{Error, Result};

use crate::buffer::Buffer;
use crate::config::{PkMode, SinkSettings};
use crate::db::{DbError, DbResult, Fault, Manner, Session};
use crate::envelope::{Action, action, at_record};
use crate::fields::{Fields, RecordSchemas};
use crate::naming;
use crate::plan::{Op, Plan, Row};
use crate::structure::{Needs, Structure};
use crate::table::TableId;

/// Plans that are kept; beyond, all are made anew.
const MAX_PLANS: usize = 2000;

/// What a record's plan depends on: schemas by their address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PlanKey {
    topic: ByteString,
    key: usize,
    row: usize,
    op: Op,
    /// The table, where it depends on an envelope's source.
    table: Option<String>,
    headers: Vec<(ByteString, usize)>,
}

/// A plan, with the schemas whose addresses its key has.
#[derive(Debug)]
struct Planned {
    /// None: there is nothing to delete from.
    plan: Option<Arc<Plan>>,
    _schemas: (Option<SchemaRef>, Option<SchemaRef>),
}

/// Makes plans and keeps them.
#[derive(Debug, Default)]
pub(crate) struct Planner {
    pub(crate) structure: Structure,
    plans: HashMap<PlanKey, Planned>,
    by_table: HashMap<TableId, Vec<Arc<Plan>>>,
    last: Option<(PlanKey, Option<Arc<Plan>>)>,
    next_id: u64,
}

/// Why a record has no plan.
#[derive(Debug)]
pub(crate) enum PlanError {
    /// The record's fault, or that of the table that it asks for.
    Record(Error),
    /// The database's.
    Database(DbError),
}

impl Planner {
    /// Forgets what was known of the database.
    pub(crate) fn forget(&mut self) {
        self.structure.forget();
        self.plans.clear();
        self.by_table.clear();
        self.last = None;
    }

    /// Adds `record` to `buffer`.
    pub(crate) async fn add<'r>(
        &mut self,
        session: &mut Session,
        settings: &SinkSettings,
        manner: &Manner,
        record: &'r SinkRecord,
        buffer: &mut Buffer<'r>,
    ) -> std::result::Result<(), PlanError> {
        match action(settings, record).map_err(PlanError::Record)? {
            Action::Skip(why) => {
                tracing::debug!(
                    "skipped the record at {} offset {}: {why}",
                    record.origin,
                    record.offset
                );
            }
            // Debezium cannot name the table of a tombstone either, and skips it.
            Action::Row { source: None, .. }
                if settings.table_format.contains("${source.") && record.record.value.is_null() =>
            {
                tracing::debug!("skipped a tombstone: it has no source that names its table");
            }
            Action::Truncate { source } => {
                let table = table_of(settings, manner, record, source)?;
                buffer.truncate(table, record);
            }
            Action::Row {
                op,
                schema,
                body,
                source,
            } => {
                let wanted = Wanted {
                    record,
                    op,
                    row: schema,
                    source,
                };
                let plan = self.plan(session, settings, manner, wanted).await?;
                if let Some(plan) = plan {
                    buffer.add(&plan, op, Row { record, body });
                }
            }
        }
        Ok(())
    }

    async fn plan(
        &mut self,
        session: &mut Session,
        settings: &SinkSettings,
        manner: &Manner,
        wanted: Wanted<'_>,
    ) -> std::result::Result<Option<Arc<Plan>>, PlanError> {
        if let Some((key, plan)) = &self.last
            && wanted.is(key, settings)
        {
            return Ok(plan.clone());
        }
        let table = table_of(settings, manner, wanted.record, wanted.source)?;
        let key = wanted.key(settings);
        let plan = match self.plans.get(&key) {
            Some(planned) => planned.plan.clone(),
            None => {
                let plan = self
                    .make(session, settings, manner, &wanted, &table)
                    .await?;
                if self.plans.len() >= MAX_PLANS {
                    self.plans.clear();
                    self.by_table.clear();
                }
                let schemas = (wanted.record.record.key_schema.clone(), wanted.row.cloned());
                let planned = Planned {
                    plan: plan.clone(),
                    _schemas: schemas,
                };
                self.plans.insert(key.clone(), planned);
                plan
            }
        };
        self.last = Some((key, plan.clone()));
        Ok(plan)
    }

    async fn make(
        &mut self,
        session: &mut Session,
        settings: &SinkSettings,
        manner: &Manner,
        wanted: &Wanted<'_>,
        table: &TableId,
    ) -> std::result::Result<Option<Arc<Plan>>, PlanError> {
        let record = wanted.record;
        let schemas = RecordSchemas {
            topic: &record.record.topic,
            table: &table.table,
            key: record.record.key_schema.as_ref(),
            row: wanted.row,
        };
        let headers = wanted.headers(settings);
        let refused = |error: Error| PlanError::Record(record_error(table, record, error));
        let fields = Fields::extract(settings, schemas, &headers).map_err(refused)?;
        check_mode(settings, &fields, table).map_err(refused)?;
        let found = self
            .table(session, settings, manner, (wanted, table, &fields))
            .await;
        let Some(definition) = found.map_err(|error| plan_error(table, record, error))? else {
            return Ok(None);
        };
        let columns = Plan::columns_of(
            &fields,
            &definition,
            &manner.dialect,
            settings.replace_null_with_default,
        )
        .map_err(|reason| refused(Error::data(reason)))?;
        let known = self.by_table.entry(table.clone()).or_default();
        if let Some(same) = known
            .iter()
            .find(|plan| plan.columns == columns && plan.keys == fields.keys)
        {
            return Ok(Some(same.clone()));
        }
        self.next_id += 1;
        let plan = Arc::new(Plan {
            id: self.next_id,
            table: table.clone(),
            columns,
            keys: fields.keys,
            is_view: definition.kind == crate::table::TableKind::View,
        });
        known.push(plan.clone());
        Ok(Some(plan))
    }

    /// The table of a plan; none if a delete has nothing to delete from.
    async fn table(
        &mut self,
        session: &mut Session,
        settings: &SinkSettings,
        manner: &Manner,
        (wanted, id, fields): (&Wanted<'_>, &TableId, &Fields),
    ) -> DbResult<Option<Arc<crate::table::TableDef>>> {
        if wanted.op == Op::Delete && settings.auto_create {
            return self.structure.table(session, &manner.dialect, id).await;
        }
        let row: Option<&Schema> = wanted.row.map(|schema| &**schema);
        let needs = Needs {
            settings,
            manner,
            id,
            fields,
            row,
        };
        self.structure.ensure(session, needs).await.map(Some)
    }
}

/// A record that a plan is wanted for.
#[derive(Debug, Clone, Copy)]
struct Wanted<'r> {
    record: &'r SinkRecord,
    op: Op,
    row: Option<&'r SchemaRef>,
    source: Option<&'r Struct>,
}

fn address(schema: Option<&SchemaRef>) -> usize {
    schema.map_or(0, |schema| Arc::as_ptr(schema) as usize)
}

impl Wanted<'_> {
    fn key(&self, settings: &SinkSettings) -> PlanKey {
        let record = &self.record.record;
        let varies = settings.table_format.contains("${source.");
        PlanKey {
            topic: record.topic.clone(),
            key: address(record.key_schema.as_ref()),
            row: address(self.row),
            op: self.op,
            table: varies.then(|| {
                naming::table_name(settings, &record.topic, self.source).unwrap_or_default()
            }),
            headers: self
                .headers(settings)
                .into_iter()
                .map(|(name, schema)| (name, schema.kind() as usize))
                .collect(),
        }
    }

    /// True if this is `key`, without making one where that can be told.
    fn is(&self, key: &PlanKey, settings: &SinkSettings) -> bool {
        let record = &self.record.record;
        let same = key.op == self.op
            && key.key == address(record.key_schema.as_ref())
            && key.row == address(self.row)
            && key.topic == record.topic;
        if key.table.is_none() && settings.pk_mode != PkMode::RecordHeader {
            return same;
        }
        same && *key == self.key(settings)
    }

    /// The headers that `record_header` takes.
    fn headers(&self, settings: &SinkSettings) -> Vec<(ByteString, SchemaRef)> {
        if settings.pk_mode != PkMode::RecordHeader {
            return Vec::new();
        }
        let mut headers: Vec<(ByteString, SchemaRef)> = Vec::new();
        for header in self.record.record.headers.iter() {
            let kind = header
                .value
                .kind()
                .unwrap_or(connect_api::data::Type::String);
            let schema = header
                .schema
                .clone()
                .unwrap_or_else(|| Schema::required(kind));
            headers.retain(|(name, _)| *name != header.key);
            headers.push((header.key.clone(), schema));
        }
        headers
    }
}

fn table_of(
    settings: &SinkSettings,
    manner: &Manner,
    record: &SinkRecord,
    source: Option<&Struct>,
) -> std::result::Result<TableId, PlanError> {
    naming::table_name(settings, &record.record.topic, source)
        .and_then(|name| naming::table_id(&manner.dialect, &name))
        .map_err(|error| {
            PlanError::Record(at_record("finding the record's table", record).caused_by(error))
        })
}

/// What a statement of the mode needs (`BufferedRecords.getInsertSql`).
fn check_mode(settings: &SinkSettings, fields: &Fields, table: &TableId) -> Result<()> {
    use crate::config::InsertMode;
    if settings.insert_mode == InsertMode::Upsert && fields.keys == 0 {
        return Err(Error::config(format!(
            "Write to table '{table}' in UPSERT mode requires key field names to be known, check the primary key \
             configuration"
        )));
    }
    if settings.insert_mode == InsertMode::Update && fields.keys == 0 {
        return Err(Error::config(format!(
            "Write to table '{table}' in UPDATE mode requires key field names to be known, check the primary key \
             configuration"
        )));
    }
    Ok(())
}

fn plan_error(table: &TableId, record: &SinkRecord, error: DbError) -> PlanError {
    if error.fault == Fault::Data {
        PlanError::Record(row_error(table, record, error))
    } else {
        PlanError::Database(error)
    }
}

/// An error of one record, with the record's place.
fn record_error(
    table: &TableId,
    record: &SinkRecord,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    at_record(&format!("cannot write a record to table {table}"), record).caused_by(cause)
}

/// What the database says of one record, with the record's place and the column.
pub(crate) fn row_error(table: &TableId, record: &SinkRecord, error: DbError) -> Error {
    let column = error.column.clone();
    let reported = record_error(table, record, error);
    match column {
        Some(column) => reported.with("column", column),
        None => reported,
    }
}
