//! What the herder's loop and the connectors' runners are told.

use std::sync::Arc;

use connect_api::Result;
use connect_api::record::OffsetMap;
use tokio::sync::oneshot;

use super::release::ReleaseMark;
use crate::membership::GroupView;

/// What the loop is asked.
pub(super) enum Request {
    /// Work on one connector's plugins.
    Command { connector: String, command: Command },
    /// A runner has nothing left to do after so many commands.
    Idle { connector: String, handled: u64 },
    /// Stop everything that runs here.
    ShutDown { reply: oneshot::Sender<()> },
}

/// What a runner is told, in order.
pub(super) enum Command {
    /// Make what runs the same as what should run.
    Sync,
    /// Stop what this view of the group does not have; the mark is dropped then.
    Release {
        view: Arc<GroupView>,
        mark: Arc<ReleaseMark>,
    },
    /// The connector's configuration was written: the connector starts anew,
    /// also if it is what it was (so a failed one is revived, as in Connect).
    Updated,
    /// The connector was deleted.
    Removed,
    /// The connector's tasks have other configurations: ask for them.
    Reconfigure,
    /// Restart the connector, not its tasks.
    RestartConnector { reply: oneshot::Sender<Result<()>> },
    /// Restart one task.
    RestartTask {
        task: usize,
        reply: oneshot::Sender<Result<()>>,
    },
    /// Restart what a restart request of the config topic says.
    Restart {
        include_tasks: bool,
        only_failed: bool,
    },
    /// Store these offsets, or take all away.
    ChangeOffsets {
        offsets: Option<Vec<(OffsetMap, Option<OffsetMap>)>>,
        reply: oneshot::Sender<Result<String>>,
    },
    /// Stop what runs here, and end.
    Stop { done: oneshot::Sender<()> },
}

impl Command {
    /// True if a connector that is still starting stands in its way.
    pub(super) fn is_impatient(&self, connector: &str) -> bool {
        match self {
            Self::Updated | Self::Removed | Self::RestartConnector { .. } | Self::Stop { .. } => {
                true
            }
            Self::Release { view, .. } => !view.has_connector(connector),
            _ => false,
        }
    }
}

/// Answers a request. Whoever asked may have gone away.
pub(super) fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    drop(reply.send(value));
}
