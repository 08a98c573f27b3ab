//! Who may commit, and when offsets and groups may go (`ClassicGroup.validateOffsetCommit`,
//! `validateOffsetDelete`, `validateDeleteGroup`).

use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;

use super::{ClassicGroup, State, Turn};

/// Who commits.
#[derive(Debug, Clone, Copy)]
pub(in crate::group) struct Committer<'a> {
    pub(in crate::group) member_id: &'a StrBytes,
    pub(in crate::group) instance_id: Option<&'a StrBytes>,
    /// -1 from whoever is not a member.
    pub(in crate::group) generation: i32,
    pub(in crate::group) transactional: bool,
}

impl ClassicGroup {
    /// Checks that the committer may, and takes it for a sign of life.
    pub(in crate::group) fn check_commit(
        &mut self,
        turn: Turn<'_>,
        by: Committer<'_>,
    ) -> Result<(), ResponseError> {
        if self.state == State::Dead {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        if by.generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        let named = !by.member_id.is_empty() || by.instance_id.is_some();
        if by.generation >= 0 || named {
            self.check_member(by.member_id, by.instance_id)?;
            if by.generation != self.generation {
                return Err(ResponseError::IllegalGeneration);
            }
        } else if !by.transactional && self.state != State::Empty {
            return Err(ResponseError::UnknownMemberId);
        }
        // A transaction's offsets do not care about the group's state.
        if by.transactional {
            return Ok(());
        }
        match self.state {
            // The member is of the new generation already, but does not know what it has.
            State::CompletingRebalance => Err(ResponseError::RebalanceInProgress),
            State::Stable | State::PreparingRebalance => {
                self.renew_session(turn, by.member_id);
                Ok(())
            }
            State::Empty | State::Dead => Ok(()),
        }
    }

    /// A group with members keeps its offsets; of a consumer group those of topics that nobody
    /// is subscribed to may go.
    pub(in crate::group) fn check_offset_deletion(&self) -> Result<(), ResponseError> {
        match self.state {
            State::Dead => Err(ResponseError::GroupIdNotFound),
            State::Empty => Ok(()),
            _ if self.is_consumer_group() => Ok(()),
            _ => Err(ResponseError::NonEmptyGroup),
        }
    }

    /// A group with members stays.
    pub(in crate::group) fn check_deletion(&self) -> Result<(), ResponseError> {
        match self.state {
            State::Dead => Err(ResponseError::GroupIdNotFound),
            State::Empty => Ok(()),
            _ => Err(ResponseError::NonEmptyGroup),
        }
    }
}
