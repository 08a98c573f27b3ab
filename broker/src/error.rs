//! What can keep a broker from starting, and what a request can be refused with.

use std::path::Path;

use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;

/// Why a broker could not be started, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// A file or folder of the data folder could not be used.
    #[error("{doing} {path}")]
    File {
        /// What was being done, such as `reading`.
        doing: &'static str,
        /// The file or folder.
        path: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// A file of the data folder is not what a broker has written.
    #[error("{path} cannot be understood: {problem}")]
    Corrupt {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Another process has the data folder.
    #[error(
        "the data folder {0} is in use by another broker: stop that one, or give this one a folder of its own"
    )]
    InUse(String),
    /// The address cannot be listened on.
    #[error("listening on {address}")]
    Listen {
        /// The address as it was given.
        address: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// A setting cannot be used.
    #[error("{0}")]
    Setting(String),
    /// A partition's log or a coordinator's state could not be opened.
    #[error("opening {what}")]
    Open {
        /// The partition or the coordinator.
        what: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl BrokerError {
    /// For `map_err` on the result of a file operation.
    pub(crate) fn file(
        doing: &'static str,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }

    /// For `map_err` on the result of opening `what`.
    pub(crate) fn opening<E>(what: impl Into<String>) -> impl FnOnce(E) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let what = what.into();
        move |source| Self::Open {
            what,
            source: Box::new(source),
        }
    }
}

/// Why a part of a request is refused: Kafka's error, and what its user reads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) error: ResponseError,
    pub(crate) message: Option<String>,
}

impl Refusal {
    pub(crate) fn new(error: ResponseError, message: impl Into<String>) -> Self {
        Self {
            error,
            message: Some(message.into()),
        }
    }

    pub(crate) fn code(&self) -> i16 {
        self.error.code()
    }

    /// The message as responses hold it; the error's own text when there is none.
    pub(crate) fn text(&self) -> Option<StrBytes> {
        let text = match &self.message {
            Some(message) => message.clone(),
            None => self.error.to_string(),
        };
        Some(StrBytes::from_string(text))
    }
}

impl From<ResponseError> for Refusal {
    fn from(error: ResponseError) -> Self {
        Self {
            error,
            message: None,
        }
    }
}
