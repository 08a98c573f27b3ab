//! A token endpoint: what is asked of it, and how often it is asked again.

use std::fmt;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

use super::jwt::Claims;
use super::{EndpointTls, RefreshRules, Token, TokenError, http};
use crate::settings::SettingsError;
use crate::wire::random_fraction;

/// Who asks (RFC 6749 4.4).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) scope: Option<String>,
    /// `sasl.oauthbearer.header.urlencode`.
    pub(crate) is_urlencoded: bool,
}

impl Credentials {
    /// The header `Authorization`. As Java's (`ClientCredentialsRequestFormatter`), the parts are
    /// encoded as RFC 6749 2.3.1 wants it only where that was asked for.
    pub(super) fn authorization(&self) -> String {
        let (id, secret) = (self.written(&self.id), self.written(&self.secret));
        format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
    }

    /// The form that is posted; the scope in it is encoded under the same condition.
    pub(super) fn body(&self) -> String {
        match &self.scope {
            None => "grant_type=client_credentials".to_owned(),
            Some(scope) => format!(
                "grant_type=client_credentials&scope={}",
                self.written(scope)
            ),
        }
    }

    fn written(&self, part: &str) -> String {
        if self.is_urlencoded {
            form_encoded(part)
        } else {
            part.to_owned()
        }
    }
}

/// `application/x-www-form-urlencoded` (`java.net.URLEncoder`).
fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'.' | b'-' | b'*' | b'_' => encoded.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// `sasl.login.retry.backoff.ms` and `sasl.login.retry.backoff.max.ms`. The latter is the time for
/// all attempts together, by Java's code (`Retry`) if not by its documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retries {
    pub(crate) backoff: Duration,
    pub(crate) limit: Duration,
}

impl Retries {
    /// How long to wait after the attempt of this number, counted from 1; none to give up.
    fn pause(&self, attempt: u32, passed: Duration) -> Option<Duration> {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let pause = self.backoff.saturating_mul(doubled);
        let pause = pause.min(self.limit.saturating_sub(passed));
        (!pause.is_zero()).then_some(pause)
    }
}

/// Where tokens are asked for, by whom and how.
#[derive(Clone, PartialEq)]
pub(crate) struct TokenEndpoint {
    pub(crate) url: Url,
    pub(crate) credentials: Credentials,
    pub(crate) subject_claim: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) retries: Retries,
    pub(crate) refresh: RefreshRules,
    pub(crate) tls: EndpointTls,
}

impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint")
            .field("url", &self.shown())
            .field("client_id", &self.credentials.id)
            .finish_non_exhaustive()
    }
}

impl TokenEndpoint {
    /// The URL without what may be a secret in it.
    pub(super) fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.to_string()
    }

    pub(super) fn client(&self) -> Result<reqwest::Client, SettingsError> {
        http::client(self)
    }

    /// Asks until there is an answer, or none is to be expected. Each problem that is followed by
    /// another attempt goes to `on_problem`.
    pub(super) async fn fetch(
        &self,
        client: &reqwest::Client,
        on_problem: impl Fn(&TokenError),
    ) -> Result<Token, TokenError> {
        let began = Instant::now();
        let mut attempt = 1;
        let answer = loop {
            let error = match http::ask(client, self).await {
                Ok(answer) => break answer,
                Err(error) => error,
            };
            let pause = self.retries.pause(attempt, began.elapsed());
            let Some(pause) = pause.filter(|_| error.is_worth_a_retry()) else {
                return Err(error);
            };
            on_problem(&error);
            tokio::time::sleep(pause).await;
            attempt += 1;
        };
        self.judge(answer)
    }

    fn judge(&self, value: String) -> Result<Token, TokenError> {
        let unusable = |reason: String| TokenError::Answer {
            url: self.shown(),
            reason,
        };
        let claims = Claims::of(&value, &self.subject_claim).map_err(unusable)?;
        let now = super::now();
        if claims.expires <= now {
            let ago = (now - claims.expires) / 1000;
            let reason = format!("it ran out {ago} s ago by this host's clock");
            return Err(unusable(reason));
        }
        Ok(Token {
            value,
            principal: claims.subject,
            extensions: Vec::new(),
            expires: claims.expires,
            renewed: self
                .refresh
                .due(now, claims.issued, claims.expires, random_fraction()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(is_urlencoded: bool) -> Credentials {
        Credentials {
            id: "my id".to_owned(),
            secret: "s:cr%t".to_owned(),
            scope: Some("a b/c*~".to_owned()),
            is_urlencoded,
        }
    }

    /// What Kafka 4.3.1's own client was seen to send for these.
    #[test]
    fn the_request_is_javas() {
        let plain = credentials(false);
        assert_eq!(plain.authorization(), "Basic bXkgaWQ6czpjciV0");
        assert_eq!(plain.body(), "grant_type=client_credentials&scope=a b/c*~");
        let encoded = credentials(true);
        assert_eq!(encoded.authorization(), "Basic bXkraWQ6cyUzQWNyJTI1dA==");
        assert_eq!(
            encoded.body(),
            "grant_type=client_credentials&scope=a+b%2Fc*%7E"
        );
        let bare = Credentials {
            scope: None,
            ..plain
        };
        assert_eq!(bare.body(), "grant_type=client_credentials");
    }

    #[test]
    fn pauses_double_until_the_time_for_all_is_over() {
        let millis = Duration::from_millis;
        let retries = Retries {
            backoff: millis(100),
            limit: millis(1000),
        };
        assert_eq!(retries.pause(1, millis(0)), Some(millis(100)));
        assert_eq!(retries.pause(3, millis(300)), Some(millis(400)));
        assert_eq!(retries.pause(4, millis(700)), Some(millis(300)));
        assert_eq!(retries.pause(40, millis(999)), Some(millis(1)));
        assert_eq!(retries.pause(5, millis(1000)), None);
    }
}
