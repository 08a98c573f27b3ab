//! What clients see of a broker: each behaviour is run on the real Kafka and on the embedded
//! broker, and what was observed has to be the same. So the expectations are the real one's.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why and fails"
)]
#![forbid(unsafe_code)]

mod admin;
mod batch;
mod client;
mod command_line;
mod compare;
mod data;
mod groups;
mod java;
mod protocol;
mod raw;
mod restart;
mod target;
mod wire;
