//! The `/connectors` REST API of Kafka Connect 4.3, over the herder.
//!
//! Invariant: REST knows the herder only, and never waits behind the data
//! path: it runs on the control runtime.
#![forbid(unsafe_code)]

mod answer;
mod auth;
mod body;
mod config;
mod cors;
mod forward;
mod query;
mod resources;
mod response_headers;
mod route;
mod server;
mod service;
mod tls;

pub use config::{Admin, Listener, RestSettings, Scheme, knows, rest_config, warnings};
pub use server::{BoundListeners, RestServer};
