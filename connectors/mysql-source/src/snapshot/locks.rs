//! The read lock of a snapshot, and the transaction that sees one state of all tables.

use connect_api::{Error, Result};

use crate::config::{LockingMode, SnapshotSettings};
use crate::connection::{Connection, Privilege, ServerInfo, is_gone};
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
    /// The captured tables, by [`lock_tables`]. They stay locked until all
    /// rows are read: a transaction cannot begin without giving them up.
    Tables,
}

/// Locks all tables of the server and begins the transaction, or says what
/// has to be done instead by `snapshot.locking.mode` and the user's rights.
pub(super) async fn lock(
    connection: &mut Connection,
    server: &ServerInfo,
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
            server
                .check_privileges(connection, &[Privilege::LockTables])
                .await?;
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

/// Locks these tables, in place of those that were locked before; false if one
/// of them is gone.
pub(super) async fn lock_tables(connection: &mut Connection, tables: &[TableId]) -> Result<bool> {
    if tables.is_empty() {
        return Ok(true);
    }
    let locks: Vec<String> = tables
        .iter()
        .map(|id| format!("{} READ", id.to_backquoted()))
        .collect();
    let locked = connection
        .run(&format!("LOCK TABLES {}", locks.join(", ")))
        .await;
    match locked {
        Ok(()) => Ok(true),
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => {
            let doing = "locking the captured tables for the snapshot";
            Err(Error::new(error.kind(), doing).caused_by(error))
        }
    }
}

/// Gives the locks back. The transaction goes on.
pub(super) async fn unlock(connection: &mut Connection) -> Result<()> {
    connection.run("UNLOCK TABLES").await
}

/// A lock that was not granted in time passes, too; but then table locks are tried.
fn is_connection_lost(error: &Error) -> bool {
    error.is_retriable() && !error.to_string().contains("1205")
}
