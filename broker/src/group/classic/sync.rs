//! SyncGroup and Heartbeat (`GroupMetadataManager.classicGroupSyncToClassicGroup`,
//! `classicGroupHeartbeatToClassicGroup`).

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::SyncGroupResponse;
use kafka_protocol::protocol::StrBytes;

use super::member::{SyncAnswer, refused_sync, send};
use super::{ClassicGroup, State, Turn};

/// What a member asks for its assignment with.
#[derive(Debug, Clone)]
pub(in crate::group) struct Syncing {
    pub(in crate::group) member_id: StrBytes,
    pub(in crate::group) instance_id: Option<StrBytes>,
    pub(in crate::group) generation: i32,
    /// What it believes to be the group's; `None` from clients before version 5.
    pub(in crate::group) protocol_type: Option<StrBytes>,
    pub(in crate::group) protocol: Option<StrBytes>,
    /// From the leader: who gets what.
    pub(in crate::group) assignments: BTreeMap<StrBytes, Bytes>,
}

impl ClassicGroup {
    /// A member asks for its assignment: the answer comes when the leader has sent it.
    pub(in crate::group) fn sync(&mut self, turn: Turn<'_>, syncing: Syncing, answer: SyncAnswer) {
        if let Err(error) = self.check_sync(&syncing) {
            send(answer, refused_sync(error));
            return;
        }
        match self.state {
            State::Empty | State::Dead => {
                send(answer, refused_sync(ResponseError::UnknownMemberId));
            }
            State::PreparingRebalance => {
                send(answer, refused_sync(ResponseError::RebalanceInProgress));
            }
            State::CompletingRebalance => {
                if let Some(member) = self.members.get_mut(&syncing.member_id) {
                    member.hold_sync(answer);
                }
                self.has_synced(&syncing.member_id);
                if self.is_leader(&syncing.member_id) {
                    self.assign(turn, syncing.assignments);
                }
            }
            State::Stable => {
                self.has_synced(&syncing.member_id);
                let member = self.members.get(&syncing.member_id);
                let assignment = member.map(|member| member.assignment.clone());
                send(answer, self.synced(assignment.unwrap_or_default()));
            }
        }
    }

    /// `validateSyncGroup`.
    fn check_sync(&self, syncing: &Syncing) -> Result<(), ResponseError> {
        if self.state == State::Empty {
            return Err(ResponseError::UnknownMemberId);
        }
        if self.state == State::Dead {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        self.check_member(&syncing.member_id, syncing.instance_id.as_ref())?;
        if syncing.generation != self.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        let differs = |believed: &Option<StrBytes>, actual: &Option<StrBytes>| {
            believed.is_some() && believed != actual
        };
        if differs(&syncing.protocol_type, &self.protocol_type)
            || differs(&syncing.protocol, &self.protocol)
        {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        Ok(())
    }

    fn has_synced(&mut self, member_id: &StrBytes) {
        self.pending_syncs.remove(member_id);
        if self.pending_syncs.is_empty() {
            self.sync_deadline = None;
        }
    }

    /// The leader has assigned: it is written down, and everybody who waits is told.
    fn assign(&mut self, turn: Turn<'_>, assignments: BTreeMap<StrBytes, Bytes>) {
        let record = self.record(&assignments);
        if let Err(error) = turn.journal.append(&[record]) {
            tracing::warn!(group = %self.id, %error, "the assignment could not be written");
            self.refuse_syncs(turn, error);
            self.rebalance_or_complete(turn, "the assignment could not be written");
            return;
        }
        for member in self.members.values_mut() {
            member.assignment = assignments.get(&member.id).cloned().unwrap_or_default();
        }
        self.transition(State::Stable, turn.now);
        let answer = self.synced(Bytes::new());
        for member in self.members.values_mut() {
            let answer = answer.clone().with_assignment(member.assignment.clone());
            if member.answer_sync(answer) {
                // Its session may have ended while it waited, which is not held against it.
                member.renew_session(turn.now);
            }
        }
    }

    fn synced(&self, assignment: Bytes) -> SyncGroupResponse {
        SyncGroupResponse::default()
            .with_protocol_type(self.protocol_type.clone())
            .with_protocol_name(self.protocol.clone())
            .with_assignment(assignment)
    }

    /// A member says that it is alive.
    pub(in crate::group) fn heartbeat(
        &mut self,
        turn: Turn<'_>,
        member_id: &StrBytes,
        instance_id: Option<&StrBytes>,
        generation: i32,
    ) -> Result<(), ResponseError> {
        if self.state == State::Dead {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        self.check_member(member_id, instance_id)?;
        if generation != self.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        if self.state == State::Empty {
            return Err(ResponseError::UnknownMemberId);
        }
        self.renew_session(turn, member_id);
        match self.state {
            State::PreparingRebalance => Err(ResponseError::RebalanceInProgress),
            _ => Ok(()),
        }
    }

    pub(super) fn renew_session(&mut self, turn: Turn<'_>, member_id: &StrBytes) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.renew_session(turn.now);
        }
    }
}
