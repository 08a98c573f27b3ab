//! The states of a group.

/// Where a group stands (`ClassicGroupState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// No members; it may have offsets.
    Empty,
    /// Members are being waited for.
    PreparingRebalance,
    /// The leader's assignment is being waited for.
    CompletingRebalance,
    /// Everybody has an assignment.
    Stable,
    /// It has been removed, or the broker stops.
    Dead,
}

impl State {
    /// The state's name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
            Self::Dead => "Dead",
        }
    }

    /// Whether a rebalance can begin from here.
    pub(super) fn can_rebalance(self) -> bool {
        matches!(self, Self::Stable | Self::CompletingRebalance | Self::Empty)
    }
}
