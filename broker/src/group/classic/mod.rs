//! One group, whose members assign the work among themselves (`ClassicGroup` and the classic
//! protocol's part of `GroupMetadataManager`).
//!
//! This is a state machine: it learns the time from its caller, writes through [`Journal`], and
//! says when it wants to be called again ([`ClassicGroup::next_deadline`]). Nothing in it waits.

mod commit;
mod describe;
mod join;
mod leave;
mod member;
mod rebalance;
mod state;
mod static_member;
mod subscription;
mod sync;
mod timers;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;

use super::records::{Entry, GroupValue};
use super::settings::GroupSettings;
pub(super) use commit::Committer;
pub(super) use describe::GROUP_TYPE;
pub(super) use join::Joining;
pub(super) use member::JoinAnswer;
use member::Member;
pub(super) use state::State;
pub(super) use sync::Syncing;
use timers::JoinTimer;

/// Where a group's changes are written before they count.
pub(super) trait Journal {
    /// Writes records, and says where the first one stands.
    fn append(&self, entries: &[Entry]) -> Result<i64, ResponseError>;
}

/// The time of a call: deadlines go by the one, what is written down by the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) at: Instant,
    pub(super) wall_ms: i64,
}

impl Now {
    /// This moment.
    pub(super) fn read() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let wall_ms = since.map_or(0, |since| since.as_millis());
        Self {
            at: Instant::now(),
            wall_ms: i64::try_from(wall_ms).unwrap_or(i64::MAX),
        }
    }
}

/// What a call of the state machine works with.
#[derive(Clone, Copy)]
pub(super) struct Turn<'a> {
    pub(super) now: Now,
    pub(super) settings: &'a GroupSettings,
    pub(super) journal: &'a dyn Journal,
}

impl std::fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").field("now", &self.now).finish()
    }
}

/// A group and its members.
#[derive(Debug)]
pub(super) struct ClassicGroup {
    id: StrBytes,
    state: State,
    previous: State,
    /// When the state was entered, by the wall clock; -1 when it is not known.
    state_since: i64,
    /// `None` for a group that only commits offsets.
    protocol_type: Option<StrBytes>,
    protocol: Option<StrBytes>,
    generation: i32,
    leader: Option<StrBytes>,
    members: BTreeMap<StrBytes, Member>,
    /// The member id of each instance id.
    instances: HashMap<StrBytes, StrBytes>,
    /// Member ids that were given out and have not joined yet, with the time that they have.
    pending_joins: BTreeMap<StrBytes, Instant>,
    /// Members that have not synced with the present generation yet.
    pending_syncs: BTreeSet<StrBytes>,
    /// Of a consumer group, when its members' metadata could be read.
    subscribed: Option<BTreeSet<String>>,
    /// A member came while the first rebalance was being delayed, which may delay it further.
    new_member_added: bool,
    join_timer: Option<JoinTimer>,
    sync_deadline: Option<Instant>,
}

impl ClassicGroup {
    /// A group that nobody has joined yet.
    pub(super) fn new(id: StrBytes, now: Now) -> Self {
        Self {
            id,
            state: State::Empty,
            previous: State::Dead,
            state_since: now.wall_ms,
            protocol_type: None,
            protocol: None,
            generation: 0,
            leader: None,
            members: BTreeMap::new(),
            instances: HashMap::new(),
            pending_joins: BTreeMap::new(),
            pending_syncs: BTreeSet::new(),
            subscribed: None,
            new_member_added: false,
            join_timer: None,
            sync_deadline: None,
        }
    }

    /// The group as it was written down (`GroupMetadataManager.replay`). Its members' sessions
    /// begin anew.
    pub(super) fn restored(id: StrBytes, value: GroupValue, now: Now) -> Self {
        let mut group = Self::new(id, now);
        group.state_since = value.state_since;
        group.generation = value.generation;
        group.protocol_type = Some(value.protocol_type).filter(|kind| !kind.is_empty());
        group.protocol = value.protocol;
        group.leader = value.leader;
        if !value.members.is_empty() {
            group.state = State::Stable;
        }
        for member in value.members {
            let member = Member::restored(member, group.protocol.as_ref(), now);
            if let Some(instance) = &member.instance_id {
                group.instances.insert(instance.clone(), member.id.clone());
            }
            group.members.insert(member.id.clone(), member);
        }
        group.subscribed = group.read_subscriptions();
        group
    }

    /// Nobody is left of those who were written down. The generation stays: the next one has
    /// another number.
    pub(super) fn forget_members(&mut self, now: Now) {
        if self.members.is_empty() {
            return;
        }
        self.members.clear();
        self.instances.clear();
        self.leader = None;
        self.protocol = None;
        self.subscribed = self.read_subscriptions();
        self.transition(State::Empty, now);
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    fn is_leader(&self, member_id: &StrBytes) -> bool {
        self.leader.as_ref() == Some(member_id)
    }

    fn is_consumer_group(&self) -> bool {
        self.protocol_type.as_deref() == Some("consumer")
    }

    fn awaiting_join(&self) -> usize {
        self.members
            .values()
            .filter(|member| member.awaits_join())
            .count()
    }

    fn all_have_joined(&self) -> bool {
        self.awaiting_join() == self.members.len() && self.pending_joins.is_empty()
    }

    /// The longest of what the members allow: the slowest may use up its own.
    fn rebalance_timeout(&self) -> std::time::Duration {
        let timeouts = self.members.values().map(|member| member.rebalance_timeout);
        timeouts.max().unwrap_or_default()
    }

    /// `ClassicGroup.validateMember`: the instance is known and is this member's, and the member
    /// is known.
    fn check_member(
        &self,
        member_id: &StrBytes,
        instance_id: Option<&StrBytes>,
    ) -> Result<(), ResponseError> {
        if let Some(instance) = instance_id {
            match self.instances.get(instance) {
                None => return Err(ResponseError::UnknownMemberId),
                Some(owner) if owner != member_id => return Err(ResponseError::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member_id) {
            Ok(())
        } else {
            Err(ResponseError::UnknownMemberId)
        }
    }

    fn transition(&mut self, state: State, now: Now) {
        self.previous = self.state;
        self.state = state;
        self.state_since = now.wall_ms;
    }

    fn add(&mut self, member: Member, protocol_type: StrBytes) {
        if let Some(instance) = &member.instance_id {
            self.instances.insert(instance.clone(), member.id.clone());
        }
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type);
        }
        if self.leader.is_none() {
            self.leader = Some(member.id.clone());
        }
        self.pending_joins.remove(&member.id);
        self.members.insert(member.id.clone(), member);
    }

    /// Takes a member out; whoever is left becomes the leader if it was that.
    fn remove(&mut self, member_id: &StrBytes) {
        if let Some(mut removed) = self.members.remove(member_id) {
            removed.dismiss();
            if let Some(instance) = &removed.instance_id {
                self.instances.remove(instance);
            }
        }
        if self.is_leader(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
        self.pending_joins.remove(member_id);
        self.pending_syncs.remove(member_id);
    }

    /// Answers all who wait; nothing happens in the group any more (`onUnloaded`).
    pub(super) fn close(&mut self, now: Now) {
        self.transition(State::Dead, now);
        for member in self.members.values_mut() {
            member.refuse_waiting(ResponseError::NotCoordinator);
        }
    }
}
