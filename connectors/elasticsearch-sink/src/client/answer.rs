//! What a node answers.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::time::Duration;

use bytes::Bytes;
use connect_api::{Error, ErrorKind, Result};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::Value;

/// How much of an answer that is no JSON is shown.
const SHOWN: usize = 300;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// True if the same request may succeed later.
    pub(crate) fn is_passing_fault(&self) -> bool {
        matches!(self.status, 408 | 429 | 502 | 503 | 504)
    }

    /// Why the request failed, in the server's words.
    pub(crate) fn reason(&self) -> String {
        match self.error() {
            Some(reason) => reason.to_string(),
            None => {
                let text = String::from_utf8_lossy(&self.body);
                text.trim().chars().take(SHOWN).collect()
            }
        }
    }

    /// The error's type, such as `resource_already_exists_exception`.
    pub(crate) fn error_type(&self) -> Option<String> {
        self.error()?.kind
    }

    fn error(&self) -> Option<Reason> {
        #[derive(Deserialize)]
        struct Body {
            error: Value,
        }
        let body: Body = serde_json::from_slice(&self.body).ok()?;
        match body.error {
            Value::String(reason) => Some(Reason {
                reason: Some(reason),
                ..Reason::default()
            }),
            other => serde_json::from_value(other).ok(),
        }
    }

    /// The answer to a request that did not succeed, as an error of the task:
    /// `what` is what it was to do.
    pub(crate) fn failure(&self, what: &str) -> Error {
        let mut who = "Elasticsearch";
        let (kind, advice) = match self.status {
            401 => (
                ErrorKind::Config,
                "; check connection.username and connection.password, or connection.api.key",
            ),
            403 => (
                ErrorKind::Config,
                "; the user lacks a right that this needs",
            ),
            407 => {
                who = "the proxy";
                (
                    ErrorKind::Config,
                    "; check proxy.username and proxy.password",
                )
            }
            // A request that the server does not understand.
            _ => (ErrorKind::Data, ""),
        };
        let answer = format!("{} {}", self.status, self.reason());
        Error::new(
            kind,
            format!("{what}: {who} answered {}{advice}", answer.trim_end()),
        )
    }

    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Error::retriable(format!("an answer is no JSON: {}", self.reason())).caused_by(error)
        })
    }
}

/// Elasticsearch's own reason, with its causes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Reason {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) reason: Option<String>,
    caused_by: Option<Box<Reason>>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.kind, &self.reason) {
            (Some(kind), Some(reason)) => write!(f, "{kind}: {reason}")?,
            (Some(text), None) | (None, Some(text)) => f.write_str(text)?,
            (None, None) => f.write_str("no reason given")?,
        }
        match &self.caused_by {
            Some(cause) => write!(f, "; caused by {cause}"),
            None => Ok(()),
        }
    }
}

pub(super) fn compressed(body: &[u8]) -> Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    let failed = |error| Error::internal("compressing a request").caused_by(error);
    encoder.write_all(body).map_err(failed)?;
    Ok(encoder.finish().map_err(failed)?.into())
}

/// A body that is not what it says it is stays as it is: it is no JSON then.
pub(crate) fn decompressed(body: Bytes, is_compressed: bool) -> Bytes {
    let mut plain = Vec::new();
    if is_compressed && GzDecoder::new(&body[..]).read_to_end(&mut plain).is_ok() {
        plain.into()
    } else {
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        Answer {
            status: 400,
            retry_after: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn reasons_are_the_servers_own() {
        // Of Elasticsearch 7.5.1, and of 8.19 for a path that it does not know.
        let cases = [
            (
                r#"{"error":{"root_cause":[],"type":"mapper_parsing_exception","reason":"failed to parse field [n] of type [integer] in document with id 'b'. Preview of field's value: 'abc'","caused_by":{"type":"number_format_exception","reason":"For input string: \"abc\""}},"status":400}"#,
                "mapper_parsing_exception: failed to parse field [n] of type [integer] in document \
                 with id 'b'. Preview of field's value: 'abc'; caused by number_format_exception: \
                 For input string: \"abc\"",
            ),
            (
                r#"{"error":"Incorrect HTTP method for uri [/] and method [GET], allowed: [DELETE]","status":405}"#,
                "Incorrect HTTP method for uri [/] and method [GET], allowed: [DELETE]",
            ),
            ("<html>Bad Gateway</html>\n", "<html>Bad Gateway</html>"),
        ];
        for (body, expected) in cases {
            assert_eq!(answer(body).reason(), expected);
        }
    }

    #[test]
    fn compression_there_and_back() {
        let body = "a text ".repeat(1000);
        let small = compressed(body.as_bytes()).unwrap();
        assert!(small.len() < body.len() / 10);
        assert_eq!(decompressed(small, true), body);
    }
}
