//! Compares what comes out of a real binlog, and of rows read from a real MySQL, with the records
//! that Debezium 3.6.1 made of the same data.

mod binlog;
mod data;
mod json;
mod schema_changes;
mod snapshot;
mod stream;
