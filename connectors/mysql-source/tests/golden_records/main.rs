//! Compares what comes out of a real binlog, and of rows read from a real MySQL, with the records
//! that Debezium 3.6.1 made of the same data.
#![allow(
    clippy::unwrap_used,
    reason = "the helpers of these tests are not test functions themselves"
)]

mod binlog;
mod data;
mod json;
mod malformed;
mod schema_changes;
mod snapshot;
mod stream;
