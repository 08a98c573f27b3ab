#![forbid(unsafe_code)]
pub mod config;
pub mod ddl;
pub mod schema_history;
pub mod tables;
pub mod gtid;
pub mod offset;
pub mod connection;
