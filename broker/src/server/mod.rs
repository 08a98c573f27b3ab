//! The listener and its connections, and what is done when nobody asks.

mod connection;
mod frames;
mod handle;
mod listen;
mod memory;
mod tls;

use std::net::IpAddr;

use kafka_protocol::protocol::StrBytes;

pub(crate) use self::frames::Frame;
pub use self::handle::Broker;
pub(crate) use self::memory::{AnswerMemory, AnswerPermit, RequestMemory};

/// Who sends a request.
#[derive(Debug, Clone)]
pub(crate) struct ClientContext {
    /// The client id of the request's header; empty when there is none.
    pub(crate) client_id: String,
    /// Where the connection comes from.
    pub(crate) client_host: IpAddr,
}

/// The only node, where clients reach it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: i32,
    pub(crate) host: StrBytes,
    pub(crate) port: i32,
}
