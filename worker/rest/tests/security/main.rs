//! A server over a worker, asked what a JVM worker was asked
//! (`record`), and what else there is to HTTPS.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why and fails"
)]

mod replay;
mod support;
mod tls;
