//! What Connect's workers tell each other through the group protocol: where they
//! are and what they run (metadata, when they join) and what they are to run
//! (assignments, from the leader). Byte for byte as Kafka's `ConnectProtocol` and
//! `IncrementalCooperativeConnectProtocol` write it, so that a JVM worker can be
//! in the same group (KIP-415, KIP-507).

mod decode;
mod encode;
mod java_order;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use connect_runtime::ConnectorTaskId;

/// The "task number" with which the wire names the connector itself.
const CONNECTOR: i32 = -1;

/// How the group's work is shared out. Named as `connect.protocol` names it; the
/// names in the group protocol are others (see [`Self::name`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ConnectProtocol {
    /// Everybody stops everything in every rebalance.
    Eager,
    /// Incremental and cooperative: what need not move goes on running.
    Compatible,
    /// As `Compatible`, and requests between workers are signed.
    Sessioned,
}

impl ConnectProtocol {
    /// The name that the group coordinator knows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Eager => "default",
            Self::Compatible => "compatible",
            Self::Sessioned => "sessioned",
        }
    }

    /// The protocol that the group coordinator chose.
    pub(crate) fn from_name(name: &str) -> Result<Self, ProtocolError> {
        [Self::Eager, Self::Compatible, Self::Sessioned]
            .into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| ProtocolError::UnknownProtocol(name.to_owned()))
    }

    /// The version at the start of each message.
    pub(crate) fn version(self) -> i16 {
        match self {
            Self::Eager => 0,
            Self::Compatible => 1,
            Self::Sessioned => 2,
        }
    }

    /// True if a worker keeps what it runs until it is told to stop it.
    pub(crate) fn is_cooperative(self) -> bool {
        self != Self::Eager
    }

    /// What a worker with this `connect.protocol` can do, the best first. The
    /// coordinator takes the best that all members can.
    pub(crate) fn offered(self) -> &'static [Self] {
        match self {
            Self::Eager => &[Self::Eager],
            Self::Compatible => &[Self::Compatible, Self::Eager],
            Self::Sessioned => &[Self::Sessioned, Self::Compatible, Self::Eager],
        }
    }

    /// Name and metadata of each protocol that a worker with this
    /// `connect.protocol` offers when it joins.
    pub(crate) fn join_metadata(
        self,
        state: &WorkerState,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, ProtocolError> {
        self.offered()
            .iter()
            .map(|protocol| Ok((protocol.name(), state.encode(*protocol)?)))
            .collect()
    }
}

/// As `connect.protocol` has it.
impl FromStr for ConnectProtocol {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, ProtocolError> {
        [Self::Eager, Self::Compatible, Self::Sessioned]
            .into_iter()
            .find(|protocol| protocol.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| ProtocolError::UnknownProtocol(text.to_owned()))
    }
}

impl fmt::Display for ConnectProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eager => "eager",
            Self::Compatible => "compatible",
            Self::Sessioned => "sessioned",
        })
    }
}

/// What a worker says of itself when it joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkerState {
    /// Where its REST server is.
    pub(crate) url: String,
    /// How far it has read the config topic.
    pub(crate) offset: i64,
    /// What it runs; none if it never had an assignment, or the protocol has no
    /// word for it (v0).
    pub(crate) assignment: Option<Assignment>,
}

/// What a worker is to run, as the leader tells it; and what it runs, as the
/// worker itself tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The version it was read with. What is written carries the version of the
    /// protocol that it is written for.
    pub(crate) version: i16,
    /// [`Assignment::NO_ERROR`], [`Assignment::CONFIG_MISMATCH`], or unknown to us.
    pub(crate) error: i16,
    /// The leader's member id.
    pub(crate) leader: String,
    /// Where the leader's REST server is.
    pub(crate) leader_url: String,
    /// Up to where the leader had read the config topic: who has not read as far
    /// does so before acting.
    pub(crate) offset: i64,
    /// Connectors to start; all that run, in a worker's state.
    pub(crate) connectors: Vec<String>,
    /// Tasks to start; all that run, in a worker's state.
    pub(crate) tasks: Vec<ConnectorTaskId>,
    /// Connectors to stop.
    pub(crate) revoked_connectors: Vec<String>,
    /// Tasks to stop.
    pub(crate) revoked_tasks: Vec<ConnectorTaskId>,
    /// After so many milliseconds the worker joins again; 0: not at all.
    pub(crate) delay_ms: i32,
}

impl Assignment {
    /// The work was shared out.
    pub(crate) const NO_ERROR: i16 = 0;
    /// The leader has not read the config topic as far as another member:
    /// everybody reads to its end and joins again.
    pub(crate) const CONFIG_MISMATCH: i16 = 1;

    /// True if the leader could not share out the work.
    pub(crate) fn failed(&self) -> bool {
        self.error != Self::NO_ERROR
    }

    /// True if the worker has to stop something, and to join again after that.
    pub(crate) fn revokes(&self) -> bool {
        !self.revoked_connectors.is_empty() || !self.revoked_tasks.is_empty()
    }

    /// What a worker has that held `held` when this came, under a cooperative
    /// protocol: also what it held and need not stop
    /// (`WorkerCoordinator.onJoinComplete`).
    pub(crate) fn added_to(mut self, held: Option<&Self>) -> Self {
        let Some(held) = held else { return self };
        let connectors = kept(&held.connectors, &self.revoked_connectors, &self.connectors);
        let tasks = kept(&held.tasks, &self.revoked_tasks, &self.tasks);
        self.connectors.extend(connectors);
        self.tasks.extend(tasks);
        self
    }
}

/// What of `held` is neither revoked nor assigned anew.
fn kept<T: Clone + Eq + std::hash::Hash>(held: &[T], revoked: &[T], assigned: &[T]) -> Vec<T> {
    let mut seen: HashSet<&T> = revoked.iter().chain(assigned).collect();
    held.iter()
        .filter(|item| seen.insert(item))
        .cloned()
        .collect()
}

/// Why a message of the group protocol cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProtocolError {
    /// Neither `connect.protocol` nor the group knows the name.
    #[error("unknown Connect protocol {0:?}: known are eager (default), compatible and sessioned")]
    UnknownProtocol(String),
    /// Versions are counted from 0; newer ones than ours are read as ours.
    #[error("unsupported version {0} of a worker's message in the group")]
    Version(i16),
    /// The message is shorter than it says.
    #[error(
        "a worker's message in the group ends too early: {field} needs {needed} bytes, {left} are left"
    )]
    TooShort {
        /// What was to be read,
        field: &'static str,
        /// how much it needs at least,
        needed: usize,
        /// and how much there is.
        left: usize,
    },
    /// A length below zero where nothing may be missing.
    #[error("a worker's message in the group has a negative length for {field}")]
    NegativeLength {
        /// What was to be read.
        field: &'static str,
    },
    /// A text that is not UTF-8.
    #[error("a worker's message in the group has a {field} that is not UTF-8")]
    NotUtf8 {
        /// What was to be read.
        field: &'static str,
    },
    /// Neither a task's number nor -1 for the connector itself.
    #[error("a worker's message in the group names task {task} of connector {connector}")]
    TaskNumber {
        /// The connector.
        connector: String,
        /// The number.
        task: i64,
    },
    /// Strings of the protocol have at most 32,767 bytes.
    #[error("{field} has {length} bytes, the group protocol carries 32767 at most")]
    TooLong {
        /// What was to be written.
        field: &'static str,
        /// Its length.
        length: usize,
    },
    /// Lists and byte fields of the protocol count to 2^31 - 1.
    #[error("an assignment is too large for the group protocol")]
    TooLarge,
}
