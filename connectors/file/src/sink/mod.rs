//! The sink: the values of a topic's records, one to a line, at the end of a
//! file.

mod config;
mod connector;
mod task;

use connect_api::registry::{ConnectorPlugin, PluginClass, TaskFactory};

/// The sink, for the worker's list of plugins.
pub const SINK: ConnectorPlugin = ConnectorPlugin {
    name: PluginClass {
        class: "org.apache.kafka.connect.file.FileStreamSinkConnector",
        other_classes: &[],
        version: crate::VERSION,
    },
    task_class: "org.apache.kafka.connect.file.FileStreamSinkTask",
    create: || Box::new(connector::FileStreamSinkConnector::default()),
    task: TaskFactory::Sink(|| Box::new(task::FileStreamSinkTask::default())),
};
