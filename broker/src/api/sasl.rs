//! SASL/PLAIN (RFC 4616): who a connection is.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{
    ApiKey, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest,
    SaslHandshakeResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::settings::Security;

const MECHANISM: &str = "PLAIN";

/// Who is connected, as far as is known.
#[derive(Debug)]
pub(crate) struct Session {
    state: State,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum State {
    /// Nothing but the handshake is answered.
    Unknown,
    /// The mechanism has been agreed on.
    Agreed,
    /// Everything is answered.
    Known,
}

impl Session {
    /// A connection at its beginning.
    pub(crate) fn new(security: &Security) -> Self {
        Self {
            state: if security.users.is_empty() {
                State::Known
            } else {
                State::Unknown
            },
        }
    }

    /// Whether a request is answered now.
    pub(crate) fn may(&self, key: ApiKey) -> bool {
        match key {
            ApiKey::ApiVersions => true,
            ApiKey::SaslHandshake => self.state != State::Agreed,
            ApiKey::SaslAuthenticate => self.state != State::Unknown,
            _ => self.state == State::Known,
        }
    }

    /// Agrees on the mechanism.
    pub(crate) fn handshake(
        &mut self,
        security: &Security,
        request: &SaslHandshakeRequest,
    ) -> SaslHandshakeResponse {
        if self.state == State::Known && security.users.is_empty() {
            return SaslHandshakeResponse::default()
                .with_error_code(ResponseError::IllegalSaslState.code());
        }
        let response = SaslHandshakeResponse::default()
            .with_mechanisms(vec![StrBytes::from_static_str(MECHANISM)]);
        if request.mechanism.as_str() != MECHANISM {
            return response.with_error_code(ResponseError::UnsupportedSaslMechanism.code());
        }
        self.state = State::Agreed;
        response
    }

    /// Checks the password. The connection ends after an answer that refuses it.
    pub(crate) fn authenticate(
        &mut self,
        security: &Security,
        request: &SaslAuthenticateRequest,
    ) -> SaslAuthenticateResponse {
        let response = SaslAuthenticateResponse::default();
        if self.state != State::Agreed {
            return response
                .with_error_code(ResponseError::IllegalSaslState.code())
                .with_error_message(Some(StrBytes::from_static_str(
                    "SaslAuthenticate request received after successful authentication",
                )));
        }
        match user(security, &request.auth_bytes) {
            Some(user) => {
                tracing::debug!("authenticated as {user}");
                self.state = State::Known;
                response
            }
            None => {
                self.state = State::Unknown;
                response
                    .with_error_code(ResponseError::SaslAuthenticationFailed.code())
                    .with_error_message(Some(StrBytes::from_static_str(
                        "Authentication failed: Invalid username or password",
                    )))
            }
        }
    }
}

/// The user whose name and password these are: `[authorization id] NUL name NUL password`.
fn user(security: &Security, bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut parts = text.split('\0');
    let (authorization, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !(authorization.is_empty() || authorization == name) {
        return None;
    }
    let known = security.users.iter().find(|(known, _)| known == name);
    let (_, expected) = known?;
    same(expected.as_bytes(), password.as_bytes()).then(|| name.to_owned())
}

/// Compares without telling by its time where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (a, b)| acc | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn security() -> Security {
        Security {
            users: vec![("alice".to_owned(), "secret".to_owned())],
            tls: None,
        }
    }

    fn plain(text: &'static [u8]) -> SaslAuthenticateRequest {
        SaslAuthenticateRequest::default().with_auth_bytes(Bytes::from_static(text))
    }

    #[test]
    fn only_who_is_known_is_answered() {
        let security = security();
        let mut session = Session::new(&security);
        assert!(session.may(ApiKey::ApiVersions) && session.may(ApiKey::SaslHandshake));
        assert!(!session.may(ApiKey::Metadata) && !session.may(ApiKey::SaslAuthenticate));
        let plain_handshake = SaslHandshakeRequest::default().with_mechanism("PLAIN".into());
        assert_eq!(session.handshake(&security, &plain_handshake).error_code, 0);
        let refused = session.authenticate(&security, &plain(b"\0alice\0wrong"));
        assert_eq!(refused.error_code, 58);
        assert!(!session.may(ApiKey::Metadata));
        session.handshake(&security, &plain_handshake);
        let taken = session.authenticate(&security, &plain(b"\0alice\0secret"));
        assert_eq!(taken.error_code, 0);
        assert!(session.may(ApiKey::Metadata));
    }

    #[test]
    fn what_is_not_plain_is_refused() {
        let security = security();
        for bytes in [
            &b""[..],
            b"alice\0secret",
            b"\0alice\0secret\0",
            b"bob\0alice\0secret",
            b"\0alice\0",
            b"\0\xff\0secret",
        ] {
            assert_eq!(user(&security, bytes), None, "{bytes:?}");
        }
        assert!(user(&security, b"alice\0alice\0secret").is_some());
        let mut session = Session::new(&security);
        let other = SaslHandshakeRequest::default().with_mechanism("SCRAM-SHA-256".into());
        assert_eq!(session.handshake(&security, &other).error_code, 33);
    }

    #[test]
    fn without_users_everybody_is_answered() {
        let session = Session::new(&Security::default());
        assert!(session.may(ApiKey::Produce));
    }
}
