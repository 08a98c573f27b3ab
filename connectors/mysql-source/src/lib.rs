//! MySQL source: a connector that is configured, names its topics and writes its
//! records, offsets and schema history like Debezium's
//! (`io.debezium.connector.mysql.MySqlConnector`).
//!
//! A task ([`plugin`]) takes a snapshot where one is needed, then streams the
//! binlog. Both keep the tables' structures ([`tables`]) up by [`ddl`], store
//! each change in the [`schema_history`] first, and make records of [`rows`]
//! by the [`schemas`] of each version of a table ([`envelope`]).
#![forbid(unsafe_code)]

pub mod config;
pub mod connection;
pub mod ddl;
pub mod envelope;
pub mod gtid;
pub mod offset;
pub mod rows;
pub mod schema_history;
pub mod schemas;
pub mod tables;
pub mod values;

mod capture;
mod connector;
mod database_schema;
mod gtid_filter;
mod heartbeat;
mod history;
mod queue;
mod record_maker;
mod retries;
mod snapshot;
mod streaming;
mod task;

pub use connector::plugin;
