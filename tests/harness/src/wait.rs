//! Waits for what a test expects, instead of sleeps.

use std::time::{Duration, Instant};

/// Asks until there is an answer, for at most 60 s.
///
/// # Panics
/// If there is none by then, with `what`.
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(Duration::from_secs(60), what, ask).await
}

/// Asks until there is an answer, for at most `limit`.
///
/// # Panics
/// If there is none by then, with `what`.
pub async fn eventually_within<T>(
    limit: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
