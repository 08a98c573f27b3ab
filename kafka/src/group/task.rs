//! The life of a member: join, stay, join again, leave.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::ResponseError;
use tokio::sync::watch;
use tokio::time::sleep;

use super::coordinator::Coordinator;
use super::error::GroupError;
use super::handler::{Generation, GroupHandler, Lost, Next};
use super::join::Failed;
use super::member::{Control, Reporter, TaskGuard};
use super::session::{Session, Verdict};
use crate::wire::{Backoff, Connection};

/// What somebody has to mend is tried again at least this often.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// How often the coordinator is told of the end before its silence is taken for an answer.
const LEAVE_ATTEMPTS: usize = 5;

/// The task of a member.
pub(super) struct Task<H> {
    pub(super) coordinator: Arc<Coordinator>,
    pub(super) session: Arc<Session>,
    pub(super) reporter: Arc<Reporter>,
    pub(super) control: watch::Receiver<Control>,
    pub(super) handler: H,
    pub(super) connection: Option<Connection>,
    /// What the coordinator calls this member; empty before it has said so.
    pub(super) member_id: String,
    /// The generation whose assignment the handler has and was not told to be lost.
    pub(super) held: Option<Generation>,
    /// How many requests to rejoin the joins up to now have answered.
    pub(super) rejoins_answered: u64,
    pauses: Pauses,
}

struct Pauses {
    reconnect: Backoff,
    retry: Backoff,
    refused: Backoff,
}

impl Pauses {
    fn reset(&mut self) {
        self.reconnect.reset();
        self.retry.reset();
        self.refused.reset();
    }
}

impl<H> Drop for Task<H> {
    /// However it ends: nothing may be done any more in the name of this membership.
    fn drop(&mut self) {
        self.session.end();
    }
}

impl<H: GroupHandler> Task<H> {
    pub(super) fn new(
        coordinator: Arc<Coordinator>,
        session: Arc<Session>,
        reporter: Arc<Reporter>,
        control: watch::Receiver<Control>,
        handler: H,
    ) -> Self {
        let wire = &coordinator.options().wire;
        let pauses = Pauses {
            reconnect: wire.reconnect_backoff(),
            retry: wire.retry_backoff(),
            refused: Backoff::new(Duration::from_millis(500), MAX_PAUSE),
        };
        Self {
            coordinator,
            session,
            reporter,
            control,
            handler,
            connection: None,
            member_id: String::new(),
            held: None,
            rejoins_answered: 0,
            pauses,
        }
    }

    pub(super) async fn run(mut self, _heartbeats: TaskGuard) {
        let mut control = self.control.clone();
        let reason = tokio::select! {
            biased;
            reason = leave_asked(&mut control) => reason,
            never = self.live() => match never {},
        };
        let confirmed = match reason {
            Some(reason) => self.leave(&reason).await,
            None => false,
        };
        self.reporter.left(confirmed);
    }

    async fn live(&mut self) -> Infallible {
        let mut reason = "joining the group".to_owned();
        loop {
            match self.rebalance(&reason).await {
                Ok(next) => {
                    self.pauses.reset();
                    reason = match next {
                        Next::Stay => self.stay().await,
                        Next::Rejoin(why) => why,
                    };
                }
                // The next round begins with telling the handler.
                Err(Failed::Lost(why)) => reason = why.to_string(),
                Err(Failed::Error(error)) => {
                    let pause = self.after_failure(&error).await;
                    reason = error.to_string();
                    // Not when there is something to tell the handler.
                    tokio::select! {
                        () = sleep(pause) => {}
                        _ = membership_lost(&self.session) => {}
                    }
                }
            }
        }
    }

    /// Until there is a reason to join again.
    async fn stay(&mut self) -> String {
        let mut verdicts = self.session.verdicts();
        loop {
            match self.session.verdict() {
                Verdict::Fine => {}
                Verdict::Rebalancing => return "the group is rebalancing".to_owned(),
                Verdict::StaleGeneration => return "the group is a generation further".to_owned(),
                Verdict::Lost(why) => return why.to_string(),
            }
            if let Some(reason) = self.rejoin_asked() {
                return reason;
            }
            tokio::select! {
                _ = verdicts.changed() => {}
                changed = self.control.changed() => {
                    if changed.is_err() {
                        // The handle is gone, and with it this task in a moment.
                        std::future::pending::<()>().await;
                    }
                }
            }
        }
    }

    fn rejoin_asked(&mut self) -> Option<String> {
        let control = self.control.borrow_and_update();
        (control.rejoins > self.rejoins_answered).then(|| control.rejoin_reason.clone())
    }

    /// What a failed join means for the membership, and how long to wait before the next one.
    async fn after_failure(&mut self, error: &GroupError) -> Duration {
        match error.code() {
            Some(ResponseError::UnknownMemberId) => self.lose(Lost::UnknownMember).await,
            Some(ResponseError::FencedInstanceId) => self.lose(Lost::Fenced).await,
            _ => {}
        }
        if error.is_coordinator_gone() || matches!(error, GroupError::Wire(_)) {
            self.connection = None;
            self.coordinator.forget();
        }
        let is_rebalance = matches!(
            error.code(),
            Some(
                ResponseError::RebalanceInProgress
                    | ResponseError::UnknownMemberId
                    | ResponseError::IllegalGeneration
            )
        );
        if is_rebalance {
            let group = &self.coordinator.options().group_id;
            tracing::info!(group, "{error}; joining again");
            // At once, but not in a circle.
            let first = self.pauses.retry.attempts() == 0;
            let pause = self.pauses.retry.next_pause();
            return if first { Duration::ZERO } else { pause };
        }
        self.reporter.problem(error);
        match error {
            _ if !error.is_retriable() => self.pauses.refused.next_pause(),
            GroupError::Wire(_) => self.pauses.reconnect.next_pause(),
            _ => self.pauses.retry.next_pause(),
        }
    }

    /// Membership ended: the handler is told if it held something.
    pub(super) async fn lose(&mut self, why: Lost) {
        self.session.end();
        // An id that the coordinator may still know spares the group the wait for its end.
        if why != Lost::SessionExpired {
            self.member_id.clear();
        }
        self.reporter.joining();
        if let Some(held) = self.held.take() {
            tracing::warn!(
                group = self.coordinator.options().group_id,
                generation = held.id,
                "lost the membership: {why}"
            );
            self.handler.lost(why).await;
        }
    }

    async fn leave(&mut self, reason: &str) -> bool {
        self.session.end();
        if self.member_id.is_empty() {
            return true;
        }
        let mut pauses = self.coordinator.options().wire.retry_backoff();
        for _ in 0..LEAVE_ATTEMPTS {
            match self.try_leave(reason).await {
                Ok(()) => return true,
                Err(error) if error.code() == Some(ResponseError::UnknownMemberId) => return true,
                Err(error) => {
                    self.connection = None;
                    self.coordinator.forget();
                    self.reporter.problem(&error);
                }
            }
            sleep(pauses.next_pause()).await;
        }
        false
    }

    async fn try_leave(&mut self, reason: &str) -> Result<(), GroupError> {
        let coordinator = Arc::clone(&self.coordinator);
        let member_id = self.member_id.clone();
        let connection = self.connected().await?;
        coordinator.leave(connection, &member_id, reason).await
    }

    /// The connection for everything but heartbeats.
    pub(super) async fn connected(&mut self) -> Result<&mut Connection, GroupError> {
        let connection = match self.connection.take().filter(Connection::is_usable) {
            Some(connection) => connection,
            None => self.coordinator.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }
}

/// None when there is no handle any more that could ask.
async fn leave_asked(control: &mut watch::Receiver<Control>) -> Option<String> {
    let asked = control.wait_for(|control| control.leave.is_some()).await;
    asked.ok()?.leave.clone()
}

/// Waits until heartbeats find that the membership of now is lost.
pub(super) async fn membership_lost(session: &Session) -> Lost {
    let mut verdicts = session.verdicts();
    loop {
        if let Verdict::Lost(why) = session.verdict() {
            return why;
        }
        if verdicts.changed().await.is_err() {
            // Cannot be while there is a session.
            std::future::pending::<()>().await;
        }
    }
}
