//! The worker end to end, by behaviour: real processes, the embedded broker or a real Kafka, real
//! MySQLs.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why and fails"
)]
#![forbid(unsafe_code)]

mod avro;
mod bad_input;
mod cluster;
mod command_line;
mod common;
mod course_reviews;
mod documents;
mod elasticsearch;
mod faults;
mod file_sink;
mod health;
mod jdbc;
mod pipelines;
mod restarts;
mod sinks;
mod standalone;
mod states;
mod tls;
