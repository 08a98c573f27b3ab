//! Writes the records of one call: all in one transaction, and the rows that
//! the database refuses found and reported one by one.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use connect_api::plugin::{ErrantRecordReporter, PartitionOffsets};
use connect_api::record::{SinkRecord, TopicPartition};
use connect_api::{Error, Result};

use crate::buffer::{Buffer, Duplicates, Rows, Step};
use crate::config::{InsertMode, SinkSettings};
use crate::db::{DbError, Encoding, Fault, Manner, Session};
use crate::offsets::OffsetTable;
use crate::plan::Batch;
use crate::planner::{PlanError, Planner, row_error};
use crate::structure::NewType;
use crate::widening::wider_columns;

/// Columns are widened at most so often for one call.
const MAX_WIDENINGS: usize = 20;

/// Why a call failed.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// The task's end, as it stands.
    Fatal(Error),
    /// The database's doing.
    Database(DbError),
    /// Columns were widened: once more.
    Widened,
    /// The target has some of the records, which may stand for new ones of their
    /// key: once more, with every record.
    Repeated,
}

impl From<DbError> for WriteError {
    fn from(error: DbError) -> Self {
        WriteError::Database(error)
    }
}

/// Writes records.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) manner: Manner,
    pub(crate) planner: Planner,
    pub(crate) offsets: Option<OffsetTable>,
}

/// What a call writes with.
pub(crate) struct Tools<'t> {
    pub(crate) session: &'t mut Session,
    pub(crate) settings: &'t SinkSettings,
    pub(crate) reporter: &'t dyn ErrantRecordReporter,
    /// The records that were reported, by their address.
    pub(crate) reported: HashSet<usize>,
}

/// What a transaction is to do.
struct Work<'w, 'r> {
    steps: &'w mut Vec<Step<'r>>,
    /// Where each partition is after it, where the target keeps that.
    offsets: Option<&'w HashMap<&'w TopicPartition, i64>>,
    /// The rows that are refused are found and reported, and the others written.
    isolates: bool,
}

impl Writer {
    /// Writes `records`; those that cannot be written are reported.
    pub(crate) async fn write(
        &mut self,
        mut tools: Tools<'_>,
        records: &[SinkRecord],
    ) -> Result<(), WriteError> {
        for _ in 0..MAX_WIDENINGS {
            match self.write_once(&mut tools, records).await {
                Err(WriteError::Widened) => self.planner.forget(),
                other => return other,
            }
        }
        Err(WriteError::Fatal(Error::internal(
            "columns were widened again and again, and values still do not fit",
        )))
    }

    async fn write_once(
        &mut self,
        tools: &mut Tools<'_>,
        records: &[SinkRecord],
    ) -> Result<(), WriteError> {
        let duplicates = tools.settings.duplicates;
        let offsets = self.offsets.as_ref().map(|_| next_offsets(records));
        let mut steps = self.steps_of(tools, records, duplicates).await?;
        let mut work = Work {
            steps: &mut steps,
            offsets: offsets.as_ref(),
            isolates: false,
        };
        let written = self.in_transaction(tools, &mut work).await;
        match written {
            Err(WriteError::Database(error)) if error.fault == Fault::Data => {
                tracing::debug!("looking for the row that was refused: {error}");
            }
            Err(WriteError::Repeated) => {
                tracing::debug!("the target has some of the records already");
            }
            other => return other,
        }
        // If it is the last of its key, the one before it counts.
        let inserts = tools.settings.insert_mode == InsertMode::Insert;
        if duplicates == Duplicates::LastOnly && !inserts {
            steps = self.steps_of(tools, records, Duplicates::Split).await?;
        }
        let mut work = Work {
            steps: &mut steps,
            offsets: offsets.as_ref(),
            isolates: true,
        };
        self.in_transaction(tools, &mut work).await
    }

    /// What has to be done for `records`; those without a plan are reported.
    async fn steps_of<'r>(
        &mut self,
        tools: &mut Tools<'_>,
        records: &'r [SinkRecord],
        duplicates: Duplicates,
    ) -> Result<Vec<Step<'r>>, WriteError> {
        let mut buffer = Buffer::new(tools.settings.batch_size, duplicates);
        for record in records {
            let added = self
                .planner
                .add(
                    tools.session,
                    tools.settings,
                    &self.manner,
                    record,
                    &mut buffer,
                )
                .await;
            match added {
                Ok(()) => {}
                Err(PlanError::Database(error)) => return Err(error.into()),
                Err(PlanError::Record(error)) => tools.report(record, error)?,
            }
        }
        Ok(buffer.steps)
    }

    /// Does all of it in one transaction.
    async fn in_transaction(
        &mut self,
        tools: &mut Tools<'_>,
        work: &mut Work<'_, '_>,
    ) -> Result<(), WriteError> {
        if work.steps.is_empty() && work.offsets.is_none() {
            return Ok(());
        }
        let done = self.transaction(tools, work).await;
        if done.is_err()
            && let Err(rollback) = tools.session.execute("ROLLBACK").await
        {
            tracing::debug!("rolling back: {rollback}");
        }
        done
    }

    async fn transaction(
        &mut self,
        tools: &mut Tools<'_>,
        work: &mut Work<'_, '_>,
    ) -> Result<(), WriteError> {
        if let ([Step::Rows(rows)], None, false) = (&work.steps[..], work.offsets, work.isolates) {
            let written = tools.session.write_alone(batch(rows), &self.manner);
            if let Some(written) = written.await {
                return Ok(written?);
            }
        }
        tools.session.begin().await?;
        self.steps(tools, work).await?;
        Ok(tools.session.execute("COMMIT").await?)
    }

    async fn steps(
        &mut self,
        tools: &mut Tools<'_>,
        work: &mut Work<'_, '_>,
    ) -> Result<(), WriteError> {
        if let (Some(table), Some(offsets)) = (&self.offsets, work.offsets) {
            let written = table.lock(tools.session, offsets.keys().copied()).await?;
            let dropped = drop_written(work.steps, &written);
            if dropped && !work.isolates && tools.settings.duplicates == Duplicates::LastOnly {
                return Err(WriteError::Repeated);
            }
        }
        for step in work.steps.iter() {
            match step {
                Step::Truncate(table, _) => {
                    let sql = self.manner.dialect.truncate(table);
                    tools.session.execute(&sql).await?;
                }
                Step::Rows(rows) if work.isolates => self.isolate(tools, rows).await?,
                Step::Rows(rows) => {
                    if !rows.rows.is_empty() {
                        let (session, rows) = (&mut *tools.session, batch(rows));
                        session.write(rows, &self.manner, Encoding::Binary).await?;
                    }
                }
            }
        }
        if let (Some(table), Some(offsets)) = (&self.offsets, work.offsets) {
            table.store(tools.session, offsets).await?;
        }
        Ok(())
    }

    /// Writes rows, halving what is refused until single rows are left.
    async fn isolate(&mut self, tools: &mut Tools<'_>, rows: &Rows<'_>) -> Result<(), WriteError> {
        let mut open: Vec<Range<usize>> = Vec::new();
        open.push(0..rows.rows.len());
        while let Some(range) = open.pop() {
            if range.is_empty() {
                continue;
            }
            let part = Batch {
                rows: &rows.rows[range.clone()],
                ..batch(rows)
            };
            tools.session.execute("SAVEPOINT connectd").await?;
            let written = tools.session.write(part, &self.manner, Encoding::Text);
            let error = match written.await {
                Ok(()) => {
                    tools.session.execute("RELEASE SAVEPOINT connectd").await?;
                    continue;
                }
                Err(error) if error.fault == Fault::Data => error,
                Err(error) => return Err(error.into()),
            };
            tools
                .session
                .execute("ROLLBACK TO SAVEPOINT connectd")
                .await?;
            if error.too_narrow && tools.settings.auto_widen {
                self.widen(tools, part).await?;
            }
            if range.len() == 1 {
                self.report(tools, rows, range.start, error).await?;
                continue;
            }
            // The row that the database names is tried alone, else a half.
            let culprit = error.row.map(|row| range.start + row);
            match culprit.filter(|culprit| range.contains(culprit)) {
                Some(culprit) => {
                    open.push(culprit + 1..range.end);
                    open.push(culprit..culprit + 1);
                    open.push(range.start..culprit);
                }
                None => {
                    let middle = range.start + range.len() / 2;
                    open.push(middle..range.end);
                    open.push(range.start..middle);
                }
            }
        }
        Ok(())
    }

    /// Widens the columns that a row of `part` does not fit, if there are any:
    /// outside of the transaction, which is over then.
    async fn widen(&mut self, tools: &mut Tools<'_>, part: Batch<'_>) -> Result<(), WriteError> {
        let wider = wider_columns(&self.manner, part);
        if wider.is_empty() {
            return Ok(());
        }
        tools.session.execute("ROLLBACK").await?;
        for (column, new_type) in wider {
            self.planner
                .structure
                .change_type(
                    tools.session,
                    &self.manner.dialect,
                    &part.plan.table,
                    NewType {
                        column: &column.column,
                        type_name: &new_type,
                        nullable: column.nullable,
                    },
                )
                .await?;
        }
        Err(WriteError::Widened)
    }

    async fn report(
        &mut self,
        tools: &mut Tools<'_>,
        rows: &Rows<'_>,
        index: usize,
        mut error: DbError,
    ) -> Result<(), WriteError> {
        let row = &rows.rows[index];
        if error.column.is_none() {
            error.column = self.culprit_column(tools, rows, index).await?;
        }
        let reported = row_error(&rows.plan.table, row.record, error);
        tools.report(row.record, reported)
    }

    /// The column whose value the database refuses, where it does not say which.
    async fn culprit_column(
        &self,
        tools: &mut Tools<'_>,
        rows: &Rows<'_>,
        index: usize,
    ) -> Result<Option<String>, WriteError> {
        let Session::Postgres(session) = &mut *tools.session else {
            return Ok(None);
        };
        for column in rows.plan.used(rows.op) {
            let Some(sql) = session.check_of(column, &rows.rows[index], &self.manner) else {
                continue;
            };
            session.execute("SAVEPOINT connectd").await?;
            match session.query(&sql).await {
                Ok(_) => session.execute("RELEASE SAVEPOINT connectd").await?,
                Err(error) if error.fault == Fault::Data => {
                    session.execute("ROLLBACK TO SAVEPOINT connectd").await?;
                    return Ok(Some(column.column.clone()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }
}

impl Tools<'_> {
    /// Reports a record once, also where its call is made again.
    fn report(&mut self, record: &SinkRecord, error: Error) -> Result<(), WriteError> {
        if !self.reported.insert(std::ptr::from_ref(record) as usize) {
            return Ok(());
        }
        self.reporter
            .report(record, error)
            .map_err(WriteError::Fatal)
    }
}

fn batch<'b>(rows: &'b Rows<'b>) -> Batch<'b> {
    Batch {
        plan: &rows.plan,
        op: rows.op,
        rows: &rows.rows,
    }
}

/// Takes away the records that the target has already; true if there are any.
fn drop_written(steps: &mut Vec<Step<'_>>, written: &PartitionOffsets) -> bool {
    let mut dropped = false;
    let mut is_new = |record: &SinkRecord| {
        let new = written
            .get(&record.origin)
            .is_none_or(|next| record.offset >= *next);
        dropped |= !new;
        new
    };
    steps.retain_mut(|step| match step {
        Step::Truncate(_, record) => is_new(record),
        Step::Rows(rows) => {
            rows.rows.retain(|row| is_new(row.record));
            !rows.rows.is_empty()
        }
    });
    dropped
}

/// The offset after the last record of each partition.
fn next_offsets(records: &[SinkRecord]) -> HashMap<&TopicPartition, i64> {
    let mut offsets = HashMap::new();
    for record in records {
        offsets.insert(&record.origin, record.offset + 1);
    }
    offsets
}
