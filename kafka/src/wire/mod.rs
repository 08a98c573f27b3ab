//! Kafka's protocol over a connection of our own, for the requests that librdkafka cannot send.
//!
//! Data goes through librdkafka; this is for group membership with a protocol type of our own
//! ([`crate::group`]): few and small requests, one at a time on a connection.
//!
//! * [`WireSettings`]: what a connection needs, out of the same [`ClientSettings`] as every other
//!   client: addresses, TLS, SASL login, timeouts, back-offs.
//! * [`Connection`]: a broker, over TCP or TLS, authenticated, whose request versions are known.
//!
//! Everything is asynchronous and may be dropped at any await: a connection whose answer was not
//! awaited to its end says that it is not [`usable`](Connection::is_usable) any more.
//!
//! [`ClientSettings`]: crate::ClientSettings

mod backoff;
mod connection;
mod coordinator;
mod endpoint;
mod error;
mod frame;
mod sasl;
mod settings;
mod stream;
mod tls;

pub use backoff::Backoff;
pub(crate) use backoff::random_fraction;
pub use connection::Connection;
pub(crate) use coordinator::{Coordinator, find_coordinator};
pub use endpoint::Endpoint;
pub use error::WireError;
pub use settings::WireSettings;

pub(crate) use error::error_name;
pub(crate) use tls::identity as tls_identity;
