//! JDBC sink: topics to tables of PostgreSQL, MySQL, MariaDB and SQLite, by the
//! keys of Confluent's, Debezium's and Aiven's connectors.
//!
//! A call's records go through [`planner`] (which table, which columns: made
//! once for each pair of schemas), [`buffer`] (rows of one plan together) and
//! [`writer`] (one transaction; refused rows are found and reported) to [`db`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod buffer;
mod config;
mod connector;
mod db;
mod dialect;
mod envelope;
mod fields;
mod naming;
mod offsets;
mod plan;
mod planner;
mod structure;
mod table;
mod task;
mod url;
mod values;
mod widening;
mod writer;

use connect_api::registry::{ConnectorPlugin, PluginClass, TaskFactory};

use config::Flavor;

/// Confluent's class; the one that the aliases mean.
pub const CONFLUENT: ConnectorPlugin = ConnectorPlugin {
    name: PluginClass {
        class: "io.confluent.connect.jdbc.JdbcSinkConnector",
        other_classes: &[],
        version: "10.9.7",
    },
    task_class: "io.confluent.connect.jdbc.sink.JdbcSinkTask",
    create: || Box::new(connector::JdbcSinkConnector::new(Flavor::Confluent)),
    task: TaskFactory::Sink(|| Box::new(task::JdbcSinkTask::new(Flavor::Confluent))),
};

/// Debezium's class.
pub const DEBEZIUM: ConnectorPlugin = ConnectorPlugin {
    name: PluginClass {
        class: "io.debezium.connector.jdbc.JdbcSinkConnector",
        other_classes: &[],
        version: "3.5.0.Final",
    },
    task_class: "io.debezium.connector.jdbc.JdbcSinkConnectorTask",
    create: || Box::new(connector::JdbcSinkConnector::new(Flavor::Debezium)),
    task: TaskFactory::Sink(|| Box::new(task::JdbcSinkTask::new(Flavor::Debezium))),
};

/// Aiven's class.
pub const AIVEN: ConnectorPlugin = ConnectorPlugin {
    name: PluginClass {
        class: "io.aiven.connect.jdbc.JdbcSinkConnector",
        other_classes: &[],
        version: "6.11.0",
    },
    task_class: "io.aiven.connect.jdbc.sink.JdbcSinkTask",
    create: || Box::new(connector::JdbcSinkConnector::new(Flavor::Aiven)),
    task: TaskFactory::Sink(|| Box::new(task::JdbcSinkTask::new(Flavor::Aiven))),
};

/// All classes, the one that the aliases mean first.
pub fn plugins() -> [ConnectorPlugin; 3] {
    [CONFLUENT, DEBEZIUM, AIVEN]
}
