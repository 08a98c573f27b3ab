//! What a connector or task is doing, and what the user wants it to do.

use std::fmt;
use std::str::FromStr;

use connect_api::{Error, Result};
use serde::{Deserialize, Serialize};

/// What the user wants of a connector and its tasks (`TargetState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TargetState {
    /// Connector and tasks run.
    #[default]
    Started,
    /// Connector and tasks hold what they have and do nothing.
    Paused,
    /// The connector is there, without tasks.
    Stopped,
}

impl TargetState {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            TargetState::Started => "STARTED",
            TargetState::Paused => "PAUSED",
            TargetState::Stopped => "STOPPED",
        }
    }
}

impl fmt::Display for TargetState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TargetState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [
            TargetState::Started,
            TargetState::Paused,
            TargetState::Stopped,
        ]
        .into_iter()
        .find(|state| state.name() == text)
        .ok_or_else(|| {
            Error::data(format!(
                "unknown target state {text}; known are STARTED, PAUSED, STOPPED"
            ))
        })
    }
}

/// What a connector or task is doing (`AbstractStatus.State`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum State {
    Unassigned,
    Running,
    Paused,
    Failed,
    Restarting,
    /// Of connectors only.
    Stopped,
}

impl State {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            State::Unassigned => "UNASSIGNED",
            State::Running => "RUNNING",
            State::Paused => "PAUSED",
            State::Failed => "FAILED",
            State::Restarting => "RESTARTING",
            State::Stopped => "STOPPED",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for State {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [
            State::Unassigned,
            State::Running,
            State::Paused,
            State::Failed,
            State::Restarting,
            State::Stopped,
        ]
        .into_iter()
        .find(|state| state.name() == text)
        .ok_or_else(|| Error::data(format!("unknown state {text}")))
    }
}
