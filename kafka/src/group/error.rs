//! Why a member is not in its group.

use kafka_protocol::ResponseError;
use thiserror::Error;

use crate::wire::{WireError, error_name};

/// A step of a group's life failed.
#[derive(Debug, Clone, Error)]
pub enum GroupError {
    /// The brokers could not be asked.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The coordinator refused.
    #[error("cannot {doing}: {}{}", error_name(*.code), advice(*.code))]
    Refused {
        /// What was asked: "join group 'connect-cluster'".
        doing: String,
        /// The broker's error.
        code: ResponseError,
    },
    /// The group is one of another kind, or the leader's answer is not ours.
    #[error("cannot {doing}: {reason}")]
    Protocol {
        /// What was asked.
        doing: String,
        /// What is wrong.
        reason: String,
    },
    /// This member leads and could not make the assignment.
    #[error("cannot assign the work of generation {generation}: {reason}")]
    Assignment {
        /// The generation.
        generation: i32,
        /// The handler's words.
        reason: String,
    },
}

impl GroupError {
    /// Whether it may pass without anybody changing anything. The member tries again in any case.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Wire(error) => error.is_retriable(),
            Self::Refused { code, .. } => {
                code.is_retriable()
                    || matches!(
                        code,
                        ResponseError::RebalanceInProgress
                            | ResponseError::UnknownMemberId
                            | ResponseError::IllegalGeneration
                            | ResponseError::MemberIdRequired
                    )
            }
            Self::Protocol { .. } | Self::Assignment { .. } => false,
        }
    }

    /// The broker's error, when it was one.
    #[must_use]
    pub fn code(&self) -> Option<ResponseError> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// The answer says that the group's coordinator is another broker now, or none.
    pub(super) fn is_coordinator_gone(&self) -> bool {
        matches!(
            self.code(),
            Some(ResponseError::NotCoordinator | ResponseError::CoordinatorNotAvailable)
        )
    }
}

/// What to do about it, where the name alone does not say.
fn advice(code: ResponseError) -> &'static str {
    match code {
        ResponseError::InconsistentGroupProtocol => {
            ": the group has members of another protocol type (a consumer group of the same \
             name?) or members that know none of this member's subprotocols (for Connect, workers \
             with another connect.protocol); use another group.id, or the same protocol everywhere"
        }
        ResponseError::GroupAuthorizationFailed => {
            ": the principal needs the operation READ on the group"
        }
        ResponseError::GroupMaxSizeReached => {
            ": the group has as many members as the broker's group.max.size allows"
        }
        ResponseError::InvalidSessionTimeout => {
            ": session.timeout.ms must lie between the broker's group.min.session.timeout.ms and \
             group.max.session.timeout.ms"
        }
        ResponseError::InvalidGroupId => ": group.id must not be empty",
        _ => "",
    }
}
