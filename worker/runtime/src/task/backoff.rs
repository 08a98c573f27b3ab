//! Pauses that double, and end when the task is to stop.

use std::time::Duration;

use connect_api::{Error, ErrorKind, Result};
use tokio_util::sync::CancellationToken;

/// Pauses from a first one to a longest one.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// The next pause.
    pub(crate) fn next(&mut self) -> Duration {
        let delay = self.next;
        self.next = (delay * 2).min(self.longest);
        delay
    }

    /// It worked: the next pause is the first one again.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

/// Pauses; an error of kind `Stopped` when the task is to stop meanwhile.
pub(crate) async fn pause(delay: Duration, stop: &CancellationToken) -> Result<()> {
    tokio::select! {
        () = tokio::time::sleep(delay) => Ok(()),
        () = stop.cancelled() => Err(stopping()),
    }
}

/// Somewhere in the upper half of `max`, so that tasks do not try in step.
pub(crate) fn jittered(max: Duration) -> Duration {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |now| now.subsec_nanos());
    max / 2 + (max / 2).mul_f64(f64::from(nanos % 1000) / 1000.0)
}

/// The task is to stop.
pub(crate) fn stopping() -> Error {
    Error::new(ErrorKind::Stopped, "the task is being stopped")
}
