//! What every client does with librdkafka's events: log lines and errors go to `tracing`.

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;

use crate::error::{ClientError, ErrorCode, code_of};
use crate::oauth::{self, TokenSource};
use crate::settings::ClientSettings;
use crate::stranded::Watch;

/// The same error of the same client is logged again only after this time: librdkafka repeats
/// "connection refused" with every attempt.
const REPEAT_AFTER: Duration = Duration::from_secs(30);

/// After so long at most librdkafka says again what is still wrong: a token that it does not get
/// it asks for every ten seconds (rdkafka_sasl_oauthbearer.c).
const SAID_AGAIN: Duration = Duration::from_secs(10);

/// Logs for one client and remembers the last thing that went wrong with its connections, which
/// says more than the error code of the request that failed because of it.
#[derive(Debug)]
pub(crate) struct LoggingContext {
    client_id: String,
    tokens: Option<TokenSource>,
    last_error: Mutex<Option<LastError>>,
    watch: Watch,
}

#[derive(Debug)]
struct LastError {
    reason: String,
    seen: Instant,
    logged: Instant,
}

impl LoggingContext {
    pub(crate) fn new(settings: &ClientSettings) -> Self {
        Self {
            client_id: settings.client_id().to_owned(),
            tokens: settings.tokens().cloned(),
            last_error: Mutex::new(None),
            watch: Watch::default(),
        }
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Whether the client has lost its brokers for good.
    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The client's error when it has.
    pub(crate) fn check_brokers(&self) -> Result<(), ClientError> {
        match self.watch.is_stranded() {
            false => Ok(()),
            true => Err(ClientError::Stranded {
                client_id: self.client_id.clone(),
            }),
        }
    }

    fn warn(&self, error: &KafkaError, reason: &str) {
        let code = code_of(error);
        tracing::warn!(target: "librdkafka", client_id = self.client_id, ?code, "{reason}");
    }

    /// The last connection error, if it can be what a request failed of that had `time`: one that
    /// was said just before it, or at its beginning, is not said again.
    pub(crate) fn recent_error(&self, time: Duration) -> Option<String> {
        let last = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .filter(|last| last.seen.elapsed() <= time + SAID_AGAIN)
            .map(|last| last.reason.clone())
    }
}

impl ClientContext for LoggingContext {
    /// librdkafka makes the first one of its unsecured tokens itself, and leaves the next to us.
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    /// May take a few seconds, on the thread that serves the client's events. librdkafka reports
    /// an error and asks again after ten seconds.
    fn generate_oauth_token(&self, _config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        let tokens = self.tokens.as_ref();
        let tokens = tokens.ok_or("the client's settings say nothing of tokens")?;
        Ok(tokens.token()?.into_native(oauth::now()))
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let client_id = self.client_id.as_str();
        // A failed or lost connection comes as an error event too, which is said once.
        if facility == "FAIL" {
            tracing::debug!(target: "librdkafka", client_id, facility, "{message}");
            return;
        }
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
        self.watch.observe(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // The end of a partition is news for its reader only.
        if matches!(error, KafkaError::Global(ErrorCode::PartitionEOF)) {
            return;
        }
        let now = Instant::now();
        let gist = gist(reason);
        let mut last = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_mut() {
            // "all brokers are down" follows the reason why, and says less.
            if last.reason == gist || gist.ends_with("brokers are down") {
                last.seen = now;
                if now.duration_since(last.logged) >= REPEAT_AFTER {
                    last.logged = now;
                    self.warn(&error, &last.reason);
                }
                return;
            }
        }
        self.warn(&error, gist);
        *last = Some(LastError {
            reason: gist.to_owned(),
            seen: now,
            logged: now,
        });
    }
}

impl ConsumerContext for LoggingContext {}

/// What stays the same in an error when it is repeated: not the time it took, and not which of
/// librdkafka's handles for the same broker could not connect.
fn gist(reason: &str) -> &str {
    let reason = reason.split(" (after ").next().unwrap_or(reason);
    reason
        .find("Connect to ")
        .map_or(reason, |start| &reason[start..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientKind, Props};

    #[test]
    fn repetitions_have_the_same_gist() {
        let refused = "Connect to ipv4#127.0.0.1:9 failed: Connection refused";
        for reason in [
            "127.0.0.1:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after \
             0ms in state CONNECT, 1 identical error(s) suppressed)",
            "GroupCoordinator: 127.0.0.1:9: Connect to ipv4#127.0.0.1:9 failed: Connection refused",
        ] {
            assert_eq!(gist(reason), refused);
        }
        assert_eq!(gist("1/1 brokers are down"), "1/1 brokers are down");
    }

    #[test]
    fn the_reason_outlives_its_repetitions_and_vaguer_errors() {
        let props = Props::from([("bootstrap.servers".to_owned(), "a:1".to_owned())]);
        let settings = ClientSettings::from_props(ClientKind::Admin, &props).unwrap();
        let context = LoggingContext::new(&settings);
        let down = || KafkaError::Global(ErrorCode::AllBrokersDown);
        assert_eq!(context.recent_error(REPEAT_AFTER), None);
        context.error(down(), "a:1/1: Connect to a:1 failed: refused (after 1ms)");
        context.error(down(), "1/1 brokers are down");
        context.error(
            KafkaError::Global(ErrorCode::PartitionEOF),
            "reached end of partition",
        );
        let reason = context.recent_error(REPEAT_AFTER);
        assert_eq!(reason.as_deref(), Some("Connect to a:1 failed: refused"));
        // A request whose time has just run out began when it was said.
        assert_eq!(context.recent_error(Duration::ZERO), reason);
    }
}
