//! What a member is asked in the course of its life.

use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

/// One generation of the group, as this member sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Its number.
    pub id: i32,
    /// This member's id, which the coordinator gave.
    pub member_id: String,
    /// The id of the member that assigns the work.
    pub leader_id: String,
    /// The subprotocol that the coordinator chose: one that every member offered.
    pub protocol: String,
}

impl Generation {
    /// Whether this member assigns the work.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.member_id == self.leader_id
    }
}

/// Why and from where a member joins.
#[derive(Debug, Clone, Copy)]
pub struct Joining<'a> {
    /// The generation whose assignment this member was given last and still holds: None at first
    /// and after [`GroupHandler::lost`].
    pub previous: Option<&'a Generation>,
    /// Why, for the log: "the group is rebalancing", or what the rejoin was asked for with.
    pub reason: &'a str,
}

/// What a member wants after it got its assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// To stay with it.
    Stay,
    /// To join again at once, for this reason: it gave up what was revoked from it.
    Rejoin(String),
}

/// How membership was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lost {
    /// The coordinator does not know this member any more: its session expired there, it took
    /// too long to join, or somebody removed it.
    UnknownMember,
    /// Another member took this one's place.
    Fenced,
    /// The coordinator has not answered for the session's time: it must be assumed that the
    /// others go on without this member.
    SessionExpired,
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::UnknownMember => "the coordinator does not know this member any more",
            Self::Fenced => "another member took its place",
            Self::SessionExpired => "the coordinator did not answer for the session's time",
        })
    }
}

/// The leader cannot make an assignment, in words for the log and the health answer.
#[derive(Debug, Clone, Error)]
#[error("{0}")]
pub struct AssignError(pub String);

/// What a member is asked in the course of its life, one call at a time.
///
/// Heartbeats go on while a call runs. When membership is lost meanwhile, [`LastAnswered`] says so
/// at once and [`lost`](Self::lost) is called as soon as the call is done. A call that is running
/// when the member is told to leave is dropped at its next await.
///
/// [`LastAnswered`]: super::LastAnswered
#[async_trait]
pub trait GroupHandler: Send {
    /// Called before each JoinGroup: the subprotocols, the preferred one first, with what this
    /// member tells the leader under each.
    ///
    /// It may take its time (an eager member gives everything up first), but no longer than the
    /// rebalance timeout since the rebalance began: the coordinator goes on without it then.
    async fn prepare(&mut self, joining: Joining<'_>) -> Vec<(String, Bytes)>;

    /// This member leads: from every member's metadata under the chosen subprotocol (this one's
    /// included) to every member's assignment.
    async fn assign(
        &mut self,
        generation: &Generation,
        members: Vec<(String, Bytes)>,
    ) -> Result<Vec<(String, Bytes)>, AssignError>;

    /// The assignment of this member, of a generation that is complete.
    async fn assigned(&mut self, generation: &Generation, assignment: Bytes) -> Next;

    /// Membership was lost: nothing of the assignment is this member's any more. It will join
    /// again by itself.
    async fn lost(&mut self, why: Lost);
}
