//! The SASL login of a connection: SaslHandshake, then the mechanism's messages in
//! SaslAuthenticate (KIP-152).

mod scram;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;

use self::scram::Scram;
use super::{Connection, WireError, error_name};
use crate::oauth::{Token, TokenSource};
use crate::settings::{ClientSettings, SettingsError, no_oauth_token};

/// Who we are and how we prove it.
#[derive(Clone)]
pub(super) enum Login {
    Plain {
        user: String,
        password: String,
    },
    Scram {
        scram: Scram,
        user: String,
        password: String,
    },
    OAuthBearer(TokenSource),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Login").field(&self.mechanism()).finish()
    }
}

impl Login {
    pub(super) fn from_settings(settings: &ClientSettings) -> Result<Self, SettingsError> {
        let key = "sasl.mechanism";
        let mechanism = settings.get(key).unwrap_or_default();
        let scram = match mechanism {
            "OAUTHBEARER" => {
                let tokens = settings.tokens().ok_or_else(no_oauth_token)?;
                return Ok(Self::OAuthBearer(tokens.clone()));
            }
            "PLAIN" => None,
            "SCRAM-SHA-256" => Some(Scram::Sha256),
            "SCRAM-SHA-512" => Some(Scram::Sha512),
            _ => {
                let known = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER are known";
                return Err(SettingsError::unsupported(key, mechanism, known));
            }
        };
        let part = |key: &str| {
            settings
                .get(key)
                .map(str::to_owned)
                .ok_or_else(|| SettingsError::Missing {
                    key: key.to_owned(),
                    hint: format!("{mechanism} needs it, or a login module in sasl.jaas.config"),
                })
        };
        let (user, password) = (part("sasl.username")?, part("sasl.password")?);
        Ok(match scram {
            None => Self::Plain { user, password },
            Some(scram) => Self::Scram {
                scram,
                user,
                password,
            },
        })
    }

    pub(super) fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "PLAIN",
            Self::Scram { scram, .. } => scram.mechanism(),
            Self::OAuthBearer(_) => "OAUTHBEARER",
        }
    }
}

/// Logs in. Gives the time after which the broker wants to see a login again (KIP-368), if it
/// does.
pub(super) async fn authenticate(
    connection: &mut Connection,
    login: &Login,
) -> Result<Option<Duration>, WireError> {
    handshake(connection, login).await?;
    let mut exchange = Exchange {
        connection,
        mechanism: login.mechanism(),
        lifetime: None,
    };
    match login {
        Login::Plain { user, password } => {
            exchange.step(format!("\0{user}\0{password}")).await?;
        }
        Login::Scram {
            scram,
            user,
            password,
        } => exchange.scram(*scram, user, password).await?,
        Login::OAuthBearer(tokens) => exchange.oauth_bearer(tokens).await?,
    }
    Ok(exchange.lifetime)
}

async fn handshake(connection: &mut Connection, login: &Login) -> Result<(), WireError> {
    // Before version 1 the messages that follow have no request around them.
    connection.version::<SaslHandshakeRequest>(1)?;
    let request = SaslHandshakeRequest::default()
        .with_mechanism(StrBytes::from_static_str(login.mechanism()));
    let answer = connection
        .send(&request, connection.request_timeout())
        .await?;
    let Some(error) = answer.error_code.err() else {
        return Ok(());
    };
    let offered: Vec<&str> = answer.mechanisms.iter().map(StrBytes::as_str).collect();
    Err(WireError::Authentication {
        endpoint: connection.endpoint().clone(),
        mechanism: login.mechanism(),
        reason: format!(
            "{}; it offers {}",
            error_name(error),
            if offered.is_empty() {
                "none".to_owned()
            } else {
                offered.join(", ")
            }
        ),
    })
}

struct Exchange<'a> {
    connection: &'a mut Connection,
    mechanism: &'static str,
    lifetime: Option<Duration>,
}

impl Exchange<'_> {
    /// One message of the mechanism there, and one back.
    async fn step(&mut self, message: impl Into<Bytes>) -> Result<Bytes, WireError> {
        let request = SaslAuthenticateRequest::default().with_auth_bytes(message.into());
        let limit = self.connection.request_timeout();
        let answer = self.connection.send(&request, limit).await?;
        if let Some(error) = answer.error_code.err() {
            let name = error_name(error);
            let reason = answer.error_message.filter(|text| !text.is_empty());
            return Err(self.refused(match reason {
                Some(text) => format!("{text} ({name})"),
                None => name,
            }));
        }
        if let Ok(lifetime @ 1..) = u64::try_from(answer.session_lifetime_ms) {
            self.lifetime = Some(Duration::from_millis(lifetime));
        }
        Ok(answer.auth_bytes)
    }

    async fn scram(&mut self, scram: Scram, user: &str, password: &str) -> Result<(), WireError> {
        let nonce = scram::nonce().map_err(|error| self.refused(error))?;
        let first = scram::ClientFirst::new(user, &nonce);
        let server_first = self.step(first.message()).await?;
        let last = first
            .answer(scram, password, &server_first)
            .map_err(|error| self.refused(error))?;
        let server_final = self.step(last.message.clone()).await?;
        // The broker proves that it knows the password too.
        last.verify(&server_final)
            .map_err(|error| self.refused(error))
    }

    async fn oauth_bearer(&mut self, tokens: &TokenSource) -> Result<(), WireError> {
        let token = tokens
            .token_in_background()
            .await
            .map_err(|error| WireError::Token {
                endpoint: self.connection.endpoint().clone(),
                reason: error.to_string(),
            })?;
        let problem = self.step(bearer_message(&token)).await?;
        if problem.is_empty() {
            return Ok(());
        }
        // RFC 7628 3.2.3: the error comes as a message, and a lone control-A ends the exchange.
        let told = String::from_utf8_lossy(&problem).into_owned();
        match self.step(&b"\x01"[..]).await {
            Err(WireError::Authentication { reason, .. }) => {
                Err(self.refused(format!("{told}: {reason}")))
            }
            Err(error) => Err(error),
            Ok(_) => Err(self.refused(told)),
        }
    }

    fn refused(&self, reason: impl Into<String>) -> WireError {
        WireError::Authentication {
            endpoint: self.connection.endpoint().clone(),
            mechanism: self.mechanism,
            reason: reason.into(),
        }
    }
}

/// `n,,^Aauth=Bearer <token>^A<extension>=<value>^A…^A` (RFC 7628 3.1).
fn bearer_message(token: &Token) -> String {
    let mut message = format!("n,,\x01auth=Bearer {}\x01", token.value);
    for (name, value) in &token.extensions {
        message.push_str(&format!("{name}={value}\x01"));
    }
    message.push('\x01');
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientKind, Props};

    #[test]
    fn a_token_is_said_with_its_extensions() {
        let props = [
            ("bootstrap.servers", "a:1"),
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "OAUTHBEARER"),
            ("enable.sasl.oauthbearer.unsecure.jwt", "true"),
            ("sasl.oauthbearer.config", "principal=al extension_pool=a"),
        ];
        let props = Props::from(props.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let settings = ClientSettings::from_props(ClientKind::Admin, &props).unwrap();
        assert!(settings.warnings()[0].contains("extension_"));
        let token = settings.tokens().unwrap().token().unwrap();
        let expected = format!("n,,\x01auth=Bearer {}\x01pool=a\x01\x01", token.value);
        assert_eq!(bearer_message(&token), expected);
    }
}
