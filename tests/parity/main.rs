//! The same input on the real Kafka Connect and Debezium (recorded) and on us (run here).
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why and fails"
)]
#![forbid(unsafe_code)]

mod accepted;
mod compare;
mod golden;
mod jvm;
mod mask;
mod mixed;
mod recorded;
mod rest;
mod rest_differences;
mod run;
mod sinks;
