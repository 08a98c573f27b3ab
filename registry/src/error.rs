//! Why a request is not done, with the codes and texts of Confluent's registry
//! (`rest/exceptions/Errors`).

use connect_kafka::log::LogError;
use thiserror::Error;

use crate::record::SubjectVersion;

/// Why a request is not done.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("Subject '{0}' not found.")]
    SubjectNotFound(String),
    #[error("Version {0} not found.")]
    VersionNotFound(i32),
    #[error("Schema not found")]
    SchemaNotFound,
    #[error("Schema {0} not found")]
    IdNotFound(String),
    #[error("Subject '{0}' was soft deleted.Set permanent=true to delete permanently")]
    SubjectSoftDeleted(String),
    #[error("Subject '{0}' was not deleted first before being permanently deleted")]
    SubjectNotSoftDeleted(String),
    #[error("Subject '{0}' Version {1} was soft deleted.Set permanent=true to delete permanently")]
    VersionSoftDeleted(String, i32),
    #[error("Subject '{0}' Version {1} was not deleted first before being permanently deleted")]
    VersionNotSoftDeleted(String, i32),
    #[error("Subject '{0}' does not have subject-level compatibility configured")]
    NoSubjectConfig(String),
    #[error("Subject '{0}' does not have subject-level mode configured")]
    NoSubjectMode(String),
    #[error(
        "Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{}]",
        .messages.join(", ")
    )]
    Incompatible {
        subject: String,
        messages: Vec<String>,
    },
    #[error("{0}")]
    InvalidSchema(String),
    #[error(
        "The specified version '{0}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\""
    )]
    InvalidVersion(String),
    #[error(
        "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive"
    )]
    InvalidLevel,
    #[error("{0}")]
    InvalidMode(String),
    #[error("{0}")]
    NotPermitted(String),
    #[error(
        "One or more references exist to the schema {{magic=1,keytype=SCHEMA,subject={},version={}}}.",
        .0.subject, .0.version
    )]
    ReferenceExists(SubjectVersion),
    #[error("The specified subject '{0}' is not a valid.")]
    InvalidSubject(String),
    #[error("Register operation failed because schema is too large")]
    TooLarge,
    /// What Confluent's registry can do and this one cannot.
    #[error("{0}")]
    Unsupported(String),
    /// The request's form.
    #[error("{message}")]
    Request { status: u16, message: String },
    #[error("{doing}: {source}")]
    Store {
        doing: &'static str,
        source: LogError,
    },
    #[error("{doing} timed out: Kafka does not answer")]
    Timeout { doing: &'static str },
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    pub(crate) fn request(status: u16, message: impl Into<String>) -> Self {
        Self::Request {
            status,
            message: message.into(),
        }
    }

    /// The `error_code` of the answer; its first three digits are the status.
    pub(crate) fn code(&self) -> u32 {
        match self {
            Self::SubjectNotFound(_) => 40401,
            Self::VersionNotFound(_) => 40402,
            Self::SchemaNotFound | Self::IdNotFound(_) => 40403,
            Self::SubjectSoftDeleted(_) => 40404,
            Self::SubjectNotSoftDeleted(_) => 40405,
            Self::VersionSoftDeleted(..) => 40406,
            Self::VersionNotSoftDeleted(..) => 40407,
            Self::NoSubjectConfig(_) => 40408,
            Self::NoSubjectMode(_) => 40409,
            Self::Incompatible { .. } => 40901,
            Self::InvalidSchema(_) => 42201,
            Self::InvalidVersion(_) => 42202,
            Self::InvalidLevel => 42203,
            Self::InvalidMode(_) => 42204,
            Self::NotPermitted(_) => 42205,
            Self::ReferenceExists(_) => 42206,
            Self::InvalidSubject(_) => 42208,
            Self::TooLarge => 42209,
            Self::Unsupported(_) => 422,
            Self::Request { status, .. } => u32::from(*status),
            Self::Store { .. } => 50001,
            Self::Timeout { .. } => 50002,
            Self::Internal(_) => 500,
        }
    }

    pub(crate) fn status(&self) -> u16 {
        let code = self.code();
        let status = if code >= 1000 { code / 100 } else { code };
        u16::try_from(status).unwrap_or(500)
    }
}
