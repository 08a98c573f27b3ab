//! The source: the lines of a file, as they are appended, to a topic.

mod config;
mod connector;
mod lines;
mod task;

use connect_api::registry::{ConnectorPlugin, PluginClass, TaskFactory};

/// The source, for the worker's list of plugins.
pub const SOURCE: ConnectorPlugin = ConnectorPlugin {
    name: PluginClass {
        class: "org.apache.kafka.connect.file.FileStreamSourceConnector",
        other_classes: &[],
        version: crate::VERSION,
    },
    task_class: "org.apache.kafka.connect.file.FileStreamSourceTask",
    create: || Box::new(connector::FileStreamSourceConnector::default()),
    task: TaskFactory::Source(|| Box::new(task::FileStreamSourceTask::default())),
};
