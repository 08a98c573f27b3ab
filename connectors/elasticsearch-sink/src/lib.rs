//! Elasticsearch sink: records become documents of Elasticsearch (6.8 to 8.x)
//! or OpenSearch (`io.confluent.connect.elasticsearch`).
//!
//! A record goes: [`task`] names its index and its document's id, and makes
//! sure of the index and its mapping once; [`document`] writes its value into
//! the body of a bulk request by a plan made once for each schema; [`bulk`]
//! sends full or lingering requests, several at a time, and judges each item of
//! the answer; [`client`] finds a host that answers.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod bulk;
mod client;
mod config;
mod connector;
mod document;
mod mapping;
mod task;

use connect_api::registry::{ConnectorPlugin, PluginClass, TaskFactory};

/// The sink, for the worker's list of plugins.
pub const SINK: ConnectorPlugin = ConnectorPlugin {
    name: PluginClass {
        class: "io.confluent.connect.elasticsearch.ElasticsearchSinkConnector",
        other_classes: &[],
        version: "15.1.0",
    },
    task_class: "io.confluent.connect.elasticsearch.ElasticsearchSinkTask",
    create: || Box::new(connector::ElasticsearchSinkConnector::default()),
    task: TaskFactory::Sink(|| Box::new(task::ElasticsearchSinkTask::default())),
};
