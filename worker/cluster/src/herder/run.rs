//! The herder's loop.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info};

use super::release::ReleaseMark;
use super::request::{Command, Request, answer};
use super::runner::Runner;
use super::shared::Shared;
use crate::info::Health;
use crate::membership::GroupView;
use crate::store::config::ConfigUpdate;

/// How long after a rebalance statuses of what was deleted may still come.
const SWEEP_AFTER: Duration = Duration::from_secs(2);

struct RunnerHandle {
    commands: mpsc::UnboundedSender<Command>,
    sent: u64,
    /// Alive while it has something to stop that the group has taken away.
    releasing: Weak<ReleaseMark>,
}

/// Takes what happens to the connectors that it is about. Waits for no plugin
/// and no store.
pub(super) struct HerderLoop {
    pub(super) shared: Arc<Shared>,
    pub(super) requests: mpsc::UnboundedReceiver<Request>,
    pub(super) updates: mpsc::UnboundedReceiver<ConfigUpdate>,
    pub(super) view: watch::Receiver<Arc<GroupView>>,
    /// How many tasks each connector had when the group heard of it last.
    work: HashMap<String, usize>,
    /// When to look once more for statuses that came late.
    sweep_at: Option<Instant>,
    /// The view that was acted on last.
    seen: Arc<GroupView>,
    runners: HashMap<String, RunnerHandle>,
}

impl HerderLoop {
    pub(super) fn new(
        shared: Arc<Shared>,
        requests: mpsc::UnboundedReceiver<Request>,
        updates: mpsc::UnboundedReceiver<ConfigUpdate>,
        mut view: watch::Receiver<Arc<GroupView>>,
    ) -> Self {
        let seen = Arc::clone(&view.borrow_and_update());
        shared.statuses.set_generation(seen.generation);
        Self {
            shared,
            requests,
            updates,
            view,
            work: HashMap::new(),
            sweep_at: None,
            seen,
            runners: HashMap::new(),
        }
    }

    pub(super) async fn run(mut self) {
        self.sync_all();
        loop {
            let sweep_at = self.sweep_at;
            tokio::select! {
                biased;
                changed = self.view.changed() => match changed {
                    Ok(()) => self.follow_group(),
                    Err(_) => break,
                },
                Some(update) = self.updates.recv() => self.apply(update),
                () = sleep_until(sweep_at.unwrap_or_else(Instant::now)), if sweep_at.is_some() => {
                    self.sweep_at = None;
                    self.clear_statuses();
                }
                request = self.requests.recv() => match request {
                    Some(Request::Command { connector, command }) => self.tell(&connector, command),
                    Some(Request::Idle { connector, handled }) => self.forget(&connector, handled),
                    Some(Request::ShutDown { reply }) => {
                        self.requests.close();
                        self.stop_all().await;
                        answer(reply, ());
                        return;
                    }
                    None => break,
                },
            }
        }
        self.stop_all().await;
    }

    /// What the group has taken away stops first: others wait for that. What it
    /// has given starts then. Connectors of which nothing has come or gone are
    /// left alone.
    fn follow_group(&mut self) {
        let view = Arc::clone(&self.view.borrow_and_update());
        let before = std::mem::replace(&mut self.seen, Arc::clone(&view));
        self.shared.statuses.set_generation(view.generation);
        let changed = view.share.changed(&before.share);
        self.release(&view, changed.as_ref());
        match changed {
            Some(names) if view.is_leader == before.is_leader => {
                for name in names {
                    self.tell(&name, Command::Sync);
                }
                if view.is_leader && view.generation != before.generation {
                    self.clear_statuses();
                }
            }
            _ => self.sync_all(),
        }
        self.sweep_at = view.is_leader.then(|| Instant::now() + SWEEP_AFTER);
    }

    /// Has the runners stop what `view` does not have. Those that are still
    /// stopping what the view before it did not have are waited for as well.
    fn release(&mut self, view: &Arc<GroupView>, changed: Option<&HashSet<String>>) {
        let is_concerned = |name: &String, runner: &RunnerHandle| {
            changed.is_none_or(|names| names.contains(name)) || runner.releasing.strong_count() > 0
        };
        let concerned = self.runners.iter();
        let concerned: Vec<String> = concerned
            .filter(|(name, runner)| is_concerned(name, runner))
            .map(|(name, _)| name.clone())
            .collect();
        if concerned.is_empty() {
            self.shared.membership.released(view.revision);
            return;
        }
        let mark = ReleaseMark::new(&self.shared, view.revision);
        for name in concerned {
            let (view, mark) = (Arc::clone(view), Arc::clone(&mark));
            if let Some(runner) = self.runners.get_mut(&name) {
                runner.releasing = Arc::downgrade(&mark);
            }
            self.tell(&name, Command::Release { view, mark });
        }
    }

    /// Workers that stopped what was deleted may have stored so after its
    /// statuses were.
    fn clear_statuses(&mut self) {
        let state = self.shared.configs.snapshot();
        let mut names = self.shared.statuses.names();
        names.retain(|name| {
            let tasks = self.shared.statuses.tasks(name);
            state.connector(name).is_none_or(|entry| {
                let mut tasks = tasks.iter();
                tasks.any(|(task, _)| entry.task(*task).is_none())
            })
        });
        for name in names {
            self.tell(&name, Command::Sync);
        }
    }

    /// All connectors that should run, do run, or have left a status behind.
    fn sync_all(&mut self) {
        let state = self.shared.configs.snapshot();
        let mut names: Vec<String> = state.connectors().map(str::to_owned).collect();
        names.extend(self.runners.keys().cloned());
        names.extend(self.shared.statuses.names());
        names.sort();
        names.dedup();
        for name in names {
            self.tell(&name, Command::Sync);
        }
    }

    fn apply(&mut self, update: ConfigUpdate) {
        match update {
            ConfigUpdate::Connector(name) => {
                self.share_out(&name);
                self.tell(&name, Command::Updated);
            }
            ConfigUpdate::Removed(name) => {
                self.share_out(&name);
                self.tell(&name, Command::Removed);
            }
            ConfigUpdate::Tasks(name) => {
                self.share_out(&name);
                self.tell(&name, Command::Sync);
            }
            ConfigUpdate::Target(name) => self.tell(&name, Command::Sync),
            ConfigUpdate::Restart {
                connector,
                include_tasks,
                only_failed,
            } => {
                let command = Command::Restart {
                    include_tasks,
                    only_failed,
                };
                self.tell(&connector, command);
            }
            ConfigUpdate::Logger { namespace, level } => {
                match self.shared.logs.set_level(&namespace, &level) {
                    Ok(_) => info!(logger = namespace, level, "the cluster's log level was set"),
                    Err(problem) => error!(
                        logger = namespace,
                        problem = problem.trace(),
                        "cannot set the cluster's log level"
                    ),
                }
            }
            // Kept in the store; a group of one needs none.
            ConfigUpdate::SessionKey => {}
        }
    }

    /// The group shares out anew what has become more or less. Other
    /// configurations of the same tasks are no reason.
    fn share_out(&mut self, name: &str) {
        let state = self.shared.configs.snapshot();
        let tasks = state.connector(name).map(|entry| entry.tasks().count());
        let before = match tasks {
            Some(tasks) => self.work.insert(name.to_owned(), tasks),
            None => self.work.remove(name),
        };
        if before != tasks {
            self.shared.membership.work_changed(state.offset());
        }
    }

    fn tell(&mut self, name: &str, command: Command) {
        let shared = &self.shared;
        let runner = self
            .runners
            .entry(name.to_owned())
            .or_insert_with(|| RunnerHandle {
                commands: Runner::spawn(shared, name),
                sent: 0,
                releasing: Weak::new(),
            });
        runner.sent += 1;
        if runner.commands.send(command).is_err() {
            // Only a panic of our own ends a runner behind the loop's back: the
            // next command gets a new one.
            error!(connector = name, "the connector's queue had ended");
            self.runners.remove(name);
        }
    }

    /// A runner ends when its channel closes. What was sent to it since it was
    /// idle keeps it.
    fn forget(&mut self, name: &str, handled: u64) {
        if self
            .runners
            .get(name)
            .is_some_and(|runner| runner.sent <= handled)
        {
            self.runners.remove(name);
        }
    }

    /// Stops all connectors side by side, then what they stood on.
    async fn stop_all(&mut self) {
        info!("stopping {} connectors", self.runners.len());
        let stopping = "Worker is shutting down".to_owned();
        self.shared.set_health(Health::Unhealthy(stopping));
        let mut stopping = Vec::with_capacity(self.runners.len());
        for (_, runner) in self.runners.drain() {
            let (done, stopped) = oneshot::channel();
            if runner.commands.send(Command::Stop { done }).is_ok() {
                stopping.push(stopped);
            }
        }
        for stopped in stopping {
            // An error means that the runner has ended already.
            stopped.await.unwrap_or_default();
        }
        let shared = &self.shared;
        // A worker that has left writes nothing more.
        shared.statuses.flush().await;
        shared.membership.leave().await;
        shared.worker.stop().await;
        shared.statuses.stop().await;
        shared.offsets.stop().await;
        shared.configs.stop().await;
    }
}
