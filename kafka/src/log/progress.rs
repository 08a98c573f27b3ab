//! How far each partition has been read, and who waits for it to be read how far.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::LogError;
use crate::admin::PartitionBounds;

/// Somebody waits until partitions have been read up to these offsets.
#[derive(Debug)]
pub(super) struct Goal {
    missing: BTreeMap<i32, i64>,
    reached: oneshot::Sender<Result<(), LogError>>,
}

impl Goal {
    pub(super) fn new(
        bounds: &BTreeMap<i32, PartitionBounds>,
        reached: oneshot::Sender<Result<(), LogError>>,
    ) -> Self {
        let missing = bounds
            .iter()
            // A partition whose records are all gone has nothing to be waited for.
            .filter(|(_, bounds)| bounds.low < bounds.high)
            .map(|(partition, bounds)| (*partition, bounds.high))
            .collect();
        Self { missing, reached }
    }
}

/// The next offset to be read from each partition.
pub(super) type Positions = BTreeMap<i32, i64>;

/// The next offset to be read from each partition, and the goals not reached yet.
#[derive(Debug, Default)]
pub(super) struct Progress {
    next: Positions,
    goals: Vec<Goal>,
}

impl Progress {
    pub(super) fn starting_at(bounds: &BTreeMap<i32, PartitionBounds>) -> Self {
        let next = bounds
            .iter()
            .map(|(partition, bounds)| (*partition, bounds.low))
            .collect();
        Self {
            next,
            goals: Vec::new(),
        }
    }

    pub(super) fn positions(&self) -> &Positions {
        &self.next
    }

    pub(super) fn next(&self, partition: i32) -> i64 {
        self.next.get(&partition).copied().unwrap_or(0)
    }

    pub(super) fn has_goals(&self) -> bool {
        !self.goals.is_empty()
    }

    pub(super) fn add(&mut self, mut goal: Goal) {
        goal.missing
            .retain(|partition, end| self.next(*partition) < *end);
        self.goals.push(goal);
        self.settle();
    }

    /// A partition has been read up to, and not including, `next`.
    pub(super) fn advance(&mut self, partition: i32, next: i64) {
        self.next.insert(partition, next);
        let mut reached_one = false;
        for goal in &mut self.goals {
            if goal.missing.get(&partition).is_some_and(|end| next >= *end) {
                goal.missing.remove(&partition);
                reached_one = true;
            }
        }
        if reached_one {
            self.settle();
        }
    }

    /// The partitions that somebody waits for, with the farthest offset waited for.
    pub(super) fn behind(&self) -> BTreeMap<i32, i64> {
        let mut behind = BTreeMap::new();
        for (partition, end) in self.goals.iter().flat_map(|goal| &goal.missing) {
            let farthest = behind.entry(*partition).or_insert(*end);
            *farthest = (*farthest).max(*end);
        }
        behind
    }

    pub(super) fn fail(&mut self, error: &LogError) {
        for goal in self.goals.drain(..) {
            // Whoever waited may have gone.
            goal.reached.send(Err(error.clone())).ok();
        }
    }

    fn settle(&mut self) {
        let goals = std::mem::take(&mut self.goals);
        for goal in goals {
            if goal.missing.is_empty() {
                goal.reached.send(Ok(())).ok();
            } else if !goal.reached.is_closed() {
                self.goals.push(goal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(bounds: &[(i32, i64, i64)]) -> (Goal, oneshot::Receiver<Result<(), LogError>>) {
        let (reached, wait) = oneshot::channel();
        let bounds = bounds
            .iter()
            .map(|(partition, low, high)| {
                (
                    *partition,
                    PartitionBounds {
                        low: *low,
                        high: *high,
                    },
                )
            })
            .collect();
        (Goal::new(&bounds, reached), wait)
    }

    #[test]
    fn a_goal_is_reached_when_all_its_partitions_are() {
        let mut progress = Progress::default();
        let (first, mut wait) = goal(&[(0, 0, 3), (1, 5, 6), (2, 4, 4)]);
        progress.add(first);
        progress.advance(0, 3);
        assert!(wait.try_recv().is_err());
        assert_eq!(progress.behind(), BTreeMap::from([(1, 6)]));
        progress.advance(1, 7);
        wait.try_recv().unwrap().unwrap();
        assert!(!progress.has_goals());
    }

    #[test]
    fn what_was_read_before_need_not_be_read_again() {
        let mut progress = Progress::default();
        progress.advance(0, 10);
        let (done, mut wait) = goal(&[(0, 0, 10)]);
        progress.add(done);
        wait.try_recv().unwrap().unwrap();
        let (_open, mut wait) = {
            let (open, wait) = goal(&[(0, 0, 11)]);
            progress.add(open);
            ((), wait)
        };
        assert!(wait.try_recv().is_err());
        assert!(progress.has_goals());
    }

    #[test]
    fn goals_that_nobody_waits_for_are_forgotten() {
        let mut progress = Progress::default();
        let (abandoned, wait) = goal(&[(0, 0, 5)]);
        progress.add(abandoned);
        drop(wait);
        let (other, _wait) = goal(&[(0, 0, 9)]);
        progress.add(other);
        assert_eq!(progress.behind(), BTreeMap::from([(0, 9)]));
    }

    #[test]
    fn a_failure_reaches_everybody_who_waits() {
        let mut progress = Progress::default();
        let (waiting, mut wait) = goal(&[(0, 0, 5)]);
        progress.add(waiting);
        progress.fail(&LogError::Stopped {
            topic: "t".to_owned(),
        });
        assert!(wait.try_recv().unwrap().is_err());
    }
}
