//! The heartbeats of a member, in a task and on a connection of their own.
//!
//! A broker does not read the next request of a connection before it has answered the last one,
//! and it answers a join only when the slowest member has joined. The coordinator keeps a joining
//! member without heartbeats; but a lease needs answers all the time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_protocol::ResponseError;
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

use super::coordinator::Coordinator;
use super::error::GroupError;
use super::handler::Lost;
use super::member::Reporter;
use super::session::{Membership, Session, Verdict};
use crate::wire::{Backoff, Connection};

/// How much longer than the session's end a heartbeat may be waited for when the process did not
/// run in the meantime and so could not have asked earlier.
const AFTER_A_PAUSE: Duration = Duration::from_secs(2);

/// A timer that is this late tells that the process did not run.
const LATE: Duration = Duration::from_secs(1);

/// Sends heartbeats for whatever the membership is at the time, for ever.
pub(super) async fn run(
    coordinator: Arc<Coordinator>,
    session: Arc<Session>,
    reporter: Arc<Reporter>,
) {
    let mut memberships = session.memberships();
    let mut beats = Beats {
        backoff: coordinator.options().wire.reconnect_backoff(),
        coordinator,
        session,
        reporter,
        connection: None,
        rebalancing_since: None,
    };
    loop {
        let membership = memberships.borrow_and_update().clone();
        let Some(membership) = membership else {
            beats.connection = None;
            if memberships.changed().await.is_err() {
                return;
            }
            continue;
        };
        beats.keep(&membership, &mut memberships).await;
        if memberships.has_changed().is_ok_and(|changed| !changed) {
            // Judged to be over: wait for the next one.
            if memberships.changed().await.is_err() {
                return;
            }
        }
    }
}

struct Beats {
    coordinator: Arc<Coordinator>,
    session: Arc<Session>,
    reporter: Arc<Reporter>,
    connection: Option<Connection>,
    backoff: Backoff,
    /// Since when the coordinator waits for this member to join.
    rebalancing_since: Option<Instant>,
}

impl Beats {
    /// Until the membership is another one, or over.
    async fn keep(
        &mut self,
        membership: &Membership,
        memberships: &mut watch::Receiver<Option<Membership>>,
    ) {
        let interval = self.coordinator.options().heartbeat_interval;
        let mut due = Instant::now() + interval;
        self.rebalancing_since = None;
        loop {
            tokio::select! {
                biased;
                _ = memberships.changed() => {
                    // The loop of `run` looks at the new one.
                    memberships.mark_changed();
                    return;
                }
                () = sleep_until(due.into()) => {}
            }
            let sent = Instant::now();
            let limit = self.limit(sent, due);
            let answered = timeout(limit, self.beat(membership, limit)).await;
            if let Ok(Ok(answer)) = answered
                && self.is_over(membership, sent, answer)
            {
                return;
            }
            let did_not_run = sent.elapsed() > limit + LATE;
            due = match answered {
                Ok(Ok(_)) => sent + interval,
                Ok(Err(error)) => {
                    self.failed(&error);
                    Instant::now() + self.backoff.next_pause()
                }
                // A connection that says nothing is no better than none.
                Err(_) => {
                    self.connection = None;
                    self.coordinator.forget();
                    Instant::now()
                }
            };
            // Stopped in the middle: what the coordinator thinks now, the next one tells.
            if did_not_run {
                due = sent;
            } else if self.has_expired() {
                let verdict = Verdict::Lost(Lost::SessionExpired);
                self.session.judge(membership.number, verdict);
                return;
            }
            // Others may have everything from then on: a pause that goes beyond would be too long.
            due = self.session_end().map_or(due, |end| due.min(end));
        }
    }

    /// When this member must be taken for lost, unless there is another answer by then.
    fn session_end(&self) -> Option<Instant> {
        let sent = self.session.last_answered().sent_at()?;
        Some(sent + self.coordinator.options().session_timeout)
    }

    /// How long to wait for an answer: not beyond the end of the session, from which on this
    /// member must be taken for lost. Only when the process itself did not run (it was stopped,
    /// or the machine was), the coordinator gets a chance to say how things are.
    fn limit(&self, now: Instant, due: Instant) -> Duration {
        let options = self.coordinator.options();
        let left = self
            .session_end()
            .map(|end| end.saturating_duration_since(now))
            .unwrap_or_default();
        let least = if now.saturating_duration_since(due) > LATE {
            AFTER_A_PAUSE
        } else {
            Duration::from_millis(1)
        };
        options.heartbeat_timeout().min(left).max(least)
    }

    async fn beat(
        &mut self,
        membership: &Membership,
        limit: Duration,
    ) -> Result<Option<ResponseError>, GroupError> {
        let connection = match self.connection.take().filter(Connection::is_usable) {
            Some(connection) => connection,
            None => self.coordinator.connect().await?,
        };
        let connection = self.connection.insert(connection);
        let answer = self
            .coordinator
            .heartbeat(connection, membership, limit)
            .await?;
        match answer {
            None
            | Some(
                ResponseError::RebalanceInProgress
                | ResponseError::IllegalGeneration
                | ResponseError::UnknownMemberId
                | ResponseError::FencedInstanceId,
            ) => Ok(answer),
            Some(code) => Err(self.coordinator.refused("send a heartbeat to", code)),
        }
    }

    /// Takes the coordinator's word about this membership.
    fn is_over(
        &mut self,
        membership: &Membership,
        sent: Instant,
        answer: Option<ResponseError>,
    ) -> bool {
        self.backoff.reset();
        let verdict = match answer {
            Some(ResponseError::UnknownMemberId) => Verdict::Lost(Lost::UnknownMember),
            Some(ResponseError::FencedInstanceId) => Verdict::Lost(Lost::Fenced),
            Some(ResponseError::IllegalGeneration) => Verdict::StaleGeneration,
            Some(_) => Verdict::Rebalancing,
            None => Verdict::Fine,
        };
        if verdict == Verdict::Fine || verdict == Verdict::Rebalancing && self.is_in_time(sent) {
            self.session.answered(membership.number, sent);
            self.reporter.heartbeat_answered();
        }
        if verdict != Verdict::Fine {
            self.session.judge(membership.number, verdict);
        }
        matches!(verdict, Verdict::Lost(_) | Verdict::StaleGeneration)
    }

    /// The coordinator answers a member that does not join until the rebalance timeout, and then
    /// goes on without it at once: what it answers proves nothing beyond that moment.
    fn is_in_time(&mut self, sent: Instant) -> bool {
        let since = *self.rebalancing_since.get_or_insert(sent);
        if self.session.is_joining() {
            return true;
        }
        let options = self.coordinator.options();
        // It has waited for an interval, and a little, when it is heard of first.
        let until = sent + options.session_timeout + 2 * options.heartbeat_interval;
        until.saturating_duration_since(since) <= options.rebalance_timeout
    }

    fn has_expired(&self) -> bool {
        let timeout = self.coordinator.options().session_timeout;
        !self.session.last_answered().is_within(timeout)
    }

    fn failed(&mut self, error: &GroupError) {
        if error.is_coordinator_gone() || matches!(error, GroupError::Wire(_)) {
            self.connection = None;
            self.coordinator.forget();
        }
        self.reporter.problem(error);
    }
}
