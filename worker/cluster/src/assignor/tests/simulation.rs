//! A group in memory: its workers, what is configured, and what can happen to
//! them. Each round is checked against what has to hold in every round.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use connect_runtime::ConnectorTaskId;

use crate::assignor::{Configured, Memory, Plan, Round, plan};
use crate::protocol::{Assignment, ConnectProtocol, WorkerState};

/// What can happen between two rounds. Numbers choose among what there is.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Join(u8),
    Crash(u8),
    /// One that crashed is back, with all that it had.
    Back(u8),
    Lead(u8),
    Configure(u8, u8),
    Delete(u8),
    Sleep(u16),
    MaxDelay(i32),
    /// A round whose assignments these workers do not get, bit by bit.
    Round(u8),
}

#[derive(Debug, Clone)]
struct Worker {
    state: WorkerState,
    completed: i32,
    memory: Memory,
}

#[derive(Debug)]
pub(super) struct Group {
    workers: BTreeMap<String, Worker>,
    gone: BTreeMap<String, Worker>,
    config: BTreeMap<String, u8>,
    offset: i64,
    leader: String,
    generation: i32,
    now_ms: i64,
    pub(super) max_delay_ms: i32,
}

impl Group {
    /// A group of as many workers, named from `w0`.
    pub(super) fn of(workers: u8) -> Self {
        let mut group = Self {
            workers: BTreeMap::new(),
            gone: BTreeMap::new(),
            config: BTreeMap::new(),
            offset: 0,
            leader: "w0".to_owned(),
            generation: 0,
            now_ms: 1_700_000_000_000,
            max_delay_ms: 0,
        };
        for worker in 0..workers {
            group.happen(&Event::Join(worker));
        }
        group
    }

    pub(super) fn happen(&mut self, event: &Event) {
        match event {
            Event::Join(number) => self.join(*number),
            Event::Crash(number) => {
                if let Some(id) = nth(&self.workers, *number).filter(|_| self.workers.len() > 1) {
                    let worker = self.workers.remove(&id);
                    self.gone.extend(worker.map(|worker| (id, worker)));
                }
            }
            Event::Back(number) => {
                if let Some(id) = nth(&self.gone, *number) {
                    let worker = self.gone.remove(&id).unwrap();
                    self.workers.entry(id).or_insert(worker);
                }
            }
            Event::Lead(number) => self.leader = nth(&self.workers, *number).unwrap(),
            Event::Configure(name, tasks) => {
                self.config.insert(format!("c{}", name % 12), *tasks);
                self.offset += 1;
            }
            Event::Delete(number) => {
                if let Some(name) = nth(&self.config, *number) {
                    self.config.remove(&name);
                    self.offset += 1;
                }
            }
            Event::Sleep(ms) => self.now_ms += i64::from(*ms),
            Event::MaxDelay(ms) => self.max_delay_ms = *ms,
            Event::Round(missed) => drop(self.round(*missed)),
        }
    }

    fn join(&mut self, number: u8) {
        let id = format!("w{number}");
        let worker = Worker {
            state: WorkerState {
                url: format!("http://{id}:8083/"),
                offset: 0,
                assignment: None,
            },
            completed: -1,
            memory: Memory::default(),
        };
        self.workers.entry(id).or_insert(worker);
    }

    /// Rounds until nothing is revoked and nothing waits. Returns how many.
    pub(super) fn settle(&mut self) -> usize {
        for round in 1..20 {
            let plan = self.round(0);
            let delay_ms = plan.assignments[&self.leader].delay_ms;
            self.now_ms += i64::from(delay_ms);
            if delay_ms == 0 && !plan.assignments.values().any(Assignment::revokes) {
                return round;
            }
        }
        panic!("does not settle: {self:?}");
    }

    pub(super) fn round(&mut self, missed: u8) -> Plan {
        self.generation += 1;
        if !self.workers.contains_key(&self.leader) {
            self.leader = nth(&self.workers, 0).unwrap();
        }
        let leader = &self.workers[&self.leader];
        let members = self.members();
        let configured = self.configured();
        let round = Round {
            protocol: ConnectProtocol::Sessioned,
            generation: self.generation,
            last_completed_generation: leader.completed,
            leader: &self.leader,
            members: &members,
            configured: &configured,
            now_ms: self.now_ms,
            max_delay_ms: self.max_delay_ms,
        };
        let plan = plan(&leader.memory, &round).unwrap();
        check(&round, &plan);
        self.workers.get_mut(&self.leader).unwrap().memory = plan.memory.clone();
        for (number, (id, worker)) in self.workers.iter_mut().enumerate() {
            if number < 8 && missed & (1 << number) != 0 {
                continue;
            }
            let told = plan.assignments[id].clone();
            worker.state.assignment = Some(told.added_to(worker.state.assignment.as_ref()));
            worker.completed = self.generation;
        }
        plan
    }

    fn members(&self) -> BTreeMap<String, WorkerState> {
        let members = self.workers.iter();
        members
            .map(|(id, worker)| (id.clone(), worker.state.clone()))
            .collect()
    }

    pub(super) fn configured(&self) -> Configured {
        let tasks = self.config.iter().flat_map(|(name, tasks)| {
            (0..usize::from(*tasks)).map(move |task| ConnectorTaskId::new(name, task))
        });
        Configured {
            offset: self.offset,
            connectors: self.config.keys().cloned().collect(),
            tasks: tasks.collect(),
        }
    }

    /// What each worker runs.
    pub(super) fn running(&self) -> Vec<Assignment> {
        let workers = self.workers.values();
        workers
            .map(|worker| worker.state.assignment.clone().unwrap_or_default())
            .collect()
    }

    /// What has to hold when nothing is left to do.
    pub(super) fn check_settled(&self) {
        let configured = self.configured();
        let running = self.running();
        let connectors = running.iter().flat_map(|has| has.connectors.clone());
        once_each(connectors, &configured.connectors);
        once_each(
            running.iter().flat_map(|has| has.tasks.clone()),
            &configured.tasks,
        );
        even(running.iter().map(|has| has.connectors.len()));
        even(running.iter().map(|has| has.tasks.len()));
    }
}

fn nth<V>(map: &BTreeMap<String, V>, number: u8) -> Option<String> {
    let number = usize::from(number) % map.len().max(1);
    map.keys().nth(number).cloned()
}

fn once_each<T: Ord + std::fmt::Debug>(running: impl Iterator<Item = T>, wanted: &BTreeSet<T>) {
    let mut running: Vec<T> = running.collect();
    running.sort();
    assert!(
        running.iter().eq(wanted),
        "{running:?} instead of {wanted:?}"
    );
}

fn even(loads: impl Iterator<Item = usize>) {
    let loads: Vec<usize> = loads.collect();
    let spread = loads.iter().max().unwrap() - loads.iter().min().unwrap();
    assert!(spread <= 1, "{loads:?}");
}

/// What has to hold in every round, for connectors and for tasks.
fn check(round: &Round<'_>, plan: &Plan) {
    let held = |state: &WorkerState| state.assignment.clone().unwrap_or_default();
    let members = || round.members.iter();
    let told = |id: &String| &plan.assignments[id];
    check_kind(
        &round.configured.connectors,
        members().map(|(id, state)| Moves {
            held: held(state).connectors,
            assigned: told(id).connectors.clone(),
            revoked: told(id).revoked_connectors.clone(),
        }),
    );
    check_kind(
        &round.configured.tasks,
        members().map(|(id, state)| Moves {
            held: held(state).tasks,
            assigned: told(id).tasks.clone(),
            revoked: told(id).revoked_tasks.clone(),
        }),
    );
    check_owners(round, plan);
}

struct Moves<T> {
    held: Vec<T>,
    assigned: Vec<T>,
    revoked: Vec<T>,
}

fn check_kind<T: Clone + Eq + Hash + Ord + std::fmt::Debug>(
    configured: &BTreeSet<T>,
    moves: impl Iterator<Item = Moves<T>>,
) {
    let moves: Vec<Moves<T>> = moves.collect();
    let mut holders: HashMap<&T, usize> = HashMap::new();
    for item in moves.iter().flat_map(|worker| &worker.held) {
        *holders.entry(item).or_default() += 1;
    }
    let mut given = HashSet::new();
    for item in moves.iter().flat_map(|worker| &worker.assigned) {
        assert!(
            configured.contains(item),
            "{item:?} is assigned and not configured"
        );
        assert!(
            !holders.contains_key(item),
            "{item:?} is assigned while somebody has it"
        );
        assert!(given.insert(item), "{item:?} is assigned twice");
    }
    // What has to go whatever the balance: not configured, or had by several.
    let must_go = |item: &T| !configured.contains(item) || holders[item] > 1;
    let (mut for_balance, mut loads) = (0, Vec::new());
    for worker in &moves {
        let revoked: HashSet<&T> = worker.revoked.iter().collect();
        assert!(
            revoked.iter().all(|item| worker.held.contains(item)),
            "revoked and not held"
        );
        assert_eq!(revoked.len(), worker.revoked.len(), "revoked twice");
        for item in worker.held.iter().filter(|item| must_go(item)) {
            assert!(revoked.contains(item), "{item:?} is not revoked");
        }
        for_balance += worker.revoked.iter().filter(|item| !must_go(item)).count();
        loads.push(worker.held.iter().filter(|item| !must_go(item)).count());
    }
    let needed = needed_for_balance(configured.len(), &loads);
    assert!(
        for_balance == 0 || for_balance == needed,
        "{for_balance} of {needed} revoked"
    );
}

/// How much has to move at least, until all is shared out and nobody has two more
/// than another.
fn needed_for_balance(total: usize, loads: &[usize]) -> usize {
    let (least, extras) = (total / loads.len(), total % loads.len());
    let over: Vec<usize> = loads
        .iter()
        .map(|load| load.saturating_sub(least))
        .collect();
    let may_keep_one = over.iter().filter(|over| **over > 0).count().min(extras);
    over.iter().sum::<usize>() - may_keep_one
}

/// The leader knows who has what.
fn check_owners(round: &Round<'_>, plan: &Plan) {
    let owners = plan.owners.as_ref().unwrap();
    let (mut connectors, mut tasks) = (0, 0);
    for (id, state) in round.members {
        let after = plan.assignments[id]
            .clone()
            .added_to(state.assignment.as_ref());
        let url = Some(state.url.as_str());
        assert!(
            after
                .connectors
                .iter()
                .all(|name| owners.connector(name) == url)
        );
        assert!(after.tasks.iter().all(|task| owners.task(task) == url));
        connectors += after.connectors.len();
        tasks += after.tasks.len();
    }
    assert_eq!(
        (owners.connectors.len(), owners.tasks.len()),
        (connectors, tasks)
    );
}
