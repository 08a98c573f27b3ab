//! The cooperative assignor: what need not move stays where it is
//! (KIP-415, `IncrementalCooperativeAssignor`).
//!
//! What it does otherwise than the original:
//! * Where the balance leaves a choice, tasks of one connector go to different
//!   workers, and a worker that has too much gives of the connector that has most
//!   there (KAFKA-17049).
//! * What a worker runs and nobody configured is revoked also where the leader
//!   did not lead when it was deleted. The original leaves it there for good, and
//!   counts it in the balance.
//! * Work of a lost worker goes to whoever has least when the wait is over: to
//!   the workers that joined meanwhile, until they have as much as the others.
//!   The original gives them all of it, however much that is, and revokes again
//!   in the same round what is too much.

use std::collections::HashSet;

use super::balance::{assign, surplus};
use super::memory::{Loss, Memory};
use super::work::{Items, Shared};
use super::{Configured, Round, Rules, Shares};

/// Shares out the work for one round: what each worker gets and what it has to
/// stop, and what the leader is to remember.
pub(super) fn share_out<'a>(
    memory: &'a Memory,
    round: &Round<'a>,
    rules: Rules,
) -> (Shares<'a>, Memory) {
    let mut next = Shared::held(round.members.values());
    let active = next.all();
    let Changes {
        deleted,
        lost,
        created,
    } = changes(memory, round, &active, rules);

    let mut to_stop = next.duplicated();
    to_stop.extend(&deleted);
    let mut revoked = next.withdraw(&to_stop);

    let mut waiting = memory.waiting.clone();
    let mut to_assign = vec![&created];
    if waiting.reassigns(&loss(memory, round, &lost)) {
        to_assign.push(&lost);
    }
    let excess = excess(round.configured, &next, rules);
    if waiting.revokes(!excess.is_empty(), round.now_ms, round.max_delay_ms) {
        revoked.append(next.withdraw(&excess));
    }
    let assigned = hand_out(&mut next, &to_assign, rules);

    let mut expected = next.all();
    expected.extend(&lost);
    let memory = Memory {
        generation: round.generation,
        members: round.members.keys().cloned().collect(),
        assigned: expected.to_work(),
        revoked: revoked.all().to_work(),
        waiting,
    };
    let shares = Shares {
        assigned,
        revoked,
        all: next,
        delay_ms: memory.waiting.delay_ms,
    };
    (shares, memory)
}

/// How what is configured, what was assigned and what runs differ.
struct Changes<'a> {
    /// Assigned or running, and not configured.
    deleted: Items<'a>,
    /// Assigned and configured, and running nowhere.
    lost: Items<'a>,
    /// Configured, and neither assigned before nor running.
    created: Items<'a>,
}

fn changes<'a>(
    memory: &'a Memory,
    round: &Round<'a>,
    active: &Items<'a>,
    rules: Rules,
) -> Changes<'a> {
    let configured = round.configured.items();
    // If the leader could not complete its last round, or another worker has led
    // since, its view of what was assigned may be an old one.
    let mut assigned = if memory.generation == round.last_completed_generation {
        memory.assigned.items()
    } else {
        Items::default()
    };
    // A revocation that did not take effect: start again from what runs.
    if memory.revoked.items().intersects(active) {
        assigned = active.clone();
    }
    let mut deleted = assigned.without(&configured, &Items::default());
    if rules.revoke_unknown() {
        deleted.extend(&active.without(&configured, &deleted));
    }
    Changes {
        lost: assigned.without(active, &deleted),
        created: configured.without(&assigned, active),
        deleted,
    }
}

fn loss(memory: &Memory, round: &Round<'_>, lost: &Items<'_>) -> Loss {
    Loss {
        any: !lost.is_empty(),
        nobody_left: memory
            .members
            .iter()
            .all(|member| round.members.contains_key(member)),
        now_ms: round.now_ms,
        max_delay_ms: round.max_delay_ms,
    }
}

/// What has to be revoked for balance.
fn excess<'a>(configured: &Configured, loads: &Shared<'a>, rules: Rules) -> Items<'a> {
    if configured.connectors.is_empty() && configured.tasks.is_empty() {
        return Items::default();
    }
    let connectors = surplus(configured.connectors.len(), &loads.connectors, rules);
    let tasks = surplus(configured.tasks.len(), &loads.tasks, rules);
    Shared { connectors, tasks }.all()
}

/// Adds `parts`, one after the other, to what the workers have, and returns what
/// each got.
fn hand_out<'a>(loads: &mut Shared<'a>, parts: &[&Items<'a>], rules: Rules) -> Shared<'a> {
    let connectors: Vec<_> = parts
        .iter()
        .flat_map(|part| sorted(&part.connectors))
        .collect();
    let tasks: Vec<_> = parts.iter().flat_map(|part| sorted(&part.tasks)).collect();
    Shared {
        connectors: assign(&mut loads.connectors, &connectors, rules),
        tasks: assign(&mut loads.tasks, &tasks, rules),
    }
}

fn sorted<K: Copy + Ord>(items: &HashSet<K>) -> Vec<K> {
    let mut sorted: Vec<K> = items.iter().copied().collect();
    sorted.sort_unstable();
    sorted
}
