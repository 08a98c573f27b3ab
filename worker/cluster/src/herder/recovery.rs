//! What failed starts again by itself, where the connector's
//! `errors.restart.policy` says so. The worker that runs a connector or task
//! counts and restarts it; whatever else ends the run ends the count.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connect_api::java::time::iso_text;
use connect_api::{Error, Props};
use connect_runtime::connector_config::RestartPolicy;
use connect_runtime::{ConnectorTaskId, Failures, RunFailure, State, StatusListener, TargetState};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tracing::{info, warn};

use super::runner::Runner;

/// How long a restart waits at a time while the worker may have lost what it
/// runs to another one.
const WITHOUT_LEASE: Duration = Duration::from_secs(1);

/// What of a connector runs and may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Connector,
    Task(usize),
}

/// One run of a part, and what follows once it has failed.
struct Run {
    policy: RestartPolicy,
    /// Tells it from other runs of the part.
    number: u64,
    since: Instant,
    /// How many restarts led to it.
    attempts: u32,
    failure: Option<RunFailure>,
    due: Option<Instant>,
    watcher: AbortHandle,
}

/// A failure of a run, and where its next would come from.
pub(super) struct Failed {
    part: Part,
    number: u64,
    failure: RunFailure,
    failures: Failures,
}

/// The runs of one connector's parts that have a policy.
#[derive(Default)]
pub(super) struct Recovery {
    runs: BTreeMap<Part, Run>,
    watchers: JoinSet<Option<Failed>>,
    runs_so_far: u64,
}

impl Recovery {
    /// A part runs now, after so many restarts, and may have failed already.
    pub(super) fn watch(
        &mut self,
        part: Part,
        attempts: u32,
        policy: RestartPolicy,
        failures: Failures,
    ) {
        self.forget(part);
        self.runs_so_far += 1;
        let number = self.runs_so_far;
        let run = Run {
            policy,
            number,
            since: Instant::now(),
            attempts,
            failure: None,
            due: None,
            watcher: self.watchers.spawn(next_failure(part, number, failures)),
        };
        self.runs.insert(part, run);
    }

    /// The part is stopped, or somebody else restarts it.
    pub(super) fn forget(&mut self, part: Part) {
        if let Some(run) = self.runs.remove(&part) {
            run.watcher.abort();
        }
    }

    /// Waits for a failure. May be dropped at any await.
    pub(super) async fn failed(&mut self) -> Failed {
        loop {
            match self.watchers.join_next().await {
                Some(Ok(Some(failed))) => return failed,
                // A run that was stopped.
                Some(_) => {}
                None => pending().await,
            }
        }
    }

    /// Takes account of a failure: what its status says then, trace and what
    /// comes next. None if the run has ended meanwhile.
    pub(super) fn note(&mut self, failed: Failed, target: TargetState) -> Option<(Part, String)> {
        let Failed {
            part,
            number,
            failure,
            failures,
        } = failed;
        let run = self.runs.get_mut(&part)?;
        if run.number != number {
            return None;
        }
        // A connector that was resumed may fail again.
        run.watcher = self.watchers.spawn(next_failure(part, number, failures));
        if run.since.elapsed() >= run.policy.reset_after() {
            run.attempts = 0;
        }
        run.failure = Some(failure);
        run.plan(target).map(|text| (part, text))
    }

    /// The user wants something else of the connector now: what the statuses
    /// of those that have failed say then. A resumed one begins to count anew.
    pub(super) fn follow(&mut self, target: TargetState) -> Vec<(Part, String)> {
        let mut texts = Vec::new();
        for (part, run) in &mut self.runs {
            run.attempts = 0;
            if let Some(text) = run.plan(target) {
                texts.push((*part, text));
            }
        }
        texts
    }

    /// When the next restart is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.runs.values().filter_map(|run| run.due).min()
    }

    /// What is to be restarted now, and how many restarts that makes.
    pub(super) fn take_due(&mut self) -> Option<(Part, u32)> {
        let now = Instant::now();
        let mut runs = self.runs.iter_mut();
        let (part, run) = runs.find(|(_, run)| run.due.is_some_and(|due| due <= now))?;
        run.due = None;
        Some((*part, run.attempts + 1))
    }

    /// Those that are due wait a moment longer.
    pub(super) fn postpone(&mut self, wait: Duration) {
        let until = Instant::now() + wait;
        for due in self.runs.values_mut().filter_map(|run| run.due.as_mut()) {
            *due = until.max(*due);
        }
    }
}

async fn next_failure(part: Part, number: u64, mut failures: Failures) -> Option<Failed> {
    failures.changed().await.ok()?;
    let failure = failures.borrow_and_update().clone()?;
    Some(Failed {
        part,
        number,
        failure,
        failures,
    })
}

impl Run {
    /// Decides what follows the failure, and says it.
    fn plan(&mut self, target: TargetState) -> Option<String> {
        self.due = None;
        if target == TargetState::Stopped {
            self.failure = None;
        }
        let failure = self.failure.as_ref()?;
        let next = self.next(failure, target);
        if let Next::Restart(delay) = next {
            self.due = Some(Instant::now() + delay);
        }
        let next = next.text(self.attempts + 1, self.policy.max_attempts());
        Some(format!("{}\n{next}", failure.trace))
    }

    fn next(&self, failure: &RunFailure, target: TargetState) -> Next {
        let attempt = self.attempts + 1;
        if !self.policy.covers(failure) {
            return Next::NotMended;
        }
        if self.policy.max_attempts().is_some_and(|max| attempt > max) {
            return Next::GivenUp;
        }
        match target {
            TargetState::Started => Next::Restart(self.policy.delay(attempt)),
            _ => Next::Paused,
        }
    }
}

/// What follows a failure.
enum Next {
    Restart(Duration),
    Paused,
    NotMended,
    GivenUp,
}

impl Next {
    /// The last line of the trace: what all clients show.
    fn text(&self, attempt: u32, max: Option<u32>) -> String {
        match (self, max) {
            (Self::Restart(delay), Some(max)) => {
                let at = at(*delay);
                format!("Restarts by itself at {at} (attempt {attempt} of {max})")
            }
            (Self::Restart(delay), None) => {
                format!("Restarts by itself at {} (attempt {attempt})", at(*delay))
            }
            (Self::Paused, _) => "Restarts by itself once the connector is resumed".to_owned(),
            (Self::NotMended, _) => {
                "Does not restart by itself: the cause does not pass (errors.restart.policy=retriable)"
                    .to_owned()
            }
            (Self::GivenUp, max) => format!(
                "Does not restart by itself any more: errors.restart.max.attempts={} restarts did \
                 not help",
                max.unwrap_or_default()
            ),
        }
    }
}

/// The time of day after a delay: a status is read at any time.
fn at(delay: Duration) -> String {
    let at = SystemTime::now() + delay;
    let millis = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(millis.as_millis())
        .map(iso_text)
        .unwrap_or_default()
}

impl Runner {
    /// A failure of something that runs here.
    pub(super) fn note_failure(&mut self, failed: Failed) {
        if let Some((part, text)) = self.recovery.note(failed, self.target) {
            self.tell_failed(part, text);
        }
    }

    /// Restarts of what has failed wait while the connector is paused.
    pub(super) fn follow_target(&mut self) {
        for (part, text) in self.recovery.follow(self.target) {
            self.tell_failed(part, text);
        }
    }

    fn tell_failed(&self, part: Part, text: String) {
        self.tell(part, State::Failed, Some(text));
    }

    fn tell(&self, part: Part, state: State, trace: Option<String>) {
        let statuses = &self.shared.statuses;
        match part {
            Part::Connector => statuses.connector_state(&self.name, state, trace),
            Part::Task(task) => {
                let id = ConnectorTaskId::new(self.name.as_str(), task);
                statuses.task_state(&id, state, trace);
            }
        }
    }

    /// Restarts what is due. A worker that was asleep may have lost it: the
    /// group will say so.
    pub(super) async fn restart_due(&mut self) {
        if !self.shared.membership.lease().holds() {
            self.recovery.postpone(WITHOUT_LEASE);
            return;
        }
        let Some((part, attempt)) = self.recovery.take_due() else {
            return;
        };
        info!(
            connector = self.name,
            ?part,
            attempt,
            "restarting what failed"
        );
        let restarted = match part {
            Part::Connector => {
                self.stop_connector().await;
                self.tell(part, State::Restarting, None);
                let started = self.start_connector_after(attempt).await;
                if started.is_ok() {
                    self.reconfigure().await;
                }
                started
            }
            Part::Task(task) => {
                self.stop_tasks(&[task]).await;
                self.tell(part, State::Restarting, None);
                self.start_task_after(task, attempt).await
            }
        };
        if let Err(problem) = restarted {
            let problem = problem.trace();
            warn!(
                connector = self.name,
                ?part,
                attempt,
                problem,
                "the restart failed"
            );
        }
    }

    /// Watches what was started just now, after so many restarts by itself, if
    /// there is a policy. `problem` is why it could not be started.
    pub(super) fn watch_run(
        &mut self,
        part: Part,
        attempts: u32,
        policy: Option<RestartPolicy>,
        problem: Option<&Error>,
    ) {
        let Some(policy) = policy else { return };
        let worker = &self.shared.worker;
        let failures = match part {
            Part::Connector => worker.connector_failures(&self.name),
            Part::Task(task) => {
                let id = ConnectorTaskId::new(self.name.as_str(), task);
                worker.task_failures(&id)
            }
        };
        let failures = failures.or_else(|| problem.map(failed_already));
        if let Some(failures) = failures {
            self.recovery.watch(part, attempts, policy, failures);
        }
    }
}

/// A connector's policy. A wrong one is an error of its start.
pub(super) fn policy(config: &Props) -> Option<RestartPolicy> {
    RestartPolicy::parse(config).unwrap_or_default()
}

/// The failures of what the worker has not even begun to run.
fn failed_already(problem: &Error) -> Failures {
    let (failure, failures) = watch::channel(None);
    failure.send_replace(Some(RunFailure::from(problem)));
    failures
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
