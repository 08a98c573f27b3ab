//! One rebalance, from this member's side: join, assign if it leads, sync.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::{JoinGroupResponse, SyncGroupResponse};

use super::error::GroupError;
use super::handler::{Generation, GroupHandler, Joining, Lost, Next};
use super::session::{Session, Verdict};
use super::task::{Task, membership_lost};

/// Why a rebalance did not come to its end.
#[derive(Debug)]
pub(super) enum Failed {
    /// The membership was lost on the way.
    Lost(Lost),
    /// A step failed.
    Error(GroupError),
}

impl<E: Into<GroupError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl<H: GroupHandler> Task<H> {
    /// Joins, and gives the handler its assignment.
    pub(super) async fn rebalance(&mut self, reason: &str) -> Result<Next, Failed> {
        if let Verdict::Lost(why) = self.session.verdict() {
            self.lose(why).await;
        }
        self.reporter.joining();
        let session = Arc::clone(&self.session);
        unless_lost(&session, async { self.connected().await.map(drop) }).await??;

        self.rejoins_answered = self.control.borrow_and_update().rejoins;
        let joining = Joining {
            previous: self.held.as_ref(),
            reason,
        };
        let protocols = self.handler.prepare(joining).await;
        // What was just prepared may claim what is lost by now.
        self.still_member()?;

        let (generation, members) = self.join(reason, &protocols).await?;
        let assignments = if generation.is_leader() {
            self.assign(&generation, members).await?
        } else {
            Vec::new()
        };
        let assignment = self.sync(&generation, assignments).await?;
        self.confirm().await?;
        self.still_member()?;
        tracing::info!(
            group = self.coordinator.options().group_id,
            generation = generation.id,
            member = generation.member_id,
            leader = generation.is_leader(),
            protocol = generation.protocol,
            "joined the group: {reason}"
        );
        self.reporter.joined(&generation);
        self.held = Some(generation.clone());
        Ok(self.handler.assigned(&generation, assignment).await)
    }

    async fn join(
        &mut self,
        reason: &str,
        protocols: &[(String, Bytes)],
    ) -> Result<(Generation, Vec<(String, Bytes)>), Failed> {
        let (coordinator, session) = (Arc::clone(&self.coordinator), Arc::clone(&self.session));
        loop {
            let sent = Instant::now();
            let member_id = self.member_id.clone();
            let asking = async {
                let connection = self.connected().await?;
                let answer = coordinator.join(connection, &member_id, reason, protocols);
                answer.await.map_err(GroupError::from)
            };
            session.set_joining(true);
            let answer = unless_lost(&session, asking).await;
            session.set_joining(false);
            let answer = answer??;
            match answer.error_code.err() {
                None => {
                    let joined = self.generation(answer)?;
                    self.member_id.clone_from(&joined.0.member_id);
                    self.session.begin(&self.member_id, joined.0.id, sent);
                    return Ok(joined);
                }
                // KIP-394: a new member is told its id first, and joins again with it.
                Some(ResponseError::MemberIdRequired) if member_id.is_empty() => {
                    self.member_id = answer.member_id.to_string();
                }
                Some(code) => return Err(self.coordinator.refused("join", code).into()),
            }
        }
    }

    fn generation(
        &self,
        answer: JoinGroupResponse,
    ) -> Result<(Generation, Vec<(String, Bytes)>), GroupError> {
        let wrong = |reason: String| GroupError::Protocol {
            doing: self.coordinator.doing("join"),
            reason,
        };
        let ours = &self.coordinator.options().protocol_type;
        if let Some(theirs) = answer.protocol_type.filter(|theirs| **theirs != **ours) {
            return Err(wrong(format!(
                "its protocol type is '{theirs}', not '{ours}'"
            )));
        }
        let Some(protocol) = answer.protocol_name else {
            return Err(wrong("the coordinator chose no subprotocol".to_owned()));
        };
        let generation = Generation {
            id: answer.generation_id,
            member_id: answer.member_id.to_string(),
            leader_id: answer.leader.to_string(),
            protocol: protocol.to_string(),
        };
        let members = answer
            .members
            .into_iter()
            .map(|member| (member.member_id.to_string(), member.metadata))
            .collect();
        Ok((generation, members))
    }

    async fn assign(
        &mut self,
        generation: &Generation,
        members: Vec<(String, Bytes)>,
    ) -> Result<Vec<(String, Bytes)>, Failed> {
        let assigned = self.handler.assign(generation, members).await;
        let assignments = assigned.map_err(|error| GroupError::Assignment {
            generation: generation.id,
            reason: error.0,
        })?;
        self.still_member()?;
        Ok(assignments)
    }

    async fn sync(
        &mut self,
        generation: &Generation,
        assignments: Vec<(String, Bytes)>,
    ) -> Result<Bytes, Failed> {
        let (coordinator, session) = (Arc::clone(&self.coordinator), Arc::clone(&self.session));
        let sent = Instant::now();
        let asking = async {
            let connection = self.connected().await?;
            let answer = coordinator.sync(connection, generation, assignments);
            answer.await.map_err(GroupError::from)
        };
        let answer: SyncGroupResponse = unless_lost(&session, asking).await??;
        if let Some(code) = answer.error_code.err() {
            return Err(self
                .coordinator
                .refused("get the assignment of", code)
                .into());
        }
        let theirs = answer.protocol_name.as_ref().map(|name| name.as_str());
        if theirs.is_some_and(|theirs| theirs != generation.protocol) {
            return Err(Failed::Error(GroupError::Protocol {
                doing: self.coordinator.doing("get the assignment of"),
                reason: format!(
                    "its subprotocol is {theirs:?} and was '{}'",
                    generation.protocol
                ),
            }));
        }
        if let Some(membership) = self.session.current() {
            self.session.answered(membership.number, sent);
        }
        Ok(answer.assignment)
    }

    /// An assignment that lay in the socket while the process was stopped may be another member's
    /// by now: whoever has no recent answer asks before anything is done with it.
    async fn confirm(&mut self) -> Result<(), Failed> {
        let (coordinator, session) = (Arc::clone(&self.coordinator), Arc::clone(&self.session));
        let options = coordinator.options();
        let Some(membership) = session.current() else {
            return Err(Failed::Lost(Lost::SessionExpired));
        };
        if session.last_answered().is_within(options.session_timeout) {
            return Ok(());
        }
        let sent = Instant::now();
        let limit = options.heartbeat_timeout();
        let asking = async {
            let connection = self.connected().await?;
            let answer = coordinator.heartbeat(connection, &membership, limit).await;
            answer.map_err(GroupError::from)
        };
        match unless_lost(&session, asking).await?? {
            None | Some(ResponseError::RebalanceInProgress) => {
                session.answered(membership.number, sent);
                Ok(())
            }
            Some(code) => Err(coordinator
                .refused("confirm the membership of", code)
                .into()),
        }
    }

    fn still_member(&self) -> Result<(), Failed> {
        match self.session.verdict() {
            Verdict::Lost(why) => Err(Failed::Lost(why)),
            _ => Ok(()),
        }
    }
}

/// What the coordinator is asked is not waited for any longer than the membership lasts.
async fn unless_lost<T>(session: &Session, work: impl Future<Output = T>) -> Result<T, Failed> {
    tokio::select! {
        biased;
        why = membership_lost(session) => Err(Failed::Lost(why)),
        done = work => Ok(done),
    }
}
