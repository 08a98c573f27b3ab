//! Our doors to Kafka.
//!
//! * [`settings`]: Java client properties, as a Connect worker's files carry them, turned into
//!   librdkafka's, with a warning for each one that has no meaning here.
//! * [`producer`]: records into librdkafka's own queue, outcomes out of its delivery callback by
//!   token; no future and no allocation per record.
//! * [`admin`]: topics (create, describe, delete), end offsets, the cluster's id.
//! * [`consumer`]: a member of a consumer group, for the tasks of sinks.
//! * [`log`]: a compacted topic read to its end and then followed, as Connect's storage topics are.
//! * [`group`]: a member of a group with a protocol type of its own, over [`wire`], Kafka's
//!   protocol without librdkafka, which cannot do that.
//! * [`health`]: waiting for a cluster that is not there yet, saying so.
//!
//! Nothing here knows of connectors, tasks or workers beyond the names of their settings.
//!
//! The API is for tokio. librdkafka's blocking calls run on tokio's blocking threads, its log
//! lines go to `tracing` under the target `librdkafka`, and its statistics serve to find a client
//! that has lost its brokers for good.

#![forbid(unsafe_code)]

pub mod admin;
pub mod consumer;
pub mod error;
pub mod group;
pub mod health;
pub mod log;
pub mod producer;
pub mod settings;
pub mod wire;

mod context;
mod oauth;
mod stranded;

pub use error::{ClientError, ErrorCode};
pub use settings::{ClientKind, ClientSettings, Props, SettingsError};
