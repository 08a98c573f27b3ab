//! A schema registry with the REST API of Confluent's, which keeps everything in a topic as
//! Confluent's does, so that either can read what the other wrote.
//!
//! It is a development registry: one process, no leader election, no contexts, no metadata, rules,
//! aliases or encryption; what it does not know is refused by name. Schemas are Avro; JSON Schema
//! and Protobuf are refused.
//!
//! ```no_run
//! # async fn example() -> Result<(), connect_registry::StartError> {
//! use connect_registry::{Registry, RegistrySettings};
//!
//! let settings = RegistrySettings::new("127.0.0.1:8081", "localhost:9092");
//! let registry = Registry::start(settings).await?;
//! println!("http://{}", registry.address());
//! registry.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! A write is answered when its record has been read back from the topic. Where two processes that
//! write to one topic give one id to two schemas, the second is given another.

#![forbid(unsafe_code)]

mod avro;
mod error;
mod guid;
mod http;
mod level;
mod record;
mod server;
mod service;
mod settings;
mod state;
mod store;

pub use server::{Registry, StartError};
pub use settings::RegistrySettings;
