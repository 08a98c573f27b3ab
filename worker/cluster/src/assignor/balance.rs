//! How much each worker should have, and who gets what comes. Connectors and
//! tasks are balanced apart from each other, by the same rules.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;

use connect_runtime::ConnectorTaskId;

use super::Rules;
use super::work::Loads;

/// A connector or a task.
pub(super) trait Item<'a>: Copy + Eq + Hash + Ord {
    /// The connector that it belongs to.
    fn connector(self) -> &'a str;
}

impl<'a> Item<'a> for &'a str {
    fn connector(self) -> &'a str {
        self
    }
}

impl<'a> Item<'a> for &'a ConnectorTaskId {
    fn connector(self) -> &'a str {
        &self.connector
    }
}

/// What each worker has more than it would have if `total` were shared out
/// evenly. Some workers may have one more than the others then: the first of
/// those that have too much keep that one.
pub(super) fn surplus<'a, K: Item<'a>>(total: usize, loads: &Loads<K>, rules: Rules) -> Loads<K> {
    let least = total / loads.len();
    let mut extras = total % loads.len();
    loads
        .iter()
        .map(|load| {
            if load.len() <= least {
                return Vec::new();
            }
            let mut quota = least;
            if extras > 0 {
                extras -= 1;
                quota += 1;
            }
            let count = load.len() - quota;
            if rules.spread_tasks() {
                crowded_first(load, count)
            } else {
                load[..count].to_vec()
            }
        })
        .collect()
}

/// `count` of a worker's load, from the connectors that have most there.
///
/// The original takes the first ones, which leaves one worker with all tasks of
/// one connector and its neighbour with those of the next (KAFKA-17049).
fn crowded_first<'a, K: Item<'a>>(load: &[K], count: usize) -> Vec<K> {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for item in load {
        *left.entry(item.connector()).or_default() += 1;
    }
    let mut ranked: Vec<(usize, K)> = Vec::with_capacity(load.len());
    for item in load {
        let height = left.entry(item.connector()).or_default();
        ranked.push((*height, *item));
        *height -= 1;
    }
    ranked.sort_by_key(|(height, _)| Reverse(*height));
    ranked
        .into_iter()
        .take(count)
        .map(|(_, item)| item)
        .collect()
}

/// Gives each of `items` to the worker that has least, and returns what each got.
/// Among equals the one that has fewest of the item's connector gets it; among
/// those the one that had least before, then by member id.
pub(super) fn assign<'a, K: Item<'a>>(loads: &mut Loads<K>, items: &[K], rules: Rules) -> Loads<K> {
    let before: Vec<usize> = loads.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..loads.len()).collect();
    order.sort_by_key(|worker| before[*worker]);
    let mut crowds = Crowds::of(loads, rules);
    for item in items {
        let Some(least) = loads.iter().map(Vec::len).min() else {
            break;
        };
        let receiver = order
            .iter()
            .copied()
            .filter(|worker| loads[*worker].len() == least)
            .min_by_key(|worker| crowds.count(*worker, item.connector()));
        if let Some(worker) = receiver {
            loads[worker].push(*item);
            crowds.add(worker, item.connector());
        }
    }
    let got = loads.iter().zip(before);
    got.map(|(load, before)| load[before..].to_vec()).collect()
}

/// How many of each connector's tasks each worker has; nothing where that does
/// not count.
struct Crowds<'a>(Vec<HashMap<&'a str, usize>>);

impl<'a> Crowds<'a> {
    fn of<K: Item<'a>>(loads: &Loads<K>, rules: Rules) -> Self {
        let mut crowds = Self(Vec::new());
        if rules.spread_tasks() {
            crowds.0.resize(loads.len(), HashMap::new());
            for (worker, load) in loads.iter().enumerate() {
                for item in load {
                    crowds.add(worker, item.connector());
                }
            }
        }
        crowds
    }

    fn count(&self, worker: usize, connector: &str) -> usize {
        let crowd = self.0.get(worker);
        crowd
            .and_then(|crowd| crowd.get(connector))
            .copied()
            .unwrap_or(0)
    }

    fn add(&mut self, worker: usize, connector: &'a str) {
        if let Some(crowd) = self.0.get_mut(worker) {
            *crowd.entry(connector).or_default() += 1;
        }
    }
}
