//! A member of a group with a protocol type of its own.
//!
//! librdkafka only joins groups as a consumer. This speaks the same requests (FindCoordinator,
//! JoinGroup, SyncGroup, Heartbeat, LeaveGroup: the "classic" group protocol) for anybody: what
//! members tell each other is bytes here, and a [`GroupHandler`] knows what they mean.
//!
//! * [`GroupMember`] is the handle: ask for a rebalance, leave, look at the [`GroupHealth`].
//! * [`LastAnswered`] says when the last request was sent that the coordinator answered as to a
//!   member: the ground on which leases stand.
//!
//! A member never gives up. What the brokers refuse (`GROUP_AUTHORIZATION_FAILED`,
//! `INCONSISTENT_GROUP_PROTOCOL`, a wrong password) is reported by name in its health and tried
//! again with growing pauses, until somebody mends it or ends the member.
//!
//! Two tasks share the work, on the runtime that [`GroupMember::start`] is called on: one goes
//! through joins and calls the handler, the other sends heartbeats on a connection of its own, so
//! that they go on while a join waits at the broker or the handler takes its time.

mod coordinator;
mod error;
mod handler;
mod heartbeat;
mod join;
mod member;
mod options;
mod session;
mod task;

pub use error::GroupError;
pub use handler::{AssignError, Generation, GroupHandler, Joining, Lost, Next};
pub use member::{GroupHealth, GroupMember, GroupProblem, GroupState};
pub use options::GroupOptions;
pub use session::LastAnswered;
