//! Who runs the reader: `poll` itself, or a task beside it while nobody polls.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use connect_api::Result;
use tokio::sync::{Mutex, MutexGuard, Notify};

/// A reader that was not polled for so long is run beside.
const UNPOLLED: Duration = Duration::from_millis(100);

/// The reader's work.
pub(super) enum Reader {
    Runs(Pin<Box<dyn Future<Output = Result<()>> + Send>>),
    Ended(Result<()>),
    /// Its end has been told.
    Gone,
}

/// Within `poll` the reader runs on the task's own thread: what it allocates is freed there, and
/// the counts of what records share are touched by one core only. That takes less CPU than two
/// threads that read and send at the same time.
///
/// Not so while the task is paused or waits for Kafka: locks that a snapshot holds are to be
/// released, heartbeats to be answered, and the queue to be filled.
#[derive(Debug)]
pub(super) struct SharedReader {
    reader: Mutex<Reader>,
    polled: AtomicBool,
    wanted: Notify,
}

impl SharedReader {
    pub(super) fn new(run: Pin<Box<dyn Future<Output = Result<()>> + Send>>) -> Self {
        Self {
            reader: Mutex::new(Reader::Runs(run)),
            polled: AtomicBool::new(false),
            wanted: Notify::new(),
        }
    }

    /// The reader, to be run by the caller until it is dropped.
    pub(super) async fn take(&self) -> MutexGuard<'_, Reader> {
        self.polled.store(true, Ordering::Relaxed);
        if let Ok(reader) = self.reader.try_lock() {
            return reader;
        }
        self.wanted.notify_one();
        self.reader.lock().await
    }

    /// Runs the reader whenever nobody else does for a while.
    pub(super) async fn keep_running(self: Arc<Self>) {
        loop {
            tokio::time::sleep(UNPOLLED).await;
            if self.polled.swap(false, Ordering::Relaxed) {
                continue;
            }
            // Held by a poll that waits: that runs it.
            let Ok(mut reader) = self.reader.try_lock() else {
                continue;
            };
            tokio::select! {
                biased;
                () = self.wanted.notified() => {}
                never = reader.drive() => match never {},
            }
        }
    }
}

impl Reader {
    /// Runs the reader. Its end closes the queue, which is how `poll` learns of it after all that
    /// was sent.
    pub(super) async fn drive(&mut self) -> Infallible {
        if let Self::Runs(reader) = self {
            let result = reader.await;
            *self = Self::Ended(result);
        }
        std::future::pending().await
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Runs(_) => "Runs",
            Self::Ended(_) => "Ended",
            Self::Gone => "Gone",
        })
    }
}
