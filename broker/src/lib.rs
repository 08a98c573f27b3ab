//! A Kafka broker of one node, for development and tests: it speaks the protocol so well that no
//! client notices, keeps its logs in one folder, and replicates nothing.
#![forbid(unsafe_code)]

mod api;
mod error;
mod group;
mod log;
mod partition;
mod server;
mod settings;
mod topics;
mod transaction;

pub use error::BrokerError;
pub use server::Broker;
pub use settings::{Security, Settings, Tls};
