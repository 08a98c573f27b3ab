//! A rebalance: everybody joins, then everybody has a new generation
//! (`GroupMetadataManager.prepareRebalance`, `completeClassicGroupJoin`).

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;

use super::member::refused_sync;
use super::timers::JoinTimer;
use super::{ClassicGroup, State, Turn};
use crate::group::records::{Entry, GroupValue};

impl ClassicGroup {
    /// `maybePrepareRebalanceOrCompleteJoin`.
    pub(super) fn rebalance_or_complete(&mut self, turn: Turn<'_>, reason: &str) {
        if self.state.can_rebalance() {
            self.prepare_rebalance(turn, reason);
        } else {
            self.complete_if_all_joined(turn);
        }
    }

    /// `maybeCompleteJoinPhase`: a group's first rebalance ends by time only.
    pub(super) fn complete_if_all_joined(&mut self, turn: Turn<'_>) {
        let begun = self.state == State::PreparingRebalance && self.previous != State::Empty;
        if begun && self.all_have_joined() {
            self.complete_join(turn);
        }
    }

    pub(super) fn prepare_rebalance(&mut self, turn: Turn<'_>, reason: &str) {
        if self.state == State::CompletingRebalance {
            self.refuse_syncs(turn, ResponseError::RebalanceInProgress);
        }
        self.pending_syncs.clear();
        self.sync_deadline = None;
        let is_first = self.state == State::Empty;
        tracing::info!(
            group = %self.id,
            generation = self.generation,
            state = self.state.name(),
            "preparing to rebalance: {reason}"
        );
        self.transition(State::PreparingRebalance, turn.now);
        if is_first {
            self.delay_first(turn);
        } else if self.all_have_joined() {
            self.complete_join(turn);
        } else {
            self.wait_for_members(turn);
        }
    }

    /// The group is new: others may come at the same time.
    fn delay_first(&mut self, turn: Turn<'_>) {
        let delay = turn.settings.initial_rebalance_delay;
        if delay.is_zero() {
            self.new_member_added = false;
            self.complete_join(turn);
            return;
        }
        self.join_timer = Some(JoinTimer::First {
            at: turn.now.at + delay,
            delay,
            remaining: self.rebalance_timeout().saturating_sub(delay),
        });
    }

    fn wait_for_members(&mut self, turn: Turn<'_>) {
        let at = turn.now.at + self.rebalance_timeout();
        self.join_timer = Some(JoinTimer::Complete { at });
    }

    /// `completeClassicGroupJoin`: whoever has not come is out, but for static members, and the
    /// others have a new generation.
    pub(super) fn complete_join(&mut self, turn: Turn<'_>) {
        self.join_timer = None;
        self.drop_absent();
        if !self.elect_joined_leader() && !self.members.is_empty() {
            tracing::info!(group = %self.id, "no member has rejoined: waiting for their sessions to end");
            self.wait_for_members(turn);
            return;
        }
        self.begin_generation(turn);
        if self.state == State::Empty {
            tracing::info!(group = %self.id, generation = self.generation, "the group is empty");
            let record = self.record(&BTreeMap::new());
            if let Err(error) = turn.journal.append(&[record]) {
                // The generation before comes back at the next start, and its members expire.
                tracing::warn!(group = %self.id, %error, "the empty group could not be written");
            }
            return;
        }
        tracing::info!(
            group = %self.id,
            generation = self.generation,
            members = self.members.len(),
            protocol = self.protocol.as_deref().unwrap_or_default(),
            "everybody has joined"
        );
        self.answer_joins(turn);
        self.sync_deadline = Some(turn.now.at + self.rebalance_timeout());
    }

    fn drop_absent(&mut self) {
        let absent: Vec<StrBytes> = self
            .members
            .values()
            .filter(|member| !member.awaits_join() && !member.is_static())
            .map(|member| member.id.clone())
            .collect();
        for member_id in absent {
            tracing::info!(group = %self.id, member = %member_id, "removed: it has not rejoined in time");
            self.remove(&member_id);
        }
    }

    /// `maybeElectNewJoinedLeader`: false when there is nobody who could lead.
    fn elect_joined_leader(&mut self) -> bool {
        let Some(leader) = self.leader.as_ref().and_then(|id| self.members.get(id)) else {
            return false;
        };
        if leader.awaits_join() {
            return true;
        }
        let mut members = self.members.values();
        match members.find(|member| member.awaits_join()) {
            Some(joined) => {
                self.leader = Some(joined.id.clone());
                true
            }
            None => false,
        }
    }

    /// `ClassicGroup.initNextGeneration`.
    fn begin_generation(&mut self, turn: Turn<'_>) {
        self.generation = self.generation.wrapping_add(1);
        self.protocol = self.chosen_protocol();
        self.subscribed = self.read_subscriptions();
        let state = match self.members.is_empty() {
            true => State::Empty,
            false => State::CompletingRebalance,
        };
        self.transition(state, turn.now);
        self.pending_syncs.clear();
    }

    fn answer_joins(&mut self, turn: Turn<'_>) {
        let member_ids: Vec<StrBytes> = self.members.keys().cloned().collect();
        for member_id in member_ids {
            let response = self.joined(&member_id);
            if let Some(member) = self.members.get_mut(&member_id) {
                member.answer_join(response);
                member.renew_session(turn.now);
                member.is_new = false;
            }
            self.pending_syncs.insert(member_id);
        }
    }

    /// `ClassicGroup.selectProtocol`: of those that all members know, the one that most of them
    /// hold dearest.
    pub(super) fn chosen_protocol(&self) -> Option<StrBytes> {
        let by_all = |name: &StrBytes| self.members.values().all(|member| member.supports(name));
        let mut votes: BTreeMap<&StrBytes, usize> = BTreeMap::new();
        for member in self.members.values() {
            let mut names = member.protocols.iter().map(|(name, _)| name);
            if let Some(dearest) = names.find(|name| by_all(name)) {
                *votes.entry(dearest).or_default() += 1;
            }
        }
        let chosen = votes.into_iter().max_by_key(|(_, count)| *count);
        chosen.map(|(name, _)| name.clone())
    }

    /// `resetAndPropagateAssignmentWithError`.
    pub(super) fn refuse_syncs(&mut self, turn: Turn<'_>, error: ResponseError) {
        for member in self.members.values_mut() {
            member.assignment = Bytes::new();
            if member.answer_sync(refused_sync(error)) {
                member.renew_session(turn.now);
            }
        }
    }

    /// The group as it is written down, with the assignments that are to hold.
    pub(super) fn record(&self, assignments: &BTreeMap<StrBytes, Bytes>) -> Entry {
        let protocol = self.protocol.clone().unwrap_or_default();
        let members = self.members.values().map(|member| {
            let assignment = assignments.get(&member.id).cloned().unwrap_or_default();
            member.value(&protocol, assignment)
        });
        Entry::Group {
            group: self.id.clone(),
            value: Some(GroupValue {
                protocol_type: self.protocol_type.clone().unwrap_or_default(),
                generation: self.generation,
                protocol: self.protocol.clone(),
                leader: self.leader.clone(),
                state_since: self.state_since,
                members: members.collect(),
            }),
        }
    }
}
