//! A broker that is sent damaged requests, and one that is started on a damaged data folder. What
//! is damaged and how comes from a seed, which is printed: `FUZZ_SEED` repeats a run, and
//! `FUZZ_ROUNDS` makes it longer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a step that fails fails the test"
)]
#![allow(
    clippy::print_stdout,
    reason = "the seed and the damage are shown when a test fails"
)]
#![forbid(unsafe_code)]

mod batches;
mod damage;
mod folder;
mod memory;
mod process;
mod random;
mod requests;
mod samples;
mod wire;
