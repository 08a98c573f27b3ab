//! Connectors and tasks, as sets and by worker.

use std::collections::HashSet;
use std::hash::Hash;

use connect_runtime::ConnectorTaskId;

use crate::protocol::WorkerState;

/// Connectors and tasks, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Work {
    connectors: HashSet<String>,
    tasks: HashSet<ConnectorTaskId>,
}

impl Work {
    pub(super) fn items(&self) -> Items<'_> {
        Items {
            connectors: self.connectors.iter().map(String::as_str).collect(),
            tasks: self.tasks.iter().collect(),
        }
    }
}

/// Connectors and tasks of somebody else's.
#[derive(Debug, Clone, Default)]
pub(super) struct Items<'a> {
    pub(super) connectors: HashSet<&'a str>,
    pub(super) tasks: HashSet<&'a ConnectorTaskId>,
}

impl Items<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.connectors.is_empty() && self.tasks.is_empty()
    }

    pub(super) fn intersects(&self, other: &Self) -> bool {
        !self.connectors.is_disjoint(&other.connectors) || !self.tasks.is_disjoint(&other.tasks)
    }

    pub(super) fn to_work(&self) -> Work {
        Work {
            connectors: self
                .connectors
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
            tasks: self.tasks.iter().map(|id| (*id).clone()).collect(),
        }
    }
}

impl<'a> Items<'a> {
    /// What is neither in `one` nor in `other`.
    pub(super) fn without(&self, one: &Self, other: &Self) -> Self {
        Self {
            connectors: difference(&self.connectors, &one.connectors, &other.connectors),
            tasks: difference(&self.tasks, &one.tasks, &other.tasks),
        }
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.connectors.extend(&other.connectors);
        self.tasks.extend(&other.tasks);
    }
}

fn difference<K: Copy + Eq + Hash>(
    base: &HashSet<K>,
    one: &HashSet<K>,
    other: &HashSet<K>,
) -> HashSet<K> {
    base.iter()
        .filter(|item| !one.contains(*item) && !other.contains(*item))
        .copied()
        .collect()
}

/// What each worker has. Workers are in the order of their member ids.
pub(super) type Loads<K> = Vec<Vec<K>>;

/// What each worker has of connectors and of tasks.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared<'a> {
    pub(super) connectors: Loads<&'a str>,
    pub(super) tasks: Loads<&'a ConnectorTaskId>,
}

impl<'a> Shared<'a> {
    /// What the workers say that they run, whatever one says twice only once.
    pub(super) fn held(states: impl Iterator<Item = &'a WorkerState>) -> Self {
        let mut held = Self::default();
        for state in states {
            let (connectors, tasks) = match &state.assignment {
                Some(assignment) => (&assignment.connectors[..], &assignment.tasks[..]),
                None => (&[][..], &[][..]),
            };
            held.connectors
                .push(once_each(connectors.iter().map(String::as_str)));
            held.tasks.push(once_each(tasks.iter()));
        }
        held
    }

    /// What any worker has.
    pub(super) fn all(&self) -> Items<'a> {
        Items {
            connectors: self.connectors.iter().flatten().copied().collect(),
            tasks: self.tasks.iter().flatten().copied().collect(),
        }
    }

    /// What more than one worker has.
    pub(super) fn duplicated(&self) -> Items<'a> {
        Items {
            connectors: repeated(&self.connectors),
            tasks: repeated(&self.tasks),
        }
    }

    /// Takes `which` away from whoever has it, and returns what each had of it.
    pub(super) fn withdraw(&mut self, which: &Items<'a>) -> Self {
        Self {
            connectors: withdraw(&mut self.connectors, &which.connectors),
            tasks: withdraw(&mut self.tasks, &which.tasks),
        }
    }

    /// Gives each worker what it has in `other`.
    pub(super) fn append(&mut self, other: Self) {
        append(&mut self.connectors, other.connectors);
        append(&mut self.tasks, other.tasks);
    }
}

fn once_each<K: Copy + Eq + Hash>(items: impl Iterator<Item = K>) -> Vec<K> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(*item)).collect()
}

fn repeated<K: Copy + Eq + Hash>(loads: &Loads<K>) -> HashSet<K> {
    let mut seen = HashSet::new();
    loads
        .iter()
        .flatten()
        .filter(|item| !seen.insert(**item))
        .copied()
        .collect()
}

fn withdraw<K: Copy + Eq + Hash>(loads: &mut Loads<K>, which: &HashSet<K>) -> Loads<K> {
    loads
        .iter_mut()
        .map(|load| load.extract_if(.., |item| which.contains(item)).collect())
        .collect()
}

fn append<K>(loads: &mut Loads<K>, more: Loads<K>) {
    for (load, more) in loads.iter_mut().zip(more) {
        load.extend(more);
    }
}
