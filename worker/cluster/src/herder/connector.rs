//! Starting and stopping the connector itself.

use std::sync::Arc;
use std::time::Duration;

use connect_api::{Error, Props, Result};
use connect_runtime::{State, StatusListener, TargetState};
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use super::recovery::{Part, policy};
use super::runner::Runner;
use super::shared::not_found;

/// How long a connector may go on starting once something stands in line that
/// will stop it anyway.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connector as it was started, failed or not.
pub(super) struct RunningConnector {
    /// Its configuration as it is stored.
    pub(super) config: Arc<Props>,
    /// The configuration that it got, placeholders replaced.
    pub(super) resolved: Props,
}

impl Runner {
    /// Starts the connector by the configuration that is stored now. A failure
    /// is its status too.
    pub(super) async fn start_connector(&mut self) -> Result<()> {
        self.start_connector_after(0).await
    }

    /// The same, after so many restarts by itself.
    pub(super) async fn start_connector_after(&mut self, restarts: u32) -> Result<()> {
        let state = self.shared.configs.snapshot();
        let entry = state
            .connector(&self.name)
            .ok_or_else(|| not_found(&self.name))?;
        info!(connector = self.name, "starting the connector");
        let resolved = self.shared.providers.resolve(&entry.config);
        self.connector = Some(RunningConnector {
            config: Arc::clone(&entry.config),
            resolved: resolved.as_ref().cloned().unwrap_or_default(),
        });
        let policy = policy(resolved.as_ref().unwrap_or(&entry.config));
        let started = match resolved {
            Ok(props) => self.start_or_yield(props, state.target(&self.name)).await,
            Err(error) => {
                self.shared.statuses.connector_state(
                    &self.name,
                    State::Failed,
                    Some(error.trace()),
                );
                Err(error)
            }
        };
        if self.connector.is_some() {
            self.watch_run(Part::Connector, restarts, policy, started.as_ref().err());
        }
        started
    }

    /// Waits for the start, but gives up a connector that hangs in it when the
    /// user wants something else of it.
    async fn start_or_yield(&mut self, props: Props, target: TargetState) -> Result<()> {
        let worker = self.shared.worker.clone();
        let name = self.name.clone();
        let start = worker.start_connector(&name, props, target, self.events.clone());
        tokio::pin!(start);
        let mut deadline: Option<Instant> = None;
        let mut is_open = true;
        loop {
            tokio::select! {
                biased;
                started = &mut start => {
                    if let Err(error) = &started {
                        warn!(connector = name, problem = error.trace(), "the connector did not start");
                    }
                    return started;
                }
                command = self.inbox.recv(), if is_open => match command {
                    Some(command) => {
                        if command.is_impatient(&name) {
                            deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
                        }
                        self.pending.push_back(command);
                    }
                    None => is_open = false,
                },
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    worker.stop_connector(&name).await;
                    self.connector = None;
                    return Err(Error::new(
                        connect_api::ErrorKind::Stopped,
                        format!("connector {name} was still starting when it was to be stopped"),
                    ));
                }
            }
        }
    }

    pub(super) async fn stop_connector(&mut self) {
        if self.forget_connector() {
            self.shared.worker.stop_connector(&self.name).await;
        }
    }

    /// True if there is a connector, which is to be stopped.
    pub(super) fn forget_connector(&mut self) -> bool {
        self.retry = None;
        self.recovery.forget(Part::Connector);
        let runs = self.connector.take().is_some();
        if runs {
            info!(connector = self.name, "stopping the connector");
        }
        runs
    }
}
