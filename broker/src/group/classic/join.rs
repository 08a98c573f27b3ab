//! JoinGroup (`GroupMetadataManager.classicGroupJoinToClassicGroup` and what it calls).

use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::JoinGroupResponse;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::member::{JoinAnswer, Member, NewMember, Protocols, refused_join, send};
use super::{ClassicGroup, State, Turn};

/// From this version a new member is given its id first and joins with it (KIP-394).
const KNOWN_MEMBER_ID: i16 = 4;

/// What a client asks for when it joins.
#[derive(Debug, Clone)]
pub(in crate::group) struct Joining {
    pub(in crate::group) version: i16,
    pub(in crate::group) client_id: StrBytes,
    pub(in crate::group) client_host: StrBytes,
    /// Empty for a new member.
    pub(in crate::group) member_id: StrBytes,
    pub(in crate::group) instance_id: Option<StrBytes>,
    pub(in crate::group) session_timeout: Duration,
    pub(in crate::group) rebalance_timeout: Duration,
    pub(in crate::group) protocol_type: StrBytes,
    pub(in crate::group) protocols: Protocols,
    /// Why, in the client's words.
    pub(in crate::group) reason: StrBytes,
}

impl ClassicGroup {
    /// A member joins: the answer comes when the rebalance has everybody it waits for.
    pub(in crate::group) fn join(&mut self, turn: Turn<'_>, joining: Joining, answer: JoinAnswer) {
        let refusal = if self.state == State::Dead {
            Some(ResponseError::CoordinatorNotAvailable)
        } else if !self.has_room_for(&joining.member_id, turn) {
            self.remove(&joining.member_id);
            send(
                answer,
                refused_join(&StrBytes::new(), ResponseError::GroupMaxSizeReached),
            );
            return;
        } else if !self.supports(&joining) {
            Some(ResponseError::InconsistentGroupProtocol)
        } else {
            None
        };
        if let Some(error) = refusal {
            send(answer, refused_join(&joining.member_id, error));
            return;
        }
        if joining.member_id.is_empty() {
            self.join_new(turn, joining, answer);
        } else if self.pending_joins.contains_key(&joining.member_id) {
            self.join_pending(turn, joining, answer);
        } else {
            self.rejoin(turn, joining, answer);
        }
    }

    /// `acceptJoiningMember`.
    fn has_room_for(&self, member_id: &StrBytes, turn: Turn<'_>) -> bool {
        let member = self.members.get(member_id);
        match self.state {
            State::Empty | State::Dead => true,
            // The number of those who wait, so that the last to rejoin are left out when the
            // limit was lowered.
            State::PreparingRebalance => {
                member.is_some_and(Member::awaits_join)
                    || self.awaiting_join() < turn.settings.max_size
            }
            State::CompletingRebalance | State::Stable => {
                member.is_some() || self.members.len() < turn.settings.max_size
            }
        }
    }

    /// `ClassicGroup.supportsProtocols`: the first member decides on the type, and every later
    /// one shares a protocol with all the others.
    fn supports(&self, joining: &Joining) -> bool {
        if self.state == State::Empty {
            return !joining.protocol_type.is_empty() && !joining.protocols.is_empty();
        }
        let by_all = |name| self.members.values().all(|member| member.supports(name));
        self.protocol_type.as_ref() == Some(&joining.protocol_type)
            && joining.protocols.iter().any(|(name, _)| by_all(name))
    }

    fn join_new(&mut self, turn: Turn<'_>, joining: Joining, answer: JoinAnswer) {
        let prefix = joining.instance_id.as_ref().unwrap_or(&joining.client_id);
        let member_id = StrBytes::from_string(format!("{prefix}-{}", Uuid::new_v4()));
        if let Some(instance) = &joining.instance_id {
            match self.instances.get(instance).cloned() {
                Some(former) => {
                    self.replace_instance(turn, joining, &former, member_id, answer);
                }
                None => self.add_and_rebalance(turn, joining, member_id, answer),
            }
        } else if joining.version >= KNOWN_MEMBER_ID {
            let deadline = turn.now.at + joining.session_timeout;
            self.pending_joins.insert(member_id.clone(), deadline);
            send(
                answer,
                refused_join(&member_id, ResponseError::MemberIdRequired),
            );
        } else {
            self.add_and_rebalance(turn, joining, member_id, answer);
        }
    }

    fn join_pending(&mut self, turn: Turn<'_>, joining: Joining, answer: JoinAnswer) {
        let member_id = joining.member_id.clone();
        if joining.instance_id.is_some() {
            // An instance never gets an id to join with, so this is nobody's.
            send(
                answer,
                refused_join(&member_id, ResponseError::UnknownServerError),
            );
            return;
        }
        self.add_and_rebalance(turn, joining, member_id, answer);
    }

    /// `classicGroupJoinExistingMember`.
    fn rejoin(&mut self, turn: Turn<'_>, joining: Joining, answer: JoinAnswer) {
        let member_id = joining.member_id.clone();
        if let Err(error) = self.check_member(&member_id, joining.instance_id.as_ref()) {
            send(answer, refused_join(&member_id, error));
            return;
        }
        let Some(member) = self.members.get(&member_id) else {
            return; // check_member has found it.
        };
        let unchanged = member.protocols == joining.protocols;
        let rebalance = match self.state {
            State::PreparingRebalance => true,
            // It may not have received the answer to its first join.
            State::CompletingRebalance => !unchanged,
            // The leader rejoins when it wants to assign anew, for reasons that its own metadata
            // need not show.
            State::Stable => !unchanged || self.is_leader(&member_id),
            State::Empty | State::Dead => {
                send(
                    answer,
                    refused_join(&member_id, ResponseError::UnknownMemberId),
                );
                return;
            }
        };
        if rebalance {
            self.update(&member_id, &joining, answer);
            self.rebalance_or_complete(turn, &joining.reason);
        } else {
            let response = self.joined(&member_id);
            send(answer, response);
        }
    }

    /// A member has joined again, with what it says of itself now.
    pub(super) fn update(&mut self, member_id: &StrBytes, joining: &Joining, answer: JoinAnswer) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.protocols.clone_from(&joining.protocols);
            member.rebalance_timeout = joining.rebalance_timeout;
            member.session_timeout = joining.session_timeout;
            member.hold_join(answer);
        }
    }

    fn add_and_rebalance(
        &mut self,
        turn: Turn<'_>,
        joining: Joining,
        member_id: StrBytes,
        answer: JoinAnswer,
    ) {
        let mut member = Member::new(NewMember {
            id: member_id,
            instance_id: joining.instance_id,
            client_id: joining.client_id,
            client_host: joining.client_host,
            rebalance_timeout: joining.rebalance_timeout,
            session_timeout: joining.session_timeout,
            protocols: joining.protocols,
        });
        member.is_new = true;
        member.hold_join(answer);
        // A new member sends no heartbeats, and whether its connection has gone is not seen
        // while its join is held. So that a client which gives up and tries again does not leave
        // a dead member behind each time, the join itself has an end.
        member.session_deadline = Some(turn.now.at + turn.settings.new_member_join_timeout);
        if self.state == State::PreparingRebalance && self.previous == State::Empty {
            self.new_member_added = true;
        }
        self.add(member, joining.protocol_type);
        self.rebalance_or_complete(turn, &joining.reason);
    }

    /// The answer to a join of the present generation; the leader is told of everybody.
    pub(super) fn joined(&self, member_id: &StrBytes) -> JoinGroupResponse {
        let members = match self.is_leader(member_id) {
            true => self.described_to_leader(),
            false => Vec::new(),
        };
        JoinGroupResponse::default()
            .with_member_id(member_id.clone())
            .with_generation_id(self.generation)
            .with_protocol_type(self.protocol_type.clone())
            .with_protocol_name(self.protocol.clone())
            .with_leader(self.leader.clone().unwrap_or_default())
            .with_members(members)
    }

    pub(super) fn described_to_leader(&self) -> Vec<JoinGroupResponseMember> {
        let protocol = self.protocol.clone().unwrap_or_default();
        let described = self.members.values().map(|member| {
            JoinGroupResponseMember::default()
                .with_member_id(member.id.clone())
                .with_group_instance_id(member.instance_id.clone())
                .with_metadata(member.metadata(&protocol))
        });
        described.collect()
    }
}
