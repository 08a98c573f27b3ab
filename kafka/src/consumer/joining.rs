//! The first join of a group, without librdkafka's pauses.
//!
//! Its main thread looks at the connections that a join waits for when something wakes it, or else
//! once a second (`rd_kafka_thread_main` in rdkafka.c), and that one of them is there now does not
//! wake it. So it is asked something small until the group has answered.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How often.
const EVERY: Duration = Duration::from_millis(10);

/// A join that takes longer waits for something else.
const AT_MOST: Duration = Duration::from_secs(3);

/// Whether a member waits for its first share.
#[derive(Debug, Default)]
pub(super) struct Joining {
    since: OnceLock<Instant>,
    is_over: AtomicBool,
}

impl Joining {
    pub(super) fn begin(&self) {
        self.since.get_or_init(Instant::now);
    }

    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Whether the main thread is to be woken now.
    pub(super) fn is_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
            && self
                .since
                .get()
                .is_some_and(|since| since.elapsed() < AT_MOST)
    }

    /// Waits until it is to be woken again; for ever when there is no need.
    pub(super) async fn pause(&self) {
        match self.is_on() {
            true => tokio::time::sleep(EVERY).await,
            false => std::future::pending().await,
        }
    }
}
