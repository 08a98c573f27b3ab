//! The herder: knows what the cluster should run and has it run.
//!
//! * [`handle`]: what others hold. Reads are answered from the stores
//!   ([`reads`]); writes go to the config store ([`writes`]), one at a time for
//!   each connector, and come back from it as updates.
//! * [`run`]: the loop that takes updates, requests and changes of the group to
//!   the connectors that they are about. It waits for nothing else.
//! * [`runner`]: one queue for each connector, in which its plugins are started
//!   and stopped in order ([`connector`], [`tasks`], [`restart`], [`offsets`]), and
//!   where what failed is started again by itself ([`recovery`]).

mod connector;
mod handle;
mod leader;
mod offsets;
mod place;
mod reads;
mod recovery;
mod release;
mod request;
mod restart;
mod run;
mod runner;
mod shared;
mod startup;
mod tasks;
mod writes;

pub use handle::{Herder, LogControl};
pub(crate) use leader::InterWorker;
pub use place::Place;
pub(crate) use shared::{HerderParts, HerderSettings};
