//! How the leader of the group shares out connectors and tasks: pure functions
//! from what it knows to what each member is told.

mod balance;
mod eager;
mod incremental;
mod memory;
#[cfg(test)]
mod tests;
mod work;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use connect_runtime::ConnectorTaskId;

use crate::protocol::{Assignment, ConnectProtocol, ProtocolError, WorkerState};
use crate::store::config::ConfigState;
pub(crate) use memory::Memory;
use work::{Items, Loads, Shared};

/// What is to be run, as the config topic has it up to an offset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Configured {
    /// How far the config topic was read.
    pub(crate) offset: i64,
    /// All connectors.
    pub(crate) connectors: BTreeSet<String>,
    /// All tasks; none of a connector whose set of tasks is incomplete.
    pub(crate) tasks: BTreeSet<ConnectorTaskId>,
}

impl Configured {
    /// What `state` has, read up to `offset`.
    pub(crate) fn new(offset: i64, state: &ConfigState) -> Self {
        Self {
            offset,
            connectors: state.connectors().map(str::to_owned).collect(),
            tasks: state
                .connectors()
                .flat_map(|connector| state.task_ids(connector))
                .collect(),
        }
    }

    fn items(&self) -> Items<'_> {
        Items {
            connectors: self.connectors.iter().map(String::as_str).collect(),
            tasks: self.tasks.iter().collect(),
        }
    }
}

/// What the leader knows when the work is to be shared out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round<'a> {
    /// What the group speaks.
    pub(crate) protocol: ConnectProtocol,
    /// The generation that is being formed.
    pub(crate) generation: i32,
    /// The last generation for which this worker got its assignment; -1 if none.
    pub(crate) last_completed_generation: i32,
    /// The member id of the leader, which is us.
    pub(crate) leader: &'a str,
    /// What each member said when it joined, by member id.
    pub(crate) members: &'a BTreeMap<String, WorkerState>,
    /// The newest that we have read.
    pub(crate) configured: &'a Configured,
    /// The time.
    pub(crate) now_ms: i64,
    /// How long the work of a lost worker waits for it to come back
    /// (`scheduled.rebalance.max.delay.ms`), and the longest wait between two
    /// revocations; 0: not at all.
    pub(crate) max_delay_ms: i32,
}

/// What comes of a round.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What each member is told, by member id.
    pub(crate) assignments: BTreeMap<String, Assignment>,
    /// Who runs what after this round; none if the work could not be shared out.
    pub(crate) owners: Option<Owners>,
    /// What to bring to the next round.
    pub(crate) memory: Memory,
}

impl Plan {
    /// The assignments as the group coordinator passes them on.
    pub(crate) fn encode(
        &self,
        protocol: ConnectProtocol,
    ) -> Result<BTreeMap<String, Vec<u8>>, ProtocolError> {
        self.assignments
            .iter()
            .map(|(member, assignment)| Ok((member.clone(), assignment.encode(protocol)?)))
            .collect()
    }
}

/// Where each connector and task runs, as URLs of the workers' REST servers. The
/// leader knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owners {
    connectors: HashMap<String, Arc<str>>,
    tasks: HashMap<ConnectorTaskId, Arc<str>>,
}

impl Owners {
    /// Who has the connector.
    pub fn connector(&self, name: &str) -> Option<&str> {
        self.connectors.get(name).map(AsRef::as_ref)
    }

    /// Who has the task.
    pub fn task(&self, id: &ConnectorTaskId) -> Option<&str> {
        self.tasks.get(id).map(AsRef::as_ref)
    }
}

/// Why the work cannot be shared out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AssignError {
    /// The coordinator named a leader that is not in its list of members.
    #[error("the group's leader {0:?} is not among its members")]
    LeaderUnknown(String),
}

/// Shares out the work. `memory` is that of this worker's last round.
///
/// If a member has read the config topic further than the leader, nothing is
/// shared out: all are told to read to its end and to join again.
pub(crate) fn plan(memory: &Memory, round: &Round<'_>) -> Result<Plan, AssignError> {
    plan_by(memory, round, Rules::Ours)
}

fn plan_by(memory: &Memory, round: &Round<'_>, rules: Rules) -> Result<Plan, AssignError> {
    let leader_url = round
        .members
        .get(round.leader)
        .map(|state| state.url.as_str())
        .ok_or_else(|| AssignError::LeaderUnknown(round.leader.to_owned()))?;
    let head = Assignment {
        version: round.protocol.version(),
        leader: round.leader.to_owned(),
        leader_url: leader_url.to_owned(),
        offset: round.configured.offset,
        ..Assignment::default()
    };
    let newest = round.members.values().map(|state| state.offset).max();
    if let Some(offset) = newest.filter(|newest| *newest > round.configured.offset) {
        return Ok(mismatch(memory, round, Assignment { offset, ..head }));
    }
    let (shares, memory) = if round.protocol.is_cooperative() {
        incremental::share_out(memory, round, rules)
    } else {
        (eager::share_out(round), memory.clone())
    };
    Ok(Plan {
        owners: Some(shares.owners(round)),
        assignments: shares.assignments(round, &head),
        memory,
    })
}

/// Tells everybody to read on.
fn mismatch(memory: &Memory, round: &Round<'_>, head: Assignment) -> Plan {
    let told = Assignment {
        error: Assignment::CONFIG_MISMATCH,
        ..head
    };
    let members = round.members.keys();
    Plan {
        assignments: members.map(|id| (id.clone(), told.clone())).collect(),
        owners: None,
        memory: memory.clone(),
    }
}

/// Whose rules hold where the protocol leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rules {
    Ours,
    /// The JVM worker's, to compare with it.
    #[cfg(test)]
    Original,
}

impl Rules {
    /// Tasks of one connector rather run on different workers.
    fn spread_tasks(self) -> bool {
        self == Self::Ours
    }

    /// What runs and is not configured is revoked, whether we knew of it or not.
    fn revoke_unknown(self) -> bool {
        self == Self::Ours
    }
}

/// What a round gives to and takes from each worker, in the order of member ids.
struct Shares<'a> {
    assigned: Shared<'a>,
    revoked: Shared<'a>,
    /// What each has after it.
    all: Shared<'a>,
    delay_ms: i32,
}

impl Shares<'_> {
    fn owners(&self, round: &Round<'_>) -> Owners {
        let mut owners = Owners::default();
        for (place, state) in round.members.values().enumerate() {
            let url: Arc<str> = state.url.as_str().into();
            let connectors = of(&self.all.connectors, place).iter();
            let tasks = of(&self.all.tasks, place).iter();
            owners
                .connectors
                .extend(connectors.map(|name| ((*name).to_owned(), url.clone())));
            owners
                .tasks
                .extend(tasks.map(|id| ((*id).clone(), url.clone())));
        }
        owners
    }

    fn assignments(&self, round: &Round<'_>, head: &Assignment) -> BTreeMap<String, Assignment> {
        let assignment = |place| Assignment {
            connectors: names(&self.assigned, place),
            tasks: tasks(&self.assigned, place),
            revoked_connectors: names(&self.revoked, place),
            revoked_tasks: tasks(&self.revoked, place),
            delay_ms: self.delay_ms,
            ..head.clone()
        };
        let members = round.members.keys().enumerate();
        members
            .map(|(place, id)| (id.clone(), assignment(place)))
            .collect()
    }
}

fn names(shared: &Shared<'_>, place: usize) -> Vec<String> {
    of(&shared.connectors, place)
        .iter()
        .map(|name| (*name).to_owned())
        .collect()
}

fn tasks(shared: &Shared<'_>, place: usize) -> Vec<ConnectorTaskId> {
    of(&shared.tasks, place)
        .iter()
        .map(|id| (*id).clone())
        .collect()
}

/// A worker's load; nothing where there are no loads at all.
fn of<K>(loads: &Loads<K>, place: usize) -> &[K] {
    loads.get(place).map_or(&[], Vec::as_slice)
}
