//! LeaveGroup (`GroupMetadataManager.classicGroupLeaveToClassicGroup`).

use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::protocol::StrBytes;

use super::{ClassicGroup, State, Turn};

impl ClassicGroup {
    /// Members leave, or are told to by an administrator; what is answered to each, in order.
    pub(in crate::group) fn leave(
        &mut self,
        turn: Turn<'_>,
        leaving: &[MemberIdentity],
    ) -> Result<Vec<Result<(), ResponseError>>, ResponseError> {
        if self.state == State::Dead {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        let outcomes: Vec<_> = leaving.iter().map(|one| self.take_out(one)).collect();
        if outcomes.iter().any(Result::is_ok) {
            match self.state {
                State::Stable | State::CompletingRebalance => {
                    self.rebalance_or_complete(turn, "members have left");
                }
                State::PreparingRebalance => self.complete_if_all_joined(turn),
                State::Empty | State::Dead => {}
            }
        }
        Ok(outcomes)
    }

    fn take_out(&mut self, leaving: &MemberIdentity) -> Result<(), ResponseError> {
        let member_id = self.leaving_id(leaving)?;
        let reason = leaving.reason.as_deref().unwrap_or("not provided");
        tracing::info!(group = %self.id, member = %member_id, "a member has left: {reason}");
        self.remove(&member_id);
        Ok(())
    }

    fn leaving_id(&self, leaving: &MemberIdentity) -> Result<StrBytes, ResponseError> {
        let instance = leaving.group_instance_id.as_ref();
        if leaving.member_id.is_empty() {
            // An administrator knows an instance by its name only.
            let member_id = instance.and_then(|instance| self.instances.get(instance));
            return member_id.cloned().ok_or(ResponseError::UnknownMemberId);
        }
        if !self.pending_joins.contains_key(&leaving.member_id) {
            self.check_member(&leaving.member_id, instance)?;
        }
        Ok(leaving.member_id.clone())
    }
}
