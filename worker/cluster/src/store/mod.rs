//! The three stores, over logs of records that Connect can read and write:
//! Kafka topics, or memory and a file in their place.

pub(crate) mod config;
mod json;
pub(crate) mod kafka;
pub(crate) mod log;
pub(crate) mod offset;
pub(crate) mod status;
pub(crate) mod topics;
mod writer;
