//! Connections to the server, and what it says of itself.

mod errors;
mod opts;
mod privileges;
mod server;
mod variables;

pub(crate) use errors::{is_gone, is_retriable, server_code, to_error, unable_to_connect};
pub use privileges::{Privilege, missing_privileges};
pub use server::ServerInfo;
pub(crate) use variables::ServerVariables;

use std::time::Duration;

use connect_api::{Error, Result};
use mysql_async::prelude::{FromRow, Queryable};
use mysql_async::{Conn, Row};

use crate::config::{ConnectionSettings, SslMode};

/// Opens connections to one server.
#[derive(Debug, Clone)]
pub struct Database {
    settings: ConnectionSettings,
}

impl Database {
    /// Connections as `settings` say.
    pub fn new(settings: ConnectionSettings) -> Self {
        Self { settings }
    }

    /// How to reach the server.
    pub fn settings(&self) -> &ConnectionSettings {
        &self.settings
    }

    /// `host:port`
    pub fn address(&self) -> String {
        format!("{}:{}", self.settings.host, self.settings.port)
    }

    /// A connection for queries, in UTC, with the user's initial statements.
    pub async fn connect(&self) -> Result<Connection> {
        let mut setup = vec!["SET time_zone = '+00:00'".to_owned()];
        setup.extend(self.settings.initial_statements.iter().cloned());
        let conn = self.open(setup).await?;
        Ok(Connection {
            conn,
            timeout: self.settings.query_timeout,
        })
    }

    /// A connection that is to become a binlog stream.
    pub async fn connect_for_binlog(&self, mut setup: Vec<String>) -> Result<Conn> {
        setup.push(GROW_READ_BUFFER.to_owned());
        self.open(setup).await
    }

    async fn open(&self, setup: Vec<String>) -> Result<Conn> {
        let tls = opts::tls_of(&self.settings.ssl)?;
        let first = self.try_open(&setup, tls.clone()).await;
        let error = match first {
            Ok(conn) => return Ok(conn),
            Err(error) => error,
        };
        let without_tls = self.settings.ssl.mode == SslMode::Preferred && errors::is_tls(&error);
        if !without_tls {
            return Err(to_error(error, &self.settings));
        }
        tracing::debug!(%error, "no TLS with this server, which database.ssl.mode=preferred allows");
        self.try_open(&setup, None)
            .await
            .map_err(|error| to_error(error, &self.settings))
    }

    async fn try_open(
        &self,
        setup: &[String],
        tls: Option<mysql_async::SslOpts>,
    ) -> Result<Conn, mysql_async::Error> {
        let opts = opts::opts_of(&self.settings, setup.to_vec(), tls);
        let limit = self.settings.connect_timeout;
        match tokio::time::timeout(limit, Conn::new(opts)).await {
            Ok(result) => result,
            Err(_) => Err(mysql_async::Error::Io(mysql_async::IoError::Io(
                std::io::Error::new(
                    std::io::ErrorKind::TimedOut,
                    format!("no answer within connect.timeout.ms={}", limit.as_millis()),
                ),
            ))),
        }
    }
}

/// The driver reads into a buffer of 8 KiB, which grows when a packet does not fit and stays so:
/// from then on it takes up to 64 KiB from the socket at once.
const GROW_READ_BUFFER: &str = "SELECT REPEAT(' ', 60000)";

/// A connection for queries.
#[derive(Debug)]
pub struct Connection {
    conn: Conn,
    timeout: Option<Duration>,
}

impl Connection {
    /// All rows of a query that has few.
    pub async fn rows<T: FromRow + Send + 'static>(&mut self, sql: &str) -> Result<Vec<T>> {
        let query = self.conn.query(sql);
        limited(self.timeout, sql, query).await
    }

    /// The first row of a query.
    pub async fn first<T: FromRow + Send + 'static>(&mut self, sql: &str) -> Result<Option<T>> {
        Ok(self.rows(sql).await?.into_iter().next())
    }

    /// Runs a statement.
    pub async fn run(&mut self, sql: &str) -> Result<()> {
        let query = self.conn.query_drop(sql);
        limited(self.timeout, sql, query).await
    }

    /// The value of a global system variable, if the server has it.
    pub async fn global_variable(&mut self, name: &str) -> Result<Option<String>> {
        let row: Option<(String, String)> = self
            .first(&format!("SHOW GLOBAL VARIABLES LIKE '{name}'"))
            .await?;
        Ok(row.map(|(_, value)| value))
    }

    /// The connection itself, for results that are streamed.
    pub fn inner(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Prepares for results of many rows.
    pub async fn expect_many_rows(&mut self) -> Result<()> {
        self.run(GROW_READ_BUFFER).await
    }

    /// Closes it.
    pub async fn close(self) {
        if let Err(error) = self.conn.disconnect().await {
            tracing::debug!(%error, "closing a connection to MySQL");
        }
    }
}

async fn limited<T>(
    limit: Option<Duration>,
    sql: &str,
    query: impl Future<Output = mysql_async::Result<T>>,
) -> Result<T> {
    let result = match limit {
        None => query.await,
        Some(limit) => tokio::time::timeout(limit, query).await.map_err(|_| {
            Error::retriable(format!(
                "no answer within database.query.timeout.ms={}",
                limit.as_millis()
            ))
            .with("statement", sql)
        })?,
    };
    result.map_err(|error| errors::of_statement(error, sql))
}

/// A cell as text, whatever its type; none for null.
pub(crate) fn text_of(row: &Row, index: usize) -> Option<String> {
    match row.as_ref(index)? {
        mysql_async::Value::NULL => None,
        mysql_async::Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        other => Some(other.as_sql(true).trim_matches('\'').to_owned()),
    }
}
