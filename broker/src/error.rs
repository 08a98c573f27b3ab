//! What can keep a broker from starting.

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
    /// Another process has the data folder.
    #[error("the data folder {0} is in use by another broker: stop it, or give this one a folder of its own")]
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
}
