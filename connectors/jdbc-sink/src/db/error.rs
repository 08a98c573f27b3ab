//! What a database said, and what follows from it.

use std::fmt;
use std::time::Duration;

use crate::plan::CellError;

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is gone or cannot be had: again, with a new one.
    Connection,
    /// A deadlock, a lock that took too long, a server short of something: again.
    Transient,
    /// A value or a row does not fit: the others may.
    Data,
    /// A table or column is not as it was: look again.
    Structure,
    /// Refused, and again if asked again: login, certificate, rights, syntax.
    Refused,
}

/// A failure in the database's own words.
#[derive(Debug, Clone)]
pub(crate) struct DbError {
    pub(crate) fault: Fault,
    pub(crate) message: String,
    /// Which row of the batch, if the database says so.
    pub(crate) row: Option<usize>,
    /// Which column or field, if it is known.
    pub(crate) column: Option<String>,
    /// The column may be too narrow.
    pub(crate) too_narrow: bool,
}

pub(crate) type DbResult<T> = Result<T, DbError>;

impl DbError {
    pub(crate) fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self {
            fault,
            message: message.into(),
            row: None,
            column: None,
            too_narrow: false,
        }
    }

    /// A failure without a word of the server: refused where it is about one of these, of the
    /// connection otherwise.
    pub(crate) fn without_server(message: String, about: &[&str]) -> Self {
        let lower = message.to_lowercase();
        let fault = match about.iter().any(|word| lower.contains(word)) {
            true => Fault::Refused,
            false => Fault::Connection,
        };
        Self::new(fault, message)
    }

    /// A value of the batch's row `row` that we could not write.
    pub(crate) fn cell(error: CellError, row: usize) -> Self {
        Self {
            row: Some(row),
            column: Some(error.field),
            ..Self::new(Fault::Data, error.reason)
        }
    }
}

impl DbError {
    /// A host that said nothing in time.
    pub(crate) fn no_answer(host: &str, port: u16, timeout: Duration) -> Self {
        let message = format!("no answer in {timeout:?}");
        Self::new(Fault::Connection, message).at_host(host, port)
    }

    /// With the host that could not be connected to.
    pub(crate) fn at_host(mut self, host: &str, port: u16) -> Self {
        self.message = format!("connecting to {host}:{port}: {}", self.message);
        self
    }
}

/// Why none of several hosts could be connected to.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<DbError>);

impl Failures {
    pub(crate) fn add(&mut self, error: DbError) {
        self.0.push(error);
    }

    /// All in one; passing if one of them may pass.
    pub(crate) fn into_error(self) -> DbError {
        let refused = self.0.iter().all(|error| error.fault == Fault::Refused);
        let messages: Vec<String> = self.0.into_iter().map(|error| error.message).collect();
        let fault = if refused {
            Fault::Refused
        } else {
            Fault::Connection
        };
        DbError::new(fault, messages.join("; "))
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DbError {}
