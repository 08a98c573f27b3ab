//! The one error type of the plugin contract.

use std::fmt;
use std::time::Duration;

/// The result of a plugin's call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure an [`Error`] is: what the runtime decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A setting is missing, malformed, or does not fit the system it names.
    Config,
    /// A record, row or document cannot be handled; the next one may.
    Data,
    /// A passing fault of the outside: the same call may succeed later.
    Retriable,
    /// What was asked for is not there.
    NotFound,
    /// What was to be created is there already.
    AlreadyExists,
    /// Another change is in the way.
    Conflict,
    /// Known, and deliberately not offered.
    Unsupported,
    /// The worker or the task is being stopped.
    Stopped,
    /// A fault of our own.
    Internal,
}

/// An error of a plugin or of the runtime around it.
///
/// The message is in lower case, without a full stop, and says what was being
/// done and to what. A user reads the whole chain: [`Error::trace`].
pub struct Error {
    kind: ErrorKind,
    message: String,
    context: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            context: Vec::new(),
            retry_after: None,
            source: None,
        }
    }

    /// A setting is wrong: see [`ErrorKind::Config`].
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// A record is wrong: see [`ErrorKind::Data`].
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Data, message)
    }

    /// A passing fault: see [`ErrorKind::Retriable`].
    pub fn retriable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Retriable, message)
    }

    /// A fault of our own: see [`ErrorKind::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Adds a fact that helps to find the cause, such as `("table", "a.b")`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.context.push((name, value.to_string()));
        self
    }

    /// Says when the same call should be made again; for retriable errors.
    #[must_use]
    pub fn after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// Adds what this error came from.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Wraps this error in one that says what was being done, of the same kind.
    #[must_use]
    pub fn while_doing(self, message: impl Into<String>) -> Self {
        let mut outer = Self::new(self.kind, message);
        outer.retry_after = self.retry_after;
        outer.caused_by(self)
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message alone, without context and causes.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// True if the same call may succeed later.
    pub fn is_retriable(&self) -> bool {
        self.kind == ErrorKind::Retriable
    }

    /// When the same call should be made again, if the plugin said so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The whole chain as a user reads it in `/status`: this error's message
    /// and context on the first line, then a `Caused by:` line for each cause.
    pub fn trace(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str("\nCaused by: ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (position, (name, value)) in self.context.iter().enumerate() {
            let separator = if position == 0 { " (" } else { ", " };
            write!(f, "{separator}{name}: {value}")?;
        }
        if self.context.is_empty() {
            Ok(())
        } else {
            f.write_str(")")
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.trace())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_shows_the_whole_chain() {
        let error = Error::retriable("connection refused")
            .with("host", "db:3306")
            .while_doing("connecting to MySQL");
        assert!(error.is_retriable());
        assert_eq!(
            error.trace(),
            "connecting to MySQL\nCaused by: connection refused (host: db:3306)"
        );
    }
}
