//! The traits that plugins implement. Each method says when it is called.
//!
//! Threads: the worker calls one instance from one place at a time. Calls that
//! may wait are `async` and run on the data runtime, never on the herder's
//! loop; the others must not block.

mod connector;
mod converter;
mod sink;
mod source;
mod transformation;

pub use connector::{Connector, ConnectorContext, ConnectorEvents};
pub use converter::{Converted, Converter, HeaderConverter};
pub use sink::{ErrantRecordReporter, PartitionOffsets, SinkTask, SinkTaskContext};
pub use source::{OffsetReader, SourceTask, SourceTaskContext};
pub use transformation::{Outcome, Predicate, Transformation};
