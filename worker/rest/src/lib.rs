//! The `/connectors` REST API of Kafka Connect 4.3, over the herder.
//!
//! Invariant: REST knows the herder only, and never waits behind the data
//! path: it runs on the control runtime.
#![forbid(unsafe_code)]

mod answer;
mod body;
mod config;
mod cors;
mod query;
mod resources;
mod route;
mod server;

pub use config::{Listener, RestSettings, rest_config};
pub use server::{BoundListeners, RestServer};
