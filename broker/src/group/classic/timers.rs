//! What time does to a group: members expire, and waiting ends.

use std::time::{Duration, Instant};

use kafka_protocol::protocol::StrBytes;

use super::{ClassicGroup, State, Turn};

/// How long joins are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JoinTimer {
    /// The first rebalance of a group, which every new member delays once more while any of the
    /// time that members allow for a rebalance remains.
    First {
        at: Instant,
        delay: Duration,
        remaining: Duration,
    },
    /// The rebalance goes on with whoever has come.
    Complete { at: Instant },
}

impl JoinTimer {
    fn at(self) -> Instant {
        match self {
            Self::First { at, .. } | Self::Complete { at } => at,
        }
    }
}

impl ClassicGroup {
    /// When [`Self::expire`] has something to do next.
    pub(in crate::group) fn next_deadline(&self) -> Option<Instant> {
        let sessions = self.members.values().filter_map(|m| m.session_deadline);
        let others = [self.join_timer.map(JoinTimer::at), self.sync_deadline];
        sessions
            .chain(self.pending_joins.values().copied())
            .chain(others.into_iter().flatten())
            .min()
    }

    /// Does what is due.
    pub(in crate::group) fn expire(&mut self, turn: Turn<'_>) {
        self.expire_pending(turn);
        self.expire_sessions(turn);
        match self.join_timer {
            Some(JoinTimer::First {
                at,
                delay,
                remaining,
            }) if at <= turn.now.at => self.extend_or_complete_first(turn, delay, remaining),
            Some(JoinTimer::Complete { at }) if at <= turn.now.at => self.complete_join(turn),
            _ => {}
        }
        if self.sync_deadline.is_some_and(|at| at <= turn.now.at) {
            self.expire_syncs(turn);
        }
    }

    /// Ids that were given out and never used.
    fn expire_pending(&mut self, turn: Turn<'_>) {
        let due = |at: &Instant| *at <= turn.now.at;
        let before = self.pending_joins.len();
        self.pending_joins.retain(|_, at| !due(at));
        let removed = self.pending_joins.len() < before;
        if removed && self.state == State::PreparingRebalance && self.all_have_joined() {
            self.complete_join(turn);
        }
    }

    /// `expireClassicGroupMemberHeartbeat`.
    fn expire_sessions(&mut self, turn: Turn<'_>) {
        loop {
            // One at a time: removing one may begin a rebalance that renews the others.
            let mut members = self.members.values_mut();
            let due = members.find(|m| m.session_deadline.is_some_and(|at| at <= turn.now.at));
            let Some(member) = due else {
                return;
            };
            // Whoever waits is seen again when it is answered.
            member.session_deadline = None;
            if member.may_expire() {
                let member_id = member.id.clone();
                tracing::info!(group = %self.id, member = %member_id, "removed: its session has expired");
                self.remove_and_rebalance(turn, &member_id, "a member's session has expired");
            }
        }
    }

    /// `removeMemberAndUpdateClassicGroup`.
    fn remove_and_rebalance(&mut self, turn: Turn<'_>, member_id: &StrBytes, reason: &str) {
        self.remove(member_id);
        match self.state {
            State::Stable | State::CompletingRebalance => {
                self.rebalance_or_complete(turn, reason);
            }
            State::PreparingRebalance if self.all_have_joined() => self.complete_join(turn),
            _ => {}
        }
    }

    /// `tryCompleteInitialRebalanceElseSchedule`.
    fn extend_or_complete_first(&mut self, turn: Turn<'_>, delay: Duration, remaining: Duration) {
        if !self.new_member_added || remaining.is_zero() {
            self.complete_join(turn);
            return;
        }
        self.new_member_added = false;
        let next = turn.settings.initial_rebalance_delay.min(remaining);
        self.join_timer = Some(JoinTimer::First {
            at: turn.now.at + next,
            delay: next,
            remaining: remaining.saturating_sub(delay),
        });
    }

    /// `expirePendingSync`: members that took the new generation and never synced.
    fn expire_syncs(&mut self, turn: Turn<'_>) {
        self.sync_deadline = None;
        let synced = self.pending_syncs.is_empty();
        if synced || !matches!(self.state, State::CompletingRebalance | State::Stable) {
            return;
        }
        for member_id in std::mem::take(&mut self.pending_syncs) {
            tracing::info!(group = %self.id, member = %member_id, "removed: it has not synced in time");
            self.remove(&member_id);
        }
        self.prepare_rebalance(turn, "members have not synced in time");
    }
}
