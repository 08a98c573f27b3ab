//! FileStream source and sink (`org.apache.kafka.connect.file`): the smallest
//! complete plugins, and those that Kafka's own tutorials start with.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod sink;
mod source;

pub use sink::SINK;
pub use source::SOURCE;

/// The version of Connect whose connectors these are.
const VERSION: &str = "4.3.1";
