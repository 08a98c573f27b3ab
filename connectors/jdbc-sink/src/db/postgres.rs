//! PostgreSQL.

use std::collections::HashMap;
use std::error::Error as _;
use std::fmt;
use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use postgres_native_tls::TlsStream;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, Connection, SimpleQueryMessage, Socket, Statement};

use super::error::{DbError, DbResult, Failures, Fault};
use super::postgres_cells::{CopyCells, TextArrays};
use super::{Manner, TextRows, tls};
use crate::config::InsertMode;
use crate::plan::{Batch, Op, PlanColumn, Row};
use crate::url::{JdbcUrl, Server, TlsMode};
use crate::values::Family;

/// COPY data goes in pieces of about this size.
const CHUNK: usize = 128 << 10;
/// But for the first.
const FIRST_CHUNK: usize = 16 << 10;

/// The arrays of one statement grow to about this size.
const ARRAYS: usize = 2 << 20;

/// How long to wait for a server if the URL does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A query that fails as a value would that does not fit.
const FAILS: &str = "SELECT 1/0";

/// Statements that are kept prepared.
const MAX_STATEMENTS: usize = 256;

pub(crate) struct PostgresSession {
    client: Client,
    statements: HashMap<(u64, Op), Statement>,
}

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
            statements: HashMap::new(),
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

    pub(super) async fn write(&mut self, batch: Batch<'_>, manner: &Manner) -> DbResult<()> {
        let copies = copies(batch, manner);
        let statement = self.statement(batch, manner, copies).await?;
        if copies {
            self.copy(&statement, batch, manner).await
        } else {
            self.unnest(&statement, batch, manner).await
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
        let mut arrays = TextArrays::new(1);
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

    async fn statement(
        &mut self,
        batch: Batch<'_>,
        manner: &Manner,
        copies: bool,
    ) -> DbResult<Statement> {
        let key = (batch.plan.id, batch.op);
        if let Some(statement) = self.statements.get(&key) {
            return Ok(statement.clone());
        }
        let target = batch.plan.target();
        let sql = if copies {
            manner.dialect.copy(target)
        } else {
            manner.dialect.unnest(target, batch.op, manner.mode)
        };
        tracing::debug!("preparing {sql}");
        let statement = self.client.prepare(&sql).await.map_err(|e| fault_of(&e))?;
        if self.statements.len() >= MAX_STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(key, statement.clone());
        Ok(statement)
    }

    async fn copy(
        &mut self,
        statement: &Statement,
        batch: Batch<'_>,
        manner: &Manner,
    ) -> DbResult<()> {
        let sink = self
            .client
            .copy_in::<_, Bytes>(statement)
            .await
            .map_err(|e| fault_of(&e))?;
        let mut sink = pin!(sink);
        // The server has something to do early, then large parts.
        let mut chunk = FIRST_CHUNK;
        let mut buffer = Vec::with_capacity(chunk + chunk / 8);
        let mut scratch = Vec::with_capacity(64);
        for (index, row) in batch.rows.iter().enumerate() {
            let mut cells = CopyCells::new(&mut buffer);
            for column in &batch.plan.columns {
                column
                    .write(row, &manner.style, &mut cells, &mut scratch)
                    .map_err(|error| DbError::cell(error, index))?;
            }
            cells.end_row();
            if buffer.len() >= chunk {
                chunk = CHUNK;
                let full = std::mem::replace(&mut buffer, Vec::with_capacity(chunk + chunk / 8));
                sink.send(full.into()).await.map_err(|e| fault_of(&e))?;
            }
        }
        if !buffer.is_empty() {
            sink.send(buffer.into()).await.map_err(|e| fault_of(&e))?;
        }
        sink.finish().await.map_err(|e| fault_of(&e))?;
        Ok(())
    }

    async fn unnest(
        &mut self,
        statement: &Statement,
        batch: Batch<'_>,
        manner: &Manner,
    ) -> DbResult<()> {
        let columns = batch.plan.used(batch.op);
        let mut arrays = TextArrays::new(columns.len());
        let mut scratch = Vec::with_capacity(64);
        for (index, row) in batch.rows.iter().enumerate() {
            for column in columns {
                column
                    .write(row, &manner.style, &mut arrays, &mut scratch)
                    .map_err(|error| DbError::cell(error, index))?;
            }
            arrays.end_row();
            if arrays.size() >= ARRAYS && index + 1 < batch.rows.len() {
                self.run_arrays(statement, arrays.take()).await?;
            }
        }
        self.run_arrays(statement, arrays.take()).await
    }

    async fn run_arrays(&mut self, statement: &Statement, arrays: Vec<Vec<u8>>) -> DbResult<()> {
        let arrays: Vec<TextArray> = arrays.into_iter().map(TextArray).collect();
        self.client
            .execute_raw(statement, &arrays)
            .await
            .map_err(|e| fault_of(&e))?;
        Ok(())
    }
}

/// Whether rows go by COPY.
pub(super) fn copies(batch: Batch<'_>, manner: &Manner) -> bool {
    batch.op == Op::Upsert && manner.mode == InsertMode::Insert && !batch.plan.is_view
}

/// An array of texts in the binary format.
#[derive(Debug)]
struct TextArray(Vec<u8>);

impl ToSql for TextArray {
    fn to_sql(
        &self,
        _ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TEXT_ARRAY
    }

    to_sql_checked!();
}

type Opened = (Client, Connection<Socket, TlsStream<Socket>>);

/// The first host that takes us: as pgjdbc, after any failure the next is tried.
/// The driver's own list would wait for ever for one that answers nothing.
async fn connect(url: &JdbcUrl) -> DbResult<Opened> {
    let tls = postgres_native_tls::MakeTlsConnector::new(tls::connector(&url.tls)?);
    let timeout = url.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
    let mut failures = Failures::default();
    for (host, port) in url.hosts_to_try() {
        let config = config_of(url, host, *port);
        match tokio::time::timeout(timeout, config.connect(tls.clone())).await {
            Ok(Ok(opened)) => return Ok(opened),
            Ok(Err(error)) => failures.add(fault_of(&error).at_host(host, *port)),
            Err(_) => failures.add(DbError::no_answer(host, *port, timeout)),
        }
    }
    Err(failures.into_error())
}

fn config_of(url: &JdbcUrl, host: &str, port: u16) -> Config {
    let mut config = Config::new();
    config.host(host).port(port);
    config
        .tcp_user_timeout(Duration::from_secs(60))
        .keepalives_idle(Duration::from_secs(60))
        .application_name(url.application_name.as_deref().unwrap_or("connectd"))
        .ssl_mode(match url.tls.mode {
            TlsMode::Disabled => SslMode::Disable,
            TlsMode::Preferred => SslMode::Prefer,
            _ => SslMode::Require,
        });
    if let Some(user) = &url.user {
        config.user(user);
    }
    if let Some(password) = &url.password {
        config.password(password.reveal());
    }
    if let Some(name) = url.name.as_ref().or(url.user.as_ref()) {
        config.dbname(name);
    }
    if url.server == Server::Primary {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    config
}

fn fault_of(error: &tokio_postgres::Error) -> DbError {
    let Some(server) = error.as_db_error() else {
        return without_server(error);
    };
    let code = server.code().code();
    let mut message = format!("ERROR: {} [SQLSTATE {code}]", server.message());
    for (name, text) in [
        ("detail", server.detail()),
        ("hint", server.hint()),
        ("where", server.where_()),
    ] {
        if let Some(text) = text {
            message.push_str(&format!("; {name}: {text}"));
        }
    }
    let line = server
        .where_()
        .and_then(|place| place.split_once(", line "))
        .and_then(|(_, rest)| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse::<usize>().ok()?.checked_sub(1)
        });
    let copied = server
        .where_()
        .and_then(|place| place.split_once(", column "))
        .and_then(|(_, rest)| rest.split(':').next());
    DbError {
        row: line,
        column: server.column().or(copied).map(str::to_owned),
        too_narrow: matches!(code, "22001" | "22003"),
        ..DbError::new(fault_of_state(code), message)
    }
}

/// By the classes of PostgreSQL's documentation, appendix A.
fn fault_of_state(code: &str) -> Fault {
    match code {
        "55P03" | "55006" | "57014" | "25006" => Fault::Transient,
        "42P01" | "42703" | "3F000" => Fault::Structure,
        "42804" | "42846" | "21000" => Fault::Data,
        "57P04" | "3D000" => Fault::Refused,
        _ => match &code[..code.len().min(2)] {
            "08" | "57" => Fault::Connection,
            "53" | "58" | "40" => Fault::Transient,
            "22" | "23" | "44" => Fault::Data,
            _ => Fault::Refused,
        },
    }
}

/// A failure of ours or of the network.
fn without_server(error: &tokio_postgres::Error) -> DbError {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    let lower = message.to_lowercase();
    let refused = [
        "certificate",
        "tls handshake",
        "does not support tls",
        "password missing",
        "invalid configuration",
        "authentication",
    ]
    .iter()
    .any(|word| lower.contains(word));
    let fault = if refused {
        Fault::Refused
    } else {
        Fault::Connection
    };
    DbError::new(fault, message)
}
