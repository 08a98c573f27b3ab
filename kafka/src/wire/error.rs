//! What can go wrong between us and a broker.

use std::time::Duration;

use kafka_protocol::ResponseError;
use thiserror::Error;

use super::Endpoint;

/// A broker cannot be reached or understood, or does not let us in.
#[derive(Debug, Clone, Error)]
pub enum WireError {
    /// There is no connection: name not known, refused, no route.
    #[error("cannot connect to {endpoint}: {reason}")]
    Connect {
        /// The broker.
        endpoint: Endpoint,
        /// The operating system's words.
        reason: String,
    },
    /// The connection ended in the middle.
    #[error("the connection to {endpoint} was lost: {reason}")]
    Lost {
        /// The broker.
        endpoint: Endpoint,
        /// The operating system's words.
        reason: String,
    },
    /// The broker did not answer in time.
    #[error("{endpoint} did not answer {request} within {} ms", .after.as_millis())]
    Timeout {
        /// The broker.
        endpoint: Endpoint,
        /// The request, or the step of connecting.
        request: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// The TLS handshake failed: certificates, names, versions.
    #[error("the TLS handshake with {endpoint} failed: {reason}")]
    Tls {
        /// The broker.
        endpoint: Endpoint,
        /// OpenSSL's words.
        reason: String,
    },
    /// The broker does not accept the login.
    #[error("{endpoint} refused the {mechanism} login: {reason}")]
    Authentication {
        /// The broker.
        endpoint: Endpoint,
        /// `sasl.mechanism`.
        mechanism: &'static str,
        /// The broker's words, or what was wrong with them.
        reason: String,
    },
    /// The identity provider gave no token for the login.
    #[error("cannot log in to {endpoint} with OAUTHBEARER: {reason}")]
    Token {
        /// The broker.
        endpoint: Endpoint,
        /// Which token endpoint it was, and its words.
        reason: String,
    },
    /// The broker is too old or too new.
    #[error("{endpoint} knows {request} in versions {theirs}, and this program in versions {ours}")]
    Version {
        /// The broker.
        endpoint: Endpoint,
        /// The request.
        request: &'static str,
        /// The broker's versions.
        theirs: String,
        /// Ours.
        ours: String,
    },
    /// The broker's answer is not of Kafka's protocol.
    #[error("{endpoint} gave an answer that is not valid: {reason}")]
    Protocol {
        /// The broker.
        endpoint: Endpoint,
        /// What is wrong with it.
        reason: String,
    },
}

impl WireError {
    /// Whether it may pass without anybody changing anything.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::Lost { .. }
                | Self::Timeout { .. }
                // Another attempt asks for another token.
                | Self::Token { .. }
        )
    }

    pub(super) fn lost(endpoint: &Endpoint, error: &std::io::Error) -> Self {
        Self::Lost {
            endpoint: endpoint.clone(),
            reason: error.to_string(),
        }
    }

    pub(super) fn protocol(endpoint: &Endpoint, reason: impl Into<String>) -> Self {
        Self::Protocol {
            endpoint: endpoint.clone(),
            reason: reason.into(),
        }
    }
}

/// A broker's error as Kafka's documentation spells it: `GROUP_AUTHORIZATION_FAILED`.
pub(crate) fn error_name(error: ResponseError) -> String {
    let camel = error.to_string();
    if let ResponseError::Unknown(_) = error {
        return camel;
    }
    let mut name = String::with_capacity(camel.len() + 8);
    for (index, letter) in camel.char_indices() {
        if index > 0 && letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_names_of_the_protocol_guide() {
        for (error, name) in [
            (
                ResponseError::GroupAuthorizationFailed,
                "GROUP_AUTHORIZATION_FAILED",
            ),
            (ResponseError::UnknownMemberId, "UNKNOWN_MEMBER_ID"),
            (ResponseError::NotCoordinator, "NOT_COORDINATOR"),
        ] {
            assert_eq!(error_name(error), name);
        }
        assert!(error_name(ResponseError::Unknown(12_345)).contains("12345"));
    }
}
