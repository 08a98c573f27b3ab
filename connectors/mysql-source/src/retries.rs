//! Back-off after faults that may pass (`ErrorHandler`).

use connect_api::{Error, Result};
use tokio_util::sync::CancellationToken;

use crate::config::RetrySettings;
use crate::queue::stopped;

/// Counts retries in a row.
#[derive(Debug)]
pub(crate) struct Retries {
    settings: RetrySettings,
    done: u32,
    cancelled: CancellationToken,
}

impl Retries {
    pub(crate) fn new(settings: RetrySettings, cancelled: CancellationToken) -> Self {
        Self {
            settings,
            done: 0,
            cancelled,
        }
    }

    /// What was tried goes well again.
    pub(crate) fn reset(&mut self) {
        self.done = 0;
    }

    /// Waits before the next try; gives `error` back where there is none.
    pub(crate) async fn wait(&mut self, error: Error) -> Result<()> {
        if !error.is_retriable() {
            return Err(error);
        }
        if self.settings.max.is_some_and(|max| self.done >= max) {
            return Err(Error::internal(format!(
                "giving up after errors.max.retries={} retries",
                self.done
            ))
            .caused_by(error));
        }
        self.done += 1;
        // A first fault is often over at once: a restarted server, a killed connection.
        let wait = if self.done == 1 {
            self.settings.wait.min(FIRST_WAIT)
        } else {
            self.settings.wait
        };
        tracing::warn!(
            error = %error.trace(),
            retry = self.done,
            wait_ms = wait.as_millis(),
            "trying again after a fault that may pass"
        );
        tokio::select! {
            () = self.cancelled.cancelled() => Err(stopped()),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }
}

const FIRST_WAIT: std::time::Duration = std::time::Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn retries_end_after_their_number() {
        let settings = RetrySettings {
            max: Some(2),
            wait: Duration::from_millis(1),
        };
        let mut retries = Retries::new(settings, CancellationToken::new());
        for _ in 0..2 {
            retries.wait(Error::retriable("lost")).await.unwrap();
        }
        let error = retries.wait(Error::retriable("lost")).await.unwrap_err();
        assert!(
            error.to_string().contains("errors.max.retries=2"),
            "{error}"
        );
        retries.reset();
        retries.wait(Error::retriable("lost")).await.unwrap();
        assert!(retries.wait(Error::config("wrong")).await.is_err());
    }
}
