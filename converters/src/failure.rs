//! Why a value cannot be converted, and where in the record it stands.

use bytestring::ByteString;
use connect_api::Error;

/// Boxed, so that the hot path returns one word.
#[derive(Debug)]
pub(crate) struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    reason: String,
    /// From the innermost field outwards.
    path: Vec<ByteString>,
}

impl Failure {
    #[cold]
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            reason: reason.into(),
            path: Vec::new(),
        }))
    }

    /// Says that it happened in the field called `name`.
    #[cold]
    pub(crate) fn in_field(mut self, name: &str) -> Self {
        self.0.path.push(name.into());
        self
    }

    /// The error, with the path to the field.
    #[cold]
    pub(crate) fn into_error(self) -> Error {
        let Inner { reason, path } = *self.0;
        let error = Error::data(reason);
        if path.is_empty() {
            return error;
        }
        let path: Vec<&str> = path.iter().rev().map(|name| &**name).collect();
        error.with("field", path.join("."))
    }
}
