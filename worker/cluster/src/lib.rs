//! The cluster's side of the worker: what should run, where that is stored, and
//! who tells it to whom.
//!
//! * [`Herder`]: the handle that REST talks to. Behind it a loop owns what should
//!   run here, and one queue for each connector keeps its operations in order.
//! * [`store`]: the three stores (configurations, offsets, statuses), each with a
//!   Kafka form and a form without Kafka.
//! * [`membership`]: who leads the group and what is ours of its work.
//! * [`internal_request`]: requests from worker to worker.
//! * [`distributed`] and [`standalone`]: how the two kinds of worker are put
//!   together from them.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod assignor;
pub mod distributed;
mod herder;
mod info;
pub mod internal_request;
pub mod membership;
pub mod properties;
mod protocol;
pub mod providers;
pub mod standalone;
pub(crate) mod store;
#[cfg(test)]
mod testing;

pub use herder::{Herder, LogControl, Place};
pub use info::{
    ConnectorInfo, ConnectorLag, ConnectorOffset, ConnectorOffsets, ConnectorState,
    ConnectorStateInfo, ConnectorType, Created, Health, LoggerLevel, LoggerScope, TaskIdInfo,
    TaskInfo, TaskState,
};

/// What the handle's methods speak of.
pub use connect_runtime::{ConnectorTaskId, TargetState};
