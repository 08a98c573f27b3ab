//! The group as one worker sees it.

use std::collections::HashSet;
use std::sync::Arc;

use connect_runtime::ConnectorTaskId;

pub use crate::assignor::Owners;

/// What of the group's connectors and tasks is this worker's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Share {
    /// All of them, those to come included.
    All,
    /// These.
    Some {
        /// Connectors.
        connectors: HashSet<String>,
        /// Tasks.
        tasks: HashSet<ConnectorTaskId>,
    },
}

impl Share {
    /// Nothing.
    pub fn none() -> Self {
        Self::Some {
            connectors: HashSet::new(),
            tasks: HashSet::new(),
        }
    }

    /// The connectors of which one share has something that the other has not;
    /// none if that cannot be told from the shares alone.
    pub(crate) fn changed(&self, other: &Self) -> Option<HashSet<String>> {
        match (self, other) {
            (Self::All, Self::All) => Some(HashSet::new()),
            (
                Self::Some { connectors, tasks },
                Self::Some {
                    connectors: others,
                    tasks: other_tasks,
                },
            ) => {
                let mut names: HashSet<String> =
                    connectors.symmetric_difference(others).cloned().collect();
                for id in tasks.symmetric_difference(other_tasks) {
                    if !names.contains(&id.connector) {
                        names.insert(id.connector.clone());
                    }
                }
                Some(names)
            }
            _ => None,
        }
    }
}

/// The group as this worker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupView {
    /// Counts the changes of this view.
    pub revision: u64,
    /// Counts the group's changes; goes into each status.
    pub generation: i32,
    /// True if this worker leads: only the leader writes configurations.
    pub is_leader: bool,
    /// Where the leader's REST server is; none while there is no leader.
    pub leader_url: Option<String>,
    /// What is this worker's.
    pub share: Share,
    /// Who has what, as the leader has shared it out; none for the others.
    pub owners: Option<Arc<Owners>>,
    /// True if workers sign their requests to each other (KIP-507).
    pub signs_requests: bool,
}

impl GroupView {
    /// True if this worker is in the group. If not, what it ran is others'.
    pub fn is_member(&self) -> bool {
        self.leader_url.is_some()
    }

    /// True if the connector is to run here.
    pub fn has_connector(&self, name: &str) -> bool {
        match &self.share {
            Share::All => true,
            Share::Some { connectors, .. } => connectors.contains(name),
        }
    }

    /// True if the task is to run here.
    pub fn has_task(&self, id: &ConnectorTaskId) -> bool {
        match &self.share {
            Share::All => true,
            Share::Some { tasks, .. } => tasks.contains(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(connectors: &[&str], tasks: &[(&str, usize)]) -> Share {
        Share::Some {
            connectors: connectors.iter().map(|name| (*name).to_owned()).collect(),
            tasks: tasks
                .iter()
                .map(|(name, task)| ConnectorTaskId::new(*name, *task))
                .collect(),
        }
    }

    #[test]
    fn only_connectors_of_which_something_comes_or_goes_have_changed() {
        let before = share(&["a", "b"], &[("a", 0), ("c", 0), ("c", 1)]);
        let after = share(&["b", "d"], &[("a", 0), ("c", 1)]);
        let mut names: Vec<String> = before.changed(&after).unwrap().into_iter().collect();
        names.sort();
        assert_eq!(names, ["a", "c", "d"]);
        assert_eq!(after.changed(&after), Some(HashSet::new()));
        assert_eq!(after.changed(&Share::All), None);
    }
}
