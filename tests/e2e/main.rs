//! The worker end to end, by behaviour: real processes, a real Kafka, real MySQLs.
#![forbid(unsafe_code)]

mod bad_input;
mod common;
mod documents;
mod faults;
