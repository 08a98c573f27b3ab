//! SQLite: calls block, so they run beside the runtime's threads.

use std::fmt;
use std::sync::Mutex;

use connect_api::java::float;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, ErrorCode, params_from_iter};

use super::error::{DbError, DbResult, Fault};
use super::{Manner, TextRows};
use crate::plan::Batch;
use crate::url::JdbcUrl;
use crate::values::Cells;
use crate::values::temporal::Eras;

/// Rows are handed over in pieces of about this size.
const PIECE: usize = 2 << 20;

pub(crate) struct SqliteSession {
    /// Never locked: a mutex makes it shareable, which futures ask for.
    connection: Option<Mutex<Connection>>,
}

impl fmt::Debug for SqliteSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteSession").finish_non_exhaustive()
    }
}

impl SqliteSession {
    pub(super) async fn open(url: &JdbcUrl) -> DbResult<Self> {
        let path = url.name.clone().unwrap_or_default();
        let setup = url.setup.clone();
        let opened = tokio::task::spawn_blocking(move || -> rusqlite::Result<Connection> {
            let connection = Connection::open(&path)?;
            // sqlite-jdbc waits as long for a lock.
            connection.busy_timeout(std::time::Duration::from_secs(3))?;
            for pragma in &setup {
                connection
                    .query_row(pragma, [], |_| Ok(()))
                    .or_else(no_rows)?;
            }
            Ok(connection)
        });
        let connection = opened.await.map_err(died)?.map_err(|error| {
            let mut fault = fault_of(&error);
            fault.message = format!("opening {}: {}", url.place(), fault.message);
            fault
        })?;
        Ok(Self {
            connection: Some(Mutex::new(connection)),
        })
    }

    /// Runs `work` on the connection, beside the runtime's threads.
    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        let mut connection = self
            .connection
            .take()
            .ok_or_else(|| DbError::new(Fault::Connection, "the connection is gone"))?;
        let (connection, result) = tokio::task::spawn_blocking(move || {
            let result = match connection.get_mut() {
                Ok(connection) => work(connection),
                Err(poisoned) => work(poisoned.into_inner()),
            };
            (connection, result)
        })
        .await
        .map_err(died)?;
        self.connection = Some(connection);
        result
    }

    pub(super) async fn query(&mut self, sql: &str) -> DbResult<TextRows> {
        let sql = sql.to_owned();
        self.with(move |connection| query(connection, &sql).map_err(|error| fault_of(&error)))
            .await
    }

    pub(super) async fn execute(&mut self, sql: &str) -> DbResult<()> {
        let sql = sql.to_owned();
        self.with(move |connection| {
            connection
                .execute_batch(&sql)
                .map_err(|error| fault_of(&error))
        })
        .await
    }

    pub(super) async fn write(&mut self, batch: Batch<'_>, manner: &Manner) -> DbResult<()> {
        let sql = manner
            .dialect
            .one_row(batch.plan.target(), batch.op, manner.mode);
        let columns = batch.plan.used(batch.op);
        let mut rows = Vec::new();
        let mut scratch = Vec::new();
        let (mut first, mut size) = (0, 0);
        for (index, row) in batch.rows.iter().enumerate() {
            let mut values = Values(Vec::with_capacity(columns.len()));
            for column in columns {
                column
                    .write(row, &manner.style, &mut values, &mut scratch)
                    .map_err(|error| DbError::cell(error, index))?;
            }
            size += values.size();
            rows.push(values.0);
            if size >= PIECE {
                self.run(&sql, std::mem::take(&mut rows), first).await?;
                (first, size) = (index + 1, 0);
            }
        }
        self.run(&sql, rows, first).await
    }

    /// Runs a statement for each of `rows`, the first of which is the batch's
    /// row `first`.
    async fn run(&mut self, sql: &str, rows: Vec<Vec<Value>>, first: usize) -> DbResult<()> {
        let sql = sql.to_owned();
        self.with(move |connection| {
            let mut statement = connection
                .prepare_cached(&sql)
                .map_err(|error| fault_of(&error))?;
            for (index, row) in rows.iter().enumerate() {
                statement
                    .execute(params_from_iter(row))
                    .map_err(|error| DbError {
                        row: Some(first + index),
                        ..fault_of(&error)
                    })?;
            }
            Ok(())
        })
        .await
    }
}

fn no_rows(error: Error) -> rusqlite::Result<()> {
    match error {
        Error::QueryReturnedNoRows => Ok(()),
        other => Err(other),
    }
}

fn query(connection: &Connection, sql: &str) -> rusqlite::Result<TextRows> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut result = Vec::new();
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(match row.get_ref(column)? {
                ValueRef::Null => None,
                ValueRef::Integer(value) => Some(value.to_string()),
                ValueRef::Real(value) => Some(value.to_string()),
                ValueRef::Text(text) | ValueRef::Blob(text) => {
                    Some(String::from_utf8_lossy(text).into_owned())
                }
            });
        }
        result.push(values);
    }
    Ok(result)
}

/// A row's values for a prepared statement.
#[derive(Debug)]
struct Values(Vec<Value>);

impl Values {
    /// About how many bytes they have.
    fn size(&self) -> usize {
        let sizes = self.0.iter().map(|value| match value {
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            Value::Null | Value::Integer(_) | Value::Real(_) => 0,
        });
        sizes.sum::<usize>() + self.0.len() * size_of::<Value>()
    }
}

impl Cells for Values {
    fn null(&mut self) {
        self.0.push(Value::Null);
    }

    fn boolean(&mut self, value: bool) {
        self.0.push(Value::Integer(value.into()));
    }

    fn integer(&mut self, value: i64) {
        self.0.push(Value::Integer(value));
    }

    fn unsigned(&mut self, value: u64) {
        self.0.push(match i64::try_from(value) {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Text(value.to_string()),
        });
    }

    fn float32(&mut self, value: f32) -> Result<(), String> {
        // The shortest digits of the float, not of the double that equals it.
        let mut digits = Vec::new();
        float::write_f32(&mut digits, value);
        let text = String::from_utf8_lossy(&digits);
        self.0
            .push(Value::Real(text.parse().unwrap_or(value.into())));
        Ok(())
    }

    fn float64(&mut self, value: f64) -> Result<(), String> {
        self.0.push(Value::Real(value));
        Ok(())
    }

    fn number(&mut self, digits: &[u8]) {
        self.plain(digits);
    }

    fn plain(&mut self, text: &[u8]) {
        self.0
            .push(Value::Text(String::from_utf8_lossy(text).into_owned()));
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        self.0.push(Value::Text(text.to_owned()));
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.push(Value::Blob(bytes.to_vec()));
    }

    fn eras(&self) -> Eras {
        Eras::Signed
    }
}

fn died(error: tokio::task::JoinError) -> DbError {
    DbError::new(Fault::Connection, format!("a call to SQLite died: {error}"))
}

fn fault_of(error: &Error) -> DbError {
    let text = error.to_string();
    let Error::SqliteFailure(failure, _) = error else {
        return match error {
            Error::SqlInputError { msg, .. } => DbError::new(fault_of_text(msg), text),
            _ => DbError::new(Fault::Refused, text),
        };
    };
    let fault = match failure.code {
        ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig => Fault::Data,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull => {
            Fault::Transient
        }
        ErrorCode::SystemIoFailure => Fault::Connection,
        _ => fault_of_text(&text),
    };
    let column = text
        .split_once("constraint failed: ")
        .map(|(_, columns)| columns.to_owned());
    DbError {
        column,
        ..DbError::new(
            fault,
            format!("{text} (SQLite code {})", failure.extended_code),
        )
    }
}

fn fault_of_text(text: &str) -> Fault {
    if text.contains("no such table")
        || text.contains("has no column")
        || text.contains("no such column")
    {
        Fault::Structure
    } else {
        Fault::Refused
    }
}
