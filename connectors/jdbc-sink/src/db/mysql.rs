//! MySQL and MariaDB.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{ClientIdentity, Conn, Opts, OptsBuilder, Row, SslOpts, Value};

use super::error::{DbError, DbResult, Failures, Fault};
use super::mysql_cells::Literals;
use super::mysql_error::fault_of;
use super::{Manner, TextRows, tls};
use crate::config::InsertMode;
use crate::plan::{Batch, Op, PlanColumn, Row as PlanRow};
use crate::url::{JdbcUrl, TlsMode};
use crate::values::Zone;

/// A statement grows to about this size, unless the server takes less.
const STATEMENT: usize = 1 << 20;

/// How long to wait for a server if the URL does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct MySqlSession {
    conn: Conn,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
    /// The server's `max_allowed_packet`.
    packet: usize,
    backslashes: bool,
}

impl fmt::Debug for MySqlSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySqlSession").finish_non_exhaustive()
    }
}

impl MySqlSession {
    pub(super) async fn connect(url: &JdbcUrl, zone: &Zone) -> DbResult<Self> {
        let conn = connect(url).await?;
        let mut session = Self {
            conn,
            buffer: Vec::new(),
            scratch: Vec::with_capacity(64),
            packet: STATEMENT,
            backslashes: true,
        };
        session.set_up(url, zone).await?;
        Ok(session)
    }

    /// Values that do not fit are errors, as for Connector/J
    /// (`jdbcCompliantTruncation`), and the session's clock is ours.
    async fn set_up(&mut self, url: &JdbcUrl, zone: &Zone) -> DbResult<()> {
        let rows = self
            .query("SELECT @@max_allowed_packet, @@sql_mode")
            .await?;
        let mut values = rows.into_iter().flatten().flatten();
        self.packet = values
            .next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(STATEMENT);
        let modes = values.next().unwrap_or_default();
        let mut modes: Vec<&str> = modes
            .split(',')
            .filter(|mode| !mode.is_empty() && !matches!(*mode, "ANSI" | "ANSI_QUOTES"))
            .collect();
        if !modes.contains(&"STRICT_TRANS_TABLES") {
            modes.push("STRICT_TRANS_TABLES");
        }
        self.backslashes = !modes.contains(&"NO_BACKSLASH_ESCAPES");
        self.execute(&format!("SET SESSION sql_mode='{}'", modes.join(",")))
            .await?;
        if let Some(offset) = zone.fixed_text() {
            self.execute(&format!("SET SESSION time_zone='{offset}'"))
                .await?;
        } else if let Zone::Named(named) = zone
            && let Some(name) = named.iana_name()
            && let Err(error) = self
                .execute(&format!("SET SESSION time_zone='{name}'"))
                .await
        {
            tracing::warn!(
                "the server does not know the time zone {name}, so TIMESTAMP columns are read by its own clock: {error}"
            );
        }
        for statement in &url.setup {
            self.execute(statement).await?;
        }
        Ok(())
    }

    pub(super) async fn query(&mut self, sql: &str) -> DbResult<TextRows> {
        let rows: Vec<Row> = self.conn.query(sql).await.map_err(|e| fault_of(&e))?;
        Ok(rows
            .into_iter()
            .map(|row| {
                row.unwrap_raw()
                    .into_iter()
                    .map(|value| text_of(value?))
                    .collect()
            })
            .collect())
    }

    pub(super) async fn execute(&mut self, sql: &str) -> DbResult<()> {
        self.conn.query_drop(sql).await.map_err(|e| fault_of(&e))
    }

    pub(super) async fn write(&mut self, batch: Batch<'_>, manner: &Manner) -> DbResult<()> {
        match (batch.op, manner.mode) {
            (Op::Delete, _) => self.delete(batch, manner).await,
            (Op::Upsert, InsertMode::Update) => self.update(batch, manner).await,
            (Op::Upsert, _) => self.insert(batch, manner).await,
        }
    }

    async fn insert(&mut self, batch: Batch<'_>, manner: &Manner) -> DbResult<()> {
        let (head, tail) = manner.dialect.multi_row(batch.plan.target(), manner.mode);
        let lists = Lists {
            columns: &batch.plan.columns,
            head: &head,
            tail: &tail,
            enclosed: true,
        };
        self.lists(batch, manner, lists).await
    }

    async fn delete(&mut self, batch: Batch<'_>, manner: &Manner) -> DbResult<()> {
        let keys = &batch.plan.columns[..batch.plan.keys];
        let head = manner.dialect.delete_in(batch.plan.target());
        let lists = Lists {
            columns: keys,
            head: &head,
            tail: ")",
            enclosed: keys.len() > 1,
        };
        self.lists(batch, manner, lists).await
    }

    /// `head (…),(…) tail`, in as many statements as the server's packets ask for.
    async fn lists(&mut self, batch: Batch<'_>, manner: &Manner, lists: Lists<'_>) -> DbResult<()> {
        let Lists {
            columns,
            head,
            tail,
            enclosed,
        } = lists;
        let limit = self.statement_limit().saturating_sub(tail.len());
        let mut first = 0;
        let mut sql = std::mem::take(&mut self.buffer);
        begin(&mut sql, head);
        for (index, row) in batch.rows.iter().enumerate() {
            let start = sql.len();
            if index > first {
                sql.push(b',');
            }
            if enclosed {
                sql.push(b'(');
            }
            self.cells(&mut sql, columns, row, manner)
                .map_err(|error| DbError::cell(error, index))?;
            if enclosed {
                sql.push(b')');
            }
            if sql.len() > limit && index > first {
                let next = sql.split_off(start);
                self.run(&mut sql, tail, first).await?;
                first = index;
                begin(&mut sql, head);
                sql.extend_from_slice(next.strip_prefix(b",").unwrap_or(&next));
            }
        }
        self.run(&mut sql, tail, first).await?;
        self.keep(sql);
        Ok(())
    }

    /// A statement of several rows is not longer.
    fn statement_limit(&self) -> usize {
        self.packet.saturating_sub(1024).clamp(1024, STATEMENT)
    }

    /// Keeps a buffer for the next statement, unless a row made it huge.
    fn keep(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() <= 4 * STATEMENT {
            self.buffer = buffer;
        }
    }

    fn cells(
        &mut self,
        sql: &mut Vec<u8>,
        columns: &[PlanColumn],
        row: &PlanRow<'_>,
        manner: &Manner,
    ) -> Result<(), crate::plan::CellError> {
        let mut cells = Literals::new(sql, self.backslashes);
        for column in columns {
            column.write(row, &manner.style, &mut cells, &mut self.scratch)?;
        }
        Ok(())
    }

    async fn run(&mut self, sql: &mut Vec<u8>, tail: &str, first: usize) -> DbResult<()> {
        sql.extend_from_slice(tail.as_bytes());
        // With the command's byte, and the server wants to stay below.
        if sql.len() + 2 > self.packet {
            let message = format!(
                "the row's statement has {} bytes, and the server's max_allowed_packet is {}: raise it (SET GLOBAL \
                 max_allowed_packet=…), or leave the large field out",
                sql.len(),
                self.packet
            );
            return Err(DbError {
                row: Some(first),
                ..DbError::new(Fault::Data, message)
            });
        }
        self.conn.query_drop(&sql[..]).await.map_err(|error| {
            let mut fault = fault_of(&error);
            fault.row = fault.row.map(|row| row + first);
            fault
        })
    }

    /// One UPDATE for each row, many to a request.
    async fn update(&mut self, batch: Batch<'_>, manner: &Manner) -> DbResult<()> {
        let (head, names) = manner.dialect.update_parts(batch.plan.target());
        let keys = batch.plan.keys;
        let limit = self.statement_limit();
        let mut sql = std::mem::take(&mut self.buffer);
        sql.clear();
        // "At row 1" is of one of the statements, not of the batch.
        let unplaced = |error| DbError { row: None, ..error };
        for (index, row) in batch.rows.iter().enumerate() {
            let start = sql.len();
            if start > 0 {
                sql.push(b';');
            }
            sql.extend_from_slice(head.as_bytes());
            for number in (keys..names.len()).chain(0..keys) {
                let before: &str = if number == keys {
                    ""
                } else if number == 0 {
                    " WHERE "
                } else if number < keys {
                    " AND "
                } else {
                    ", "
                };
                sql.extend_from_slice(before.as_bytes());
                sql.extend_from_slice(names[number].as_bytes());
                sql.extend_from_slice(b" = ");
                let column = &batch.plan.columns[number];
                let mut cells = Literals::new(&mut sql, self.backslashes);
                column
                    .write(row, &manner.style, &mut cells, &mut self.scratch)
                    .map_err(|error| DbError::cell(error, index))?;
            }
            if sql.len() > limit && start > 0 {
                let next = sql.split_off(start);
                self.run(&mut sql, "", 0).await.map_err(unplaced)?;
                sql.clear();
                sql.extend_from_slice(&next[1..]);
            }
        }
        self.run(&mut sql, "", 0).await.map_err(unplaced)?;
        self.keep(sql);
        Ok(())
    }

    pub(super) async fn close(self) {
        if let Err(error) = self.conn.disconnect().await {
            tracing::debug!("closing the connection to MySQL: {error}");
        }
    }
}

/// What stands around rows of literals.
#[derive(Debug, Clone, Copy)]
struct Lists<'l> {
    columns: &'l [PlanColumn],
    head: &'l str,
    tail: &'l str,
    /// Whether a row has parentheses.
    enclosed: bool,
}

fn begin(sql: &mut Vec<u8>, head: &str) {
    sql.clear();
    sql.extend_from_slice(head.as_bytes());
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        other => Some(other.as_sql(true).trim_matches('\'').to_owned()),
    }
}

/// The first host that answers; one that refuses us ends the search, as for
/// Connector/J, which goes on after communication errors only.
async fn connect(url: &JdbcUrl) -> DbResult<Conn> {
    let mut failures = Failures::default();
    for (host, port) in url.hosts_to_try() {
        match connect_to(url, host, *port).await {
            Ok(conn) => return Ok(conn),
            Err(error) if error.fault == Fault::Refused => return Err(error),
            Err(error) => failures.add(error),
        }
    }
    Err(failures.into_error())
}

/// Connects to one host; without TLS where it is only preferred.
async fn connect_to(url: &JdbcUrl, host: &str, port: u16) -> DbResult<Conn> {
    let timeout = url.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
    let mut encrypted = url.tls.mode != TlsMode::Disabled;
    loop {
        let opts = opts_of(url, host, port, encrypted)?;
        let error = match tokio::time::timeout(timeout, Conn::new(opts)).await {
            Ok(Ok(conn)) => return Ok(conn),
            Ok(Err(error)) => error,
            Err(_) => return Err(DbError::no_answer(host, port, timeout)),
        };
        let error = fault_of(&error);
        let why = error.message.to_lowercase();
        let tls_failed = why.contains("tls") || why.contains("ssl");
        if url.tls.mode != TlsMode::Preferred || !encrypted || !tls_failed {
            return Err(error.at_host(host, port));
        }
        encrypted = false;
    }
}

fn opts_of(url: &JdbcUrl, host: &str, port: u16, encrypted: bool) -> DbResult<Opts> {
    let tls = if encrypted { Some(tls_of(url)?) } else { None };
    Ok(OptsBuilder::default()
        .ip_or_hostname(host)
        .tcp_port(port)
        .user(url.user.clone())
        .pass(
            url.password
                .as_ref()
                .map(|password| password.reveal().to_owned()),
        )
        .db_name(url.name.clone())
        .prefer_socket(false)
        .stmt_cache_size(0)
        // Affected rows of an update count where nothing changes, too.
        .client_found_rows(true)
        .tcp_keepalive(Some(Duration::from_secs(60)))
        .tcp_nodelay(true)
        .ssl_opts(tls)
        .into())
}

fn tls_of(url: &JdbcUrl) -> DbResult<SslOpts> {
    let tls = &url.tls;
    let verifies = matches!(tls.mode, TlsMode::VerifyAuthority | TlsMode::VerifyIdentity);
    let mut opts = SslOpts::default()
        .with_danger_accept_invalid_certs(!verifies)
        .with_danger_skip_domain_validation(tls.mode != TlsMode::VerifyIdentity);
    if let Some(path) = tls.root_certificate.as_deref().filter(|_| verifies) {
        tls::check_file(path)?;
        opts = opts
            .with_root_certs(vec![PathBuf::from(path).into()])
            .with_disable_built_in_roots(true);
    }
    if let Some(path) = &tls.client_certificate {
        tls::check_file(path)?;
        let mut identity = ClientIdentity::new(PathBuf::from(path).into());
        if let Some(password) = &tls.client_password {
            identity = identity.with_password(password.reveal().to_owned());
        }
        opts = opts.with_client_identity(Some(identity));
    }
    Ok(opts)
}
