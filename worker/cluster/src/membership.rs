//! Who leads the group, and what of its work is this worker's.
//!
//! The herder knows the group only through [`Membership`]. [`Solo`] is a group
//! of one: it leads and has everything.

use std::collections::HashSet;
use std::sync::Arc;

use connect_runtime::ConnectorTaskId;
use tokio::sync::watch;

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

/// The group as this worker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupView {
    /// Counts the group's changes; goes into each status.
    pub generation: i32,
    /// True if this worker leads: only the leader writes configurations.
    pub is_leader: bool,
    /// Where the leader's REST server is, if there is one.
    pub leader_url: Option<String>,
    /// What is this worker's.
    pub share: Share,
}

impl GroupView {
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

/// A place in a group of workers.
pub trait Membership: Send + Sync {
    /// Joins the group. Called once, when the stores have been read;
    /// `stored_generation` is the highest that any status carries. The view
    /// changes with the group from then on; the herder acts on each change.
    fn join(&self, stored_generation: i32) -> watch::Receiver<Arc<GroupView>>;

    /// The connectors or their tasks are other ones now: the work may have to
    /// be shared out anew.
    fn work_changed(&self);

    /// Leaves the group.
    fn leave(&self);
}

/// A group of one worker.
#[derive(Debug)]
pub struct Solo {
    view: watch::Sender<Arc<GroupView>>,
}

impl Solo {
    /// The group of the worker whose REST server is at `url`.
    pub fn new(url: &str) -> Self {
        let view = GroupView {
            generation: 0,
            is_leader: true,
            leader_url: Some(url.to_owned()),
            share: Share::All,
        };
        Self {
            view: watch::Sender::new(Arc::new(view)),
        }
    }
}

impl Membership for Solo {
    /// The generation goes on from where statuses left off: a JVM worker would
    /// take the end of an old run for the newer one otherwise.
    fn join(&self, stored_generation: i32) -> watch::Receiver<Arc<GroupView>> {
        self.view.send_modify(|view| {
            Arc::make_mut(view).generation = stored_generation.saturating_add(1);
        });
        self.view.subscribe()
    }

    fn work_changed(&self) {}

    fn leave(&self) {}
}
