//! The sink's task against real servers, and against one that answers what a
//! test tells it to.
//!
//! `tests/services/up elasticsearch elasticsearch-6.8` starts the servers that
//! are needed; those of `elasticsearch-7.17`, `elasticsearch-8` and
//! `opensearch` are tested too where they run.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says why and fails"
)]
#![forbid(unsafe_code)]

mod documents;
mod faults;
mod records;
mod refusals;
mod scripted;
mod servers;
mod task;
mod tls;
mod versions;
