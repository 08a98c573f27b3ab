//! The herder: knows what the cluster should run and has it run.

mod handle;

pub use handle::{Herder, LogControl};
