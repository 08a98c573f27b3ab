//! Connections to databases: queries, and batches of rows.

pub(crate) mod error;
mod mysql;
mod mysql_cells;
mod mysql_error;
mod postgres;
mod postgres_binary;
mod postgres_cells;
mod postgres_connect;
mod postgres_error;
mod postgres_numeric;
mod postgres_prepared;
mod sqlite;
mod tls;

use crate::config::InsertMode;
use crate::dialect::{Database, Dialect};
use crate::plan::Batch;
use crate::url::JdbcUrl;
use crate::values::encode::Style;

pub(crate) use error::{DbError, DbResult, Fault};

/// What all batches of a task have in common.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    pub(crate) dialect: Dialect,
    pub(crate) mode: InsertMode,
    pub(crate) style: Style,
}

/// How values go to a server that takes them in more than one way: PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    /// The fast one. What does not fit may be refused without the server's words.
    Binary,
    /// What does not fit is refused in the server's words.
    Text,
}

/// A query's rows, each value as text.
pub(crate) type TextRows = Vec<Vec<Option<String>>>;

/// A connection.
#[derive(Debug)]
pub(crate) enum Session {
    Postgres(postgres::PostgresSession),
    MySql(mysql::MySqlSession),
    Sqlite(sqlite::SqliteSession),
}

impl Session {
    /// Connects.
    pub(crate) async fn connect(url: &JdbcUrl, style: &Style) -> DbResult<Self> {
        Ok(match url.database {
            Database::Postgres => Session::Postgres(postgres::PostgresSession::connect(url).await?),
            Database::MySql => {
                Session::MySql(mysql::MySqlSession::connect(url, &style.zone).await?)
            }
            Database::Sqlite => Session::Sqlite(sqlite::SqliteSession::open(url).await?),
        })
    }

    /// A query's rows as text.
    pub(crate) async fn query(&mut self, sql: &str) -> DbResult<TextRows> {
        match self {
            Session::Postgres(session) => session.query(sql).await,
            Session::MySql(session) => session.query(sql).await,
            Session::Sqlite(session) => session.query(sql).await,
        }
    }

    /// A statement without rows.
    pub(crate) async fn execute(&mut self, sql: &str) -> DbResult<()> {
        match self {
            Session::Postgres(session) => session.execute(sql).await,
            Session::MySql(session) => session.execute(sql).await,
            Session::Sqlite(session) => session.execute(sql).await,
        }
    }

    /// Writes a batch in the open transaction.
    pub(crate) async fn write(
        &mut self,
        batch: Batch<'_>,
        manner: &Manner,
        encoding: Encoding,
    ) -> DbResult<()> {
        match self {
            Session::Postgres(session) => session.write(batch, manner, encoding).await,
            Session::MySql(session) => session.write(batch, manner).await,
            Session::Sqlite(session) => session.write(batch, manner).await,
        }
    }

    /// Writes a batch in a transaction of its own, with less waiting than where it is one of several things that the
    /// transaction does; none where there is no such way. After an error the transaction is still to be rolled back.
    pub(crate) async fn write_alone(
        &mut self,
        batch: Batch<'_>,
        manner: &Manner,
    ) -> Option<DbResult<()>> {
        match self {
            Session::Postgres(session) if postgres_prepared::copies(batch, manner) => {
                Some(session.write_alone(batch, manner).await)
            }
            _ => None,
        }
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self) -> DbResult<()> {
        let sql = match self {
            Session::Postgres(_) => "BEGIN",
            Session::MySql(_) => "START TRANSACTION",
            Session::Sqlite(_) => "BEGIN IMMEDIATE",
        };
        self.execute(sql).await
    }

    /// Hands back what the end of the session waits for.
    pub(crate) async fn close(self) {
        match self {
            Session::MySql(session) => session.close().await,
            Session::Postgres(_) | Session::Sqlite(_) => {}
        }
    }
}
