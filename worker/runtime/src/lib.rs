//! One connector's and one task's life on this worker: validation of
//! configurations, starting and stopping, and the data paths: a source task's
//! from poll to acknowledged offsets, a sink task's from its consumer group to
//! committed ones.
//!
//! Knows the plugin contract and Kafka, and no concrete plugin; what the
//! cluster should run is the herder's business.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod connector_config;
mod metrics;
mod settings;
mod sink_task;
mod source_task;
mod state;
mod stores;
mod task;
mod task_id;
mod worker;

pub use metrics::TaskMetrics;
pub use settings::{OverridePolicy, WorkerSettings, worker_config};
pub use state::{State, TargetState};
pub use stores::{OffsetStore, StatusListener};
pub use task_id::ConnectorTaskId;
pub use worker::{Failures, PartitionLag, RunFailure, SinkLag, Worker};
