//! PostgreSQL.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, CopyInSink, SimpleQueryMessage, Statement};

use super::error::{DbError, DbResult, Fault};
use super::postgres_binary::{BinaryCells, COPY_HEADER, COPY_TRAILER, Wire};
use super::postgres_cells::CopyCells;
use super::postgres_connect::connect;
use super::postgres_error::fault_of;
use super::postgres_prepared::{Prepared, RowForm};
use super::{Encoding, Manner, TextRows};
use crate::plan::{Batch, Op, PlanColumn, Row};
use crate::url::JdbcUrl;
use crate::values::Family;

/// COPY data goes in pieces of about this size.
const CHUNK: usize = 128 << 10;
/// But for the first.
const FIRST_CHUNK: usize = 16 << 10;

/// The arrays of one statement grow to about this size.
const ARRAYS: usize = 2 << 20;

/// A query that fails as a value would that does not fit.
const FAILS: &str = "SELECT 1/0";

/// For so many plans and ways of writing the statements are kept.
const MAX_PREPARED: usize = 256;

pub(crate) struct PostgresSession {
    client: Client,
    prepared: HashMap<Key, Arc<Prepared>>,
    /// Plans whose columns cannot be asked for, as it takes another right than to write them.
    text_only: HashSet<u64>,
}

/// A plan's number, and how its rows are written.
type Key = (u64, Op, Encoding);

impl fmt::Debug for PostgresSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSession").finish_non_exhaustive()
    }
}

impl PostgresSession {
    pub(super) async fn connect(url: &JdbcUrl) -> DbResult<Self> {
        let (client, connection) = connect(url).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("the connection to PostgreSQL ended: {error}");
            }
        });
        let mut session = Self {
            client,
            prepared: HashMap::new(),
            text_only: HashSet::new(),
        };
        for statement in &url.setup {
            session.execute(statement).await?;
        }
        Ok(session)
    }

    pub(crate) async fn query(&mut self, sql: &str) -> DbResult<TextRows> {
        let messages = self
            .client
            .simple_query(sql)
            .await
            .map_err(|e| fault_of(&e))?;
        Ok(messages
            .into_iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|column| row.get(column).map(str::to_owned))
                        .collect(),
                ),
                _ => None,
            })
            .collect())
    }

    pub(crate) async fn execute(&mut self, sql: &str) -> DbResult<()> {
        self.client
            .batch_execute(sql)
            .await
            .map_err(|e| fault_of(&e))
    }

    /// Writes rows in the open transaction.
    pub(super) async fn write(
        &mut self,
        batch: Batch<'_>,
        manner: &Manner,
        encoding: Encoding,
    ) -> DbResult<()> {
        let prepared = self.prepared(batch, manner, encoding).await?;
        if let RowForm::CopyBinary { guard, .. } = &prepared.form {
            let guarded = self.client.execute(guard, &[]).await;
            guarded.map_err(|e| self.unguarded(batch, &e))?;
        }
        self.write_prepared(&prepared, batch, manner).await
    }

    /// Writes rows that go by COPY in a transaction of their own. After an error it is still to be
    /// rolled back.
    pub(super) async fn write_alone(&mut self, batch: Batch<'_>, manner: &Manner) -> DbResult<()> {
        let prepared = self.prepared(batch, manner, Encoding::Binary).await?;
        let RowForm::CopyBinary { guard, .. } = &prepared.form else {
            return self.write_prepared(&prepared, batch, manner).await;
        };
        let begin = self.client.batch_execute("BEGIN");
        let (begun, guarded) = tokio::join!(begin, self.client.execute(guard, &[]));
        begun.map_err(|e| fault_of(&e))?;
        guarded.map_err(|e| self.unguarded(batch, &e))?;
        self.write_prepared(&prepared, batch, manner).await?;
        self.execute("COMMIT").await
    }

    async fn write_prepared(
        &mut self,
        prepared: &Prepared,
        batch: Batch<'_>,
        manner: &Manner,
    ) -> DbResult<()> {
        let statement = &prepared.statement;
        match &prepared.form {
            RowForm::CopyText => self.copy_text(statement, batch, manner).await,
            RowForm::CopyBinary { wires, .. } => {
                let cells = BinaryCells::rows(wires.clone());
                self.copy_binary(statement, batch, manner, cells).await
            }
            RowForm::Arrays(wires) => {
                let cells = BinaryCells::arrays(wires.clone());
                self.unnest(statement, batch, manner, cells).await
            }
        }
    }

    /// Why rows may not go in binary formats; as text they may.
    fn unguarded(&mut self, batch: Batch<'_>, error: &tokio_postgres::Error) -> DbError {
        let fault = fault_of(error);
        if matches!(fault.fault, Fault::Connection | Fault::Transient) {
            return fault;
        }
        tracing::debug!("rows go as text: {fault}");
        let plan = batch.plan.id;
        self.prepared.remove(&(plan, batch.op, Encoding::Binary));
        // "cached plan must not change result type": the new types are found when it is prepared again.
        if error.code() != Some(&SqlState::FEATURE_NOT_SUPPORTED) {
            self.text_only.insert(plan);
        }
        DbError {
            fault: Fault::Data,
            ..fault
        }
    }

    /// A query that fails if the row's value does not fit `column`; none where
    /// that is clear without asking.
    pub(crate) fn check_of(
        &self,
        column: &PlanColumn,
        row: &Row<'_>,
        manner: &Manner,
    ) -> Option<String> {
        let mut arrays = BinaryCells::arrays(vec![Wire::Text]);
        column
            .write(row, &manner.style, &mut arrays, &mut Vec::new())
            .ok()?;
        let text = arrays.into_first_text()?;
        if text.contains('\0') {
            return Some(FAILS.to_owned());
        }
        if let Some(length) = column.length.filter(|_| column.family == Family::Text) {
            let too_long = text.chars().count() > length as usize;
            return too_long.then(|| FAILS.to_owned());
        }
        let type_name = &column.type_name;
        let number = column
            .digits
            .filter(|_| column.family == Family::Decimal)
            .map(|(precision, scale)| format!("numeric({precision},{scale})"));
        let text = text.replace('\'', "''");
        let type_name = number.as_ref().unwrap_or(type_name);
        Some(format!("SELECT CAST('{text}' AS {type_name})"))
    }

    async fn prepared(
        &mut self,
        batch: Batch<'_>,
        manner: &Manner,
        encoding: Encoding,
    ) -> DbResult<Arc<Prepared>> {
        let key = (batch.plan.id, batch.op, encoding);
        if let Some(prepared) = self.prepared.get(&key) {
            return Ok(prepared.clone());
        }
        let encoding = match self.text_only.contains(&batch.plan.id) {
            true => Encoding::Text,
            false => encoding,
        };
        let prepared = Prepared::make(&self.client, batch, manner, encoding).await?;
        if self.prepared.len() >= MAX_PREPARED {
            self.prepared.clear();
        }
        let prepared = Arc::new(prepared);
        self.prepared.insert(key, prepared.clone());
        Ok(prepared)
    }

    async fn copy_text(
        &mut self,
        statement: &Statement,
        batch: Batch<'_>,
        manner: &Manner,
    ) -> DbResult<()> {
        let mut copy = pin!(self.copy(statement).await?);
        let mut chunks = Chunks::new();
        let mut buffer = chunks.buffer();
        let mut scratch = Vec::with_capacity(64);
        for (index, row) in batch.rows.iter().enumerate() {
            let mut cells = CopyCells::new(&mut buffer);
            for column in &batch.plan.columns {
                column
                    .write(row, &manner.style, &mut cells, &mut scratch)
                    .map_err(|error| DbError::cell(error, index))?;
            }
            cells.end_row();
            if let Some(full) = chunks.full(&mut buffer) {
                copy.send(full).await.map_err(|e| fault_of(&e))?;
            }
        }
        copy.send(buffer.into()).await.map_err(|e| fault_of(&e))?;
        copy.finish().await.map_err(|e| fault_of(&e))?;
        Ok(())
    }

    async fn copy_binary(
        &mut self,
        statement: &Statement,
        batch: Batch<'_>,
        manner: &Manner,
        mut cells: BinaryCells,
    ) -> DbResult<()> {
        let mut copy = pin!(self.copy(statement).await?);
        let mut chunks = Chunks::new();
        *cells.buffer() = chunks.buffer();
        cells.buffer().extend_from_slice(COPY_HEADER);
        let mut scratch = Vec::with_capacity(64);
        for (index, row) in batch.rows.iter().enumerate() {
            cells.begin_row();
            cells.write_row(&batch.plan.columns, row, manner, &mut scratch, index)?;
            if let Some(full) = chunks.full(cells.buffer()) {
                copy.send(full).await.map_err(|e| fault_of(&e))?;
            }
        }
        cells.buffer().extend_from_slice(&COPY_TRAILER);
        let rest = std::mem::take(cells.buffer());
        copy.send(rest.into()).await.map_err(|e| fault_of(&e))?;
        copy.finish().await.map_err(|e| fault_of(&e))?;
        Ok(())
    }

    async fn copy(&self, statement: &Statement) -> DbResult<CopyInSink<Bytes>> {
        let copy = self.client.copy_in(statement).await;
        copy.map_err(|e| fault_of(&e))
    }

    async fn unnest(
        &mut self,
        statement: &Statement,
        batch: Batch<'_>,
        manner: &Manner,
        mut arrays: BinaryCells,
    ) -> DbResult<()> {
        let columns = batch.plan.used(batch.op);
        let mut scratch = Vec::with_capacity(64);
        for (index, row) in batch.rows.iter().enumerate() {
            arrays.write_row(columns, row, manner, &mut scratch, index)?;
            if arrays.size() >= ARRAYS && index + 1 < batch.rows.len() {
                self.run_arrays(statement, arrays.take_arrays()).await?;
            }
        }
        self.run_arrays(statement, arrays.take_arrays()).await
    }

    async fn run_arrays(&mut self, statement: &Statement, arrays: Vec<Vec<u8>>) -> DbResult<()> {
        let arrays: Vec<BinaryArray> = arrays.into_iter().map(BinaryArray).collect();
        self.client
            .execute_raw(statement, &arrays)
            .await
            .map_err(|e| fault_of(&e))?;
        Ok(())
    }
}

/// The parts that COPY's data goes in.
struct Chunks {
    size: usize,
}

impl Chunks {
    /// The server has something to do early, then large parts.
    fn new() -> Self {
        Self { size: FIRST_CHUNK }
    }

    fn buffer(&self) -> Vec<u8> {
        Vec::with_capacity(self.size + self.size / 8)
    }

    /// What is in `buffer`, once it is enough.
    fn full(&mut self, buffer: &mut Vec<u8>) -> Option<Bytes> {
        if buffer.len() < self.size {
            return None;
        }
        self.size = CHUNK;
        Some(std::mem::replace(buffer, self.buffer()).into())
    }
}

/// An array in the binary format.
#[derive(Debug)]
struct BinaryArray(Vec<u8>);

impl ToSql for BinaryArray {
    fn to_sql(
        &self,
        _ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(ty.kind(), Kind::Array(_))
    }

    to_sql_checked!();
}
