//! An instance comes back under a new member id (KIP-345;
//! `GroupMetadataManager.updateStaticMemberThenRebalanceOrCompleteJoin`).

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::JoinGroupResponse;
use kafka_protocol::protocol::StrBytes;

use super::join::Joining;
use super::member::JoinAnswer;
use super::{ClassicGroup, State, Turn};

/// From this version a leader that comes back is told of all members and not to assign (KIP-814).
const SKIPS_ASSIGNMENT: i16 = 9;

impl ClassicGroup {
    pub(super) fn replace_instance(
        &mut self,
        turn: Turn<'_>,
        joining: Joining,
        former_id: &StrBytes,
        member_id: StrBytes,
        answer: JoinAnswer,
    ) {
        tracing::info!(
            group = %self.id,
            instance = joining.instance_id.as_deref().unwrap_or_default(),
            former = %former_id,
            member = %member_id,
            "an instance has come back"
        );
        let former_leader = self.leader.clone();
        self.rename(former_id, &member_id);
        self.renew_session(turn, &member_id);
        self.update(&member_id, &joining, answer);
        match self.state {
            State::Stable if self.chosen_protocol() == self.protocol => {
                let known = Returned {
                    version: joining.version,
                    former_id,
                    former_leader,
                };
                self.keep_generation(turn, &member_id, known);
            }
            // The leader may be assigning to the former id right now.
            State::Stable | State::CompletingRebalance => {
                self.prepare_rebalance(turn, &joining.reason);
            }
            State::PreparingRebalance | State::Empty | State::Dead => {
                self.complete_if_all_joined(turn);
            }
        }
    }

    /// `ClassicGroup.replaceStaticMember`: whoever still waits under the former id is fenced.
    fn rename(&mut self, former_id: &StrBytes, member_id: &StrBytes) {
        let Some(mut member) = self.members.remove(former_id) else {
            return;
        };
        member.refuse_waiting(ResponseError::FencedInstanceId);
        member.id = member_id.clone();
        member.is_new = false;
        if let Some(instance) = &member.instance_id {
            self.instances.insert(instance.clone(), member_id.clone());
        }
        if self.is_leader(former_id) {
            self.leader = Some(member_id.clone());
        }
        self.pending_syncs.remove(former_id);
        self.members.insert(member_id.clone(), member);
    }

    /// Nothing changes for the others: the member takes over what the former one had.
    fn keep_generation(&mut self, turn: Turn<'_>, member_id: &StrBytes, known: Returned<'_>) {
        let members = self.members.values();
        let assignments: BTreeMap<StrBytes, Bytes> = members
            .map(|member| (member.id.clone(), member.assignment.clone()))
            .collect();
        let record = self.record(&assignments);
        if let Err(error) = turn.journal.append(&[record]) {
            tracing::warn!(group = %self.id, %error, "the instance's new member id could not be written");
            self.give_back(turn, member_id, known, error);
            return;
        }
        let response = if known.version >= SKIPS_ASSIGNMENT {
            let response = self.joined(member_id);
            response.with_skip_assignment(self.is_leader(member_id))
        } else {
            // Who led before: a leader that comes back takes itself for a follower, so that it
            // does not assign.
            let mut response = self.joined(member_id);
            response.members = Vec::new();
            response.with_leader(known.former_leader.unwrap_or_default())
        };
        if let Some(member) = self.members.get_mut(member_id) {
            member.answer_join(response);
        }
    }

    /// The new member id could not be written: the former one stays.
    fn give_back(
        &mut self,
        turn: Turn<'_>,
        member_id: &StrBytes,
        known: Returned<'_>,
        error: ResponseError,
    ) {
        let response = JoinGroupResponse::default()
            .with_generation_id(self.generation)
            .with_protocol_type(self.protocol_type.clone())
            .with_protocol_name(self.protocol.clone())
            .with_leader(known.former_leader.unwrap_or_default())
            .with_error_code(error.code());
        if let Some(member) = self.members.get_mut(member_id) {
            member.answer_join(response);
        }
        self.rename(member_id, known.former_id);
        self.renew_session(turn, known.former_id);
    }
}

/// What was so before an instance came back.
struct Returned<'a> {
    version: i16,
    former_id: &'a StrBytes,
    former_leader: Option<StrBytes>,
}
