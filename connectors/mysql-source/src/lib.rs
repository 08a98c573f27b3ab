#![forbid(unsafe_code)]
pub mod config;
pub mod ddl;
pub mod tables;
