//! Whose turn it is: a test that restarts a server, or needs it all for
//! itself, runs alone; the others of a test binary run side by side.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static TURN: RwLock<()> = RwLock::const_new(());

/// A test beside others; hold what it returns until the end.
pub async fn beside_others() -> RwLockReadGuard<'static, ()> {
    TURN.read().await
}

/// A test that runs alone; hold what it returns until the end.
pub async fn alone() -> RwLockWriteGuard<'static, ()> {
    TURN.write().await
}
