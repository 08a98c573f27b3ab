//! The eager assignor: everything is shared out anew in each round
//! (`EagerAssignor`).

use super::work::Shared;
use super::{Round, Shares};

/// Deals out all connectors, then all tasks, to the workers in turn.
pub(super) fn share_out<'a>(round: &Round<'a>) -> Shares<'a> {
    let workers = round.members.len();
    let mut dealt = Shared {
        connectors: vec![Vec::new(); workers],
        tasks: vec![Vec::new(); workers],
    };
    let mut turns = (0..workers).cycle();
    for (connector, turn) in round.configured.connectors.iter().zip(&mut turns) {
        dealt.connectors[turn].push(connector.as_str());
    }
    for (task, turn) in round.configured.tasks.iter().zip(&mut turns) {
        dealt.tasks[turn].push(task);
    }
    Shares {
        assigned: dealt.clone(),
        revoked: Shared::default(),
        all: dealt,
        delay_ms: 0,
    }
}
