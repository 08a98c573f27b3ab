//! Tokens for SASL/OAUTHBEARER (RFC 7628): one source of them for every client of a process.
//!
//! * [`UnsecuredToken`]: Java's token without a signature, for development, made here.
//! * [`TokenEndpoint`]: tokens that an identity provider gives for client credentials (RFC 6749
//!   4.4), asked for over HTTP because librdkafka is built without an HTTP client.
//! * [`Keeper`]: keeps a token of an endpoint and renews it before it runs out, in the place of
//!   Java's login thread; clients with the same settings share one.

mod endpoint;
mod error;
mod http;
mod jwt;
mod keeper;
mod refresh;
mod tls;
mod unsecured;

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rdkafka::client::OAuthToken;

pub(crate) use endpoint::{Credentials, Retries, TokenEndpoint};
pub(crate) use error::TokenError;
pub(crate) use keeper::Keeper;
pub(crate) use refresh::RefreshRules;
pub(crate) use tls::EndpointTls;
pub(crate) use unsecured::UnsecuredToken;

/// librdkafka asks for a new token when so much of the last one's time has passed
/// (`rd_kafka_oauthbearer_set_token0`).
const LIBRDKAFKA_WINDOW: f64 = 0.8;

/// So much later than the keeper renews a token librdkafka shall ask for it.
const BEHIND_KEEPER: i64 = 300;

/// A token and what has to be known of it. Times are in milliseconds since 1970.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) principal: String,
    /// Said to the broker beside the token.
    pub(crate) extensions: Vec<(String, String)>,
    expires: i64,
    /// When there will be a new one.
    renewed: i64,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("principal", &self.principal)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Token {
    /// As librdkafka gets it. It uses the end of a token's life for nothing but the time to ask
    /// for the next one, so it is told an end that makes it ask when the next one is there.
    pub(crate) fn into_native(self, now: i64) -> OAuthToken {
        let until_renewed = (self.renewed + BEHIND_KEEPER - now).max(1000);
        OAuthToken {
            token: self.value,
            principal_name: self.principal,
            lifetime_ms: now + (until_renewed as f64 / LIBRDKAFKA_WINDOW) as i64,
        }
    }
}

/// Where a client's tokens come from.
#[derive(Debug, Clone)]
pub(crate) enum TokenSource {
    Unsecured(UnsecuredToken),
    Endpoint(Arc<Keeper>),
}

impl TokenSource {
    /// A token that is valid now. Waits a few seconds for the first one of an endpoint.
    pub(crate) fn token(&self) -> Result<Token, TokenError> {
        match self {
            Self::Unsecured(token) => Ok(token.issue(now())),
            Self::Endpoint(keeper) => keeper.token(),
        }
    }

    /// [`TokenSource::token`] for a task that may not be held up.
    pub(crate) async fn token_in_background(&self) -> Result<Token, TokenError> {
        let source = self.clone();
        tokio::task::spawn_blocking(move || source.token())
            .await
            .unwrap_or(Err(TokenError::Stopped))
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}

#[cfg(test)]
#[path = "../../tests/token_server/mod.rs"]
mod token_server;

#[cfg(test)]
mod tests {
    use super::*;

    fn token(renewed: i64) -> Token {
        Token {
            value: "secret-token".to_owned(),
            principal: "alice".to_owned(),
            extensions: Vec::new(),
            expires: 20_000,
            renewed,
        }
    }

    #[test]
    fn librdkafka_asks_again_when_the_next_token_is_there() {
        let asks_at = |renewed: i64, now: i64| {
            let native = token(renewed).into_native(now);
            now + ((native.lifetime_ms - now) as f64 * LIBRDKAFKA_WINDOW).round() as i64
        };
        assert_eq!(asks_at(10_000, 1000), 10_300);
        // The renewal is late: soon again, while the old token is still good.
        assert_eq!(asks_at(10_000, 15_000), 16_000);
    }

    #[test]
    fn a_token_is_not_shown() {
        let shown = format!("{:?}", token(1));
        assert!(
            shown.contains("alice") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
