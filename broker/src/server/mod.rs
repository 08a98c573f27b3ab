//! The listener and its connections.

use std::net::IpAddr;

/// Who sends a request.
#[derive(Debug, Clone)]
pub(crate) struct ClientContext {
    /// The client id of the request's header; empty when there is none.
    pub(crate) client_id: String,
    /// Where the connection comes from.
    pub(crate) client_host: IpAddr,
    /// Who the connection has been authenticated as, such as `User:ANONYMOUS`.
    pub(crate) principal: String,
}
