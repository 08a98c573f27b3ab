//! What tests with real processes need: workers, the services they run
//! against, and waits. A service that is not there fails the test and says
//! which; nothing is skipped.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on says why and fails"
)]
#![forbid(unsafe_code)]

mod avro;
mod certificates;
pub mod cluster;
mod http_proxy;
mod kafka;
mod mysql;
mod postgres;
mod produce;
mod proxy;
mod registry;
mod rest;
mod services;
mod sql;
mod tls_front;
mod topics;
mod turn;
mod wait;
mod worker;

pub use avro::AvroWriter;
pub use certificates::{Authority, Certificate, PKCS12_PASSWORD};
pub use http_proxy::HttpProxy;
pub use kafka::{Group, Kafka, bootstrap};
pub use mysql::MySql;
pub use postgres::{Postgres, TextRow};
pub use produce::{NewRecord, produce};
pub use proxy::Proxy;
pub use registry::{Registry, read_avro};
pub use rest::{Answer, Rest};
pub use services::{
    heartbeat, restart, restart_with, shortest_session, start, stop, unique, variable,
};
pub use sql::statements;
pub use tls_front::TlsFront;
pub use topics::{Record, read_topic, wait_for_records};
pub use turn::{alone, beside_others};
pub use wait::{eventually, eventually_within};
pub use worker::{Worker, WorkerOptions};
