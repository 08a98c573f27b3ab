#![forbid(unsafe_code)]
pub mod config;
pub mod ddl;
pub mod schema_history;
pub mod tables;
pub mod gtid;
pub mod offset;
pub mod connection;
mod queue;
mod heartbeat;
mod retries;
mod database_schema;
mod streaming;
pub mod envelope;
pub mod rows;
pub mod schemas;
pub mod values;
mod capture;
mod gtid_filter;
mod record_maker;
mod snapshot;
mod task;
mod history;
mod connector;

pub use connector::plugin;
