//! What a leader remembers from one round to the next.

use std::collections::BTreeSet;

use super::work::Work;

/// What the cooperative assignor remembers while its worker leads. It starts as
/// [`Memory::default`], and is kept when another worker leads for a while: it
/// notices that itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Memory {
    /// The generation of its last round. If the group has completed another one
    /// since, what it assigned then says nothing any more.
    pub(super) generation: i32,
    /// The members of that round.
    pub(super) members: BTreeSet<String>,
    /// What was assigned after that round, or was to be.
    pub(super) assigned: Work,
    /// What was revoked in that round.
    pub(super) revoked: Work,
    pub(super) waiting: Waiting,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            generation: -1,
            members: BTreeSet::new(),
            assigned: Work::default(),
            revoked: Work::default(),
            waiting: Waiting::default(),
        }
    }
}

/// What the group waits for: that a lost worker comes back, or that the next
/// revocation may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    /// When the wait ends.
    until_ms: Option<i64>,
    /// What of it was left at the last round.
    pub(super) delay_ms: i32,
    /// True if work was revoked for balance, and no round since did without.
    revoked_before: bool,
    /// How often in a row it would have been.
    revocations: i32,
}

/// What is known of a round when it comes to work that was lost.
pub(super) struct Loss {
    /// Some work is missing that was assigned in the last round.
    pub(super) any: bool,
    /// All members of the last round are there.
    pub(super) nobody_left: bool,
    pub(super) now_ms: i64,
    pub(super) max_delay_ms: i32,
}

impl Waiting {
    /// True if work that was lost is to be assigned anew in this round; otherwise
    /// there is none, or the worker that had it may yet come back
    /// (`IncrementalCooperativeAssignor.handleLostAssignments`).
    pub(super) fn reassigns(&mut self, loss: &Loss) -> bool {
        if !loss.any && !self.revoked_before {
            self.end();
            return false;
        }
        match self.until_ms {
            // Some worker did not get its assignment in the last round.
            None if loss.nobody_left => true,
            _ if loss.max_delay_ms == 0 => {
                self.end();
                true
            }
            Some(until) if loss.now_ms >= until => {
                self.end();
                self.revoked_before = false;
                true
            }
            until => {
                let max = i64::from(loss.max_delay_ms);
                let left = until.map_or(max, |until| until.saturating_sub(loss.now_ms).min(max));
                self.wait(
                    loss.now_ms,
                    i32::try_from(left).unwrap_or(loss.max_delay_ms),
                );
                false
            }
        }
    }

    /// True if work may be revoked for balance in this round, when `wanted` says
    /// that balance takes it. Not in two rounds in a row: there is a wait between
    /// them, which grows with each.
    pub(super) fn revokes(&mut self, wanted: bool, now_ms: i64, max_delay_ms: i32) -> bool {
        if self.delay_ms > 0 {
            self.revoked_before = false;
            return false;
        }
        if !wanted {
            self.revoked_before = false;
            self.revocations = 0;
            return false;
        }
        if self.revoked_before {
            self.revocations = self.revocations.saturating_add(1);
            let delay = revocation_delay_ms(self.revocations, max_delay_ms);
            if delay > 0 {
                self.wait(now_ms, delay);
                return false;
            }
        }
        self.revoked_before = true;
        true
    }

    fn wait(&mut self, now_ms: i64, delay_ms: i32) {
        self.delay_ms = delay_ms;
        self.until_ms = Some(now_ms.saturating_add(i64::from(delay_ms)));
    }

    fn end(&mut self) {
        self.until_ms = None;
        self.delay_ms = 0;
    }
}

/// Kafka's `ExponentialBackoff` with the assignor's values: 40 ms, 1.6 s, 64 s,
/// and the maximum from then on.
fn revocation_delay_ms(revocations: i32, max_ms: i32) -> i32 {
    const FACTOR: f64 = 40.0;
    if max_ms <= 1 {
        return max_ms.max(0);
    }
    let highest = f64::from(max_ms).ln() / FACTOR.ln();
    let delay = FACTOR.powf(f64::from(revocations).min(highest));
    // Rounded down, as Java does it.
    #[expect(clippy::cast_possible_truncation, reason = "bounded by an i32")]
    let delay = delay.min(f64::from(max_ms)) as i32;
    delay
}
