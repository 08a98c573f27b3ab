//! A connector that runs here: a thread of its own that owns the plugin's
//! instance and works through what it is asked.

use std::sync::Arc;

use connect_api::plugin::{Connector, ConnectorContext, ConnectorEvents, OffsetReader};
use connect_api::registry::ConnectorPlugin;
use connect_api::{Error, ErrorKind, Props, Result};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::plugin_thread;
use super::reporter::ConnectorReporter;
use super::stuck::StuckWatch;
use crate::task::activity::{Activity, Call};
use crate::{State, TargetState};

/// What a running connector is asked. It answers in order.
pub(super) enum Command {
    /// Start, pause or stop as the user wants it.
    Transition(TargetState, oneshot::Sender<Result<()>>),
    /// Plan at most so many tasks.
    TaskProps(usize, oneshot::Sender<Result<Vec<Props>>>),
    /// Something outside found that the connector must fail.
    Fail(Error),
}

/// A connector that runs here, as the worker sees it.
pub(super) struct RunningConnector {
    pub(super) commands: mpsc::UnboundedSender<Command>,
    pub(super) stop: CancellationToken,
    pub(super) abandon: CancellationToken,
    /// True once the thread has ended.
    pub(super) ended: watch::Receiver<bool>,
    pub(super) state: watch::Receiver<State>,
    pub(super) reporter: ConnectorReporter,
    pub(super) activity: Activity,
    pub(super) stuck: StuckWatch,
    pub(super) plugin: ConnectorPlugin,
    pub(super) props: Props,
}

/// What a connector's thread needs.
pub(super) struct ConnectorLoop {
    pub(super) plugin: ConnectorPlugin,
    pub(super) props: Props,
    pub(super) events: Arc<dyn ConnectorEvents>,
    pub(super) offsets: Arc<dyn OffsetReader>,
    pub(super) reporter: ConnectorReporter,
    pub(super) activity: Activity,
    pub(super) state: watch::Sender<State>,
    pub(super) stop: CancellationToken,
}

/// What the plugin sees of the herder: an error that it raises fails it first.
struct Events {
    herder: Arc<dyn ConnectorEvents>,
    reporter: ConnectorReporter,
    commands: mpsc::WeakUnboundedSender<Command>,
}

impl ConnectorEvents for Events {
    fn request_task_reconfiguration(&self) {
        if !self.reporter.fence.is_abandoned() {
            self.herder.request_task_reconfiguration();
        }
    }

    fn raise_error(&self, error: Error) {
        if self.reporter.fence.is_abandoned() {
            return;
        }
        let told = Error::new(error.kind(), error.trace());
        if let Some(commands) = self.commands.upgrade() {
            // A closed channel means that the connector has ended already.
            drop(commands.send(Command::Fail(error)));
        }
        self.herder.raise_error(told);
    }
}

impl ConnectorLoop {
    /// Works until it is asked to stop. An instance lives from a start to the
    /// next pause or stop; a start after that makes a new one.
    pub(super) async fn run(
        self,
        commands: mpsc::WeakUnboundedSender<Command>,
        mut inbox: mpsc::UnboundedReceiver<Command>,
    ) {
        let events: Arc<dyn ConnectorEvents> = Arc::new(Events {
            herder: self.events.clone(),
            reporter: self.reporter.clone(),
            commands,
        });
        let mut instance: Option<Box<dyn Connector>> = None;
        loop {
            let command = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                command = inbox.recv() => command,
            };
            match command {
                None => break,
                Some(Command::Transition(target, reply)) => {
                    let had_failed = *self.state.borrow() == State::Failed;
                    let result = self.transition(&mut instance, target, &events).await;
                    if let Err(error) = &result
                        && !had_failed
                    {
                        self.fail(error);
                    }
                    drop(reply.send(result));
                }
                Some(Command::TaskProps(max_tasks, reply)) => {
                    drop(reply.send(self.task_props(instance.as_deref(), max_tasks).await));
                }
                Some(Command::Fail(error)) => self.fail(&error),
            }
        }
        self.release(&mut instance).await;
        if *self.state.borrow() != State::Failed {
            self.enter(State::Unassigned);
        }
    }

    async fn transition(
        &self,
        instance: &mut Option<Box<dyn Connector>>,
        target: TargetState,
        events: &Arc<dyn ConnectorEvents>,
    ) -> Result<()> {
        let state = *self.state.borrow();
        if state == State::Failed && target != TargetState::Stopped {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "connector {} cannot become {target} since it has failed; restart it",
                    self.reporter.id
                ),
            ));
        }
        match target {
            TargetState::Started if instance.is_some() => {}
            TargetState::Started => {
                *instance = Some(self.start(events.clone()).await?);
                self.enter(State::Running);
            }
            TargetState::Paused => {
                self.release(instance).await;
                self.enter(State::Paused);
            }
            TargetState::Stopped => {
                self.release(instance).await;
                self.enter(State::Stopped);
            }
        }
        Ok(())
    }

    async fn start(&self, events: Arc<dyn ConnectorEvents>) -> Result<Box<dyn Connector>> {
        let context = ConnectorContext {
            name: self.reporter.id.clone(),
            events,
            offsets: Some(self.offsets.clone()),
        };
        let _call = self.activity.enter(Call::StartConnector);
        plugin_thread::catch(async {
            let mut connector = (self.plugin.create)();
            connector.start(context, &self.props).await?;
            Ok(connector)
        })
        .await
        .map_err(|error| error.while_doing(format!("starting connector {}", self.reporter.id)))
    }

    async fn task_props(
        &self,
        instance: Option<&dyn Connector>,
        max_tasks: usize,
    ) -> Result<Vec<Props>> {
        let connector = instance.ok_or_else(|| {
            Error::new(
                ErrorKind::Conflict,
                format!("connector {} is not running", self.reporter.id),
            )
        })?;
        let _call = self.activity.enter(Call::TaskConfigs);
        plugin_thread::catch(connector.task_props(max_tasks))
            .await
            .map_err(|error| {
                error.while_doing(format!(
                    "planning the tasks of connector {}",
                    self.reporter.id
                ))
            })
    }

    async fn release(&self, instance: &mut Option<Box<dyn Connector>>) {
        let Some(mut connector) = instance.take() else {
            return;
        };
        let _call = self.activity.enter(Call::StopConnector);
        let stopped = plugin_thread::catch(async {
            connector.stop().await;
            Ok(())
        });
        if let Err(error) = stopped.await {
            tracing::error!("stopping the connector: {}", error.trace());
        }
    }

    fn enter(&self, state: State) {
        self.state.send_replace(state);
        self.reporter.state(state);
    }

    fn fail(&self, error: &Error) {
        tracing::error!("the connector failed: {}", error.trace());
        self.state.send_replace(State::Failed);
        self.reporter.failed(error);
    }
}
