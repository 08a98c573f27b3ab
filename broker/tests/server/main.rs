//! A broker in this process, driven by librdkafka and by a client that sends what it likes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod admin;
mod frames;
mod records;
mod secured;
mod support;
