//! A cluster that is not there yet: keep trying, and say so.

use std::time::Duration;

use crate::admin::{Admin, ClusterInfo};
use crate::error::ClientError;

/// How attempts follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How long one attempt may take.
    pub attempt: Duration,
    /// The wait after the first failure; it doubles from one to the next.
    pub initial_backoff: Duration,
    /// The longest wait.
    pub max_backoff: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(5),
            initial_backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(10),
        }
    }
}

/// One attempt that failed.
#[derive(Debug)]
pub struct FailedAttempt<'a> {
    /// Which, from 1.
    pub number: u64,
    /// Why: "connection refused", an authentication failure, …
    pub error: &'a ClientError,
    /// The wait before the next one.
    pub next_in: Duration,
}

/// Asks for the cluster's metadata until it answers.
///
/// It goes on for ever while the error is one that passes by itself: drop the future to stop.
/// `on_failure` is told of each failed attempt, for the log and the health answer.
///
/// # Errors
///
/// A [`ClientError`] that no waiting mends.
pub async fn wait_for_cluster(
    admin: &Admin,
    policy: RetryPolicy,
    mut on_failure: impl FnMut(&FailedAttempt<'_>),
) -> Result<ClusterInfo, ClientError> {
    let mut backoff = policy.initial_backoff;
    let mut number = 0;
    loop {
        number += 1;
        match admin.describe_cluster(policy.attempt).await {
            Ok(cluster) => return Ok(cluster),
            Err(error) if error.is_retriable() => {
                on_failure(&FailedAttempt {
                    number,
                    error: &error,
                    next_in: backoff,
                });
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(backoff).await;
        backoff = (backoff * 2).min(policy.max_backoff);
    }
}
