//! Connectors: validate a configuration and split the work into tasks.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::source::OffsetReader;
use crate::config::{ConfigDef, ConfigValueInfo};
use crate::record::OffsetMap;
use crate::{Error, Props, Result};

/// What a started connector may tell the worker at any time.
pub trait ConnectorEvents: Send + Sync {
    /// The tasks' configurations have changed: ask for them again.
    fn request_task_reconfiguration(&self);

    /// The connector cannot go on: it becomes FAILED with this error.
    fn raise_error(&self, error: Error);
}

/// What a connector knows of the worker.
#[derive(Clone)]
pub struct ConnectorContext {
    /// The connector's name.
    pub name: String,
    /// How to tell the worker something.
    pub events: Arc<dyn ConnectorEvents>,
    /// The stored source offsets; for sources only.
    pub offsets: Option<Arc<dyn OffsetReader>>,
}

impl fmt::Debug for ConnectorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorContext")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A connector: one instance for each connector that runs on this worker, and
/// short-lived ones for validation.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The keys that it knows.
    fn config(&self) -> ConfigDef;

    /// Checks a configuration as far as that goes without the outside: each
    /// key alone, then keys against each other. Pure; all errors at once.
    fn validate(&self, props: &Props) -> Vec<ConfigValueInfo> {
        self.config().validate(props)
    }

    /// Checks a configuration that [`validate`](Self::validate) found good
    /// against the outside (server reachable, rights granted). Errors go to the
    /// keys in `values`. Called when a connector is created or validated
    /// through REST, within a deadline; never offline.
    async fn validate_outside(&self, _props: &Props, _values: &mut Vec<ConfigValueInfo>) {}

    /// Warnings about settings that are known and have no effect here.
    fn warnings(&self, props: &Props) -> Vec<String> {
        self.config().deprecations(props)
    }

    /// Starts with a valid configuration. Called once, before
    /// [`task_props`](Self::task_props).
    async fn start(&mut self, context: ConnectorContext, props: &Props) -> Result<()>;

    /// The configuration of each task, at most `max_tasks`. Called after start,
    /// and again after each request for reconfiguration.
    async fn task_props(&self, max_tasks: usize) -> Result<Vec<Props>>;

    /// Stops what start began. Called once; the instance is dropped after.
    async fn stop(&mut self);

    /// Checks offsets that a user wants to store through REST (an offset of
    /// none resets the partition): an error refuses them all.
    fn check_offsets(&self, _offsets: &[(OffsetMap, Option<OffsetMap>)]) -> Result<()> {
        Ok(())
    }
}
