//! The queue of one connector: its plugins start and stop here, in order, and
//! keep no other connector waiting.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use connect_api::Error;
use connect_api::plugin::ConnectorEvents;
use connect_runtime::{ConnectorTaskId, TargetState};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

use super::connector::RunningConnector;
use super::recovery::Recovery;
use super::request::{Command, Request, answer};
use super::shared::Shared;
use super::tasks::{Retry, RunningTask};
use crate::membership::GroupView;

/// One connector: what of it runs here, and the queue of what is to be done.
pub(super) struct Runner {
    pub(super) shared: Arc<Shared>,
    pub(super) name: String,
    pub(super) connector: Option<RunningConnector>,
    pub(super) tasks: BTreeMap<usize, RunningTask>,
    /// What the plugins were told last.
    pub(super) target: TargetState,
    /// When to ask for the tasks' configurations again after a failure.
    pub(super) retry: Option<Retry>,
    pub(super) recovery: Recovery,
    pub(super) inbox: mpsc::UnboundedReceiver<Command>,
    /// Commands that were received while a plugin was waited for.
    pub(super) pending: VecDeque<Command>,
    pub(super) events: Arc<Events>,
    handled: u64,
}

/// What a running connector may tell its runner.
pub(super) struct Events {
    connector: String,
    commands: mpsc::WeakUnboundedSender<Command>,
}

impl ConnectorEvents for Events {
    fn request_task_reconfiguration(&self) {
        if let Some(commands) = self.commands.upgrade() {
            // An error means that the runner has ended, and the connector with it.
            drop(commands.send(Command::Reconfigure));
        }
    }

    /// The worker has made it FAILED already.
    fn raise_error(&self, error: Error) {
        warn!(
            connector = self.connector,
            problem = error.trace(),
            "the connector raised an error"
        );
    }
}

impl Runner {
    /// Starts a runner; what it is told through.
    pub(super) fn spawn(shared: &Arc<Shared>, name: &str) -> mpsc::UnboundedSender<Command> {
        let (commands, inbox) = mpsc::unbounded_channel();
        let runner = Self {
            shared: Arc::clone(shared),
            name: name.to_owned(),
            connector: None,
            tasks: BTreeMap::new(),
            target: TargetState::default(),
            retry: None,
            recovery: Recovery::default(),
            inbox,
            pending: VecDeque::new(),
            events: Arc::new(Events {
                connector: name.to_owned(),
                commands: commands.downgrade(),
            }),
            handled: 0,
        };
        tokio::spawn(runner.run());
        commands
    }

    async fn run(mut self) {
        while let Some(command) = self.next().await {
            // Only what the loop sends is counted: it compares.
            if !matches!(command, Command::Reconfigure) {
                self.handled += 1;
            }
            if let Command::Stop { done } = command {
                self.stop_all().await;
                answer(done, ());
                return;
            }
            self.handle(command).await;
            self.tell_if_idle();
        }
    }

    /// The next command. Meanwhile what is due is tried again.
    async fn next(&mut self) -> Option<Command> {
        loop {
            if let Some(command) = self.pending.pop_front() {
                return Some(command);
            }
            let due = self.retry.as_ref().map(|retry| retry.at);
            let restart = self.recovery.due();
            tokio::select! {
                biased;
                command = self.inbox.recv() => return command,
                failed = self.recovery.failed() => self.note_failure(failed),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.reconfigure().await;
                }
                () = sleep_until(restart.unwrap_or_else(Instant::now)), if restart.is_some() => {
                    self.restart_due().await;
                }
            }
        }
    }

    async fn handle(&mut self, command: Command) {
        match command {
            Command::Sync => self.sync().await,
            Command::Release { view, mark } => {
                self.release(&view).await;
                drop(mark);
            }
            Command::Updated => {
                self.stop_connector().await;
                self.sync().await;
            }
            Command::Removed => {
                self.take_down().await;
                // It may have been created again by now.
                self.sync().await;
            }
            Command::Reconfigure => self.reconfigure().await,
            Command::RestartConnector { reply } => {
                answer(reply, self.restart_connector().await);
            }
            Command::RestartTask { task, reply } => {
                answer(reply, self.restart_task(task).await);
            }
            Command::Restart {
                include_tasks,
                only_failed,
            } => self.restart(include_tasks, only_failed).await,
            Command::ChangeOffsets { offsets, reply } => {
                answer(reply, self.change_offsets(offsets).await);
            }
            Command::Stop { done } => answer(done, ()),
        }
    }

    /// Makes what runs here the same as what the config store and the group
    /// say should run here.
    pub(super) async fn sync(&mut self) {
        let state = self.shared.configs.snapshot();
        let Some(view) = self.shared.view() else {
            return;
        };
        let Some(entry) = state.connector(&self.name) else {
            self.take_down().await;
            return;
        };
        let target = state.target(&self.name);
        self.sync_tasks(entry, &view).await;
        let mut asks_for_tasks = false;
        if target != self.target {
            let runs_something = self.connector.is_some() || !self.tasks.is_empty();
            self.target = target;
            if runs_something {
                debug!(connector = self.name, %target, "becoming what the user wants");
                self.shared
                    .worker
                    .set_target_state(&self.name, target)
                    .await;
                self.follow_target();
                asks_for_tasks = true;
            }
        }
        if !view.has_connector(&self.name) {
            self.stop_connector().await;
            return;
        }
        let is_current = self
            .connector
            .as_ref()
            .is_some_and(|running| running.config == entry.config);
        if !is_current {
            self.stop_connector().await;
            // A failure is the connector's status, and nobody else's.
            asks_for_tasks = self.start_connector().await.is_ok();
        }
        if asks_for_tasks || entry.inconsistent {
            self.reconfigure().await;
        }
    }

    /// Stops what the group has taken away.
    async fn release(&mut self, view: &GroupView) {
        let id = |task: usize| ConnectorTaskId::new(self.name.as_str(), task);
        let tasks: Vec<usize> = self.tasks.keys().copied().collect();
        let tasks: Vec<usize> = tasks
            .into_iter()
            .filter(|task| !view.has_task(&id(*task)))
            .collect();
        if view.has_connector(&self.name) {
            self.stop_tasks(&tasks).await;
        } else {
            self.stop_with_connector(&tasks).await;
        }
    }

    /// Stops what runs of a deleted connector, and forgets what it did.
    async fn take_down(&mut self) {
        self.stop_all().await;
        self.target = TargetState::default();
        if self.shared.is_leader() {
            self.shared.statuses.delete_connector(&self.name);
            self.shared.statuses.reset_topics(&self.name);
        }
    }

    async fn stop_all(&mut self) {
        let tasks: Vec<usize> = self.tasks.keys().copied().collect();
        self.stop_with_connector(&tasks).await;
    }

    /// Side by side: one that takes its time must not keep the other.
    async fn stop_with_connector(&mut self, tasks: &[usize]) {
        let (shared, name) = (Arc::clone(&self.shared), self.name.clone());
        let runs = self.forget_connector();
        let connector = async {
            if runs {
                shared.worker.stop_connector(&name).await;
            }
        };
        tokio::join!(self.stop_tasks(tasks), connector);
    }

    fn tell_if_idle(&self) {
        let is_idle = self.connector.is_none()
            && self.tasks.is_empty()
            && self.pending.is_empty()
            && self
                .shared
                .configs
                .snapshot()
                .connector(&self.name)
                .is_none();
        if is_idle {
            let idle = Request::Idle {
                connector: self.name.clone(),
                handled: self.handled,
            };
            // An error means that the loop has ended; the runner will too.
            drop(self.shared.send(idle));
        }
    }
}
