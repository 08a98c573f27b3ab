//! What every client does with librdkafka's events: log lines and errors go to `tracing`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;

/// The same error of the same client is logged again only after this time: librdkafka repeats
/// "connection refused" with every attempt.
const REPEAT_AFTER: Duration = Duration::from_secs(30);

/// Logs for one client and remembers the last thing that went wrong with its connections, which
/// says more than the error code of the request that failed because of it.
#[derive(Debug)]
pub(crate) struct LoggingContext {
    client_id: String,
    last_error: Mutex<Option<LastError>>,
}

#[derive(Debug)]
struct LastError {
    reason: String,
    seen: Instant,
    logged: Instant,
}

impl LoggingContext {
    pub(crate) fn new(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            last_error: Mutex::new(None),
        }
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The last connection error, if it was said within `window`.
    pub(crate) fn recent_error(&self, window: Duration) -> Option<String> {
        let last = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .filter(|last| last.seen.elapsed() <= window)
            .map(|last| last.reason.clone())
    }
}

impl ClientContext for LoggingContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let client_id = self.client_id.as_str();
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => {
                tracing::error!(target: "librdkafka", client_id, facility, "{message}");
            }
            RDKafkaLogLevel::Warning => {
                tracing::warn!(target: "librdkafka", client_id, facility, "{message}");
            }
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(target: "librdkafka", client_id, facility, "{message}");
            }
            RDKafkaLogLevel::Debug => {
                tracing::debug!(target: "librdkafka", client_id, facility, "{message}");
            }
        }
    }

    fn stats_raw(&self, statistics: &[u8]) {
        let text = String::from_utf8_lossy(statistics);
        tracing::debug!(target: "librdkafka", client_id = self.client_id, "statistics {text}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let now = Instant::now();
        let mut last = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Text such as "(after 3ms in state CONNECT, 2 identical error(s) suppressed)" changes
        // from one repetition to the next.
        let gist = reason.split(" (after ").next().unwrap_or(reason);
        if let Some(last) = last.as_mut() {
            // "all brokers are down" follows the reason why, and says less.
            let repeated = last.reason == gist || gist.ends_with("brokers are down");
            if repeated {
                last.seen = now;
            }
            if repeated && now.duration_since(last.logged) < REPEAT_AFTER {
                return;
            }
        }
        *last = Some(LastError {
            reason: gist.to_owned(),
            seen: now,
            logged: now,
        });
        drop(last);
        let code = crate::error::code_of(&error);
        tracing::warn!(target: "librdkafka", client_id = self.client_id, ?code, "{gist}");
    }
}

impl ConsumerContext for LoggingContext {}
