//! What a database said, and what follows from it.

use std::fmt;

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

    /// A value of the batch's row `row` that we could not write.
    pub(crate) fn cell(error: CellError, row: usize) -> Self {
        Self {
            row: Some(row),
            column: Some(error.field),
            ..Self::new(Fault::Data, error.reason)
        }
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DbError {}
