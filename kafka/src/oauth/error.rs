//! Why there is no token.

use std::time::Duration;

use thiserror::Error;

/// An identity provider gave no token. The texts carry neither the client's secret nor a token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum TokenError {
    #[error(
        "the token endpoint {url} (sasl.oauthbearer.token.endpoint.url) cannot be asked: {reason}"
    )]
    Unreachable { url: String, reason: String },
    #[error(
        "the token endpoint {url} (sasl.oauthbearer.token.endpoint.url) answered with status \
         {status}: {words}"
    )]
    Refused {
        url: String,
        status: u16,
        /// The endpoint's own.
        words: String,
    },
    #[error(
        "the token endpoint {url} (sasl.oauthbearer.token.endpoint.url) gave no usable token: \
         {reason}"
    )]
    Answer { url: String, reason: String },
    #[error(
        "the token endpoint {url} (sasl.oauthbearer.token.endpoint.url) has not answered within \
         {} ms", .after.as_millis()
    )]
    Waiting { url: String, after: Duration },
    #[error("cannot ask the token endpoint (sasl.oauthbearer.token.endpoint.url): {0}")]
    Thread(String),
    #[error("no token was waited for: the program stops")]
    Stopped,
}

/// The statuses after which Java does not try again (`HttpJwtRetriever`): the request itself is
/// wrong, or its sender.
const FINAL: &[u16] = &[
    400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 501, 505,
];

impl TokenError {
    /// Whether the same request may be answered otherwise in a moment.
    pub(super) fn is_worth_a_retry(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => !FINAL.contains(status),
            _ => false,
        }
    }
}
