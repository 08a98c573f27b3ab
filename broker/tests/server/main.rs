//! A broker in this process, driven by librdkafka and by a client that sends what it likes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a step that fails fails the test"
)]

mod admin;
mod frames;
mod memory;
mod records;
mod secured;
mod support;
