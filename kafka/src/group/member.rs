//! The handle of a member, and what it shows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::coordinator::Coordinator;
use super::error::GroupError;
use super::handler::{Generation, GroupHandler};
use super::heartbeat;
use super::options::GroupOptions;
use super::session::{LastAnswered, Session};
use super::task::Task;

/// The same problem is logged again only after this time.
const REPEAT_AFTER: Duration = Duration::from_secs(30);

/// Where a member stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupState {
    /// It is about to join, or the group is rebalancing.
    Joining,
    /// It is in a complete generation.
    Member(Arc<Generation>),
    /// It left, as it was told to.
    Left {
        /// Whether the coordinator was told; if not, it finds out when the session expires.
        confirmed: bool,
    },
}

/// Something that keeps a member from its group.
#[derive(Debug, Clone)]
pub struct GroupProblem {
    /// What.
    pub error: Arc<GroupError>,
    /// Since when, without a success in between.
    pub since: Instant,
    /// How often it was met.
    pub times: u64,
}

/// Where a member stands, and what is wrong.
#[derive(Debug, Clone)]
pub struct GroupHealth {
    /// Where it stands.
    pub state: GroupState,
    /// Since when.
    pub since: Instant,
    /// The last problem, until something worked again.
    pub problem: Option<GroupProblem>,
}

impl GroupHealth {
    fn stands(&mut self, state: GroupState) {
        self.state = state;
        self.since = Instant::now();
    }
}

/// What the handle asks of the task.
#[derive(Debug, Clone, Default)]
pub(super) struct Control {
    pub(super) rejoins: u64,
    pub(super) rejoin_reason: String,
    pub(super) leave: Option<String>,
}

/// A member of a group. Dropping it ends it without a word to the coordinator, as a crash would.
#[derive(Debug)]
pub struct GroupMember {
    control: watch::Sender<Control>,
    health: watch::Receiver<GroupHealth>,
    last_answered: LastAnswered,
    task: TaskGuard,
}

impl GroupMember {
    /// Starts a member on the runtime that this is called on. It joins by itself, and keeps on
    /// trying.
    #[must_use]
    pub fn start<H: GroupHandler + 'static>(options: GroupOptions, handler: H) -> Self {
        let session = Arc::new(Session::new());
        let (reporter, health) = Reporter::new(&options.group_id);
        let reporter = Arc::new(reporter);
        let coordinator = Arc::new(Coordinator::new(options));
        let control = watch::Sender::new(Control::default());
        let last_answered = session.last_answered().clone();
        let heartbeats = TaskGuard(tokio::spawn(heartbeat::run(
            Arc::clone(&coordinator),
            Arc::clone(&session),
            Arc::clone(&reporter),
        )));
        let task = Task::new(coordinator, session, reporter, control.subscribe(), handler);
        Self {
            control,
            health,
            last_answered,
            task: TaskGuard(tokio::spawn(task.run(heartbeats))),
        }
    }

    /// Joins again as soon as possible, to tell the leader something new. Several requests before
    /// the next join are one.
    pub fn request_rejoin(&self, reason: &str) {
        self.control.send_modify(|control| {
            control.rejoins += 1;
            reason.clone_into(&mut control.rejoin_reason);
        });
    }

    /// Leaves: whatever the member is doing is cut off, and the coordinator is told, so that the
    /// group need not wait for the session to expire. Gives whether it was told within `limit`.
    /// The member does not come back.
    pub async fn leave(&self, reason: &str, limit: Duration) -> bool {
        self.control
            .send_modify(|control| control.leave = Some(reason.to_owned()));
        let mut health = self.health.clone();
        let left = health.wait_for(|health| matches!(health.state, GroupState::Left { .. }));
        let confirmed = match timeout(limit, left).await {
            Ok(Ok(health)) => matches!(health.state, GroupState::Left { confirmed: true }),
            // The task is gone, or it takes too long.
            Ok(Err(_)) | Err(_) => false,
        };
        self.task.0.abort();
        confirmed
    }

    /// When the last request was sent that the coordinator answered as to a member.
    #[must_use]
    pub fn last_answered(&self) -> LastAnswered {
        self.last_answered.clone()
    }

    /// Where the member stands, and what is wrong. The channel closes when the member has ended.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<GroupHealth> {
        self.health.clone()
    }
}

/// Ends a task with its owner.
#[derive(Debug)]
pub(super) struct TaskGuard(JoinHandle<()>);

impl Drop for TaskGuard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Where both tasks say how things are.
#[derive(Debug)]
pub(super) struct Reporter {
    group: String,
    health: watch::Sender<GroupHealth>,
    logged: std::sync::Mutex<Option<(String, Instant)>>,
}

impl Reporter {
    fn new(group: &str) -> (Self, watch::Receiver<GroupHealth>) {
        let (sender, receiver) = watch::channel(GroupHealth {
            state: GroupState::Joining,
            since: Instant::now(),
            problem: None,
        });
        let reporter = Self {
            group: group.to_owned(),
            health: sender,
            logged: std::sync::Mutex::new(None),
        };
        (reporter, receiver)
    }

    pub(super) fn joining(&self) {
        self.health.send_if_modified(|health| {
            let news = health.state != GroupState::Joining;
            if news {
                health.stands(GroupState::Joining);
            }
            news
        });
    }

    pub(super) fn joined(&self, generation: &Generation) {
        self.health.send_modify(|health| {
            health.stands(GroupState::Member(Arc::new(generation.clone())));
            health.problem = None;
        });
    }

    pub(super) fn left(&self, confirmed: bool) {
        self.health
            .send_modify(|health| health.stands(GroupState::Left { confirmed }));
    }

    /// Only a member in a complete generation has no other problem.
    pub(super) fn heartbeat_answered(&self) {
        self.health.send_if_modified(|health| {
            let mended = health.problem.is_some() && matches!(health.state, GroupState::Member(_));
            if mended {
                health.problem = None;
            }
            mended
        });
    }

    pub(super) fn problem(&self, error: &GroupError) {
        self.log(error);
        self.health.send_modify(|health| {
            let before = health.problem.take();
            health.problem = Some(GroupProblem {
                error: Arc::new(error.clone()),
                since: before.as_ref().map_or_else(Instant::now, |p| p.since),
                times: before.map_or(1, |p| p.times + 1),
            });
        });
    }

    fn log(&self, error: &GroupError) {
        let (group, text) = (&self.group, error.to_string());
        let mut logged = self
            .logged
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let repeated = logged
            .as_ref()
            .is_some_and(|(last, when)| *last == text && when.elapsed() < REPEAT_AFTER);
        if repeated {
            tracing::debug!(group, "{text}; trying again");
        } else {
            tracing::warn!(group, "{text}; trying again");
            *logged = Some((text, Instant::now()));
        }
    }
}
