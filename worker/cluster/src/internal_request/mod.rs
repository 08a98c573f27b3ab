//! Requests between workers: those that one worker passes on to another for a
//! client, and those of the group itself, which are signed with the group's
//! session key (KIP-507).
//!
//! * [`InterWorkerSettings`]: which algorithms, how long a key lives; makes keys
//!   and judges signatures.
//! * [`SessionKey`], [`RequestSignature`]: what is in the config topic, and what
//!   is in a request's headers.
//! * [`InternalClient`]: sends both kinds.
//! * [`tls`]: the key and trust stores of `listeners.https.ssl.*`, for HTTPS on
//!   both sides.

mod client;
mod key;
mod mac;
mod settings;
mod signature;
pub mod tls;

pub use client::{ForwardedAnswer, ForwardedRequest, InternalClient};
pub use key::SessionKey;
pub use mac::MacAlgorithm;
pub use settings::InterWorkerSettings;
pub use signature::{RequestSignature, SIGNATURE_ALGORITHM_HEADER, SIGNATURE_HEADER};
