//! The read lock of a snapshot, and the transaction that sees one state of all tables.

use connect_api::{Error, Result};

use crate::config::{LockingMode, SnapshotSettings};
use crate::connection::{Connection, Privilege, ServerInfo};
use crate::tables::TableId;

/// How long the server waits for us to take more rows: a day.
const PATIENCE_SECONDS: u32 = 86_400;

/// What is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    /// Nothing.
    None,
    /// All tables of the server.
    Global,
    /// The captured tables. They stay locked until all rows are read: a
    /// transaction cannot begin without giving them up.
    Tables,
}

/// Locks as `snapshot.locking.mode` says, and begins the transaction.
pub(super) async fn lock(
    connection: &mut Connection,
    server: &ServerInfo,
    settings: &SnapshotSettings,
    tables: &[TableId],
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
            server
                .check_privileges(connection, &[Privilege::LockTables])
                .await?;
            lock_tables(connection, tables).await?;
            Ok(Lock::Tables)
        }
    }
}

/// Begins the transaction in which all tables are read.
pub(super) async fn begin(connection: &mut Connection) -> Result<()> {
    connection
        .run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        .await
}

async fn lock_tables(connection: &mut Connection, tables: &[TableId]) -> Result<()> {
    if tables.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = tables.iter().map(TableId::to_backquoted).collect();
    let locks: Vec<String> = names.iter().map(|name| format!("{name} READ")).collect();
    connection
        .run(&format!("LOCK TABLES {}", locks.join(", ")))
        .await
        .map_err(|error| {
            Error::new(error.kind(), "locking the captured tables for the snapshot")
                .caused_by(error)
        })
}

/// Gives the locks back. The transaction goes on.
pub(super) async fn unlock(connection: &mut Connection) -> Result<()> {
    connection.run("UNLOCK TABLES").await
}

/// A lock that was not granted in time passes, too; but then table locks are tried.
fn is_connection_lost(error: &Error) -> bool {
    error.is_retriable() && !error.to_string().contains("1205")
}
