//! The read lock of a snapshot, and the transaction that sees one state of all tables.

use connect_api::{Error, Result};

use super::structure::Tables;
use crate::config::{Filters, LockingMode, SnapshotSettings};
use crate::connection::{Connection, Database, Privilege, ServerInfo, is_gone};
use crate::tables::TableId;

/// How long the server waits for us to take more rows: a day.
const PATIENCE_SECONDS: u32 = 86_400;

/// How often the captured tables may change while they are being locked.
const LISTINGS: usize = 10;

/// What is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lock {
    /// Nothing.
    None,
    /// All tables of the server.
    Global,
    /// The captured ones of these tables. They stay locked until all rows are
    /// read: a transaction cannot begin without giving them up.
    Tables(Tables),
}

/// Takes the lock of a snapshot.
#[derive(Debug)]
pub(super) struct Locks<'a> {
    database: &'a Database,
    server: &'a ServerInfo,
    filters: &'a Filters,
}

impl<'a> Locks<'a> {
    pub(super) fn new(
        database: &'a Database,
        server: &'a ServerInfo,
        filters: &'a Filters,
    ) -> Self {
        Self {
            database,
            server,
            filters,
        }
    }

    /// Locks as `snapshot.locking.mode` says, and begins the transaction.
    pub(super) async fn take(
        &self,
        connection: &mut Connection,
        settings: &SnapshotSettings,
    ) -> Result<Lock> {
        let seconds = settings.lock_timeout.as_secs().max(1);
        connection
            .run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            .await?;
        connection
            .run(&format!("SET SESSION lock_wait_timeout={seconds}"))
            .await?;
        connection
            .run(&format!("SET SESSION innodb_lock_wait_timeout={seconds}"))
            .await?;
        // While Kafka is slow or the task is paused, rows wait in the connection.
        connection
            .run(&format!("SET SESSION net_write_timeout={PATIENCE_SECONDS}"))
            .await?;
        if settings.locking == LockingMode::None {
            return Ok(Lock::None);
        }
        match connection.run("FLUSH TABLES WITH READ LOCK").await {
            Ok(()) => {
                begin(connection).await?;
                Ok(Lock::Global)
            }
            Err(error) if is_connection_lost(&error) => Err(error),
            Err(error) => {
                tracing::info!(error = %error.trace(), "no global read lock: using table read locks");
                self.server
                    .check_privileges(connection, &[Privilege::LockTables])
                    .await?;
                self.lock_captured(connection).await.map(Lock::Tables)
            }
        }
    }

    async fn lock_captured(&self, connection: &mut Connection) -> Result<Tables> {
        // A session with table locks can read no other table.
        let mut other = self.database.connect().await?;
        let locked = self.lock_listed(connection, &mut other).await;
        other.close().await;
        locked
    }

    /// Locks the captured tables and lists them again, until no other came or
    /// went in between.
    async fn lock_listed(
        &self,
        connection: &mut Connection,
        other: &mut Connection,
    ) -> Result<Tables> {
        let mut tables = Tables::list(other, self.filters).await?;
        for _ in 0..LISTINGS {
            let is_locked = match lock_tables(connection, &tables.captured).await {
                Ok(()) => true,
                Err(error) if is_gone(&error) => false,
                Err(error) => {
                    let doing = "locking the captured tables for the snapshot";
                    return Err(Error::new(error.kind(), doing).caused_by(error));
                }
            };
            let now = Tables::list(other, self.filters).await?;
            if is_locked && now.captured == tables.captured {
                return Ok(now);
            }
            tables = now;
        }
        Err(Error::retriable(
            "captured tables are created or dropped faster than they can be locked for the snapshot",
        ))
    }
}

/// Begins the transaction in which all tables are read.
pub(super) async fn begin(connection: &mut Connection) -> Result<()> {
    connection
        .run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        .await
}

/// Locks these tables, in place of those that were locked before.
async fn lock_tables(connection: &mut Connection, tables: &[TableId]) -> Result<()> {
    if tables.is_empty() {
        return Ok(());
    }
    let locks: Vec<String> = tables
        .iter()
        .map(|id| format!("{} READ", id.to_backquoted()))
        .collect();
    connection
        .run(&format!("LOCK TABLES {}", locks.join(", ")))
        .await
}

/// Gives the locks back. The transaction goes on.
pub(super) async fn unlock(connection: &mut Connection) -> Result<()> {
    connection.run("UNLOCK TABLES").await
}

/// A lock that was not granted in time passes, too; but then table locks are tried.
fn is_connection_lost(error: &Error) -> bool {
    error.is_retriable() && !error.to_string().contains("1205")
}
