use std::path::PathBuf;

use thiserror::Error;

use crate::ddl::DdlError;

/// What can go wrong with the schema history.
#[derive(Debug, Error)]
pub enum SchemaHistoryError {
    /// A record is no history record.
    #[error(
        "unreadable schema history record in {place}: {reason}; restore the schema history from a \
         backup, or recover it with snapshot.mode=recovery"
    )]
    Unreadable {
        /// Where the record is.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A statement of the history cannot be applied.
    #[error(
        "replaying the schema history: the statement recorded at {position} cannot be applied; \
         set schema.history.internal.skip.unparseable.ddl=true to leave such statements out"
    )]
    Ddl {
        /// The record's position in the binlog.
        position: String,
        /// What is wrong with the statement.
        #[source]
        source: DdlError,
    },
    /// A file cannot be read or written.
    #[error("{action} the schema history file {}", path.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// The file of `schema.history.internal.file.filename`.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Kafka refuses something, or cannot be reached.
    #[error("{action} the schema history topic {topic}")]
    Kafka {
        /// What was being done.
        action: &'static str,
        /// The topic of `schema.history.internal.kafka.topic`.
        topic: String,
        /// What the client says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Whether the same may succeed later.
        retriable: bool,
    },
    /// The topic is not one that keeps the whole history.
    #[error("the schema history topic {topic} cannot hold a schema history: {reason}")]
    UnsuitableTopic {
        /// The topic of `schema.history.internal.kafka.topic`.
        topic: String,
        /// What is wrong and how to put it right.
        reason: String,
    },
}

impl SchemaHistoryError {
    /// Whether the same may succeed later.
    pub fn is_retriable(&self) -> bool {
        matches!(
            self,
            Self::Kafka {
                retriable: true,
                ..
            }
        )
    }
}
